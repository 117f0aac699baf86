// TURN, shared: what all servers at the same relay addresses have together: which ports are taken, who holds how
// many allocations, what is reserved for whom.
//
// One server has this alone. Several, each on a thread of its own, share one and enter it one at a time: for what
// begins or ends an allocation, and once in a turn to see what is due; never for a datagram that is relayed.
//
// Implements  RFC 8656 §5 (quotas), §7.2 (ports and reservations)
// Not here    which relays are open: servers tell each other (turn/server.h)
// Ownership   owns holders and reservations
// Threads     any, between enter and leave; a holder's name may be read outside, by who holds something
// Limits      the callers'

#ifndef TURN_SHARED_H
#define TURN_SHARED_H

#include "base/list.h"
#include "base/map.h"
#include "turn/msg.h"
#include "turn/ports.h"
#include "turn/server.h"

enum { TURN_V4, TURN_V6, TURN_FAMILIES };

// Who holds allocations and reservations: a user, or a client's address. Lives while it holds some.
struct turn_holder {
    struct map_entry by_name;
    uint32_t held;
    uint32_t connections; // With peers.
    uint32_t realm_len;   // Of a user's name, which follows its realm.
    uint8_t name[];
};

// A port that waits for the Allocate with its token (RFC 8656 §7.2).
struct turn_reservation {
    struct map_entry by_token;
    struct list_node by_age;
    struct turn_holder *user;
    yodel_time expires;
    uint16_t port;
    uint8_t family; // TURN_V4 or TURN_V6.
    uint8_t token[TURN_RESERVATION_TOKEN_SIZE];
};

struct turn_shared {
    const struct env *env;
    struct turn_lock lock;
    struct turn_ports ports[TURN_FAMILIES];
    struct map users;
    struct map sources;
    struct map tokens;
    struct list reservations; // The oldest first.
    uint32_t allocations;
};

static inline void turn_shared_enter(struct turn_shared *shared)
{
    if (shared->lock.enter) {
        shared->lock.enter(shared->lock.ctx);
    }
}

static inline void turn_shared_leave(struct turn_shared *shared)
{
    if (shared->lock.leave) {
        shared->lock.leave(shared->lock.ctx);
    }
}

// ---- for who has entered

// One more for a user, or for an address, who may be new. NULL without memory, or with `*is_full` at `max`.
struct turn_holder *turn_shared_hold_user(struct turn_shared *shared, struct bytes realm,
    struct bytes identity, uint32_t max, bool *is_full);
struct turn_holder *turn_shared_hold_source(
    struct turn_shared *shared, const struct yodel_addr *client, uint32_t max, bool *is_full);

// One less; `holder` may be NULL.
void turn_shared_let_user_go(struct turn_shared *shared, struct turn_holder *user);
void turn_shared_let_source_go(struct turn_shared *shared, struct turn_holder *source);

// Keeps a port that is taken for who brings the token, which is put into `*made`; it counts as an allocation of the user's.
YODEL_MUST_USE enum yodel_err turn_shared_reserve(struct turn_shared *shared,
    struct turn_holder *user, int family, uint16_t port, struct turn_reservation **made,
    yodel_time now);

// NULL for a token that is not there, or somebody else's.
struct turn_reservation *turn_shared_find_reservation(
    struct turn_shared *shared, struct bytes token, struct bytes realm, struct bytes identity);

void turn_shared_free_reservation(
    struct turn_shared *shared, struct turn_reservation *reservation, bool gives_port);
void turn_shared_tick(struct turn_shared *shared, yodel_time now);
yodel_time turn_shared_next_timeout(const struct turn_shared *shared);

#endif
