// Names: a coat over uv_getaddrinfo.

#include "net/dns.h"

#include <netdb.h>

#include "net/sockaddr.h"

struct dns_query {
    uv_getaddrinfo_t request;
    struct alloc *alloc;
    dns_answer *answer; // NULL: cancelled.
    void *ctx;
};

#define FAMILIES 2

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct dns_query *query = CONTAINER_OF(request, struct dns_query, request);
    struct yodel_addr found[FAMILIES];
    size_t count = 0;

    for (struct addrinfo *i = list; status == 0 && i && count < FAMILIES; i = i->ai_next) {
        struct yodel_addr addr = sockaddr_parse(i->ai_addr);
        if (addr.family != YODEL_ADDR_NONE && (count == 0 || addr.family != found[0].family)) {
            found[count++] = addr;
        }
    }
    uv_freeaddrinfo(list);
    if (query->answer) {
        query->answer(query->ctx, found, count);
    }
    alloc_free(query->alloc, query);
}

enum yodel_err dns_start(struct dns_query **query, uv_loop_t *loop, struct alloc *alloc,
    const char *name, dns_answer *answer, void *ctx)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
    size_t len = strlen(name);

    if (len == 0 || len >= DNS_NAME_MAX) {
        return YODEL_ERR_SYNTAX;
    }
    struct dns_query *started = alloc_new(alloc, sizeof *started);
    if (!started) {
        return YODEL_ERR_NO_MEMORY;
    }
    *started = (struct dns_query){.alloc = alloc, .answer = answer, .ctx = ctx};
    if (uv_getaddrinfo(loop, &started->request, on_found, name, NULL, &hints) != 0) {
        alloc_free(alloc, started);
        return YODEL_ERR_NETWORK;
    }
    *query = started;
    return YODEL_OK;
}

void dns_cancel(struct dns_query *query)
{
    query->answer = NULL;
    (void)uv_cancel(
        (uv_req_t *)&query->request); // Too late where it has begun; then it ends alone.
}
