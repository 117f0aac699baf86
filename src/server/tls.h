// TLS files, looked at before libwebsockets takes them: it listens with a bad certificate in
// silence.
//
// Implements  RFC 7443 (ALPN for TURN), for the context
// Ownership   keeps nothing; the caller frees a context

#ifndef SERVER_TLS_H
#define SERVER_TLS_H

#include "server/server.h"

// Fails with IO or OPERATION and a sentence about what is wrong with which file.
YODEL_MUST_USE enum yodel_err server_tls_check(
    const char *cert, const char *key, char why[SERVER_ERROR_MAX]);

struct ssl_ctx_st;

// A context for accepting TURN's clients, from files of the same form. NULL on failure.
struct ssl_ctx_st *server_tls_new(const char *cert, const char *key);

#endif
