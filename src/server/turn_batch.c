// The relay's batch: chains of items, one for each outlet.

#include "server/turn_batch.h"

#include "base/assert.h"

struct server_turn_batch *server_turn_batch_new(struct alloc *alloc)
{
    // Not zeroed: what is never written to is never there.
    struct server_turn_batch *batch = alloc_resize(alloc, NULL, sizeof *batch);

    if (batch) {
        batch->alloc = alloc;
        batch->waiting = NULL;
        batch->item_count = 0;
        batch->route_count = 0;
        batch->head_len = 0;
    }
    return batch;
}

void server_turn_batch_free(struct server_turn_batch *batch)
{
    if (batch) {
        alloc_free(batch->alloc, batch);
    }
}

struct span server_turn_batch_room(struct server_turn_batch *batch)
{
    if (batch->item_count == SERVER_TURN_BATCH_ITEMS ||
        batch->route_count == SERVER_TURN_BATCH_ROUTES ||
        SERVER_TURN_BATCH_HEADS - batch->head_len < SERVER_TURN_BATCH_HEAD_MAX) {
        server_turn_batch_flush(batch);
    }
    return span_of(batch->heads + batch->head_len, SERVER_TURN_BATCH_HEAD_MAX);
}

// A train goes one way: its items share a route.
static uint16_t find_route(struct server_turn_batch *batch, const struct server_turn_outlet *outlet,
    const struct server_turn_route *route)
{
    if (outlet->count > 0) {
        const struct server_turn_route *last = &batch->routes[outlet->route];
        if (addr_equal(&last->to, &route->to) && addr_equal(&last->from, &route->from)) {
            return outlet->route;
        }
    }
    YODEL_ASSERT(batch->route_count < SERVER_TURN_BATCH_ROUTES);
    batch->routes[batch->route_count] = *route;
    return batch->route_count++;
}

static void keep_head(struct server_turn_batch *batch, struct bytes head)
{
    if (head.len == 0) {
        return;
    }
    size_t end = (size_t)(head.ptr - batch->heads) + head.len;
    YODEL_ASSERT(end <= SERVER_TURN_BATCH_HEADS && end >= batch->head_len);
    batch->head_len = (uint32_t)(end + 7) & ~7u;
}

void server_turn_batch_put(struct server_turn_batch *batch, struct server_turn_outlet *outlet,
    const struct server_turn_item *item, const struct server_turn_route *route)
{
    YODEL_ASSERT(batch->item_count < SERVER_TURN_BATCH_ITEMS);
    uint16_t index = batch->item_count++;
    struct server_turn_item *kept = &batch->items[index];
    *kept = *item;
    kept->route = find_route(batch, outlet, route);
    keep_head(batch, item->head);
    if (outlet->count == 0) {
        outlet->first = index;
        outlet->next = batch->waiting;
        batch->waiting = outlet;
    } else {
        batch->items[outlet->last].next = index;
    }
    outlet->last = index;
    outlet->route = kept->route;
    outlet->count++;
}

const struct server_turn_item *server_turn_batch_peek(
    const struct server_turn_batch *batch, const struct server_turn_outlet *outlet)
{
    return outlet->count > 0 ? &batch->items[outlet->first] : NULL;
}

const struct server_turn_item *server_turn_batch_take(
    struct server_turn_batch *batch, struct server_turn_outlet *outlet)
{
    const struct server_turn_item *item = server_turn_batch_peek(batch, outlet);

    if (item) {
        outlet->first = item->next;
        outlet->count--;
    }
    return item;
}

void server_turn_batch_flush(struct server_turn_batch *batch)
{
    while (batch->waiting) {
        struct server_turn_outlet *outlet = batch->waiting;
        batch->waiting = outlet->next;
        outlet->send(outlet, batch);
        YODEL_ASSERT(outlet->count == 0);
    }
    batch->item_count = 0;
    batch->route_count = 0;
    batch->head_len = 0;
}
