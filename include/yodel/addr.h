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

enum yodel_transport { YODEL_UDP, YODEL_TCP, YODEL_TLS };

// How datagrams are told apart in a stream.
enum yodel_framing {
    YODEL_FRAMING_TURN, // RFC 8656 §3.7, §12.5: STUN messages and ChannelData say their own
                        // lengths; the latter are padded to four bytes.
    YODEL_FRAMING_ICE,  // RFC 4571: two bytes of length before each.
};

// Along what a datagram came, or is to go. `local` is the address that one of our sockets is bound
// to, or what a stream is opened from, with port 0 to a server and 9 to a peer (RFC 6544 §4.5): a path
// is that stream's name then.
struct yodel_path {
    struct yodel_addr local;
    struct yodel_addr remote;
    enum yodel_transport transport;
};

#endif
