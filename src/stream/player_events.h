// What a player's threads have to tell: in order, on the loop, and never more than there is room for.
//
// Threads     player_events_post on the thread; the rest on the loop's
// Ownership   the owner's struct holds it; its memory stays until its `beside` has ended
// Limits      PLAYER_EVENTS wait; what comes then is lost

#ifndef STREAM_PLAYER_EVENTS_H
#define STREAM_PLAYER_EVENTS_H

#include "runtime/beside.h"
#include "yodel/player.h"

#define PLAYER_EVENTS 16
#define PLAYER_EVENTS_TEXT_MAX 160

typedef void player_events_handler(void *ctx, const struct yodel_player_event *event);

struct player_events_one {
    enum yodel_player_event_type type;
    uint32_t key;
    char text[PLAYER_EVENTS_TEXT_MAX];
};

struct player_events {
    struct beside *beside;
    player_events_handler *handler;
    void *ctx;
    bool is_closed; // The loop's: nobody wants to hear of them any more.
    // Under the lock, as what follows.
    struct mail mail;
    bool is_posted;
    size_t first, count;
    struct player_events_one waiting[PLAYER_EVENTS];
};

void player_events_init(
    struct player_events *events, struct beside *beside, player_events_handler *handler, void *ctx);

// Copies the text.
void player_events_post(struct player_events *events, const struct yodel_player_event *event);

// The handler is not called any more. It may be the one who calls.
void player_events_close(struct player_events *events);

#endif
