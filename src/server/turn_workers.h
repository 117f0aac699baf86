// Workers of STUN and TURN: one on the server's loop, the others on threads of their own.
//
// Each has sockets of its own at the same addresses; the system gives a client's datagrams always to the same one
// (SO_REUSEPORT: by both addresses), as long as the sockets stay the same. So the number of workers never changes
// while the server runs. Clients over TCP and TLS are the first one's, on the server's loop.
//
//   shared by a lock          ports, quotas, tokens: when an allocation begins or ends (turn/shared.h)
//   told by messages          which relays are open, to each other; stop, drain, reload, from the first; counts, to it
//   each for itself           users and secrets, which each reads; rules; nonces; challenges, of which each has its part
//
// Implements  docs/decisions/010-workers-share-little.md
// Ownership   owns its threads and their loops
// Threads     the server's loop's, but where it says otherwise
// Time        counts of the other workers' are at most SERVER_TURN_WORKERS_REPORT_MS old
// Limits      SERVER_TURN_WORKERS_MAX

#ifndef SERVER_TURN_WORKERS_H
#define SERVER_TURN_WORKERS_H

#include "runtime/mailbox.h"
#include "server/turn.h"

#define SERVER_TURN_WORKERS_MAX 64
#define SERVER_TURN_WORKERS_REPORT_MS 200

struct lock;
struct server_turn_worker;

// What a worker has counted.
struct server_turn_report {
    struct turn_server_stats core;
    struct server_turn_udp_stats to_us, to_relays;
    bool is_draining;
};

struct server_turn_workers {
    const struct env *env;
    struct server_turn *first;
    struct mailbox mailbox; // Of the server's loop.
    struct turn_shared *shared;
    struct lock *lock;
    struct server_turn_worker *others; // `count` - 1 of them; NULL: the first is alone.
    uint32_t count, running;           // Threads that were started.
    bool is_first_stopped;
    void (*on_stopped)(void *ctx);
    void *ctx;
};

// Starts `first` with the sockets `fds`, and others with sockets that it opens itself. `setup` is taken over. On
// failure `why` is a sentence, and stop is still to be called.
YODEL_MUST_USE enum yodel_err server_turn_workers_start(struct server_turn_workers *workers,
    struct server_turn *first, uv_loop_t *loop, const struct env *env,
    const struct server_turn_setup *setup, int *fds, uint32_t count, char why[SERVER_ERROR_MAX]);

// The same for all as for one (server/turn.h).
void server_turn_workers_drain(struct server_turn_workers *workers);
void server_turn_workers_reload(struct server_turn_workers *workers);
void server_turn_workers_review_addresses(struct server_turn_workers *workers);
void server_turn_workers_stop(
    struct server_turn_workers *workers, void (*on_stopped)(void *ctx), void *ctx);

// The sum; and whether no relay is in use any more, once all have heard that they drain.
void server_turn_workers_report(
    const struct server_turn_workers *workers, struct server_turn_report *sum);
bool server_turn_workers_is_drained(const struct server_turn_workers *workers);

#endif
