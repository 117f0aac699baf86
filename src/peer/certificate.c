// Certificates: a key pair that outlives one peer.
//
// Implements  W3C webrtc §4.9 (RTCCertificate), RFC 8827 §6.5

#include "base/alloc.h"
#include "crypto/fingerprint.h"
#include "peer/peer.h"

YODEL_API enum yodel_err yodel_certificate_generate(
    int64_t unix_seconds, yodel_certificate **certificate)
{
    struct alloc *alloc = alloc_system();
    yodel_certificate *made = alloc_new(alloc, sizeof *made);

    if (!made) {
        return YODEL_ERR_NO_MEMORY;
    }
    enum yodel_err err = crypto_cert_new(alloc, (uint64_t)unix_seconds, &made->cert);
    if (!err) {
        err = dtls_identity_new(alloc, made->cert, &made->identity);
    }
    if (err) {
        yodel_certificate_free(made);
        return err;
    }
    *certificate = made;
    return YODEL_OK;
}

YODEL_API void yodel_certificate_free(yodel_certificate *certificate)
{
    if (!certificate) {
        return;
    }
    if (certificate->identity) {
        dtls_identity_free(certificate->identity);
    }
    if (certificate->cert) {
        crypto_cert_free(certificate->cert);
    }
    alloc_free(alloc_system(), certificate);
}

YODEL_API void yodel_certificate_fingerprint(
    const yodel_certificate *certificate, char text[YODEL_FINGERPRINT_TEXT_MAX])
{
    uint8_t value[CRYPTO_SHA256_SIZE];
    struct writer w = writer_of(span_of(text, YODEL_FINGERPRINT_TEXT_MAX - 1));

    dtls_identity_fingerprint(certificate->identity, value);
    crypto_fingerprint_write(&w, bytes_of(value, sizeof value));
    text[w.len] = '\0';
}
