// Lip sync: which of a sender's audio and video is early, and how much delay brings them together.
//
// Each is told when what was captured at a moment of the sender's clock is played at ours. How much longer
// audio takes than video is the difference; a part of it, in small steps, is taken from the one that is
// delayed already, or else added to the other.
//
// Implements  RFC 3550 §6.4.1 (the two timestamps of sender reports are for this)
// Not here    from RTP timestamps to the sender's clock (rtp_source_captured); whose audio and video
//             belong together (CNAME, msid)
// Ownership   values
// Time        every `now` must be at least the one before it
// Limits      nobody is delayed by more than PLAYOUT_SYNC_EXTRA_MAX; differences that would need more are
//             not believed. What cannot be measured for PLAYOUT_SYNC_FORGET is let go again

#ifndef PLAYOUT_SYNC_H
#define PLAYOUT_SYNC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

#define PLAYOUT_SYNC_EXTRA_MAX YODEL_SECONDS(1)
#define PLAYOUT_SYNC_FORGET YODEL_SECONDS(20)
#define PLAYOUT_SYNC_INTERVAL YODEL_MS(200) // From measurement to measurement,
#define PLAYOUT_SYNC_MEASURED 5             // of which the median of so many counts.
#define PLAYOUT_SYNC_STEP_MAX YODEL_MS(80)
#define PLAYOUT_SYNC_GOOD YODEL_MS(10) // A difference that nothing is done about.

// What was captured at `ntp`, by the sender's clock, is played at `at`, by ours.
struct playout_sync_point {
    bool is_known;
    uint64_t ntp;
    yodel_time at;
};

struct playout_sync {
    struct playout_sync_point audio;
    struct playout_sync_point video;
    int64_t differences[PLAYOUT_SYNC_MEASURED];
    size_t count;
    yodel_time due;      // For the next measurement.
    yodel_time measured; // When one could be believed.
    yodel_duration audio_extra;
    yodel_duration video_extra;
    int64_t difference; // The last median: audio is later by so much.
    uint64_t absurd;    // Measurements that were not believed.
};

void playout_sync_init(struct playout_sync *sync, yodel_time now);

// `ntp` is 0 where there is no report yet: that tells nothing.
void playout_sync_audio(struct playout_sync *sync, uint64_t ntp, yodel_time at);
void playout_sync_video(struct playout_sync *sync, uint64_t ntp, yodel_time at);

// True: `audio_extra` or `video_extra` changed, for playout_audio_set_extra and playout_video_set_extra.
bool playout_sync_tick(struct playout_sync *sync, yodel_time now);
yodel_time playout_sync_next_timeout(const struct playout_sync *sync);

#endif
