// Map: finding what is in, and only that, through growth, removal and want of memory.

#include "base/map.h"

#include "capped_alloc.h"
#include "check.h"

struct thing {
    uint32_t id;
    struct map_entry entry;
};

static void count_up(void *ctx, struct span out)
{
    uint8_t *next = ctx;

    for (size_t i = 0; i < out.len; i++) {
        out.ptr[i] = (*next)++;
    }
}

static uint8_t seed;

static struct env env_with(struct alloc *alloc)
{
    return (struct env){.alloc = alloc, .random = count_up, .ctx = &seed};
}

static struct bytes key_of(const struct thing *thing)
{
    return bytes_of(&thing->id, sizeof thing->id);
}

static void what_is_in_is_found_and_nothing_else(void)
{
    struct env env = env_with(alloc_system());
    static struct thing things[1000];
    struct map map;

    map_init(&map, &env);
    CHECK(!map_find(&map, bytes_of("none", 4)));
    for (uint32_t i = 0; i < COUNT(things); i++) {
        things[i] = (struct thing){.id = i};
        CHECK_EQ(map_insert(&map, &things[i].entry, key_of(&things[i])), YODEL_OK);
    }
    for (uint32_t i = 0; i < COUNT(things); i += 2) {
        map_remove(&map, &things[i].entry);
        map_remove(&map, &things[i].entry); // Outside already: nothing happens.
    }
    CHECK_EQ(map.count, COUNT(things) / 2);
    for (uint32_t i = 0; i < COUNT(things); i++) {
        CHECK(map_find(&map, key_of(&things[i])) == (i % 2 == 1 ? &things[i].entry : NULL));
    }
    map_deinit(&map);
}

static void a_key_is_taken_once(void)
{
    struct env env = env_with(alloc_system());
    struct thing one = {.id = 7};
    struct thing same = {.id = 7};
    struct map map;

    map_init(&map, &env);
    CHECK_EQ(map_insert(&map, &one.entry, key_of(&one)), YODEL_OK);
    CHECK_EQ(map_insert(&map, &same.entry, key_of(&same)), YODEL_ERR_EXISTS);
    CHECK(!same.entry.is_in);
    map_remove(&map, &one.entry);
    CHECK_EQ(map_insert(&map, &same.entry, key_of(&same)), YODEL_OK);
    CHECK(map_find(&map, key_of(&one)) == &same.entry);
    map_deinit(&map);
}

static void keys_of_any_length_are_distinct(void)
{
    struct env env = env_with(alloc_system());
    struct map_entry empty = {0};
    struct map_entry zero = {0};
    struct map_entry zeros = {0};
    struct map map;

    map_init(&map, &env);
    CHECK_EQ(map_insert(&map, &empty, bytes_of("", 0)), YODEL_OK);
    CHECK_EQ(map_insert(&map, &zero, bytes_of("\0", 1)), YODEL_OK);
    CHECK_EQ(map_insert(&map, &zeros, bytes_of("\0\0", 2)), YODEL_OK);
    CHECK(map_find(&map, bytes_of("\0\0", 2)) == &zeros);
    CHECK(map_find(&map, bytes_of("", 0)) == &empty);
    map_deinit(&map);
}

static void walking_meets_each_once(void)
{
    struct env env = env_with(alloc_system());
    struct thing things[100];
    struct map map;
    uint32_t sum = 0;

    map_init(&map, &env);
    CHECK(!map_next(&map, NULL));
    for (uint32_t i = 0; i < COUNT(things); i++) {
        things[i] = (struct thing){.id = i};
        CHECK_EQ(map_insert(&map, &things[i].entry, key_of(&things[i])), YODEL_OK);
    }
    struct map_entry *next;
    for (struct map_entry *at = map_next(&map, NULL); at; at = next) {
        next = map_next(&map, at);
        sum += CONTAINER_OF(at, struct thing, entry)->id;
        map_remove(&map, at);
    }
    CHECK_EQ(sum, 99 * 100 / 2);
    CHECK_EQ(map.count, 0);
    map_deinit(&map);
}

static void without_memory_to_grow_it_still_finds(void)
{
    struct capped_alloc memory = capped_alloc(1);
    struct env env = env_with(&memory.alloc);
    struct thing things[100];
    struct map map;

    map_init(&map, &env);
    for (uint32_t i = 0; i < COUNT(things); i++) {
        things[i] = (struct thing){.id = i};
        CHECK_EQ(map_insert(&map, &things[i].entry, key_of(&things[i])), YODEL_OK);
    }
    for (uint32_t i = 0; i < COUNT(things); i++) {
        CHECK(map_find(&map, key_of(&things[i])) == &things[i].entry);
    }
    map_deinit(&map);
    CHECK(!things[0].entry.is_in);
    CHECK_EQ(memory.held, 0);

    map_init(&map, &env);
    CHECK_EQ(map_insert(&map, &things[0].entry, key_of(&things[0])), YODEL_ERR_NO_MEMORY);
    map_deinit(&map);
}

TEST_MAIN(TEST(what_is_in_is_found_and_nothing_else), TEST(a_key_is_taken_once),
    TEST(keys_of_any_length_are_distinct), TEST(walking_meets_each_once),
    TEST(without_memory_to_grow_it_still_finds))
