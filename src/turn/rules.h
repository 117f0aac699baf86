// TURN peers that may be: nobody relays into the operator's own network, unless told so.
//
// Special addresses are refused: loopback, private, link-local, shared, documentation, benchmarking,
// multicast, reserved, every form of IPv4 in IPv6, and our own. An allow-list is the exception. An
// IPv6 address that carries an IPv4 address is judged by that one, too.
//
// Implements  RFC 8656 §21.3 to §21.5 (what a relay opens), RFC 6156 §9.1 (IPv4 in IPv6); the
//             registries of RFC 6890
// Not here    names: a peer is an address; ports (turn/allocation.h)
// Ownership   values only
// Limits      TURN_RULES_ALLOW_MAX and TURN_RULES_OWN_MAX

#ifndef TURN_RULES_H
#define TURN_RULES_H

#include "base/addr.h"

#define TURN_RULES_ALLOW_MAX 64
#define TURN_RULES_OWN_MAX 256 // That are not special.

struct turn_rules_prefix {
    enum yodel_family family;
    uint8_t bits; // How many of `ip` count.
    uint8_t ip[16];
};

// A zeroed one refuses all special addresses.
struct turn_rules {
    size_t allow_count;
    size_t own_count;
    struct turn_rules_prefix allow[TURN_RULES_ALLOW_MAX];
    struct yodel_addr own[TURN_RULES_OWN_MAX]; // Whatever the port.
};

// "10.0.0.0/8", "2001:db8::/32", or one address. Fails with SYNTAX or TOO_LARGE (too many).
YODEL_MUST_USE enum yodel_err turn_rules_allow(struct turn_rules *rules, struct bytes text);

// An address of ours, which no relay reaches: not through any of our names for it.
YODEL_MUST_USE enum yodel_err turn_rules_add_own(
    struct turn_rules *rules, const struct yodel_addr *addr);

// Whether the relay may exchange anything with `peer`, whatever its port; and whether it might without an exception.
bool turn_rules_is_allowed(const struct turn_rules *rules, const struct yodel_addr *peer);
bool turn_rules_is_ordinary(const struct turn_rules *rules, const struct yodel_addr *peer);

#endif
