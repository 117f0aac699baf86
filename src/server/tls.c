// TLS files: loaded once, for nothing but the error.

#include "server/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <unistd.h>

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

enum yodel_err server_tls_check(const char *cert, const char *key, char why[SERVER_ERROR_MAX])
{
    if (!can_read(cert, "--tls-cert", why) || !can_read(key, "--tls-key", why)) {
        return YODEL_ERR_IO;
    }
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    const char *fault = context ? find_fault(context, cert, key) : "no memory for TLS";
    SSL_CTX_free(context);
    ERR_clear_error();
    if (fault) {
        snprintf(why, SERVER_ERROR_MAX, "%s", fault);
        return YODEL_ERR_OPERATION;
    }
    return YODEL_OK;
}

// RFC 7301 §3.2, but for the alert: a client whose protocols are all foreign may still speak TURN.
static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_len,
    const unsigned char *offered, unsigned offered_len, void *ctx)
{
    static const unsigned char ours[] = "\x09stun.turn";
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

struct ssl_ctx_st *server_tls_new(const char *cert, const char *key)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (!context) {
        return NULL;
    }
    if (find_fault(context, cert, key) ||
        SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(context);
        ERR_clear_error();
        return NULL;
    }
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return context;
}
