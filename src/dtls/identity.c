// Identities over libssl: one context for all connections, since a context costs more than a key.

#include "dtls/identity.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/assert.h"
#include "crypto/cert_native.h"
#include "crypto/hash.h"
#include "dtls/identity_native.h"

// RFC 8827 §6.5 demands the first one and P-256. X25519 alone would find no shared cipher with a
// P-256 certificate. Our own certificate is ECDSA; peers that are no browsers still show RSA ones.
#define IDENTITY_CIPHERS                                                                           \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"   \
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305"
#define IDENTITY_GROUPS "X25519:P-256"
#define IDENTITY_SIGNATURES                                                                        \
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"         \
    "RSA+SHA256:RSA+SHA384:RSA+SHA512"
// RFC 5764 §4.1, in order of preference (RFC 7714's first). Peers that always send media refuse a
// handshake without it, for data too.
#define IDENTITY_SRTP "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80"
#define IDENTITY_SECURITY 2   // libssl's level: 112 bits, so no RSA or curve that is shorter.
#define IDENTITY_KEY_BITS 112 // Of security: RSA of 2048.
#define IDENTITY_OPTIONS                                                                           \
    (SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION)

struct dtls_identity {
    struct alloc *alloc;
    SSL_CTX *context;
    BIO_METHOD *wire_method;
    uint8_t fingerprint[CRYPTO_SHA256_SIZE];
};

static bool is_promised(const struct dtls_trust *trust, X509 *shown)
{
    unsigned char *der = NULL;
    int len = shown ? i2d_X509(shown, &der) : 0;
    bool promised = len > 0 && dtls_fingerprint_matches(
                                   trust->promised, trust->count, bytes_of(der, (size_t)len));

    OPENSSL_free(der);
    return promised;
}

// libssl judges the length of keys where it verifies chains, which is not here.
static bool is_strong(X509 *shown)
{
    EVP_PKEY *key = shown ? X509_get0_pubkey(shown) : NULL;

    return key && EVP_PKEY_get_security_bits(key) >= IDENTITY_KEY_BITS;
}

// In place of a chain's verification, dates and names: RFC 8827 §6.5 trusts the fingerprint alone.
// This runs before the key exchange is over, in both roles, so that nothing is ever derived for an
// impostor.
static int on_certificate(X509_STORE_CTX *store, void *ctx)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct dtls_trust *trust = SSL_get_app_data(ssl);

    (void)ctx;
    X509 *shown = X509_STORE_CTX_get0_cert(store);
    trust->is_proven = is_promised(trust, shown) && is_strong(shown);
    trust->is_refuted = !trust->is_proven;
    X509_STORE_CTX_set_error(store, trust->is_proven ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return trust->is_proven;
}

static bool set_up(SSL_CTX *context, const struct crypto_cert *cert)
{
    SSL_CTX_set_options(context, IDENTITY_OPTIONS);
    SSL_CTX_set_security_level(context, IDENTITY_SECURITY);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(context, on_certificate, NULL);
    return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, IDENTITY_CIPHERS) == 1 &&
           SSL_CTX_set1_groups_list(context, IDENTITY_GROUPS) == 1 &&
           SSL_CTX_set1_sigalgs_list(context, IDENTITY_SIGNATURES) == 1 &&
           SSL_CTX_set1_client_sigalgs_list(context, IDENTITY_SIGNATURES) == 1 &&
           SSL_CTX_set_tlsext_use_srtp(context, IDENTITY_SRTP) == 0 && // 0 is success here.
           SSL_CTX_use_certificate(context, crypto_cert_x509(cert)) == 1 &&
           SSL_CTX_use_PrivateKey(context, crypto_cert_key(cert)) == 1;
}

enum yodel_err dtls_identity_new(
    struct alloc *alloc, const struct crypto_cert *cert, struct dtls_identity **out)
{
    struct dtls_identity *identity = alloc_new(alloc, sizeof *identity);

    if (!identity) {
        return YODEL_ERR_NO_MEMORY;
    }
    identity->alloc = alloc;
    identity->wire_method = dtls_wire_method_new();
    identity->context = SSL_CTX_new(DTLS_method());
    if (!identity->wire_method || !identity->context || !set_up(identity->context, cert)) {
        ERR_clear_error();
        dtls_identity_free(identity);
        return YODEL_ERR_NO_MEMORY; // All of it is ours and sound, so libssl has no other reason.
    }
    crypto_cert_fingerprint(cert, identity->fingerprint);
    *out = identity;
    return YODEL_OK;
}

void dtls_identity_free(struct dtls_identity *identity)
{
    if (!identity) {
        return;
    }
    SSL_CTX_free(identity->context);
    BIO_meth_free(identity->wire_method);
    alloc_free(identity->alloc, identity);
}

void dtls_identity_fingerprint(
    const struct dtls_identity *identity, uint8_t out[CRYPTO_SHA256_SIZE])
{
    memcpy(out, identity->fingerprint, CRYPTO_SHA256_SIZE);
}

SSL *dtls_identity_ssl_new(
    const struct dtls_identity *identity, struct dtls_wire *wire, struct dtls_trust *trust)
{
    SSL *ssl = SSL_new(identity->context);
    BIO *bio = dtls_wire_bio_new(wire, identity->wire_method);

    if (!ssl || !bio || SSL_set_app_data(ssl, trust) != 1) {
        ERR_clear_error();
        SSL_free(ssl);
        BIO_free(bio);
        return NULL;
    }
    SSL_set_bio(ssl, bio, bio);
    return ssl;
}

SSL_CTX *dtls_identity_context(const struct dtls_identity *identity)
{
    return identity->context;
}
