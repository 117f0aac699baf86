// Multicast DNS on the loop: the sockets, the groups and the timer for net/mdns.h.
//
// Implements  RFC 6762 §3, §11 (the groups, on every link), §15.1 (port 5353, shared with others)
// Ownership   the owner's struct holds it; its memory must stay until `closed` was called
// Departs     where port 5353 cannot be shared, nothing is asked, and every name has no address

#ifndef NET_MDNS_SOCKET_H
#define NET_MDNS_SOCKET_H

#include <uv.h>

#include "net/interfaces.h"
#include "net/mdns.h"

struct mdns_socket {
    uv_loop_t *loop;
    enum yodel_loopback loopback;
    struct mdns mdns;
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
void mdns_socket_init(struct mdns_socket *socket, uv_loop_t *loop, enum yodel_loopback loopback,
    void (*answer)(void *ctx, const struct mdns_answer *answer), void *ctx);

// Fails with SYNTAX, TOO_LARGE (as mdns_ask), NETWORK (no socket).
YODEL_MUST_USE enum yodel_err mdns_socket_ask(struct mdns_socket *socket, const char *name);

// No more answers. `closed` comes from the loop.
void mdns_socket_close(struct mdns_socket *socket, void (*closed)(void *ctx));

#endif
