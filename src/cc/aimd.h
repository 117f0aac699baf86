// The delay-based rate: up while the delay does not grow, down below what arrives when it does.
//
//                 over-use           normal             under-use
//   HOLD          -> DECREASE        -> INCREASE
//   INCREASE      -> DECREASE                           -> HOLD
//   DECREASE                         -> HOLD            -> HOLD
//
// Implements  draft-ietf-rmcat-gcc-02 §5.5
// Not here    whether the delay grows (cc/trendline.h)
// Ownership   values
// Time        every `now` must be at least the one before it
// Limits      the rate stays within those given, and does not grow over half as much again as what
//             arrives. What arrives of an application that sends little says little of the path:
//             then a step down goes to half at most

#ifndef CC_AIMD_H
#define CC_AIMD_H

#include "cc/trendline.h"

#define CC_AIMD_BETA 0.85 // §5.6
#define CC_AIMD_RTT_FIRST YODEL_MS(200)

enum cc_aimd_state {
    CC_AIMD_HOLD,
    CC_AIMD_INCREASE,
    CC_AIMD_DECREASE,
};

struct cc_aimd {
    enum cc_aimd_state state;
    double bps;
    double min_bps;
    double max_bps;
    double capacity_bps;  // What arrived when it was too much, averaged; 0: not known.
    double variance;      // Of it, relative to it.
    yodel_time updated;   // YODEL_NEVER: never.
    yodel_time decreased; // When it was last; YODEL_NEVER: never.
    uint64_t decreases;
};

struct cc_aimd_input {
    enum cc_usage usage;
    double acked_bps; // 0: not known.
    bool is_application_limited;
    yodel_duration rtt;
};

void cc_aimd_init(struct cc_aimd *aimd, double start_bps);
void cc_aimd_set_limits(struct cc_aimd *aimd, double min_bps, double max_bps);
void cc_aimd_update(struct cc_aimd *aimd, const struct cc_aimd_input *input, yodel_time now);

// A rate that something else found out: a probe, or that nothing is heard any more.
void cc_aimd_set(struct cc_aimd *aimd, double bps);

#endif
