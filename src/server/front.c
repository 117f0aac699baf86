// The front: guests, until it is clear what they speak.

#include "server/front.h"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/clock.h"
#include "server/first_bytes.h"
#include "server/turn_stream.h"

struct guest {
    struct list_node node; // First.
    struct server_front *front;
    uv_poll_t poll;
    int fd;
    size_t seen; // Bytes that were not enough.
    yodel_time until;
};

// ---- handles

static void handle_closed(struct server_front *front)
{
    if (--front->handle_count == 0) {
        SSL_CTX_free(front->tls);
        front->on_stopped(front->ctx);
    }
}

static void on_guest_closed(uv_handle_t *handle)
{
    struct guest *guest = handle->data;
    struct server_front *front = guest->front;

    alloc_free(front->env->alloc, guest);
    handle_closed(front);
}

static void on_handle_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

// ---- guests

static void watch_time(struct server_front *front);

// Returns the socket, which is the caller's from here on.
static int let_go(struct guest *guest)
{
    int fd = guest->fd;

    list_remove(&guest->node);
    guest->front->guest_count--;
    (void)uv_poll_stop(&guest->poll);
    uv_close((uv_handle_t *)&guest->poll, on_guest_closed);
    watch_time(guest->front);
    return fd;
}

static void dismiss(struct guest *guest)
{
    guest->front->foreign++;
    close(let_go(guest));
}

// The socket is readable again when there is more than that: RFC 1122's low water mark.
static void wait_for(int fd, size_t len)
{
    int mark = (int)len;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark);
}

static void hand_over(struct guest *guest, struct ssl_ctx_st *tls)
{
    struct server_turn *turn = guest->front->turn;
    int fd = let_go(guest);

    wait_for(fd, 1);
    server_turn_stream_accept(turn, fd, tls);
}

static void decide(struct guest *guest, enum server_first first)
{
    switch (first) {
    case SERVER_FIRST_MORE:
        break;
    case SERVER_FIRST_STUN:
        hand_over(guest, NULL);
        break;
    case SERVER_FIRST_TLS:
    case SERVER_FIRST_TLS_TURN:
        if (guest->front->tls) {
            hand_over(guest, guest->front->tls);
        } else {
            dismiss(guest);
        }
        break;
    case SERVER_FIRST_HTTP:
    case SERVER_FIRST_TLS_HTTP:
    case SERVER_FIRST_FOREIGN:
        dismiss(guest);
        break;
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct guest *guest = poll->data;
    uint8_t bytes[SERVER_FIRST_BYTES_MAX];
    ssize_t len = recv(guest->fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);

    (void)events;
    if (status < 0 || len <= 0 || (size_t)len == guest->seen) {
        dismiss(guest); // It ended, or broke.
        return;
    }
    enum server_first first = server_first_bytes_look(bytes_of(bytes, (size_t)len));
    if (first == SERVER_FIRST_MORE) {
        guest->seen = (size_t)len;
        wait_for(guest->fd, guest->seen + 1);
    }
    decide(guest, first);
}

static void on_time(uv_timer_t *timer)
{
    struct server_front *front = timer->data;
    yodel_time now = clock_now();
    struct list_node *node;

    while ((node = list_first(&front->guests)) && ((struct guest *)node)->until <= now) {
        dismiss((struct guest *)node);
    }
    watch_time(front);
}

// The oldest guest's time ends first: all have the same.
static void watch_time(struct server_front *front)
{
    struct guest *oldest = (struct guest *)list_first(&front->guests);

    if (!oldest) {
        (void)uv_timer_stop(&front->timer);
    } else if (!uv_is_active((uv_handle_t *)&front->timer)) {
        (void)uv_timer_start(
            &front->timer, on_time, time_since(oldest->until, clock_now()) / YODEL_MS(1) + 1, 0);
    }
}

static void welcome(struct server_front *front, int fd)
{
    struct guest *guest = alloc_new(front->env->alloc, sizeof *guest);

    if (!guest || uv_poll_init(front->loop, &guest->poll, fd) != 0) {
        alloc_free(front->env->alloc, guest);
        close(fd);
        return;
    }
    if (front->guest_count == SERVER_FRONT_GUESTS_MAX) {
        dismiss((struct guest *)list_first(&front->guests)); // Who has been silent longest.
    }
    guest->front = front;
    guest->fd = fd;
    guest->until = time_after(clock_now(), SERVER_FRONT_WAIT);
    guest->poll.data = guest;
    list_push_back(&front->guests, &guest->node);
    front->guest_count++;
    front->handle_count++;
    (void)uv_poll_start(&guest->poll, UV_READABLE, on_readable);
    watch_time(front);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    struct server_front_listener *listener = poll->data;

    (void)status;
    (void)events;
    for (int i = 0; i < SERVER_FRONT_ACCEPTS; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        welcome(listener->front, fd);
    }
}

// ---- its life

void server_front_start(struct server_front *front, uv_loop_t *loop, const struct env *env,
    struct server_turn *turn, struct ssl_ctx_st *tls)
{
    *front = (struct server_front){.env = env, .loop = loop, .turn = turn, .tls = tls};
    list_init(&front->guests);
    (void)uv_timer_init(loop, &front->timer);
    front->timer.data = front;
    front->handle_count = 1;
}

enum yodel_err server_front_add(struct server_front *front, int fd)
{
    struct server_front_listener *listener = &front->listeners[front->listener_count];

    if (uv_poll_init(front->loop, &listener->poll, fd) != 0) {
        close(fd);
        return YODEL_ERR_NETWORK;
    }
    listener->front = front;
    listener->fd = fd;
    listener->poll.data = listener;
    front->listener_count++;
    front->handle_count++;
    (void)uv_poll_start(&listener->poll, UV_READABLE, on_connection);
    return YODEL_OK;
}

void server_front_stop(struct server_front *front, void (*on_stopped)(void *ctx), void *ctx)
{
    front->on_stopped = on_stopped;
    front->ctx = ctx;
    if (!front->env) {
        on_stopped(ctx); // It was never started.
        return;
    }
    while (!list_is_empty(&front->guests)) {
        dismiss((struct guest *)list_first(&front->guests));
    }
    for (size_t i = 0; i < front->listener_count; i++) {
        (void)uv_poll_stop(&front->listeners[i].poll);
        close(front->listeners[i].fd);
        front->listeners[i].poll.data = front;
        uv_close((uv_handle_t *)&front->listeners[i].poll, on_handle_closed);
    }
    uv_close((uv_handle_t *)&front->timer, on_handle_closed);
}
