// AV1, decoded by dav1d.
//
// Ownership   a picture is dav1d's, until the next call

#include <errno.h>

#include <dav1d/dav1d.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "media/codec.h"

#define FRAME_MAX (16u << 20)

struct decoder {
    struct yodel_decoder base; // First, so that one is found from the other.
    uint32_t max_pixels;
    Dav1dContext *dav1d;
    Dav1dPicture picture;
    bool has_picture;
    yodel_time captured;
};

static void drop_picture(struct decoder *d)
{
    dav1d_picture_unref(&d->picture);
    d->has_picture = false;
}

// What a sequence header says is the most that its pictures may have.
static enum yodel_err check(struct decoder *d, struct bytes unit)
{
    Dav1dSequenceHeader header;

    if (unit.len > FRAME_MAX) {
        return media_decoder_fail(&d->base, YODEL_ERR_TOO_LARGE, "a frame of %zu bytes", unit.len);
    }
    if (dav1d_parse_sequence_header(&header, unit.ptr, unit.len) != 0) {
        return YODEL_OK; // There is none, or dav1d will say what is wrong.
    }
    return media_check_size(
        &d->base, d->max_pixels, (uint32_t)header.max_width, (uint32_t)header.max_height);
}

static enum yodel_err fail(struct decoder *d, int failed)
{
    drop_picture(d);
    dav1d_flush(d->dav1d); // What is left of it must not be decoded with the next.
    if (failed == DAV1D_ERR(ENOMEM)) {
        return YODEL_ERR_NO_MEMORY;
    }
    return failed == DAV1D_ERR(ERANGE)
               ? media_decoder_fail(&d->base, YODEL_ERR_TOO_LARGE,
                     "a picture is refused: the limit is %u pixels", d->max_pixels)
               : media_decoder_fail(&d->base, YODEL_ERR_MALFORMED, "dav1d: the frame is damaged");
}

// Keeps the last one: a temporal unit has one picture to be shown (AV1 Bitstream §7.5).
static enum yodel_err take_pictures(struct decoder *d)
{
    for (;;) {
        Dav1dPicture picture = {0};
        int failed = dav1d_get_picture(d->dav1d, &picture);
        if (failed == DAV1D_ERR(EAGAIN)) {
            return YODEL_OK;
        }
        if (failed) {
            return fail(d, failed);
        }
        drop_picture(d);
        d->picture = picture;
        d->has_picture = true;
        if (picture.p.layout != DAV1D_PIXEL_LAYOUT_I420 || picture.p.bpc != 8) {
            drop_picture(d);
            return media_decoder_fail(&d->base, YODEL_ERR_NOT_SUPPORTED,
                "a picture of another format than 8 bits, 4:2:0");
        }
    }
}

static enum yodel_err send(struct decoder *d, const struct yodel_frame *frame)
{
    Dav1dData data = {0};
    uint8_t *copy = dav1d_data_create(&data, frame->len);

    if (!copy) {
        return YODEL_ERR_NO_MEMORY;
    }
    memcpy(copy, frame->data, frame->len);
    data.m.timestamp = (int64_t)frame->timestamp;
    while (data.sz > 0) {
        int failed = dav1d_send_data(d->dav1d, &data);
        if (failed && failed != DAV1D_ERR(EAGAIN)) {
            dav1d_data_unref(&data);
            return fail(d, failed);
        }
        enum yodel_err err = take_pictures(d);
        if (err) {
            dav1d_data_unref(&data);
            return err;
        }
    }
    return YODEL_OK;
}

static enum yodel_err decode(struct yodel_decoder *base, const struct yodel_frame *frame)
{
    struct decoder *d = (struct decoder *)base;

    drop_picture(d);
    enum yodel_err err = check(d, bytes_of(frame->data, frame->len));
    if (err) {
        return err;
    }
    d->captured = frame->captured;
    return send(d, frame);
}

static bool next(struct yodel_decoder *base, struct yodel_raw *raw)
{
    struct decoder *d = (struct decoder *)base;

    if (!d->has_picture) {
        return false;
    }
    d->has_picture = false;
    *raw = (struct yodel_raw){.kind = YODEL_VIDEO,
        .timestamp = (uint64_t)d->picture.m.timestamp,
        .captured = d->captured};
    raw->picture.width = (uint32_t)d->picture.p.w;
    raw->picture.height = (uint32_t)d->picture.p.h;
    for (int i = 0; i < 3; i++) {
        raw->picture.planes[i] = d->picture.data[i];
        raw->picture.strides[i] = (uint32_t)d->picture.stride[i > 0];
    }
    return true;
}

static void decoder_free(struct yodel_decoder *base)
{
    struct decoder *d = (struct decoder *)base;

    drop_picture(d);
    dav1d_close(&d->dav1d);
    alloc_free(alloc_system(), d);
}

static void say_nothing(void *cookie, const char *format, va_list args)
{
    (void)cookie;
    (void)format;
    (void)args;
}

enum yodel_err media_av1_decoder_new(enum yodel_codec codec,
    const struct yodel_decoder_config *config, struct yodel_decoder **decoder)
{
    static const struct yodel_decoder_ops ops = {decode, NULL, next, decoder_free};
    Dav1dSettings settings;
    struct decoder *d = alloc_new(alloc_system(), sizeof *d);

    if (!d) {
        return YODEL_ERR_NO_MEMORY;
    }
    d->base = (struct yodel_decoder){.ops = &ops, .codec = codec};
    d->max_pixels = config->max_pixels;
    dav1d_default_settings(&settings);
    settings.n_threads = (int)config->threads;
    settings.max_frame_delay = 1; // A frame comes out before the next one goes in.
    settings.all_layers = 0;
    settings.frame_size_limit = config->max_pixels;
    settings.logger.callback = say_nothing;
    if (dav1d_open(&d->dav1d, &settings) != 0) {
        alloc_free(alloc_system(), d);
        return YODEL_ERR_NO_MEMORY;
    }
    *decoder = &d->base;
    return YODEL_OK;
}
