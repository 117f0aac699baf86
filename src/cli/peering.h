// What commands that show and play have in common, whoever brings the other side's descriptions: the runtime,
// how a peer is made from the command line's options, and what a command is told of its peers.
//
// A room of a Yodel server and a WHIP or WHEP endpoint (cli/whip_session.h) both speak to a command through
// cli_peering_handler: it adds what it sends and takes what comes, and does not know who is there.
//
// Ownership   the caller owns the struct and its loop; it must not move

#ifndef CLI_PEERING_H
#define CLI_PEERING_H

#include <uv.h>

#include "cli/command.h"
#include "cli/servers.h"
#include "yodel/yodel.h"

struct cli_peering_options {
    const char *ice; // "all", "udp", "relay", or NULL; and TURN servers of one's own.
    const struct cli_list *turn;
    const struct cli_list *interfaces; // Patterns, as in yodel/runtime.h.
    bool hides_addresses;              // Behind names of multicast DNS.
    const char *proxy;                 // Or NULL.
    bool is_insecure;                  // Takes any certificate of a server's.
};

struct cli_peering {
    uv_loop_t *loop;
    yodel_runtime *runtime;
    yodel_certificate *certificate;
    struct cli_servers own; // The command line's.
};

// All from the loop, but never from within a call of the command's.
struct cli_peering_handler {
    // A new peer, before its first offer; or its first answer, with the other side's offer set
    // (YODEL_SIGNALING_HAVE_REMOTE_OFFER). The command attaches it (yodel_media_new, yodel_runtime_add)
    // with `handler` and `handler_ctx`, or with a handler of its own that hands each event on to that one;
    // and adds its transceivers, or takes the offer's. It fails with whatever that failed with.
    enum yodel_err (*on_peer)(
        void *ctx, yodel_peer *peer, yodel_peer_handler *handler, void *handler_ctx);
    void (*on_gone)(void *ctx, yodel_peer *peer); // Detaches it; it is freed then.
    void (*on_state)(void *ctx, const char *sentence);
    void (*on_failed)(void *ctx, enum cli_exit exit, const char *code, const char *text); // Once.
    void *ctx;
};

// Fails with a sentence in `why`: SYNTAX is the command line's fault.
YODEL_MUST_USE enum yodel_err cli_peering_init(struct cli_peering *peering, uv_loop_t *loop,
    const struct cli_peering_options *options, char why[CLI_WHY_MAX]);

// After the last peer. What is left closes in the loop's next turns.
void cli_peering_deinit(struct cli_peering *peering);

// A peer that uses these servers (a copy of `own`, with those that were told of). Fails as yodel_peer_new.
YODEL_MUST_USE enum yodel_err cli_peering_new_peer(
    const struct cli_peering *peering, const struct cli_servers *servers, yodel_peer **peer);

#endif
