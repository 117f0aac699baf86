// The simulator's names: what they are, how long it takes to learn it, and that some are not there.
// What is asked while the network is cut is not learnt.
//
// Ownership   names are the caller's, and outlive the sim
// Limits      RESOLVER_NAMES_MAX names, RESOLVER_LOOKUPS_MAX look-ups at a time

#ifndef SIM_RESOLVER_H
#define SIM_RESOLVER_H

#include "yodel/peer.h"

#define RESOLVER_NAMES_MAX 8
#define RESOLVER_LOOKUPS_MAX 16
#define RESOLVER_TIMEOUT YODEL_SECONDS(5) // As resolv.conf has it by default.

struct sim;
struct sim_side;

struct sim_name {
    const char *name;
    struct yodel_addr addr; // IPv4; family YODEL_ADDR_NONE: no such name.
    yodel_duration delay;
};

struct sim_lookup {
    bool is_used;
    int side;
    yodel_time at;
    char name[64];
    struct yodel_addr addr;
};

struct sim_resolver {
    int name_count;
    struct sim_name names[RESOLVER_NAMES_MAX];
    struct sim_lookup lookups[RESOLVER_LOOKUPS_MAX];
};

struct sim_name *resolver_add(struct sim *sim, const char *name, const struct yodel_addr *addr);

// Begins to look `name` up for a side's peer; what nobody added is answered at once.
void resolver_ask(struct sim_side *side, const char *name);
void resolver_deliver(struct sim *sim);
yodel_time resolver_next_at(const struct sim *sim);

#endif
