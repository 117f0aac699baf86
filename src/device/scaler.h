// Scaler: any picture of libavcodec's as I420 with even sides, at most as large as wished for.
//
// Ownership   owns a picture; what it gives is that, or the frame's own memory, until the next call
// Limits      sides of YODEL_PICTURE_SIDE_MAX

#ifndef DEVICE_SCALER_H
#define DEVICE_SCALER_H

#include <libavutil/frame.h>
#include <libswscale/swscale.h>

#include "media/picture.h"

struct device_size {
    uint32_t width;
    uint32_t height;
};

// What swscale was made for.
struct device_scaling {
    int width, height, format, colors, is_full_range;
    struct device_size size;
};

struct device_scaler {
    struct device_size most; // Zeros: any.
    struct SwsContext *context;
    struct device_scaling scaling;
    struct media_picture picture;
};

void device_scaler_init(struct device_scaler *scaler, struct device_size most);
void device_scaler_deinit(struct device_scaler *scaler);

// The size that a picture gets whose pixels have that shape (0/1: they are squares).
struct device_size device_scaler_size(
    struct device_size most, uint32_t width, uint32_t height, AVRational shape);

// Fails with TOO_LARGE, NOT_SUPPORTED (a format that swscale does not know), MALFORMED, NO_MEMORY.
YODEL_MUST_USE enum yodel_err device_scaler_convert(
    struct device_scaler *scaler, const AVFrame *frame, struct yodel_picture *picture);

#endif
