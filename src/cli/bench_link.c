// Links: sockets in trains, streams in messages.

#include "cli/bench_link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "net/sockaddr.h"
#include "net/socket.h"
#include "turn/frame.h"

#define BUFFER (4 * 1024 * 1024)
#define SLOTS 32
#define SLOT_LEN 65536

// ---- pure parts

uint64_t bench_link_cut(struct bytes *stream)
{
    uint64_t count = 0;
    size_t len;

    for (; turn_frame_length(*stream, &len) == TURN_FRAME_WHOLE; count++) {
        *stream = bytes_sub(*stream, len, stream->len);
    }
    return count;
}

uint64_t bench_link_datagrams(size_t len, size_t segment)
{
    return segment > 0 && len > segment ? (len + segment - 1) / segment : 1;
}

// ---- streams

static bool wait_for(const struct bench_link *link, short events, int wait_ms)
{
    struct pollfd wait = {.fd = link->fd, .events = events};

    return poll(&wait, 1, wait_ms) > 0;
}

static enum stream_io write_some(struct bench_link *link, struct bytes bytes, size_t *len)
{
    if (link->tls.ssl) {
        return stream_tls_write(&link->tls, bytes, len);
    }
    ssize_t sent = send(link->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    *len = sent > 0 ? (size_t)sent : 0;
    return sent > 0 ? STREAM_IO_DONE : errno == EAGAIN ? STREAM_IO_AGAIN : STREAM_IO_FAILED;
}

static enum stream_io read_some(struct bench_link *link, struct span room, size_t *len)
{
    if (link->tls.ssl) {
        stream_tls_visit(&link->tls);
        return stream_tls_read(&link->tls, room, len);
    }
    ssize_t got = recv(link->fd, room.ptr, room.len, MSG_DONTWAIT);
    *len = got > 0 ? (size_t)got : 0;
    return got > 0 ? STREAM_IO_DONE : got < 0 && errno == EAGAIN ? STREAM_IO_AGAIN : STREAM_IO_END;
}

static void write_all(struct bench_link *link, struct bytes bytes)
{
    while (bytes.len > 0 && !link->has_failed) {
        size_t len = 0;
        enum stream_io got = write_some(link, bytes, &len);
        bytes = bytes_sub(bytes, len, bytes.len);
        link->has_failed = got == STREAM_IO_END || got == STREAM_IO_FAILED ||
                           (got == STREAM_IO_AGAIN && !wait_for(link, POLLOUT, BENCH_LINK_WAIT_MS));
    }
}

// What has arrived, behind what was kept; the caller cuts it.
static struct bytes read_stream(struct bench_link *link, struct span room)
{
    size_t len = 0;

    memcpy(room.ptr, link->rest, link->rest_len);
    enum stream_io got =
        read_some(link, span_of(room.ptr + link->rest_len, room.len - link->rest_len), &len);
    link->has_failed |= got == STREAM_IO_END || got == STREAM_IO_FAILED;
    return bytes_of(room.ptr, link->rest_len + len);
}

static void keep_rest(struct bench_link *link, struct bytes rest)
{
    link->has_failed |= rest.len > sizeof link->rest;
    link->rest_len = link->has_failed ? 0 : rest.len;
    if (link->rest_len > 0) {
        memcpy(link->rest, rest.ptr, link->rest_len);
    }
}

static uint64_t count_stream(struct bench_link *link)
{
    static uint8_t room[SLOT_LEN];
    uint64_t count = 0;
    bool has_more = true;

    while (has_more && !link->has_failed) {
        struct bytes bytes = read_stream(link, span_of(room, sizeof room));
        has_more = bytes.len == sizeof room; // Libssl may hold more, which poll does not see.
        count += bench_link_cut(&bytes);
        keep_rest(link, bytes);
    }
    return count;
}

static size_t recv_from_stream(struct bench_link *link, struct span room)
{
    uint8_t bytes[2 * BENCH_LINK_MESSAGE_MAX];
    struct bytes all = read_stream(link, span_of(bytes, sizeof bytes));
    size_t len;

    if (turn_frame_length(all, &len) != TURN_FRAME_WHOLE || len > room.len) {
        keep_rest(link, all);
        return 0;
    }
    memcpy(room.ptr, all.ptr, len);
    keep_rest(link, bytes_sub(all, len, all.len));
    return len;
}

// ---- datagrams

static void send_burst(struct bench_link *link, struct msghdr *message, size_t len)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))];
    uint16_t segment = (uint16_t)len;

    message->msg_iovlen = BENCH_LINK_TRAIN;
    message->msg_control = control;
    message->msg_controllen = sizeof control;
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    *c = (struct cmsghdr){
        .cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof segment)};
    memcpy(CMSG_DATA(c), &segment, sizeof segment);
    (void)sendmsg(link->fd, message, 0);
}

static void send_datagrams(
    struct bench_link *link, const struct yodel_addr *dest, struct bytes message, bool is_burst)
{
    struct sockaddr_storage to;
    struct iovec parts[BENCH_LINK_TRAIN];
    struct mmsghdr messages[BENCH_LINK_TRAIN];
    socklen_t to_len = sockaddr_write(&to, dest);

