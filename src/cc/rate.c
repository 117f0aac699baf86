// A rate of bytes: a ring of buckets, one for each stretch of the window.

#include "cc/rate.h"

#define WINDOW (CC_RATE_BUCKETS * CC_RATE_BUCKET)

void cc_rate_init(struct cc_rate *rate)
{
    *rate = (struct cc_rate){.total = 0};
}

static void start(struct cc_rate *rate, uint64_t at)
{
    *rate = (struct cc_rate){.is_started = true, .since = at, .newest = at};
}

void cc_rate_advance(struct cc_rate *rate, uint64_t at)
{
    if (!rate->is_started || at <= rate->newest) {
        return;
    }
    if (at - rate->newest >= WINDOW) {
        cc_rate_init(rate); // Nothing came for a whole window: a pause is not a rate.
        return;
    }
    for (uint64_t i = rate->newest / CC_RATE_BUCKET + 1; i <= at / CC_RATE_BUCKET; i++) {
        uint64_t *bucket = &rate->buckets[i % CC_RATE_BUCKETS];
        rate->total -= *bucket;
        *bucket = 0;
    }
    rate->newest = at;
}

// Where the window begins: at a bucket's edge.
static uint64_t window_start(const struct cc_rate *rate)
{
    uint64_t bucket = rate->newest / CC_RATE_BUCKET;

    return bucket < CC_RATE_BUCKETS ? 0 : (bucket - (CC_RATE_BUCKETS - 1)) * CC_RATE_BUCKET;
}

void cc_rate_add(struct cc_rate *rate, size_t size, uint64_t at)
{
    cc_rate_advance(rate, at);
    if (!rate->is_started || at < window_start(rate)) {
        start(rate, at);
    }
    rate->buckets[at / CC_RATE_BUCKET % CC_RATE_BUCKETS] += size;
    rate->total += size;
}

double cc_rate_bps(const struct cc_rate *rate)
{
    uint64_t edge = window_start(rate);
    uint64_t span = rate->newest - (edge > rate->since ? edge : rate->since);

    if (!rate->is_started || span < CC_RATE_SPAN_MIN) {
        return 0;
    }
    return (double)rate->total * 8e6 / (double)span;
}
