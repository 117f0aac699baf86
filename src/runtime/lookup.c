// Look-ups: the names that a peer wants to know the address of.
//
// A name that ends with ".local" goes to the local network (RFC 6762 §3), any other to the system.

#include "runtime/lookup.h"

#include <string.h>

#include "net/dns.h"
#include "net/mdns_socket.h"

struct lookup {
    struct attachment *attachment;
    struct list_node link;       // In the attachment's.
    struct list_node local_link; // In the worker's, where multicast DNS was asked,
    struct dns_query *query;     // else the system.
    char name[DNS_NAME_MAX];
};

_Static_assert(DNS_NAME_MAX == MDNS_NAME_MAX, "a name fits both");

static void finish(struct lookup *lookup)
{
    struct attachment *attachment = lookup->attachment;

    list_remove(&lookup->link);
    if (list_is_linked(&lookup->local_link)) {
        list_remove(&lookup->local_link);
    }
    attachment->lookup_count--;
    alloc_free(attachment->worker->env->alloc, lookup);
}

static void answer(struct lookup *lookup, const struct yodel_addr *addr)
{
    yodel_peer_resolved(lookup->attachment->peer, lookup->name, addr);
    worker_touch(lookup->attachment);
    finish(lookup);
}

static void on_dns_answer(void *ctx, const struct yodel_addr *addrs, size_t count)
{
    struct lookup *lookup = ctx;

    for (size_t i = 0; i + 1 < count; i++) {
        yodel_peer_resolved(lookup->attachment->peer, lookup->name, &addrs[i]);
    }
    answer(lookup, count > 0 ? &addrs[count - 1] : NULL);
}

// One answer is for all who asked for the name.
static void on_mdns_answer(void *ctx, const struct mdns_answer *got)
{
    struct worker *worker = ctx;
    struct list_node *node = list_first(&worker->local_lookups);

    while (node) {
        struct lookup *lookup = CONTAINER_OF(node, struct lookup, local_link);
        node = list_next(&worker->local_lookups, node);
        if (mdns_msg_same_name(lookup->name, got->name)) {
            answer(lookup, got->is_found ? &got->addr : NULL);
        }
    }
}

static bool is_local(const char *name)
{
    static const char suffix[] = ".local";
    size_t len = strlen(name);

    return len >= sizeof suffix && mdns_msg_same_name(name + len - (sizeof suffix - 1), suffix);
}

struct mdns_socket *lookup_local(struct worker *worker)
{
    if (!worker->mdns) {
        worker->mdns = alloc_new(worker->env->alloc, sizeof *worker->mdns);
        if (!worker->mdns) {
            return NULL;
        }
        worker->handle_count++;
        mdns_socket_init(worker->mdns, worker->loop, worker->env, worker->policy.loopback,
            on_mdns_answer, worker);
    }
    return worker->mdns;
}

static bool ask_link(struct lookup *lookup)
{
    struct worker *worker = lookup->attachment->worker;

    if (!lookup_local(worker) || mdns_socket_ask(worker->mdns, lookup->name) != YODEL_OK) {
        return false;
    }
    list_push_back(&worker->local_lookups, &lookup->local_link);
    return true;
}

static bool ask_system(struct lookup *lookup)
{
    struct worker *worker = lookup->attachment->worker;

    return dns_start(&lookup->query, worker->loop, worker->env->alloc, lookup->name, on_dns_answer,
               lookup) == YODEL_OK;
}

static bool start(struct attachment *attachment, const char *name)
{
    size_t len = strlen(name);

    if (len >= DNS_NAME_MAX || attachment->lookup_count == LOOKUPS_PER_PEER) {
        return false;
    }
    struct lookup *lookup = alloc_new(attachment->worker->env->alloc, sizeof *lookup);
    if (!lookup) {
        return false;
    }
    lookup->attachment = attachment;
    memcpy(lookup->name, name, len + 1);
    list_push_back(&attachment->lookups, &lookup->link);
    attachment->lookup_count++;
    if (is_local(name) ? ask_link(lookup) : ask_system(lookup)) {
        return true;
    }
    finish(lookup);
    return false;
}

void lookup_start(struct attachment *attachment, const char *name)
{
    if (!start(attachment, name)) {
        yodel_peer_resolved(attachment->peer, name, NULL);
        worker_touch(attachment);
    }
}

void lookup_cancel_all(struct attachment *attachment)
{
    struct list_node *node;

    while ((node = list_first(&attachment->lookups))) {
        struct lookup *lookup = CONTAINER_OF(node, struct lookup, link);
        if (lookup->query) {
            dns_cancel(lookup->query);
        }
        finish(lookup);
    }
}

static void on_mdns_closed(void *ctx)
{
    struct worker *worker = ctx;

    alloc_free(worker->env->alloc, worker->mdns);
    worker->mdns = NULL;
    worker_let_go(worker);
}

void lookup_stop(struct worker *worker)
{
    if (worker->mdns) {
        mdns_socket_close(worker->mdns, on_mdns_closed);
    }
}
