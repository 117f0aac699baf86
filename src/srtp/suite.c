// AES in counter mode as a pseudo-random function makes the session keys.

#include "srtp/suite.h"

#include "base/assert.h"
#include "crypto/ctr.h"

// RFC 3711 §4.3.2: those of SRTCP begin at 3.
enum label {
    LABEL_CIPHER,
    LABEL_AUTH,
    LABEL_SALT,
    LABEL_RTCP,
};

#define LABEL_AT 7 // Where the label meets the salt, which is the counter's first 14 bytes.

static const struct {
    enum srtp_suite suite;
    bool is_aead;
    size_t key_size, salt_size, tag_size;
} rows[] = {
    {SRTP_AES128_CM_SHA1_80, false, 16, 14, 10},
    {SRTP_AEAD_AES_128_GCM, true, 16, 12, 16},
    {SRTP_AEAD_AES_256_GCM, true, 32, 12, 16},
};

static size_t row_of(enum srtp_suite suite)
{
    size_t i = 0;

    while (i < COUNT(rows) && rows[i].suite != suite) {
        i++;
    }
    YODEL_ASSERT(i < COUNT(rows));
    return i;
}

bool srtp_suite_is_aead(enum srtp_suite suite)
{
    return rows[row_of(suite)].is_aead;
}

size_t srtp_suite_key_size(enum srtp_suite suite)
{
    return rows[row_of(suite)].key_size;
}

size_t srtp_suite_salt_size(enum srtp_suite suite)
{
    return rows[row_of(suite)].salt_size;
}

size_t srtp_suite_tag_size(enum srtp_suite suite)
{
    return rows[row_of(suite)].tag_size;
}

// RFC 3711 §4.3.3: the key stream at (label | 0) XOR salt. A salt of 12 bytes ends in zeros (RFC 7714 §11).
static void derive(
    struct crypto_ctr *prf, struct bytes salt, bool is_rtcp, enum label label, struct span out)
{
    uint8_t counter[CRYPTO_CTR_BLOCK_SIZE] = {0};

    memcpy(counter, salt.ptr, salt.len);
    counter[LABEL_AT] ^= (uint8_t)(label + (is_rtcp ? LABEL_RTCP : 0));
    memset(out.ptr, 0, out.len);
    crypto_ctr_run(prf, counter, bytes_of_span(out), out.ptr);
}

void srtp_suite_derive(
    enum srtp_suite suite, struct bytes master, bool is_rtcp, struct srtp_session_keys *keys)
{
    size_t key_size = srtp_suite_key_size(suite), salt_size = srtp_suite_salt_size(suite);
    struct crypto_ctr prf;

    YODEL_ASSERT(master.len == key_size + salt_size);
    struct bytes salt = bytes_sub(master, key_size, salt_size);
    crypto_ctr_init(&prf, bytes_sub(master, 0, key_size));
    derive(&prf, salt, is_rtcp, LABEL_CIPHER, span_of(keys->cipher, key_size));
    derive(&prf, salt, is_rtcp, LABEL_AUTH, span_of(keys->auth, sizeof keys->auth));
    derive(&prf, salt, is_rtcp, LABEL_SALT, span_of(keys->salt, salt_size));
    crypto_ctr_deinit(&prf);
}
