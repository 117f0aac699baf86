// Interfaces: the local addresses that are worth a candidate.
//
// Implements  RFC 8445 §5.1.1.1 (no loopback; no IPv6 site-local, no IPv4-mapped), with the
//             exceptions below
// Not here    which of them to prefer beyond their order (ice/)
// Ownership   values only
// Departs     link-local addresses are used where there is nothing else: two machines and a cable;
//             loopback as the caller says
// Limits      INTERFACES_MAX addresses

#ifndef NET_INTERFACES_H
#define NET_INTERFACES_H

#include <stdbool.h>

#include "base/addr.h"
#include "yodel/runtime.h"

#define INTERFACES_MAX 32
#define INTERFACES_NAME_MAX 32

struct interface {
    char name[INTERFACES_NAME_MAX];
    struct yodel_addr addr;
    bool is_internal; // The loopback interface.
};

struct interface_list {
    size_t count;
    struct interface items[INTERFACES_MAX];
};

// Every address of every interface that is up. Fails with NETWORK or NO_MEMORY.
YODEL_MUST_USE enum yodel_err interfaces_read(struct interface_list *list);

// Those of `all` to use, best first: real before virtual ones (docker, bridges), loopback last.
void interfaces_choose(
    struct interface_list *chosen, const struct interface_list *all, enum yodel_loopback loopback);

#endif
