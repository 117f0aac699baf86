// Pictures with memory of their own: see the header.

#include "media/picture.h"

#include <string.h>

#include "base/assert.h"

#define ALIGNMENT 32u // Of lines, as vector instructions like it.
#define UNIT 256u     // Of weights, when scaling.

void media_picture_init(struct media_picture *picture, struct alloc *alloc)
{
    *picture = (struct media_picture){.alloc = alloc};
}

void media_picture_deinit(struct media_picture *picture)
{
    alloc_free(picture->alloc, picture->memory);
    *picture = (struct media_picture){.alloc = picture->alloc};
}

enum yodel_err media_picture_resize(struct media_picture *picture, uint32_t width, uint32_t height)
{
    struct yodel_picture view = {.width = width, .height = height};
    size_t len = 0;

    if (width == 0 || height == 0 || width > YODEL_PICTURE_SIDE_MAX ||
        height > YODEL_PICTURE_SIDE_MAX) {
        return YODEL_ERR_RANGE;
    }
    for (int i = 0; i < 3; i++) {
        view.strides[i] = (media_plane_width(&view, i) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        len += (size_t)view.strides[i] * media_plane_height(&view, i);
    }
    if (len > picture->room) {
        uint8_t *memory = alloc_resize(picture->alloc, picture->memory, len);
        if (!memory) {
            return YODEL_ERR_NO_MEMORY;
        }
        picture->memory = memory;
        picture->room = len;
    }
    uint8_t *at = picture->memory;
    for (int i = 0; i < 3; i++) {
        picture->planes[i] = at;
        view.planes[i] = at;
        at += (size_t)view.strides[i] * media_plane_height(&view, i);
    }
    picture->view = view;
    return YODEL_OK;
}

enum yodel_err media_picture_copy(struct media_picture *picture, const struct yodel_picture *from)
{
    enum yodel_err err = media_picture_resize(picture, from->width, from->height);

    for (int i = 0; i < 3 && !err; i++) {
        for (uint32_t y = 0; y < media_plane_height(from, i); y++) {
            memcpy(picture->planes[i] + (size_t)y * picture->view.strides[i],
                from->planes[i] + (size_t)y * from->strides[i], media_plane_width(from, i));
        }
    }
    return err;
}

// ---- scaling

// Where a line or column of the new picture lies in the old one: between `first` and the next, `weight` of
// UNIT towards the latter.
struct place {
    uint32_t first;
    uint32_t second;
    uint32_t weight;
};

static struct place place_of(uint32_t at, uint32_t size, uint32_t from)
{
    // Centres of pixels lie over each other.
    int64_t where = ((int64_t)(2 * at + 1) * from * UNIT / size - UNIT) / 2;
    uint32_t position = where > 0 ? (uint32_t)where : 0;
    struct place place = {.first = position / UNIT, .weight = position % UNIT};

    place.second = place.first + 1 < from ? place.first + 1 : place.first;
    return place;
}

static uint8_t mixed(const uint8_t *upper, const uint8_t *lower, struct place x, uint32_t weight)
{
    uint32_t above = upper[x.first] * (UNIT - x.weight) + upper[x.second] * x.weight;
    uint32_t below = lower[x.first] * (UNIT - x.weight) + lower[x.second] * x.weight;

    return (uint8_t)((above * (UNIT - weight) + below * weight + UNIT * UNIT / 2) / (UNIT * UNIT));
}

// Where a picture becomes smaller than half, each pixel is the mean of all that it covers.
static uint8_t mean(const struct yodel_picture *from, int plane, const uint32_t area[4])
{
    uint32_t sum = 0, count = (area[2] - area[0]) * (area[3] - area[1]);

    for (uint32_t y = area[1]; y < area[3]; y++) {
        const uint8_t *line = from->planes[plane] + (size_t)y * from->strides[plane];
        for (uint32_t x = area[0]; x < area[2]; x++) {
            sum += line[x];
        }
    }
    return (uint8_t)((sum + count / 2) / count);
}

struct scaling {
    const struct yodel_picture *from;
    int plane;
    uint32_t from_width, from_height, width, height;
};

static void shrink_line(const struct scaling *s, uint32_t y, uint8_t *out)
{
    uint32_t area[4] = {0, y * s->from_height / s->height, 0, (y + 1) * s->from_height / s->height};

    for (uint32_t x = 0; x < s->width; x++) {
        area[0] = x * s->from_width / s->width;
        area[2] = (x + 1) * s->from_width / s->width;
        out[x] = mean(s->from, s->plane, area);
    }
}

static void mix_line(const struct scaling *s, uint32_t y, uint8_t *out)
{
    struct place line = place_of(y, s->height, s->from_height);
    const uint8_t *plane = s->from->planes[s->plane];
    const uint8_t *upper = plane + (size_t)line.first * s->from->strides[s->plane];
    const uint8_t *lower = plane + (size_t)line.second * s->from->strides[s->plane];

    for (uint32_t x = 0; x < s->width; x++) {
        out[x] = mixed(upper, lower, place_of(x, s->width, s->from_width), line.weight);
    }
}

void media_picture_scale(struct media_picture *picture, const struct yodel_picture *from)
{
    YODEL_ASSERT(picture->memory && from->width > 0 && from->height > 0);
    for (int i = 0; i < 3; i++) {
        struct scaling s = {from, i, media_plane_width(from, i), media_plane_height(from, i),
            media_plane_width(&picture->view, i), media_plane_height(&picture->view, i)};
        bool is_half = s.from_width >= 2 * s.width && s.from_height >= 2 * s.height;
        for (uint32_t y = 0; y < s.height; y++) {
            uint8_t *out = picture->planes[i] + (size_t)y * picture->view.strides[i];
            if (is_half) {
                shrink_line(&s, y, out);
            } else {
                mix_line(&s, y, out);
            }
        }
    }
}
