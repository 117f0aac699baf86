// Randomness: getentropy, in the pieces that it allows.

#include "crypto/random.h"

#include <unistd.h>

#include "base/assert.h"

#define RANDOM_PIECE_MAX 256 // POSIX: GETENTROPY_MAX.

void crypto_random(void *ctx, struct span out)
{
    (void)ctx;
    while (out.len > 0) {
        size_t piece = out.len < RANDOM_PIECE_MAX ? out.len : RANDOM_PIECE_MAX;
        int failed = getentropy(out.ptr, piece);
        YODEL_ASSERT(!failed);
        out = span_sub(out, piece, out.len);
    }
}
