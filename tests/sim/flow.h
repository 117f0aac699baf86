// Flows of the simulator's: numbered messages on a channel, and whether they came as promised.
//
// Message i is its number, its length, and bytes that follow from both, so that a receiver knows
// what it must be (V1 to V3: whole, once, in order where that was promised, without a gap where it is
// reliable), and nobody may see it on the wire.
//
// Ownership   the sim's; channels are the peers'
// Limits      SIM_CHANNELS_MAX flows of SIM_MESSAGES_MAX messages

#ifndef SIM_FLOW_H
#define SIM_FLOW_H

#include "yodel/peer.h"

#define SIM_MESSAGES_MAX 4096
#define SIM_CHANNELS_MAX 8

struct sim;
struct sim_side;

// A channel from one side to the other, with a stream of numbered messages on it.
struct sim_flow {
    bool is_used;
    struct yodel_channel_options options;
    yodel_channel *from; // On side `side`.
    yodel_channel *to;
    int side;
    uint32_t count; // To send in all.
    uint32_t sent;
    uint32_t received;
    uint32_t next; // The lowest number that may come next, where ordered.
    size_t size_max;
    uint8_t seen[SIM_MESSAGES_MAX / 8];
};

// Side 0 gets a flow's channel before it offers.
struct sim_flow *sim_add_flow(struct sim *sim, int side,
    const struct yodel_channel_options *options, uint32_t count, size_t size_max);

// A reliable flow each way, and the offer of side 0's.
void sim_exchange(struct sim *sim, uint32_t count, size_t size_max);

// The first two flows go on within `patience` of now, and end whole.
void sim_check_resumes(struct sim *sim, yodel_duration patience);

// Sends what a channel takes.
void flow_feed(struct sim *sim, struct sim_flow *flow);

// The channel of a flow arrived at the other side; a message did; a channel ends.
void flow_opened(struct sim_side *side, yodel_channel *channel);
void flow_received(struct sim *sim, yodel_channel *channel, const uint8_t *data, size_t len);
void flow_closed(yodel_channel *channel);

// Whether all is sent, and received where it is reliable.
bool flow_is_done(const struct sim_flow *flow);

// What every message carries must never be seen on the wire.
void flow_check_wire(struct sim *sim, const uint8_t *datagram, size_t len);

#endif
