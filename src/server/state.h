// The server's inside, for its own files.

#ifndef SERVER_STATE_H
#define SERVER_STATE_H

#include <libwebsockets.h>
#include <uv.h>

#include "net/interfaces_watch.h"
#include "server/front.h"
#include "server/pump.h"
#include "server/server.h"
#include "server/turn_workers.h"
#include "signaling/core.h"

#define SERVER_SUBPROTOCOL "yodel.signal.1"
#define SERVER_CHUNK 16384     // Of a file, in one turn.
#define SERVER_PROTOCOL_HTTP 0 // Their places in the table of protocols.
#define SERVER_PROTOCOL_WS 1

struct server_http_stats {
    uint64_t requests;
    uint64_t refused_origin;
    uint64_t refused_limit;
};

struct server {
    struct server_config config;
    uv_loop_t *loop;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct signaling_core core;
    struct server_turn turn;            // On our own loop;
    struct server_turn_workers workers; // it is the first of these.
    struct interfaces_watch watch;      // Of this machine's addresses, where there are relays.
    bool is_watching;
    struct server_front front;
    struct server_pumps pumps;
    struct ssl_ctx_st *tls; // NULL: no certificate.
    struct server_http_stats http;
    uv_timer_t tick;
    uv_timer_t stopping;
    yodel_time goodbye_until, drain_until; // Once it is stopping.
    unsigned open_handles;
    struct yodel_addr local;
    yodel_time started;
    bool is_stopping;
    bool is_destroyed;
    void (*done)(void *ctx);
    void *done_ctx;
    void *foreign_loops[1];
    uint8_t chunk[LWS_PRE + SIGNALING_TEXT_MAX + 4096]; // What is being written; one at a time.
};

// After anything was told to the core: whoever has something new to hear gets a turn, and the timer
// is set.
void server_state_pump(struct server *server);

// A client is gone: the last one lets a stopping server end.
void server_state_left(struct server *server);

static inline struct server *server_state_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

#endif
