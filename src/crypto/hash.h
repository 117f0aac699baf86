// SHA-256, of what is at hand or piece by piece, and its longer sisters; MD5, for STUN's old keys.
//
// Implements  FIPS 180-4, RFC 1321
// Ownership   an incremental hash owns its state from init to deinit
// Limits      without memory for libcrypto's context the process ends

#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/bytes.h"
#include "crypto/hmac.h"

#define CRYPTO_MD5_SIZE 16
#define CRYPTO_SHA384_SIZE 48
#define CRYPTO_SHA512_SIZE 64

// Protects nothing: RFC 8489 §9.2.2 makes a key of a password with it.
void crypto_md5(struct bytes data, uint8_t out[CRYPTO_MD5_SIZE]);

void crypto_sha256(struct bytes data, uint8_t out[CRYPTO_SHA256_SIZE]);
void crypto_sha384(struct bytes data, uint8_t out[CRYPTO_SHA384_SIZE]);
void crypto_sha512(struct bytes data, uint8_t out[CRYPTO_SHA512_SIZE]);

struct crypto_sha256 {
    void *state; // libcrypto's.
};

void crypto_sha256_init(struct crypto_sha256 *hash);
void crypto_sha256_update(struct crypto_sha256 *hash, struct bytes piece);

// Gives the hash of all pieces and begins again with none.
void crypto_sha256_final(struct crypto_sha256 *hash, uint8_t out[CRYPTO_SHA256_SIZE]);
// The hash of what was taken so far, which goes on.
void crypto_sha256_peek(const struct crypto_sha256 *hash, uint8_t out[CRYPTO_SHA256_SIZE]);
// Forgets what was taken so far.
void crypto_sha256_reset(struct crypto_sha256 *hash);
void crypto_sha256_deinit(struct crypto_sha256 *hash);

#endif
