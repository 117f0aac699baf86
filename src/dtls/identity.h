// A DTLS identity: one certificate, and what libssl shares between all connections that show it.
//
// Implements  RFC 8827 §6.5 (suites, curves, mutual certificates), RFC 9325 §4 (AEAD and forward
//             secrecy alone)
// Not here    a single connection (dtls/dtls.h)
// Ownership   references its certificate's parts, so that the certificate itself may go; outlives
//             its connections
// Limits      DTLS 1.2; ECDHE with an AEAD, ECDSA on our side; X25519 and P-256; no resumption,
//             tickets or renegotiation

#ifndef DTLS_IDENTITY_H
#define DTLS_IDENTITY_H

#include "crypto/cert.h"
#include "dtls/fingerprint.h"

#define DTLS_FINGERPRINTS_MAX 4

struct dtls_identity;

// What a connection expects of its peer's certificate, and what it found.
struct dtls_trust {
    struct dtls_fingerprint promised[DTLS_FINGERPRINTS_MAX];
    size_t count;
    bool is_proven;  // A certificate was shown, and it was one of those promised.
    bool is_refuted; // It was another.
};

YODEL_MUST_USE enum yodel_err dtls_identity_new(
    struct alloc *alloc, const struct crypto_cert *cert, struct dtls_identity **out);
void dtls_identity_free(struct dtls_identity *identity);

// The SHA-256 of the certificate, for our own a=fingerprint.
void dtls_identity_fingerprint(
    const struct dtls_identity *identity, uint8_t out[CRYPTO_SHA256_SIZE]);

#endif
