// The front: guests, until it is clear what they speak.

#include "server/front.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/clock.h"
#include "server/inner.h"
#include "server/turn_stream.h"

// A guest whose bytes are read by nobody yet.
struct outer {
    struct server_front_guest guest; // First.
    uv_poll_t poll;
    int fd;
    size_t seen; // Bytes that were not enough.
};

// ---- who waits

static void watch_time(struct server_front *front);

static void on_time(uv_timer_t *timer)
{
    struct server_front *front = timer->data;
    yodel_time now = clock_now();
    struct server_front_guest *guest;

    while ((guest = (void *)list_first(&front->guests)) && guest->until <= now) {
        guest->dismiss(guest);
    }
    watch_time(front);
}

// The oldest guest's time ends first: all have the same.
static void watch_time(struct server_front *front)
{
    struct server_front_guest *oldest = (void *)list_first(&front->guests);

    if (!oldest) {
        (void)uv_timer_stop(&front->timer);
    } else if (!uv_is_active((uv_handle_t *)&front->timer)) {
        (void)uv_timer_start(
            &front->timer, on_time, time_since(oldest->until, clock_now()) / YODEL_MS(1) + 1, 0);
    }
}

void server_front_join(struct server_front *front, struct server_front_guest *guest)
{
    if (front->guest_count == SERVER_FRONT_GUESTS_MAX) { // Who has been silent longest goes.
        struct server_front_guest *oldest = (void *)list_first(&front->guests);
        oldest->dismiss(oldest);
    }
    guest->front = front;
    guest->until = time_after(clock_now(), SERVER_FRONT_WAIT);
    list_push_back(&front->guests, &guest->node);
    front->guest_count++;
    front->handle_count++;
    watch_time(front);
}

void server_front_leave(struct server_front_guest *guest)
{
    if (list_is_linked(&guest->node)) {
        list_remove(&guest->node);
        guest->front->guest_count--;
        watch_time(guest->front);
    }
}

void server_front_gone(struct server_front *front)
{
    if (--front->handle_count == 0) {
        front->on_stopped(front->ctx);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    server_front_gone(handle->data);
}

// ---- who gets it

static void give(struct server_front *front, int fd, bool is_web, enum server_first first)
{
    const struct server_front_takers *to = &front->takers;

    front->told[first]++;
    switch (first) {
    case SERVER_FIRST_HTTP: // Not where there is a certificate: it would be in the clear.
    case SERVER_FIRST_TLS_HTTP:
        if (is_web && (first == SERVER_FIRST_TLS_HTTP) == (front->tls != NULL)) {
            to->http(to->ctx, fd, front->tls != NULL);
            return;
        }
        break;
    case SERVER_FIRST_STUN:
    case SERVER_FIRST_TLS_TURN:
        if (to->turn && (first == SERVER_FIRST_STUN || front->tls)) {
            server_turn_stream_accept(to->turn, fd, first == SERVER_FIRST_STUN ? NULL : front->tls);
            return;
        }
        break;
    case SERVER_FIRST_TLS:
        if (front->tls) {
            server_inner_start(front, fd, is_web);
            return;
        }
        break;
    case SERVER_FIRST_ICE_TCP:
        if (to->ice_tcp) {
            to->ice_tcp(to->ctx, fd);
            return;
        }
        break;
    case SERVER_FIRST_MORE:
    case SERVER_FIRST_FOREIGN:
        break;
    }
    front->refused++;
    close(fd);
}

// ---- guests

static void on_outer_closed(uv_handle_t *handle)
{
    struct outer *outer = handle->data;
    struct server_front *front = outer->guest.front;

    alloc_free(front->env->alloc, outer);
    server_front_gone(front);
}

// The socket is readable again when there is so much: RFC 1122's low water mark.
static void wait_for(int fd, size_t len)
{
    int mark = (int)len;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark);
}

static void let_go(struct outer *outer, enum server_first first)
{
    server_front_leave(&outer->guest);
    (void)uv_poll_stop(&outer->poll);
    uv_close((uv_handle_t *)&outer->poll, on_outer_closed);
    if (outer->seen > 0) {
        wait_for(outer->fd, 1);
    }
    give(outer->guest.front, outer->fd, outer->guest.is_web, first);
}

static void dismiss(struct server_front_guest *guest)
{
    let_go((struct outer *)guest, SERVER_FIRST_MORE); // It counts as silent.
}

