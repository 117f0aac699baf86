// The server: signaling over WebSocket, the web page, health, metrics and STUN, in one process on
// one libuv loop.
//
// Implements  docs/SIGNALING.md through signaling/core.h; RFC 8489 through stun/server.h
// Ownership   the caller owns the loop and the config, and keeps both until server_free
// Threads     the loop's own

#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "base/addr.h"
#include "base/env.h"
#include "base/err.h"

#define SERVER_ERROR_MAX 512

struct uv_loop_s;
struct server;

struct server_config {
    const struct env *env;
    const char *listen;   // "HOST:PORT", ":PORT" for every address. Port 0: any.
    const char *udp;      // The same for STUN; "off"; NULL: the host of `listen` with port 3478.
    const char *tls_cert; // PEM files, both or neither.
    const char *tls_key;
    bool self_signed;        // A certificate of our own, made anew at each start.
    const char *origins;     // Allowed beside our own, with commas; "*" for all.
    const char *ice_servers; // More URLs for the clients, with commas.
    bool behind_proxy;       // Believe X-Forwarded-For.
    bool metrics_public;     // Else /metrics is for loopback alone.
    uint32_t clients_max;    // 0: the core's default, here and below.
    uint32_t clients_per_address;
};

// Starts listening. On failure `why` is what to tell the user.
YODEL_MUST_USE enum yodel_err server_new(const struct server_config *config, struct uv_loop_s *loop,
    struct server **server, char why[SERVER_ERROR_MAX]);

// Says goodbye to every client and stops listening; `done` is called on the loop soon, at the
// latest after two seconds. Then server_free, and run the loop once more until it is empty.
void server_stop(struct server *server, void (*done)(void *ctx), void *ctx);
void server_free(struct server *server);

// What it listens on, the ports as the system gave them; family NONE where there is no UDP.
struct yodel_addr server_address(const struct server *server);
struct yodel_addr server_udp_address(const struct server *server);
bool server_is_secure(const struct server *server);

#endif
