// Multicast DNS on the loop: the sockets, the groups and the timer for net/mdns.h, and the same
// sockets for net/mdns_responder.h.
//
// Implements  RFC 6762 §3, §11 (the groups, on every link), §15.1 (port 5353, shared with others)
// Ownership   the owner's struct holds it; its memory must stay until `closed` was called
// Departs     where port 5353 cannot be shared, nothing is asked, and every name has no address

#ifndef NET_MDNS_SOCKET_H
#define NET_MDNS_SOCKET_H

#include <uv.h>

#include "net/interfaces.h"
#include "net/mdns.h"
#include "net/mdns_responder.h"

struct mdns_socket {
    uv_loop_t *loop;
    enum yodel_loopback loopback;
    struct mdns mdns;
    struct mdns_responder responder;
    struct interface_list links; // Where to ask.
    uv_udp_t v4, v6;
    bool has_v4, has_v6;
    uv_timer_t timer;
    uint32_t handle_count;
    void (*answer)(void *ctx, const struct mdns_answer *answer);
    void *ctx;
    void (*closed)(void *ctx);
    char room[MDNS_DATAGRAM_MAX];
};

// Opens what it can. `answer` is called from the loop, once for each name that was asked for.
void mdns_socket_init(struct mdns_socket *socket, uv_loop_t *loop, const struct env *env,
    enum yodel_loopback loopback, void (*answer)(void *ctx, const struct mdns_answer *answer),
    void *ctx);

// Fails with SYNTAX, TOO_LARGE (as mdns_ask), NETWORK (no socket).
YODEL_MUST_USE enum yodel_err mdns_socket_ask(struct mdns_socket *socket, const char *name);

// The name for an address of ours, which who is on its link can ask for from now on; NULL: there
// are too many. It holds until the address is gone.
const char *mdns_socket_name(struct mdns_socket *socket, const struct yodel_addr *ip);

// Of the addresses with names only these are left.
void mdns_socket_keep_only(struct mdns_socket *socket, const struct interface_list *left);

// No more answers, and goodbye for every name. `closed` comes from the loop.
void mdns_socket_close(struct mdns_socket *socket, void (*closed)(void *ctx));

#endif
