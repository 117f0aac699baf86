// UDP sockets with a system call for each datagram: what every system has.

#include "net/udp.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/sockaddr.h"
#include "net/socket.h"

#define RECEIVED_MAX 64 // Datagrams in one call of udp_recv, so that others get their turn.

enum yodel_err udp_open(struct udp_socket *udp, const struct yodel_addr *local)
{
    struct udp_socket opened = {.local = *local};

    opened.fd = socket_open_udp(&opened.local);
    if (opened.fd < 0) {
        return YODEL_ERR_NETWORK;
    }
    socket_grow_buffers(opened.fd, UDP_BUFFER_BYTES);
    *udp = opened;
    return YODEL_OK;
}

void udp_close(struct udp_socket *udp)
{
    socket_close(udp->fd);
    udp->fd = -1;
}

bool udp_recv(struct udp_socket *udp, struct batch_in *in)
{
    batch_in_start(in, &udp->local);
    for (uint32_t i = 0; i < RECEIVED_MAX; i++) {
        uint32_t start = i * BATCH_DATAGRAM_ROOM;
        struct sockaddr_storage from;
        socklen_t from_len = sizeof from;
        ssize_t len = recvfrom(udp->fd, in->bytes + start, BATCH_DATAGRAM_ROOM, 0,
            (struct sockaddr *)&from, &from_len);

        udp->stats.calls_in++;
        if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return false;
        }
        if (len < 0) {
            continue; // An earlier datagram's misfortune, told at the first opportunity.
        }
        if (len == BATCH_DATAGRAM_ROOM) {
            udp->stats.truncated++;
            continue;
        }
        struct yodel_addr remote = sockaddr_parse((struct sockaddr *)&from);
        batch_in_add(in, &remote, start, (uint32_t)len, 0);
        udp->stats.datagrams_in++;
    }
    return true;
}

// Returns whether the next datagram may be tried.
static bool send_one(struct udp_socket *udp, const struct yodel_addr *to, struct bytes datagram)
{
    struct sockaddr_storage storage;
    socklen_t storage_len = sockaddr_write(&storage, to);
    ssize_t sent =
        sendto(udp->fd, datagram.ptr, datagram.len, 0, (struct sockaddr *)&storage, storage_len);

    udp->stats.calls_out++;
    if (sent >= 0) {
        udp->stats.datagrams_out++;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        udp->is_full = true;
        return false;
    } else if (errno == ENOBUFS || errno == ENOMEM) {
        udp->stats.no_buffers++;
    } else {
        udp->is_cut_off |= errno == ENETUNREACH || errno == ENETDOWN || errno == EADDRNOTAVAIL;
        udp->stats.refused++;
    }
    return true;
}

void udp_flush(struct udp_socket *udp, struct batch_out *out)
{
    udp->is_full = false;
    udp->is_cut_off = false;
    for (uint32_t i = 0; i < out->train_count; i++) {
        struct batch_train *train = &out->trains[i];

        if (!addr_equal(&train->path.local, &udp->local)) {
            continue;
        }
        while (train->len > 0) {
            uint32_t len = train->len < train->segment ? train->len : train->segment;
            if (!send_one(udp, &train->path.remote, bytes_of(out->bytes + train->start, len))) {
                return;
            }
            train->start += len;
            train->len -= len;
        }
    }
}

bool udp_forbid_fragments(int fd, enum yodel_family family)
{
    (void)fd; // Each of the other systems has an option of its own.
    (void)family;
    return false;
}
