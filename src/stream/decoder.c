// Decoder: see the header.

#include "stream/decoder.h"

#include <string.h>

#include "base/assert.h"
#include "net/clock.h"

struct decoder_job *decoder_job_new(struct alloc *alloc, const struct yodel_frame *frame)
{
    struct decoder_job *job = alloc_new(alloc, sizeof *job + frame->len);

    if (job) {
        job->frame = *frame;
        job->frame.data = job->data;
        memcpy(job->data, frame->data, frame->len);
    }
    return job;
}

void decoder_job_free(struct alloc *alloc, struct decoder_job *job)
{
    alloc_free(alloc, job);
}

// ---- on the thread

static struct decoder_job *wait_for_job(struct decoder *decoder)
{
    struct list_node *node = NULL;

    beside_lock(&decoder->beside);
    while (!decoder->beside.is_ending && !(node = list_pop_front(&decoder->waiting))) {
        beside_wait(&decoder->beside, YODEL_NEVER);
    }
    beside_unlock(&decoder->beside);
    return node ? CONTAINER_OF(node, struct decoder_job, link) : NULL;
}

static struct decoder_place *free_place(struct decoder *decoder)
{
    for (size_t i = 0; i < DECODER_PICTURES; i++) {
        if (!decoder->places[i].is_used) {
            return &decoder->places[i];
        }
    }
    return NULL;
}

// NULL: the end.
static struct decoder_place *wait_for_place(struct decoder *decoder)
{
    struct decoder_place *place = NULL;

    beside_lock(&decoder->beside);
    while (!decoder->beside.is_ending && !(place = free_place(decoder))) {
        beside_wait(&decoder->beside, YODEL_NEVER);
    }
    if (place) {
        place->is_used = true;
    }
    beside_unlock(&decoder->beside);
    return place;
}

static void leave_place(struct decoder *decoder, struct decoder_place *place)
{
    beside_lock(&decoder->beside);
    place->is_used = false;
    beside_wake(&decoder->beside);
    beside_unlock(&decoder->beside);
}

// The decoder for a frame: the one of before, or another codec's.
static enum yodel_err choose(struct decoder *decoder, enum yodel_codec codec)
{
    static const struct yodel_decoder_config defaults;

    if (decoder->current && decoder->current->codec == codec) {
        return YODEL_OK;
    }
    yodel_decoder_free(decoder->current);
    decoder->current = NULL;
    return decoder->config.decoder_new(codec, &defaults, &decoder->current);
}

static enum yodel_err keep(struct decoder_job *job, const struct yodel_picture *picture)
{
    if (!job->is_shown) {
        return YODEL_OK;
    }
    struct decoder_place *place = job->place ? job->place : wait_for_place(job->decoder);
    if (!place) {
        return YODEL_OK;
    }
    enum yodel_err err = media_picture_copy(&place->picture, picture);
    if (err) {
        leave_place(job->decoder, place);
    }
    job->place = err ? NULL : place;
    return err;
}

// Of several pictures, which no sender of WebRTC puts into one frame, the last is shown.
static void decode(struct decoder *decoder, struct decoder_job *job)
{
    yodel_time begun = clock_now();
    struct yodel_raw raw;

    job->err = choose(decoder, job->frame.codec);
    if (!job->err) {
        job->err = yodel_decoder_decode(decoder->current, &job->frame);
    }
    job->took = time_since(clock_now(), begun);
    while (!job->err && yodel_decoder_next(decoder->current, &raw)) {
        job->err = keep(job, &raw.picture);
    }
}

// ---- on the loop

void decoder_release(struct decoder_job *job)
{
    struct decoder *decoder = job->decoder;

    if (job->place) {
        leave_place(decoder, job->place);
    }
    alloc_free(decoder->config.alloc, job);
}

static void deliver(void *ctx)
{
    struct decoder_job *job = ctx;
    struct decoder *decoder = job->decoder;

    decoder->count--;
    if (decoder->is_closing) {
        decoder_release(job);
    } else {
        decoder->config.on_done(decoder->config.ctx, job);
    }
}

static void run(struct beside *beside)
{
    struct decoder *decoder = CONTAINER_OF(beside, struct decoder, beside);
    struct decoder_job *job;

    while ((job = wait_for_job(decoder))) {
        decode(decoder, job);
        beside_post(beside, &job->mail, deliver, job);
    }
}

enum yodel_err decoder_init(struct decoder *decoder, const struct decoder_config *config)
{
    *decoder = (struct decoder){.config = *config};
    if (!config->decoder_new) {
        decoder->config.decoder_new = yodel_decoder_new;
    }
    list_init(&decoder->waiting);
    for (size_t i = 0; i < DECODER_PICTURES; i++) {
        media_picture_init(&decoder->places[i].picture, config->alloc);
    }
    return beside_start(&decoder->beside, config->loop, config->alloc, run);
}

bool decoder_has_room(const struct decoder *decoder)
{
    return decoder->count < DECODER_JOBS;
}

void decoder_put(struct decoder *decoder, struct decoder_job *job)
{
    YODEL_ASSERT(decoder_has_room(decoder) && !decoder->is_closing);
    decoder->count++;
    job->decoder = decoder;
    beside_lock(&decoder->beside);
    list_push_back(&decoder->waiting, &job->link);
    beside_wake(&decoder->beside);
    beside_unlock(&decoder->beside);
}

static void on_ended(struct beside *beside)
{
    struct decoder *decoder = CONTAINER_OF(beside, struct decoder, beside);
    struct list_node *node;

    while ((node = list_pop_front(&decoder->waiting))) {
        decoder_job_free(decoder->config.alloc, CONTAINER_OF(node, struct decoder_job, link));
    }
    for (size_t i = 0; i < DECODER_PICTURES; i++) {
        media_picture_deinit(&decoder->places[i].picture);
    }
    yodel_decoder_free(decoder->current);
    decoder->closed(decoder);
}

void decoder_close(struct decoder *decoder, void (*closed)(struct decoder *decoder))
{
    decoder->is_closing = true;
    decoder->closed = closed;
    beside_end(&decoder->beside, on_ended);
}
