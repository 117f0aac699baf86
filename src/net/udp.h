// UDP sockets, each bound to one address, moving whole batches.
//
// Two implementations, chosen by the build: udp_linux.c (recvmmsg, sendmmsg, UDP_GRO, UDP_SEGMENT)
// and udp_plain.c (a call for each datagram).
//
// What the network or the system does to a datagram never stops anything: it is counted, and the
// datagram is lost, as UDP allows. Only "not now" keeps a batch.
//
// Implements  F14: EMSGSIZE, ECONNREFUSED, ENOBUFS, EPERM and the like never abort
// Ownership   a socket owns its file descriptor

#ifndef NET_UDP_H
#define NET_UDP_H

#include "net/batch.h"

#define UDP_BUFFER_BYTES (4 * 1024 * 1024) // What we ask the system to keep for us, each way.

struct udp_stats {
    uint64_t datagrams_in;
    uint64_t datagrams_out;
    uint64_t calls_in;
    uint64_t calls_out;
    uint64_t truncated;  // Longer than any datagram of ours; dropped.
    uint64_t refused;    // Not sent: unreachable, forbidden, too long.
    uint64_t no_buffers; // Not sent: the system was short of memory.
};

struct udp_socket {
    int fd;
    struct yodel_addr local; // With the port that it got.
    bool can_segment;        // UDP_SEGMENT has not been refused yet.
    bool can_coalesce;       // UDP_GRO was accepted.
    bool is_cut_off;         // In the last flush the system had no network for some of it.
    bool is_full;            // The last flush kept something: wait until it is writable.
    struct udp_stats stats;
};

// Binds to `local`; port 0 takes any. Fails with NETWORK, errno saying why.
YODEL_MUST_USE enum yodel_err udp_open(struct udp_socket *socket, const struct yodel_addr *local);
void udp_close(struct udp_socket *socket);

// Fills `in` with what has arrived, without waiting. Returns whether there may be more.
bool udp_recv(struct udp_socket *socket, struct batch_in *in);

// Sends what in `out` leaves from this socket's address; what the socket has no room for stays in
// `out`, and `is_full` says so.
void udp_flush(struct udp_socket *socket, struct batch_out *out);

// Datagrams that are too long for the path are refused (EMSGSIZE) or lost, never sent in fragments.
// False where the system has no such socket option.
bool udp_forbid_fragments(int fd, enum yodel_family family);

#endif
