// The timeline: see the header.

#include "device/timeline.h"

#define TIME_MAX (INT64_MAX / 4) // So that sums of two are in range; hostile files say anything.

static bool is_known(int64_t time)
{
    return time > -TIME_MAX && time < TIME_MAX;
}

void device_timeline_init(struct device_timeline *line, yodel_duration jump_max)
{
    *line = (struct device_timeline){.jump_max = jump_max};
}

void device_timeline_begin(struct device_timeline *line, int64_t origin)
{
    line->has_shift = is_known(origin);
    line->shift = line->has_shift ? (int64_t)line->end - origin : 0;
}

yodel_time device_timeline_place(
    struct device_timeline *line, int64_t time, yodel_time expected, yodel_duration duration)
{
    yodel_time at = expected;

    if (is_known(time)) {
        if (!line->has_shift) {
            device_timeline_begin(line, time);
        }
        int64_t placed = time + line->shift;
        int64_t jump = placed - (int64_t)expected;
        if (jump > (int64_t)line->jump_max || -jump > (int64_t)line->jump_max) {
            line->shift -= jump;
            placed = (int64_t)expected;
        }
        at = placed > 0 ? (yodel_time)placed : 0;
    }
    line->end = at + duration > line->end ? at + duration : line->end;
    return at;
}
