// Congestion control for media: how much may be sent, from what became of what was sent. Numbers in,
// numbers out: another controller takes the same calls.
//
//   what was sent -----> cc_gcc_sent
//   a feedback --------> cc_gcc_recv_status for each packet that it names, then cc_gcc_feedback_end
//   reports, REMB -----> cc_gcc_recv_report, cc_gcc_recv_remb: all there is with a peer that knows no feedback
//   time --------------> cc_gcc_tick, when cc_gcc_next_timeout says
//                        cc_gcc_target ------> rates, and why (for the pacer, encoders, statistics)
//                        cc_gcc_next_probe --> bursts to be sent (for the pacer)
//
// Implements  draft-ietf-rmcat-gcc-02 §3 (feedback), §5 and §6 (the smaller of both rates); RFC 8836
//             §2 (fair, quick, stable when little is sent, careful when feedback stops or lies)
// Not here    the feedback on the wire (rtp/twcc.h), pacing (cc/pacer.h), sharing (cc/allocator.h)
// Ownership   values; nothing is allocated
// Time        every `now` must be at least the one before it; arrivals are on the peer's clock
// Limits      the last CC_GCC_SENT_MAX packets are remembered; what feedback says of others, of one
//             twice, or of what was never sent, is counted and means nothing. The target stays within
//             the limits given, and these within CC_GCC_BPS_MIN and CC_GCC_BPS_MAX. Where nothing is
//             heard of what was sent for CC_GCC_SILENCE_ROUNDS round trips, or no report for
//             CC_GCC_SILENCE_BLIND, the target halves

#ifndef CC_GCC_H
#define CC_GCC_H

#include "cc/aimd.h"
#include "cc/groups.h"
#include "cc/loss.h"
#include "cc/probe.h"
#include "cc/rate.h"
#include "cc/trendline.h"

#define CC_GCC_SENT_MAX 2048
#define CC_GCC_BPS_MIN 5000
#define CC_GCC_BPS_MAX 10000000000
#define CC_GCC_SILENCE_ROUNDS 4
#define CC_GCC_SILENCE_MIN YODEL_MS(500) // Feedback comes ten times in this.
#define CC_GCC_SILENCE_MAX YODEL_SECONDS(5)
#define CC_GCC_SILENCE_BLIND                                                                       \
    YODEL_SECONDS(15) // RFC 8083 §4.1: three of the longest intervals of reports.

struct cc_gcc_limits {
    uint64_t min_bps;
    uint64_t start_bps;
    uint64_t max_bps; // What the application could make use of.
};

struct cc_sent {
    uint64_t seq;   // Transport-wide, unwrapped; rises.
    size_t size;    // In bytes, with what the network adds.
    uint32_t probe; // The cluster that it belongs to; 0: none.
};

// As rtp/twcc.h reads it.
struct cc_status {
    uint64_t seq;
    bool is_received;
    uint64_t arrival; // In microseconds, on the peer's clock.
};

enum cc_reason {
    CC_REASON_START, // Nothing was heard yet.
    CC_REASON_GROWING,
    CC_REASON_APPLICATION, // Too little is sent to learn more.
    CC_REASON_DELAY,       // A queue grows, or drains.
    CC_REASON_LOSS,
    CC_REASON_REMB,    // The receiver said so.
    CC_REASON_SILENCE, // Feedback stopped.
    CC_REASON_MAX,     // More is of no use.
};

struct cc_target {
    uint64_t target_bps; // For all that is sent: headers, audio, video, what is sent again.
    uint64_t pacing_bps;
    uint64_t acked_bps; // What arrives; 0: not known.
    uint64_t sent_bps;
    double loss; // Of the last observation, 0 to 1.
    yodel_duration rtt;
    enum cc_usage usage;
    enum cc_reason reason;
};

enum cc_gcc_refusal {
    CC_GCC_UNKNOWN, // Never sent, or too long ago.
    CC_GCC_TWICE,   // Already said to have arrived, or to be lost.
    CC_GCC_REFUSALS,
};

struct cc_gcc_packet {
    uint64_t seq;
    yodel_time sent;
    uint32_t size;
    uint32_t probe;
    uint8_t fate;
};

struct cc_gcc {
    struct cc_gcc_packet packets[CC_GCC_SENT_MAX]; // By number modulo their count.
    struct cc_groups groups;
    struct cc_trendline trendline;
    struct cc_aimd aimd;
    struct cc_loss loss;
    struct cc_probes probes;
    struct cc_rate sent;     // On our clock.
    struct cc_rate arrived;  // On the peer's clock,
    struct cc_rate acked;    // and the same packets by when we sent them: a peer's clock may lie.
    double remb_bps;         // CC_GCC_BPS_MAX: none.
    double probed_bps;       // What a cluster of this feedback showed; 0: none.
    bool is_blind;           // No feedback will come: the loss-based rate is the only one.
    bool is_over;            // Over-use was seen in this feedback.
    bool is_heard;           // Any feedback came.
    bool is_silent;          // None has since the target was halved.
    yodel_duration rtt;      // As somebody measured it; 0: nobody has.
    yodel_duration round;    // From sending to feedback, smoothed.
    yodel_time newest_sent;  // Of what this feedback says arrived; YODEL_NEVER: nothing.
    uint64_t last_seq;       // The highest that was sent,
    uint64_t heard_seq;      // and that was heard of.
    yodel_time status_heard; // When transport-wide feedback came last; YODEL_NEVER: never.
    yodel_time resumed;      // When feedback came again after a silence; 0: there was none.
    yodel_time silence_due;  // YODEL_NEVER: nothing is under way.
    uint64_t refused[CC_GCC_REFUSALS];
    uint64_t halvings;
};

void cc_gcc_init(struct cc_gcc *gcc, const struct cc_gcc_limits *limits);

// The target is moved into the new limits; `start_bps` means nothing any more.
void cc_gcc_set_limits(struct cc_gcc *gcc, const struct cc_gcc_limits *limits);
void cc_gcc_set_rtt(struct cc_gcc *gcc, yodel_duration rtt);

// Whether the peer gives feedback; it does until this says otherwise. The target stays what it is.
void cc_gcc_set_feedback(struct cc_gcc *gcc, bool has_feedback);

void cc_gcc_sent(struct cc_gcc *gcc, const struct cc_sent *sent, yodel_time now);
void cc_gcc_recv_status(struct cc_gcc *gcc, const struct cc_status *status);
void cc_gcc_feedback_end(struct cc_gcc *gcc, yodel_time now);

// A receiver report: of 256 packets so many were lost. Means something only where feedback does not come.
void cc_gcc_recv_report(struct cc_gcc *gcc, uint8_t fraction_lost, yodel_time now);
void cc_gcc_recv_remb(struct cc_gcc *gcc, uint64_t bps);

void cc_gcc_tick(struct cc_gcc *gcc, yodel_time now);
yodel_time cc_gcc_next_timeout(const struct cc_gcc *gcc);

struct cc_target cc_gcc_target(const struct cc_gcc *gcc);
bool cc_gcc_next_probe(struct cc_gcc *gcc, struct cc_probe *probe);

#endif
