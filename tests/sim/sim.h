// The simulator: two peers, their signaling, servers and a network in one thread and in virtual time.
//
// Each side has interfaces, which may come and go; descriptions and candidates travel with a delay of
// their own (signal.h); names are looked up (resolver.h). After each turn the checkers run: deadlines
// advance, plain text is never on the wire, memory stays within its budget, states follow each other
// as they may, and nobody sends data without consent or to a stranger.
//
// Not here    paths with a small MTU: no datagram is over 1200 bytes, and none is split; HTTP proxies
//
// Ownership   a sim owns all; sim_deinit frees it and checks that no memory is left

#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/env.h"
#include "flow.h"
#include "network.h"
#include "resolver.h"
#include "server.h"
#include "signal.h"
#include "stream.h"

#define SIM_INTERFACES_MAX 4
#define SIM_HEARD_MAX 32

struct sim;

struct sim_alloc {
    struct alloc alloc;
    uint64_t in_use, most, count;
    uint64_t fail_at; // The so manieth allocation fails; 0: none.
};

struct sim_interface {
    bool is_up;
    bool is_taken;     // No socket can be bound to it: EADDRINUSE.
    bool is_listening; // For streams, at the same port (RFC 6544).
    bool is_mute;      // What it accepts gets no answer, as from a box in between.
    int link;
    struct yodel_addr addr;
};

// A path along which the other side, or a server, was heard.
struct sim_heard {
    struct yodel_path path;
    yodel_time at;
};

struct sim_side {
    struct sim *sim;
    int index;
    struct sim_alloc memory;
    struct env env;
    yodel_peer *peer;
    int interface_count;
    struct sim_interface interfaces[SIM_INTERFACES_MAX];
    bool has_gathered; // Interfaces are told when they come, from now on.
    bool is_v6_only;   // Its resolver makes IPv6 addresses of all (DNS64).
    enum yodel_connection_state connection;
    bool is_polite;
    bool has_connected;
    yodel_time connected_at; // At first.
    yodel_time gathered_at;
    uint32_t changes;  // Of the connection's state.
    uint32_t restarts; // Of ICE, that the peer asked for.
    yodel_time last_sent_at;
    yodel_time last_data_at;   // The last datagram sent that was not STUN.
    yodel_time last_heard_at;  // The last one from the other side.
    yodel_time last_direct_at; // The last data from there, by no relay, and
    yodel_time last_relayed_at;
    struct yodel_path data_out; // Along which data went last, and came.
    struct yodel_path data_in;
    struct sim_heard heard[SIM_HEARD_MAX];
    yodel_time paused_until; // As by SIGSTOP: what arrives until then is lost.
    bool is_deaf;            // The application takes no events.
    uint64_t stranger_bytes; // Sent to what is neither an interface of the other side nor a server.
};

struct sim {
    uint64_t seed;
    char again[96]; // What makes this run again.
    struct prng prng;
    yodel_time now;
    struct network network;
    struct sim_side sides[2];
    struct sim_signal signal;
    struct sim_resolver resolver;
    struct sim_streams streams;
    struct sim_server servers[SIM_SERVERS_MAX];
    struct sim_flow flows[SIM_CHANNELS_MAX];
    bool is_unchecked; // Both are lite: data goes where nobody was heard.
    bool is_offering;  // The applications make the offers that their peers ask for.
    uint64_t turns;
    // Sees each event of media's, and may call anything.
    void (*on_media)(struct sim_side *side, const struct yodel_event *event);
    void *media; // Its own.
    // Sees everything that is sent, and may put what it likes into the network.
    void (*attack)(struct sim *sim, int from, const struct yodel_path *path,
        const uint8_t *datagram, size_t len);
};

// Two sides on the internet, 10.0.0.1 and 10.0.0.2, and no server.
void sim_init(struct sim *sim, uint64_t seed);
void sim_deinit(struct sim *sim);

// The same step by step, for other networks: nothing; then the network; then the sides with their
// interfaces, the best first.
void sim_init_empty(struct sim *sim, uint64_t seed);
void sim_add_side(struct sim *sim, int side, const struct yodel_peer_config *config);
struct sim_interface *sim_add_interface(
    struct sim *sim, int side, int realm, const struct yodel_addr *ip);

// Before anything is asked of it, a side becomes a lite agent (RFC 8445 §2.5).
void sim_make_lite(struct sim *sim, int side);

// An interface goes away or comes back, and the peer is told.
void sim_set_up(struct sim *sim, int side, int interface, bool is_up);

// What streams ask: the interface with the IP address, the one with the port too, and to give a
// message to its owner.
const struct sim_interface *sim_find_interface(
    const struct sim_side *side, const struct yodel_addr *ip);
const struct sim_interface *sim_find_address(
    const struct sim_side *side, const struct yodel_addr *addr);
void sim_take(struct sim *sim, struct network_arrival *arrival);

// Runs until `done` says so, or `until` has come; true for the former.
bool sim_run(struct sim *sim, bool (*done)(struct sim *sim), yodel_time until);
void sim_wait(struct sim *sim, yodel_duration duration);

// The clock jumps, and nobody was asleep.
void sim_jump(struct sim *sim, yodel_duration duration);

bool sim_is_connected(struct sim *sim); // Both sides.
bool sim_is_delivered(struct sim *sim); // Every reliable flow whole, every other sent.
bool sim_is_paused(const struct sim_side *side);

// Both ends use one and the same path.
bool sim_is_agreed(const struct sim *sim);

// Fails with the line that makes this run again.
#define SIM_CHECK(sim, condition)                                                                  \
    ((condition) ? (void)0 : sim_fail((sim), #condition, __FILE__, __LINE__))
void sim_fail(const struct sim *sim, const char *what, const char *file, int line)
    __attribute__((noreturn));

#endif
