// Transport-wide congestion control feedback: which of the packets that carried a transport-wide
// sequence number arrived, and when.
//
// Implements  transport-wide-cc-01 §3 (the feedback):
//             draft-holmer-rmcat-transport-wide-cc-extensions-01
// Not here    what is made of it (congestion control); the header extension (rtp/ext.h)
// Ownership   values; a feedback under reading borrows from the datagram
// Time        every `now` must be at least the one before it; arrivals read from a feedback are on
//             the peer's clock, of which only differences mean something
// Limits      the receiver remembers RTP_TWCC_WINDOW packets; a feedback has at most that many, and
//             a peer's at most 65535, of which none beyond what was sent is handed out
// Departs     a feedback begins with what was lost since the one before, not with the first arrival

#ifndef RTP_TWCC_H
#define RTP_TWCC_H

#include "base/err.h"
#include "base/time.h"
#include "rtp/rtcp.h"

#define RTP_TWCC_WINDOW 1024
#define RTP_TWCC_INTERVAL YODEL_MS(50) // Between two feedbacks, unless the window fills up.

// ---- receiving packets

struct rtp_twcc_receiver {
    yodel_time arrivals[RTP_TWCC_WINDOW]; // By the number modulo the window; YODEL_NEVER: none.
    uint64_t next;                        // The first number that no feedback has named, or was
                                          // named lost and came since.
    uint64_t end;                         // One more than the highest that came; 0: none did.
    uint8_t feedback_count;
    yodel_time last; // When the last feedback was made.
    yodel_time due;
    uint64_t too_old; // Arrivals that came after the window had passed.
};

void rtp_twcc_init(struct rtp_twcc_receiver *receiver);
void rtp_twcc_recv(struct rtp_twcc_receiver *receiver, uint16_t transport_seq, yodel_time now);

// Writes one feedback that is due, as far as there is room; call it until it returns false.
bool rtp_twcc_emit(struct rtp_twcc_receiver *receiver, struct writer *w, uint32_t sender,
    uint32_t ssrc, yodel_time now);
yodel_time rtp_twcc_next_timeout(const struct rtp_twcc_receiver *receiver);

// ---- reading feedback

// What is known of the peer's clock from one feedback to the next. Zeroed, nothing.
struct rtp_twcc_clock {
    uint64_t reference; // Unwrapped, in units of 64 ms; 0: none was read.
};

struct rtp_twcc_feedback {
    uint8_t feedback_count;
    uint64_t seq;  // Of the next status.
    uint32_t left; // Statuses to come.
    uint64_t ticks;
    struct reader chunks;
    struct reader deltas;
    uint16_t chunk;
    uint32_t chunk_left; // Statuses of it to come.
};

struct rtp_twcc_status {
    uint64_t seq;
    bool is_received;
    uint64_t arrival; // In microseconds of the peer's clock, a multiple of 250; 0 where it was not.
};

// Reads the inside of an RTCP_TWCC block. `last_sent` is the last number that was sent, unwrapped.
// MALFORMED is also what speaks of packets that were never sent.
YODEL_MUST_USE enum yodel_err rtp_twcc_parse(struct rtp_twcc_feedback *feedback,
    struct rtp_twcc_clock *clock, struct bytes twcc, uint64_t last_sent);
bool rtp_twcc_next(struct rtp_twcc_feedback *feedback, struct rtp_twcc_status *status);

#endif
