// TLS: a look at a server's certificate, all of what is wrong with it at once.
//
// A client without a socket: bytes of the other side go in, bytes for it come out. It goes on where
// others would stop, so that every fault can be told; nothing secret is ever sent through it.
//
// Implements  RFC 8446, RFC 5246 through libssl; RFC 9525 §6 (the name in the certificate)
// Ownership   the caller deinits; texts live in the struct
// Limits      DOCTOR_TLS_CHAIN_MAX certificates are looked at

#ifndef DOCTOR_TLS_H
#define DOCTOR_TLS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

#define DOCTOR_TLS_TEXT_MAX 160
#define DOCTOR_TLS_CHAIN_MAX 16

struct ssl_st;
struct ssl_ctx_st;

enum doctor_tls_state { DOCTOR_TLS_SHAKING, DOCTOR_TLS_OPEN, DOCTOR_TLS_FAILED };

// What is wrong with the chain. Of several, each.
struct doctor_tls_faults {
    bool is_expired;
    bool is_not_yet_valid;
    bool is_of_another_name;
    bool is_self_signed; // The server's own word, or a root that nobody here trusts.
    bool is_incomplete;  // No way from it to a root: intermediate certificates are missing.
    bool is_other;       // Something else; `text` says what.
};

struct doctor_tls {
    struct ssl_ctx_st *context;
    struct ssl_st *ssl;
    enum doctor_tls_state state;
    char why[DOCTOR_TLS_TEXT_MAX]; // Once failed: a clause.

    struct doctor_tls_faults faults; // Once open.
    char text[DOCTOR_TLS_TEXT_MAX];  // Of libssl's, for the first fault, or "".
    char subject[DOCTOR_TLS_TEXT_MAX];
    char issuer[DOCTOR_TLS_TEXT_MAX];
    const char *version; // "TLSv1.3".
    int64_t ends;        // Seconds since 1970; of the one that ends first in the chain sent.
    uint32_t chain_len;
};

// `host` is a name or an IP address. Fails with NO_MEMORY.
YODEL_MUST_USE enum yodel_err doctor_tls_init(struct doctor_tls *tls, const char *host);
void doctor_tls_deinit(struct doctor_tls *tls);

// What the other side has sent; then what is for it, into `room`, until 0.
void doctor_tls_recv(struct doctor_tls *tls, struct bytes data);
size_t doctor_tls_emit(struct doctor_tls *tls, struct span room);

// Plain bytes, once open. `write` is for a few; `read` gives 0 where nothing has come.
void doctor_tls_write(struct doctor_tls *tls, struct bytes plain);
size_t doctor_tls_read(struct doctor_tls *tls, struct span room);

#endif
