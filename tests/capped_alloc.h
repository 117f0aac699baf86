// Tests' memory: an allocator that counts what is held and refuses once its allowance is used up.
//
//   struct capped_alloc memory = capped_alloc(3);   // The fourth allocation fails, and all after it.
//   … &memory.alloc …
//   CHECK_EQ(memory.held, 0);

#ifndef TESTS_CAPPED_ALLOC_H
#define TESTS_CAPPED_ALLOC_H

#include <stdint.h>

#include "base/alloc.h"

struct capped_alloc {
    struct alloc alloc; // First, so that the one is found from the other.
    size_t allowed;     // Allocations that will still succeed.
    size_t held;        // Blocks not freed yet.
};

static inline void *capped_alloc_resize(struct alloc *self, void *ptr, size_t len)
{
    struct capped_alloc *memory = (struct capped_alloc *)(void *)self;

    if (len == 0) {
        memory->held--;
        return alloc_system()->resize(alloc_system(), ptr, 0);
    }
    if (memory->allowed == 0) {
        return NULL;
    }
    memory->allowed--;
    void *moved = alloc_system()->resize(alloc_system(), ptr, len);
    if (!ptr && moved) {
        memory->held++;
    }
    return moved;
}

static inline struct capped_alloc capped_alloc(size_t allowed)
{
    return (struct capped_alloc){.alloc = {capped_alloc_resize}, .allowed = allowed};
}

#endif
