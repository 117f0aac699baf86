// The simulator's network: the internet, networks behind NATs, and datagrams on their way.
//
// A realm is a network in which addresses mean something: the internet, or what lies inside of a
// NAT, which may itself be inside of another. A link attaches an address to a realm, on behalf of an
// owner; a datagram climbs from its sender's link through NATs to the realm where its destination
// is, flies there, and descends from it through NATs when it has arrived. Delay, loss, reordering
// and duplication befall the flight. IPv6 addresses are of the internet wherever they are attached:
// NATs translate IPv4, or IPv6 into it.
//
// Limits      NETWORK_FLIGHT_MAX datagrams on their way; what is more is lost, as in a full queue;
//             NETWORK_NATS_MAX, NETWORK_LINKS_MAX

#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include "base/bytes.h"
#include "base/heap.h"
#include "nat.h"
#include "prng.h"
#include "yodel/peer.h"

#define NETWORK_FLIGHT_MAX 65536
#define NETWORK_NATS_MAX 8
#define NETWORK_LINKS_MAX 16
#define NETWORK_INTERNET 0
#define NETWORK_STRANGER -1 // The owner of what was injected.

struct network_quality {
    yodel_duration delay;
    yodel_duration jitter; // 0 … jitter is added, at random: with it comes reordering.
    double loss;
    double burst;     // How many in a row on average (Gilbert and Elliott); below 1: by chance.
    double reordered; // Of so many alone the jitter is; 0: of all.
    double duplication;
    double corruption;    // A bit flips, and no checksum notices.
    uint64_t rate_bps;    // 0: unlimited. A queue stands before each link,
    yodel_duration queue; // of so long; 0: 200 ms. A short one is a policer.
};

struct network_link {
    int realm;
    int owner;
    struct yodel_addr ip;
    bool is_cut_out, is_cut_in;
    bool is_udp_blocked; // By the host's firewall, both ways.
    bool is_bad;         // In a burst of losses.
    yodel_time free_at;  // When what was sent before has left.
};

struct network_nat {
    struct nat nat;
    int outside; // Its realm; inside of nats[i] is realm i + 1.
};

struct network {
    struct prng *prng;
    struct heap flights;
    struct network_quality quality;
    uint64_t mask;       // Scripted: datagram i is lost where bit i is set.
    uint32_t mask_count; // Of the first so many.
    bool is_cut;
    int nat_count, link_count;
    struct network_nat nats[NETWORK_NATS_MAX];
    struct network_link links[NETWORK_LINKS_MAX];
    uint64_t sent, lost, delivered;
    uint64_t hash; // Of everything sent: two runs of a seed must agree.
};

struct network_arrival {
    struct yodel_path path; // As the receiver sees it.
    int link;               // Where it arrived.
    uint64_t stream;        // It is a message that a stream carried, this one; 0: a datagram.
    int origin;             // The owner of what it is from at first, relays aside.
    bool is_relayed;
    size_t len;
    uint8_t datagram[YODEL_DATAGRAM_MAX];
};

void network_init(struct network *network, struct prng *prng);
void network_deinit(struct network *network);

// Puts a NAT between `outside` and a new realm, which is returned.
int network_add_nat(struct network *network, int outside, const struct nat_config *config);

// The NAT around a realm other than the internet.
struct nat *network_nat(struct network *network, int realm);

// Attaches an address; returns the link.
int network_attach(struct network *network, int realm, const struct yodel_addr *ip, int owner);

// The link that a datagram from `link` to `remote` would reach without a NAT's help, or -1.
int network_find(const struct network *network, int realm, const struct yodel_addr *remote);

// `path` is the sender's.
void network_send(struct network *network, int link, const struct yodel_path *path,
    const void *datagram, size_t len, yodel_time now);

// The same on behalf of another, whose datagram this was.
void network_relay(struct network *network, int link, int origin, const struct yodel_path *path,
    struct bytes datagram, yodel_time now);

// What somebody else puts on the wire of the internet, to arrive at `at`. No fault befalls it.
void network_inject(struct network *network, const struct yodel_path *path, const void *datagram,
    size_t len, yodel_time at);

// The next datagram that has arrived by `now`, or false.
bool network_next(struct network *network, struct network_arrival *arrival, yodel_time now);
yodel_time network_next_at(const struct network *network);

#endif
