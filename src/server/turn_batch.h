// What leaves the relay in one turn of the loop, kept until it can leave in trains.
//
// A datagram is two pieces that stay where they are: a head of ours, and a body where it came in. Each
// outlet (a UDP socket, a stream) has a chain of its own, in order, whatever was put through others
// meanwhile; a flush lets each outlet send its chain.
//
// Not here    how an outlet sends (server/turn_udp.h, server/turn_stream.h)
// Ownership   heads are in the batch's room; bodies are borrowed until the flush
// Limits      those below; whoever asks for room makes a full batch leave first

#ifndef SERVER_TURN_BATCH_H
#define SERVER_TURN_BATCH_H

#include "base/addr.h"
#include "base/alloc.h"
#include "base/bytes.h"

#define SERVER_TURN_BATCH_ITEMS 512
#define SERVER_TURN_BATCH_ROUTES 256
#define SERVER_TURN_BATCH_HEADS (64u * 1024)
#define SERVER_TURN_BATCH_HEAD_MAX 2048 // What an answer of ours may take.

struct server_turn_batch;

// What datagrams leave through. A zeroed one with `send` is ready.
struct server_turn_outlet {
    // Takes and sends all of its chain; what cannot leave now is lost, as UDP allows.
    void (*send)(struct server_turn_outlet *outlet, struct server_turn_batch *batch);
    struct server_turn_outlet *next; // That waits for the flush too.
    uint16_t first, last, count;     // Its chain of items.
    uint16_t route;                  // The one that was used last.
};

struct server_turn_item {
    struct bytes head;
    struct bytes body;
    uint16_t padding; // Zeros behind the body.
    uint16_t route;
    uint16_t next;
};

// Where to, and from which of our addresses; family NONE: the outlet's own.
struct server_turn_route {
    struct yodel_addr to;
    struct yodel_addr from;
};

struct server_turn_batch {
    struct alloc *alloc;
    struct server_turn_outlet *waiting;
    uint16_t item_count;
    uint16_t route_count;
    uint32_t head_len;
    struct server_turn_route routes[SERVER_TURN_BATCH_ROUTES];
    struct server_turn_item items[SERVER_TURN_BATCH_ITEMS];
    _Alignas(8) uint8_t heads[SERVER_TURN_BATCH_HEADS];
};

// NULL without memory.
struct server_turn_batch *server_turn_batch_new(struct alloc *alloc);
void server_turn_batch_free(struct server_turn_batch *batch);

// Room for the head of one datagram, which may then be put.
struct span server_turn_batch_room(struct server_turn_batch *batch);

// `item` has head, body and padding.
void server_turn_batch_put(struct server_turn_batch *batch, struct server_turn_outlet *outlet,
    const struct server_turn_item *item, const struct server_turn_route *route);

// The first of an outlet's chain, which then is the one after; NULL after the last.
const struct server_turn_item *server_turn_batch_take(
    struct server_turn_batch *batch, struct server_turn_outlet *outlet);
const struct server_turn_item *server_turn_batch_peek(
    const struct server_turn_batch *batch, const struct server_turn_outlet *outlet);

// Everything leaves. Bodies may change from then on.
void server_turn_batch_flush(struct server_turn_batch *batch);

static inline size_t server_turn_batch_len(const struct server_turn_item *item)
{
    return item->head.len + item->body.len + item->padding;
}

#endif
