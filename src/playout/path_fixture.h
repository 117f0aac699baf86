// A virtual path for playout's tests: what leaves at one moment comes at another, or never. The same every
// time.
//
// Ownership   values
// Limits      PATH_FLIGHT_MAX on their way at once

#ifndef PLAYOUT_PATH_FIXTURE_H
#define PLAYOUT_PATH_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

#define PATH_FLIGHT_MAX 4096

struct path_flight {
    uint64_t id;
    yodel_time arrival;
};

struct path {
    double loss;             // 0 to 1,
    double burst;            // and how many in a row on average; below 1: by chance.
    yodel_duration delay;    // Of the quickest,
    yodel_duration jitter;   // and what is added at most.
    bool is_reordering;      // What was sent later may come sooner.
    double doubled;          // 0 to 1: what comes twice.
    yodel_time outage_begin; // All that leaves from here on comes at its end.
    yodel_time outage_end;
    uint64_t chance;
    bool is_bad;
    yodel_time last;
    struct path_flight flights[PATH_FLIGHT_MAX];
    size_t count;
    uint64_t sent, lost;
};

double path_chance(struct path *path); // 0 to 1.

// `id` leaves at `now`, which may be anything.
void path_send(struct path *path, uint64_t id, yodel_time now);

// Lets the earliest that arrives until `now` arrive, or tells that there is none.
bool path_next(struct path *path, uint64_t *id, yodel_time *arrival, yodel_time now);

#endif
