// Fingerprints as text: the bytes of a hash as upper-case hexadecimal pairs with colons.
//
// Implements  RFC 8122 §5 (the value of a=fingerprint)
// Not here    the names of the hashes, and the comparison with a certificate (dtls/fingerprint.h)
// Limits      CRYPTO_FINGERPRINT_MAX bytes, which is SHA-512

#ifndef CRYPTO_FINGERPRINT_H
#define CRYPTO_FINGERPRINT_H

#include "base/bytes.h"
#include "base/err.h"

#define CRYPTO_FINGERPRINT_MAX 64
#define CRYPTO_FINGERPRINT_TEXT_MAX (CRYPTO_FINGERPRINT_MAX * 3)

// Reads "AB:cd:…" and sets `len`. Both are written only on YODEL_OK.
YODEL_MUST_USE enum yodel_err crypto_fingerprint_parse(
    uint8_t value[CRYPTO_FINGERPRINT_MAX], size_t *len, struct bytes text);

void crypto_fingerprint_write(struct writer *w, struct bytes value);

#endif
