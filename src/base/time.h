// Time, as the public header names it, and the arithmetic that cannot overflow.
//
// Not here    reading a clock (net/clock.h is the only place); NTP, RTP and wall-clock values

#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "yodel/time.h"

static inline yodel_time time_min(yodel_time a, yodel_time b)
{
    return a < b ? a : b;
}

// `at` plus `wait`; YODEL_NEVER plus anything stays YODEL_NEVER.
static inline yodel_time time_after(yodel_time at, yodel_duration wait)
{
    return at > YODEL_NEVER - wait ? YODEL_NEVER : at + wait;
}

// How long from `earlier` to `later`; 0 where `later` is not later.
static inline yodel_duration time_since(yodel_time later, yodel_time earlier)
{
    return later > earlier ? later - earlier : 0;
}

#endif
