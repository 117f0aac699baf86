// Arena: many small pieces of memory that are freed together, for one parsed text or one request.
//
// Ownership   what arena_new returns lives until arena_deinit
// Limits      `limit`, the bytes that an arena takes from its allocator in all

#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/alloc.h"
#include "base/bytes.h"

#define ARENA_BLOCK_SIZE 4096 // What is taken at once, unless a piece is larger.

struct arena_block;

struct arena {
    struct alloc *alloc;
    struct arena_block *newest;
    size_t left;  // In the newest block.
    size_t taken; // From the allocator, in all.
    size_t limit;
};

// Takes no memory yet. The arena borrows `alloc`.
void arena_init(struct arena *arena, struct alloc *alloc, size_t limit);
void arena_deinit(struct arena *arena); // May be called twice, and then used again.

// Zeroed, aligned for any type, and never NULL for len 0; or NULL where there is no memory.
YODEL_MUST_USE void *arena_new(struct arena *arena, size_t len);

// As arena_new for `count` times `size`, which may overflow.
YODEL_MUST_USE void *arena_new_array(struct arena *arena, size_t count, size_t size);

// A copy of `b`, with a NUL after it that the length does not count; `ptr` is NULL where there is
// no memory.
YODEL_MUST_USE struct bytes arena_copy(struct arena *arena, struct bytes b);

#endif
