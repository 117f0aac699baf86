// Video's playout: frames come whole and in the order of decoding, whenever they come; what is said is
// when each is to be decoded and shown.
//
// A frame is shown as long after its quickest possible arrival as the path's jitter, decoding and the
// application demand. That distance changes slowly, so that movement stays even; a frame that is late is
// shown at once, and of several that are late only the last.
//
// Implements  the playout-delay header extension of WebRTC; the W3C's statistics of playout (freezes,
//             pauses, delays)
// Not here    the bytes of frames, nor pictures: frames have numbers that the caller gives; frames from
//             packets (rtp/frames.h)
// Ownership   values
// Time        every `now` must be at least the one before it
// Limits      PLAYOUT_VIDEO_FRAMES_MAX frames: one more is refused, and a key frame needed

#ifndef PLAYOUT_VIDEO_H
#define PLAYOUT_VIDEO_H

#include "playout/delay.h"

#define PLAYOUT_VIDEO_CLOCK_RATE 90000
#define PLAYOUT_VIDEO_FRAMES_MAX 256
#define PLAYOUT_VIDEO_TARGET_MAX YODEL_SECONDS(4) // The W3C's most for jitterBufferTarget.
#define PLAYOUT_VIDEO_LATE_MAX YODEL_MS(500)      // A key frame ends the waiting for what is later.
#define PLAYOUT_VIDEO_STALL YODEL_SECONDS(3) // Packets come, and no frame: a key frame may help.
#define PLAYOUT_VIDEO_KEY_INTERVAL YODEL_MS(500)
#define PLAYOUT_VIDEO_AVERAGED 30            // Frames, for what a freeze is: the W3C's number.
#define PLAYOUT_VIDEO_PAUSE YODEL_SECONDS(5) // Longer is a pause: the same.

struct playout_video_frame {
    uint64_t id; // The caller's.
    uint64_t timestamp;
    bool is_key;
    yodel_time arrival; // Set as it comes.
};

enum playout_video_action {
    PLAYOUT_VIDEO_DECODE,
    PLAYOUT_VIDEO_DROP, // A key frame behind it makes it useless.
};

struct playout_video_step {
    enum playout_video_action action;
    uint64_t id;
    bool is_shown; // False: it is decoded for the sake of those behind it.
    yodel_time show_at;
};

// As the W3C names them; times are microseconds.
struct playout_video_stats {
    uint64_t frames_dropped;
    uint64_t frames_rendered;
    uint64_t jitter_buffer_emitted_count;
    uint64_t jitter_buffer_delay;
    uint64_t jitter_buffer_target_delay;
    uint64_t jitter_buffer_minimum_delay;
    uint64_t freeze_count;
    uint64_t total_freezes_duration;
    uint64_t pause_count;
    uint64_t total_pauses_duration;
    uint64_t total_inter_frame_delay;
    double total_squared_inter_frame_delay; // Square seconds.
    uint64_t refused; // Ours: frames that could not be decoded or had no room,
    uint64_t key_requests;
};

struct playout_video {
    struct playout_delay network;
    struct playout_video_frame frames[PLAYOUT_VIDEO_FRAMES_MAX];
    uint64_t head, tail;
    bool is_started;
    int64_t offset;       // From a timestamp to when it is shown, with the network's origin.
    yodel_time last;      // When a frame came,
    yodel_time last_show; // and for when the last was promised.
    yodel_duration decoding;
    yodel_duration asked;
    yodel_duration extra;
    bool has_limits; // The sender's.
    yodel_duration min, max;
    // Key frames.
    bool is_key_needed; // Nothing else can be decoded.
    bool is_key_wanted;
    bool is_heard; // Packets came since a frame did, or a key frame was asked for.
    yodel_time key_due;
    // What was shown.
    yodel_time shown; // When the last was; only where `frames_rendered` is not 0.
    yodel_duration intervals[PLAYOUT_VIDEO_AVERAGED];
    uint64_t interval_count;
    struct playout_video_stats stats;
};

void playout_video_init(struct playout_video *video);

// A packet of the stream came, whatever is in it.
void playout_video_heard(struct playout_video *video, yodel_time now);

// A frame is whole, and the next to be decoded. False: it is of no use, and stays the caller's.
bool playout_video_recv(
    struct playout_video *video, const struct playout_video_frame *frame, yodel_time now);

// What to do now; false: nothing.
bool playout_video_next(
    struct playout_video *video, struct playout_video_step *step, yodel_time now);

// A frame took so long to decode; or could not be.
void playout_video_decoded(struct playout_video *video, yodel_duration took);
void playout_video_failed(struct playout_video *video, yodel_time now);

// A picture was shown.
void playout_video_shown(struct playout_video *video, yodel_time now);

// The least delay, as `jitterBufferTarget` has it; what is added to whatever it is; and what the sender
// asks for (its `max` counts most: 0 is as soon as possible).
void playout_video_set_asked(struct playout_video *video, yodel_duration asked);
void playout_video_set_extra(struct playout_video *video, yodel_duration extra);
void playout_video_set_limits(struct playout_video *video, yodel_duration min, yodel_duration max);

yodel_duration playout_video_target(const struct playout_video *video);

// Whether to ask the sender for a key frame now; true counts as having asked.
bool playout_video_take_request(struct playout_video *video, yodel_time now);

void playout_video_tick(struct playout_video *video, yodel_time now);
yodel_time playout_video_next_timeout(const struct playout_video *video);

#endif
