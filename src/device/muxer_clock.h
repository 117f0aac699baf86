// The muxer's clock: when the frames of one track are to be played, from their codec's clock and from when they were
// captured.
//
// What is heard and seen must go as evenly as the codec's clock says, and stay with the other track, which has another
// clock. So a frame's distance from the one before is that of their timestamps, and the whole follows the moments of
// capture: slowly what drifts, and at once what is further away than anybody would bear.
//
// Not here    which frames are written, and in which order (device/muxer.c)
// Ownership   values
// Time        of frames only; nobody's `now`
// Limits      a moment of capture that is further from the arrival than MUXER_CLOCK_TRUST is not believed

#ifndef DEVICE_MUXER_CLOCK_H
#define DEVICE_MUXER_CLOCK_H

#include "base/time.h"
#include "yodel/frame.h"

#define MUXER_CLOCK_CAPTURED_MAX YODEL_MS(40) // What lip sync bears.
#define MUXER_CLOCK_ARRIVED_MAX YODEL_MS(500) // Arrivals say less: a late one is not captured late.
#define MUXER_CLOCK_TRUST YODEL_SECONDS(30)
#define MUXER_CLOCK_DRIFT 1000                // Caught up with by one part in so many.
#define MUXER_CLOCK_SILENCE YODEL_SECONDS(10) // A longer pause is one only where a moment says so.

struct muxer_clock {
    uint32_t rate; // Of the codec; set by the owner, the rest is zero at first.
    bool is_anchored;
    uint64_t anchor; // The timestamp that belongs to
    int64_t moment;  // this moment.
    uint64_t newest; // The highest timestamp since then.
};

// The moment of a frame, in microseconds of the peer's clock. Frames may come in any order.
int64_t muxer_clock_at(struct muxer_clock *clock, const struct yodel_frame *frame);

#endif
