// The front: accepts connections, and tells from their first bytes who is to have them.
//
//   HTTP           the web, where there is no certificate
//   TLS for HTTP   the web, where there is one
//   STUN           TURN over TCP
//   TLS for TURN   TURN over TLS
//   TLS            who ends it sees (server/inner.h): HTTP or TURN
//   ICE-TCP        who has asked for it
//   the rest       closed, as is what nobody takes
//
// The bytes stay unread: whoever gets the socket reads them again. Where they are there already when a
// connection is accepted, it costs neither memory nor a visit of the loop.
//
// Implements  RFC 7983 §7 in spirit, for streams; RFC 7443 (TURN beside HTTPS, by ALPN)
// Not here    what the bytes mean (server/first_bytes.h), what is inside TLS (server/inner.h)
// Ownership   owns its listeners, and connections until they are handed over
// Limits      SERVER_FRONT_GUESTS_MAX connections that have not said enough, each for
//             SERVER_FRONT_WAIT, and as long again inside TLS; SERVER_FRONT_ACCEPTS in one turn of the
//             loop; where there are no descriptors left, none is accepted for SERVER_FRONT_REST_MS

#ifndef SERVER_FRONT_H
#define SERVER_FRONT_H

#include <uv.h>

#include "base/list.h"
#include "server/first_bytes.h"
#include "server/turn.h"

#define SERVER_FRONT_LISTENERS_MAX 3
#define SERVER_FRONT_GUESTS_MAX 4096
#define SERVER_FRONT_WAIT YODEL_SECONDS(5)
#define SERVER_FRONT_ACCEPTS 64
#define SERVER_FRONT_REST_MS 100

struct server_front;
struct ssl_ctx_st;
struct stream;

// Who has what the front has told apart, and owns it from then on.
struct server_front_takers {
    void (*http)(void *ctx, int fd, bool is_tls);

    // TLS has ended here. `early`, and then `rest`, were inside; they are valid for the call.
    void (*http_inside)(void *ctx, struct stream *stream, struct bytes early, struct span rest);
    void (*ice_tcp)(void *ctx, int fd); // NULL: nobody.
    void *ctx;
    struct server_turn *turn; // NULL: nobody. Runs until after the front has stopped.
};

struct server_front_listener {
    struct server_front *front;
    uv_poll_t poll;
    int fd;
    bool is_web;
};

struct server_front {
    const struct env *env;
    uv_loop_t *loop;
    struct server_front_takers takers;
    struct ssl_ctx_st *tls; // NULL: no certificate. Borrowed.
    struct server_front_listener listeners[SERVER_FRONT_LISTENERS_MAX];
    size_t listener_count;
    struct list guests; // The oldest first.
    size_t guest_count;
    uv_timer_t timer;
    uv_timer_t rest;
    unsigned handle_count;
    uint64_t told[SERVER_FIRST_COUNT]; // Connections, by what they spoke;
    uint64_t refused;                  // those that nobody took.
    void (*on_stopped)(void *ctx);
    void *ctx;
};

void server_front_start(struct server_front *front, uv_loop_t *loop, const struct env *env,
    const struct server_front_takers *takers);

// The certificate of connections to come; NULL: none.
void server_front_set_tls(struct server_front *front, struct ssl_ctx_st *tls);

// A listening socket, which the front owns from here on, failure included. `is_web`: also for HTTP.
YODEL_MUST_USE enum yodel_err server_front_add(struct server_front *front, int fd, bool is_web);

// `on_stopped` follows, also where nothing was started.
void server_front_stop(struct server_front *front, void (*on_stopped)(void *ctx), void *ctx);

// ---- for its own files

// Somebody of whom it is not clear yet who is to have him.
struct server_front_guest {
    struct list_node node; // First.
    struct server_front *front;
    bool is_web;
    yodel_time until;
    void (*dismiss)(struct server_front_guest *guest);
};

// One more, who has been silent the shortest time.
void server_front_join(struct server_front *front, struct server_front_guest *guest);

// He is not waited for any more. May be called twice.
void server_front_leave(struct server_front_guest *guest);

// One whom the front waits for when it stops, a guest or a handle, is gone for good.
void server_front_gone(struct server_front *front);

#endif
