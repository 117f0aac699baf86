// The relay's UDP sockets: the one that clients know, and one for each relayed address.
//
// In: slots that all sockets of a loop share, each filled with a datagram or with a train of one sender's
// (UDP_GRO). Out: consecutive datagrams of one length, through one socket to one address, are a train, which
// leaves as one message (UDP_SEGMENT) gathered from their pieces; the messages of a socket leave with one
// sendmmsg. A kernel or a device that refuses a train gets its datagrams one by one.
//
// Implements  F14: EMSGSIZE, ECONNREFUSED, ENOBUFS, EPERM and the like never stop anything
//             RFC 8489 §6.3.1: an answer leaves from the address that was asked
// Ownership   a socket owns its descriptor
// Limits      SERVER_TURN_UDP_SLOTS messages in a receive

#ifndef SERVER_TURN_UDP_H
#define SERVER_TURN_UDP_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "server/turn_batch.h"

#define SERVER_TURN_UDP_SLOTS 64
#define SERVER_TURN_UDP_SLOT (64u * 1024) // What UDP_GRO may bring at once.

struct server_turn_udp_stats {
    uint64_t in, out;   // Datagrams.
    uint64_t truncated; // Longer than a slot; dropped.
    uint64_t full;      // Not sent: no room in the socket or the system.
    uint64_t refused;   // Not sent: unreachable, forbidden, too long.
};

struct server_turn_udp {
    struct server_turn_outlet outlet; // First: it is found from there.
    struct yodel_addr local;
    int fd;
    bool is_wildcard;                    // Each datagram says where it went to.
    bool can_segment;                    // UDP_SEGMENT has not been refused yet.
    struct server_turn_udp_stats *stats; // Of all sockets together.
};

// `fd` is bound to `local` and does not block; `bytes` of buffer are asked for each way.
void server_turn_udp_init(struct server_turn_udp *udp, int fd, const struct yodel_addr *local,
    int bytes, struct server_turn_udp_stats *stats);

// ---- receiving

struct server_turn_control {
    // UDP_GRO or UDP_SEGMENT, and the greater of the two that say which address of ours.
    _Alignas(struct cmsghdr)
        uint8_t bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

// One message: a datagram, or more of one length, but for a shorter last one.
struct server_turn_arrival {
    struct yodel_addr from;
    struct yodel_addr to; // Family NONE: the system did not say, or it was sent to many.
    struct bytes bytes;
    size_t segment;
};

struct server_turn_slots {
    uint8_t *bytes;
    uint32_t used; // From the first; who used them says when they are free again.
    struct mmsghdr messages[SERVER_TURN_UDP_SLOTS];
    struct iovec parts[SERVER_TURN_UDP_SLOTS];
    struct sockaddr_in6 from[SERVER_TURN_UDP_SLOTS];
    struct server_turn_control controls[SERVER_TURN_UDP_SLOTS];
};

// NULL without memory.
struct server_turn_slots *server_turn_udp_slots_new(struct alloc *alloc);
void server_turn_udp_slots_free(struct server_turn_slots *slots, struct alloc *alloc);
void server_turn_udp_slots_release(struct server_turn_slots *slots);

// Fills slots with what has arrived, without waiting; returns how many, which begin at `*first`.
// Where that is less than there were free, nothing more has arrived.
uint32_t server_turn_udp_recv(
    struct server_turn_udp *udp, struct server_turn_slots *slots, uint32_t *first);

// What is in a slot. False: nothing of use.
bool server_turn_udp_arrival(struct server_turn_udp *udp, const struct server_turn_slots *slots,
    uint32_t slot, struct server_turn_arrival *arrival);

#endif
