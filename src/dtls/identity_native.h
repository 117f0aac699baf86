// What is inside an identity, for the engine and its tests.
//
// Ownership   borrowed from the identity

#ifndef DTLS_IDENTITY_NATIVE_H
#define DTLS_IDENTITY_NATIVE_H

#include <openssl/types.h>

#include "dtls/identity.h"
#include "dtls/wire.h"

// A connection over `wire` that accepts what `trust` allows, or NULL without memory. It borrows
// both.
SSL *dtls_identity_ssl_new(
    const struct dtls_identity *identity, struct dtls_wire *wire, struct dtls_trust *trust);

SSL_CTX *dtls_identity_context(const struct dtls_identity *identity);

#endif
