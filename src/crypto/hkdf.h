// HKDF with SHA-256: a key from a secret that is not uniform, and many keys from one.
//
// Implements  RFC 5869
// Ownership   borrows everything for the call
// Limits      CRYPTO_HKDF_OUT_MAX bytes out of one expansion, CRYPTO_HKDF_INFO_MAX bytes of context
// into it

#ifndef CRYPTO_HKDF_H
#define CRYPTO_HKDF_H

#include "base/bytes.h"
#include "crypto/hmac.h"

#define CRYPTO_HKDF_OUT_MAX (255 * CRYPTO_SHA256_SIZE)
#define CRYPTO_HKDF_INFO_MAX 128

void crypto_hkdf_extract(struct bytes salt, struct bytes secret, uint8_t out[CRYPTO_SHA256_SIZE]);

// Fills `out`. Both limits are the caller's to keep.
void crypto_hkdf_expand(struct bytes key, struct bytes info, struct span out);

#endif
