// The muxer's output: libavformat, which writes the container into our file.
//
// A part of a container (a cluster, a fragment, pages) is in memory until it is ended: what was ended is in the file, and
// plays, whatever happens to us afterwards.
//
// Not here    which frames are written, and when (device/muxer.c)
// Ownership   borrows the file and the container; owns libavformat's memory until deinit

#ifndef DEVICE_MUXER_OUTPUT_H
#define DEVICE_MUXER_OUTPUT_H

#include "device/muxer_container.h"
#include "device/muxer_file.h"
#include "device/muxer_head.h"
#include "device/muxer_queue.h"

struct AVFormatContext;
struct AVPacket;
struct AVStream;

struct muxer_output {
    const struct muxer_container *container;
    struct muxer_file *file;
    struct AVFormatContext *context;
    struct AVPacket *packet;
    struct AVStream *streams[2]; // Of each kind; NULL: there is none.
    int last_failed;             // libavformat's number of the last failure.
    int64_t last_dts[2];         // Of each kind, in its stream's units.
    int64_t sound_end;           // Of the last packet, in microseconds.
};

// NO_MEMORY, or NOT_SUPPORTED: libavformat was built without this container.
YODEL_MUST_USE enum yodel_err muxer_output_init(
    struct muxer_output *output, const struct muxer_container *container, struct muxer_file *file);
void muxer_output_deinit(struct muxer_output *output);

// First the tracks, one of each kind at most, then the beginning of the file. These and those below fail with IO (the
// file says why), NO_MEMORY or MALFORMED (libavformat refuses what is in a frame).
YODEL_MUST_USE enum yodel_err muxer_output_add(
    struct muxer_output *output, enum yodel_media_kind kind, const struct muxer_head *head);
YODEL_MUST_USE enum yodel_err muxer_output_begin(struct muxer_output *output);

// In the order of time; `at` is at least 0, and microseconds as the duration. What would come before the one before it
// comes at once.
YODEL_MUST_USE enum yodel_err muxer_output_put(
    struct muxer_output *output, const struct muxer_entry *entry, int64_t at, int64_t duration);

// Ends a part.
YODEL_MUST_USE enum yodel_err muxer_output_cut(struct muxer_output *output);

// Ends the last part, and writes the index and the duration.
YODEL_MUST_USE enum yodel_err muxer_output_end(struct muxer_output *output);

void muxer_output_put_error(struct writer *w, const struct muxer_output *output);

#endif
