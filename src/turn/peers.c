// TURN peers: a dense table, and from a few entries on two indices by open addressing.
//
// An allocation's own client chooses what is in it, and slows down nobody else: the hash needs no
// secret, and the longest search is as long as the table.

#include "turn/peers.h"

#include "base/assert.h"

#define SCANNED_MAX 8 // So many are compared one by one.

void turn_peers_init(struct turn_peers *peers)
{
    *peers = (struct turn_peers){.room = TURN_PEERS_INLINE};
    peers->entries = peers->inlined;
}

void turn_peers_deinit(struct turn_peers *peers, struct alloc *alloc)
{
    if (peers->entries != peers->inlined) {
        alloc_free(alloc, peers->entries);
    }
    turn_peers_init(peers);
}

static bool has_addr(const struct turn_peer *peer, const struct yodel_addr *addr, uint16_t port)
{
    return peer->port == port && memcmp(peer->ip, addr->ip, sizeof peer->ip) == 0 &&
           peer->family == addr->family;
}

static uint32_t hash_addr(const uint8_t ip[16], uint16_t port)
{
    uint64_t half[2];

    memcpy(half, ip, sizeof half);
    uint64_t mixed = (half[0] ^ port) * 0x9e3779b97f4a7c15u + half[1];
    return (uint32_t)(mixed * 0x9e3779b97f4a7c15u >> 32);
}

struct turn_peer *turn_peers_find(
    struct turn_peers *peers, const struct yodel_addr *addr, uint16_t port)
{
    if (peers->last < peers->count && has_addr(&peers->entries[peers->last], addr, port)) {
        return &peers->entries[peers->last];
    }
    if (peers->places == 0) {
        for (uint16_t i = 0; i < peers->count; i++) {
            if (has_addr(&peers->entries[i], addr, port)) {
                peers->last = i;
                return &peers->entries[i];
            }
        }
        return NULL;
    }
    uint32_t mask = peers->places - 1u;
    for (uint32_t at = hash_addr(addr->ip, port) & mask; peers->index[at] != 0;
         at = (at + 1) & mask) {
        uint16_t i = (uint16_t)(peers->index[at] - 1);
        if (has_addr(&peers->entries[i], addr, port)) {
            peers->last = i;
            return &peers->entries[i];
        }
    }
    return NULL;
}

struct turn_peer *turn_peers_find_channel(struct turn_peers *peers, uint16_t channel)
{
    if (peers->places == 0) {
        for (uint16_t i = 0; i < peers->count; i++) {
            if (peers->entries[i].channel == channel) {
                return &peers->entries[i];
            }
        }
        return NULL;
    }
    const uint16_t *index = peers->index + peers->places;
    uint32_t mask = peers->places - 1u;
    for (uint32_t at = channel & mask; index[at] != 0; at = (at + 1) & mask) {
        struct turn_peer *peer = &peers->entries[index[at] - 1];
        if (peer->channel == channel) {
            return peer;
        }
    }
    return NULL;
}

static void put_in_index(uint16_t *index, uint32_t mask, uint32_t hash, uint16_t entry)
{
    uint32_t at = hash & mask;

    while (index[at] != 0) {
        at = (at + 1) & mask;
    }
    index[at] = (uint16_t)(entry + 1);
}

static void index_entry(struct turn_peers *peers, uint16_t i)
{
    const struct turn_peer *peer = &peers->entries[i];
    uint32_t mask = peers->places - 1u;

    if (peers->places == 0) {
        return;
    }
    put_in_index(peers->index, mask, hash_addr(peer->ip, peer->port), i);
    if (peer->channel != 0) {
        put_in_index(peers->index + peers->places, mask, peer->channel, i);
    }
}

static void index_all(struct turn_peers *peers)
{
    if (peers->places > 0) {
        memset(peers->index, 0, 2u * peers->places * sizeof *peers->index);
    }
    for (uint16_t i = 0; i < peers->count; i++) {
        index_entry(peers, i);
    }
}

static void remove_expired(struct turn_peers *peers, yodel_time now)
{
    uint16_t kept = 0;

    for (uint16_t i = 0; i < peers->count; i++) {
        if (peers->entries[i].expires > now) {
            peers->entries[kept++] = peers->entries[i];
        }
    }
    if (kept < peers->count) {
        peers->count = kept;
        peers->last = 0;
        index_all(peers);
    }
}

// Entries and indices are one block, so that growing fails as a whole or not at all.
static enum yodel_err grow(struct turn_peers *peers, struct alloc *alloc, uint32_t needed)
{
    uint32_t room = peers->room;

    while (room < needed) {
        room *= 2;
    }
    uint32_t places = room > SCANNED_MAX ? room * 2 : 0;
    size_t entries_size = room * sizeof *peers->entries;
    struct turn_peer *entries = alloc_new(alloc, entries_size + 2 * places * sizeof(uint16_t));
    if (!entries) {
        return YODEL_ERR_NO_MEMORY;
    }
    memcpy(entries, peers->entries, peers->count * sizeof *entries);
    if (peers->entries != peers->inlined) {
        alloc_free(alloc, peers->entries);
    }
    peers->entries = entries;
    peers->room = (uint16_t)room;
    peers->places = (uint16_t)places;
    peers->index = (uint16_t *)(entries + room);
    index_all(peers);
    return YODEL_OK;
}

enum yodel_err turn_peers_reserve(struct turn_peers *peers, struct alloc *alloc,
    uint32_t permissions, uint32_t channels, uint32_t max, yodel_time now)
{
    uint32_t added = permissions + channels;

    YODEL_ASSERT(max <= TURN_PEERS_MAX);
    remove_expired(peers, now);
    for (uint16_t i = 0; i < peers->count; i++) {
        permissions += peers->entries[i].channel == 0;
        channels += peers->entries[i].channel != 0;
    }
    if (permissions > max || channels > max) {
        return YODEL_ERR_TOO_LARGE;
    }
    return peers->count + added > peers->room ? grow(peers, alloc, peers->count + added) : YODEL_OK;
}

struct turn_peer *turn_peers_add(
    struct turn_peers *peers, const struct yodel_addr *addr, uint16_t port, uint16_t channel)
{
    YODEL_ASSERT(peers->count < peers->room);
    struct turn_peer *peer = &peers->entries[peers->count];
    *peer = (struct turn_peer){.port = port, .channel = channel, .family = (uint8_t)addr->family};
    memcpy(peer->ip, addr->ip, sizeof peer->ip);
    index_entry(peers, peers->count++);
    return peer;
}

struct yodel_addr turn_peers_addr(const struct turn_peer *peer)
{
    struct yodel_addr addr = {.family = peer->family, .port = peer->port};

    memcpy(addr.ip, peer->ip, sizeof addr.ip);
    return addr;
}
