// The trend of the delay: whether the queue on the path grows, from how much later each group of
// packets arrives than the one before.
//
//   slope of the smoothed delay over the last groups  >  threshold, for 10 ms and still rising: OVER
//                                                     < -threshold: UNDER, the queue drains
//
// Implements  draft-ietf-rmcat-gcc-02 §5.4 (detector and its threshold, which adapts)
// Departs     §5.3 filters by Kalman; this fits a line through the last delays, as browsers do since
//             2017, with their gains: it needs no model of the noise. The threshold falls about three
//             times as fast as by §5.6, so that the queue after a step down is gone in seconds; still
//             far slower than it rises, or TCP beside us would starve us
// Not here    what is done about it (cc/aimd.h)
// Ownership   values
// Limits      the last CC_TRENDLINE_WINDOW groups

#ifndef CC_TRENDLINE_H
#define CC_TRENDLINE_H

#include <stddef.h>

#include "cc/groups.h"

#define CC_TRENDLINE_WINDOW 20

enum cc_usage {
    CC_USAGE_NORMAL,
    CC_USAGE_OVER,
    CC_USAGE_UNDER,
};

struct cc_trendline_point {
    double arrival_ms; // Since the first.
    double delay_ms;   // Smoothed, more than the first.
};

struct cc_trendline {
    struct cc_trendline_point points[CC_TRENDLINE_WINDOW]; // A ring.
    uint64_t count;                                        // All that there were.
    uint64_t first_arrival;
    double delay_ms;
    double smoothed_ms;
    double trend; // The last, in the unit of the threshold.
    double threshold;
    double over_ms; // For how long the trend has been above it,
    uint32_t over_count;
    uint64_t adapted; // On the peer's clock.
    enum cc_usage usage;
};

void cc_trendline_init(struct cc_trendline *trendline);
void cc_trendline_add(struct cc_trendline *trendline, const struct cc_groups_delta *delta);

#endif
