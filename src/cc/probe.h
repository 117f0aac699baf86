// Probes: short bursts at a higher rate, to learn at once what growing would take a minute to.
//
//   START -- 3x and 6x the start rate --> WAITING -- confirmed: 2x of it, again --> WAITING
//                                            | not confirmed, or nothing heard for a second
//                                            v
//                                          DONE -- the application sends little, for 5 s: 2x --> WAITING
//                                               -- the rate fell by a third, and the path is quiet
//                                                  again: 0.85 of what it was --> WAITING
//
// Implements  RFC 8836 §2 (adapting quickly to what there is at the start, and again after a drop)
// Departs     draft-ietf-rmcat-gcc-02 has no probes; the figures are those of browsers
// Not here    sending them (cc/pacer.h)
// Ownership   values
// Time        every `now` must be at least the one before it; arrivals are on the peer's clock
// Limits      two clusters wait at once, CC_PROBE_CLUSTERS are measured; one lasts CC_PROBE_DURATION,
//             or CC_PROBE_PACKETS_MIN packets

#ifndef CC_PROBE_H
#define CC_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

#define CC_PROBE_CLUSTERS 4
#define CC_PROBE_WAITING_MAX 2
#define CC_PROBE_DURATION YODEL_MS(15)
#define CC_PROBE_PACKETS_MIN 5
#define CC_PROBE_PATIENCE YODEL_SECONDS(1)
#define CC_PROBE_INTERVAL YODEL_SECONDS(5)

struct cc_probe {
    uint32_t id; // Never 0.
    uint64_t rate_bps;
    size_t bytes;     // At least so many,
    uint32_t packets; // in at least so many packets.
};

// What is known of a cluster that is on its way.
struct cc_probe_cluster {
    struct cc_probe probe;
    uint32_t acked;
    size_t bytes;
    yodel_time first_sent;
    yodel_time last_sent;
    size_t last_size; // Of the last that was sent: its time on the wire lies behind the span.
    uint64_t first_arrival;
    uint64_t last_arrival;
    size_t first_size; // Of the first that arrived.
};

enum cc_probe_state {
    CC_PROBE_START,
    CC_PROBE_WAITING,
    CC_PROBE_DONE,
};

struct cc_probes {
    enum cc_probe_state state;
    struct cc_probe waiting[CC_PROBE_WAITING_MAX];
    uint32_t waiting_count;
    struct cc_probe_cluster clusters[CC_PROBE_CLUSTERS]; // By id modulo their count.
    uint32_t last_id;
    yodel_time asked;       // When the last was made.
    double confirmed_bps;   // What a result must reach to be probed beyond; 0: none may.
    double before_drop_bps; // 0: nothing to come back to.
    uint64_t results;
};

struct cc_probe_input {
    double target_bps;
    double max_bps;
    bool is_application_limited;
    bool is_quiet; // Neither delay nor loss says anything.
};

void cc_probe_init(struct cc_probes *probes);

// The rate fell from `bps` to less.
void cc_probe_on_drop(struct cc_probes *probes, double bps);

// Decides whether to probe.
void cc_probe_tick(struct cc_probes *probes, const struct cc_probe_input *input, yodel_time now);

// The next cluster to be sent; false where there is none.
bool cc_probe_next(struct cc_probes *probes, struct cc_probe *probe);

struct cc_probe_ack {
    uint32_t id;
    size_t size;
    yodel_time sent;
    uint64_t arrival;
};

// A packet of a cluster arrived. Returns the rate that the cluster shows, in bit/s; 0: not yet, or
// nothing that can be believed.
double cc_probe_acked(struct cc_probes *probes, const struct cc_probe_ack *ack);

// A cluster showed `bps`: further up, where that was about all that was tried.
void cc_probe_on_result(struct cc_probes *probes, double bps, double max_bps, yodel_time now);

// When to tick though nothing happens.
yodel_time cc_probe_next_timeout(const struct cc_probes *probes);

#endif
