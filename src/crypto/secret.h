// Secrets: keys and passwords in a place of their own, wiped when they have served.
//
// Ownership   a secret holds its bytes itself; who has one calls secret_wipe
// Limits      SECRET_SIZE_MAX bytes

#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "base/bytes.h"

#define SECRET_SIZE_MAX 64

struct secret {
    size_t len;
    uint8_t data[SECRET_SIZE_MAX];
};

// Copies at most SECRET_SIZE_MAX bytes; more is a bug of the caller.
void secret_set(struct secret *secret, struct bytes value);

// Zeroes it in a way that no compiler leaves out.
void secret_wipe(struct secret *secret);

// The same for memory that is no struct secret.
void secret_wipe_span(struct span span);

static inline struct bytes secret_bytes(const struct secret *secret)
{
    return bytes_of(secret->data, secret->len);
}

#endif
