// Tracks, from within: what a source needs to feed them.
//
//   struct source 1 ──── n struct yodel_track 1 ──── n listener
//
// Not here    the public calls (yodel/media.h); what sources there are (the files beside)
// Ownership   a source lives until its last track was stopped; then `free` is called
// Threads     the loop's

#ifndef STREAM_TRACK_H
#define STREAM_TRACK_H

#include "base/alloc.h"
#include "base/list.h"
#include "base/port.h"
#include "media/picture.h"
#include "yodel/media.h"

#define TRACK_LABEL_MAX 128

struct track_source;

struct track_source_ops {
    // The first listener came to one of its tracks, or the last has gone; NULL: it does not matter.
    void (*listened)(struct track_source *source, bool is_listened);
    void (*free)(struct track_source *source);
};

// One kind's; whatever gives both has two.
struct track_source {
    const struct track_source_ops *ops;
    struct alloc *alloc;
    enum yodel_media_kind kind;
    char label[TRACK_LABEL_MAX];
    bool is_screen;
    bool is_muted;
    bool has_ended;
    struct yodel_track_settings settings;
    struct list tracks;
    size_t listener_count;
    uint32_t busy;              // It is giving: what is stopped meanwhile goes afterwards.
    struct media_picture black; // In place of a picture, where a track is not enabled.
};

void track_source_init(struct track_source *source, const struct track_source_ops *ops,
    struct alloc *alloc, enum yodel_media_kind kind, const char *label);

// NULL: no memory.
yodel_track *track_new(struct track_source *source);

// Gives to all listeners of all tracks. Each may stop its track, and so free the source: not touched afterwards.
void track_source_give(struct track_source *source, const struct yodel_raw *raw, uint16_t rotation);
void track_source_mute(struct track_source *source, bool is_muted);

// The end; `text` says why. Once.
void track_source_end(struct track_source *source, const char *text);

#endif
