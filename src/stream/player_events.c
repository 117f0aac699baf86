// What a player's threads have to tell: see the header.

#include "stream/player_events.h"

#include <stdio.h>

void player_events_init(
    struct player_events *events, struct beside *beside, player_events_handler *handler, void *ctx)
{
    *events = (struct player_events){.beside = beside, .handler = handler, .ctx = ctx};
}

static bool pop(struct player_events *events, struct player_events_one *one)
{
    beside_lock(events->beside);
    bool has = events->count > 0;
    if (has) {
        *one = events->waiting[events->first];
        events->first = (events->first + 1) % PLAYER_EVENTS;
        events->count--;
    }
    events->is_posted = has;
    beside_unlock(events->beside);
    return has;
}

static void deliver(void *ctx)
{
    struct player_events *events = ctx;
    struct player_events_one one;

    while (pop(events, &one)) {
        if (!events->is_closed) {
            struct yodel_player_event event = {one.type, one.key, one.text};
            events->handler(events->ctx, &event);
        }
    }
}

void player_events_post(struct player_events *events, const struct yodel_player_event *event)
{
    beside_lock(events->beside);
    bool is_first = !events->is_posted, has_room = events->count < PLAYER_EVENTS;
    if (has_room) {
        struct player_events_one *one =
            &events->waiting[(events->first + events->count++) % PLAYER_EVENTS];
        *one = (struct player_events_one){.type = event->type, .key = event->key};
        (void)snprintf(one->text, sizeof one->text, "%s", event->text ? event->text : "");
        events->is_posted = true;
    }
    beside_unlock(events->beside);
    if (is_first && has_room) {
        beside_post(events->beside, &events->mail, deliver, events);
    }
}

void player_events_close(struct player_events *events)
{
    events->is_closed = true;
}
