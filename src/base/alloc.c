// Memory: the only file of the library that calls malloc.

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

static void *resize_system(struct alloc *self, void *ptr, size_t len)
{
    (void)self;
    if (len == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, len);
}

struct alloc alloc_heap = {resize_system};

struct alloc *alloc_system(void)
{
    return &alloc_heap;
}

void *alloc_new(struct alloc *alloc, size_t len)
{
    YODEL_ASSERT(len > 0);
    void *ptr = alloc->resize(alloc, NULL, len);
    if (ptr) {
        memset(ptr, 0, len);
    }
    return ptr;
}

void *alloc_resize(struct alloc *alloc, void *ptr, size_t len)
{
    YODEL_ASSERT(len > 0);
    return alloc->resize(alloc, ptr, len);
}

void alloc_free(struct alloc *alloc, void *ptr)
{
    if (ptr) {
        alloc->resize(alloc, ptr, 0);
    }
}
