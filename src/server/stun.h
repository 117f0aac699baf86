// The STUN responder: tells clients how the world sees them.
//
// Implements  RFC 8489 §12, through stun/server.h, which keeps nothing
// Ownership   owns its socket; its owner closes the poll handle after the stop
// Limits      SERVER_STUN_TURN datagrams in one turn of the loop, so that a flood does not starve
//             the rest

#ifndef SERVER_STUN_H
#define SERVER_STUN_H

#include <uv.h>

#include "base/addr.h"

#define SERVER_STUN_TURN 256

struct server_stun {
    int fd; // -1: off.
    uv_poll_t poll;
    struct yodel_addr local;
    uint64_t received;
    uint64_t answered;
};

// `fd` is a bound, non-blocking UDP socket, and ours from here on, failure included.
YODEL_MUST_USE enum yodel_err server_stun_start(
    struct server_stun *stun, uv_loop_t *loop, int fd, const struct yodel_addr *local);
void server_stun_stop(struct server_stun *stun);

#endif
