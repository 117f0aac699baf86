// Memory: the one door to the heap, replaceable, so that a test can count it, cap it or make it
// fail.
//
// Ownership   what alloc_new returns belongs to the caller, until alloc_free with the same
//             allocator
// Limits      none here; each module names its own

#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

#include "base/port.h"

// `resize` behaves as realloc: NULL and a length allocates, a pointer and 0 frees, NULL back means
// that there is no memory and that the old block is untouched.
struct alloc {
    void *(*resize)(struct alloc *self, void *ptr, size_t len);
};

// malloc, realloc and free of the system.
extern struct alloc alloc_heap;
struct alloc *alloc_system(void); // The same, as a value to pass on.

// Zeroed memory, or NULL.
YODEL_MUST_USE void *alloc_new(struct alloc *alloc, size_t len);

// As realloc, for len > 0; what is new is not zeroed.
YODEL_MUST_USE void *alloc_resize(struct alloc *alloc, void *ptr, size_t len);

// NULL is allowed.
void alloc_free(struct alloc *alloc, void *ptr);

#endif
