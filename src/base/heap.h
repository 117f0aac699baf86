// Heap: the entry with the smallest key first, as timers need it. An entry knows where it is, so
// that it can move or go.
//
// A zeroed entry is in no heap.
//
// Ownership   entries are the caller's, embedded in what they stand for; the heap owns its table of
//             pointers
// Limits      none here; who fills a heap counts. The table grows by doubling and never shrinks

#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/err.h"

struct heap_entry {
    uint64_t key;
    size_t index; // One more than its place in the table; 0: in no heap.
};

struct heap {
    struct alloc *alloc;
    struct heap_entry **table;
    size_t count;
    size_t room;
};

void heap_init(struct heap *heap, struct alloc *alloc);

// What is still inside is let go, not touched.
void heap_deinit(struct heap *heap);

// Puts `entry` in, or moves it where it is in already. Only putting in can fail, with NO_MEMORY.
YODEL_MUST_USE enum yodel_err heap_set(struct heap *heap, struct heap_entry *entry, uint64_t key);

// `entry` may be outside already.
void heap_remove(struct heap *heap, struct heap_entry *entry);

static inline bool heap_has(const struct heap_entry *entry)
{
    return entry->index != 0;
}

// The entry with the smallest key, or NULL. Between equal keys the order is fixed by the calls, and otherwise open.
static inline struct heap_entry *heap_first(const struct heap *heap)
{
    return heap->count > 0 ? heap->table[0] : NULL;
}

#endif
