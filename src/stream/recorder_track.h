// A recorder's track: what a track gives, encoded beside the loop for a file.
//
// A file has no path to suit: its bitrate follows from the size of its pictures, and a key frame comes every
// RECORDER_TRACK_KEY, so that it can be sought in.
//
// Ownership   the owner's struct holds it; its memory must stay until `on_ended` was called. Borrows the track until
//             recorder_track_end
// Threads     the loop's; the encoder has its own
// Limits      those of runtime/coder.h

#ifndef STREAM_RECORDER_TRACK_H
#define STREAM_RECORDER_TRACK_H

#include "runtime/coder.h"
#include "yodel/media.h"

#define RECORDER_TRACK_SAMPLES 960u     // Of a packet: 20 ms.
#define RECORDER_TRACK_SOUND_BPS 64000u // Of each channel.
#define RECORDER_TRACK_KEY YODEL_SECONDS(5)

// Its calls come from the loop.
struct recorder_track_config {
    uv_loop_t *loop;
    struct alloc *alloc; // Called by both threads.
    enum yodel_codec codec;
    void (*on_frame)(void *ctx, const struct yodel_frame *frame);
    void (*on_failure)(void *ctx, const char *text); // Something could not be encoded.
    void (*on_ended)(void *ctx);
    void *ctx;
};

struct recorder_track {
    struct recorder_track_config config;
    yodel_track *track; // NULL: it is ending, or there is none.
    bool has_coder;
    struct coder coder;
    uint64_t failed;
    // Of pictures.
    uint16_t rotation;
    uint32_t width, height;
    yodel_time key_due;
    // Of sound: what is gathered for a packet.
    uint32_t channels;
    uint32_t count;
    uint64_t timestamp;
    yodel_time captured; // Of the first piece of it.
    int16_t samples[RECORDER_TRACK_SAMPLES * 2];
};

// Fails with INVALID_STATE (the track has ended), NO_MEMORY.
YODEL_MUST_USE enum yodel_err recorder_track_start(
    struct recorder_track *track, const struct recorder_track_config *config, yodel_track *source);

// A key frame is needed.
void recorder_track_want_key(struct recorder_track *track);

// Pieces that are in no frame, as the encoder was too slow, or refused them.
uint64_t recorder_track_dropped(struct recorder_track *track);

// Lets go of the track, gives what is being encoded, and calls `on_ended`, which may be now.
void recorder_track_end(struct recorder_track *track);

// Bits a second that pictures are worth in a file.
uint64_t recorder_track_bitrate(uint32_t width, uint32_t height, uint32_t frame_rate);

#endif
