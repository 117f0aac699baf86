// Tests' two peers: joined in memory, in virtual time, with what each was told written down.
//
//   peer_pair_open(&pair, 1);
//   peer_pair_connect(&pair, NULL, channels);          // One channel, open at both ends.
//   … yodel_channel_send(channels[0], …); peer_pair_settle(&pair); … pair.side[1].message …
//   peer_pair_close(&pair);                            // And nothing is left in memory.
//
// Each datagram that a peer emits is given to the other at once, unless `filter` says no.
//
// Ownership   a pair owns its peers; strings of configurations are the caller's
// Limits      PEER_PAIR_EVENTS_MAX events written down for a side; later ones are only counted

#ifndef PEER_PAIR_H
#define PEER_PAIR_H

#include <stdlib.h>

#include "base/addr.h"
#include "base/assert.h"
#include "peer/peer.h"
#include "virtual_clock.h"

#define PEER_PAIR_EVENTS_MAX 1024
#define PEER_PAIR_EMITS_MAX 100000 // In one turn: more is a peer that never falls silent.
#define PEER_PAIR_MESSAGE_MAX 300000

struct peer_pair_seen {
    enum yodel_event_type type;
    yodel_channel *channel; // It may be gone by now.
    int state;              // Of the connection, ICE, gathering or signaling, as the type has it.
    size_t len;             // Of the message.
    bool is_text;
};

struct peer_pair_memory {
    struct alloc alloc; // First, so that the one is found from the other.
    size_t held;        // Blocks.
    uint64_t count;     // Allocations so far.
    uint64_t fail_at;   // The so manieth fails; 0: none.
    bool fails_on;      // And all after it.
};

struct peer_pair;

struct peer_pair_side {
    struct peer_pair *pair;
    int index;
    struct peer_pair_memory memory;
    struct env env;
    yodel_peer *peer;
    struct yodel_addr addr;
    bool is_deaf;      // Takes no events.
    bool is_unsettled; // Its loop does not answer RESOLVE.
    uint32_t wakes;
    uint32_t sent; // Datagrams.
    struct peer_pair_seen seen[PEER_PAIR_EVENTS_MAX];
    uint32_t seen_count;
    uint32_t candidate_count; // Those that are not the end.
    uint32_t message_count;
    uint8_t message[PEER_PAIR_MESSAGE_MAX]; // The last one.
    size_t message_len;
    bool message_is_text;
    yodel_channel *incoming; // The last channel that the other side opened.
    char text[256];          // Of the last error, or the name of the last RESOLVE.
};

struct peer_pair {
    struct peer_pair_side side[2];
    yodel_time now;
    // Whether a datagram from `from` arrives; it may change it, or send others. NULL: all arrive.
    bool (*filter)(struct peer_pair *pair, int from, const struct yodel_path *path, uint8_t *data,
        size_t *len);
    // Sees each event after it was written down, and may call anything.
    void (*listener)(struct peer_pair_side *side, const struct yodel_event *event);
    void *ctx;
};

