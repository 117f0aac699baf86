// Tracks over a peer connection: each transceiver that sends has a lane; one receiver does the rest.

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "runtime/runtime.h"
#include "stream/receiver.h"
#include "stream/sender.h"

#define ID_SIZE 64

struct lane {
    struct list_node link;
    yodel_transceiver *transceiver;
    struct sender *sender; // NULL: nothing was ever sent.
    bool has_bitrate;      // It was told before there was a sender.
    uint64_t bitrate;
};

struct yodel_media {
    struct alloc *alloc;
    yodel_runtime *runtime;
    yodel_peer *peer; // NULL: it is ending.
    yodel_peer_handler *handler;
    void *ctx;
    struct receiver *receiver; // NULL: no track was asked for.
    yodel_duration delay;
    struct list lanes;
    uint32_t busy; // Parts with threads that are not gone yet.
};

// ---- lanes

static struct lane *find_lane(const yodel_media *media, const yodel_transceiver *transceiver)
{
    for (struct list_node *node = list_first(&media->lanes); node;
         node = list_next(&media->lanes, node)) {
        struct lane *lane = CONTAINER_OF(node, struct lane, link);
        if (lane->transceiver == transceiver) {
            return lane;
        }
    }
    return NULL;
}

// NULL: no memory.
static struct lane *lane_of(yodel_media *media, yodel_transceiver *transceiver)
{
    struct lane *lane = find_lane(media, transceiver);

    if (!lane && (lane = alloc_new(media->alloc, sizeof *lane)) != NULL) {
        lane->transceiver = transceiver;
        list_push_back(&media->lanes, &lane->link);
    }
    return lane;
}

static void free_if_gone(yodel_media *media)
{
    if (!media->peer && media->busy == 0) {
        alloc_free(media->alloc, media);
    }
}

static void on_part_ended(void *ctx)
{
    yodel_media *media = ctx;

    media->busy--;
    free_if_gone(media);
}

static void end_lane(yodel_media *media, struct lane *lane)
{
    list_remove(&lane->link);
    if (lane->sender) {
        sender_end(lane->sender);
    }
    alloc_free(media->alloc, lane);
}

// ---- what the peer says

static void take_bitrate(yodel_media *media, yodel_transceiver *transceiver, uint64_t bitrate)
{
    struct lane *lane = lane_of(media, transceiver);

    if (!lane) {
        return; // The next one comes soon.
    }
    lane->has_bitrate = true;
    lane->bitrate = bitrate;
    if (lane->sender) {
        sender_set_bitrate(lane->sender, bitrate);
    }
}

// Nothing is encoded before there is a way for it.
static void take_state(yodel_media *media)
{
    if (yodel_peer_connection_state(media->peer) != YODEL_CONNECTION_CONNECTED) {
        return;
    }
    for (struct list_node *node = list_first(&media->lanes); node;
         node = list_next(&media->lanes, node)) {
        struct lane *lane = CONTAINER_OF(node, struct lane, link);
        if (!lane->has_bitrate) {
            take_bitrate(media, lane->transceiver, SENDER_BPS_START);
        }
    }
}

static void want_key(yodel_media *media, const yodel_transceiver *transceiver)
{
    struct lane *lane = find_lane(media, transceiver);

    if (lane && lane->sender) {
        sender_want_key(lane->sender);
    }
}

static void drop(yodel_media *media, const yodel_transceiver *transceiver)
{
    struct lane *lane = find_lane(media, transceiver);

    if (lane) {
        end_lane(media, lane);
    }
}

static void take_sent(yodel_media *media, const struct yodel_event *event)
{
    if (event->type == YODEL_EVENT_FRAME) {
        receiver_recv(
            media->receiver, event->transceiver, event->frame, yodel_runtime_now(media->runtime));
    } else if (event->type == YODEL_EVENT_TRACK_MUTE) {
        receiver_mute(media->receiver, event->transceiver);
    } else if (event->type == YODEL_EVENT_TRANSCEIVER_STOPPED) {
        receiver_stop(media->receiver, event->transceiver);
    }
}

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    yodel_media *media = ctx;

    if (event->type == YODEL_EVENT_CONNECTION_STATE_CHANGE) {
        take_state(media);
    } else if (event->type == YODEL_EVENT_BITRATE) {
        take_bitrate(media, event->transceiver, event->bitrate);
    } else if (event->type == YODEL_EVENT_KEY_FRAME_NEEDED) {
        want_key(media, event->transceiver);
    } else if (event->type == YODEL_EVENT_TRANSCEIVER_STOPPED) {
        drop(media, event->transceiver);
    }
    if (media->receiver) {
        take_sent(media, event);
    }
    if (media->handler) {
        media->handler(media->ctx, peer, event); // It may free the media.
    }
}

// ---- the public calls

YODEL_API enum yodel_err yodel_media_new(yodel_runtime *runtime, yodel_peer *peer,
    yodel_peer_handler *handler, void *ctx, yodel_media **media)
{
    struct alloc *alloc = runtime_env(runtime)->alloc;
    yodel_media *made = alloc_new(alloc, sizeof *made);

    if (!made) {
        return YODEL_ERR_NO_MEMORY;
    }
    *made = (yodel_media){
        .alloc = alloc, .runtime = runtime, .peer = peer, .handler = handler, .ctx = ctx};
    list_init(&made->lanes);
    enum yodel_err err = yodel_runtime_add(runtime, peer, on_event, made);
    if (err) {
        alloc_free(alloc, made);
        return err;
    }
    *media = made;
    return YODEL_OK;
}

