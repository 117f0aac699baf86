// HMAC and the comparison that goes with it.
//
// Implements  RFC 2104 with SHA-1 (STUN) and SHA-256
// Not here    key derivation (crypto/hkdf.h)
// Ownership   borrows everything for the call; a struct crypto_hmac owns its state
// Limits      a key is at most INT_MAX bytes; without memory for libcrypto's context the process
// ends

#ifndef CRYPTO_HMAC_H
#define CRYPTO_HMAC_H

#include "base/bytes.h"

#define CRYPTO_SHA1_SIZE 20
#define CRYPTO_SHA256_SIZE 32

void crypto_hmac_sha1(struct bytes key, struct bytes data, uint8_t out[CRYPTO_SHA1_SIZE]);
void crypto_hmac_sha256(struct bytes key, struct bytes data, uint8_t out[CRYPTO_SHA256_SIZE]);

// HMAC-SHA-1 under one key, many times: the key's part of the work is done once.
struct crypto_hmac {
    void *inner, *outer, *work; // libcrypto's, from init to deinit.
};

// `key` is 1 to 64 bytes.
void crypto_hmac_init(struct crypto_hmac *hmac, struct bytes key);
void crypto_hmac_deinit(struct crypto_hmac *hmac);

// Of the two pieces in a row, the second of which may be empty.
void crypto_hmac_run(struct crypto_hmac *hmac, struct bytes first, struct bytes second,
    uint8_t out[CRYPTO_SHA1_SIZE]);

// Whether the bytes are the same, in a time that depends on their lengths alone.
bool crypto_equal(struct bytes a, struct bytes b);

#endif
