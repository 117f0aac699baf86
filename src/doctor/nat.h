// NAT: what the translator between us and a STUN server does, found out by asking.
//
// Implements  RFC 5780 §4.3 (mapping), §4.4 (filtering), §4.5 (hairpinning), from the client's side
// Not here    sockets: the caller has two, and says from which a datagram came; verdicts
//             (doctor/verdict.h)
// Ownership   borrows the env; datagrams for the call
// Time        every `now` must be at least the one before it
// Limits      DOCTOR_NAT_DATAGRAM_MAX bytes a datagram; each question is sent four times at most, so
//             that a server can make us send eight datagrams to an address of its choice
// Departs     §4.3's questions are asked together, not one after the other; hairpinning is looked
//             for as ICE would use it, from both sides at once

#ifndef DOCTOR_NAT_H
#define DOCTOR_NAT_H

#include "base/addr.h"
#include "stun/txn.h"

#define DOCTOR_NAT_DATAGRAM_MAX 64
#define DOCTOR_NAT_SOCKETS 2

// Of what the mapping, or what is let in, depends.
enum doctor_nat_rule {
    DOCTOR_NAT_UNKNOWN,
    DOCTOR_NAT_INDEPENDENT,      // Of nothing but our own address.
    DOCTOR_NAT_ADDRESS,          // Of the other's address too,
    DOCTOR_NAT_ADDRESS_AND_PORT, // and of its port.
};

enum doctor_nat_question {
    DOCTOR_NAT_FIRST_A, // Who am I? Asked from both sockets.
    DOCTOR_NAT_FIRST_B,
    DOCTOR_NAT_MAP_ADDRESS, // The same of another address of the server's, same port,
    DOCTOR_NAT_MAP_BOTH,    // and of another address and port.
    DOCTOR_NAT_MAP_SECOND,  // Or of another server.
    DOCTOR_NAT_FILTER_BOTH, // Answer me from another address and port;
    DOCTOR_NAT_FILTER_PORT, // from another port.
    DOCTOR_NAT_HAIRPIN_A,   // To the other socket, by its public address.
    DOCTOR_NAT_HAIRPIN_B,
    DOCTOR_NAT_QUESTIONS,
};

struct doctor_nat_config {
    struct yodel_addr server;
    struct yodel_addr second;                    // Another server, of another address; or NONE.
    struct yodel_addr local[DOCTOR_NAT_SOCKETS]; // What the sockets are bound to, with the ports.
};

struct doctor_nat_ask {
    struct stun_txn txn;
    struct yodel_addr to;
    struct yodel_addr mapped; // What was answered; NONE: nothing, or no address.
    bool is_refused;          // With an error,
    uint32_t error;           // this one.
    bool is_ignored;          // The answer is not what was asked for: the server cannot do it.
};

struct doctor_nat {
    const struct env *env;
    struct doctor_nat_config config;
    struct yodel_addr other; // OTHER-ADDRESS, where it is fit to be asked.
    yodel_duration rtt;      // 0: unknown.
    struct doctor_nat_ask asks[DOCTOR_NAT_QUESTIONS];
};

struct doctor_nat_facts {
    bool is_answered; // By the server, at all.
    uint32_t error;   // It answered with this, or 0.
    yodel_duration rtt;
    struct yodel_addr local, mapped;
    bool is_translated;
    bool has_other; // The server can tell more than one address.
    enum doctor_nat_rule mapping, filtering;
    bool is_hairpin_known, does_hairpin;
};

void doctor_nat_init(struct doctor_nat *nat, const struct env *env,
    const struct doctor_nat_config *config, yodel_time now);

// Input. `socket` is 0 or 1.
void doctor_nat_recv(struct doctor_nat *nat, uint32_t socket, const struct yodel_addr *from,
    struct bytes datagram, yodel_time now);
void doctor_nat_tick(struct doctor_nat *nat, yodel_time now);

// Output. A datagram for `to` from `socket`, its length, or 0.
size_t doctor_nat_emit(struct doctor_nat *nat, struct span room, uint32_t *socket,
    struct yodel_addr *to, yodel_time now);
yodel_time doctor_nat_next_timeout(const struct doctor_nat *nat);

bool doctor_nat_is_done(const struct doctor_nat *nat);
struct doctor_nat_facts doctor_nat_facts(const struct doctor_nat *nat);

#endif
