// TLS files, looked at before libwebsockets takes them: it listens with a bad certificate in
// silence.
//
// Ownership   keeps nothing

#ifndef SERVER_TLS_H
#define SERVER_TLS_H

#include "server/server.h"

// Fails with IO or OPERATION and a sentence about what is wrong with which file.
YODEL_MUST_USE enum yodel_err server_tls_check(
    const char *cert, const char *key, char why[SERVER_ERROR_MAX]);

#endif
