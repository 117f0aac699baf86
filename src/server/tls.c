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