static inline void *peer_pair_resize(struct alloc *alloc, void *ptr, size_t len)
{
    struct peer_pair_memory *memory = (struct peer_pair_memory *)(void *)alloc;

    if (len == 0) {
        memory->held -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    memory->count++;
    if (memory->fail_at != 0 && (memory->count == memory->fail_at ||
                                    (memory->fails_on && memory->count > memory->fail_at))) {
        return NULL;
    }
    void *made = realloc(ptr, len);
    memory->held += made && !ptr;
    return made;
}

static inline void peer_pair_on_wake(void *ctx)
{
    struct peer_pair_side *side = ctx;

    side->wakes++;
}

// Makes the surroundings of two peers, but not the peers.
static inline void peer_pair_init(struct peer_pair *pair, uint64_t seed)
{
    memset(pair, 0, sizeof *pair);
    virtual_clock_seed(seed);
    pair->now = YODEL_SECONDS(1);
    virtual_clock_set(pair->now);
    for (int i = 0; i < 2; i++) {
        struct peer_pair_side *side = &pair->side[i];

        side->pair = pair;
        side->index = i;
        side->memory.alloc.resize = peer_pair_resize;
        side->env = (struct env){.alloc = &side->memory.alloc, .random = virtual_clock_random};
        side->addr = addr_v4(192, 0, 2, (uint8_t)(i + 1), (uint16_t)(5000 + i));
    }
}

static inline void peer_pair_open_with(struct peer_pair *pair, uint64_t seed,
    const struct yodel_peer_config *first, const struct yodel_peer_config *second)
{
    peer_pair_init(pair, seed);
    for (int i = 0; i < 2; i++) {
        struct peer_pair_side *side = &pair->side[i];
        enum yodel_err err = peer_new(&side->env, i == 0 ? first : second, &side->peer);

        YODEL_ASSERT(err == YODEL_OK);
        yodel_peer_set_wake(side->peer, peer_pair_on_wake, side);
    }
}

static inline void peer_pair_open(struct peer_pair *pair, uint64_t seed)
{
    peer_pair_open_with(pair, seed, NULL, NULL);
}

static inline void peer_pair_close(struct peer_pair *pair)
{
    for (int i = 0; i < 2; i++) {
        yodel_peer_free(pair->side[i].peer);
        pair->side[i].peer = NULL;
        YODEL_ASSERT(pair->side[i].memory.held == 0);
    }
}

// ---- events

static inline int peer_pair_state_of(const struct peer_pair_side *side, enum yodel_event_type type)
{
    if (type == YODEL_EVENT_SIGNALING_STATE_CHANGE) {
        return (int)yodel_peer_signaling_state(side->peer);
    }
    if (type == YODEL_EVENT_ICE_GATHERING_STATE_CHANGE) {
        return (int)yodel_peer_ice_gathering_state(side->peer);
    }
    if (type == YODEL_EVENT_ICE_CONNECTION_STATE_CHANGE) {
        return (int)yodel_peer_ice_connection_state(side->peer);
    }
    return type == YODEL_EVENT_CONNECTION_STATE_CHANGE
               ? (int)yodel_peer_connection_state(side->peer)
               : 0;
}

static inline void peer_pair_write_down(
    struct peer_pair_side *side, const struct yodel_event *event)
{
    if (side->seen_count < PEER_PAIR_EVENTS_MAX) {
        side->seen[side->seen_count] = (struct peer_pair_seen){.type = event->type,
            .channel = event->channel,
            .state = peer_pair_state_of(side, event->type),
            .len = event->message.len,
            .is_text = event->message.is_text};
    }
    side->seen_count++;
}

static inline void peer_pair_keep_text(struct peer_pair_side *side, const char *text)
{
    size_t len = strlen(text) < sizeof side->text ? strlen(text) : sizeof side->text - 1;

    memcpy(side->text, text, len);
    side->text[len] = '\0';
}

static inline void peer_pair_keep_message(
    struct peer_pair_side *side, const struct yodel_event *event)
{
    YODEL_ASSERT(event->message.len <= sizeof side->message);
    if (event->message.len > 0) {
        memcpy(side->message, event->message.data, event->message.len);
    }
    side->message_len = event->message.len;
    side->message_is_text = event->message.is_text;
    side->message_count++;
}

// What a loop and an application do at least.
static inline void peer_pair_answer(struct peer_pair_side *side, const struct yodel_event *event)
{
    if (event->type == YODEL_EVENT_GATHER) {
        yodel_peer_add_local_address(side->peer, &side->addr);
        yodel_peer_end_local_addresses(side->peer);
    } else if (event->type == YODEL_EVENT_RESOLVE) {
        peer_pair_keep_text(side, event->name);
        if (!side->is_unsettled) {
            yodel_peer_resolved(side->peer, event->name, NULL);
        }
    } else if (event->type == YODEL_EVENT_ICE_CANDIDATE) {
        side->candidate_count += event->candidate.candidate[0] != '\0';
    } else if (event->type == YODEL_EVENT_DATA_CHANNEL) {
        side->incoming = event->channel;
    } else if (event->type == YODEL_EVENT_CHANNEL_MESSAGE) {
        peer_pair_keep_message(side, event);
    } else if (event->type == YODEL_EVENT_CHANNEL_ERROR) {
        peer_pair_keep_text(side, event->text);
    }
}

static inline void peer_pair_listen(struct peer_pair_side *side)
{
    struct yodel_event event;

    while (!side->is_deaf && side->peer && yodel_peer_next_event(side->peer, &event)) {
        peer_pair_write_down(side, &event);
        peer_pair_answer(side, &event);
        if (side->pair->listener) {
            side->pair->listener(side, &event);
        }
    }
}

static inline void peer_pair_forget(struct peer_pair *pair)
{
    for (int i = 0; i < 2; i++) {
        pair->side[i].seen_count = 0;
        pair->side[i].message_count = 0;
        pair->side[i].sent = 0;
        pair->side[i].wakes = 0;
    }
}

// How often a side was told this.
static inline uint32_t peer_pair_count(
    const struct peer_pair_side *side, enum yodel_event_type type)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < side->seen_count && i < PEER_PAIR_EVENTS_MAX; i++) {
        count += side->seen[i].type == type;
    }
    return count;
}

// Where this was told first, or seen_count.
static inline uint32_t peer_pair_first(
    const struct peer_pair_side *side, enum yodel_event_type type)
{
    uint32_t i = 0;

    while (i < side->seen_count && side->seen[i].type != type) {
        i++;
    }
    return i;
}

