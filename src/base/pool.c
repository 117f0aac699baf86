// Pool: a free block holds the link to the next free one; a slab begins with the link to the next
// slab.

#include "base/pool.h"

#include <stdint.h>

#include "base/assert.h"

#define POOL_SLAB_SIZE 65536 // About; a slab holds at least one block.

struct pool_link {
    _Alignas(max_align_t) struct pool_link *next;
};

void pool_init(struct pool *pool, struct alloc *alloc, size_t block_size, size_t limit)
{
    size_t unit = sizeof(struct pool_link);

    YODEL_ASSERT(block_size > 0 && block_size <= SIZE_MAX / 2);
    // A whole number of links, so that every block in a slab is aligned and can hold one.
    *pool = (struct pool){
        .alloc = alloc, .block_size = (block_size + unit - 1) / unit * unit, .limit = limit};
}

void pool_deinit(struct pool *pool)
{
    struct pool_link *next;

    YODEL_ASSERT(pool->taken == 0);
    for (struct pool_link *slab = pool->slabs; slab; slab = next) {
        next = slab->next;
        alloc_free(pool->alloc, slab);
    }
    *pool = (struct pool){0};
}

static void keep(struct pool *pool, void *block)
{
    struct pool_link *link = block;

    link->next = pool->unused;
    pool->unused = link;
}

static void add_slab(struct pool *pool)
{
    size_t count = POOL_SLAB_SIZE / pool->block_size + 1;

    if (count > pool->limit - pool->made) {
        count = pool->limit - pool->made;
    }
    if (count == 0) {
        return;
    }
    uint8_t *slab =
        alloc_resize(pool->alloc, NULL, sizeof(struct pool_link) + count * pool->block_size);
    if (!slab) {
        return;
    }
    struct pool_link *link = (struct pool_link *)(void *)slab;
    link->next = pool->slabs;
    pool->slabs = link;
    pool->made += count;
    // From the last to the first, so that they are taken in the order of their addresses.
    for (size_t i = count; i-- > 0;) {
        keep(pool, slab + sizeof *link + i * pool->block_size);
    }
}

void *pool_take(struct pool *pool)
{
    if (!pool->unused) {
        add_slab(pool);
    }
    struct pool_link *link = pool->unused;
    if (link) {
        pool->unused = link->next;
        pool->taken++;
    }
    return link;
}

void pool_give(struct pool *pool, void *block)
{
    YODEL_ASSERT(block && pool->taken > 0);
    pool->taken--;
    keep(pool, block);
}
