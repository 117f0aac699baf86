// UDP sockets on Linux: trains in and out, many of them with one system call.
//
// A train leaves as one message with UDP_SEGMENT, which the kernel or the network card cuts;
// UDP_GRO brings one back. A kernel or a device that refuses gets the datagrams one by one.

#include "net/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "net/sockaddr.h"
#include "net/socket.h"

#define MESSAGES_MAX 64            // In one system call.
#define COALESCED_ROOM (64 * 1024) // What UDP_GRO may bring at once.
#define COALESCED_PIECES (BATCH_IN_BYTES / COALESCED_ROOM)

_Static_assert(COALESCED_PIECES <= MESSAGES_MAX, "a receive fits its arrays");
_Static_assert(MESSAGES_MAX <= BATCH_PIECES_MAX, "a receive fits the batch");
_Static_assert(MESSAGES_MAX *BATCH_DATAGRAM_ROOM <= BATCH_IN_BYTES, "a receive fits the batch");

enum yodel_err udp_open(struct udp_socket *udp, const struct yodel_addr *local)
{
    struct udp_socket opened = {.local = *local};
    int bytes = UDP_BUFFER_BYTES;
    int on = 1;
    int off = 0;

    opened.fd = socket_open_udp(&opened.local);
    if (opened.fd < 0) {
        return YODEL_ERR_NETWORK;
    }
    socket_grow_buffers(opened.fd, bytes);
    // Beyond the system's limit, where we may.
    (void)setsockopt(opened.fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    (void)setsockopt(opened.fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
    // A kernel without it ignores the ancillary data, and would send a train as one datagram.
    opened.can_segment = setsockopt(opened.fd, IPPROTO_UDP, UDP_SEGMENT, &off, sizeof off) == 0;
    opened.can_coalesce = setsockopt(opened.fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0;
    *udp = opened;
    return YODEL_OK;
}

void udp_close(struct udp_socket *udp)
{
    socket_close(udp->fd);
    udp->fd = -1;
}

// ---- receiving

struct control {
    _Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(int))];
};

// How long each datagram of a coalesced message is; 0 where it is a single one.
static uint32_t segment_of(struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int segment;
            memcpy(&segment, CMSG_DATA(c), sizeof segment);
            return segment > 0 ? (uint32_t)segment : 0;
        }
    }
    return 0;
}

static void take(struct udp_socket *udp, struct batch_in *in, uint32_t start, struct mmsghdr *got)
{
    if (got->msg_hdr.msg_flags & MSG_TRUNC) {
        udp->stats.truncated++;
        return;
    }
    uint32_t segment = segment_of(&got->msg_hdr);
    uint32_t count = segment > 0 ? (got->msg_len + segment - 1) / segment : 1;
    struct yodel_addr remote = sockaddr_parse(got->msg_hdr.msg_name);

    udp->stats.datagrams_in += count;
    batch_in_add(in, &remote, start, got->msg_len, segment);
}

bool udp_recv(struct udp_socket *udp, struct batch_in *in)
{
    uint32_t room = udp->can_coalesce ? COALESCED_ROOM : BATCH_DATAGRAM_ROOM;
    uint32_t max = udp->can_coalesce ? COALESCED_PIECES : MESSAGES_MAX;
    struct mmsghdr msgs[MESSAGES_MAX];
    struct iovec parts[MESSAGES_MAX];
    struct sockaddr_in6 from[MESSAGES_MAX];
    struct control controls[MESSAGES_MAX];

    batch_in_start(in, &udp->local);
    for (uint32_t i = 0; i < max; i++) {
        parts[i] = (struct iovec){in->bytes + i * room, room};
        msgs[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
            .msg_namelen = sizeof from[i],
            .msg_iov = &parts[i],
            .msg_iovlen = 1,
            .msg_control = &controls[i],
            .msg_controllen = sizeof controls[i]};
    }
    int count = recvmmsg(udp->fd, msgs, max, MSG_DONTWAIT, NULL);
    udp->stats.calls_in++;
    if (count < 0) {
        // An earlier datagram's misfortune is told here once; nothing is lost by asking again.
        return errno != EAGAIN && errno != EWOULDBLOCK;
    }
    for (uint32_t i = 0; i < (uint32_t)count; i++) {
        take(udp, in, i * room, &msgs[i]);
    }
    return (uint32_t)count == max;
}

// ---- sending

