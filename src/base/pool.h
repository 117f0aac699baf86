// Pool: equal blocks, cut from slabs and kept for the next user, so that taking one is a pointer's
// work.
//
// Ownership   a block is the taker's until it is given back; all must be back before the pool ends
// Limits      `limit` blocks, given at init; slabs are freed when the pool ends, not before

#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

#include "base/alloc.h"

struct pool_link;

struct pool {
    struct alloc *alloc;
    size_t block_size;
    size_t limit;
    size_t taken; // Now.
    size_t made;  // In all slabs.
    struct pool_link *unused;
    struct pool_link *slabs;
};

void pool_init(struct pool *pool, struct alloc *alloc, size_t block_size, size_t limit);
void pool_deinit(struct pool *pool);

// A block aligned for anything, with whatever it held before; NULL at the limit and without memory.
YODEL_MUST_USE void *pool_take(struct pool *pool);
void pool_give(struct pool *pool, void *block);

#endif
