// Quality: how large and how often pictures are sent, so that a bitrate and a processor are enough for them.
//
//   bitrate falls   ──►  camera: smaller pictures; screen: fewer of them, as text must stay sharp
//   encoder is late ──►  smaller pictures, whatever they are of
//
// Going back up takes more than was too little, and time, so that size does not flap.
//
// Not here    the estimate itself (cc/), scaling and encoding (runtime/coder.h)
// Ownership   values
// Time        every `now` must be at least the one before it

#ifndef STREAM_QUALITY_H
#define STREAM_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

#define QUALITY_DWELL YODEL_SECONDS(2)  // Before it goes up one step.
#define QUALITY_WINDOW YODEL_SECONDS(2) // Over which late pictures are counted.
#define QUALITY_REST                                                                               \
    YODEL_SECONDS(20) // Before an encoder that was late is tried again; doubled each time,
#define QUALITY_REST_MAX YODEL_SECONDS(320) // up to this.
#define QUALITY_SCREEN_RATE_MIN 5

enum quality_limit { QUALITY_NONE, QUALITY_BANDWIDTH, QUALITY_CPU };

struct quality_size {
    uint32_t width;
    uint32_t height;
    uint32_t frame_rate;
};

struct quality {
    bool is_screen;
    uint64_t bitrate; // 0: not known yet.
    bool is_chosen;   // `step` is.
    uint32_t step;    // Into the scales; 0 is the whole size.
    yodel_time stepped;
    // The processor.
    uint32_t cpu_step; // At least this.
    yodel_duration rest;
    yodel_time rested; // When the next is tried.
    yodel_time window;
    uint32_t offered, late;
    uint32_t changes; // Of the size, counted.
};

void quality_init(struct quality *quality, bool is_screen);
void quality_set_bitrate(struct quality *quality, uint64_t bitrate);

// Each picture: how it is to be sent. The size is even, and not above `from`.
struct quality_size quality_choose(
    struct quality *quality, const struct quality_size *from, yodel_time now);

// So many pictures were given to the encoder since the last call, and so many of them it had no time for.
void quality_count(struct quality *quality, uint32_t offered, uint32_t late, yodel_time now);

// Why it is not all that it could be: qualityLimitationReason.
enum quality_limit quality_limit(const struct quality *quality);

#endif
