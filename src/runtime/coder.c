// Coder: see the header.

#include "runtime/coder.h"

#include <string.h>

#include "base/assert.h"

// What came of it, on its way to the loop.
struct coder_output {
    struct mail mail;
    struct coder *coder;
    enum yodel_err err;
    char text[YODEL_CODEC_TEXT_MAX];
    struct yodel_frame frame;
    uint8_t data[];
};

static void deliver(void *ctx)
{
    struct coder_output *output = ctx;
    struct coder_config *config = &output->coder->config;

    if (output->err) {
        config->on_failure(config->ctx, output->err, output->text);
    } else {
        config->on_frame(config->ctx, &output->frame);
    }
    alloc_free(config->alloc, output);
}

// ---- on the coder's thread

static struct coder_output *output_new(struct coder *coder, size_t len)
{
    struct coder_output *output = alloc_new(coder->config.alloc, sizeof *output + len);

    if (output) {
        output->coder = coder;
    }
    return output; // Without memory it is as good as lost on the way.
}

static void post(struct coder_output *output)
{
    enum yodel_err err = mailbox_post_kept(&output->coder->mailbox, &output->mail, deliver, output);

    YODEL_ASSERT(!err); // It is closed when this thread has ended.
}

static void post_failure(struct coder *coder, enum yodel_err err)
{
    struct coder_output *output = output_new(coder, 0);

    if (output) {
        output->err = err;
        memcpy(output->text, coder->config.encoder->error_text, sizeof output->text);
        post(output);
    }
}

static void post_frame(struct coder *coder, const struct yodel_frame *frame)
{
    struct coder_output *output = output_new(coder, frame->len);

    if (output) {
        output->frame = *frame;
        output->frame.data = output->data;
        memcpy(output->data, frame->data, frame->len);
        post(output);
    }
}

static struct coder_place *oldest(struct coder *coder)
{
    struct coder_place *found = NULL;

    for (size_t i = 0; i < coder->place_count; i++) {
        struct coder_place *place = &coder->places[i];
        if (place->use == CODER_WAITING && (!found || place->number < found->number)) {
            found = place;
        }
    }
    return found;
}

struct work {
    struct coder_place *place; // NULL: the end.
    bool is_key_wanted;
    bool has_target;
    struct yodel_encoder_target target;
};

static struct work wait_for_work(struct coder *coder)
{
    struct work work = {0};

    uv_mutex_lock(&coder->mutex);
    while (!coder->is_ending && !(work.place = oldest(coder))) {
        uv_cond_wait(&coder->changed, &coder->mutex);
    }
    if (work.place) {
        work.place->use = CODER_WORKING;
        work.is_key_wanted = coder->is_key_wanted;
        work.has_target = coder->has_target;
        work.target = coder->target;
        coder->is_key_wanted = coder->has_target = false;
    }
    uv_mutex_unlock(&coder->mutex);
    return work;
}

static void encode(struct coder *coder, const struct work *work)
{
    struct yodel_encoder *encoder = coder->config.encoder;
    struct yodel_frame frame;

    if (work->has_target) {
        yodel_encoder_set_target(encoder, &work->target);
    }
    enum yodel_err err = yodel_encoder_encode(encoder, &work->place->raw, work->is_key_wanted);
    if (err) {
        post_failure(coder, err);
    }
    while (!err && yodel_encoder_next(encoder, &frame)) {
        post_frame(coder, &frame);
    }
}

static void run(void *ctx)
{
    struct coder *coder = ctx;
    struct work work;

    while ((work = wait_for_work(coder)).place) {
        encode(coder, &work);
        uv_mutex_lock(&coder->mutex);
        work.place->use = CODER_FREE;
        uv_mutex_unlock(&coder->mutex);
    }
}

// ---- on the loop's

static bool is_video(const struct coder *coder)
{
    return coder->config.encoder->codec >= YODEL_VP8;
}

static void free_places(struct coder *coder)
{
    for (size_t i = 0; i < coder->place_count; i++) {
        media_picture_deinit(&coder->places[i].picture);
        alloc_free(coder->config.alloc, coder->places[i].samples);
    }
}

static enum yodel_err make_places(struct coder *coder)
{
    size_t len = CODER_SAMPLES_MAX * sizeof(int16_t);

    coder->place_count = (is_video(coder) ? CODER_PICTURES : CODER_SOUNDS) + 1;
    for (size_t i = 0; i < coder->place_count; i++) {
        media_picture_init(&coder->places[i].picture, coder->config.alloc);
        coder->places[i].samples = is_video(coder) ? NULL : alloc_new(coder->config.alloc, len);
        if (!is_video(coder) && !coder->places[i].samples) {
            return YODEL_ERR_NO_MEMORY;
        }
    }
    return YODEL_OK;
}

