// Timeline: a source's times, which begin anywhere, jump and begin again, on a time that begins with 0 and goes on.
//
// Ownership   values only
// Limits      a file's jump of more than `jump_max` is none: time goes on where it was

#ifndef DEVICE_TIMELINE_H
#define DEVICE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

#define DEVICE_TIMELINE_NONE INT64_MIN // A time that is not known.

struct device_timeline {
    bool has_shift;
    int64_t shift;  // Added to the source's times.
    yodel_time end; // Of all that was placed.
    yodel_duration jump_max;
};

void device_timeline_init(struct device_timeline *line, yodel_duration jump_max);

// From here on, the source's time `origin` is where all that was placed ends: a beginning, or the next one.
void device_timeline_begin(struct device_timeline *line, int64_t origin);

// Where that which has this time is. `expected` is what to take where the source's time is not known, or jumps.
yodel_time device_timeline_place(
    struct device_timeline *line, int64_t time, yodel_time expected, yodel_duration duration);

#endif
