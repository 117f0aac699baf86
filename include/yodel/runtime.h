// The runtime: sockets, clock, name look-up and a loop for peers, on libuv.
//
// Batteries included: it answers YODEL_EVENT_GATHER, RESOLVE, CONNECT and DISCONNECT by itself, and
// hands every other event to the peer's handler. Written with the public engine of yodel/peer.h alone.
//
// Ownership   the runtime borrows its peers; remove one before freeing it
// Threads     with the caller's loop, everything happens on the loop's thread. With its own thread,
// handlers run on that
//             thread, and a peer must be used there only: yodel_runtime_post gets you there.

#ifndef YODEL_RUNTIME_H
#define YODEL_RUNTIME_H

#include "yodel/peer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yodel_runtime yodel_runtime;
struct uv_loop_s;

enum yodel_loopback {
    YODEL_LOOPBACK_IF_ALONE, // 127.0.0.1 and ::1 are used where there is no other address.
    YODEL_LOOPBACK_ALWAYS,
    YODEL_LOOPBACK_ONLY,
};

struct yodel_runtime_config {
    struct uv_loop_s
        *loop;         // The caller's, which the caller runs; NULL: a loop and a thread of its own.
    uint16_t udp_port; // One port for every address; 0: any.
    enum yodel_loopback loopback;

    // Which interfaces are used: patterns for their names or addresses ("eth0", "wl*",
    // "192.0.2.*"), with "!" before those that are not. Without any, all but those of containers
    // and virtual machines (docker0, veth…, virbr…), which are used where there is no other; those
    // of VPNs come last. At most 16 patterns.
    const char *const *interfaces;
    size_t interface_count;

    // Candidates tell random names, which this machine answers for on its own network (RFC 6762), in
    // place of its addresses, as browsers do.
    bool hide_addresses;

    // Also listens on TCP, on the same port (0: any), for peers that UDP does not reach (RFC 6544).
    // Connecting to those who listen needs no leave.
    bool tcp;

    // The HTTP proxy for TURN over TCP and TLS: "http://[user:password@]host[:port]". NULL: none.
    const char *proxy;

    // TURN servers over TLS may show any certificate. A relay sees only what is encrypted anyway.
    bool takes_any_certificate;
};

// Creates a runtime; NULL is a configuration of zeros, and texts are copied. Fails with NETWORK (no
// socket, no loop; yodel_runtime_error_text(NULL) says why), SYNTAX or NOT_SUPPORTED (the proxy's
// URL), NO_MEMORY.
enum yodel_err yodel_runtime_new(
    const struct yodel_runtime_config *config, yodel_runtime **runtime);

// Stops and frees. With the caller's loop, handles close in the loop's next turns: run it once more
// (uv_run) before closing it. With its own thread it waits for that, and so is never called on it.
// Peers still attached are detached, not freed.
void yodel_runtime_free(yodel_runtime *runtime);

// Attaches a peer. `handler` gets each of its events, from one place, when nothing is mid-flight:
// it may call anything, this peer and others included, but not yodel_peer_free on a peer that is
// still attached. Loop's thread only. Fails with NO_MEMORY, EXISTS (it is attached already),
// INVALID_STATE (the runtime is being freed).
typedef void yodel_peer_handler(void *ctx, yodel_peer *peer, const struct yodel_event *event);
enum yodel_err yodel_runtime_add(
    yodel_runtime *runtime, yodel_peer *peer, yodel_peer_handler *handler, void *ctx);

// Detaches a peer, after sending what it still has to say (a close, for instance). May be called
// from its handler; then the peer may be freed at once too.
void yodel_runtime_remove(yodel_runtime *runtime, yodel_peer *peer);

// Runs `call(ctx)` on the loop's thread, soon. Any thread. Fails with NO_MEMORY, INVALID_STATE (the
// runtime is being freed).
enum yodel_err yodel_runtime_post(yodel_runtime *runtime, void (*call)(void *ctx), void *ctx);

// As post, and waits until it has run. Any thread; on the loop's own it is a plain call.
enum yodel_err yodel_runtime_call(yodel_runtime *runtime, void (*call)(void *ctx), void *ctx);

// The loop's time.
yodel_time yodel_runtime_now(const yodel_runtime *runtime);

// A sentence about the last failure; of NULL, about the last runtime that could not be created on
// this thread. Never NULL.
const char *yodel_runtime_error_text(const yodel_runtime *runtime);

#ifdef __cplusplus
}
#endif
#endif