static enum yodel_err start(struct coder *coder)
{
    if (uv_mutex_init(&coder->mutex) != 0) {
        return YODEL_ERR_NO_MEMORY;
    }
    if (uv_cond_init(&coder->changed) != 0) {
        uv_mutex_destroy(&coder->mutex);
        return YODEL_ERR_NO_MEMORY;
    }
    enum yodel_err err =
        uv_thread_create(&coder->thread, run, coder) ? YODEL_ERR_NO_MEMORY : YODEL_OK;
    // The mailbox comes last, as it is the one thing that cannot be undone at once; the thread waits for work.
    if (!err && (err = mailbox_init(&coder->mailbox, coder->config.loop, coder->config.alloc))) {
        coder->is_ending = true;
        uv_cond_signal(&coder->changed);
        uv_thread_join(&coder->thread);
    }
    if (err) {
        uv_cond_destroy(&coder->changed);
        uv_mutex_destroy(&coder->mutex);
    }
    return err;
}

enum yodel_err coder_init(struct coder *coder, const struct coder_config *config)
{
    *coder = (struct coder){.config = *config};
    enum yodel_err err = make_places(coder);

    if (!err) {
        err = start(coder);
    }
    if (err) {
        free_places(coder);
    }
    return err;
}

// A place that is free, or the oldest that waits: one more than may wait are there, and one may be at work.
static struct coder_place *place_for_next(struct coder *coder)
{
    struct coder_place *place = NULL;

    uv_mutex_lock(&coder->mutex);
    for (size_t i = 0; i < coder->place_count && !place; i++) {
        place = coder->places[i].use == CODER_FREE ? &coder->places[i] : NULL;
    }
    if (!place) {
        place = oldest(coder);
        coder->dropped++;
    }
    place->use = CODER_FILLING;
    place->number = coder->next_number++;
    uv_mutex_unlock(&coder->mutex);
    return place;
}

static enum yodel_err fill(struct coder_place *place, const struct yodel_raw *raw)
{
    size_t count = (size_t)raw->sound.count * raw->sound.channels;

    place->raw = *raw;
    if (raw->kind == YODEL_VIDEO) {
        enum yodel_err err = media_picture_copy(&place->picture, &raw->picture);
        place->raw.picture = place->picture.view;
        return err;
    }
    if (count > CODER_SAMPLES_MAX) {
        return YODEL_ERR_RANGE;
    }
    memcpy(place->samples, raw->sound.samples, count * sizeof place->samples[0]);
    place->raw.sound.samples = place->samples;
    return YODEL_OK;
}

enum yodel_err coder_put(struct coder *coder, const struct yodel_raw *raw)
{
    if ((raw->kind == YODEL_VIDEO) != is_video(coder)) {
        return YODEL_ERR_TYPE;
    }
    struct coder_place *place = place_for_next(coder);
    enum yodel_err err = fill(place, raw);

    uv_mutex_lock(&coder->mutex);
    place->use = err ? CODER_FREE : CODER_WAITING;
    uv_cond_signal(&coder->changed);
    uv_mutex_unlock(&coder->mutex);
    return err;
}

void coder_set_target(struct coder *coder, const struct yodel_encoder_target *target)
{
    uv_mutex_lock(&coder->mutex);
    coder->target = *target;
    coder->has_target = true;
    uv_mutex_unlock(&coder->mutex);
}

void coder_want_key(struct coder *coder)
{
    uv_mutex_lock(&coder->mutex);
    coder->is_key_wanted = true;
    uv_mutex_unlock(&coder->mutex);
}

uint64_t coder_dropped(struct coder *coder)
{
    uv_mutex_lock(&coder->mutex);
    uint64_t dropped = coder->dropped;
    uv_mutex_unlock(&coder->mutex);
    return dropped;
}

static void on_closed(struct mailbox *mailbox)
{
    struct coder *coder = CONTAINER_OF(mailbox, struct coder, mailbox);

    mailbox_deinit(mailbox);
    coder->closed(coder);
}

void coder_close(struct coder *coder, void (*closed)(struct coder *coder))
{
    uv_mutex_lock(&coder->mutex);
    coder->is_ending = true;
    uv_cond_signal(&coder->changed);
    uv_mutex_unlock(&coder->mutex);
    uv_thread_join(&coder->thread);
    uv_cond_destroy(&coder->changed);
    uv_mutex_destroy(&coder->mutex);
    yodel_encoder_free(coder->config.encoder);
    free_places(coder);
    coder->closed = closed;
    mailbox_close(&coder->mailbox, on_closed);
}
