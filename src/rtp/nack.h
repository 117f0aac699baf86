// RTP losses, on the receiver's side: what is missing, when to ask for it, when to give it up.
//
// What is missing may only be late: the wait before it is asked for the first time follows how late
// packets were that came by themselves, in less than a round trip.
//
//                it came, or what is before a key frame is forgotten
//   MISSING ----------------------------------------------------------> gone
//      |  asked RTP_NACK_TRIES_MAX times, or too many are missing
//      +--------------------------------------------------------------> gone, a key frame is wanted
//
// Implements  RFC 4585 §6.2.1, the receiver's decisions, which it leaves open; RFC 8834 §6.1
// Not here    the packet on the wire (rtp/rtcp.h); what the sender does (rtp/history.h)
// Ownership   values
// Time        every `now` must be at least the one before it
// Limits      RTP_NACK_MISSING_MAX missing packets; with one more all are given up

#ifndef RTP_NACK_H
#define RTP_NACK_H

#include "base/time.h"
#include "rtp/rtcp.h"

#define RTP_NACK_MISSING_MAX 512
#define RTP_NACK_TRIES_MAX 10
#define RTP_NACK_RTT_FIRST YODEL_MS(100) // Until it was measured.
#define RTP_NACK_RETRY_MIN YODEL_MS(20)
#define RTP_NACK_REORDER_MAX YODEL_MS(100) // The longest first wait.

struct rtp_nack_missing {
    uint64_t seq;
    yodel_time since; // When a later one came.
    yodel_time due;   // When to ask, or ask again.
    uint32_t tries;
};

struct rtp_nack {
    struct rtp_nack_missing missing[RTP_NACK_MISSING_MAX]; // By rising numbers.
    size_t count;
    bool is_started;
    uint64_t highest;
    yodel_duration rtt;
    yodel_duration reorder; // From missing to the first asking.
    bool is_key_frame_wanted;
    uint64_t asked;     // Numbers named in all feedback.
    uint64_t late;      // That came by themselves.
    uint64_t recovered; // That came because they were asked for.
    uint64_t given_up;
};

void rtp_nack_init(struct rtp_nack *nack);
void rtp_nack_set_rtt(struct rtp_nack *nack, yodel_duration rtt);

// A packet came, by itself or repaired (RTX). Without RTX an answer looks like a late packet, but
// for the time that it takes.
void rtp_nack_recv(struct rtp_nack *nack, uint64_t seq, bool is_repaired, yodel_time now);

// What is below `seq` is of no use any more.
void rtp_nack_forget_below(struct rtp_nack *nack, uint64_t seq);

// Gives up what was asked for often enough.
void rtp_nack_tick(struct rtp_nack *nack, yodel_time now);

// Writes one NACK for what is due, as far as there is room; true where it wrote.
bool rtp_nack_emit(
    struct rtp_nack *nack, struct writer *w, uint32_t sender, uint32_t ssrc, yodel_time now);

// Whether something was given up since it was asked last: video goes on with a key frame only.
bool rtp_nack_take_key_frame(struct rtp_nack *nack);

yodel_time rtp_nack_next_timeout(const struct rtp_nack *nack);

#endif
