// A certificate of one's own: a P-256 key and the self-signed certificate that carries it into
// DTLS.
//
// Implements  RFC 8827 §6.5 (P-256 with SHA-256), W3C webrtc §4.9 (RTCCertificate, 30 days)
// Not here    another's certificate: DTLS hashes it and looks at nothing else (dtls/fingerprint.h)
// Ownership   the caller frees; the key and the certificate inside are libcrypto's
// Time        wall-clock seconds since 1970, given by the caller, since certificates carry dates
// Limits      CRYPTO_CERT_PEM_MAX bytes of PEM

#ifndef CRYPTO_CERT_H
#define CRYPTO_CERT_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "crypto/hmac.h"

#define CRYPTO_CERT_PEM_MAX 4096
#define CRYPTO_CERT_DAYS 30
#define CRYPTO_CERT_DAYS_EARLY 1 // Valid since yesterday: the peer's clock may be behind.

struct crypto_cert;

YODEL_MUST_USE enum yodel_err crypto_cert_new(
    struct alloc *alloc, uint64_t wall_seconds, struct crypto_cert **out);
void crypto_cert_free(struct crypto_cert *cert);

// The SHA-256 of the whole certificate, which is what a=fingerprint:sha-256 carries.
void crypto_cert_fingerprint(const struct crypto_cert *cert, uint8_t out[CRYPTO_SHA256_SIZE]);

// The private key and the certificate as PEM. `room` holds a secret afterwards.
YODEL_MUST_USE enum yodel_err crypto_cert_write_pem(
    const struct crypto_cert *cert, struct span room, size_t *len);

// Reads what write_pem wrote: YODEL_ERR_SYNTAX for other text or a key that is not the
// certificate's, YODEL_ERR_NOT_SUPPORTED for a key that is not P-256.
YODEL_MUST_USE enum yodel_err crypto_cert_parse_pem(
    struct alloc *alloc, struct bytes pem, struct crypto_cert **out);

#endif
