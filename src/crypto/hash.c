// Hashes over libcrypto.

#include "crypto/hash.h"

#include <openssl/evp.h>

#include "base/assert.h"

static void digest(const EVP_MD *type, struct bytes data, uint8_t *out)
{
    int done = EVP_Digest(data.ptr, data.len, out, NULL, type, NULL);

    YODEL_ASSERT(done == 1);
}

void crypto_md5(struct bytes data, uint8_t out[CRYPTO_MD5_SIZE])
{
    digest(EVP_md5(), data, out);
}

void crypto_sha256(struct bytes data, uint8_t out[CRYPTO_SHA256_SIZE])
{
    digest(EVP_sha256(), data, out);
}

void crypto_sha384(struct bytes data, uint8_t out[CRYPTO_SHA384_SIZE])
{
    digest(EVP_sha384(), data, out);
}

void crypto_sha512(struct bytes data, uint8_t out[CRYPTO_SHA512_SIZE])
{
    digest(EVP_sha512(), data, out);
}

void crypto_sha256_init(struct crypto_sha256 *hash)
{
    hash->state = EVP_MD_CTX_new();
    YODEL_ASSERT(hash->state);
    int done = EVP_DigestInit_ex(hash->state, EVP_sha256(), NULL);
    YODEL_ASSERT(done == 1);
}

void crypto_sha256_update(struct crypto_sha256 *hash, struct bytes piece)
{
    int done = EVP_DigestUpdate(hash->state, piece.ptr, piece.len);

    YODEL_ASSERT(done == 1);
}

void crypto_sha256_final(struct crypto_sha256 *hash, uint8_t out[CRYPTO_SHA256_SIZE])
{
    int done = EVP_DigestFinal_ex(hash->state, out, NULL);

    YODEL_ASSERT(done == 1);
    done = EVP_DigestInit_ex(hash->state, NULL, NULL);
    YODEL_ASSERT(done == 1);
}

void crypto_sha256_peek(const struct crypto_sha256 *hash, uint8_t out[CRYPTO_SHA256_SIZE])
{
    EVP_MD_CTX *copy = EVP_MD_CTX_new();

    YODEL_ASSERT(copy);
    int done = EVP_MD_CTX_copy_ex(copy, hash->state) && EVP_DigestFinal_ex(copy, out, NULL);
    YODEL_ASSERT(done == 1);
    EVP_MD_CTX_free(copy);
}

void crypto_sha256_reset(struct crypto_sha256 *hash)
{
    int done = EVP_DigestInit_ex(hash->state, NULL, NULL);

    YODEL_ASSERT(done == 1);
}

void crypto_sha256_deinit(struct crypto_sha256 *hash)
{
    EVP_MD_CTX_free(hash->state);
    hash->state = NULL;
}
