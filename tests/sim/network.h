// The simulator's network: datagrams on their way, with delay, loss, reordering and duplication.
//
// Limits      NETWORK_FLIGHT_MAX datagrams on their way; what is more is lost, as in a full queue

#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include "base/heap.h"
#include "prng.h"
#include "yodel/peer.h"

#define NETWORK_FLIGHT_MAX 65536

struct network_quality {
    yodel_duration delay;
    yodel_duration jitter; // 0 … jitter is added, at random: with it comes reordering.
    double loss;
    double duplication;
    double corruption; // A bit flips, and no checksum notices.
    uint64_t rate_bps; // 0: unlimited. A queue of 200 ms stands before it.
};

struct network {
    struct prng *prng;
    struct heap flights;
    struct network_quality quality;
    uint64_t mask;       // Scripted: datagram i is lost where bit i is set.
    uint32_t mask_count; // Of the first so many.
    bool is_cut;
    bool is_cut_one_way; // From the side whose address ends with 1.
    yodel_time free_at[2];
    uint64_t sent, lost, delivered;
    uint64_t hash; // Of everything sent: two runs of a seed must agree.
};

struct network_arrival {
    struct yodel_path path; // As the receiver sees it.
    size_t len;
    uint8_t datagram[YODEL_DATAGRAM_MAX];
};

void network_init(struct network *network, struct prng *prng);
void network_deinit(struct network *network);

// `path` is the sender's.
void network_send(struct network *network, const struct yodel_path *path, const void *datagram,
    size_t len, yodel_time now);

// What somebody else puts on the wire, to arrive at `at`. No fault befalls it.
void network_inject(struct network *network, const struct yodel_path *path, const void *datagram,
    size_t len, yodel_time at);

// The next datagram that has arrived by `now`, or false.
bool network_next(struct network *network, struct network_arrival *arrival, yodel_time now);
yodel_time network_next_at(const struct network *network);

#endif
