// The environment: small helpers over its randomness.

#include "base/env.h"

uint32_t env_random_u32(const struct env *env)
{
    uint32_t value;

    env_random(env, span_of(&value, sizeof value));
    return value;
}

uint64_t env_random_u64(const struct env *env)
{
    uint64_t value;

    env_random(env, span_of(&value, sizeof value));
    return value;
}
