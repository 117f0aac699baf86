// Fingerprints: read and compare.

#include "dtls/fingerprint.h"

#include "base/assert.h"
#include "crypto/hash.h"

#define HASH_NAME_LEN 7

static const struct {
    const char name[HASH_NAME_LEN + 1]; // RFC 8122 §5: a token, which has no case.
    size_t size;
    void (*digest)(struct bytes data, uint8_t *out);
} hashes[] = {
    [DTLS_HASH_SHA_256] = {"sha-256", CRYPTO_SHA256_SIZE, crypto_sha256},
    [DTLS_HASH_SHA_384] = {"sha-384", CRYPTO_SHA384_SIZE, crypto_sha384},
    [DTLS_HASH_SHA_512] = {"sha-512", CRYPTO_SHA512_SIZE, crypto_sha512},
};

size_t dtls_fingerprint_size(enum dtls_hash hash)
{
    YODEL_ASSERT(hash < COUNT(hashes));
    return hashes[hash].size;
}

static bool is_named(struct bytes text, const char *name)
{
    if (text.len != HASH_NAME_LEN) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t lower = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? text.ptr[i] | 0x20 : text.ptr[i];

        if (lower != (uint8_t)name[i]) {
            return false;
        }
    }
    return true;
}

enum yodel_err dtls_fingerprint_make(
    struct dtls_fingerprint *fingerprint, struct bytes hash, struct bytes value)
{
    for (size_t i = 0; i < COUNT(hashes); i++) {
        if (!is_named(hash, hashes[i].name)) {
            continue;
        }
        if (value.len != hashes[i].size) {
            return YODEL_ERR_SYNTAX;
        }
        *fingerprint = (struct dtls_fingerprint){.hash = (enum dtls_hash)i};
        memcpy(fingerprint->value, value.ptr, value.len);
        return YODEL_OK;
    }
    return YODEL_ERR_NOT_SUPPORTED;
}

enum yodel_err dtls_fingerprint_parse(
    struct dtls_fingerprint *fingerprint, struct bytes hash, struct bytes value)
{
    uint8_t parsed[CRYPTO_FINGERPRINT_MAX] = {0};
    size_t len = 0;
    bool is_text = crypto_fingerprint_parse(parsed, &len, value) == YODEL_OK;

    return dtls_fingerprint_make(fingerprint, hash, bytes_of(parsed, is_text ? len : 0));
}

bool dtls_fingerprint_matches(
    const struct dtls_fingerprint *promised, size_t count, struct bytes der)
{
    enum dtls_hash strongest = DTLS_HASH_SHA_256;
    uint8_t value[CRYPTO_FINGERPRINT_MAX];

    for (size_t i = 0; i < count; i++) {
        strongest = promised[i].hash > strongest ? promised[i].hash : strongest;
    }
    YODEL_ASSERT(strongest < COUNT(hashes));
    hashes[strongest].digest(der, value);
    for (size_t i = 0; i < count; i++) {
        size_t size = hashes[strongest].size;

        if (promised[i].hash == strongest &&
            crypto_equal(bytes_of(value, size), bytes_of(promised[i].value, size))) {
            return true;
        }
    }
    return false;
}
