// A small world for tests of the agent: two of them, and a network with delay, loss, NATs and streams.
//
// Not here    the simulator of the whole stack; this one knows nothing but the agents' datagrams
// Time        virtual: it jumps to whatever happens next
// Limits      ICE_WORLD_FLIGHTS_MAX datagrams under way; more are lost

#ifndef ICE_WORLD_H
#define ICE_WORLD_H

#include "ice/ice.h"
#include "turn_element.h"

#define ICE_WORLD_FLIGHTS_MAX 256
#define ICE_WORLD_STATES_MAX 64
#define ICE_WORLD_NATS_MAX 4
#define ICE_WORLD_SENT_MAX 64
#define ICE_WORLD_STREAMS_MAX 16

struct ice_world_flight {
    bool is_used;
    yodel_time at;
    struct yodel_path path; // As the receiver sees it.
    size_t len;
    uint8_t datagram[ICE_DATAGRAM_MAX];
};

// A connection, whether it stands yet or not, as each agent knows it.
struct ice_world_stream {
    bool is_used;
    bool is_open;
    size_t opener;
    yodel_time opens_at;
    struct yodel_path ends[2];
};

// What `inside` sends is seen as from `outside`, and what is sent there reaches `inside`.
struct ice_world_nat {
    struct yodel_addr inside, outside;
    bool is_strict;    // Lets in only what comes from where something was sent to.
    bool is_symmetric; // And has another port for each of those: `outside`'s and up.
    size_t sent_count;
    struct yodel_addr sent_to[ICE_WORLD_SENT_MAX];
};

struct ice_world_agent {
    struct ice ice;
    bool is_quiet; // Its candidates are not told to the other.
    struct yodel_path selected;
    size_t selected_count;
    enum ice_state states[ICE_WORLD_STATES_MAX];
    size_t state_count;
    enum ice_gathering gathering;
    size_t candidate_count;
    struct ice_candidate candidates[ICE_LOCALS_MAX];
    size_t resolve_count;
    char resolve[ICE_NAME_MAX + 1];
};

struct ice_world {
    struct env env;
    uint64_t seed;
    yodel_time now;
    struct ice_world_agent agents[2];
    yodel_duration delay;
    uint64_t loss_mask;      // Bit n: the datagram numbered n is lost.
    uint32_t loss_percent;   // And of all of them, so many.
    bool is_down[2];         // What this agent sends is lost.
    struct yodel_addr black; // And what goes to or comes from here.
    size_t sent_count;
    struct ice_world_flight flights[ICE_WORLD_FLIGHTS_MAX];
    struct yodel_addr server; // Answers Binding requests; family YODEL_ADDR_NONE: there is none.
    struct turn_element *turns[2]; // NULL: there is none. They are the test's.
    size_t nat_count;
    struct ice_world_nat nats[ICE_WORLD_NATS_MAX];
    bool is_udp_lost;    // All of it.
    bool is_tcp_refused; // Nobody is let in.
    size_t stream_count; // That ever were, or were asked for.
    size_t closed_count; // By an agent.
    struct ice_world_stream streams[ICE_WORLD_STREAMS_MAX];
    // Sees each datagram before it leaves; false: it is lost. May be NULL.
    bool (*tap)(struct ice_world *world, size_t from, struct bytes datagram);
    size_t tapped;
};

// Agent 0 controls. Pointers into the world are taken: it must not move.
void ice_world_init(struct ice_world *world, uint64_t seed);

// Each learns the other's credentials; candidates are told as they come.
void ice_world_signal(struct ice_world *world);
void ice_world_add_local(struct ice_world *world, size_t agent, const char *addr);
void ice_world_add_nat(struct ice_world *world, const char *inside, const char *outside);
void ice_world_listen(struct ice_world *world, size_t agent, const char *addr);

// Runs until the time has come, or `is_done` says so. May be NULL.
void ice_world_run(
    struct ice_world *world, yodel_time until, bool (*is_done)(const struct ice_world *world));

// Sends a datagram from the agent's side as if by it.
void ice_world_inject(
    struct ice_world *world, const struct yodel_path *path, struct bytes datagram);

// Streams: what an agent asks for, the far end of one that stands, and what time brings.
void ice_world_connect(struct ice_world *world, size_t agent, const struct ice_event *event);
void ice_world_disconnect(struct ice_world *world, size_t agent, const struct yodel_path *path);
void ice_world_cut(struct ice_world *world); // All of them, at both ends.
bool ice_world_other_end(
    struct ice_world *world, size_t agent, const struct yodel_path *path, struct yodel_path *other);
void ice_world_open_due(struct ice_world *world);
yodel_time ice_world_next_opening(const struct ice_world *world);

bool ice_world_both_selected(const struct ice_world *world);
bool ice_world_both_nominated(const struct ice_world *world); // The same path, from both ends.
struct yodel_addr ice_world_addr(const char *text);

#endif
