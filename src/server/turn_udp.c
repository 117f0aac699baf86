// The relay's UDP sockets: recvmmsg and sendmmsg, trains both ways.

#include "server/turn_udp.h"

#include <errno.h>
#include <netinet/udp.h>

#include "base/assert.h"
#include "net/sockaddr.h"

#define MESSAGES_MAX 64 // In one sendmmsg.
#define PARTS_MAX 512   // Of all of them.
#define PARTS_EACH 3    // Of a datagram: head, body and padding.
#define PADDING_MAX 3
#define TRAIN_COUNT 64     // UDP_MAX_SEGMENTS of the older kernels.
#define TRAIN_BYTES 65000u // One IP packet, less its headers.

// Slots are no power of two apart: their first lines, which is all that a single datagram fills, do not
// compete for the same places of the processor's caches.
#define SLOT_STRIDE (SERVER_TURN_UDP_SLOT + 1280)

// ---- a socket

static void send_chain(struct server_turn_outlet *outlet, struct server_turn_batch *batch);

static void set_option(int fd, int level, int name, int value)
{
    (void)setsockopt(fd, level, name, &value, sizeof value);
}

static void prepare_path(int fd, bool is_v6)
{
    // RFC 8656 §15: a relayed datagram may be fragmented. A forged "fragmentation needed" changes nothing.
    set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
    if (is_v6) {
        set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
    }
}

void server_turn_udp_init(struct server_turn_udp *udp, int fd, const struct yodel_addr *local,
    int bytes, struct server_turn_udp_stats *stats)
{
    int off = 0;

    *udp = (struct server_turn_udp){.outlet = {.send = send_chain},
        .local = *local,
        .fd = fd,
        .is_wildcard = addr_is_any(local),
        .stats = stats};
    if (udp->is_wildcard && local->family == YODEL_ADDR_V6) {
        set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1); // For IPv4 in IPv6 as well.
    } else if (udp->is_wildcard) {
        set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
    }
    prepare_path(fd, local->family == YODEL_ADDR_V6);
    set_option(fd, SOL_SOCKET, SO_RCVBUF, bytes);
    set_option(fd, SOL_SOCKET, SO_SNDBUF, bytes);
    set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes); // Beyond the system's limit, where we may.
    set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes);
    set_option(fd, IPPROTO_UDP, UDP_GRO, 1);
    // A kernel without it ignores the ancillary data, and would send a train as one datagram.
    udp->can_segment = setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &off, sizeof off) == 0;
}

// ---- receiving

static void reset_slot(struct server_turn_slots *slots, uint32_t i)
{
    slots->messages[i].msg_hdr = (struct msghdr){.msg_name = &slots->from[i],
        .msg_namelen = sizeof slots->from[i],
        .msg_iov = &slots->parts[i],
        .msg_iovlen = 1,
        .msg_control = &slots->controls[i],
        .msg_controllen = sizeof slots->controls[i]};
}

struct server_turn_slots *server_turn_udp_slots_new(struct alloc *alloc)
{
    struct server_turn_slots *slots = alloc_new(alloc, sizeof *slots);

    if (!slots) {
        return NULL;
    }
    slots->bytes = alloc_resize(alloc, NULL, (size_t)SERVER_TURN_UDP_SLOTS * SLOT_STRIDE);
    if (!slots->bytes) {
        alloc_free(alloc, slots);
        return NULL;
    }
    for (uint32_t i = 0; i < SERVER_TURN_UDP_SLOTS; i++) {
        slots->parts[i] =
            (struct iovec){slots->bytes + (size_t)i * SLOT_STRIDE, SERVER_TURN_UDP_SLOT};
        reset_slot(slots, i);
    }
    return slots;
}

void server_turn_udp_slots_free(struct server_turn_slots *slots, struct alloc *alloc)
{
    if (slots) {
        alloc_free(alloc, slots->bytes);
        alloc_free(alloc, slots);
    }
}

void server_turn_udp_slots_release(struct server_turn_slots *slots)
{
    for (uint32_t i = 0; i < slots->used; i++) {
        reset_slot(slots, i);
    }
    slots->used = 0;
}

uint32_t server_turn_udp_recv(
    struct server_turn_udp *udp, struct server_turn_slots *slots, uint32_t *first)
{
    YODEL_ASSERT(slots->used < SERVER_TURN_UDP_SLOTS);
    int count = recvmmsg(udp->fd, slots->messages + slots->used,
        SERVER_TURN_UDP_SLOTS - slots->used, MSG_DONTWAIT, NULL);

    *first = slots->used;
    if (count <= 0) {
        return 0; // An earlier datagram's misfortune is told here once; the next turn asks again.
    }
    slots->used += (uint32_t)count;
    return (uint32_t)count;
}

static struct yodel_addr read_v6(const struct cmsghdr *header)
{
    struct in6_pktinfo info;
    memcpy(&info, CMSG_DATA(header), sizeof info);
    struct yodel_addr addr = {.family = YODEL_ADDR_V6};

