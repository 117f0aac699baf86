// Heap: a binary heap in an array; the children of place i are at 2i + 1 and 2i + 2.

#include "base/heap.h"

#include "base/assert.h"

#define HEAP_ROOM_FIRST 16

void heap_init(struct heap *heap, struct alloc *alloc)
{
    *heap = (struct heap){.alloc = alloc};
}

void heap_deinit(struct heap *heap)
{
    for (size_t i = 0; i < heap->count; i++) {
        heap->table[i]->index = 0;
    }
    alloc_free(heap->alloc, heap->table);
    *heap = (struct heap){.alloc = heap->alloc};
}

static void place(struct heap *heap, size_t at, struct heap_entry *entry)
{
    heap->table[at] = entry;
    entry->index = at + 1;
}

// Lets `entry`, which belongs at `at` or above, rise until its parent is not larger.
static void rise(struct heap *heap, size_t at, struct heap_entry *entry)
{
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (heap->table[parent]->key <= entry->key) {
            break;
        }
        place(heap, at, heap->table[parent]);
        at = parent;
    }
    place(heap, at, entry);
}

// Lets `entry`, which belongs at `at` or below, sink until no child is smaller.
static void sink(struct heap *heap, size_t at, struct heap_entry *entry)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->count) {
            break;
        }
        if (child + 1 < heap->count && heap->table[child + 1]->key < heap->table[child]->key) {
            child++;
        }
        if (heap->table[child]->key >= entry->key) {
            break;
        }
        place(heap, at, heap->table[child]);
        at = child;
    }
    place(heap, at, entry);
}

// Finds the place of `entry`, whose key may have changed either way, starting at `at`.
static void settle(struct heap *heap, size_t at, struct heap_entry *entry)
{
    if (at > 0 && heap->table[(at - 1) / 2]->key > entry->key) {
        rise(heap, at, entry);
    } else {
        sink(heap, at, entry);
    }
}

static enum yodel_err grow(struct heap *heap)
{
    if (heap->count < heap->room) {
        return YODEL_OK;
    }
    size_t room = heap->room == 0 ? HEAP_ROOM_FIRST : heap->room * 2;
    struct heap_entry **table = alloc_resize(heap->alloc, heap->table, room * sizeof *table);
    if (!table) {
        return YODEL_ERR_NO_MEMORY;
    }
    heap->table = table;
    heap->room = room;
    return YODEL_OK;
}

enum yodel_err heap_set(struct heap *heap, struct heap_entry *entry, uint64_t key)
{
    if (entry->index != 0) {
        size_t at = entry->index - 1;
        YODEL_ASSERT(at < heap->count && heap->table[at] == entry);
        entry->key = key;
        settle(heap, at, entry);
        return YODEL_OK;
    }
    enum yodel_err err = grow(heap);
    if (err != YODEL_OK) {
        return err;
    }
    entry->key = key;
    rise(heap, heap->count++, entry);
    return YODEL_OK;
}

void heap_remove(struct heap *heap, struct heap_entry *entry)
{
    if (entry->index == 0) {
        return;
    }
    size_t at = entry->index - 1;
    YODEL_ASSERT(at < heap->count && heap->table[at] == entry);
    struct heap_entry *last = heap->table[--heap->count];
    entry->index = 0;
    if (last != entry) {
        settle(heap, at, last);
    }
}
