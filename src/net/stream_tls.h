// TLS over a non-blocking socket: libssl behind four verbs. For net/stream.c.
//
// Implements  RFC 8446, RFC 5246 by libssl; RFC 9525 §6 (the name in the certificate); RFC 7443
// Ownership   borrows the socket and the context
// Limits      STREAM_TLS_READS reads of the socket between two visits of the loop; nothing older
//             than TLS 1.2
// Departs     no close_notify is waited for: every protocol over it tells its own end

#ifndef NET_STREAM_TLS_H
#define NET_STREAM_TLS_H

#include <openssl/types.h>

#include "net/stream.h"

#define STREAM_TLS_READS 8
#define STREAM_TLS_RECORD (16u * 1024) // RFC 8446 §5.1: what one write takes at the most.

enum stream_io {
    STREAM_IO_DONE,
    STREAM_IO_AGAIN, // When the socket can be read, or written where `wants_room`.
    STREAM_IO_END,   // The other side's.
    STREAM_IO_FAILED,
};

struct stream_tls {
    SSL *ssl; // NULL: none.
    struct bio_method_st *method;
    int fd;
    int error;            // Of the socket, where that is what failed; -1: TLS failed; else 0.
    unsigned long reason; // Libssl's.
    bool has_ended;
    uint32_t reads_left; // Before the loop must serve others.
    bool wants_room;     // The socket was full.
    bool has_more;       // Another write follows at once: the system may wait for it.
};

// Either side; the client's checks the certificate as the target says. False: no memory.
YODEL_MUST_USE bool stream_tls_connect(
    struct stream_tls *tls, int fd, const struct stream_target *target, const char *host);
YODEL_MUST_USE bool stream_tls_accept(struct stream_tls *tls, int fd, struct ssl_ctx_st *context);
void stream_tls_close(struct stream_tls *tls);

// Says close_notify, once, where there is TLS; it may still be read.
void stream_tls_end(struct stream_tls *tls);

// The loop came by: the socket may be read again.
void stream_tls_visit(struct stream_tls *tls);

enum stream_io stream_tls_shake(struct stream_tls *tls);
enum stream_io stream_tls_read(struct stream_tls *tls, struct span room, size_t *len);
enum stream_io stream_tls_write(struct stream_tls *tls, struct bytes data, size_t *len);

// Why the last of these failed: a clause.
void stream_tls_explain(const struct stream_tls *tls, struct span text);

#endif
