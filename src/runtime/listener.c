// Listener: accepting, and hardly anything else.

#include "runtime/listener.h"

#include <errno.h>
#include <stdio.h>

#include "net/clock.h"
#include "net/socket.h"
#include "runtime/streams.h"

struct listener {
    struct worker *worker;
    struct yodel_addr local;
    int fd;
    uv_poll_t poll;
    struct list_node link;
};

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct listener *l = CONTAINER_OF(poll, struct listener, poll);
    struct worker *w = l->worker;

    (void)status;
    (void)events;
    for (int i = 0; i < LISTENER_ACCEPTS_MAX; i++) {
        int fd = socket_accept(l->fd);
        if (fd >= 0) {
            streams_accept(w, &l->local, fd);
            continue;
        }
        // The connection stays where it is, and would wake us again and again.
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            (void)uv_poll_stop(&l->poll);
            w->listen_again = clock_now() + LISTENER_PAUSE;
        }
        break;
    }
}

void listener_tick(struct worker *w, yodel_time now)
{
    if (now < w->listen_again) {
        return;
    }
    w->listen_again = YODEL_NEVER;
    for (struct list_node *n = list_first(&w->listeners); n; n = list_next(&w->listeners, n)) {
        (void)uv_poll_start(&CONTAINER_OF(n, struct listener, link)->poll, UV_READABLE, on_poll);
    }
}

static struct listener *find(const struct worker *w, const struct yodel_addr *ip)
{
    for (struct list_node *n = list_first(&w->listeners); n; n = list_next(&w->listeners, n)) {
        struct listener *l = CONTAINER_OF(n, struct listener, link);
        if (addr_same_ip(&l->local, ip)) {
            return l;
        }
    }
    return NULL;
}

static enum yodel_err explain(struct worker *w, const struct yodel_addr *local, int error)
{
    char text[ADDR_TEXT_MAX];

    (void)snprintf(w->error, sizeof w->error, "cannot listen on TCP %s: %s", addr_text(local, text),
        strerror(error));
    return YODEL_ERR_NETWORK;
}

static void tell(struct worker *w, const struct yodel_addr *local, bool is_new)
{
    for (struct list_node *n = list_first(&w->attachments); n; n = list_next(&w->attachments, n)) {
        struct attachment *a = CONTAINER_OF(n, struct attachment, link);
        if (a->has_gathered && is_new) {
            yodel_peer_add_local_tcp_address(a->peer, local);
        } else if (a->has_gathered) {
            yodel_peer_remove_local_address(a->peer, local);
        }
    }
}

enum yodel_err listener_open(struct worker *w, const struct yodel_addr *ip)
{
    if (find(w, ip)) {
        return YODEL_OK;
    }
    struct listener *l = alloc_new(w->env->alloc, sizeof *l);
    if (!l) {
        return YODEL_ERR_NO_MEMORY;
    }
    *l = (struct listener){.worker = w, .local = *ip};
    l->local.port = w->udp_port;
    l->fd = socket_listen_tcp(&l->local);
    int error = l->fd < 0 ? errno : -uv_poll_init(w->loop, &l->poll, l->fd);
    if (error != 0) {
        enum yodel_err err = explain(w, &l->local, error);
        if (l->fd >= 0) {
            socket_close(l->fd);
        }
        alloc_free(w->env->alloc, l);
        return err;
    }
    w->handle_count++;
    list_push_back(&w->listeners, &l->link);
    (void)uv_poll_start(&l->poll, UV_READABLE, on_poll);
    tell(w, &l->local, true);
    return YODEL_OK;
}

static void on_closed(uv_handle_t *handle)
{
    struct listener *l = CONTAINER_OF((uv_poll_t *)handle, struct listener, poll);
    struct worker *w = l->worker;

    alloc_free(w->env->alloc, l);
    worker_let_go(w);
}

static void close_listener(struct listener *l)
{
    list_remove(&l->link);
    (void)uv_poll_stop(&l->poll);
    socket_close(l->fd);
    uv_close((uv_handle_t *)&l->poll, on_closed);
}

void listener_close_lost(struct worker *w, const struct interface_list *chosen)
{
    struct list_node *node = list_first(&w->listeners);

    while (node) {
        struct listener *l = CONTAINER_OF(node, struct listener, link);
        node = list_next(&w->listeners, node);
        if (!interfaces_has(chosen, &l->local)) {
            tell(w, &l->local, false);
            close_listener(l); // Its streams end by themselves.
        }
    }
}

void listener_announce(struct attachment *a)
{
    const struct list *all = &a->worker->listeners;

    for (struct list_node *n = list_first(all); n; n = list_next(all, n)) {
        yodel_peer_add_local_tcp_address(a->peer, &CONTAINER_OF(n, struct listener, link)->local);
    }
}

void listener_stop(struct worker *w)
{
    struct list_node *node;

    while ((node = list_first(&w->listeners))) {
        close_listener(CONTAINER_OF(node, struct listener, link));
    }
}
