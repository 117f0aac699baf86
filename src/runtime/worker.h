// Worker: one loop's peers, and the turn that serves them: all input, all due timers, then each
// peer that was touched speaks once.
//
// It answers what peers ask of their loop (addresses, names) and hands every other event to the
// peer's handler, from one place, when nothing is mid-flight.
//
// Two ways to share ports. Without a fixed one, each peer has sockets of its own, as in a browser:
// two connections to one server then differ by our port. With a fixed port all peers share a socket
// for each address, and runtime/route.h finds whose a datagram is.
//
// Not here    threads and mailboxes (runtime/runtime.c), streams (runtime/streams.h)
// Ownership   borrows its peers; owns sockets and timers
// Threads     the loop's only
// Limits      WORKER_FLUSHES_MAX batches a turn, so that the loop's other users get theirs; what a
//             full socket cannot take within WORKER_STALL_MAX is dropped

#ifndef RUNTIME_WORKER_H
#define RUNTIME_WORKER_H

#include <uv.h>

#include "base/env.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "net/batch.h"
#include "net/interfaces.h"
#include "net/interfaces_watch.h"
#include "net/proxy.h"
#include "net/udp.h"
#include "runtime/route.h"
#include "yodel/runtime.h"

#define WORKER_FLUSHES_MAX 16
#define WORKER_STALL_MAX YODEL_MS(100)
#define WORKER_TEXT_MAX 256
#define NETWORKS_PATTERNS_MAX 16
#define NETWORKS_PATTERN_MAX 64

struct worker;
struct mdns_socket;
struct ssl_ctx_st;

// A peer in a worker.
struct attachment {
    struct worker *worker;
    yodel_peer *peer; // NULL: removed; the rest goes at the end of the turn.
    yodel_peer_handler *handler;
    void *ctx;
    struct heap_entry timer;
    struct list_node dirty;
    struct list_node link; // Among all, or among those to be buried.
    struct map_entry by_peer;
    bool has_gathered;
    struct list ports; // Its own; empty where ports are shared.
    struct list lookups;
    uint32_t lookup_count;
    struct list streams;
    uint32_t stream_count;
    struct route_owner routes; // Only where ports are shared, or TCP is listened on.
};

// A socket in the loop.
struct port {
    struct worker *worker;
    struct attachment *owner; // NULL: shared by all.
    struct udp_socket udp;
    uv_poll_t poll;
    struct list_node link;
    struct list_node touched; // It has something to send in this batch.
    bool waits_for_room;
    bool is_closing;
};

struct worker {
    uv_loop_t *loop;
    const struct env *env;
    struct interfaces_policy policy;
    const char *pattern_list[NETWORKS_PATTERNS_MAX]; // The policy's:
    char patterns[NETWORKS_PATTERNS_MAX][NETWORKS_PATTERN_MAX];
    bool has_watch; // From the first peer that gathers on.
    struct interfaces_watch watch;
    uint16_t udp_port; // 0: each peer has its own.
    bool hides_addresses;
    bool has_tcp; // Listens, for all peers.
    bool has_proxy;
    bool takes_any_certificate;
    struct proxy_url proxy;
    bool is_closing;
    uint32_t handle_count; // Open, or closing.
    void (*closed)(struct worker *worker);

    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle; // Active while there is more to do than one turn may.
    uv_timer_t timer;

    struct list attachments;
    struct list buried;
    struct list dirty;
    struct map by_peer;
    struct heap timers;
    struct list ports;   // Shared ones.
    struct list touched; // Ports.
    struct routes routes;
    struct mdns_socket *mdns;  // From the first name that needs it on.
    struct list local_lookups; // Those that wait for it.

    struct ssl_ctx_st *tls; // From the first stream that needs it on.
    struct list held;       // Streams that have something to send in this turn.
    struct list strangers;  // Accepted ones, the oldest first, until they say whose they are.
    uint32_t stranger_count;
    struct list halves; // Those that others opened and that are within a message, the oldest first.
    uint64_t stream_dropped; // Messages that a stream had no room for.
    struct list listeners;
    yodel_time listen_again; // YODEL_NEVER: they do.

    struct batch_in in;
    struct batch_out out;
    uint32_t flushes_left;  // In this turn.
    yodel_time full_since;  // YODEL_NEVER: sockets take what they get.
    uint64_t stale_dropped; // Batches given up after WORKER_STALL_MAX.
    char error[WORKER_TEXT_MAX];
};

// Fails with NO_MEMORY, TOO_LARGE (patterns), SYNTAX or NOT_SUPPORTED (the proxy); nothing is open then.
YODEL_MUST_USE enum yodel_err worker_init(struct worker *worker, uv_loop_t *loop,
    const struct env *env, const struct yodel_runtime_config *config);

// Detaches all peers and closes every handle; `closed` is called, from the loop, when none is left.
void worker_close(struct worker *worker, void (*closed)(struct worker *worker));
void worker_deinit(struct worker *worker);

YODEL_MUST_USE enum yodel_err worker_add(
    struct worker *worker, yodel_peer *peer, yodel_peer_handler *handler, void *ctx);
void worker_remove(struct worker *worker, yodel_peer *peer);

// ---- for the other files of this folder

// Marks a peer as one that has something to say or to tell.
void worker_touch(struct attachment *attachment);

// Hands its handler what a peer has to tell. The peer may be detached afterwards.
void worker_listen(struct attachment *attachment);

// Something arrived at `port`; a full socket has room again; a handle is closed.
void worker_receive(struct port *port);
void worker_has_room(struct worker *worker);
void worker_let_go(struct worker *worker);

#endif
