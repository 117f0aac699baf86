// Pictures with memory of their own: to be drawn, and to be kept longer than a decoder keeps them.
//
// Ownership   owns one allocation, which grows and does not shrink
// Limits      sides of YODEL_PICTURE_SIDE_MAX

#ifndef MEDIA_PICTURE_H
#define MEDIA_PICTURE_H

#include "base/alloc.h"
#include "base/err.h"
#include "yodel/codec.h"

struct media_picture {
    struct alloc *alloc;
    uint8_t *memory;
    size_t room;
    uint8_t *planes[3]; // The same as of the view, to be written to.
    struct yodel_picture view;
};

// Takes no memory yet.
void media_picture_init(struct media_picture *picture, struct alloc *alloc);
void media_picture_deinit(struct media_picture *picture);

// What is in it afterwards is anything. Fails with RANGE, NO_MEMORY; then nothing was changed.
YODEL_MUST_USE enum yodel_err media_picture_resize(
    struct media_picture *picture, uint32_t width, uint32_t height);
YODEL_MUST_USE enum yodel_err media_picture_copy(
    struct media_picture *picture, const struct yodel_picture *from);

// Fills `picture`, which keeps its size, with all of `from`, smaller or larger.
void media_picture_scale(struct media_picture *picture, const struct yodel_picture *from);

static inline uint32_t media_plane_width(const struct yodel_picture *picture, int plane)
{
    return plane == 0 ? picture->width : (picture->width + 1) / 2;
}

static inline uint32_t media_plane_height(const struct yodel_picture *picture, int plane)
{
    return plane == 0 ? picture->height : (picture->height + 1) / 2;
}

#endif
