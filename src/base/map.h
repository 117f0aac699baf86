// Map: finds a thing by bytes that a peer may have chosen. Hashed with a secret key, so that no
// choice makes it slow.
//
// A zeroed entry is in no map. Keys that are integers: `bytes_of(&id, sizeof id)`; never a struct
// with padding.
//
// Ownership   entries are the caller's, embedded in what they stand for, and so are the bytes of
//             each key, which must stay as they are while the entry is in; the map owns its table
// Limits      none here; who fills a map counts. The table doubles when there are as many entries
//             as places

#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/env.h"
#include "base/err.h"
#include "base/siphash.h"

struct map_entry {
    struct map_entry *next;
    struct bytes key;
    uint64_t hash;
    bool is_in;
};

struct map {
    struct alloc *alloc;
    struct siphash_key secret;
    struct map_entry **table;
    size_t places; // A power of two, or 0.
    size_t count;
};

void map_init(struct map *map, const struct env *env);

// What is still inside is let go.
void map_deinit(struct map *map);

// Fails with EXISTS (the key is taken) or NO_MEMORY (there is no table yet, and no memory for one).
YODEL_MUST_USE enum yodel_err map_insert(
    struct map *map, struct map_entry *entry, struct bytes key);

// `entry` may be outside already.
void map_remove(struct map *map, struct map_entry *entry);

// NULL where there is none.
struct map_entry *map_find(const struct map *map, struct bytes key);

// Walks over all entries: the first for NULL, NULL after the last. The order means nothing. To remove while walking, ask
// for the next before removing the present one; inserting starts the walk anew.
struct map_entry *map_next(const struct map *map, const struct map_entry *entry);

#endif
