// Groups of packets that were sent in one burst, and how much later than the one before each arrived.
//
// Implements  draft-ietf-rmcat-gcc-02 §5.1 (inter-group delay variation), §5.2 (what makes a group)
// Ownership   values
// Time        arrivals are on the peer's clock, of which only differences mean something
// Limits      one group is under way and one is remembered; a delay that leaps by CC_GROUPS_LEAP
//             begins anew: either clock was set, or the path changed

#ifndef CC_GROUPS_H
#define CC_GROUPS_H

#include <stdbool.h>

#include "base/time.h"

#define CC_GROUPS_BURST YODEL_MS(5)       // §5.6, burst_time
#define CC_GROUPS_BURST_MAX YODEL_MS(100) // What a queue lets go at once is no longer than this.
#define CC_GROUPS_LEAP YODEL_SECONDS(3)

struct cc_group {
    yodel_time first_sent;
    yodel_time sent; // The last one's,
    uint64_t first_arrival;
    uint64_t arrival; // and the latest.
};

struct cc_groups {
    struct cc_group current;
    struct cc_group before;
    uint32_t count; // Groups begun since the start, at most 2.
};

// From one group to the next, in microseconds.
struct cc_groups_delta {
    int64_t sent;
    int64_t arrival;
    uint64_t at; // The later one's arrival.
};

void cc_groups_init(struct cc_groups *groups);

// A packet arrived; packets come in the order of their numbers. True where that ended a group which
// has one before it.
bool cc_groups_add(
    struct cc_groups *groups, yodel_time sent, uint64_t arrival, struct cc_groups_delta *delta);

#endif
