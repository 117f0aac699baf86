// Map: a table of chains, rebuilt at twice the size when it is full.

#include "base/map.h"

#include "base/assert.h"

#define MAP_PLACES_FIRST 16

void map_init(struct map *map, const struct env *env)
{
    *map = (struct map){.alloc = env->alloc};
    map->secret.half[0] = env_random_u64(env);
    map->secret.half[1] = env_random_u64(env);
}

void map_deinit(struct map *map)
{
    for (size_t i = 0; i < map->places; i++) {
        struct map_entry *next;
        for (struct map_entry *entry = map->table[i]; entry; entry = next) {
            next = entry->next;
            *entry = (struct map_entry){0};
        }
    }
    alloc_free(map->alloc, map->table);
    *map = (struct map){0};
}

// Where the chain of `hash` begins.
static struct map_entry **chain(const struct map *map, uint64_t hash)
{
    return &map->table[hash & (map->places - 1)];
}

static void grow(struct map *map)
{
    size_t places = map->places == 0 ? MAP_PLACES_FIRST : map->places * 2;
    struct map_entry **table = alloc_new(map->alloc, places * sizeof *table);
    if (!table) {
        return; // Longer chains are slower, and right.
    }
    struct map grown = *map;
    grown.table = table;
    grown.places = places;
    for (size_t i = 0; i < map->places; i++) {
        struct map_entry *next;
        for (struct map_entry *entry = map->table[i]; entry; entry = next) {
            next = entry->next;
            struct map_entry **first = chain(&grown, entry->hash);
            entry->next = *first;
            *first = entry;
        }
    }
    alloc_free(map->alloc, map->table);
    *map = grown;
}

static struct map_entry *find(const struct map *map, uint64_t hash, struct bytes key)
{
    if (map->places == 0) {
        return NULL;
    }
    struct map_entry *entry = *chain(map, hash);
    while (entry && (entry->hash != hash || !bytes_equal(entry->key, key))) {
        entry = entry->next;
    }
    return entry;
}

struct map_entry *map_find(const struct map *map, struct bytes key)
{
    return find(map, siphash(&map->secret, key), key);
}

enum yodel_err map_insert(struct map *map, struct map_entry *entry, struct bytes key)
{
    uint64_t hash = siphash(&map->secret, key);

    YODEL_ASSERT(!entry->is_in);
    if (find(map, hash, key)) {
        return YODEL_ERR_EXISTS;
    }
    if (map->count >= map->places) {
        grow(map);
    }
    if (map->places == 0) {
        return YODEL_ERR_NO_MEMORY;
    }
    struct map_entry **first = chain(map, hash);
    *entry = (struct map_entry){.next = *first, .key = key, .hash = hash, .is_in = true};
    *first = entry;
    map->count++;
    return YODEL_OK;
}

void map_remove(struct map *map, struct map_entry *entry)
{
    if (!entry->is_in) {
        return;
    }
    struct map_entry **at = chain(map, entry->hash);
    while (*at != entry) {
        YODEL_ASSERT(*at); // Else it is in another map.
        at = &(*at)->next;
    }
    *at = entry->next;
    *entry = (struct map_entry){0};
    map->count--;
}

struct map_entry *map_next(const struct map *map, const struct map_entry *entry)
{
    size_t place = 0;

    if (entry) {
        YODEL_ASSERT(entry->is_in);
        if (entry->next) {
            return entry->next;
        }
        place = (size_t)(entry->hash & (map->places - 1)) + 1;
    }
    for (; place < map->places; place++) {
        if (map->table[place]) {
            return map->table[place];
        }
    }
    return NULL;
}
