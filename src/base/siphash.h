// SipHash-2-4: a hash whose collisions nobody can choose without the key.
//
// Implements  Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012)
// Not here    integrity on the wire, which takes a full-length MAC (crypto/hmac.h)

#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stdint.h>

#include "base/bytes.h"

struct siphash_key {
    uint64_t half[2];
};

uint64_t siphash(const struct siphash_key *key, struct bytes message);

#endif
