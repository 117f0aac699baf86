// HMAC over libcrypto.

#include "crypto/hmac.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/assert.h"

static void hmac(
    const EVP_MD *digest, struct bytes key, struct bytes data, uint8_t *out, unsigned out_len)
{
    // To libcrypto a null key means "the key of last time".
    const void *key_ptr = key.len > 0 ? key.ptr : (const uint8_t *)"";
    unsigned got = 0;

    YODEL_ASSERT(key.len <= INT_MAX);
    const uint8_t *done = HMAC(digest, key_ptr, (int)key.len, data.ptr, data.len, out, &got);
    YODEL_ASSERT(done && got == out_len);
}

void crypto_hmac_sha1(struct bytes key, struct bytes data, uint8_t out[CRYPTO_SHA1_SIZE])
{
    hmac(EVP_sha1(), key, data, out, CRYPTO_SHA1_SIZE);
}

void crypto_hmac_sha256(struct bytes key, struct bytes data, uint8_t out[CRYPTO_SHA256_SIZE])
{
    hmac(EVP_sha256(), key, data, out, CRYPTO_SHA256_SIZE);
}

bool crypto_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}
