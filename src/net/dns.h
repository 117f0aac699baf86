// Names: the system's look-up, on libuv's threads.
//
// Not here    names that end with ".local" (net/mdns.h)
// Ownership   a query frees itself once its answer was given, or once it has ended after a cancel;
//             until then it keeps the loop from ending
// Limits      DNS_NAME_MAX bytes a name

#ifndef NET_DNS_H
#define NET_DNS_H

#include <uv.h>

#include "base/addr.h"
#include "base/alloc.h"

#define DNS_NAME_MAX 256 // RFC 1035 §2.3.4: 255, and the NUL.

struct dns_query;

// `addrs` has the best address of each family, the better one first (RFC 6724), without ports; none
// where the name has none.
typedef void dns_answer(void *ctx, const struct yodel_addr *addrs, size_t count);

// Fails with SYNTAX (a name that can be none), NO_MEMORY, NETWORK. `answer` is called later.
YODEL_MUST_USE enum yodel_err dns_start(struct dns_query **query, uv_loop_t *loop,
    struct alloc *alloc, const char *name, dns_answer *answer, void *ctx);

// `answer` will not be called.
void dns_cancel(struct dns_query *query);

#endif
