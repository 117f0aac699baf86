// The server's certificate, in a context of ours that serves all: TURN, HTTPS, and what turns out to be one
// of them. Libwebsockets has a context of its own, which asks ours at each handshake: so that a new
// certificate is everybody's at once, and nobody's connection ends for it.
//
// Implements  RFC 7301 and RFC 7443 (ALPN for HTTP and TURN)
// Ownership   the caller frees a context; connections keep what they began with

#ifndef SERVER_TLS_H
#define SERVER_TLS_H

#include "server/server.h"

struct ssl_ctx_st;

// From PEM files. Fails with IO or OPERATION and a sentence about what is wrong with which file.
YODEL_MUST_USE enum yodel_err server_tls_load(
    struct ssl_ctx_st **context, const char *cert, const char *key, char why[SERVER_ERROR_MAX]);

// With a certificate made now, that nobody trusts.
YODEL_MUST_USE enum yodel_err server_tls_make(
    struct ssl_ctx_st **context, const struct env *env, char why[SERVER_ERROR_MAX]);

void server_tls_free(struct ssl_ctx_st *context);

// Whoever accepts with `other` presents the certificate of what `*context` is at that time. `context`
// outlives `other`.
void server_tls_lend(struct ssl_ctx_st *const *context, struct ssl_ctx_st *other);

#endif
