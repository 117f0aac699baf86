// Map, against a flag for each key that there can be.

#include "base/map.h"

#include "capped_alloc.h"
#include "fuzz.h"

#define KEYS 256

// All SipHash keys are as good for this.
static void no_chance(void *ctx, struct span out)
{
    (void)ctx;
    memset(out.ptr, 7, out.len);
}

static void check_walk(const struct map *map, const bool *is_in)
{
    size_t met = 0;

    for (const struct map_entry *at = map_next(map, NULL); at; at = map_next(map, at)) {
        FUZZ_CHECK(is_in[at->key.ptr[0]]);
        met++;
    }
    FUZZ_CHECK(met == map->count);
}

FUZZ(input)
{
    static uint8_t names[KEYS];
    struct reader r = reader_of(input);
    struct capped_alloc memory = capped_alloc(read_u8(&r) % 8);
    struct env env = {.alloc = &memory.alloc, .random = no_chance};
    struct map_entry entries[KEYS] = {{0}};
    bool is_in[KEYS] = {0};
    size_t count = 0;
    struct map map;

    map_init(&map, &env);
    while (r.left >= 2) {
        bool removes = read_u8(&r) % 3 == 0;
        uint8_t which = read_u8(&r);
        names[which] = which;
        struct bytes key = bytes_of(&names[which], 1);
        struct map_entry spare = {0};
        FUZZ_CHECK(map_find(&map, key) == (is_in[which] ? &entries[which] : NULL));
        if (removes) {
            map_remove(&map, &entries[which]);
            count -= is_in[which];
            is_in[which] = false;
        } else if (is_in[which]) {
            FUZZ_CHECK(map_insert(&map, &spare, key) == YODEL_ERR_EXISTS && !spare.is_in);
        } else if (map_insert(&map, &entries[which], key) == YODEL_OK) {
            is_in[which] = true;
            count++;
        } else {
            FUZZ_CHECK(map.places == 0 && memory.allowed == 0);
        }
        FUZZ_CHECK(map.count == count && entries[which].is_in == is_in[which]);
    }
    check_walk(&map, is_in);
    map_deinit(&map);
    FUZZ_CHECK(memory.held == 0);
}
