// Coder: an encoder on a thread of its own, beside the loop. What is to be encoded waits in a short queue; where
// the encoder is too slow, the oldest gives way, as nobody wants to see it any more.
//
// Threads     all functions on the loop's thread; `on_frame` and `on_failure` are called there, too
// Ownership   the owner's struct holds it; its memory must stay until `closed` was called. It owns the
//             encoder from init on
// Limits      CODER_PICTURES or CODER_SOUNDS wait

#ifndef RUNTIME_CODER_H
#define RUNTIME_CODER_H

#include "media/picture.h"
#include "runtime/beside.h"

#define CODER_PICTURES 2
#define CODER_SOUNDS 8
#define CODER_PLACES_MAX (CODER_SOUNDS + 1) // One is at work.
#define CODER_SAMPLES_MAX (2880 * 2)        // 60 ms of two channels.

struct coder_place {
    enum coder_use { CODER_FREE, CODER_FILLING, CODER_WAITING, CODER_WORKING } use;
    uint64_t number; // In the order in which they came.
    struct yodel_raw raw;
    struct media_picture picture;
    int16_t *samples;
};

struct coder_config {
    uv_loop_t *loop;
    struct alloc *alloc; // Called by both threads.
    struct yodel_encoder *encoder;
    void (*on_frame)(void *ctx, const struct yodel_frame *frame);
    void (*on_failure)(
        void *ctx, enum yodel_err err, const char *text); // What was to be encoded is lost.
    void *ctx;
};

struct coder {
    struct coder_config config;
    struct beside beside;
    size_t place_count;
    // Under its lock, as what follows.
    struct coder_place places[CODER_PLACES_MAX];
    uint64_t next_number;
    uint64_t dropped;
    bool is_key_wanted;
    bool has_target;
    struct yodel_encoder_target target;
    uint32_t width, height;      // What pictures are scaled to; 0: as they are.
    yodel_duration encoding;     // How long all of them took.
    struct media_picture scaled; // The thread's.
    void (*closed)(struct coder *coder);
};

// Fails with NO_MEMORY or NETWORK; then the encoder is still the caller's.
YODEL_MUST_USE enum yodel_err coder_init(struct coder *coder, const struct coder_config *config);

// Copies what is to be encoded. Fails with TYPE (not of the encoder's kind), RANGE (a size, or more than 60 ms),
// NO_MEMORY.
YODEL_MUST_USE enum yodel_err coder_put(struct coder *coder, const struct yodel_raw *raw);

// All three take effect with the next picture or sound that is encoded.
void coder_set_target(struct coder *coder, const struct yodel_encoder_target *target);
void coder_want_key(struct coder *coder);

// Pictures are scaled to this size before they are encoded; 0: they stay as they are.
void coder_set_size(struct coder *coder, uint32_t width, uint32_t height);

// How many were never encoded, as others were waiting.
uint64_t coder_dropped(struct coder *coder);

// How long encoding took, all in all.
yodel_duration coder_encoding(struct coder *coder);

// Lets go of the encoder and of the loop once what is being encoded is done; `on_frame` may still come before `closed`.
void coder_close(struct coder *coder, void (*closed)(struct coder *coder));

#endif
