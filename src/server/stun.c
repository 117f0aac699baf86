// STUN responder: one datagram in, at most one out, nothing kept.

#include "server/stun.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sockaddr.h"
#include "stun/server.h"

#define REQUEST_MAX 1500

// One struct in6_pktinfo, the greater of the two.
#define CONTROL_SIZE CMSG_SPACE(sizeof(struct in6_pktinfo))

struct request {
    struct sockaddr_storage from;
    _Alignas(struct cmsghdr) uint8_t to[CONTROL_SIZE]; // Which of our addresses was asked.
    uint8_t bytes[REQUEST_MAX];
};

// A socket on every address would answer from the one that the route prefers. Who asked another
// would not take that for an answer (RFC 8489 §6.3.1.2: the source is where the request went).
static void ask_where_to(int fd, const struct yodel_addr *local)
{
    int on = 1;

    if (addr_is_any(local)) {
        // One of the two fits the socket, or both: IPv4 may come to an IPv6 one.
        (void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    }
}

// Turns where the request went into where the answer leaves: the address, and of the interface only
// what a link-local one needs. False where the system did not say.
static bool turn_around(struct msghdr *message)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);

    if (!header) {
        return false;
    }
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(header), sizeof info);
        // The local address is in both, but a broadcast's destination is nobody's source.
        info = (struct in_pktinfo){.ipi_spec_dst = info.ipi_spec_dst};
        memcpy(CMSG_DATA(header), &info, sizeof info);
        message->msg_controllen = CMSG_SPACE(sizeof info);
        return true;
    }
    if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(header), sizeof info);
        if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) {
            info.ipi6_ifindex = 0;
        }
        memcpy(CMSG_DATA(header), &info, sizeof info);
        message->msg_controllen = CMSG_SPACE(sizeof info);
        return !IN6_IS_ADDR_MULTICAST(&info.ipi6_addr);
    }
    return false;
}

static void answer(struct server_stun *stun, struct msghdr *message, struct bytes request)
{
    uint8_t room[STUN_SERVER_ANSWER_MAX];
    struct yodel_addr source = sockaddr_parse(message->msg_name);
    size_t len = stun_server_answer(request, &source, span_of(room, sizeof room));

    stun->received++;
    if (len == 0) {
        return;
    }
    if (!turn_around(message)) {
        message->msg_control = NULL;
        message->msg_controllen = 0;
    }
    *message->msg_iov = (struct iovec){room, len};
    if (sendmsg(stun->fd, message, MSG_DONTWAIT) > 0) {
        stun->answered++;
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct server_stun *stun = poll->data;

    (void)status;
    (void)events;
    for (int i = 0; i < SERVER_STUN_TURN; i++) {
        struct request request;
        struct iovec part = {request.bytes, sizeof request.bytes};
        struct msghdr message = {.msg_name = &request.from,
            .msg_namelen = sizeof request.from,
            .msg_iov = &part,
            .msg_iovlen = 1,
            .msg_control = &request.to,
            .msg_controllen = sizeof request.to};
        ssize_t len = recvmsg(stun->fd, &message, MSG_DONTWAIT);
        if (len < 0) {
            return;
        }
        answer(stun, &message, bytes_of(request.bytes, (size_t)len));
    }
}

enum yodel_err server_stun_start(
    struct server_stun *stun, uv_loop_t *loop, int fd, const struct yodel_addr *local)
{
    *stun = (struct server_stun){.fd = fd, .local = *local};
    if (uv_poll_init(loop, &stun->poll, fd) != 0) {
        close(fd);
        stun->fd = -1;
        return YODEL_ERR_NETWORK;
    }
    ask_where_to(fd, local);
    stun->poll.data = stun;
    (void)uv_poll_start(&stun->poll, UV_READABLE, on_readable);
    return YODEL_OK;
}

void server_stun_stop(struct server_stun *stun)
{
    if (stun->fd < 0) {
        return;
    }
    uv_poll_stop(&stun->poll);
    close(stun->fd);
    stun->fd = -1;
}
