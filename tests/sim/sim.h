// The simulator: two peers, their signaling and a network in one thread and in virtual time.
//
// Each side has one address; descriptions and candidates travel with a delay of their own, and may
// be cut too. After each turn the checkers run: deadlines advance, plain text is never on the wire,
// memory stays within its budget, and nobody sends data without consent or to a stranger.
//
// Not here    paths with a small MTU: no datagram is over 1200 bytes, and none is split
//
// Ownership   a sim owns all; sim_deinit frees it and checks that no memory is left

#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/env.h"
#include "network.h"

#define SIM_MESSAGES_MAX 4096
#define SIM_CHANNELS_MAX 8
#define SIM_NOTES_MAX 64

struct sim;

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

struct sim_alloc {
    struct alloc alloc;
    uint64_t in_use, most, count;
    uint64_t fail_at; // The so manieth allocation fails; 0: none.
};

struct sim_side {
    struct sim *sim;
    int index;
    struct yodel_addr addr;
    struct sim_alloc memory;
    struct env env;
    yodel_peer *peer;
    enum yodel_connection_state connection;
    bool is_polite;
    bool has_connected;
    yodel_time connected_at;
    yodel_time last_sent_at;
    yodel_time last_data_at;  // The last datagram that was not STUN.
    yodel_time last_heard_at; // The last one from the other side's address.
    yodel_time paused_until;  // As by SIGSTOP: what arrives until then is lost.
    bool is_deaf;             // The application takes no events.
    uint64_t stranger_bytes;  // Sent to addresses that are not the other side's.
};

// A message of the signaling's on its way.
struct sim_note {
    bool is_used;
    uint64_t order; // Signaling keeps it.
    int to;
    yodel_time at;
    bool is_description;
    enum yodel_sdp_type type;
    char *text;
    char mid[32];
};

struct sim {
    uint64_t seed;
    struct prng prng;
    yodel_time now;
    struct network network;
    struct sim_side sides[2];
    struct sim_note notes[SIM_NOTES_MAX];
    uint64_t notes_sent;
    yodel_duration signaling_delay;
    bool signaling_is_dead;
    struct sim_flow flows[SIM_CHANNELS_MAX];
    uint64_t turns;
    // Sees everything that is sent, and may put what it likes into the network.
    void (*attack)(struct sim *sim, int from, const struct yodel_path *path,
        const uint8_t *datagram, size_t len);
};

void sim_init(struct sim *sim, uint64_t seed);
void sim_deinit(struct sim *sim);

// Side 0 gets a flow's channel before it offers; then the offer goes out.
struct sim_flow *sim_add_flow(struct sim *sim, int side,
    const struct yodel_channel_options *options, uint32_t count, size_t size_max);
void sim_offer(struct sim *sim, int side);

// Runs until `done` says so, or `until` has come; true for the former.
bool sim_run(struct sim *sim, bool (*done)(struct sim *sim), yodel_time until);

bool sim_is_connected(struct sim *sim); // Both sides.
bool sim_is_delivered(struct sim *sim); // Every reliable flow whole, every other sent.

// Fails with the line that makes this run again.
#define SIM_CHECK(sim, condition)                                                                  \
    ((condition) ? (void)0 : sim_fail((sim), #condition, __FILE__, __LINE__))
void sim_fail(const struct sim *sim, const char *what, const char *file, int line)
    __attribute__((noreturn));

#endif
