// Decoder: frames of video become pictures on a thread of its own, beside the loop.
//
//   decoder_put ──► waiting ──► thread: decodes, copies the picture ──► on_done ──► decoder_release
//
// A frame depends on those before it, so none is left out here: who puts asks for room first. The thread makes the
// codec's decoder that a frame needs, so a stream may go from codec to codec.
//
// Threads     all functions on the loop's; `on_done` is called there, too
// Ownership   the owner's struct holds it; its memory must stay until `closed` was called. Jobs are the decoder's from
//             put to on_done, then the owner's until decoder_release
// Limits      DECODER_JOBS are on their way; DECODER_PICTURES wait to be shown, then the thread waits

#ifndef STREAM_DECODER_H
#define STREAM_DECODER_H

#include "base/list.h"
#include "media/picture.h"
#include "runtime/beside.h"

#define DECODER_JOBS 8
#define DECODER_PICTURES 4

struct decoder;

struct decoder_place {
    bool is_used; // Under the lock.
    struct media_picture picture;
};

struct decoder_job {
    struct list_node link;
    struct mail mail;
    struct decoder *decoder; // Set by put.
    uint64_t id;             // The owner's, as what follows.
    bool is_shown; // False: it is decoded for the sake of those behind it, and has no picture.
    yodel_time show_at;
    yodel_time arrival;
    // What came of it.
    enum yodel_err err;
    yodel_duration took;
    struct decoder_place *place; // NULL: no picture.
    struct yodel_frame frame;
    uint8_t data[];
};

struct decoder_config {
    uv_loop_t *loop;
    struct alloc *alloc; // Called by both threads.
    void (*on_done)(void *ctx, struct decoder_job *job);
    void *ctx;
    // NULL: yodel_decoder_new.
    enum yodel_err (*decoder_new)(enum yodel_codec codec, const struct yodel_decoder_config *config,
        struct yodel_decoder **decoder);
};

struct decoder {
    struct decoder_config config;
    struct beside beside;
    size_t count; // Of jobs that were put and are not done.
    bool is_closing;
    void (*closed)(struct decoder *decoder);
    struct list waiting; // Under the lock, as the places' use.
    struct decoder_place places[DECODER_PICTURES];
    struct yodel_decoder *current; // The thread's; NULL: none yet.
};

// Copies the frame. NULL: no memory.
struct decoder_job *decoder_job_new(struct alloc *alloc, const struct yodel_frame *frame);
void decoder_job_free(struct alloc *alloc, struct decoder_job *job); // One that was never put.

// Fails with NO_MEMORY or NETWORK.
YODEL_MUST_USE enum yodel_err decoder_init(
    struct decoder *decoder, const struct decoder_config *config);

bool decoder_has_room(const struct decoder *decoder);
void decoder_put(struct decoder *decoder, struct decoder_job *job); // There must be room.

// The picture is not needed any more; frees the job.
void decoder_release(struct decoder_job *job);

// Lets go of the codec and of the loop once what is being decoded is done; on_done does not come any more. What was
// done is released first.
void decoder_close(struct decoder *decoder, void (*closed)(struct decoder *decoder));

#endif
