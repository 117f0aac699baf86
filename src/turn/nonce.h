// TURN nonces: proof that a client was at its address a while ago, kept by nobody.
//
// Twelve characters of Base64: the low 16 bits of the time when it was made, and 56 bits of a MAC over
// all of that time and the client's address. SipHash is a MAC by design; that this one is short and
// keyed with a key of ours is enough, since who forged it would still lack the password. Short it
// must be: a challenge is answered with at most 2.6 times what asked for it.
//
// Implements  RFC 8489 §9.2.1, §14.10, §21.5
// Ownership   a value
// Limits      TURN_NONCE_LIFETIME

#ifndef TURN_NONCE_H
#define TURN_NONCE_H

#include "base/addr.h"
#include "base/siphash.h"
#include "base/time.h"

#define TURN_NONCE_SIZE 12
#define TURN_NONCE_LIFETIME YODEL_SECONDS(1800)

void turn_nonce_write(uint8_t nonce[TURN_NONCE_SIZE], const struct siphash_key *key,
    const struct yodel_addr *client, yodel_time now);

// Whether it was made here, for this very address, and lately.
bool turn_nonce_is_good(struct bytes nonce, const struct siphash_key *key,
    const struct yodel_addr *client, yodel_time now);

#endif
