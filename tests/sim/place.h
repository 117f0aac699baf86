// Where a side of the simulator's is: the networks that people have.
//
// Ownership   a place adds its NATs and links to the sim's network

#ifndef SIM_PLACE_H
#define SIM_PLACE_H

#include "sim.h"

enum place {
    PLACE_PUBLIC,
    PLACE_FULL_CONE,
    PLACE_RESTRICTED,
    PLACE_PORT_RESTRICTED,
    PLACE_SYMMETRIC,
    PLACE_SYMMETRIC_RANDOM,
    PLACE_CARRIER, // A NAT at home, and the carrier's around it.
    PLACE_DUAL,    // IPv4 behind a symmetric NAT, and IPv6.
    PLACE_NAT64,   // IPv6 alone, and a translator that lets in whoever finds the way.
    PLACE_NAT64_STRICT,
    PLACE_BLOCKED,  // No UDP leaves it.
    PLACE_ONLY_443, // Nothing but streams to that port.
    PLACE_COUNT,
};

// The servers' names, at addresses of their own.
#define PLACE_STUN "stun.test"
#define PLACE_TURN "turn.test"
#define PLACE_TURN_SECOND "turn2.test"

// A sim whose sides are at `places`, with a STUN server for both.
void place_init(struct sim *sim, uint64_t seed, const enum place places[2]);

// The same with two TURN servers beside it, one of them for TCP too, the other for TLS.
void place_init_relayed(struct sim *sim, uint64_t seed, const enum place places[2]);

// The same, each side behind a NAT of its own and both behind a carrier's, which takes what comes
// from inside for its own address back in, or does not.
void place_init_neighbours(struct sim *sim, uint64_t seed, bool has_hairpin);

// A second interface of a side's, behind a NAT of its own: a mobile network beside the first.
void place_add_second(struct sim *sim, int side);

// The NAT next to a side's first interface.
struct nat *place_nat(struct sim *sim, int side);

const char *place_name(enum place place);

// Whether two sides can reach each other without a relay.
bool place_is_direct(enum place a, enum place b);

#endif
