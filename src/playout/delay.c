// The delay that a path's jitter asks for: spans, their extremes, and a quantile of those.

#include "playout/delay.h"

#include "base/assert.h"

#define WORSE_MAX (1 + (PLAYOUT_DELAY_SPANS + 1) / PLAYOUT_DELAY_WORSE)
#define STEP_PACKETS 5 // That a span needs to tell of another path.

static uint64_t transit_of(uint64_t timestamp, uint32_t clock_rate, yodel_time at)
{
    return at - playout_delay_us(timestamp, clock_rate); // May wrap.
}

static size_t kept(const struct playout_delay *delay)
{
    return delay->whole < PLAYOUT_DELAY_SPANS ? (size_t)delay->whole : PLAYOUT_DELAY_SPANS;
}

static void start(struct playout_delay *delay, uint64_t transit, yodel_time now)
{
    *delay = (struct playout_delay){.is_started = true,
        .origin = transit,
        .since = now,
        .leaps = delay->leaps,
        .restarts = delay->restarts};
}

// ---- the estimate

// Puts one more into the greatest so far, which fall.
static void keep_greatest(int64_t greatest[WORSE_MAX], int64_t one)
{
    for (size_t i = 0; i < WORSE_MAX; i++) {
        if (one > greatest[i]) {
            int64_t other = greatest[i];
            greatest[i] = one;
            one = other;
        }
    }
}

static void estimate(struct playout_delay *delay)
{
    int64_t greatest[WORSE_MAX];
    int64_t least = delay->current.least;
    size_t count = kept(delay);

    for (size_t i = 0; i < WORSE_MAX; i++) {
        greatest[i] = INT64_MIN;
    }
    keep_greatest(greatest, delay->current.greatest);
    for (size_t i = 0; i < count; i++) {
        least = delay->spans[i].least < least ? delay->spans[i].least : least;
        keep_greatest(greatest, delay->spans[i].greatest);
    }
    delay->base = least;
    delay->jitter = (yodel_duration)(greatest[count / PLAYOUT_DELAY_WORSE] - least);
}

static void end_span(struct playout_delay *delay)
{
    bool is_other_path = delay->packets >= STEP_PACKETS &&
                         delay->current.least - delay->base > (int64_t)PLAYOUT_DELAY_STEP;

    if (is_other_path) {
        delay->whole = 0;
    }
    delay->spans[delay->whole++ % PLAYOUT_DELAY_SPANS] = delay->current;
}

static void count(struct playout_delay *delay, int64_t transit, yodel_time now)
{
    struct playout_delay_span *span = &delay->current;

    if (time_since(now, delay->since) >= PLAYOUT_DELAY_SPAN && delay->packets > 0) {
        end_span(delay);
        delay->since = now;
        delay->packets = 0;
    }
    if (delay->packets++ == 0) {
        *span = (struct playout_delay_span){transit, transit};
    } else if (transit < span->least) {
        span->least = transit;
    } else if (transit > span->greatest) {
        span->greatest = transit;
    } else {
        return; // It changes nothing.
    }
    estimate(delay);
}

// ---- leaps

static bool is_leap(int64_t age)
{
    return age < -(int64_t)PLAYOUT_DELAY_EARLY_MAX || age > (int64_t)PLAYOUT_DELAY_LATE_MAX;
}

// A clock that leaps, or what claims so once: only the second that comes near the first is believed.
static enum playout_delay_verdict judge_leap(
    struct playout_delay *delay, uint64_t transit, yodel_time now)
{
    int64_t apart = (int64_t)(transit - delay->leap);
    int64_t near = (int64_t)PLAYOUT_DELAY_NEAR;

    if (delay->is_leap_seen && apart >= -near && apart <= near) {
        start(delay, transit, now);
        delay->restarts++;
        count(delay, 0, now);
        return PLAYOUT_DELAY_RESTART;
    }
    delay->is_leap_seen = true;
    delay->leap = transit;
    delay->leaps++;
    return PLAYOUT_DELAY_LEAP;
}

enum playout_delay_verdict playout_delay_add(
    struct playout_delay *delay, uint64_t timestamp, uint32_t clock_rate, yodel_time now)
{
    uint64_t transit = transit_of(timestamp, clock_rate, now);

    YODEL_ASSERT(clock_rate > 0);
    if (!delay->is_started) {
        start(delay, transit, now);
    }
    if (is_leap(playout_delay_age(delay, timestamp, clock_rate, now))) {
        return judge_leap(delay, transit, now);
    }
    delay->is_leap_seen = false;
    count(delay, (int64_t)(transit - delay->origin), now);
    return PLAYOUT_DELAY_USUAL;
}

// ---- what it says

yodel_duration playout_delay_wanted(const struct playout_delay *delay)
{
    yodel_duration least = delay->whole < 2 ? PLAYOUT_DELAY_FIRST : 0;
    yodel_duration wanted = delay->jitter > least ? delay->jitter : least;

    return wanted < PLAYOUT_DELAY_MAX ? wanted : PLAYOUT_DELAY_MAX;
}

int64_t playout_delay_age(
    const struct playout_delay *delay, uint64_t timestamp, uint32_t clock_rate, yodel_time at)
{
    return (int64_t)(transit_of(timestamp, clock_rate, at) - delay->origin - (uint64_t)delay->base);
}
