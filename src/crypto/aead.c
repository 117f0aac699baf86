// AES-GCM over libcrypto: a context is kept, and only its nonce set anew for each packet.

#include "crypto/aead.h"

#include <limits.h>
#include <openssl/evp.h>

#include "base/assert.h"
#include "crypto/secret.h"

#define AES_128_KEY_SIZE 16
#define AES_256_KEY_SIZE 32

static void *context_new(struct bytes key, int is_seal)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    const EVP_CIPHER *cipher = key.len == AES_256_KEY_SIZE ? EVP_aes_256_gcm() : EVP_aes_128_gcm();

    YODEL_ASSERT(key.len == AES_128_KEY_SIZE || key.len == AES_256_KEY_SIZE);
    YODEL_ASSERT(context);
    int done = EVP_CipherInit_ex(context, cipher, NULL, key.ptr, NULL, is_seal);
    YODEL_ASSERT(done == 1);
    return context;
}

void crypto_aead_init(struct crypto_aead *aead, struct bytes key)
{
    aead->seal = context_new(key, 1);
    aead->open = context_new(key, 0);
}

void crypto_aead_deinit(struct crypto_aead *aead)
{
    EVP_CIPHER_CTX_free(aead->seal);
    EVP_CIPHER_CTX_free(aead->open);
    *aead = (struct crypto_aead){0};
}

// Sets the nonce, takes in the associated data and transforms the text; what is left is the tag.
static void run(EVP_CIPHER_CTX *context, const uint8_t *nonce, struct bytes associated,
    struct bytes text, uint8_t *out)
{
    int len = 0;

    YODEL_ASSERT(associated.len <= INT_MAX && text.len <= INT_MAX);
    int done = EVP_CipherInit_ex(context, NULL, NULL, NULL, nonce, -1);
    if (associated.len > 0) {
        done &= EVP_CipherUpdate(context, NULL, &len, associated.ptr, (int)associated.len);
    }
    if (text.len > 0) {
        done &= EVP_CipherUpdate(context, out, &len, text.ptr, (int)text.len);
    }
    YODEL_ASSERT(done == 1);
}

void crypto_aead_seal(struct crypto_aead *aead, const uint8_t nonce[CRYPTO_AEAD_NONCE_SIZE],
    struct bytes associated, struct bytes text, uint8_t *out, uint8_t tag[CRYPTO_AEAD_TAG_SIZE])
{
    uint8_t rest[CRYPTO_AEAD_TAG_SIZE];
    int len = 0;

    run(aead->seal, nonce, associated, text, out);
    int done = EVP_CipherFinal_ex(aead->seal, rest, &len);
    done &= EVP_CIPHER_CTX_ctrl(aead->seal, EVP_CTRL_AEAD_GET_TAG, CRYPTO_AEAD_TAG_SIZE, tag);
    YODEL_ASSERT(done == 1);
}

bool crypto_aead_open(struct crypto_aead *aead, const uint8_t nonce[CRYPTO_AEAD_NONCE_SIZE],
    struct bytes associated, struct span text, const uint8_t tag[CRYPTO_AEAD_TAG_SIZE])
{
    uint8_t rest[CRYPTO_AEAD_TAG_SIZE], want[CRYPTO_AEAD_TAG_SIZE];
    int len = 0;

    memcpy(want, tag, sizeof want); // libcrypto's parameter is not const.
    run(aead->open, nonce, associated, bytes_of_span(text), text.ptr);
    int done = EVP_CIPHER_CTX_ctrl(aead->open, EVP_CTRL_AEAD_SET_TAG, CRYPTO_AEAD_TAG_SIZE, want);
    YODEL_ASSERT(done == 1);
    if (EVP_CipherFinal_ex(aead->open, rest, &len) == 1) {
        return true;
    }
    // Nobody may use what was not authenticated.
    secret_wipe_span(text);
    return false;
}
