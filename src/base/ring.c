// Ring: an array whose end continues at its beginning.

#include "base/ring.h"

#include "base/assert.h"

#define RING_BYTES_FIRST 256 // What the first allocation holds, about.

void ring_init(struct ring *ring, struct alloc *alloc, size_t element_size, size_t limit)
{
    YODEL_ASSERT(element_size > 0 && limit <= SIZE_MAX / 2 / element_size);
    *ring = (struct ring){.alloc = alloc, .size = element_size, .limit = limit};
}

void ring_deinit(struct ring *ring)
{
    alloc_free(ring->alloc, ring->room);
    *ring = (struct ring){0};
}

// How many of `count` elements from `index` on lie before the seam.
static size_t before_seam(const struct ring *ring, size_t index, size_t count)
{
    size_t at = ring->first + index;
    size_t left = at < ring->places ? ring->places - at : ring->places - (at - ring->places);

    return count < left ? count : left;
}

static uint8_t *address(const struct ring *ring, size_t index)
{
    size_t at = ring->first + index;

    return ring->room + (at < ring->places ? at : at - ring->places) * ring->size;
}

void ring_copy(const struct ring *ring, size_t index, void *out, size_t count)
{
    YODEL_ASSERT(index <= ring->count && count <= ring->count - index);
    if (count == 0) {
        return;
    }
    size_t head = before_seam(ring, index, count);
    memcpy(out, address(ring, index), head * ring->size);
    if (head < count) {
        memcpy((uint8_t *)out + head * ring->size, ring->room, (count - head) * ring->size);
    }
}

static enum yodel_err grow(struct ring *ring, size_t needed)
{
    size_t places = ring->places > 0 ? ring->places : RING_BYTES_FIRST / ring->size + 1;

    while (places < needed) {
        places *= 2;
    }
    if (places > ring->limit) {
        places = ring->limit;
    }
    uint8_t *room = alloc_new(ring->alloc, places * ring->size);
    if (!room) {
        return YODEL_ERR_NO_MEMORY;
    }
    ring_copy(ring, 0, room, ring->count);
    alloc_free(ring->alloc, ring->room);
    ring->room = room;
    ring->places = places;
    ring->first = 0;
    return YODEL_OK;
}

enum yodel_err ring_put(struct ring *ring, const void *elements, size_t count)
{
    if (count > ring->limit - ring->count) {
        return YODEL_ERR_TOO_LARGE;
    }
    if (count == 0) {
        return YODEL_OK;
    }
    if (ring->count + count > ring->places) {
        enum yodel_err err = grow(ring, ring->count + count);
        if (err != YODEL_OK) {
            return err;
        }
    }
    size_t head = before_seam(ring, ring->count, count);
    memcpy(address(ring, ring->count), elements, head * ring->size);
    if (head < count) {
        memcpy(
            ring->room, (const uint8_t *)elements + head * ring->size, (count - head) * ring->size);
    }
    ring->count += count;
    return YODEL_OK;
}

void *ring_at(const struct ring *ring, size_t index)
{
    YODEL_ASSERT(index < ring->count);
    return address(ring, index);
}

struct bytes ring_view(const struct ring *ring, size_t index)
{
    YODEL_ASSERT(index <= ring->count);
    if (index == ring->count) {
        return (struct bytes){0};
    }
    return bytes_of(
        address(ring, index), before_seam(ring, index, ring->count - index) * ring->size);
}

void ring_drop(struct ring *ring, size_t count)
{
    YODEL_ASSERT(count <= ring->count);
    ring->count -= count;
    ring->first += count;
    if (ring->first >= ring->places) {
        ring->first -= ring->places;
    }
    if (ring->count == 0) {
        ring->first = 0; // What comes next lies in one piece.
    }
}
