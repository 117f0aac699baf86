// TLS: contexts of libssl's, each with one certificate.

#include "server/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/cert_native.h"
#include "net/clock.h"

static bool can_read(const char *path, const char *flag, char why[SERVER_ERROR_MAX])
{
    if (access(path, R_OK) == 0) {
        return true;
    }
    snprintf(
        why, SERVER_ERROR_MAX, "cannot read %s, given with %s: %s", path, flag, strerror(errno));
    return false;
}

static const char *find_fault(SSL_CTX *context, const char *cert, const char *key)
{
    if (SSL_CTX_use_certificate_chain_file(context, cert) != 1) {
        return "--tls-cert holds no certificate in PEM form";
    }
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        return "--tls-key holds no private key in PEM form, or not that of the certificate";
    }
    if (SSL_CTX_check_private_key(context) != 1) {
        return "the key of --tls-key is not that of the certificate of --tls-cert";
    }
    return NULL;
}

// RFC 7301 §3.2, but for the alert: a client whose protocols are all foreign may still speak one of ours.
// TURN comes first, as it does for the front (server/first_bytes.h).
static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_len,
    const unsigned char *offered, unsigned offered_len, void *ctx)
{
    static const unsigned char ours[] = "\x09stun.turn\x12stun.nat-discovery\x08http/1.1";
    unsigned char *found = NULL;

    (void)ssl;
    (void)ctx;
    if (SSL_select_next_proto(&found, chosen_len, ours, sizeof ours - 1, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *new_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context &&
        SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) { // RFC 9325 §3.1.1.
        SSL_CTX_free(context);
        return NULL;
    }
    if (context) {
        SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    }
    return context;
}

// With `fault`, it comes to nothing.
static enum yodel_err finish(
    struct ssl_ctx_st **made, SSL_CTX *context, const char *fault, char why[SERVER_ERROR_MAX])
{
    ERR_clear_error();
    if (fault) {
        SSL_CTX_free(context);
        snprintf(why, SERVER_ERROR_MAX, "%s", fault);
        return YODEL_ERR_OPERATION;
    }
    *made = context;
    return YODEL_OK;
}

enum yodel_err server_tls_load(
    struct ssl_ctx_st **made, const char *cert, const char *key, char why[SERVER_ERROR_MAX])
{
    if (!can_read(cert, "--tls-cert", why) || !can_read(key, "--tls-key", why)) {
        return YODEL_ERR_IO;
    }
    SSL_CTX *context = new_context();
    return finish(
        made, context, context ? find_fault(context, cert, key) : "no memory for TLS", why);
}

enum yodel_err server_tls_make(
    struct ssl_ctx_st **made, const struct env *env, char why[SERVER_ERROR_MAX])
{
    struct crypto_cert *cert;
    SSL_CTX *context = new_context();

    if (!context ||
        crypto_cert_new(env->alloc, (uint64_t)clock_wall_seconds(), &cert) != YODEL_OK) {
        return finish(made, context, "cannot make a certificate", why);
    }
    bool is_good = SSL_CTX_use_certificate(context, crypto_cert_x509(cert)) == 1 &&
                   SSL_CTX_use_PrivateKey(context, crypto_cert_key(cert)) == 1;
    crypto_cert_free(cert);
    return finish(made, context, is_good ? NULL : "cannot make a certificate", why);
}

void server_tls_free(struct ssl_ctx_st *context)
{
    SSL_CTX_free(context);
}

static int take_certificate(SSL *ssl, void *ctx)
{
    SSL_CTX *const *context = ctx;

    return SSL_set_SSL_CTX(ssl, *context) != NULL;
}

void server_tls_lend(struct ssl_ctx_st *const *context, struct ssl_ctx_st *other)
{
    (void)SSL_CTX_set_min_proto_version(other, TLS1_2_VERSION);
    // Libssl hands the pointer back, and writes nothing there.
    SSL_CTX_set_cert_cb(other, take_certificate, (void *)(uintptr_t)context);
}
