// Streams: TCP in a libuv loop, perhaps TLS over it, perhaps through an HTTP proxy; either end.
//
// Whatever happens to a stream is told from the loop, in one place, and its end comes exactly once:
// also that it could not be opened.
//
// Implements  RFC 5246, RFC 8446 (TLS 1.2 and 1.3, by libssl), RFC 9525 (whose certificate it is),
//             RFC 7443 (ALPN for STUN and TURN); RFC 8656 §2.1 (TCP and TLS to a TURN server)
// Not here    TLS itself (net/stream_tls.h), what a proxy answers (net/proxy.h), where one message
//             ends (turn/frame.h, RFC 4571), listening (net/socket.h)
// Ownership   a stream frees itself after on_closed; what a target points to is copied
// Limits      STREAM_QUEUE_MAX bytes wait for the socket; a stream opens within the two times-out, and
//             ends within STREAM_END_TIMEOUT
// Threads     the loop's only

#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <uv.h>

#include "base/addr.h"
#include "base/env.h"

#define STREAM_QUEUE_MAX (128u * 1024)
#define STREAM_PIECES_MAX 8
#define STREAM_READ_ROOM (64u * 1024) // What one on_data brings at the most.
#define STREAM_HOST_MAX 256           // RFC 1035 §2.3.4: 255, and the NUL.
#define STREAM_CREDENTIALS_MAX 256
#define STREAM_CONNECT_TIMEOUT YODEL_SECONDS(10)
#define STREAM_HANDSHAKE_TIMEOUT YODEL_SECONDS(10) // For the proxy's answer, and for TLS.
#define STREAM_END_TIMEOUT YODEL_SECONDS(10)       // For the last of what waits, and its echo.

struct stream;
struct ssl_ctx_st;

struct stream_handler {
    void (*on_open)(void *ctx);                   // Connected, and TLS agreed on. May be NULL.
    void (*on_data)(void *ctx, struct span data); // Plain, in their order; valid for the call.
    void (*on_room)(void *ctx); // After a write that was refused, or stream_want_room. May be NULL.

    // The last call. `why` is a clause for a person ("the other side closed the connection"), or
    // NULL after stream_close.
    void (*on_closed)(void *ctx, const char *why);
};

// An HTTP proxy that is asked for a tunnel.
struct stream_proxy {
    struct yodel_addr addr;
    const char *credentials; // "user:password", or NULL.
};

struct stream_target {
    struct yodel_addr local;          // Of which interface; its port counts too. Or none.
    bool shares_local;                // A socket of ours listens there (socket_share_port).
    yodel_duration connect_timeout;   // 0: STREAM_CONNECT_TIMEOUT.
    struct yodel_addr remote;         // Through a proxy, its port counts, and its IP without host.
    const char *host;                 // A name or an IP address: whose certificate it must be.
    struct ssl_ctx_st *tls;           // NULL: plain TCP.
    bool is_insecure;                 // Takes any certificate.
    const char *alpn;                 // "stun.turn", or NULL.
    const struct stream_proxy *proxy; // Or NULL.
};

// A context for connecting with TLS, which trusts whom the system does, to be shared by all streams
// of a loop. NULL: no memory. Ends with stream_tls_free.
struct ssl_ctx_st *stream_tls_new(void);
void stream_tls_free(struct ssl_ctx_st *tls);

// Fails with NO_MEMORY; all else is told by on_closed, from the loop.
YODEL_MUST_USE enum yodel_err stream_connect(struct stream **stream, uv_loop_t *loop,
    const struct env *env, const struct stream_target *target, const struct stream_handler *handler,
    void *ctx);

// Takes a connected socket over, also one that is no TCP, and closes it where it fails. `tls` NULL: plain;
// it may be freed afterwards. on_open comes from the loop here too. Fails with NO_MEMORY.
YODEL_MUST_USE enum yodel_err stream_accept(struct stream **stream, uv_loop_t *loop,
    const struct env *env, int fd, struct ssl_ctx_st *tls, const struct stream_handler *handler,
    void *ctx);

// Writes up to STREAM_PIECES_MAX pieces as one, whole or not at all; before on_open they wait.
// False: no room, or closed. What fails afterwards is told by on_closed.
bool stream_write(struct stream *stream, const struct bytes *pieces, size_t count);

// Between the two, what is written waits, so that many messages leave with one system call.
void stream_hold(struct stream *stream);
void stream_release(struct stream *stream);

// From here on `handler` is told, with `ctx`; also from within a call of the old one's.
void stream_hand_over(struct stream *stream, const struct stream_handler *handler, void *ctx);

// Between the two, nothing is read, so that the other side waits with what it has to say.
void stream_pause(struct stream *stream);
void stream_resume(struct stream *stream);

// on_room comes once at most half of STREAM_QUEUE_MAX waits: from the loop, also where that is so already.
void stream_want_room(struct stream *stream);

// What waits is sent yet, and what comes is dropped; then on_closed follows, as after stream_close.
void stream_end(struct stream *stream);

// What waits is lost. on_closed follows from the loop, nothing else does. May be called twice.
void stream_close(struct stream *stream);

// Closes it for who wants no more of it: nobody is told.
void stream_abandon(struct stream *stream);

size_t stream_queued(const struct stream *stream); // Bytes that wait.
struct yodel_addr stream_local(const struct stream *stream);
struct yodel_addr stream_remote(const struct stream *stream); // Of a proxy, where there is one.

#endif
