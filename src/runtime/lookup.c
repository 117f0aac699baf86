// Look-ups: the names that a peer wants to know the address of.

#include "runtime/lookup.h"

#include <string.h>

#include "net/dns.h"

struct lookup {
    struct attachment *attachment;
    struct list_node link;
    struct dns_query *query;
    char name[DNS_NAME_MAX];
};

static void on_answer(void *ctx, const struct yodel_addr *addr)
{
    struct lookup *lookup = ctx;
    struct attachment *attachment = lookup->attachment;

    list_remove(&lookup->link);
    attachment->lookup_count--;
    yodel_peer_resolved(attachment->peer, lookup->name, addr);
    worker_touch(attachment);
    alloc_free(attachment->worker->env->alloc, lookup);
}

static bool is_local(const char *name)
{
    static const char suffix[] = ".local";
    size_t len = strlen(name);

    return len >= sizeof suffix && strcmp(name + len - (sizeof suffix - 1), suffix) == 0;
}

static bool start(struct attachment *attachment, const char *name)
{
    struct worker *worker = attachment->worker;

    if (strlen(name) >= DNS_NAME_MAX || attachment->lookup_count == LOOKUPS_PER_PEER ||
        is_local(name)) {
        return false;
    }
    struct lookup *lookup = alloc_new(worker->env->alloc, sizeof *lookup);
    if (!lookup) {
        return false;
    }
    lookup->attachment = attachment;
    memcpy(lookup->name, name, strlen(name) + 1);
    if (dns_start(&lookup->query, worker->loop, worker->env->alloc, lookup->name, on_answer,
            lookup) != YODEL_OK) {
        alloc_free(worker->env->alloc, lookup);
        return false;
    }
    list_push_back(&attachment->lookups, &lookup->link);
    attachment->lookup_count++;
    return true;
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

    while ((node = list_pop_front(&attachment->lookups))) {
        struct lookup *lookup = CONTAINER_OF(node, struct lookup, link);
        dns_cancel(lookup->query);
        alloc_free(attachment->worker->env->alloc, lookup);
    }
    attachment->lookup_count = 0;
}
