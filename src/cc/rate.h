// A rate of bytes over the last half second of some clock, which need not be ours.
//
// Implements  draft-ietf-rmcat-gcc-02 §5.5 (R_hat: what arrives, over a window of half a second)
// Ownership   values
// Time        `at` is on whatever clock the caller counts by; it may go back a little (reordering):
//             what is older than the window begins the measure anew, for then that clock was set back
// Limits      one window of CC_RATE_BUCKETS buckets

#ifndef CC_RATE_H
#define CC_RATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

#define CC_RATE_BUCKET YODEL_MS(25)
#define CC_RATE_BUCKETS 20
#define CC_RATE_SPAN_MIN YODEL_MS(200) // Less of the window says nothing.

struct cc_rate {
    uint64_t buckets[CC_RATE_BUCKETS]; // Bytes, by the bucket's number modulo their count.
    uint64_t total;
    bool is_started;
    uint64_t since; // What was counted first.
    uint64_t newest;
};

void cc_rate_init(struct cc_rate *rate);
void cc_rate_add(struct cc_rate *rate, size_t size, uint64_t at);

// Time goes by: the window ends at `at`.
void cc_rate_advance(struct cc_rate *rate, uint64_t at);

// In bit/s; 0: not known.
double cc_rate_bps(const struct cc_rate *rate);

#endif
