// TURN server, inside: its state, which the files of this module share.
//
// Not here    what its users see (turn/server.h)
// Ownership   the server owns allocations and connections, and what is shared where it shares with nobody. An
//             allocation that is over stays until the CLOSE of each of its relays was told
// Limits      in struct turn_limits; an allocation is at most TURN_ALLOCATION_SIZE_MAX with a few
//             permissions and channels, its user and source included

#ifndef TURN_STATE_H
#define TURN_STATE_H

#include "base/heap.h"
#include "base/map.h"
#include "turn/challenges.h"
#include "turn/msg.h"
#include "turn/peers.h"
#include "turn/server.h"
#include "turn/shared.h"

#define TURN_ALLOCATION_SIZE_MAX 1024
#define TURN_CLIENT_KEY_SIZE 46

// A token bucket, as the time until which it has to leak.
struct turn_bucket {
    yodel_time full_until;
};

struct turn_allocation {
    struct map_entry by_client;
    struct heap_entry due;
    struct list_node all;
    struct turn_client_id client;
    struct turn_relay relays[TURN_FAMILIES];
    struct turn_holder *user;
    struct turn_holder *source;
    struct turn_voucher grant;
    yodel_time expires;
    struct turn_peers peers;
    struct list connections; // With peers, over TCP.
    uint16_t connection_count;
    uint16_t pending_count; // Of these, not bound yet.
    struct turn_bucket new_peers;
    struct turn_bucket packets[2]; // To peers, to the client.
    struct turn_bucket bytes[2];
    struct turn_seal seal; // Of the Allocate, while its answer waits.
    uint32_t lifetime_s;   // As it was answered.
    uint16_t missing;  // What is said of the second family, where there is only one: 440 or 508.
    uint16_t reserved; // The port above, while nobody has it.
    uint8_t token[TURN_RESERVATION_TOKEN_SIZE];
    bool has_token;    // `token` is part of the answer.
    bool has_reserved; // Its port came by a token: there is no other.
    bool is_over;
    uint8_t missing_family;
    uint8_t port_kind;
    uint8_t id[STUN_ID_SIZE]; // Of the Allocate.
    uint8_t key[TURN_CLIENT_KEY_SIZE];
};

_Static_assert(sizeof(struct turn_allocation) + 2 * sizeof(struct turn_holder) + 64 <=
                   TURN_ALLOCATION_SIZE_MAX,
    "capacity planning");

// A bit for each port: may peers be there, because a relay of ours is?
struct turn_live {
    uint64_t ports[TURN_FAMILIES][(UINT16_MAX + 1) / 64];
};

struct turn_server {
    const struct env *env;
    struct turn_server_config config; // With the limits' defaults filled in.
    uint32_t rules_generation;        // Never 0.
    struct siphash_key nonce_key;
    struct turn_challenges challenges;
    struct turn_shared *shared;
    bool owns_shared;
    struct turn_live live;     // Our relays that are open,
    struct turn_live siblings; // and those of other servers that share with us.
    // Our relays for TCP: siblings have none, as clients over TCP are one server's.
    struct turn_live listening;
    struct yodel_addr stream_listeners[TURN_SERVER_LISTENERS_MAX];
    size_t stream_listener_count;
    struct map connections;          // By CONNECTION-ID.
    struct list unbound;             // Connections, the oldest first.
    struct list waiting_connections; // Of which something is to be told.
    struct map clients;
    struct list allocations; // Those that are over included.
    struct heap due;         // Allocations.
    struct list waiting;     // Relays of which something is to be told.
    struct turn_allocation *last;
    struct turn_relay *told;                 // Of the CLOSE that was told last,
    struct turn_connection *told_connection; // and of the HANG_UP.
    uint64_t unix_us;                        // At `unix_at`; 0: never told.
    yodel_time unix_at;
    bool is_draining;
    struct turn_server_stats stats;
};

static inline int turn_state_family(enum yodel_family family)
{
    return family == YODEL_ADDR_V6 ? TURN_V6 : TURN_V4;
}

static inline const struct turn_relay_address *turn_state_relay_address(
    const struct turn_server *server, int family)
{
    return family == TURN_V6 ? &server->config.v6 : &server->config.v4;
}

static inline void turn_state_set_live(
    struct turn_live *live, const struct yodel_addr *bound, bool is_live)
{
    uint64_t *word = &live->ports[turn_state_family(bound->family)][bound->port / 64];
    uint64_t bit = (uint64_t)1 << bound->port % 64;

    *word = is_live ? *word | bit : *word & ~bit;
}

static inline bool turn_state_is_live(
    const struct turn_server *server, bool is_tcp, int family, uint16_t port)
{
    size_t at = port / 64;
    uint64_t word = is_tcp ? server->listening.ports[family][at]
                           : server->live.ports[family][at] | server->siblings.ports[family][at];

    return (word >> port % 64 & 1) != 0;
}

static inline void turn_state_drop(struct turn_server *server, enum turn_drop why)
{
    server->stats.drops[why]++;
}

// Takes `cost` out of a bucket that holds `burst`, both as the time in which they flow in.
static inline bool turn_state_take(
    struct turn_bucket *bucket, yodel_duration cost, yodel_duration burst, yodel_time now)
{
    yodel_time filled = (bucket->full_until > now ? bucket->full_until : now) + cost;

    if (filled > time_after(now, burst)) {
        return false;
    }
    bucket->full_until = filled;
    return true;
}

#endif
