// The server: signaling over WebSocket, the web page, health, metrics, STUN and TURN, in one process on
// one libuv loop.
//
// Implements  docs/SIGNALING.md through signaling/core.h; RFC 8489 and RFC 8656 through turn/server.h
// Ownership   the caller owns the loop and the config, and keeps both until server_free
// Threads     the loop's own

#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stddef.h>

#include "base/addr.h"
#include "base/env.h"
#include "base/err.h"

#define SERVER_ERROR_MAX 512

struct uv_loop_s;
struct server;

// Relays for clients behind bad networks. Zeroed: on, for whom signaling gives credentials to.
struct server_turn_options {
    bool is_off;
    const char *const *users; // "NAME:PASSWORD".
    size_t user_count;
    const char *user_file;   // The same, a line each.
    const char *secret_file; // One or two lines, each a secret that signs names with an expiry.
    const char *realm;
    const char *const
        *allow; // Networks that relays may reach although they are private: "10.0.0.0/8".
    size_t allow_count;
    const char *external; // What the world calls our relays' addresses.
    const char *const
        *others;          // Second addresses for RFC 5780: "IP", "IP:PORT", "IP/PUBLIC-IP"; "off".
    size_t other_count;   // 0: what is found.
    const char *ports;    // "MIN-MAX".
    const char *tcp;      // Where TURN is over TCP, besides where the web is, as `udp` below;
                          // NULL: where UDP is.
    const char *tls;      // And over TLS, where there is a certificate; NULL: nowhere else.
    uint32_t workers;     // Threads, the loop's own included; 0: that one alone.
    uint32_t allocations; // 0: the core's default, here and below.
    uint32_t allocations_per_user;
    uint32_t bytes_per_second; // Of an allocation, each way; 0: without limit.
    bool has_tcp_relays;       // RFC 6062, for clients over TCP and TLS.
};

struct server_config {
    const struct env *env;
    const char *listen; // "HOST:PORT", ":PORT" for every address. Port 0: any.
    const char
        *udp; // The same for STUN and TURN; "off"; NULL: the host of `listen` with port 3478.
    const char *tls_cert; // PEM files, both or neither.
    const char *tls_key;
    bool self_signed;        // A certificate of our own, made anew at each start.
    const char *origins;     // Allowed beside our own, with commas; "*" for all.
    const char *ice_servers; // More URLs for the clients, with commas.
    bool behind_proxy;       // Believe X-Forwarded-For.
    bool metrics_public;     // Else /metrics is for loopback alone.
    struct server_turn_options turn;
    uint32_t clients_max; // 0: the core's default, here and below.
    uint32_t clients_per_address;
};

// Starts listening. On failure `why` is what to tell the user.
YODEL_MUST_USE enum yodel_err server_new(const struct server_config *config, struct uv_loop_s *loop,
    struct server **server, char why[SERVER_ERROR_MAX]);

// Says goodbye to every client of signaling's, makes no new relays, and stops listening once those in use
// have ended, or `drain_s` seconds are over. `done` is called on the loop then, at the latest two seconds
// later. Then server_free, and run the loop once more until it is empty.
void server_stop(struct server *server, uint32_t drain_s, void (*done)(void *ctx), void *ctx);
void server_free(struct server *server);

// Reads the files with users, secrets and the certificate again.
void server_reload(struct server *server);

// What it listens on, the ports as the system gave them; family NONE where there is no UDP.
struct yodel_addr server_address(const struct server *server);
struct yodel_addr server_udp_address(const struct server *server);
bool server_has_relays(const struct server *server);
bool server_is_secure(const struct server *server);

#endif
