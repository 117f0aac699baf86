// TURN ports: which of a range are taken, and by chance the next one.
//
// By chance, so that nobody guesses where the next relay will be (RFC 8656 §7.2).
//
// Ownership   owns its bitmaps
// Limits      the range, given at init

#ifndef TURN_PORTS_H
#define TURN_PORTS_H

#include "base/env.h"
#include "base/err.h"

struct turn_ports {
    const struct env *env;
    uint16_t min, max; // Both included.
    uint32_t count;    // Taken.
    uint64_t *taken;   // A bit for each port from `min` down to a multiple of 64.
};

// RANGE where min is 0 or above max.
YODEL_MUST_USE enum yodel_err turn_ports_init(
    struct turn_ports *ports, const struct env *env, uint16_t min, uint16_t max);
void turn_ports_deinit(struct turn_ports *ports);

// Takes any port, an even one, or an even one whose neighbour above is taken with it. 0: none.
enum turn_ports_kind { TURN_PORTS_ANY, TURN_PORTS_EVEN, TURN_PORTS_PAIR };
uint16_t turn_ports_take(struct turn_ports *ports, enum turn_ports_kind kind);

// `port` is taken, and then is not.
void turn_ports_give(struct turn_ports *ports, uint16_t port);
bool turn_ports_is_taken(const struct turn_ports *ports, uint16_t port);

#endif
