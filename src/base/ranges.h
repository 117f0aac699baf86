// Ranges: a set of 64-bit numbers kept as sorted intervals: what has arrived, what is missing, what
// was acknowledged.
//
// Wire counters are unwrapped before they come here.
//
// Ownership   the caller's array holds the intervals; nothing is allocated
// Limits      as many intervals as that array has room for; what would need more is refused, and
//             nothing changes

#ifndef BASE_RANGES_H
#define BASE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

// From `start` up to, and without, `end`. UINT64_MAX is therefore in no range.
struct range {
    uint64_t start;
    uint64_t end;
};

// `items` is sorted; two neighbours never touch. Read it directly.
struct ranges {
    struct range *items;
    size_t count;
    size_t limit;
};

static inline void ranges_init(struct ranges *ranges, struct range *items, size_t limit)
{
    *ranges = (struct ranges){.items = items, .limit = limit};
}

// Adds or takes away all numbers from `start` up to, and without, `end`. Fail with TOO_LARGE.
YODEL_MUST_USE enum yodel_err ranges_add(struct ranges *ranges, uint64_t start, uint64_t end);
YODEL_MUST_USE enum yodel_err ranges_remove(struct ranges *ranges, uint64_t start, uint64_t end);

// Takes away all numbers below `end`, which always fits.
void ranges_remove_below(struct ranges *ranges, uint64_t end);

bool ranges_has(const struct ranges *ranges, uint64_t number);
bool ranges_has_all(const struct ranges *ranges, uint64_t start, uint64_t end);

// The index of the first interval that ends after `number`, or `count`: the one that holds it, or the next.
size_t ranges_find_index(const struct ranges *ranges, uint64_t number);

// How many numbers are in.
uint64_t ranges_total(const struct ranges *ranges);

#endif
