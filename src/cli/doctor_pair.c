// The doctor's proof of a relay.

#include "cli/doctor_pair.h"

#include <string.h>

#include "net/clock.h"

static const char word[] = "yodel";

static void finish(struct doctor_pair *pair)
{
    if (!pair->is_done) {
        pair->is_done = true;
        (void)uv_timer_stop(&pair->timer);
        pair->on_done(pair->ctx);
    }
}

static void on_late(uv_timer_t *timer)
{
    finish(timer->data);
}

// ---- signaling: the two are in one thread

static bool describe(struct doctor_pair_end *end)
{
    struct yodel_description local;

    return yodel_peer_set_local_description(end->peer, NULL) == YODEL_OK &&
           yodel_peer_local_description(end->peer, &local) &&
           yodel_peer_set_remote_description(end->other->peer, &local) == YODEL_OK;
}

static void negotiate(struct doctor_pair_end *offerer)
{
    if (!describe(offerer) || !describe(offerer->other)) {
        finish(offerer->pair);
    }
}

static void tell_candidate(struct doctor_pair_end *end, const struct yodel_ice_candidate *candidate)
{
    // One that the other cannot read is lost, as on any way.
    (void)yodel_peer_add_ice_candidate(end->other->peer, candidate);
}

// ---- the message

static void say(struct doctor_pair_end *end)
{
    end->pair->said_at = clock_now();
    if (yodel_channel_send(end->channel, word, sizeof word) != YODEL_OK) {
        finish(end->pair);
    }
}

static void hear(struct doctor_pair_end *end, const struct yodel_event *event)
{
    struct doctor_pair *pair = end->pair;
    bool is_it =
        event->message.len == sizeof word && memcmp(event->message.data, word, sizeof word) == 0;

    if (!is_it) {
        finish(pair);
    } else if (end == &pair->ends[1]) {
        (void)yodel_channel_send(event->channel, word, sizeof word); // Back.
    } else {
        yodel_duration took = clock_now() - pair->said_at;
        pair->round_trip_us = took > 0 && took < UINT32_MAX ? (uint32_t)took : 1;
        finish(pair);
    }
}

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct doctor_pair_end *end = ctx;

    if (end->pair->is_done) {
        return;
    }
    if (event->type == YODEL_EVENT_ICE_CANDIDATE) {
        tell_candidate(end, &event->candidate);
    } else if (event->type == YODEL_EVENT_CHANNEL_OPEN && end == &end->pair->ends[0]) {
        say(end);
    } else if (event->type == YODEL_EVENT_CHANNEL_MESSAGE) {
        hear(end, event);
    } else if (event->type == YODEL_EVENT_CONNECTION_STATE_CHANGE &&
               yodel_peer_connection_state(peer) == YODEL_CONNECTION_FAILED) {
        finish(end->pair);
    }
}

// ---- its life

static bool open_end(struct doctor_pair *pair, int index, yodel_certificate *certificate,
    const struct yodel_ice_server *server)
{
    struct doctor_pair_end *end = &pair->ends[index];
    struct yodel_peer_config config = {
        .no_media = true,
        .ice_servers = server,
        .ice_server_count = 1,
        .ice_transport_policy = YODEL_ICE_RELAY,
        .certificate = certificate,
    };

    *end = (struct doctor_pair_end){.pair = pair, .other = &pair->ends[!index]};
    return yodel_peer_new(&config, &end->peer) == YODEL_OK &&
           yodel_runtime_add(pair->runtime, end->peer, on_event, end) == YODEL_OK;
}

bool doctor_pair_start(struct doctor_pair *pair, uv_loop_t *loop, yodel_runtime *runtime,
    yodel_certificate *certificate, const struct yodel_ice_server *server,
    void (*on_done)(void *ctx), void *ctx)
{
    *pair = (struct doctor_pair){.runtime = runtime, .on_done = on_done, .ctx = ctx};
    pair->has_timer = uv_timer_init(loop, &pair->timer) == 0;
    pair->timer.data = pair;
    struct doctor_pair_end *first = &pair->ends[0];
    if (!open_end(pair, 0, certificate, server) || !open_end(pair, 1, certificate, server) ||
        yodel_peer_create_data_channel(first->peer, "doctor", NULL, &first->channel) != YODEL_OK) {
        return false;
    }
    (void)uv_timer_start(&pair->timer, on_late, DOCTOR_PAIR_MS, 0);
    negotiate(first);
    return true;
}

void doctor_pair_close(struct doctor_pair *pair)
{
    pair->is_done = true;
    for (int i = 0; i < 2; i++) {
        yodel_peer *peer = pair->ends[i].peer;
        if (peer) {
            yodel_peer_close(peer);
            yodel_runtime_remove(pair->runtime, peer);
            yodel_peer_free(peer);
            pair->ends[i].peer = NULL;
        }
    }
    if (pair->has_timer) {
        pair->has_timer = false;
        uv_close((uv_handle_t *)&pair->timer, NULL);
    }
}