YODEL_API void yodel_media_free(yodel_media *media)
{
    struct list_node *node;

    yodel_runtime_remove(media->runtime, media->peer);
    while ((node = list_first(&media->lanes)) != NULL) {
        end_lane(media, CONTAINER_OF(node, struct lane, link));
    }
    if (media->receiver) {
        receiver_end(media->receiver, on_part_ended);
    }
    media->peer = NULL;
    free_if_gone(media);
}

static enum yodel_err make_sender(yodel_media *media, struct lane *lane)
{
    lane->sender = sender_new(media->runtime, lane->transceiver, on_part_ended, media);
    if (!lane->sender) {
        return YODEL_ERR_NO_MEMORY;
    }
    media->busy++;
    if (lane->has_bitrate) {
        sender_set_bitrate(lane->sender, lane->bitrate);
    } else {
        take_state(media);
    }
    return YODEL_OK;
}

YODEL_API enum yodel_err yodel_media_send(
    yodel_media *media, yodel_transceiver *transceiver, yodel_track *track)
{
    struct lane *lane = lane_of(media, transceiver);

    if (!lane || (!lane->sender && make_sender(media, lane))) {
        return YODEL_ERR_NO_MEMORY;
    }
    return sender_set_track(lane->sender, track);
}

static void on_key_wanted(void *ctx, yodel_transceiver *transceiver)
{
    (void)ctx;
    yodel_transceiver_request_key_frame(transceiver);
}

YODEL_API yodel_track *yodel_media_track(yodel_media *media, yodel_transceiver *transceiver)
{
    static const struct receiver_ops ops = {on_key_wanted};

    if (!media->receiver) {
        media->receiver = receiver_new(media->runtime, &ops, media);
        if (!media->receiver) {
            return NULL;
        }
        media->busy++;
        receiver_set_delay(media->receiver, media->delay);
    }
    return receiver_track(media->receiver, transceiver);
}

YODEL_API void yodel_media_set_delay(yodel_media *media, yodel_duration delay)
{
    media->delay = delay;
    if (media->receiver) {
        receiver_set_delay(media->receiver, delay);
    }
}

// ---- statistics

struct visitor {
    yodel_media *media;
    void (*visit)(void *ctx, const struct yodel_stats_member *member);
    void *ctx;
    const char *id; // Of the object that is being told.
    const char *type;
};

static void tell(void *ctx, const char *name, const char *text, double number)
{
    struct visitor *visitor = ctx;
    struct yodel_stats_member member = {visitor->id, visitor->type, name, text, number};

    visitor->visit(visitor->ctx, &member);
}

static yodel_transceiver *transceiver_of(const yodel_media *media, const char *mid)
{
    yodel_transceiver *transceiver;

    for (size_t i = 0; (transceiver = yodel_peer_transceiver(media->peer, i)) != NULL; i++) {
        const char *own = yodel_transceiver_mid(transceiver);
        if (own && strcmp(own, mid) == 0) {
            return transceiver;
        }
    }
    return NULL;
}

static void tell_outbound(
    struct visitor *visitor, const yodel_transceiver *transceiver, const char *mid)
{
    const struct lane *lane = find_lane(visitor->media, transceiver);
    char source[ID_SIZE];

    if (lane && lane->sender) {
        (void)snprintf(source, sizeof source, "S%s", mid);
        tell(visitor, "mediaSourceId", source, 0);
        sender_visit_encoding(lane->sender, tell, visitor);
    }
}

// Adds to the peer's objects what only is known here, behind their "mid".
static void on_member(void *ctx, const struct yodel_stats_member *member)
{
    struct visitor *visitor = ctx;

    visitor->visit(visitor->ctx, member);
    if (strcmp(member->name, "mid") != 0) {
        return;
    }
    yodel_transceiver *transceiver = transceiver_of(visitor->media, member->text);
    visitor->id = member->id;
    visitor->type = member->type;
    if (transceiver && strcmp(member->type, "outbound-rtp") == 0) {
        tell_outbound(visitor, transceiver, member->text);
    } else if (transceiver && visitor->media->receiver) {
        receiver_visit(visitor->media->receiver, transceiver, tell, visitor);
    }
}

YODEL_API void yodel_media_stats(yodel_media *media,
    void (*visit)(void *ctx, const struct yodel_stats_member *member), void *ctx)
{
    struct visitor visitor = {media, visit, ctx, NULL, NULL};
    char id[ID_SIZE];

    yodel_peer_stats(media->peer, on_member, &visitor);
    for (struct list_node *node = list_first(&media->lanes); node;
         node = list_next(&media->lanes, node)) {
        struct lane *lane = CONTAINER_OF(node, struct lane, link);
        const char *mid = yodel_transceiver_mid(lane->transceiver);
        if (lane->sender && mid) {
            (void)snprintf(id, sizeof id, "S%s", mid);
            visitor.id = id;
            visitor.type = "media-source";
            sender_visit_source(lane->sender, tell, &visitor);
        }
    }
}
