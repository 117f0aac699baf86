// Heap: what comes out first, whatever was put in, moved or removed.

#include "base/heap.h"

#include "capped_alloc.h"
#include "check.h"

static uint64_t pop(struct heap *heap)
{
    struct heap_entry *first = heap_first(heap);

    CHECK(first);
    heap_remove(heap, first);
    CHECK(!heap_has(first));
    return first->key;
}

static void keys_come_out_in_order(void)
{
    struct heap_entry entries[100] = {{0}};
    struct heap heap;

    heap_init(&heap, alloc_system());
    for (size_t i = 0; i < COUNT(entries); i++) {
        CHECK_EQ(heap_set(&heap, &entries[i], i * 37 % 100), YODEL_OK);
    }
    for (uint64_t want = 0; want < COUNT(entries); want++) {
        CHECK_EQ(pop(&heap), want);
    }
    CHECK(!heap_first(&heap));
    heap_deinit(&heap);
}

static void a_key_may_move_both_ways(void)
{
    struct heap_entry entries[5] = {{0}};
    struct heap heap;

    heap_init(&heap, alloc_system());
    for (size_t i = 0; i < COUNT(entries); i++) {
        CHECK_EQ(heap_set(&heap, &entries[i], 10 + i), YODEL_OK);
    }
    CHECK_EQ(heap_set(&heap, &entries[4], 1), YODEL_OK);
    CHECK(heap_first(&heap) == &entries[4]);
    CHECK_EQ(heap_set(&heap, &entries[4], 99), YODEL_OK);
    CHECK_EQ(heap_set(&heap, &entries[0], 50), YODEL_OK);
    static const uint64_t want[] = {11, 12, 13, 50, 99};
    for (size_t i = 0; i < COUNT(want); i++) {
        CHECK_EQ(pop(&heap), want[i]);
    }
    heap_deinit(&heap);
}

// The last entry takes the place of the removed one, and may have to rise from there: 20 here must pass 50.
static void the_last_may_rise_into_a_removed_place(void)
{
    static const uint64_t keys[] = {1, 50, 10, 60, 70, 15, 20};
    struct heap_entry entries[COUNT(keys)] = {{0}};
    struct heap heap;

    heap_init(&heap, alloc_system());
    for (size_t i = 0; i < COUNT(keys); i++) {
        CHECK_EQ(heap_set(&heap, &entries[i], keys[i]), YODEL_OK);
    }
    heap_remove(&heap, &entries[3]);
    heap_remove(&heap, &entries[3]); // Outside already: nothing happens.
    static const uint64_t want[] = {1, 10, 15, 20, 50, 70};
    for (size_t i = 0; i < COUNT(want); i++) {
        CHECK_EQ(pop(&heap), want[i]);
    }
    heap_deinit(&heap);
}

static void without_memory_nothing_changes(void)
{
    struct capped_alloc memory = capped_alloc(1);
    struct heap_entry entries[40] = {{0}};
    struct heap heap;
    size_t in = 0;

    heap_init(&heap, &memory.alloc);
    while (heap_set(&heap, &entries[in], 100 - in) == YODEL_OK) {
        in++;
    }
    CHECK(in > 0 && in < COUNT(entries));
    CHECK(!heap_has(&entries[in]));
    CHECK_EQ(heap.count, in);
    CHECK_EQ(heap_set(&heap, &entries[0], 1), YODEL_OK); // Moving needs no memory.
    CHECK(heap_first(&heap) == &entries[0]);
    heap_deinit(&heap);
    CHECK(!heap_has(&entries[0]));
    CHECK_EQ(memory.held, 0);
}

TEST_MAIN(TEST(keys_come_out_in_order), TEST(a_key_may_move_both_ways),
    TEST(the_last_may_rise_into_a_removed_place), TEST(without_memory_nothing_changes))
