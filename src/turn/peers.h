// TURN peers of one allocation: permissions, for an address, and channels, for an address and port.
//
// Both are in one table. A permission has port 0 and channel 0, which no channel has. What has
// expired is still found, until room is made: who looks something up asks `expires`.
//
// Implements  RFC 8656 §9 (permissions), §12 (channels)
// Not here    who may be a peer (turn/rules.h), and until when
// Ownership   owns its table beyond the first TURN_PEERS_INLINE; what is found is valid until the
//             next turn_peers_reserve
// Limits      `max` permissions and as many channels, given to turn_peers_reserve

#ifndef TURN_PEERS_H
#define TURN_PEERS_H

#include "base/addr.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/time.h"

#define TURN_PEERS_INLINE 4
#define TURN_PEERS_MAX 4096 // The largest `max`.

struct turn_peer {
    yodel_time expires;
    uint8_t ip[16];
    uint32_t rules_seen; // When `verdict` was found, or 0.
    uint16_t port;       // 0: a permission.
    uint16_t channel;    // 0: a permission.
    uint8_t family;
    uint8_t verdict; // The caller's.
};

struct turn_peers {
    struct turn_peer *entries; // `inlined`, or the heap's.
    uint16_t count;
    uint16_t room;
    uint16_t last;   // Found last by address: the next one is likely the same.
    uint16_t places; // Of each index, a power of two; 0: few entries, and no index.
    uint16_t *index; // One more than an entry's place: by address, then by channel.
    struct turn_peer inlined[TURN_PEERS_INLINE];
};

void turn_peers_init(struct turn_peers *peers);
void turn_peers_deinit(struct turn_peers *peers, struct alloc *alloc);

// NULL where there is none. `port` 0 finds the permission for an address.
struct turn_peer *turn_peers_find(
    struct turn_peers *peers, const struct yodel_addr *addr, uint16_t port);
struct turn_peer *turn_peers_find_channel(struct turn_peers *peers, uint16_t channel);

// Makes room for so many permissions and channels more; what has expired goes. Fails with TOO_LARGE
// (more than `max` of one of them) or NO_MEMORY.
YODEL_MUST_USE enum yodel_err turn_peers_reserve(struct turn_peers *peers, struct alloc *alloc,
    uint32_t permissions, uint32_t channels, uint32_t max, yodel_time now);

// A new one, which is not there yet and for which room was made.
struct turn_peer *turn_peers_add(
    struct turn_peers *peers, const struct yodel_addr *addr, uint16_t port, uint16_t channel);

struct yodel_addr turn_peers_addr(const struct turn_peer *peer);

#endif
