// HMAC over libcrypto.

#include "crypto/hmac.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>

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

void crypto_hmac_init(struct crypto_hmac *hmac, struct bytes key)
{
    char name[] = "SHA1"; // libcrypto's parameter is not const.
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);

    YODEL_ASSERT(mac && key.len > 0);
    hmac->state = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    YODEL_ASSERT(hmac->state);
    int done = EVP_MAC_init(hmac->state, key.ptr, key.len, params);
    YODEL_ASSERT(done == 1);
}

void crypto_hmac_deinit(struct crypto_hmac *hmac)
{
    EVP_MAC_CTX_free(hmac->state);
    *hmac = (struct crypto_hmac){0};
}

void crypto_hmac_run(struct crypto_hmac *hmac, struct bytes first, struct bytes second,
    uint8_t out[CRYPTO_SHA1_SIZE])
{
    size_t len = 0;

    int done = EVP_MAC_init(hmac->state, NULL, 0, NULL);
    done &= EVP_MAC_update(hmac->state, first.ptr, first.len);
    done &= second.len == 0 || EVP_MAC_update(hmac->state, second.ptr, second.len);
    done &= EVP_MAC_final(hmac->state, out, &len, CRYPTO_SHA1_SIZE);
    YODEL_ASSERT(done == 1 && len == CRYPTO_SHA1_SIZE);
}

bool crypto_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}