// ---- turns

static inline void peer_pair_deliver(
    struct peer_pair *pair, int from, const struct yodel_path *path, uint8_t *data, size_t len)
{
    struct yodel_path arrived = {.local = path->remote, .remote = path->local};
    struct peer_pair_side *to = &pair->side[1 - from];

    if (pair->filter && !pair->filter(pair, from, path, data, &len)) {
        return;
    }
    if (to->peer && addr_equal(&to->addr, &path->remote)) {
        yodel_peer_recv(to->peer, &arrived, data, len, pair->now);
    }
}

static inline bool peer_pair_speak(struct peer_pair *pair, int from)
{
    struct peer_pair_side *side = &pair->side[from];
    uint8_t room[YODEL_DATAGRAM_MAX];
    struct yodel_path path;
    uint32_t count = 0;
    size_t len;

    while (side->peer &&
           (len = yodel_peer_emit(side->peer, room, sizeof room, &path, pair->now)) > 0) {
        YODEL_ASSERT(len <= sizeof room && count++ < PEER_PAIR_EMITS_MAX);
        side->sent++;
        peer_pair_deliver(pair, from, &path, room, len);
        peer_pair_listen(side);
        peer_pair_listen(&pair->side[1 - from]);
    }
    return count > 0;
}

// Lets both speak until neither has anything to say, at this time.
static inline void peer_pair_settle(struct peer_pair *pair)
{
    bool any = true;

    virtual_clock_set(pair->now);
    while (any) {
        any = false;
        for (int i = 0; i < 2; i++) {
            if (pair->side[i].peer) {
                yodel_peer_tick(pair->side[i].peer, pair->now);
            }
            peer_pair_listen(&pair->side[i]);
            any |= peer_pair_speak(pair, i);
        }
    }
    for (int i = 0; i < 2; i++) {
        YODEL_ASSERT(!pair->side[i].peer || pair->side[i].is_deaf ||
                     yodel_peer_next_timeout(pair->side[i].peer) > pair->now);
    }
}

// Lets `duration` pass, from deadline to deadline.
static inline void peer_pair_run(struct peer_pair *pair, yodel_duration duration)
{
    yodel_time until = pair->now + duration;

    for (;;) {
        peer_pair_settle(pair);
        yodel_time at = until;
        for (int i = 0; i < 2; i++) {
            if (pair->side[i].peer) {
                at = time_min(at, yodel_peer_next_timeout(pair->side[i].peer));
            }
        }
        if (pair->now >= until) {
            return;
        }
        pair->now = at > pair->now ? at : pair->now + 1;
    }
}

// ---- signaling

// Sets `from`'s local description at the other side.
static inline enum yodel_err peer_pair_signal(struct peer_pair *pair, int from)
{
    struct yodel_description description;
    bool has_one = yodel_peer_local_description(pair->side[from].peer, &description);

    YODEL_ASSERT(has_one);
    return yodel_peer_set_remote_description(pair->side[1 - from].peer, &description);
}

// An offer from `from`, its answer, and whatever is gathered for them; nothing is trickled.
static inline enum yodel_err peer_pair_negotiate(struct peer_pair *pair, int from)
{
    for (int i = 0; i < 2; i++) {
        int speaker = i == 0 ? from : 1 - from;
        enum yodel_err err = yodel_peer_set_local_description(pair->side[speaker].peer, NULL);

        if (err != YODEL_OK) {
            return err;
        }
        peer_pair_listen(&pair->side[speaker]);
        yodel_peer_tick(pair->side[speaker].peer, pair->now);
        peer_pair_listen(&pair->side[speaker]);
        err = peer_pair_signal(pair, speaker);
        if (err != YODEL_OK) {
            return err;
        }
    }
    return YODEL_OK;
}

static inline bool peer_pair_is_connected(const struct peer_pair *pair)
{
    return yodel_peer_connection_state(pair->side[0].peer) == YODEL_CONNECTION_CONNECTED &&
           yodel_peer_connection_state(pair->side[1].peer) == YODEL_CONNECTION_CONNECTED;
}

// Connects, with one channel that side 0 makes.
static inline void peer_pair_connect(
    struct peer_pair *pair, const struct yodel_channel_options *options, yodel_channel *channels[2])
{
    enum yodel_err err =
        yodel_peer_create_data_channel(pair->side[0].peer, "first", options, &channels[0]);

    YODEL_ASSERT(err == YODEL_OK);
    err = peer_pair_negotiate(pair, 0);
    YODEL_ASSERT(err == YODEL_OK);
    peer_pair_run(pair, YODEL_SECONDS(2));
    YODEL_ASSERT(peer_pair_is_connected(pair));
    channels[1] = pair->side[1].incoming;
}

#endif
