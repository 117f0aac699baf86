// Heap, against an array that is searched.

#include "base/heap.h"

#include "capped_alloc.h"
#include "fuzz.h"

#define ENTRIES 64

struct model {
    bool is_in[ENTRIES];
    uint64_t key[ENTRIES];
};

static void check_first(const struct heap *heap, const struct model *model)
{
    uint64_t least = UINT64_MAX;
    size_t count = 0;

    for (size_t i = 0; i < ENTRIES; i++) {
        if (model->is_in[i]) {
            least = model->key[i] < least ? model->key[i] : least;
            count++;
        }
    }
    FUZZ_CHECK(heap->count == count);
    FUZZ_CHECK(count == 0 ? !heap_first(heap) : heap_first(heap)->key == least);
}

FUZZ(input)
{
    struct reader r = reader_of(input);
    struct capped_alloc memory = capped_alloc(read_u8(&r) % 8);
    struct heap_entry entries[ENTRIES] = {{0}};
    struct model model = {{0}, {0}};
    struct heap heap;

    heap_init(&heap, &memory.alloc);
    while (r.left >= 2) {
        size_t which = read_u8(&r) % ENTRIES;
        uint8_t key = read_u8(&r);
        if (key % 4 == 0) {
            heap_remove(&heap, &entries[which]);
            model.is_in[which] = false;
        } else if (heap_set(&heap, &entries[which], key) == YODEL_OK) {
            model.is_in[which] = true;
            model.key[which] = key;
        } else {
            FUZZ_CHECK(!model.is_in[which] && memory.allowed == 0);
        }
        FUZZ_CHECK(heap_has(&entries[which]) == model.is_in[which]);
        check_first(&heap, &model);
    }
    heap_deinit(&heap);
    FUZZ_CHECK(memory.held == 0);
}
