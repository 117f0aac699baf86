// Seeded chance for the simulator: the same seed, the same run, on every machine.
//
// Implements  xoshiro256** by its published description, seeded through splitmix64

#ifndef SIM_PRNG_H
#define SIM_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct prng {
    uint64_t s[4];
};

static inline uint64_t prng_splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline void prng_init(struct prng *prng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        prng->s[i] = prng_splitmix(&seed);
    }
}

static inline uint64_t prng_next(struct prng *prng)
{
    uint64_t *s = prng->s;
    uint64_t x = s[1] * 5, result = (x << 7 | x >> 57) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3] << 45 | s[3] >> 19;
    return result;
}

// 0 … below - 1.
static inline uint64_t prng_below(struct prng *prng, uint64_t below)
{
    return below == 0 ? 0 : prng_next(prng) % below;
}

static inline bool prng_chance(struct prng *prng, double probability)
{
    return (double)(prng_next(prng) >> 11) / 9007199254740992.0 < probability;
}

#endif