// What the first bytes say, of which `seen` were not enough. FOREIGN where there come no more.
static enum server_first peek(int fd, size_t *seen)
{
    uint8_t bytes[SERVER_FIRST_BYTES_MAX];
    ssize_t len = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);

    if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return SERVER_FIRST_MORE;
    }
    if (len <= 0 || (size_t)len == *seen) {
        return SERVER_FIRST_FOREIGN; // It ended, or broke.
    }
    enum server_first first = server_first_bytes_look(bytes_of(bytes, (size_t)len));
    if (first == SERVER_FIRST_MORE) {
        *seen = (size_t)len;
        wait_for(fd, *seen + 1);
    }
    return first;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct outer *outer = poll->data;
    enum server_first first = status < 0 ? SERVER_FIRST_FOREIGN : peek(outer->fd, &outer->seen);

    (void)events;
    if (first != SERVER_FIRST_MORE) {
        let_go(outer, first);
    }
}

static void welcome(struct server_front_listener *listener, int fd)
{
    struct server_front *front = listener->front;
    size_t seen = 0;
    enum server_first first = peek(fd, &seen);

    if (first != SERVER_FIRST_MORE) {
        give(front, fd, listener->is_web, first);
        return;
    }
    struct outer *outer = alloc_new(front->env->alloc, sizeof *outer);
    if (!outer || uv_poll_init(front->loop, &outer->poll, fd) != 0) {
        alloc_free(front->env->alloc, outer);
        give(front, fd, listener->is_web, SERVER_FIRST_FOREIGN);
        return;
    }
    outer->guest.is_web = listener->is_web;
    outer->guest.dismiss = dismiss;
    outer->fd = fd;
    outer->seen = seen;
    outer->poll.data = outer;
    server_front_join(front, &outer->guest);
    (void)uv_poll_start(&outer->poll, UV_READABLE, on_readable);
}

// ---- listeners

static void on_connection(uv_poll_t *poll, int status, int events);

static void on_rested(uv_timer_t *timer)
{
    struct server_front *front = timer->data;

    for (size_t i = 0; i < front->listener_count; i++) {
        (void)uv_poll_start(&front->listeners[i].poll, UV_READABLE, on_connection);
    }
}

// What waits to be accepted would wake the loop again and again.
static void rest(struct server_front *front)
{
    for (size_t i = 0; i < front->listener_count; i++) {
        (void)uv_poll_stop(&front->listeners[i].poll);
    }
    (void)uv_timer_start(&front->rest, on_rested, SERVER_FRONT_REST_MS, 0);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    struct server_front_listener *listener = poll->data;

    (void)status;
    (void)events;
    for (int i = 0; i < SERVER_FRONT_ACCEPTS; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            welcome(listener, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            rest(listener->front);
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
}

// ---- its life

void server_front_start(struct server_front *front, uv_loop_t *loop, const struct env *env,
    const struct server_front_takers *takers)
{
    *front = (struct server_front){.env = env, .loop = loop, .takers = *takers};
    list_init(&front->guests);
    (void)uv_timer_init(loop, &front->timer);
    (void)uv_timer_init(loop, &front->rest);
    front->timer.data = front->rest.data = front;
    front->handle_count = 2;
}

void server_front_set_tls(struct server_front *front, struct ssl_ctx_st *tls)
{
    front->tls = tls;
}

enum yodel_err server_front_add(struct server_front *front, int fd, bool is_web)
{
    struct server_front_listener *listener = &front->listeners[front->listener_count];

    YODEL_ASSERT(front->listener_count < SERVER_FRONT_LISTENERS_MAX);
    if (uv_poll_init(front->loop, &listener->poll, fd) != 0) {
        close(fd);
        return YODEL_ERR_NETWORK;
    }
    listener->front = front;
    listener->fd = fd;
    listener->is_web = is_web;
    listener->poll.data = listener;
    front->listener_count++;
    front->handle_count++;
    (void)uv_poll_start(&listener->poll, UV_READABLE, on_connection);
    return YODEL_OK;
}

void server_front_stop(struct server_front *front, void (*on_stopped)(void *ctx), void *ctx)
{
    struct server_front_guest *guest;

    front->on_stopped = on_stopped;
    front->ctx = ctx;
    if (!front->env) {
        on_stopped(ctx); // It was never started.
        return;
    }
    while ((guest = (void *)list_first(&front->guests))) {
        guest->dismiss(guest);
    }
    for (size_t i = 0; i < front->listener_count; i++) {
        (void)uv_poll_stop(&front->listeners[i].poll);
        close(front->listeners[i].fd);
        front->listeners[i].poll.data = front;
        uv_close((uv_handle_t *)&front->listeners[i].poll, on_handle_closed);
    }
    uv_close((uv_handle_t *)&front->timer, on_handle_closed);
    uv_close((uv_handle_t *)&front->rest, on_handle_closed);
}
