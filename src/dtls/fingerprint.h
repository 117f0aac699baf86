// Fingerprints: which certificate the other side said, by signaling, that it would show.
//
// Implements  RFC 8122 §5 (a=fingerprint), RFC 8827 §6.5
// Not here    the hexadecimal text itself (crypto/fingerprint.h)
// Limits      SHA-256, SHA-384 and SHA-512; MD2, MD5 and SHA-1 prove nothing and are not supported

#ifndef DTLS_FINGERPRINT_H
#define DTLS_FINGERPRINT_H

#include "base/bytes.h"
#include "base/err.h"
#include "crypto/fingerprint.h"

// The stronger, the later.
enum dtls_hash { DTLS_HASH_SHA_256, DTLS_HASH_SHA_384, DTLS_HASH_SHA_512 };

struct dtls_fingerprint {
    enum dtls_hash hash;
    uint8_t value[CRYPTO_FINGERPRINT_MAX]; // As much of it as the hash is long.
};

size_t dtls_fingerprint_size(enum dtls_hash hash);

// Reads the two words of a=fingerprint, for instance "sha-256" and "AB:CD:…".
// YODEL_ERR_NOT_SUPPORTED for another hash, YODEL_ERR_SYNTAX for a value that does not parse or is
// not as long as the hash.
YODEL_MUST_USE enum yodel_err dtls_fingerprint_parse(
    struct dtls_fingerprint *fingerprint, struct bytes hash, struct bytes value);

// The same from a value that is bytes already.
YODEL_MUST_USE enum yodel_err dtls_fingerprint_make(
    struct dtls_fingerprint *fingerprint, struct bytes hash, struct bytes value);

// Whether `der`, a certificate, is one of those promised. Of several hashes only the strongest
// counts, so that a weaker one beside it opens no way in.
bool dtls_fingerprint_matches(
    const struct dtls_fingerprint *promised, size_t count, struct bytes der);

#endif
