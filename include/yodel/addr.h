// Addresses: an IP address and a port, and the pair of them that a datagram travels along.
//
// Ownership   values only

#ifndef YODEL_ADDR_H
#define YODEL_ADDR_H

#include <stdint.h>

enum yodel_family { YODEL_ADDR_NONE, YODEL_ADDR_V4, YODEL_ADDR_V6 };

struct yodel_addr {
    enum yodel_family family;
    uint8_t ip[16];    // Network order; an IPv4 address is in the first four, the rest is zero.
    uint32_t scope_id; // Of a link-local IPv6 address, else 0.
    uint16_t port;     // Host order.
};

enum yodel_transport { YODEL_UDP, YODEL_TCP };

// Along what a datagram came, or is to go. `local` is the address that one of our sockets is bound
// to.
struct yodel_path {
    struct yodel_addr local;
    struct yodel_addr remote;
    enum yodel_transport transport;
};

#endif