    for (size_t i = 0; i < BENCH_LINK_TRAIN; i++) {
        // sendmsg does not write through it.
        parts[i] = (struct iovec){(void *)(uintptr_t)message.ptr, message.len};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &to, .msg_namelen = to_len, .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    if (is_burst) {
        send_burst(link, &messages[0].msg_hdr, message.len);
    } else {
        (void)sendmmsg(link->fd, messages, BENCH_LINK_TRAIN, 0);
    }
}

static size_t segment_of(const struct mmsghdr *message)
{
    struct msghdr header = message->msg_hdr;
    int segment = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            memcpy(&segment, CMSG_DATA(c), sizeof segment);
        }
    }
    return segment > 0 ? (size_t)segment : 0;
}

static uint64_t count_datagrams(struct bench_link *link)
{
    static uint8_t bytes[SLOTS][SLOT_LEN];
    _Alignas(struct cmsghdr) char controls[SLOTS][CMSG_SPACE(sizeof(int))];
    struct iovec parts[SLOTS];
    struct mmsghdr messages[SLOTS];
    uint64_t count = 0;

    for (size_t i = 0; i < SLOTS; i++) {
        parts[i] = (struct iovec){bytes[i], SLOT_LEN};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i],
            .msg_iovlen = 1,
            .msg_control = controls[i],
            .msg_controllen = sizeof controls[i]};
    }
    int got = recvmmsg(link->fd, messages, SLOTS, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++) {
        count += bench_link_datagrams(messages[i].msg_len, segment_of(&messages[i]));
    }
    return count;
}

// ---- its life

bool bench_link_open_udp(struct bench_link *link, const struct yodel_addr *local)
{
    int on = 1;

    *link = (struct bench_link){.transport = YODEL_UDP, .local = *local};
    link->fd = socket_open_udp(&link->local);
    if (link->fd < 0) {
        return false;
    }
    socket_grow_buffers(link->fd, BUFFER);
    (void)setsockopt(link->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    return true;
}

static bool shake(struct bench_link *link, struct ssl_ctx_st *tls)
{
    const struct stream_target target = {.tls = tls, .is_insecure = true};
    enum stream_io got = STREAM_IO_AGAIN;

    if (!stream_tls_connect(&link->tls, link->fd, &target, "localhost")) {
        return false;
    }
    while (got == STREAM_IO_AGAIN) {
        stream_tls_visit(&link->tls);
        got = stream_tls_shake(&link->tls);
        if (got == STREAM_IO_AGAIN && !wait_for(link, POLLIN, BENCH_LINK_WAIT_MS)) {
            return false;
        }
    }
    return got == STREAM_IO_DONE;
}

static bool open_stream(struct bench_link *link, const struct yodel_addr *local,
    const struct yodel_addr *server, struct ssl_ctx_st *tls)
{
    int on = 1;

    link->fd = socket_connect_tcp(local, server);
    if (link->fd < 0 || !wait_for(link, POLLOUT, BENCH_LINK_WAIT_MS)) {
        return false;
    }
    if (socket_remote(link->fd).family == YODEL_ADDR_NONE) {
        return false; // Refused.
    }
    link->local = socket_local(link->fd);
    socket_grow_buffers(link->fd, BUFFER);
    (void)setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return link->transport != YODEL_TLS || shake(link, tls);
}

bool bench_link_open(struct bench_link *link, enum yodel_transport transport,
    const struct yodel_addr *local, const struct yodel_addr *server, struct ssl_ctx_st *tls)
{
    if (transport == YODEL_UDP) {
        return bench_link_open_udp(link, local);
    }
    *link = (struct bench_link){.transport = transport};
    return open_stream(link, local, server, tls);
}

void bench_link_close(struct bench_link *link)
{
    stream_tls_close(&link->tls);
    if (link->fd >= 0) {
        socket_close(link->fd);
    }
    link->fd = -1;
}

// ---- whichever it is

void bench_link_send(struct bench_link *link, const struct yodel_addr *dest, struct bytes message)
{
    struct sockaddr_storage to;

    if (link->transport != YODEL_UDP) {
        write_all(link, message);
        return;
    }
    socklen_t to_len = sockaddr_write(&to, dest);
    (void)sendto(link->fd, message.ptr, message.len, 0, (struct sockaddr *)&to, to_len);
}

void bench_link_send_train(
    struct bench_link *link, const struct yodel_addr *dest, struct bytes message, bool is_burst)
{
    static uint8_t train[BENCH_LINK_TRAIN * BENCH_LINK_MESSAGE_MAX];

    YODEL_ASSERT(message.len <= BENCH_LINK_MESSAGE_MAX);
    if (link->transport == YODEL_UDP) {
        send_datagrams(link, dest, message, is_burst);
        return;
    }
    for (size_t i = 0; i < BENCH_LINK_TRAIN; i++) {
        if (is_burst) {
            memcpy(train + i * message.len, message.ptr, message.len);
        } else {
            write_all(link, message);
        }
    }
    if (is_burst) {
        write_all(link, bytes_of(train, BENCH_LINK_TRAIN * message.len));
    }
}

size_t bench_link_recv(struct bench_link *link, struct span room, int wait_ms)
{
    if (link->rest_len == 0) {
        (void)wait_for(link, POLLIN, wait_ms);
    }
    if (link->transport != YODEL_UDP) {
        return recv_from_stream(link, room);
    }
    ssize_t got = recv(link->fd, room.ptr, room.len, MSG_DONTWAIT);
    return got > 0 ? (size_t)got : 0;
}

uint64_t bench_link_count(struct bench_link *link, int wait_ms)
{
    if (!wait_for(link, POLLIN, wait_ms)) {
        return 0;
    }
    return link->transport == YODEL_UDP ? count_datagrams(link) : count_stream(link);
}
