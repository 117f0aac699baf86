// Secrets: copying in and wiping out.

#include "crypto/secret.h"

#include <openssl/crypto.h>

#include "base/assert.h"

void secret_set(struct secret *secret, struct bytes value)
{
    YODEL_ASSERT(value.len <= SECRET_SIZE_MAX);
    secret_wipe(secret);
    if (value.len > 0) {
        memcpy(secret->data, value.ptr, value.len);
    }
    secret->len = value.len;
}

void secret_wipe(struct secret *secret)
{
    OPENSSL_cleanse(secret, sizeof *secret);
}

void secret_wipe_span(struct span span)
{
    OPENSSL_cleanse(span.ptr, span.len);
}
