// STUN responder: one datagram in, at most one out, nothing kept.

#include "server/stun.h"

#include <sys/socket.h>
#include <unistd.h>

#include "net/sockaddr.h"
#include "stun/server.h"

#define REQUEST_MAX 1500

static void answer(struct server_stun *stun, struct bytes request, struct sockaddr_storage *from,
    socklen_t from_len)
{
    uint8_t room[STUN_SERVER_ANSWER_MAX];
    struct yodel_addr source = sockaddr_parse((struct sockaddr *)from);
    size_t len = stun_server_answer(request, &source, span_of(room, sizeof room));

    stun->received++;
    if (len > 0 &&
        sendto(stun->fd, room, len, MSG_DONTWAIT, (struct sockaddr *)from, from_len) > 0) {
        stun->answered++;
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct server_stun *stun = poll->data;
    uint8_t request[REQUEST_MAX];

    (void)status;
    (void)events;
    for (int i = 0; i < SERVER_STUN_TURN; i++) {
        struct sockaddr_storage from;
        socklen_t from_len = sizeof from;
        ssize_t len = recvfrom(
            stun->fd, request, sizeof request, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
        if (len < 0) {
            return;
        }
        answer(stun, bytes_of(request, (size_t)len), &from, from_len);
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
