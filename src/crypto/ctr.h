// AES in counter mode, in place or from one buffer into another: one key, many streams.
//
// Implements  NIST SP 800-38A §6.5 (as RFC 3711 §4.1.1 and RFC 6188 use it)
// Not here    the making of counters, and that none repeats under a key: the caller's; authentication
// Ownership   the cipher's state is libcrypto's, from init to deinit
// Limits      AES-128 and AES-256; without memory for libcrypto's state the process ends

#ifndef CRYPTO_CTR_H
#define CRYPTO_CTR_H

#include "base/bytes.h"

#define CRYPTO_CTR_BLOCK_SIZE 16

struct crypto_ctr {
    void *state; // libcrypto's.
};

// `key` is 16 or 32 bytes.
void crypto_ctr_init(struct crypto_ctr *ctr, struct bytes key);
void crypto_ctr_deinit(struct crypto_ctr *ctr);

// Encrypts or decrypts `text`, beginning at `counter`, into `out`, which has room for as much and is
// `text` itself or apart from it.
void crypto_ctr_run(struct crypto_ctr *ctr, const uint8_t counter[CRYPTO_CTR_BLOCK_SIZE],
    struct bytes text, uint8_t *out);

#endif
