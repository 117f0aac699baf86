// TURN allocations: how they begin, are found, and end, and who holds how many.
//
// Implements  RFC 8656 §3.2 (allocations), §7.2 (ports and reservations), §5 (streams)
// Not here    the messages (turn/allocate.h, turn/request.h), the data (turn/relay.h)
//
//   turn_allocation_new       turn_allocation_opened         turn_allocation_end
//        |    OPEN told             |  all relays known              |   CLOSE told
//   WANTED ----------> OPENING ----------> OPEN ----------> CLOSING ----------> CLOSED
//        ^                 |  not good
//        +-----------------+  another port, TURN_ALLOCATION_TRIES times

#ifndef TURN_ALLOCATION_H
#define TURN_ALLOCATION_H

#include "turn/state.h"

#define TURN_ALLOCATION_TRIES 8 // Ports that are tried before it is given up.

// What an Allocate asks for, and for whom.
struct turn_allocation_wish {
    const struct turn_client_id *client;
    struct bytes realm, identity;
    struct turn_voucher grant;
    bool families[TURN_FAMILIES];
    bool is_tcp; // RFC 6062.
    enum turn_ports_kind kind;
    struct turn_reservation *reservation; // Whose port it takes, or NULL.
    uint32_t lifetime_s;
};

// The allocation of a client, or NULL.
struct turn_allocation *turn_allocation_find(
    struct turn_server *server, const struct turn_client_id *client);

// A new one, whose relays are to be opened. 0, or the error to answer with: 486 or 508.
uint32_t turn_allocation_new(struct turn_server *server, const struct turn_allocation_wish *wish,
    struct turn_allocation **allocation, yodel_time now);

// It may be freed.
void turn_allocation_end(
    struct turn_server *server, struct turn_allocation *allocation, enum turn_end why);

// One relay of two goes, and its connections.
void turn_allocation_close_relay(struct turn_server *server, struct turn_relay *relay);

// What came of an OPEN. True: all relays are known now.
bool turn_allocation_opened(struct turn_server *server, struct turn_relay *relay, bool is_good);

// What was told to close is closed: its port may be another's from now on, and the allocation may be gone.
void turn_allocation_closed(struct turn_server *server, struct turn_relay *relay);

bool turn_allocation_has_open_relay(const struct turn_allocation *allocation);

// Frees it where it is over and no CLOSE is left to be told.
void turn_allocation_reap(struct turn_server *server, struct turn_allocation *allocation);

void turn_allocation_set_expiry(struct turn_server *server, struct turn_allocation *allocation,
    uint32_t lifetime_s, yodel_time now);

// Whether `grant` lets the user in now.
bool turn_allocation_is_granted(const struct turn_server *server, struct bytes realm,
    struct bytes identity, const struct turn_voucher *grant, yodel_time now);

static inline struct bytes turn_allocation_realm(const struct turn_allocation *allocation)
{
    return bytes_of(allocation->user->name, allocation->user->realm_len);
}

static inline struct bytes turn_allocation_identity(const struct turn_allocation *allocation)
{
    struct bytes name = allocation->user->by_name.key;

    return bytes_sub(name, allocation->user->realm_len, name.len);
}

static inline bool turn_allocation_is_of(
    const struct turn_allocation *allocation, struct bytes realm, struct bytes identity)
{
    return bytes_equal(turn_allocation_realm(allocation), realm) &&
           bytes_equal(turn_allocation_identity(allocation), identity);
}

// The port above an even one is kept for who has the token.
YODEL_MUST_USE enum yodel_err turn_allocation_reserve(
    struct turn_server *server, struct turn_allocation *allocation, yodel_time now);

// What is due: ends what has expired or lost its grant.
void turn_allocation_tick(struct turn_server *server, yodel_time now);
yodel_time turn_allocation_next_timeout(const struct turn_server *server);

void turn_allocation_free_all(struct turn_server *server);

#endif
