// Pool: blocks that do not overlap, come back, and stop at the limit.

#include "base/pool.h"

#include "capped_alloc.h"
#include "check.h"

static void blocks_are_apart_and_aligned(void)
{
    struct pool pool;
    uint8_t *blocks[300];

    pool_init(&pool, alloc_system(), 2001, COUNT(blocks));
    for (size_t i = 0; i < COUNT(blocks); i++) {
        blocks[i] = pool_take(&pool);
        CHECK(blocks[i]);
        CHECK_EQ((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        memset(blocks[i], (int)(i % 251), 2001);
    }
    for (size_t i = 0; i < COUNT(blocks); i++) {
        CHECK_EQ(blocks[i][0], i % 251);
        CHECK_EQ(blocks[i][2000], i % 251);
        pool_give(&pool, blocks[i]);
    }
    pool_deinit(&pool);
}

static void what_is_given_back_is_taken_again(void)
{
    struct capped_alloc memory = capped_alloc(1);
    struct pool pool;

    pool_init(&pool, &memory.alloc, 1, 1000000);
    void *first = pool_take(&pool);
    CHECK(first);
    pool_give(&pool, first);
    CHECK(pool_take(&pool) == first);
    pool_give(&pool, first);
    pool_deinit(&pool);
    CHECK_EQ(memory.held, 0);
}

static void the_limit_and_want_of_memory_give_null(void)
{
    struct capped_alloc memory = capped_alloc(1);
    struct pool pool;

    pool_init(&pool, &memory.alloc, 8, 2);
    void *one = pool_take(&pool);
    void *two = pool_take(&pool);
    CHECK(one && two && one != two);
    CHECK(!pool_take(&pool));
    pool_give(&pool, one);
    CHECK(pool_take(&pool) == one);
    pool_give(&pool, one);
    pool_give(&pool, two);
    pool_deinit(&pool);

    pool_init(&pool, &memory.alloc, 8, 2);
    CHECK(!pool_take(&pool));
    CHECK_EQ(pool.taken, 0);
    pool_deinit(&pool);
}

TEST_MAIN(TEST(blocks_are_apart_and_aligned), TEST(what_is_given_back_is_taken_again),
    TEST(the_limit_and_want_of_memory_give_null))
