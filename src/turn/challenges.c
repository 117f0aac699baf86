// TURN challenges: the sketch.

#include "turn/challenges.h"

#define SIZE ((size_t)TURN_CHALLENGES_ROWS * TURN_CHALLENGES_PLACES * sizeof(uint16_t))
#define PER_SECOND_MAX 1000
#define PLACE_BITS 15

_Static_assert(1 << PLACE_BITS == TURN_CHALLENGES_PLACES, "a place is so many bits of the hash");
_Static_assert(PLACE_BITS *TURN_CHALLENGES_ROWS <= 64, "one hash gives a place in each row");
_Static_assert(TURN_CHALLENGES_PERIOD / 1000 + 2000 <= UINT16_MAX, "times of a period fit");

static void begin_period(struct turn_challenges *challenges, yodel_time now)
{
    challenges->since = now;
    challenges->key.half[0] = env_random_u64(challenges->env);
    challenges->key.half[1] = env_random_u64(challenges->env);
    memset(challenges->places, 0, SIZE);
}

enum yodel_err turn_challenges_init(
    struct turn_challenges *challenges, const struct env *env, uint32_t per_second)
{
    uint16_t bounded = (uint16_t)(per_second < PER_SECOND_MAX ? per_second : PER_SECOND_MAX);

    *challenges = (struct turn_challenges){.env = env, .per_second = bounded};
    challenges->places = alloc_new(env->alloc, SIZE);
    if (!challenges->places) {
        return YODEL_ERR_NO_MEMORY;
    }
    begin_period(challenges, 0);
    return YODEL_OK;
}

void turn_challenges_deinit(struct turn_challenges *challenges)
{
    if (challenges->env) {
        alloc_free(challenges->env->alloc, challenges->places);
    }
    *challenges = (struct turn_challenges){0};
}

static void find_places(struct turn_challenges *challenges, const struct yodel_addr *source,
    uint16_t *places[TURN_CHALLENGES_ROWS])
{
    uint8_t key[ADDR_SOURCE_SIZE];
    uint64_t hash = siphash(&challenges->key, addr_source(key, source));

    for (size_t row = 0; row < TURN_CHALLENGES_ROWS; row++) {
        size_t place = hash >> (row * PLACE_BITS) & (TURN_CHALLENGES_PLACES - 1);
        places[row] = &challenges->places[row * TURN_CHALLENGES_PLACES + place];
    }
}

// Each answer fills a bucket by `1000 / per_second` milliseconds, and one second's worth fits.
bool turn_challenges_take(
    struct turn_challenges *challenges, const struct yodel_addr *source, yodel_time now)
{
    uint16_t *places[TURN_CHALLENGES_ROWS];

    if (time_since(now, challenges->since) >= TURN_CHALLENGES_PERIOD) {
        begin_period(challenges, now);
    }
    uint32_t now_ms = (uint32_t)(time_since(now, challenges->since) / 1000);
    uint32_t cost_ms = 1000u / challenges->per_second;
    uint32_t full_at = UINT32_MAX;
    find_places(challenges, source, places);
    for (size_t row = 0; row < TURN_CHALLENGES_ROWS; row++) {
        full_at = *places[row] < full_at ? *places[row] : full_at;
    }
    uint32_t filled = (full_at > now_ms ? full_at : now_ms) + cost_ms;
    if (filled > now_ms + 1000) {
        return false;
    }
    for (size_t row = 0; row < TURN_CHALLENGES_ROWS; row++) {
        if (*places[row] < filled) {
            *places[row] = (uint16_t)filled;
        }
    }
    return true;
}
