// Randomness from the operating system, in the shape of env.random.
//
// Not here    seeded randomness for the simulator; libcrypto's own generator, which makes keys
// Limits      none; without entropy the process ends, since nothing could be safe after it

#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include "base/bytes.h"

// Fills `out`. `ctx` is not used.
void crypto_random(void *ctx, struct span out);

#endif
