// Feeds: what a source's thread reads its pictures and its sound from. Calls may block; they are made by one thread.
//
// Ownership   whoever made a feed hands it to a source, which closes it

#ifndef STREAM_FEED_H
#define STREAM_FEED_H

#include "base/alloc.h"
#include "base/err.h"
#include "device/reader.h"
#include "yodel/media.h"

#define FEED_TEXT_MAX 256
#define FEED_LABEL_MAX 128
#define FEED_PIECE 480 // Samples of 48000 Hz in 10 ms: what sound comes in.

// Asked by what blocks: true, give up.
struct feed_pulse {
    bool (*is_ending)(void *ctx);
    void *ctx;
};

struct feed_about {
    bool has_audio;
    bool has_video;
    uint16_t rotation;          // Of pictures: yodel_track_event's.
    char label[FEED_LABEL_MAX]; // "": none of its own.
};

struct feed;

struct feed_ops {
    // A sentence in `why` where it fails.
    enum yodel_err (*open)(struct feed *feed, const struct feed_pulse *pulse,
        struct feed_about *about, char why[FEED_TEXT_MAX]);
    // The next picture or piece of sound, borrowed until the next call; `captured` counts from the start. Fails with NOT_FOUND (the end),
    // WOULD_BLOCK (nothing yet: try again), or a sentence.
    enum yodel_err (*next)(struct feed *feed, struct yodel_raw *raw, char why[FEED_TEXT_MAX]);
    void (*close)(struct feed *feed); // Frees it, too.
};

struct feed {
    const struct feed_ops *ops;
    bool is_live; // It gives things when they happen; else they wait for their time.
};

// A test pattern, and a tone. NULL: no memory.
struct feed *feed_pattern_new(struct alloc *alloc, const struct yodel_source_config *config);

// A file, or a device; its name is copied. NULL: no memory.
struct feed *feed_reader_new(
    struct alloc *alloc, const struct device_reader_config *config, bool is_looped);

#endif
