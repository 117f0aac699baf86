// Arena: pieces do not touch, all of it is given back, and its limit and its allocator may refuse.

#include "base/arena.h"

#include <stdalign.h>

#include "check.h"

// Counts what is alive, and refuses once `allowed` runs out.
struct counting {
    struct alloc alloc;
    size_t alive;
    size_t allowed;
};

static void *resize_counting(struct alloc *self, void *ptr, size_t len)
{
    struct counting *counting = CONTAINER_OF(self, struct counting, alloc);

    if (len > 0 && counting->allowed == 0) {
        return NULL;
    }
    if (len == 0) {
        counting->alive--;
    } else {
        counting->allowed--;
        counting->alive += ptr == NULL;
    }
    return alloc_system()->resize(alloc_system(), ptr, len);
}

static void pieces_are_zeroed_aligned_and_apart(void)
{
    struct counting counting = {{resize_counting}, 0, 1000};
    struct arena arena;
    uint8_t *pieces[300];

    arena_init(&arena, &counting.alloc, 1 << 20);
    for (size_t i = 0; i < COUNT(pieces); i++) {
        pieces[i] = arena_new(&arena, i);
        CHECK(pieces[i] != NULL);
        CHECK_EQ((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t at = 0; at < i; at++) {
            CHECK_EQ(pieces[i][at], 0);
            pieces[i][at] = (uint8_t)i;
        }
    }
    for (size_t i = 0; i < COUNT(pieces); i++) {
        for (size_t at = 0; at < i; at++) {
            CHECK_EQ(pieces[i][at], (uint8_t)i);
        }
    }
    CHECK(counting.alive > 1);
    arena_deinit(&arena);
    arena_deinit(&arena);
    CHECK_EQ(counting.alive, 0);
}

static void its_limit_is_not_passed(void)
{
    struct counting counting = {{resize_counting}, 0, 1000};
    struct arena arena;

    arena_init(&arena, &counting.alloc, 3 * ARENA_BLOCK_SIZE - 1);
    CHECK(arena_new(&arena, ARENA_BLOCK_SIZE / 2) != NULL);
    CHECK(arena_new(&arena, ARENA_BLOCK_SIZE - 100) != NULL);
    CHECK(arena_new(&arena, ARENA_BLOCK_SIZE - 100) == NULL);
    CHECK(arena_new(&arena, SIZE_MAX) == NULL);
    CHECK(arena_new_array(&arena, SIZE_MAX / 2, 3) == NULL);
    CHECK(arena_new(&arena, 16) != NULL); // What is left in the newest block serves on.
    CHECK(arena.taken <= arena.limit);
    arena_deinit(&arena);
    CHECK(arena_new(&arena, ARENA_BLOCK_SIZE / 2) != NULL);
    arena_deinit(&arena);
    CHECK_EQ(counting.alive, 0);
}

static void a_failing_allocator_loses_nothing(void)
{
    struct counting counting = {{resize_counting}, 0, 1};
    struct arena arena;

    arena_init(&arena, &counting.alloc, 1 << 20);
    struct bytes kept = arena_copy(&arena, bytes_of_text("kept"));
    CHECK(arena_new(&arena, ARENA_BLOCK_SIZE) == NULL);
    CHECK(arena_copy(&arena, bytes_of("", 0)).ptr != NULL);
    CHECK_TEXT((const char *)kept.ptr, "kept");
    CHECK_EQ(kept.len, 4);
    arena_deinit(&arena);
    CHECK_EQ(counting.alive, 0);
}

TEST_MAIN(TEST(pieces_are_zeroed_aligned_and_apart), TEST(its_limit_is_not_passed),
    TEST(a_failing_allocator_loses_nothing))
