// The muxer's clock: see the header.

#include "device/muxer_clock.h"

#include "base/assert.h"

#define MOMENT_MAX (INT64_MAX / 4)
#define SPAN_MAX 1000000000 // Seconds from the anchor: more is no stream.

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

static bool is_within(int64_t difference, yodel_duration most)
{
    return difference <= (int64_t)most && difference >= -(int64_t)most;
}

// What the frame says itself; 0: nothing.
static int64_t told(const struct yodel_frame *frame, yodel_duration *tolerance)
{
    bool is_captured =
        frame->captured != 0 &&
        (frame->arrival == 0 || distance(frame->captured, frame->arrival) <= MUXER_CLOCK_TRUST);
    yodel_time moment = is_captured ? frame->captured : frame->arrival;

    *tolerance = is_captured ? MUXER_CLOCK_CAPTURED_MAX : MUXER_CLOCK_ARRIVED_MAX;
    return moment < MOMENT_MAX ? (int64_t)moment : MOMENT_MAX;
}

static bool is_near(const struct muxer_clock *clock, uint64_t timestamp)
{
    return distance(timestamp, clock->anchor) / clock->rate < SPAN_MAX;
}

// From the anchor, in microseconds; is_near.
static int64_t since_anchor(const struct muxer_clock *clock, uint64_t timestamp)
{
    uint64_t units = distance(timestamp, clock->anchor);
    uint64_t whole = units / clock->rate, rest = units % clock->rate;
    int64_t us = (int64_t)(whole * 1000000 + rest * 1000000 / clock->rate);

    return timestamp < clock->anchor ? -us : us;
}

static int64_t anchor(struct muxer_clock *clock, uint64_t timestamp, int64_t moment)
{
    clock->is_anchored = true;
    clock->anchor = timestamp;
    clock->newest = timestamp;
    clock->moment = moment;
    return moment;
}

// Frames that say nothing of when they were captured follow each other.
static int64_t follow(struct muxer_clock *clock, uint64_t timestamp)
{
    int64_t last = clock->moment + since_anchor(clock, clock->newest);

    if (is_near(clock, timestamp)) {
        int64_t moment = clock->moment + since_anchor(clock, timestamp);
        if (is_within(moment - last, MUXER_CLOCK_SILENCE)) {
            clock->newest = timestamp > clock->newest ? timestamp : clock->newest;
            return moment;
        }
    }
    return anchor(clock, timestamp, last + 1);
}

// What drifts is caught up with by a small part of the time that went by.
static void catch_up(struct muxer_clock *clock, uint64_t timestamp, int64_t behind)
{
    if (timestamp <= clock->newest) {
        return;
    }
    int64_t elapsed = since_anchor(clock, timestamp) - since_anchor(clock, clock->newest);
    int64_t most = elapsed / MUXER_CLOCK_DRIFT;
    clock->moment += behind > most ? most : behind < -most ? -most : behind;
    clock->newest = timestamp;
}

int64_t muxer_clock_at(struct muxer_clock *clock, const struct yodel_frame *frame)
{
    yodel_duration tolerance;
    int64_t moment = told(frame, &tolerance);

    YODEL_ASSERT(clock->rate > 0);
    if (!clock->is_anchored) {
        return anchor(clock, frame->timestamp, moment);
    }
    if (moment == 0) {
        return follow(clock, frame->timestamp);
    }
    if (!is_near(clock, frame->timestamp)) {
        return anchor(clock, frame->timestamp, moment);
    }
    int64_t behind = moment - (clock->moment + since_anchor(clock, frame->timestamp));
    if (!is_within(behind, tolerance)) {
        return anchor(clock, frame->timestamp, moment);
    }
    catch_up(clock, frame->timestamp, behind);
    return clock->moment + since_anchor(clock, frame->timestamp);
}
