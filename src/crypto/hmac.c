// HMAC over libcrypto.

#include "crypto/hmac.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/assert.h"
#include "crypto/secret.h"

#define SHA1_BLOCK_SIZE 64

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

// Digests are copied, and not EVP_MAC used: that took 178 ns more than SHA-1 alone, this takes 91.

// A digest that has taken in the key, which `pad` is mixed with (RFC 2104 §2).
static EVP_MD_CTX *begin(struct bytes key, uint8_t pad)
{
    uint8_t block[SHA1_BLOCK_SIZE];
    EVP_MD_CTX *digest = EVP_MD_CTX_new();

    YODEL_ASSERT(digest && key.len > 0 && key.len <= sizeof block);
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < key.len; i++) {
        block[i] ^= key.ptr[i];
    }
    int done = EVP_DigestInit_ex(digest, EVP_sha1(), NULL);
    done &= EVP_DigestUpdate(digest, block, sizeof block);
    YODEL_ASSERT(done == 1);
    secret_wipe_span(span_of(block, sizeof block));
    return digest;
}

void crypto_hmac_init(struct crypto_hmac *hmac, struct bytes key)
{
    hmac->inner = begin(key, 0x36);
    hmac->outer = begin(key, 0x5c);
    hmac->work = EVP_MD_CTX_new();
    YODEL_ASSERT(hmac->work);
}

void crypto_hmac_deinit(struct crypto_hmac *hmac)
{
    EVP_MD_CTX_free(hmac->inner);
    EVP_MD_CTX_free(hmac->outer);
    EVP_MD_CTX_free(hmac->work);
    *hmac = (struct crypto_hmac){0};
}

void crypto_hmac_run(struct crypto_hmac *hmac, struct bytes first, struct bytes second,
    uint8_t out[CRYPTO_SHA1_SIZE])
{
    int done = EVP_MD_CTX_copy_ex(hmac->work, hmac->inner);

    done &= EVP_DigestUpdate(hmac->work, first.ptr, first.len);
    done &= second.len == 0 || EVP_DigestUpdate(hmac->work, second.ptr, second.len);
    done &= EVP_DigestFinal_ex(hmac->work, out, NULL);
    done &= EVP_MD_CTX_copy_ex(hmac->work, hmac->outer);
    done &= EVP_DigestUpdate(hmac->work, out, CRYPTO_SHA1_SIZE);
    done &= EVP_DigestFinal_ex(hmac->work, out, NULL);
    YODEL_ASSERT(done == 1);
}

bool crypto_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}
