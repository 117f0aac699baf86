// Reader: pictures and sound, not encoded, from a file, a URL, a camera, a microphone or a screen.
//
//   source ──► libavformat, libavdevice ──► libavcodec ──► I420, as large as wished for (device/scaler.h)
//                                                    └───► 10 ms of 48000 Hz (device/pieces.h)
//
// Ownership   borrows what the configuration points to until it is closed; what `next` gives is the reader's, until the
//             next call
// Threads     none: any thread may call, one at a time. Calls block; `is_interrupted` is asked meanwhile, and what is true
//             ends them. A microphone of PulseAudio that somebody has suspended is the exception: libavdevice waits for it
// Time        `captured` begins with 0 where a file begins, or when a device was opened, and does not go back; `timestamp`
//             is the same by the codec's clock, 90000 or 48000 a second
// Limits      pictures of YODEL_PICTURE_SIDE_MAX each way and, decoded, YODEL_PICTURE_PIXELS_MAX; DEVICE_READER_DAMAGED_MAX
//             damaged packets in a row; DEVICE_READER_SILENCE_MAX without anything
// Departs     libavformat writes to stderr by one level for the whole process: an application that set none gets none

#ifndef DEVICE_READER_H
#define DEVICE_READER_H

#include "base/bytes.h"
#include "base/err.h"
#include "yodel/codec.h"

#define DEVICE_TEXT_MAX 256
#define DEVICE_READER_DAMAGED_MAX 100u
#define DEVICE_READER_SILENCE_MAX YODEL_SECONDS(15)

enum device_reader_kind {
    DEVICE_READER_FILE,
    DEVICE_READER_CAMERA,
    DEVICE_READER_MICROPHONE,
    DEVICE_READER_SCREEN,
};

// Zeros: whatever there is.
struct device_reader_config {
    enum device_reader_kind kind;
    // A path or a URL; a device's id (device/list.h), or NULL: the default one; of a screen its display, ":0".
    const char *name;
    struct bytes memory; // A file's content, in place of its name: nothing else is opened.
    uint32_t width;      // At most; pictures become smaller, and keep their shape.
    uint32_t height;
    uint32_t frame_rate; // At most; of a camera and a screen 30.
    uint32_t channels;   // Of sound, 1 or 2; 0: 1, of a file what it has.
    bool has_no_audio;   // Of a file: only the other is wanted.
    bool has_no_video;
    struct { // Of a screen; without a size, all of it.
        uint32_t x, y, width, height;
    } region;
    bool has_no_cursor;                // Of a screen.
    bool (*is_interrupted)(void *ctx); // NULL: never.
    void *ctx;
};

struct device_reader_about {
    bool has_audio;
    bool has_video;
    uint32_t width; // Of the pictures that come; 0: not known before the first.
    uint32_t height;
    uint32_t frame_rate; // 0: not known.
    uint32_t channels;   // Of the sound that comes.
    uint16_t rotation; // Pictures are to be turned clockwise by so many degrees: 0, 90, 180 or 270.
    yodel_duration duration; // 0: not known, or a device's.
};

struct device_reader;

// Fails with a sentence in `why`: NOT_FOUND (no such file, device, display), IO (busy, permission), NOT_SUPPORTED (built
// without devices; nothing in it that can be decoded; a protocol), MALFORMED, TIMEOUT, ABORTED (interrupted), NETWORK, RANGE
// (channels, a region outside the screen), NO_MEMORY.
YODEL_MUST_USE enum yodel_err device_reader_open(struct device_reader **reader,
    const struct device_reader_config *config, char why[DEVICE_TEXT_MAX]);
void device_reader_close(struct device_reader *reader); // NULL is allowed.

const struct device_reader_about *device_reader_about(const struct device_reader *reader);

// The next picture, I420 with even sides and BT.601's colours of limited range, or the next 480 samples of all channels. Fails
// with NOT_FOUND (the end), WOULD_BLOCK (a device has had nothing for some milliseconds: ask again), ABORTED, and for good with a
// sentence in `why`: IO, NETWORK, TIMEOUT, MALFORMED, NO_MEMORY. What is damaged inside a file is left out.
YODEL_MUST_USE enum yodel_err device_reader_next(
    struct device_reader *reader, struct yodel_raw *raw, char why[DEVICE_TEXT_MAX]);

// Packets that could not be decoded.
uint64_t device_reader_damaged(const struct device_reader *reader);

// From the beginning again, at any time; `captured` goes on. Fails as opening does, with INVALID_STATE for a device.
YODEL_MUST_USE enum yodel_err device_reader_rewind(
    struct device_reader *reader, char why[DEVICE_TEXT_MAX]);

#endif
