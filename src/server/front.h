// The front: accepts connections, and tells from their first bytes who is to have them.
//
//   STUN        TURN over TCP
//   TLS         TURN over TLS, where there is a certificate
//   the rest    closed
//
// The bytes stay unread: whoever gets the socket reads them again.
//
// Not here    what the bytes mean (server/first_bytes.h), HTTP (libwebsockets listens for itself)
// Ownership   owns its listeners, and connections until they are handed over
// Limits      SERVER_FRONT_GUESTS_MAX connections that have not said enough, each for
//             SERVER_FRONT_WAIT; SERVER_FRONT_ACCEPTS in one turn of the loop

#ifndef SERVER_FRONT_H
#define SERVER_FRONT_H

#include <uv.h>

#include "base/list.h"
#include "server/turn.h"

#define SERVER_FRONT_LISTENERS_MAX 2
#define SERVER_FRONT_GUESTS_MAX 1024
#define SERVER_FRONT_WAIT YODEL_SECONDS(10)
#define SERVER_FRONT_ACCEPTS 64

struct server_front;

struct server_front_listener {
    struct server_front *front;
    uv_poll_t poll;
    int fd;
};

struct server_front {
    const struct env *env;
    uv_loop_t *loop;
    struct server_turn *turn;
    struct ssl_ctx_st *tls; // NULL: no certificate.
    struct server_front_listener listeners[SERVER_FRONT_LISTENERS_MAX];
    size_t listener_count;
    struct list guests; // The oldest first.
    size_t guest_count;
    uv_timer_t timer;
    unsigned handle_count;
    uint64_t foreign; // Connections that spoke nothing of ours, or nothing at all.
    void (*on_stopped)(void *ctx);
    void *ctx;
};

// Takes `tls` over. `turn` runs until after the front has stopped.
void server_front_start(struct server_front *front, uv_loop_t *loop, const struct env *env,
    struct server_turn *turn, struct ssl_ctx_st *tls);

// A listening socket, which the front owns from here on, failure included.
YODEL_MUST_USE enum yodel_err server_front_add(struct server_front *front, int fd);

// `on_stopped` follows, also where nothing was started.
void server_front_stop(struct server_front *front, void (*on_stopped)(void *ctx), void *ctx);

#endif
