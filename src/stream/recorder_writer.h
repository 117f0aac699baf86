// A recorder's writer: a thread that puts frames into a file, and the queue in front of it.
//
//   loop: recorder_writer_put ──► queue, bounded ──► thread: device/muxer ──► disk
//
// Where the disk is too slow, what comes is left out: of sound those frames, of pictures all until a key frame for
// which there is room.
//
// Not here    which codecs are refused, and what the application is told (stream/recorder.c)
// Ownership   the owner's struct holds it; its memory must stay until `ended` was called
// Threads     the loop's; the thread is its own
// Limits      RECORDER_WRITER_BYTES_MAX wait

#ifndef STREAM_RECORDER_WRITER_H
#define STREAM_RECORDER_WRITER_H

#include "base/list.h"
#include "device/muxer.h"
#include "runtime/beside.h"
#include "yodel/recorder.h"

#define RECORDER_WRITER_BYTES_MAX (16u << 20) // With what keeps them.

// Its calls come from the loop.
struct recorder_writer_config {
    uv_loop_t *loop;
    struct alloc *alloc; // Called by both threads.
    const char *path;    // Copied; below MUXER_PATH_MAX.
    enum device_muxer_expects expects;
    bool overwrites;
    void (*on_started)(void *ctx);
    void (*on_failed)(void *ctx, enum yodel_err err, const char *text);
    void (*on_ended)(void *ctx); // The file is closed, and the memory the owner's again.
    void *ctx;
};

struct recorder_writer {
    struct recorder_writer_config config;
    struct beside beside;
    char path[MUXER_PATH_MAX];
    bool is_ended;    // The loop's, as what follows.
    bool is_key_lost; // Pictures were left out.
    uint64_t dropped;
    struct list queue; // Under the lock, as what follows.
    size_t bytes;
    bool is_key_missing;               // Neither in the file nor on its way.
    struct yodel_recorder_stats stats; // Of the file.
    // The thread's.
    struct device_muxer muxer;
    bool is_started;
    enum yodel_err err; // The first that was for good, and its sentence.
    char why[MUXER_TEXT_MAX];
    struct mail started_mail, failed_mail;
};

// Fails as beside_start does.
YODEL_MUST_USE enum yodel_err recorder_writer_start(
    struct recorder_writer *writer, const struct recorder_writer_config *config);

// Copies a frame. False: it was left out, and counted.
bool recorder_writer_put(struct recorder_writer *writer, const struct yodel_frame *frame);

// Whether pictures wait for a key frame, and there is room for one.
bool recorder_writer_wants_key(struct recorder_writer *writer);

struct yodel_recorder_stats recorder_writer_stats(struct recorder_writer *writer);

// Writes what waits, ends the file, and calls `on_ended`.
void recorder_writer_end(struct recorder_writer *writer);

#endif
