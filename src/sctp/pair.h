// Two engines and a network between them, for the tests: virtual time, seeded faults, counted
// memory.
//
// Not here    anything that the library uses

#ifndef SCTP_PAIR_H
#define SCTP_PAIR_H

#include <stdlib.h>

#include "base/assert.h"
#include "sctp/sctp.h"

#define PAIR_PACKET_MAX 1500
#define PAIR_QUEUE_MAX 8192

// ---- an allocator that counts, and fails when told to

struct pair_alloc {
    struct alloc alloc;
    size_t blocks;
    size_t calls;
    size_t fail_at; // The call that fails; 0: none.
    bool has_failed;
};

static void *pair_resize(struct alloc *self, void *ptr, size_t len)
{
    struct pair_alloc *counted = CONTAINER_OF(self, struct pair_alloc, alloc);

    if (len == 0) {
        counted->blocks--;
        free(ptr);
        return NULL;
    }
    if (++counted->calls == counted->fail_at) {
        counted->has_failed = true;
        return NULL;
    }
    counted->blocks += ptr == NULL;
    return realloc(ptr, len);
}

// ---- the network

struct pair_packet {
    yodel_time at;
    uint64_t order;
    size_t len;
    uint8_t data[PAIR_PACKET_MAX];
};

struct pair_link {
    struct pair_packet *packets[PAIR_QUEUE_MAX];
    size_t count;
};

struct pair {
    struct pair_alloc alloc;
    struct env env;
    uint64_t random;
    yodel_time now;
    yodel_time until; // Time does not go beyond.
    uint64_t order;
    struct sctp peers[2];
    struct pair_link links[2]; // links[i] leads to peers[i].

    yodel_duration delay;
    yodel_duration jitter;
    uint32_t loss; // Of 1000.
    uint32_t duplicates;
    uint32_t flips; // Bits flipped, for packets of 1000.
    uint64_t sent;
    bool (*passes)(struct pair *pair, int to, struct bytes packet); // May be NULL.
    void *ctx;
};

static inline uint32_t pair_random(struct pair *pair)
{
    pair->random = pair->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(pair->random >> 33);
}

static inline void pair_fill(void *ctx, struct span out)
{
    struct pair *pair = ctx;

    for (size_t i = 0; i < out.len; i++) {
        out.ptr[i] = (uint8_t)pair_random(pair);
    }
}

static inline void pair_init(struct pair *pair, uint64_t seed, const struct sctp_config *config)
{
    memset(pair, 0, sizeof *pair);
    pair->alloc.alloc.resize = pair_resize;
    pair->random = seed * 2654435761u + 1;
    pair->env = (struct env){.alloc = &pair->alloc.alloc, .random = pair_fill, .ctx = pair};
    pair->now = YODEL_SECONDS(1);
    pair->until = YODEL_NEVER;
    pair->delay = YODEL_MS(10);
    for (int i = 0; i < 2; i++) {
        sctp_init(&pair->peers[i], &pair->env, config);
    }
}

static inline void pair_deinit(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        for (size_t k = 0; k < pair->links[i].count; k++) {
            free(pair->links[i].packets[k]);
        }
        sctp_deinit(&pair->peers[i]);
    }
}

static inline void pair_carry(struct pair *pair, int to, struct bytes packet)
{
    struct pair_link *link = &pair->links[to];

    if (link->count == PAIR_QUEUE_MAX) {
        return;
    }
    struct pair_packet *carried = malloc(sizeof *carried);
    yodel_duration jitter = pair->jitter ? pair_random(pair) % pair->jitter : 0;
    YODEL_ASSERT(carried && packet.len <= sizeof carried->data);
    carried->at = pair->now + pair->delay + jitter;
    carried->order = pair->order++;
    carried->len = packet.len;
    memcpy(carried->data, packet.ptr, packet.len);
    if (pair_random(pair) % 1000 < pair->flips) {
        carried->data[pair_random(pair) % packet.len] ^= (uint8_t)(1 << pair_random(pair) % 8);
    }
    link->packets[link->count++] = carried;
}

static inline void pair_speak(struct pair *pair, int from)
{
    uint8_t room[PAIR_PACKET_MAX];
    size_t len;

    while ((len = sctp_emit(&pair->peers[from], span_of(room, sizeof room), pair->now)) > 0) {
        pair->sent++;
        if (pair->passes && !pair->passes(pair, !from, bytes_of(room, len))) {
            continue;
        }
        if (pair_random(pair) % 1000 >= pair->loss) {
            pair_carry(pair, !from, bytes_of(room, len));
        }
        if (pair_random(pair) % 1000 < pair->duplicates) {
            pair_carry(pair, !from, bytes_of(room, len));
        }
    }
    // Once drained, an engine never asks to be woken at once.
    YODEL_ASSERT(sctp_next_timeout(&pair->peers[from]) > pair->now);
}

static inline size_t pair_earliest(const struct pair_link *link)
{
    size_t best = 0;

    for (size_t i = 1; i < link->count; i++) {
        const struct pair_packet *a = link->packets[i];
        const struct pair_packet *b = link->packets[best];

        if (a->at < b->at || (a->at == b->at && a->order < b->order)) {
            best = i;
        }
    }
    return best;
}

static inline void pair_arrive(struct pair *pair, int to)
{
    struct pair_link *link = &pair->links[to];

    while (link->count > 0) {
        size_t index = pair_earliest(link);
        struct pair_packet *packet = link->packets[index];

        if (packet->at > pair->now) {
            return;
        }
        link->packets[index] = link->packets[--link->count];
        sctp_recv(&pair->peers[to], bytes_of(packet->data, packet->len), pair->now);
        free(packet);
    }
}

static inline yodel_time pair_next(const struct pair *pair)
{
    yodel_time at = YODEL_NEVER;

    for (int i = 0; i < 2; i++) {
        const struct pair_link *link = &pair->links[i];

        at = time_min(at, sctp_next_timeout(&pair->peers[i]));
        if (link->count > 0) {
            at = time_min(at, link->packets[pair_earliest(link)]->at);
        }
    }
    return at;
}

// One turn: everything that arrived, everything that is due, then both speak; and time goes on to
// the next thing. `on_turn` drains events and sends. Returns false where nothing will ever happen
// again.
static inline bool pair_turn(struct pair *pair, void (*on_turn)(struct pair *pair, int peer))
{
    for (int i = 0; i < 2; i++) {
        pair_arrive(pair, i);
        if (sctp_next_timeout(&pair->peers[i]) <= pair->now) {
            sctp_tick(&pair->peers[i], pair->now);
        }
        if (on_turn) {
            on_turn(pair, i);
        }
        pair_speak(pair, i);
    }
    yodel_time next = time_min(pair_next(pair), pair->until);
    if (next == YODEL_NEVER) {
        return false;
    }
    pair->now = next > pair->now ? next : pair->now;
    return true;
}

static inline void pair_run_for(
    struct pair *pair, yodel_duration wait, void (*on_turn)(struct pair *pair, int peer))
{
    pair->until = pair->now + wait;
    while (pair->now < pair->until && pair_turn(pair, on_turn)) {
    }
    pair->until = YODEL_NEVER;
}

#endif
