// Port: a UDP socket in the loop.

#include "runtime/port.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct port *port = CONTAINER_OF(poll, struct port, poll);

    if (status < 0) {
        // libuv stopped watching because of a pending error, which the next call will take away.
        worker_receive(port);
        if (!port->is_closing) {
            bool wait = port->waits_for_room;
            port->waits_for_room = !wait;
            port_wait_for_room(port, wait);
        }
        return;
    }
    if (events & UV_WRITABLE) {
        port_wait_for_room(port, false);
        worker_has_room(port->worker);
    }
    if (events & UV_READABLE) {
        worker_receive(port);
    }
}

void port_wait_for_room(struct port *port, bool wait)
{
    if (port->waits_for_room == wait) {
        return;
    }
    port->waits_for_room = wait;
    (void)uv_poll_start(&port->poll, UV_READABLE | (wait ? UV_WRITABLE : 0), on_poll);
}

static void explain(struct worker *worker, const struct yodel_addr *local, const char *why)
{
    char text[ADDR_TEXT_MAX];

    (void)snprintf(worker->error, sizeof worker->error, "cannot open a UDP socket on %s: %s",
        addr_text(local, text), why);
}

enum yodel_err port_open(struct port **port, struct worker *worker, struct attachment *owner,
    const struct yodel_addr *local)
{
    struct port *opened = alloc_new(worker->env->alloc, sizeof *opened);

    if (!opened) {
        return YODEL_ERR_NO_MEMORY;
    }
    opened->worker = worker;
    opened->owner = owner;
    if (udp_open(&opened->udp, local) != YODEL_OK) {
        explain(worker, local, strerror(errno));
        alloc_free(worker->env->alloc, opened);
        return YODEL_ERR_NETWORK;
    }
    int err = uv_poll_init(worker->loop, &opened->poll, opened->udp.fd);
    if (err != 0) {
        explain(worker, local, uv_strerror(err));
        udp_close(&opened->udp);
        alloc_free(worker->env->alloc, opened);
        return YODEL_ERR_NETWORK;
    }
    worker->handle_count++;
    (void)uv_poll_start(&opened->poll, UV_READABLE, on_poll);
    list_push_back(owner ? &owner->ports : &worker->ports, &opened->link);
    *port = opened;
    return YODEL_OK;
}

static void on_closed(uv_handle_t *handle)
{
    struct port *port = CONTAINER_OF((uv_poll_t *)handle, struct port, poll);
    struct worker *worker = port->worker;

    alloc_free(worker->env->alloc, port);
    worker_let_go(worker);
}

void port_close(struct port *port)
{
    port->is_closing = true;
    list_remove(&port->link);
    if (list_is_linked(&port->touched)) {
        list_remove(&port->touched);
    }
    (void)uv_poll_stop(&port->poll);
    udp_close(&port->udp);
    uv_close((uv_handle_t *)&port->poll, on_closed);
}

struct port *port_find(const struct list *list, const struct yodel_addr *local)
{
    for (struct list_node *node = list_first(list); node; node = list_next(list, node)) {
        struct port *port = CONTAINER_OF(node, struct port, link);
        if (addr_equal(&port->udp.local, local)) {
            return port;
        }
    }
    return NULL;
}
