// The delay that a path's jitter asks for: how much later than the quickest the slow ones come.
//
// What came is looked at in spans of half a second. Of each span the least and the greatest transit
// are kept, for twenty seconds. The least of all is the base; the delay is the distance from there to
// the greatest transits, of which one span in twenty may be worse: so what peaks every few seconds
// counts, and an accident does not. Base and peaks are of the same window: where the path itself
// changes, both follow together, and so they do where the two clocks drift apart.
//
// Ownership   values
// Time        every `now` must be at least the one before it
// Limits      PLAYOUT_DELAY_SPANS spans; transits of more than PLAYOUT_DELAY_EARLY_MAX before the base or
//             PLAYOUT_DELAY_LATE_MAX behind it are leaps, which only count once a second one is near

#ifndef PLAYOUT_DELAY_H
#define PLAYOUT_DELAY_H

#include <stdbool.h>

#include "base/time.h"

#define PLAYOUT_DELAY_SPAN YODEL_MS(500)
#define PLAYOUT_DELAY_SPANS 40
#define PLAYOUT_DELAY_WORSE 20 // One span in so many may be worse.
#define PLAYOUT_DELAY_EARLY_MAX YODEL_MS(500)
#define PLAYOUT_DELAY_LATE_MAX YODEL_SECONDS(10)
#define PLAYOUT_DELAY_NEAR YODEL_SECONDS(1) // Two leaps so far apart are one and the same.
#define PLAYOUT_DELAY_STEP YODEL_SECONDS(1) // A path that is slower by so much is another one.
#define PLAYOUT_DELAY_FIRST YODEL_MS(40)    // What is assumed before there are two whole spans.
#define PLAYOUT_DELAY_MAX YODEL_SECONDS(1)

struct playout_delay_span {
    int64_t least; // Transits, less the first of all.
    int64_t greatest;
};

enum playout_delay_verdict {
    PLAYOUT_DELAY_USUAL,
    PLAYOUT_DELAY_LEAP,    // It fits to nothing that came before: not counted.
    PLAYOUT_DELAY_RESTART, // The second of its kind: all begins anew with it.
};

struct playout_delay {
    bool is_started;
    uint64_t origin; // The first transit, of a clock that may begin anywhere.
    int64_t base;    // The least, less the first.
    yodel_duration jitter;
    struct playout_delay_span spans[PLAYOUT_DELAY_SPANS];
    uint64_t whole;                    // Spans that ended, ever since the start.
    struct playout_delay_span current; // The span that goes on,
    yodel_time since;                  // and when it began.
    uint64_t packets;                  // Of it.
    bool is_leap_seen;
    uint64_t leap; // Its transit.
    uint64_t leaps;
    uint64_t restarts;
};

// What carries `timestamp`, unwrapped, came at `now`.
enum playout_delay_verdict playout_delay_add(
    struct playout_delay *delay, uint64_t timestamp, uint32_t clock_rate, yodel_time now);

// How much delay is asked for; at most PLAYOUT_DELAY_MAX.
yodel_duration playout_delay_wanted(const struct playout_delay *delay);

// How long after its quickest arrival what carries `timestamp` is, at `at`; below 0: it would come
// before. Only where something came.
int64_t playout_delay_age(
    const struct playout_delay *delay, uint64_t timestamp, uint32_t clock_rate, yodel_time at);

// A timestamp in microseconds; it wraps where those of 64 bits do, and differences stay right.
static inline uint64_t playout_delay_us(uint64_t timestamp, uint32_t clock_rate)
{
    return timestamp / clock_rate * YODEL_SECONDS(1) +
           timestamp % clock_rate * YODEL_SECONDS(1) / clock_rate;
}

#endif
