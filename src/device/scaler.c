// The scaler: see the header.

#include "device/scaler.h"

#include <libavutil/pixdesc.h>

#include "base/alloc.h"

#define SHAPE_MAX 8 // Of pixels; what is longer is a mistake.

void device_scaler_init(struct device_scaler *scaler, struct device_size most)
{
    *scaler = (struct device_scaler){.most = most};
    media_picture_init(&scaler->picture, alloc_system());
}

void device_scaler_deinit(struct device_scaler *scaler)
{
    sws_freeContext(scaler->context);
    media_picture_deinit(&scaler->picture);
}

// Of the last odd line or column nothing is seen.
static uint32_t even(uint64_t side)
{
    return side > 2 ? (uint32_t)(side & ~(uint64_t)1) : (uint32_t)side;
}

static uint32_t side_of(uint64_t side)
{
    uint32_t whole = even(side < YODEL_PICTURE_SIDE_MAX ? side : YODEL_PICTURE_SIDE_MAX);

    return whole > YODEL_PICTURE_SIDE_MIN ? whole : YODEL_PICTURE_SIDE_MIN;
}

struct device_size device_scaler_size(
    struct device_size most, uint32_t width, uint32_t height, AVRational shape)
{
    bool is_shaped = shape.num > 0 && shape.den > 0 && shape.num / shape.den < SHAPE_MAX &&
                     shape.den / shape.num < SHAPE_MAX;
    uint64_t wide = even(width), high = even(height);

    if (is_shaped) {
        wide = wide * (uint64_t)shape.num / (uint64_t)shape.den;
    }
    if (most.width > 0 && wide > most.width) {
        high = high * most.width / wide;
        wide = most.width;
    }
    if (most.height > 0 && high > most.height) {
        wide = wide * most.height / high;
        high = most.height;
    }
    return (struct device_size){side_of(wide), side_of(high)};
}

static bool is_full_range(const AVFrame *frame)
{
    return frame->color_range == AVCOL_RANGE_JPEG || frame->format == AV_PIX_FMT_YUVJ420P ||
           frame->format == AV_PIX_FMT_YUVJ422P || frame->format == AV_PIX_FMT_YUVJ444P ||
           frame->format == AV_PIX_FMT_YUVJ440P;
}

// What the matrix of colours is called by swscale; where nothing is said, BT.601.
static int colors_of(const AVFrame *frame)
{
    switch ((int)frame->colorspace) {
    case AVCOL_SPC_BT709:
        return SWS_CS_ITU709;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
        return SWS_CS_BT2020;
    case AVCOL_SPC_SMPTE240M:
        return SWS_CS_SMPTE240M;
    default:
        return SWS_CS_ITU601;
    }
}

static bool is_same(const struct device_scaling *a, const struct device_scaling *b)
{
    return a->width == b->width && a->height == b->height && a->format == b->format &&
           a->colors == b->colors && a->is_full_range == b->is_full_range &&
           a->size.width == b->size.width && a->size.height == b->size.height;
}

// It is already what is wanted.
static bool is_plain(const AVFrame *frame, const struct device_scaling *scaling)
{
    return frame->format == AV_PIX_FMT_YUV420P && !scaling->is_full_range &&
           scaling->colors == SWS_CS_ITU601 && (uint32_t)scaling->width == scaling->size.width &&
           (uint32_t)scaling->height == scaling->size.height && frame->linesize[0] > 0 &&
           frame->linesize[1] > 0 && frame->linesize[2] > 0;
}

static enum yodel_err set_up(struct device_scaler *scaler, const struct device_scaling *scaling)
{
    if (scaler->context && is_same(&scaler->scaling, scaling)) {
        return YODEL_OK;
    }
    sws_freeContext(scaler->context);
    scaler->scaling = *scaling;
    scaler->context = sws_getContext(scaling->width, scaling->height,
        (enum AVPixelFormat)scaling->format, (int)scaling->size.width, (int)scaling->size.height,
        AV_PIX_FMT_YUV420P, SWS_BICUBIC | SWS_ACCURATE_RND, NULL, NULL, NULL);
    if (!scaler->context) {
        return YODEL_ERR_NOT_SUPPORTED;
    }
    (void)sws_setColorspaceDetails(scaler->context, sws_getCoefficients(scaling->colors),
        scaling->is_full_range, sws_getCoefficients(SWS_CS_ITU601), 0, 0, 1 << 16, 1 << 16);
    return media_picture_resize(&scaler->picture, scaling->size.width, scaling->size.height);
}

static enum yodel_err scale(struct device_scaler *scaler, const AVFrame *frame)
{
    struct media_picture *picture = &scaler->picture;
    uint8_t *planes[4] = {picture->planes[0], picture->planes[1], picture->planes[2], NULL};
    int strides[4] = {0};

    for (int i = 0; i < 3; i++) {
        strides[i] = (int)picture->view.strides[i];
    }
    int lines = sws_scale(scaler->context, (const uint8_t *const *)frame->data, frame->linesize, 0,
        scaler->scaling.height, planes, strides);
    return lines == (int)picture->view.height ? YODEL_OK : YODEL_ERR_MALFORMED;
}

enum yodel_err device_scaler_convert(
    struct device_scaler *scaler, const AVFrame *frame, struct yodel_picture *picture)
{
    if (frame->width <= 0 || frame->height <= 0) {
        return YODEL_ERR_MALFORMED;
    }
    if (frame->width > YODEL_PICTURE_SIDE_MAX || frame->height > YODEL_PICTURE_SIDE_MAX) {
        return YODEL_ERR_TOO_LARGE;
    }
    struct device_scaling scaling = {(int)even((uint64_t)frame->width),
        (int)even((uint64_t)frame->height), frame->format, colors_of(frame), is_full_range(frame),
        device_scaler_size(scaler->most, (uint32_t)frame->width, (uint32_t)frame->height,
            frame->sample_aspect_ratio)};
    if (is_plain(frame, &scaling)) {
        *picture =
            (struct yodel_picture){.width = scaling.size.width, .height = scaling.size.height};
        for (int i = 0; i < 3; i++) {
            picture->planes[i] = frame->data[i];
            picture->strides[i] = (uint32_t)frame->linesize[i];
        }
        return YODEL_OK;
    }
    if (!sws_isSupportedInput((enum AVPixelFormat)frame->format)) {
        return YODEL_ERR_NOT_SUPPORTED;
    }
    enum yodel_err err = set_up(scaler, &scaling);
    if (!err) {
        err = scale(scaler, frame);
    }
    if (!err) {
        *picture = scaler->picture.view;
    }
    return err;
}