// The arrays of one sendmmsg, and which train each message carries.
struct outgoing {
    uint32_t count;
    struct mmsghdr msgs[MESSAGES_MAX];
    struct iovec parts[MESSAGES_MAX];
    struct sockaddr_storage to[MESSAGES_MAX];
    struct control controls[MESSAGES_MAX];
    struct batch_train *trains[MESSAGES_MAX];
};

static void ask_for_segments(struct msghdr *msg, struct control *control, uint16_t segment)
{
    msg->msg_control = control;
    msg->msg_controllen = CMSG_SPACE(sizeof segment);
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(c), &segment, sizeof segment);
}

static void put_message(struct outgoing *o, const struct batch_out *out, struct batch_train *train,
    uint32_t start, uint32_t len)
{
    uint32_t i = o->count++;

    o->trains[i] = train;
    o->parts[i] = (struct iovec){out->bytes + start, len};
    o->msgs[i].msg_hdr = (struct msghdr){.msg_name = &o->to[i],
        .msg_namelen = sockaddr_write(&o->to[i], &train->path.remote),
        .msg_iov = &o->parts[i],
        .msg_iovlen = 1};
    if (len > train->segment) {
        ask_for_segments(&o->msgs[i].msg_hdr, &o->controls[i], train->segment);
    }
}

// Gathers what this socket has still to send, up to MESSAGES_MAX messages.
static void gather(struct outgoing *o, const struct udp_socket *udp, struct batch_out *out)
{
    o->count = 0;
    for (uint32_t i = 0; i < out->train_count && o->count < MESSAGES_MAX; i++) {
        struct batch_train *train = &out->trains[i];

        if (train->len == 0 || !addr_equal(&train->path.local, &udp->local)) {
            continue;
        }
        bool is_whole = udp->can_segment && !train->is_split;
        uint32_t step = is_whole ? train->len : train->segment;
        for (uint32_t done = 0; done < train->len && o->count < MESSAGES_MAX; done += step) {
            uint32_t left = train->len - done;
            put_message(o, out, train, train->start + done, left < step ? left : step);
        }
    }
}

// The first `count` messages are gone, sent or given up. Returns how many datagrams they were.
static uint32_t advance(struct outgoing *o, uint32_t count)
{
    uint32_t datagrams = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct batch_train *train = o->trains[i];
        uint32_t len = (uint32_t)o->parts[i].iov_len;

        datagrams += (len + train->segment - 1) / train->segment;
        train->start += len;
        train->len -= len;
    }
    return datagrams;
}

// The system did not take the first message. Returns false where nothing more can be sent now.
static bool try_without(struct udp_socket *udp, struct outgoing *o, int why)
{
    bool is_train = o->msgs[0].msg_hdr.msg_controllen > 0;

    udp->is_cut_off |= why == ENETUNREACH || why == ENETDOWN || why == EADDRNOTAVAIL;
    if (why == EAGAIN || why == EWOULDBLOCK) {
        udp->is_full = true;
        return false;
    }
    if (is_train && (why == EIO || why == EOPNOTSUPP)) {
        udp->can_segment = false; // The device cannot.
    } else if (is_train && (why == EINVAL || why == EMSGSIZE)) {
        o->trains[0]->is_split = true; // Beyond this path's MTU: to be fragmented, or refused.
    } else if (why == ENOBUFS || why == ENOMEM) {
        udp->stats.no_buffers += advance(o, 1);
    } else {
        udp->stats.refused += advance(o, 1);
    }
    return true;
}

void udp_flush(struct udp_socket *udp, struct batch_out *out)
{
    struct outgoing o;
    bool may_go_on = true;

    udp->is_full = false;
    udp->is_cut_off = false;
    for (gather(&o, udp, out); o.count > 0 && may_go_on; gather(&o, udp, out)) {
        int sent = sendmmsg(udp->fd, o.msgs, o.count, MSG_DONTWAIT);

        udp->stats.calls_out++;
        if (sent > 0) {
            udp->stats.datagrams_out += advance(&o, (uint32_t)sent);
        } else {
            may_go_on = try_without(udp, &o, errno);
        }
    }
}

bool udp_forbid_fragments(int fd, enum yodel_family family)
{
    int v4 = IP_PMTUDISC_DO, v6 = IPV6_PMTUDISC_DO;

    return family == YODEL_ADDR_V6
               ? setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof v6) == 0
               : setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof v4) == 0;
}
