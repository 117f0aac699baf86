// RTP senders: what one stream of ours has sent, for the reports on it, and the key frames that are
// asked of it.
//
// Implements  RFC 3550 §6.4.1 (sender information); RFC 4585 §6.3.1 (PLI), RFC 5104 §4.3.1 (FIR)
// Not here    when a report is due
// Ownership   values
// Time        every `now` must be at least the one before it
// Limits      one key frame in RTP_SENDER_KEY_INTERVAL, however often it is asked for (C7)

#ifndef RTP_SENDER_H
#define RTP_SENDER_H

#include "base/time.h"
#include "rtp/ntp.h"

#define RTP_SENDER_KEY_INTERVAL YODEL_MS(500)

struct rtp_sender {
    uint32_t ssrc;
    uint32_t clock_rate;
    uint32_t timestamp;  // Of the last packet,
    yodel_time captured; // and when what is in it was captured.
    uint64_t packets;
    uint64_t octets; // Of payloads, without padding.
    bool is_key_wanted;
    bool has_fir;
    uint8_t fir_seq; // Of the last request.
    yodel_time key_due;
    uint64_t key_requests;
    uint64_t key_frames;
};

// `clock_rate` is the payload format's, not 0.
void rtp_sender_init(struct rtp_sender *sender, uint32_t ssrc, uint32_t clock_rate);

void rtp_sender_sent(
    struct rtp_sender *sender, size_t payload_len, uint32_t timestamp, yodel_time captured);

// False: nothing was sent, and there is nothing to report.
bool rtp_sender_report(
    const struct rtp_sender *sender, struct rtcp_sender_info *info, yodel_time now);

// The peer cannot go on without a key frame. A FIR that repeats the number of the one before is the
// same request (RFC 5104 §4.3.1.2).
void rtp_sender_recv_pli(struct rtp_sender *sender);
void rtp_sender_recv_fir(struct rtp_sender *sender, uint8_t fir_seq);

// Whether the next frame is to be a key frame; true counts as having made one.
bool rtp_sender_take_key(struct rtp_sender *sender, yodel_time now);
yodel_time rtp_sender_next_timeout(const struct rtp_sender *sender);

#endif
