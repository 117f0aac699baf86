// Arena: see the header.

#include "base/arena.h"

#include <stdalign.h>

#include "base/assert.h"

// Blocks in a list, newest first. The pieces follow the header, from the block's end downwards, so
// that what is left is one number.
struct arena_block {
    alignas(max_align_t) struct arena_block *older;
};

void arena_init(struct arena *arena, struct alloc *alloc, size_t limit)
{
    *arena = (struct arena){.alloc = alloc, .limit = limit};
}

void arena_deinit(struct arena *arena)
{
    while (arena->newest) {
        struct arena_block *block = arena->newest;

        arena->newest = block->older;
        alloc_free(arena->alloc, block);
    }
    arena->left = 0;
    arena->taken = 0;
}

static bool grow(struct arena *arena, size_t len)
{
    size_t size = sizeof(struct arena_block) + len;

    if (size < ARENA_BLOCK_SIZE) {
        size = ARENA_BLOCK_SIZE;
    }
    if (size > arena->limit - arena->taken) {
        return false;
    }
    struct arena_block *block = alloc_new(arena->alloc, size);
    if (!block) {
        return false;
    }
    block->older = arena->newest;
    arena->newest = block;
    arena->left = size - sizeof *block;
    arena->taken += size;
    return true;
}

void *arena_new(struct arena *arena, size_t len)
{
    const size_t align = alignof(max_align_t);

    YODEL_ASSERT(arena->alloc != NULL);
    if (len > SIZE_MAX / 2) {
        return NULL;
    }
    len = len == 0 ? align : (len + align - 1) / align * align;
    if (len > arena->left && !grow(arena, len)) {
        return NULL;
    }
    // ARENA_BLOCK_SIZE, the header and every piece are multiples of the alignment, and so is what
    // is left.
    arena->left -= len;
    return (uint8_t *)(arena->newest + 1) + arena->left;
}

void *arena_new_array(struct arena *arena, size_t count, size_t size)
{
    YODEL_ASSERT(size > 0);
    return count > SIZE_MAX / size ? NULL : arena_new(arena, count * size);
}

struct bytes arena_copy(struct arena *arena, struct bytes b)
{
    uint8_t *copy = b.len < SIZE_MAX ? arena_new(arena, b.len + 1) : NULL;

    if (!copy) {
        return (struct bytes){0};
    }
    if (b.len > 0) {
        memcpy(copy, b.ptr, b.len);
    }
    return (struct bytes){copy, b.len};
}
