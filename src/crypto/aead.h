// AES-GCM, in place or from one buffer into another: one key, many packets.
//
// Implements  NIST SP 800-38D with 96-bit nonces and 128-bit tags (as RFC 5288 and RFC 7714 use it)
// Not here    the making of nonces, and that none repeats under a key: the caller's
// Ownership   the cipher's state is libcrypto's, from init to deinit
// Limits      AES-128 and AES-256; without memory for libcrypto's state the process ends

#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "base/bytes.h"

#define CRYPTO_AEAD_NONCE_SIZE 12
#define CRYPTO_AEAD_TAG_SIZE 16

struct crypto_aead {
    void *seal, *open; // libcrypto's, with the key expanded once for each direction.
};

// `key` is 16 or 32 bytes.
void crypto_aead_init(struct crypto_aead *aead, struct bytes key);
void crypto_aead_deinit(struct crypto_aead *aead);

// Encrypts `text` into `out`, which has room for as much and is `text` itself or apart from it, and
// writes the tag.
void crypto_aead_seal(struct crypto_aead *aead, const uint8_t nonce[CRYPTO_AEAD_NONCE_SIZE],
    struct bytes associated, struct bytes text, uint8_t *out, uint8_t tag[CRYPTO_AEAD_TAG_SIZE]);

// Decrypts `text` in place. False, and `text` zeroed, where the tag does not match.
YODEL_MUST_USE bool crypto_aead_open(struct crypto_aead *aead,
    const uint8_t nonce[CRYPTO_AEAD_NONCE_SIZE], struct bytes associated, struct span text,
    const uint8_t tag[CRYPTO_AEAD_TAG_SIZE]);

#endif
