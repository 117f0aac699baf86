// RTP history: the packets that were sent lately, to be sent again for who asks, within limits.
//
// Implements  RFC 4585 §6.2.1, the sender's side; RFC 4588 §4 decides that what is sent again is a
//             packet of its own
// Not here    what that packet looks like (rtp/rtx.h). Where RTX was not agreed on nothing is sent
//             again: a second packet under one number, with other extensions, would be encrypted
//             with the nonce of the first
// Ownership   owns one allocation; a packet taken is borrowed until the next put
// Time        every `now` must be at least the one before it
// Limits      by init; what is older than RTP_HISTORY_AGE_MAX is of no use to anybody;
//             RTP_HISTORY_WANTED_MAX packets wait to be sent again. One packet is sent again once a
//             round trip, and all together at most as many bytes as were sent, with a reserve of
//             RTP_HISTORY_RESERVE (C6: a peer that asks for everything for ever)

#ifndef RTP_HISTORY_H
#define RTP_HISTORY_H

#include "base/alloc.h"
#include "base/time.h"
#include "rtp/rtcp.h"

#define RTP_HISTORY_AGE_MAX YODEL_SECONDS(2)
#define RTP_HISTORY_WANTED_MAX 256
#define RTP_HISTORY_RESERVE 131072
#define RTP_HISTORY_AGAIN_MIN YODEL_MS(10)

struct rtp_history_packet {
    uint64_t seq;
    uint32_t offset;
    uint32_t len; // 0: none is here.
    bool is_wanted;
    yodel_time sent;
    yodel_time again; // Not before this.
};

enum rtp_history_refusal {
    RTP_HISTORY_GONE,   // Too old, or never sent.
    RTP_HISTORY_SOON,   // It was sent less than a round trip ago.
    RTP_HISTORY_BUDGET, // More would be sent again than was sent.
    RTP_HISTORY_FULL,   // Too many are wanted at once.
    RTP_HISTORY_REFUSALS,
};

struct rtp_history {
    struct alloc *alloc;
    struct rtp_history_packet *packets; // By number modulo `places`; the bytes lie behind them.
    uint64_t places;
    uint8_t *room;
    size_t size;
    size_t head;    // Where in `room` the next packet goes.
    uint64_t first; // The numbers that are kept, up to and without `end`.
    uint64_t end;
    yodel_duration rtt;
    size_t budget;                           // Bytes that may be sent again.
    uint64_t wanted[RTP_HISTORY_WANTED_MAX]; // A ring of numbers.
    size_t wanted_first;
    size_t wanted_count;
    uint64_t again; // Packets taken,
    uint64_t again_bytes;
    uint64_t refused[RTP_HISTORY_REFUSALS]; // and those that were not.
};

// Room for `bytes` of at most `places` packets.
YODEL_MUST_USE enum yodel_err rtp_history_init(
    struct rtp_history *history, struct alloc *alloc, size_t bytes, size_t places);
void rtp_history_deinit(struct rtp_history *history);
void rtp_history_set_rtt(struct rtp_history *history, yodel_duration rtt);

// Keeps a copy of a packet that is sent now, before it is encrypted. `seq` rises; what does not fit
// at all is not kept.
void rtp_history_put(
    struct rtp_history *history, uint64_t seq, struct bytes packet, yodel_time now);

void rtp_history_recv_nack(
    struct rtp_history *history, const struct rtcp_nack *nack, yodel_time now);

// The next packet to be sent again; false where there is none.
bool rtp_history_take(
    struct rtp_history *history, uint64_t *seq, struct bytes *packet, yodel_time now);

#endif
