// Coder: see the header.

#include "runtime/coder.h"

#include <string.h>

#include "net/clock.h"

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
    beside_post(&output->coder->beside, &output->mail, deliver, output);
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
    uint32_t width, height;
};

static struct work wait_for_work(struct coder *coder)
{
    struct work work = {0};

    beside_lock(&coder->beside);
    while (!coder->beside.is_ending && !(work.place = oldest(coder))) {
        beside_wait(&coder->beside, YODEL_NEVER);
    }
    if (work.place) {
        work.place->use = CODER_WORKING;
        work.is_key_wanted = coder->is_key_wanted;
        work.has_target = coder->has_target;
        work.target = coder->target;
        work.width = coder->width;
        work.height = coder->height;
        coder->is_key_wanted = coder->has_target = false;
    }
    beside_unlock(&coder->beside);
    return work;
}

// Without memory it is sent as it is.
static void scale(struct coder *coder, const struct work *work, struct yodel_raw *raw)
{
    if (raw->kind == YODEL_VIDEO && work->width > 0 &&
        (work->width != raw->picture.width || work->height != raw->picture.height) &&
        !media_picture_resize(&coder->scaled, work->width, work->height)) {
        media_picture_scale(&coder->scaled, &raw->picture);
        raw->picture = coder->scaled.view;
    }
}

static void encode(struct coder *coder, const struct work *work)
{
    struct yodel_encoder *encoder = coder->config.encoder;
    struct yodel_raw raw = work->place->raw;
    struct yodel_frame frame;

    if (work->has_target) {
        yodel_encoder_set_target(encoder, &work->target);
    }
    scale(coder, work, &raw);
    enum yodel_err err = yodel_encoder_encode(encoder, &raw, work->is_key_wanted);
    if (err) {
        post_failure(coder, err);
    }
    while (!err && yodel_encoder_next(encoder, &frame)) {
        post_frame(coder, &frame);
    }
}

static void run(struct beside *beside)
{
    struct coder *coder = CONTAINER_OF(beside, struct coder, beside);
    struct work work;

    while ((work = wait_for_work(coder)).place) {
        yodel_time begun = clock_now();
        encode(coder, &work);
        beside_lock(&coder->beside);
        coder->encoding += time_since(clock_now(), begun);
        work.place->use = CODER_FREE;
        beside_unlock(&coder->beside);
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

enum yodel_err coder_init(struct coder *coder, const struct coder_config *config)
{
    *coder = (struct coder){.config = *config};
    media_picture_init(&coder->scaled, config->alloc);
    enum yodel_err err = make_places(coder);

    if (!err) {
        err = beside_start(&coder->beside, config->loop, config->alloc, run);
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

    beside_lock(&coder->beside);
    for (size_t i = 0; i < coder->place_count && !place; i++) {
        place = coder->places[i].use == CODER_FREE ? &coder->places[i] : NULL;
    }
    if (!place) {
        place = oldest(coder);
        coder->dropped++;
    }
    place->use = CODER_FILLING;
    place->number = coder->next_number++;
    beside_unlock(&coder->beside);
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

    beside_lock(&coder->beside);
    place->use = err ? CODER_FREE : CODER_WAITING;
    beside_wake(&coder->beside);
    beside_unlock(&coder->beside);
    return err;
}

void coder_set_target(struct coder *coder, const struct yodel_encoder_target *target)
{
    beside_lock(&coder->beside);
    coder->target = *target;
    coder->has_target = true;
    beside_unlock(&coder->beside);
}

void coder_want_key(struct coder *coder)
{
    beside_lock(&coder->beside);
    coder->is_key_wanted = true;
    beside_unlock(&coder->beside);
}

void coder_set_size(struct coder *coder, uint32_t width, uint32_t height)
{
    beside_lock(&coder->beside);
    coder->width = width;
    coder->height = height;
    beside_unlock(&coder->beside);
}

yodel_duration coder_encoding(struct coder *coder)
{
    beside_lock(&coder->beside);
    yodel_duration encoding = coder->encoding;
    beside_unlock(&coder->beside);
    return encoding;
}

uint64_t coder_dropped(struct coder *coder)
{
    beside_lock(&coder->beside);
    uint64_t dropped = coder->dropped;
    beside_unlock(&coder->beside);
    return dropped;
}

static void on_ended(struct beside *beside)
{
    struct coder *coder = CONTAINER_OF(beside, struct coder, beside);

    yodel_encoder_free(coder->config.encoder);
    media_picture_deinit(&coder->scaled);
    free_places(coder);
    coder->closed(coder);
}

void coder_close(struct coder *coder, void (*closed)(struct coder *coder))
{
    coder->closed = closed;
    beside_end(&coder->beside, on_ended);
}
