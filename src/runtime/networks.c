// Networks: what is open is held against what there is.

#include "runtime/networks.h"

#include <stdio.h>

#include "net/mdns_socket.h"
#include "runtime/listener.h"
#include "runtime/lookup.h"
#include "runtime/port.h"

static void on_changed(void *ctx)
{
    networks_update(ctx);
}

enum yodel_err networks_init(struct worker *w, const struct yodel_runtime_config *config)
{
    if (config->interface_count > NETWORKS_PATTERNS_MAX) {
        return YODEL_ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < config->interface_count; i++) {
        size_t len = strlen(config->interfaces[i]);
        if (len >= NETWORKS_PATTERN_MAX) {
            return YODEL_ERR_TOO_LARGE;
        }
        memcpy(w->patterns[i], config->interfaces[i], len + 1);
        w->pattern_list[i] = w->patterns[i];
    }
    w->policy = (struct interfaces_policy){.loopback = config->loopback,
        .patterns = w->pattern_list,
        .pattern_count = config->interface_count};
    return YODEL_OK;
}

static enum yodel_err read_chosen(struct worker *w, struct interface_list *chosen)
{
    struct interface_list all;
    enum yodel_err err = interfaces_read(&all);

    if (err != YODEL_OK) {
        (void)snprintf(w->error, sizeof w->error, "cannot read the interfaces");
        return err;
    }
    interfaces_choose(chosen, &all, &w->policy);
    if (chosen->count == 0) {
        (void)snprintf(w->error, sizeof w->error, "no interface has a usable address%s",
            w->policy.pattern_count > 0 ? ", or none that was asked for" : "");
    }
    return YODEL_OK;
}

static struct port *find_port(const struct list *list, const struct yodel_addr *ip)
{
    for (struct list_node *n = list_first(list); n; n = list_next(list, n)) {
        struct port *port = CONTAINER_OF(n, struct port, link);
        if (addr_same_ip(&port->udp.local, ip)) {
            return port;
        }
    }
    return NULL;
}

// ---- what a list of ports is for

// `owner` NULL: shared, for all.
static struct list *ports_of(struct worker *w, struct attachment *owner)
{
    return owner ? &owner->ports : &w->ports;
}

// A name that cannot be had hides the address all the same: its candidates are not told then.
static void announce(struct attachment *a, const struct yodel_addr *local)
{
    struct worker *w = a->worker;

    if (w->hides_addresses && !addr_is_loopback(local)) {
        struct mdns_socket *mdns = lookup_local(w);
        const char *name = mdns ? mdns_socket_name(mdns, local) : NULL;
        yodel_peer_add_local_name(a->peer, local, name ? name : "");
    }
    yodel_peer_add_local_address(a->peer, local);
}

static void tell_one(struct attachment *a, const struct yodel_addr *local, bool is_new)
{
    if (!a->has_gathered) {
        return; // It will be told of all there is.
    }
    if (is_new) {
        announce(a, local);
    } else {
        yodel_peer_remove_local_address(a->peer, local);
    }
    worker_touch(a);
}

static void tell(
    struct worker *w, struct attachment *owner, const struct yodel_addr *local, bool is_new)
{
    if (owner) {
        tell_one(owner, local, is_new);
        return;
    }
    for (struct list_node *n = list_first(&w->attachments); n; n = list_next(&w->attachments, n)) {
        tell_one(CONTAINER_OF(n, struct attachment, link), local, is_new);
    }
}

// One for each address that has none yet.
static void open_missing(
    struct worker *w, struct attachment *owner, const struct interface_list *chosen)
{
    for (size_t i = 0; i < chosen->count; i++) {
        struct yodel_addr local = chosen->items[i].addr;
        struct port *port;

        local.port = w->udp_port;
        if (find_port(ports_of(w, owner), &local)) {
            continue;
        }
        if (port_open(&port, w, owner, &local) != YODEL_OK) {
            log_info(w->env, "runtime", "%s", w->error);
        } else {
            tell(w, owner, &port->udp.local, true);
        }
    }
}

static void close_lost(
    struct worker *w, struct attachment *owner, const struct interface_list *chosen)
{
    const struct list *ports = ports_of(w, owner);
    struct list_node *node = list_first(ports);

    while (node) {
        struct port *port = CONTAINER_OF(node, struct port, link);
        node = list_next(ports, node);
        if (!interfaces_has(chosen, &port->udp.local)) {
            tell(w, owner, &port->udp.local, false);
            port->owner = NULL;
            port_close(port);
        }
    }
}

static void open_listeners(struct worker *w, const struct interface_list *chosen)
{
    for (size_t i = 0; i < chosen->count && w->has_tcp; i++) {
        if (listener_open(w, &chosen->items[i].addr) != YODEL_OK) {
            log_info(w->env, "runtime", "%s", w->error);
        }
    }
}

// ---- gathering

static void start_watch(struct worker *w)
{
    if (!w->has_watch && w->policy.loopback != YODEL_LOOPBACK_ONLY) {
        w->has_watch = true;
        w->handle_count++;
        interfaces_watch_start(&w->watch, w->loop, on_changed, w);
    }
}

void networks_gather(struct attachment *a)
{
    struct worker *w = a->worker;
    struct attachment *owner = w->udp_port != 0 ? NULL : a;
    const struct list *ports = ports_of(w, owner);
    struct interface_list chosen;

    a->has_gathered = false; // Below it is told of all.
    start_watch(w);          // Before the look, so that nothing happens between.
    if (read_chosen(w, &chosen) == YODEL_OK) {
        open_missing(w, owner, &chosen);
        open_listeners(w, &chosen);
    }
    for (struct list_node *n = list_first(ports); n; n = list_next(ports, n)) {
        announce(a, &CONTAINER_OF(n, struct port, link)->udp.local);
    }
    listener_announce(a);
    yodel_peer_end_local_addresses(a->peer);
    a->has_gathered = true;
}

enum yodel_err networks_open_shared(struct worker *w)
{
    struct interface_list chosen;
    enum yodel_err err = read_chosen(w, &chosen);

    if (err != YODEL_OK) {
        return err;
    }
    open_missing(w, NULL, &chosen);
    return list_is_empty(&w->ports) ? YODEL_ERR_NETWORK : YODEL_OK;
}

// Goodbye, to who may have heard of the names of addresses that are gone.
static void take_names_back(struct worker *w, const struct interface_list *chosen)
{
    if (w->mdns && w->hides_addresses) {
        mdns_socket_keep_only(w->mdns, chosen);
    }
}

static void update_peer(struct attachment *a, const struct interface_list *chosen)
{
    if (a->has_gathered) {
        close_lost(a->worker, a, chosen);
        open_missing(a->worker, a, chosen);
    }
}

void networks_update(struct worker *w)
{
    struct interface_list chosen;

    if (w->is_closing || read_chosen(w, &chosen) != YODEL_OK) {
        return;
    }
    listener_close_lost(w, &chosen);
    take_names_back(w, &chosen);
    open_listeners(w, &chosen);
    if (w->udp_port != 0) {
        close_lost(w, NULL, &chosen);
        open_missing(w, NULL, &chosen);
        return;
    }
    for (struct list_node *n = list_first(&w->attachments); n; n = list_next(&w->attachments, n)) {
        update_peer(CONTAINER_OF(n, struct attachment, link), &chosen);
    }
}

static void on_watch_closed(void *ctx)
{
    worker_let_go(ctx);
}

void networks_stop(struct worker *w)
{
    if (w->has_watch) {
        interfaces_watch_stop(&w->watch, on_watch_closed);
    }
}
