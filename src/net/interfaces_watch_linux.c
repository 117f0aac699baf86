// Watching interfaces on Linux: rtnetlink, whose messages are taken as hints and not read.

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "base/port.h"
#include "net/interfaces_watch.h"
#include "net/socket.h"

static void on_settled(uv_timer_t *timer)
{
    struct interfaces_watch *w = CONTAINER_OF(timer, struct interfaces_watch, timer);

    w->changed(w->ctx);
}

// Not anew for each message: who never comes to rest must not put it off forever.
static void settle(struct interfaces_watch *w)
{
    if (!uv_is_active((uv_handle_t *)&w->timer)) {
        uv_update_time(w->timer.loop);
        (void)uv_timer_start(&w->timer, on_settled, INTERFACES_SETTLE / 1000, 0);
    }
}

static void on_message(uv_poll_t *poll, int status, int events)
{
    struct interfaces_watch *w = CONTAINER_OF(poll, struct interfaces_watch, poll);
    char room[8192];

    (void)status;
    (void)events;
    // ENOBUFS: there was more than the kernel kept. It is a hint all the same.
    while (recv(w->fd, room, sizeof room, MSG_DONTWAIT) > 0 || errno == ENOBUFS) {
        errno = 0;
    }
    settle(w);
}

static int open_netlink(void)
{
    // Links too: one that goes down keeps its IPv4 addresses.
    struct sockaddr_nl local = {.nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&local, sizeof local) != 0) {
        socket_close(fd);
        fd = -1;
    }
    return fd;
}

void interfaces_watch_start(
    struct interfaces_watch *w, uv_loop_t *loop, void (*changed)(void *ctx), void *ctx)
{
    *w = (struct interfaces_watch){.changed = changed, .ctx = ctx, .handle_count = 1};
    (void)uv_timer_init(loop, &w->timer);
    w->fd = open_netlink();
    if (w->fd >= 0 && uv_poll_init(loop, &w->poll, w->fd) != 0) {
        socket_close(w->fd);
        w->fd = -1;
    }
    if (w->fd >= 0) {
        w->handle_count = 2;
        (void)uv_poll_start(&w->poll, UV_READABLE, on_message);
        uv_unref((uv_handle_t *)&w->poll);
    } else { // A sandbox may forbid it: then we look now and then.
        uint64_t each = INTERFACES_LOOK_EACH / 1000;
        (void)uv_timer_start(&w->timer, on_settled, each, each);
    }
    uv_unref((uv_handle_t *)&w->timer);
}

void interfaces_watch_hint(struct interfaces_watch *w, yodel_time now)
{
    if (time_since(now, w->hinted) >= INTERFACES_HINT_EACH || w->hinted == 0) {
        w->hinted = now;
        settle(w);
    }
}

static void let_go(struct interfaces_watch *w)
{
    if (--w->handle_count == 0) {
        w->closed(w->ctx);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    let_go(CONTAINER_OF((uv_timer_t *)handle, struct interfaces_watch, timer));
}

static void on_poll_closed(uv_handle_t *handle)
{
    let_go(CONTAINER_OF((uv_poll_t *)handle, struct interfaces_watch, poll));
}

void interfaces_watch_stop(struct interfaces_watch *w, void (*closed)(void *ctx))
{
    w->closed = closed;
    if (w->fd >= 0) {
        (void)uv_poll_stop(&w->poll);
        socket_close(w->fd);
        uv_close((uv_handle_t *)&w->poll, on_poll_closed);
    }
    uv_close((uv_handle_t *)&w->timer, on_timer_closed);
}
