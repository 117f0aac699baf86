// Addresses: an IP address and a port, and the pair of them that a datagram travels along.
//
// Implements  RFC 5952 (how an IPv6 address is written)
// Not here    names (net/dns.h), sockets
// Ownership   values; compare with addr_equal, never with memcmp

#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "yodel/addr.h"

#define ADDR_TEXT_MAX 64 // "[" 39 "%" scope "]:" port, and the NUL.

bool addr_equal(const struct yodel_addr *a, const struct yodel_addr *b);
bool addr_same_ip(const struct yodel_addr *a, const struct yodel_addr *b); // Whatever the port.
bool path_equal(const struct yodel_path *a, const struct yodel_path *b);

struct yodel_addr addr_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port);

// An IP address without a port, "192.0.2.1" or "2001:db8::1". Names are a syntax error.
YODEL_MUST_USE enum yodel_err addr_parse_ip(struct yodel_addr *addr, struct bytes text);

// "192.0.2.1:80" or "[::1]:80".
YODEL_MUST_USE enum yodel_err addr_parse(struct yodel_addr *addr, struct bytes text);

// Both return `room`, for use inside a printf.
const char *addr_ip_text(const struct yodel_addr *addr, char room[ADDR_TEXT_MAX]);
const char *addr_text(const struct yodel_addr *addr, char room[ADDR_TEXT_MAX]); // With the port.

bool addr_is_loopback(const struct yodel_addr *addr);
bool addr_is_link_local(const struct yodel_addr *addr);
bool addr_is_multicast(const struct yodel_addr *addr); // Broadcast included.
bool addr_is_any(const struct yodel_addr *addr);       // 0.0.0.0 and ::.
bool addr_is_private(const struct yodel_addr *addr);   // RFC 1918, RFC 6598 and fc00::/7.

// A 4-in-6 address (::ffff:a.b.c.d) becomes the IPv4 address it stands for.
struct yodel_addr addr_unmap(const struct yodel_addr *addr);

// By what a sender is counted who could have many addresses: all of an IPv4 address, the /64 of an IPv6 one. Ports do not
// count. Returns `key`.
#define ADDR_SOURCE_SIZE 9
struct bytes addr_source(uint8_t key[ADDR_SOURCE_SIZE], const struct yodel_addr *addr);

#endif
