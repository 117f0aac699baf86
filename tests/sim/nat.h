// A NAT of the simulator's: as whom a host is seen outside, and whose datagrams are let in.
//
// Implements  RFC 4787 §4.1 (mapping), §4.2 (ports), §4.3 (how long a mapping lasts), §5 (filtering),
//             §6 (hairpinning); RFC 5382 §4 (streams: who was called may answer, nobody calls in);
//             RFC 6146 §3.5 (NAT64), for addresses of RFC 6052 §2.1's prefix
// Not here    which network is on which side (network.h); headers, fragments, ICMP
// Ownership   a value; borrows the prng
// Time        every `now` must be at least the one before it
// Limits      NAT_MAPPINGS_MAX mappings, and fewer where the configuration says so: then nothing
//             new goes out; NAT_PERMITS_MAX remote addresses a mapping, the oldest make way

#ifndef SIM_NAT_H
#define SIM_NAT_H

#include "base/time.h"
#include "prng.h"
#include "yodel/addr.h"

#define NAT_MAPPINGS_MAX 64
#define NAT_PERMITS_MAX 32
#define NAT_TIMEOUT YODEL_SECONDS(120)         // RFC 4787 REQ-5: not sooner.
#define NAT_TIMEOUT_STREAM YODEL_SECONDS(7440) // RFC 5382 REQ-5: nor this, of a stream.

// What of the remote address matters, RFC 4787 §4.1 and §5.
enum nat_scope {
    NAT_ENDPOINT_INDEPENDENT,
    NAT_ADDRESS_DEPENDENT,
    NAT_ADDRESS_AND_PORT_DEPENDENT,
};

struct nat_config {
    struct yodel_addr outside; // Its port does not matter.
    enum nat_scope mapping;
    enum nat_scope filtering;
    bool has_random_ports; // Otherwise the host's own port, or the next that is free.
    bool has_hairpin;
    bool is_udp_blocked;    // As a firewall that lets TCP out.
    bool is_udp_one_way;    // It goes out, and nothing comes back.
    bool is_nat64;          // Inside is IPv6, outside IPv4.
    uint16_t only_port;     // Of streams: 0, or what they may go to.
    yodel_duration timeout; // Of UDP, without anything going out; 0: NAT_TIMEOUT.
    uint32_t mappings_max;  // 0: NAT_MAPPINGS_MAX.
};

struct nat_permit {
    struct yodel_addr remote;
    yodel_time sent_at;
};

struct nat_mapping {
    bool is_used;
    enum yodel_transport transport;
    struct yodel_addr inside;
    struct yodel_addr remote; // The first; a dependent mapping is for it alone.
    uint16_t port;            // Outside.
    yodel_time sent_at;
    struct nat_permit permits[NAT_PERMITS_MAX]; // Whom the host has sent to.
};

struct nat {
    struct nat_config config;
    struct prng *prng;
    uint16_t port_shift; // Between a host's port and the one it gets; moved by a rebinding.
    struct nat_mapping mappings[NAT_MAPPINGS_MAX];
    uint64_t refused; // Datagrams that found no free mapping.
};

void nat_init(struct nat *nat, const struct nat_config *config, struct prng *prng);

// Both translate a path as its sender sees it, in place, or return false where the datagram ends
// here: on its way out the local address becomes the outside one, on its way in the remote address
// the host's.
bool nat_out(struct nat *nat, struct yodel_path *path, yodel_time now);
bool nat_in(struct nat *nat, struct yodel_path *path, yodel_time now);

// The IPv6 address by which NAT64 lets an IPv4 one be reached, and back; false where it is none.
void nat_embed(struct yodel_addr *addr);
bool nat_extract(struct yodel_addr *addr);

// All mappings are forgotten, and hosts get other ports than before.
void nat_rebind(struct nat *nat);

#endif
