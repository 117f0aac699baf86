// Ring: a queue of equal elements, or of bytes (elements of size 1), that grows up to its limit.
//
// Ownership   elements are copied in; what ring_at and ring_view return lives until the next put,
//             drop or deinit
// Limits      `limit` elements, given at init

#ifndef BASE_RING_H
#define BASE_RING_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"

struct ring {
    struct alloc *alloc;
    uint8_t *room;
    size_t size;   // Of an element, in bytes.
    size_t limit;  // The most elements there may be.
    size_t places; // Elements that there is room for now.
    size_t first;  // Where the oldest is.
    size_t count;
};

void ring_init(struct ring *ring, struct alloc *alloc, size_t element_size, size_t limit);
void ring_deinit(struct ring *ring);

// Appends `count` elements, all or none. Fails with TOO_LARGE (the limit) or NO_MEMORY.
YODEL_MUST_USE enum yodel_err ring_put(struct ring *ring, const void *elements, size_t count);

// The element at `index`, counted from the oldest; it must exist.
void *ring_at(const struct ring *ring, size_t index);

// The elements from `index` on that lie in one piece: all that are left, or those before the seam. Empty at the end.
struct bytes ring_view(const struct ring *ring, size_t index);

// Copies `count` elements from `index` on, across the seam; they must exist.
void ring_copy(const struct ring *ring, size_t index, void *out, size_t count);

// Forgets the `count` oldest elements; they must exist.
void ring_drop(struct ring *ring, size_t count);

#endif
