// Interfaces: the local addresses that are worth a candidate, the best first.
//
// An interface is one of a kind, by its name and its address:
//
//   real      all others                                              used first
//   vpn       tun* tap* wg* tailscale* utun* ppp* ipsec* zt*          used last: a detour
//   virtual   docker* br-* veth* virbr* cni* flannel* cali* lxc* …    used where there is no other
//   link-local addresses, and loopback                                the same, in this order
//
// Patterns say otherwise: what one of them names is used as if it were real, and nothing else.
//
// Implements  RFC 8445 §5.1.1.1 (no loopback; no IPv6 site-local, no IPv4-mapped), with the
//             exceptions below; RFC 8421 §4 (families take turns, IPv6 begins); RFC 8981 §3.5 and
//             RFC 4862 §5.5.4 (temporary addresses before stable ones, no tentative ones,
//             deprecated ones last)
// Not here    when they change (net/interfaces_watch.h)
// Ownership   values only; patterns are borrowed
// Departs     link-local addresses are used where there is nothing else: two machines and a cable;
//             loopback as the caller says
// Limits      INTERFACES_MAX addresses in a list

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
    bool is_internal;   // The loopback interface.
    bool is_temporary;  // RFC 8981: changes from day to day, and tells less about who has it.
    bool is_deprecated; // RFC 4862: not for new connections, where there is another.
    bool is_unusable;   // RFC 4862: somebody else may have it.
};

struct interface_list {
    size_t count;
    struct interface items[INTERFACES_MAX];
};

// "eth0", "wlan*", "192.0.2.*"; with "!" before it: never. Names and addresses are held against it.
struct interfaces_policy {
    enum yodel_loopback loopback;
    const char *const *patterns;
    size_t pattern_count;
    bool is_lasting; // For who listens for months: no temporary addresses.
};

// Every address of every interface that is up. Fails with NETWORK or NO_MEMORY.
YODEL_MUST_USE enum yodel_err interfaces_read(struct interface_list *list);

// Each address of this machine, however many: also of interfaces without a cable, and of those that are no
// use to anybody. What is sent to them from here arrives here.
YODEL_MUST_USE enum yodel_err interfaces_visit(
    void (*visit)(void *ctx, const struct yodel_addr *addr), void *ctx);

// Those of `all` to use.
void interfaces_choose(struct interface_list *chosen, const struct interface_list *all,
    const struct interfaces_policy *policy);

bool interfaces_has(const struct interface_list *list, const struct yodel_addr *ip);

// What the system says of IPv6 addresses: by interfaces_read, in a file for each system.
void interfaces_read_flags(struct interface_list *list);

#endif
