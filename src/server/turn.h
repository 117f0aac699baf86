// STUN and TURN: the sockets around the pure core (turn/server.h).
//
// A turn of the loop: each socket that has something is read once or a few times, the core says what it
// leads to, and all that leaves is sent at the end, in trains (server/turn_udp.h).
//
// Implements  RFC 8656, RFC 8489 and RFC 6062 through turn/server.h; RFC 8656 §3.1 (UDP, TCP and TLS to clients)
// Not here    what the options mean (server/turn_setup.h), streams (server/turn_stream.h), relays for TCP
//             (server/turn_tcp.h)
// Ownership   owns its sockets and handles; gone when `on_stopped` was called
// Limits      SERVER_TURN_ROUNDS receives of one socket in one turn of the loop, so that a flood does not
//             starve the rest; those of the core
// Threads     the loop's own; one such struct for each that shares the work (server/turn_workers.h)

#ifndef SERVER_TURN_H
#define SERVER_TURN_H

#include <uv.h>

#include "base/addr.h"
#include "base/list.h"
#include "server/ice_servers.h"
#include "server/turn_batch.h"
#include "server/turn_setup.h"
#include "server/turn_udp.h"
#include "turn/server.h"

#define SERVER_TURN_ROUNDS 4
#define SERVER_TURN_LISTENERS_MAX 4
#define SERVER_TURN_BUFFER (4 * 1024 * 1024)   // Of the clients' socket, each way;
#define SERVER_TURN_RELAY_BUFFER (1024 * 1024) // of a relayed address's.
#define SERVER_TURN_REVIEW_MS 15000            // How often files are looked at, and the wall clock.

struct server_turn;

// Clients' socket, or that of a relayed address.
struct server_turn_socket {
    struct list_node node; // Of all.
    struct server_turn_udp udp;
    struct server_turn *turn;
    struct turn_relay *relay; // NULL: the clients'.
    uv_poll_t poll;
};

struct server_turn {
    const struct env *env;
    uv_loop_t *loop;
    struct server_turn_setup setup;
    struct turn_server *core; // NULL: neither STUN nor TURN.
    struct server_turn_batch *batch;
    struct server_turn_slots *slots;
    struct list sockets;
    struct map streams;      // Clients over TCP and TLS, by their numbers;
    struct list stream_list; // by age.
    struct map sources;      // How many of them are from where.
    struct list doors;       // Where relays for TCP listen,
    struct list pipes;       // what they have with peers,
    struct list pacing;      // and which of these is held up by its rate.
    // Told of each relay that opens, or closes; NULL: nobody is.
    void (*on_relay)(
        void *ctx, const struct server_turn *turn, const struct yodel_addr *bound, bool is_open);
    void *relay_ctx;
    uint64_t last_stream;
    uint64_t streams_accepted, streams_refused, streams_lost;
    struct server_turn_socket *listeners[SERVER_TURN_LISTENERS_MAX];
    size_t listener_count;
    struct server_turn_udp_stats to_us, to_relays;
    uv_timer_t tick;
    uv_timer_t review;
    uv_timer_t look; // For streams that take too long.
    uv_timer_t pace; // For pipes that are held up.
    uv_check_t end_of_turn;
    yodel_time due; // When `tick` is set to.
    unsigned handle_count;
    bool is_draining;
    bool is_stopping;
    uint16_t tcp_port, tls_port; // Of the streams' listeners, 0: none.
    void (*on_stopped)(void *ctx);
    void *ctx;
};

// `setup` is taken over, and `fds`, a bound socket for each of its listeners. Failure leaves nothing
// behind but handles that close: run the loop until on_stopped.
YODEL_MUST_USE enum yodel_err server_turn_start(struct server_turn *turn, uv_loop_t *loop,
    const struct env *env, const struct server_turn_setup *setup, const int *fds);

// After start, before the loop runs: others that share relay addresses are to know of relays.
void server_turn_watch_relays(struct server_turn *turn,
    void (*on_relay)(
        void *ctx, const struct server_turn *turn, const struct yodel_addr *bound, bool is_open),
    void *ctx);

// No new allocations.
void server_turn_drain(struct server_turn *turn);

// Closes everything; `on_stopped` follows from the loop, also where nothing was started.
void server_turn_stop(struct server_turn *turn, void (*on_stopped)(void *ctx), void *ctx);

// Reads the files with users and secrets again, where they have changed.
void server_turn_reload(struct server_turn *turn);

// This machine's addresses have changed: none that it has now is a peer, and those that it had may be.
void server_turn_review_addresses(struct server_turn *turn);

// What a client of signaling's is offered: ports, and where there are relays credentials, which `grant`
// holds. Returns whether there are.
bool server_turn_offer(const struct server_turn *turn, struct server_ice_offer *offer,
    struct server_turn_grant *grant);

// Something of ours listens there over TCP: no relay connects to it.
void server_turn_add_listener(struct server_turn *turn, const struct yodel_addr *listener);

// For its own files: input of a client's, which may put something into the batch, and gives what the client's
// stream carries from then on, or NULL; what leaves; the end of what came at once, after which it may be
// overwritten; one of the handles, or streams, is gone.
struct turn_connection *server_turn_recv(struct server_turn *turn,
    const struct turn_client_id *from, struct bytes datagram, yodel_time now);
void server_turn_send(struct server_turn *turn, const struct turn_output *out);
void server_turn_end_input(struct server_turn *turn, yodel_time now);
void server_turn_handle_closed(struct server_turn *turn);

// Where clients are, family NONE: nowhere.
struct yodel_addr server_turn_address(const struct server_turn *turn);
static inline bool server_turn_is_on(const struct server_turn *turn)
{
    return turn->core != NULL;
}

#endif