    memcpy(addr.ip, &info.ipi6_addr, sizeof addr.ip);
    if (addr_is_link_local(&addr)) {
        addr.scope_id = info.ipi6_ifindex; // Of the interface only what such an address needs.
    }
    return addr_unmap(&addr);
}

static struct yodel_addr read_v4(const struct cmsghdr *header)
{
    struct in_pktinfo info;
    memcpy(&info, CMSG_DATA(header), sizeof info);
    struct yodel_addr addr = {.family = YODEL_ADDR_V4};

    // The local address: a broadcast's destination is nobody's source.
    memcpy(addr.ip, &info.ipi_spec_dst, sizeof info.ipi_spec_dst);
    return addr;
}

// What the system says beside the bytes: how they are cut, and where they went to.
static void read_controls(struct msghdr *message, struct server_turn_arrival *arrival)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int segment;
            memcpy(&segment, CMSG_DATA(c), sizeof segment);
            arrival->segment = segment > 0 ? (size_t)segment : arrival->segment;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            arrival->to = read_v6(c);
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            arrival->to = read_v4(c);
        }
    }
}

bool server_turn_udp_arrival(struct server_turn_udp *udp, const struct server_turn_slots *slots,
    uint32_t slot, struct server_turn_arrival *arrival)
{
    struct msghdr message = slots->messages[slot].msg_hdr;
    size_t len = slots->messages[slot].msg_len;

    if (message.msg_flags & MSG_TRUNC) {
        udp->stats->truncated++;
        return false;
    }
    arrival->from = sockaddr_parse((const struct sockaddr *)&slots->from[slot]);
    arrival->to = udp->is_wildcard ? (struct yodel_addr){0} : udp->local;
    arrival->bytes = bytes_of(slots->parts[slot].iov_base, len);
    arrival->segment = len;
    if (message.msg_controllen > 0) {
        read_controls(&message, arrival);
        arrival->to.port = udp->local.port;
    }
    udp->stats->in += len > arrival->segment ? (len + arrival->segment - 1) / arrival->segment : 1;
    return arrival->to.family != YODEL_ADDR_NONE && !addr_is_multicast(&arrival->to);
}

// ---- sending

// The arrays of one sendmmsg, and which items each message carries.
struct outgoing {
    uint32_t count;
    uint32_t part_count;
    struct mmsghdr messages[MESSAGES_MAX];
    struct iovec parts[PARTS_MAX];
    struct sockaddr_storage to[MESSAGES_MAX];
    struct server_turn_control controls[MESSAGES_MAX];
    uint16_t datagrams[MESSAGES_MAX];
    size_t segments[MESSAGES_MAX]; // How long each datagram is, but the last.
};

// IPv4 through a socket of both families.
static struct yodel_addr map(const struct yodel_addr *v4)
{
    struct yodel_addr v6 = {
        .family = YODEL_ADDR_V6, .port = v4->port, .ip = {[10] = 0xff, [11] = 0xff}};

    memcpy(v6.ip + 12, v4->ip, 4);
    return v6;
}

static struct cmsghdr *add_control(struct msghdr *message, int level, int type, size_t len)
{
    struct cmsghdr *c =
        (struct cmsghdr *)(void *)((uint8_t *)message->msg_control + message->msg_controllen);

    *c = (struct cmsghdr){.cmsg_len = CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type};
    message->msg_controllen += CMSG_SPACE(len);
    return c;
}

static void say_source(
    struct msghdr *message, const struct server_turn_udp *udp, const struct yodel_addr *from)
{
    if (udp->local.family == YODEL_ADDR_V6) {
        struct yodel_addr v6 = from->family == YODEL_ADDR_V4 ? map(from) : *from;
        struct in6_pktinfo info = {.ipi6_ifindex = v6.scope_id};
        memcpy(&info.ipi6_addr, v6.ip, sizeof info.ipi6_addr);
        memcpy(CMSG_DATA(add_control(message, IPPROTO_IPV6, IPV6_PKTINFO, sizeof info)), &info,
            sizeof info);
    } else {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, from->ip, sizeof info.ipi_spec_dst);
        memcpy(CMSG_DATA(add_control(message, IPPROTO_IP, IP_PKTINFO, sizeof info)), &info,
            sizeof info);
    }
}

// A message along a route, without its bytes.
static void start_message(
    struct outgoing *o, const struct server_turn_udp *udp, const struct server_turn_route *route)
{
    struct sockaddr_storage *to = &o->to[o->count];
    bool is_mapped = udp->local.family == YODEL_ADDR_V6 && route->to.family == YODEL_ADDR_V4;
    struct yodel_addr addr = is_mapped ? map(&route->to) : route->to;
    struct msghdr *message = &o->messages[o->count].msg_hdr;

    *message = (struct msghdr){.msg_name = to,
        .msg_namelen = sockaddr_write(to, &addr),
        .msg_iov = &o->parts[o->part_count],
        .msg_control = &o->controls[o->count]};
    if (udp->is_wildcard && route->from.family != YODEL_ADDR_NONE) {
        say_source(message, udp, &route->from);
    }
    o->datagrams[o->count] = 0;
}

