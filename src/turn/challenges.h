// TURN challenges: how often each source that has not proved itself is answered, in memory that
// cannot grow.
//
// A source is counted in one place of each of TURN_CHALLENGES_ROWS rows, which a keyed hash chooses,
// and is refused only where all of them say that it had too many: whoever shares a place with a
// flood is still heard by another. After TURN_CHALLENGES_PERIOD everything begins again with other
// places. (A count-min sketch whose counters are leaky buckets.)
//
// Not here    what is answered; sources over streams, which are sure
// Ownership   owns its table, TURN_CHALLENGES_ROWS * TURN_CHALLENGES_PLACES * 2 bytes
// Limits      `per_second` answers to a source, as many at once

#ifndef TURN_CHALLENGES_H
#define TURN_CHALLENGES_H

#include "base/addr.h"
#include "base/env.h"
#include "base/siphash.h"

#define TURN_CHALLENGES_ROWS 4
#define TURN_CHALLENGES_PLACES 32768
#define TURN_CHALLENGES_PERIOD YODEL_SECONDS(60)

struct turn_challenges {
    const struct env *env;
    struct siphash_key key;
    yodel_time since;    // When this period began; `key` is its own.
    uint16_t per_second; // At most 1000.
    uint16_t *places;    // Milliseconds of this period until which the bucket has to leak.
};

YODEL_MUST_USE enum yodel_err turn_challenges_init(
    struct turn_challenges *challenges, const struct env *env, uint32_t per_second);
void turn_challenges_deinit(struct turn_challenges *challenges);

// True counts one answer. An IPv4 address counts alone, an IPv6 address with its /64.
bool turn_challenges_take(
    struct turn_challenges *challenges, const struct yodel_addr *source, yodel_time now);

#endif
