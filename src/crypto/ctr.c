// AES in counter mode over libcrypto: a context is kept, and only its counter set anew.

#include "crypto/ctr.h"

#include <limits.h>
#include <openssl/evp.h>

#include "base/assert.h"

#define AES_128_KEY_SIZE 16
#define AES_256_KEY_SIZE 32

void crypto_ctr_init(struct crypto_ctr *ctr, struct bytes key)
{
    const EVP_CIPHER *cipher = key.len == AES_256_KEY_SIZE ? EVP_aes_256_ctr() : EVP_aes_128_ctr();

    YODEL_ASSERT(key.len == AES_128_KEY_SIZE || key.len == AES_256_KEY_SIZE);
    ctr->state = EVP_CIPHER_CTX_new();
    YODEL_ASSERT(ctr->state);
    int done = EVP_EncryptInit_ex(ctr->state, cipher, NULL, key.ptr, NULL);
    YODEL_ASSERT(done == 1);
}

void crypto_ctr_deinit(struct crypto_ctr *ctr)
{
    EVP_CIPHER_CTX_free(ctr->state);
    *ctr = (struct crypto_ctr){0};
}

void crypto_ctr_run(struct crypto_ctr *ctr, const uint8_t counter[CRYPTO_CTR_BLOCK_SIZE],
    struct bytes text, uint8_t *out)
{
    int len = 0;

    YODEL_ASSERT(text.len <= INT_MAX);
    int done = EVP_EncryptInit_ex(ctr->state, NULL, NULL, NULL, counter);
    if (text.len > 0) {
        done &= EVP_EncryptUpdate(ctr->state, out, &len, text.ptr, (int)text.len);
    }
    YODEL_ASSERT(done == 1);
}