static void add_part(struct outgoing *o, struct bytes piece)
{
    if (piece.len > 0) {
        // sendmsg does not write through it.
        o->parts[o->part_count++] = (struct iovec){
            (void *)(uintptr_t)piece.ptr, piece.len}; // NOLINT(performance-no-int-to-ptr)
        o->messages[o->count].msg_hdr.msg_iovlen++;
    }
}

static void add_item(struct outgoing *o, const struct server_turn_item *item)
{
    static const uint8_t zeros[PADDING_MAX];

    YODEL_ASSERT(item->padding <= PADDING_MAX);
    add_part(o, item->head);
    add_part(o, item->body);
    add_part(o, bytes_of(zeros, item->padding)); // RFC 8489 §14: of DATA in an indication.
    o->datagrams[o->count]++;
}

static void finish_message(struct outgoing *o, size_t segment)
{
    struct msghdr *message = &o->messages[o->count].msg_hdr;

    if (o->datagrams[o->count] > 1) {
        uint16_t value = (uint16_t)segment;
        memcpy(CMSG_DATA(add_control(message, IPPROTO_UDP, UDP_SEGMENT, sizeof value)), &value,
            sizeof value);
    }
    o->segments[o->count] = segment;
    if (message->msg_controllen == 0) {
        message->msg_control = NULL;
    }
    o->count++;
}

// One message: the next of the chain, and what may follow it in a train.
static void gather_one(
    struct outgoing *o, struct server_turn_udp *udp, struct server_turn_batch *batch)
{
    const struct server_turn_item *item = server_turn_batch_take(batch, &udp->outlet);
    size_t segment = server_turn_batch_len(item);
    size_t total = segment, last = segment;
    uint16_t route = item->route;

    start_message(o, udp, &batch->routes[route]);
    add_item(o, item);
    while (udp->can_segment && segment > 0 && last == segment &&
           o->datagrams[o->count] < TRAIN_COUNT && o->part_count + PARTS_EACH <= PARTS_MAX &&
           (item = server_turn_batch_peek(batch, &udp->outlet))) {
        last = server_turn_batch_len(item);
        if (item->route != route || last > segment || total + last > TRAIN_BYTES) {
            break;
        }
        add_item(o, server_turn_batch_take(batch, &udp->outlet));
        total += last;
    }
    finish_message(o, segment);
}

static void count_failure(struct server_turn_udp *udp, int why, uint32_t datagrams)
{
    bool is_full = why == EAGAIN || why == ENOBUFS || why == ENOMEM;

    *(is_full ? &udp->stats->full : &udp->stats->refused) += datagrams;
}

// The datagrams of a train that was refused as a whole.
static void send_apart(struct server_turn_udp *udp, const struct outgoing *o, uint32_t index)
{
    struct msghdr message = o->messages[index].msg_hdr;
    struct iovec *part = message.msg_iov, *end = part + message.msg_iovlen;

    message.msg_controllen -= CMSG_SPACE(sizeof(uint16_t)); // UDP_SEGMENT was the last one.
    while (part < end) {
        size_t len = 0;
        message.msg_iov = part;
        while (part < end && len < o->segments[index]) {
            len += part++->iov_len;
        }
        message.msg_iovlen = (size_t)(part - message.msg_iov);
        if (sendmsg(udp->fd, &message, MSG_DONTWAIT) < 0) {
            count_failure(udp, errno, 1);
        } else {
            udp->stats->out++;
        }
    }
}

// The system did not take that message.
static void give_up(struct server_turn_udp *udp, const struct outgoing *o, uint32_t index, int why)
{
    bool is_train = o->datagrams[index] > 1;

    if (is_train && (why == EIO || why == EOPNOTSUPP)) {
        udp->can_segment = false; // The device cannot.
        send_apart(udp, o, index);
    } else if (is_train && (why == EINVAL || why == EMSGSIZE)) {
        send_apart(udp, o, index); // Beyond this path's MTU: to be fragmented, or refused.
    } else {
        count_failure(udp, why, o->datagrams[index]);
    }
}

static void send_all(struct server_turn_udp *udp, struct outgoing *o)
{
    uint32_t done = 0;

    while (done < o->count) {
        int sent = sendmmsg(udp->fd, o->messages + done, o->count - done, MSG_DONTWAIT);
        if (sent <= 0) {
            give_up(udp, o, done++, errno);
            continue;
        }
        for (uint32_t end = done + (uint32_t)sent; done < end; done++) {
            udp->stats->out += o->datagrams[done];
        }
    }
}

static void send_chain(struct server_turn_outlet *outlet, struct server_turn_batch *batch)
{
    struct server_turn_udp *udp = (struct server_turn_udp *)outlet;
    struct outgoing o;

    while (outlet->count > 0) {
        o.count = 0;
        o.part_count = 0;
        while (
            outlet->count > 0 && o.count < MESSAGES_MAX && o.part_count + PARTS_EACH <= PARTS_MAX) {
            gather_one(&o, udp, batch);
        }
        send_all(udp, &o);
    }
}
