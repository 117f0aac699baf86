// Pieces: any sound of libavcodec's as 480 samples of 48000 Hz at a time.
//
//   frame ──► slices of 50 ms ──► libswresample ──► what is left of before, and this ──► pieces of 10 ms
//
// Ownership   takes a frame's reference; what it gives is its own, until the next call
// Limits      DEVICE_PIECES_CHANNELS_MAX and _RATE_MAX of what comes; a frame of any length takes no more memory

#ifndef DEVICE_PIECES_H
#define DEVICE_PIECES_H

#include <libavutil/frame.h>
#include <libswresample/swresample.h>

#include "base/err.h"
#include "yodel/codec.h"

#define DEVICE_PIECES_RATE 48000u
#define DEVICE_PIECE 480u
#define DEVICE_PIECES_CHANNELS_MAX 64
#define DEVICE_PIECES_RATE_MIN 1000
#define DEVICE_PIECES_RATE_MAX 768000
#define DEVICE_PIECES_ROOM (DEVICE_PIECE + 2 * 2400) // Samples.
#define DEVICE_PIECES_GAP_MIN YODEL_MS(40)           // What is less is a clock's trembling.

struct device_pieces {
    uint32_t channels; // Of what comes out.
    SwrContext *resampler;
    int format, rate; // That it was made for.
    AVChannelLayout layout;

    AVFrame *frame; // What of it was not resampled yet begins at `at`.
    int at;
    bool is_ending; // No frame follows: the last piece is filled up with silence.
    bool is_flushed;

    int16_t samples[DEVICE_PIECES_ROOM * 2];
    uint32_t count;
    uint32_t given;    // Of these, with the last call.
    uint64_t position; // Of the first, by a clock of 48000 a second.
    bool has_time;
    uint64_t time_position; // That sample
    yodel_time time;        // was then.
    yodel_time next_time;   // When the next frame is expected to begin.
    yodel_time last;        // What was said of the last piece.
};

// Fails with NO_MEMORY.
YODEL_MUST_USE enum yodel_err device_pieces_init(struct device_pieces *pieces, uint32_t channels);
void device_pieces_deinit(struct device_pieces *pieces);

// Whether the frame before is used up.
bool device_pieces_are_wanted(const struct device_pieces *pieces);

// Takes what is in `frame`, which begins at `time`; it is empty afterwards. Fails with NOT_SUPPORTED (a rate, a number of
// channels), NO_MEMORY, MALFORMED; then it was left out.
YODEL_MUST_USE enum yodel_err device_pieces_put(
    struct device_pieces *pieces, AVFrame *frame, yodel_time time);

// False: a frame is wanted, or, after the end, there is no more.
bool device_pieces_next(struct device_pieces *pieces, struct yodel_raw *raw);

// The end; and a beginning after it.
void device_pieces_end(struct device_pieces *pieces);
void device_pieces_restart(struct device_pieces *pieces);

// When what was put ends.
yodel_time device_pieces_next_time(const struct device_pieces *pieces);

#endif
