// HKDF: two steps, both HMAC.

#include "crypto/hkdf.h"

#include "base/assert.h"
#include "crypto/secret.h"

void crypto_hkdf_extract(struct bytes salt, struct bytes secret, uint8_t out[CRYPTO_SHA256_SIZE])
{
    // RFC 5869 §2.2: no salt is as many zeros as the hash is long, which is what HMAC makes of an
    // empty key.
    crypto_hmac_sha256(salt, secret, out);
}

// RFC 5869 §2.3: T(i) = HMAC(key, T(i-1) | info | i), and the output is T(1) | T(2) | …
void crypto_hkdf_expand(struct bytes key, struct bytes info, struct span out)
{
    uint8_t block[CRYPTO_SHA256_SIZE];
    uint8_t input[CRYPTO_SHA256_SIZE + CRYPTO_HKDF_INFO_MAX + 1];
    struct bytes before = {0};

    YODEL_ASSERT(out.len <= CRYPTO_HKDF_OUT_MAX && info.len <= CRYPTO_HKDF_INFO_MAX);
    for (unsigned i = 1; out.len > 0; i++) {
        struct writer w = writer_of(span_of(input, sizeof input));

        put_bytes(&w, before);
        put_bytes(&w, info);
        put_u8(&w, (uint8_t)i);
        crypto_hmac_sha256(key, writer_bytes(&w), block);
        before = bytes_of(block, sizeof block);
        size_t len = out.len < sizeof block ? out.len : sizeof block;
        memcpy(out.ptr, block, len);
        out = span_sub(out, len, out.len);
    }
    secret_wipe_span(span_of(block, sizeof block));
    secret_wipe_span(span_of(input, sizeof input));
}
