// A partner's peer.

#include "cli/room_peer.h"

#include <stdio.h>
#include <string.h>

#include "net/clock.h"

struct cli_room_partner *cli_room_peer_find(struct cli_room *room, uint32_t number)
{
    for (size_t i = 0; number && i < COUNT(room->partners); i++) {
        if (room->partners[i].number == number) {
            return &room->partners[i];
        }
    }
    return NULL;
}

static struct cli_room_partner *find_peer(struct cli_room *room, const yodel_peer *peer)
{
    for (size_t i = 0; i < COUNT(room->partners); i++) {
        if (room->partners[i].number && room->partners[i].peer == peer) {
            return &room->partners[i];
        }
    }
    return NULL;
}

// ---- what goes to the other side through the server

static void send_description(struct cli_room *room, struct cli_room_partner *partner)
{
    struct yodel_description description;

    if (yodel_peer_local_description(partner->peer, &description)) {
        signaling_member_signal(&room->member, partner->number,
            json_pack("{s:{s:s, s:s}}", "description", "type",
                yodel_sdp_type_name(description.type), "sdp", description.sdp));
        cli_room_wake(room);
    }
}

static void send_candidate(struct cli_room *room, const struct cli_room_partner *partner,
    const struct yodel_ice_candidate *candidate)
{
    json_t *data =
        candidate->candidate[0]
            ? json_pack("{s:{s:s, s:s?, s:i, s:s?}}", "candidate", "candidate",
                  candidate->candidate, "sdpMid", candidate->sdp_mid, "sdpMLineIndex",
                  candidate->sdp_mline_index, "usernameFragment", candidate->username_fragment)
            : json_pack("{s:n}", "candidate");

    signaling_member_signal(&room->member, partner->number, data);
    cli_room_wake(room);
}

static void fail(struct cli_room *room, const struct cli_room_partner *partner, const char *why)
{
    (void)snprintf(room->reason, sizeof room->reason, "%s", why);
    signaling_member_fail(&room->member, partner->number, why, clock_now());
    cli_room_wake(room);
}

static void offer(struct cli_room *room, struct cli_room_partner *partner)
{
    if (!partner->is_told || yodel_peer_signaling_state(partner->peer) != YODEL_SIGNALING_STABLE) {
        return; // It is asked for again.
    }
    if (yodel_peer_set_local_description(partner->peer, NULL) == YODEL_OK) {
        send_description(room, partner);
    } else {
        fail(room, partner, yodel_peer_error_text(partner->peer));
    }
}

// ---- the channel

bool cli_room_peer_say(
    struct cli_room_partner *partner, const struct signaling_call_message *message)
{
    char text[SIGNALING_CALL_WRITTEN_MAX];
    size_t len;

    return partner->channel && yodel_channel_ready_state(partner->channel) == YODEL_CHANNEL_OPEN &&
           signaling_call_message_write(message, span_of(text, sizeof text), &len) == YODEL_OK &&
           yodel_channel_send_text(partner->channel, text, len) == YODEL_OK;
}

static void take_open_channel(
    struct cli_room *room, struct cli_room_partner *partner, yodel_channel *channel)
{
    bool is_ours = strcmp(yodel_channel_label(channel), SIGNALING_CALL_LABEL) == 0 &&
                   strcmp(yodel_channel_protocol(channel), SIGNALING_CALL_PROTOCOL) == 0;

    if (partner->channel != channel && (partner->channel || !is_ours)) {
        yodel_channel_close(channel);
        return;
    }
    partner->channel = channel;
    (void)cli_room_peer_say(
        partner, &(struct signaling_call_message){
                     .type = SIGNALING_CALL_STATE, .audio = room->audio, .video = room->video});
}

static void take_message(
    struct cli_room *room, const struct cli_room_partner *partner, const struct yodel_event *event)
{
    struct signaling_call_message message;

    if (event->channel != partner->channel || !event->message.is_text || room->is_over ||
        signaling_call_message_parse(&message, bytes_of(event->message.data, event->message.len))) {
        return;
    }
    if (message.type == SIGNALING_CALL_LEAVE) {
        signaling_member_left(&room->member, partner->number);
        cli_room_wake(room);
    } else if (message.type == SIGNALING_CALL_CHAT && room->options.on_chat) {
        room->options.on_chat(room->options.handler.ctx, message.text);
    } else if (message.type == SIGNALING_CALL_STATE && room->options.on_remote) {
        room->options.on_remote(room->options.handler.ctx, message.audio, message.video);
    }
    signaling_call_message_deinit(&message);
}

static void close_partner(struct cli_room *room, struct cli_room_partner *partner)
{
    partner->channel = NULL;
    if (!partner->is_closed) {
        partner->is_closed = true;
        signaling_member_closed(&room->member, partner->number, clock_now());
        cli_room_wake(room);
    }
}

// ---- the path

static void on_connected(struct cli_room *room, struct cli_room_partner *partner)
{
    char path[CLI_PATH_MAX];

    signaling_member_path_up(&room->member, partner->number, clock_now());
    cli_room_wake(room);
    if (!partner->is_up) {
        partner->is_up = true;
        cli_room_say(room, "%s (%s).", partner->was_up ? "Connected again" : "Connected",
            cli_path_describe(partner->peer, path));
    }
    partner->was_up = true;
}

static void on_path_lost(struct cli_room *room, struct cli_room_partner *partner)
{
    if (partner->is_up) {
        partner->is_up = false;
        signaling_member_path_lost(&room->member, partner->number, clock_now());
        cli_room_wake(room);
        cli_room_say(room, "The connection broke; looking for another way.");
    }
}

static void on_failed(struct cli_room *room, struct cli_room_partner *partner)
{
    bool is_ice = yodel_peer_ice_connection_state(partner->peer) == YODEL_ICE_FAILED;

    if (!partner->was_up) {
        fail(room, partner, yodel_peer_error_text(partner->peer));
    } else if (is_ice) {
        on_path_lost(room, partner);
    } else {
        close_partner(room, partner); // The other side has ended it.
    }
}

static void on_connection_state(struct cli_room *room, struct cli_room_partner *partner)
{
    switch (yodel_peer_connection_state(partner->peer)) {
    case YODEL_CONNECTION_CONNECTED:
        on_connected(room, partner);
        break;
    case YODEL_CONNECTION_DISCONNECTED:
    case YODEL_CONNECTION_CONNECTING: // Again: the interface went away.
        on_path_lost(room, partner);
        break;
    case YODEL_CONNECTION_FAILED:
        on_failed(room, partner);
        break;
    case YODEL_CONNECTION_NEW:
    case YODEL_CONNECTION_CLOSED:
        break;
    }
}

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct cli_room *room = ctx;
    struct cli_room_partner *partner = find_peer(room, peer);

    if (!partner) {
        return;
    }
    switch ((int)event->type) {
    case YODEL_EVENT_NEGOTIATION_NEEDED:
        offer(room, partner);
        break;
    case YODEL_EVENT_ICE_CANDIDATE:
        send_candidate(room, partner, &event->candidate);
        break;
    case YODEL_EVENT_CONNECTION_STATE_CHANGE:
        on_connection_state(room, partner);
        break;
    case YODEL_EVENT_CHANNEL_OPEN:
        take_open_channel(room, partner, event->channel);
        break;
    case YODEL_EVENT_CHANNEL_MESSAGE:
        take_message(room, partner, event);
        break;
    case YODEL_EVENT_CHANNEL_CLOSE:
        if (event->channel == partner->channel) {
            close_partner(room, partner);
        }
        break;
    default:
        break;
    }
}

// ---- its life

static enum yodel_err tell(struct cli_room *room, struct cli_room_partner *partner)
{
    const struct cli_peering_handler *handler = &room->options.handler;
    enum yodel_err err = handler->on_peer(handler->ctx, partner->peer, on_event, room);

    partner->is_told = !err;
    return err;
}

// The sections are the command's; the offer follows when the peer asks for it.
static enum yodel_err begin_first(struct cli_room *room, struct cli_room_partner *partner)
{
    struct yodel_channel_options options = {.protocol = SIGNALING_CALL_PROTOCOL};
    enum yodel_err err = tell(room, partner);

    return err ? err
               : yodel_peer_create_data_channel(
                     partner->peer, SIGNALING_CALL_LABEL, &options, &partner->channel);
}

enum yodel_err cli_room_peer_begin(struct cli_room *room, uint32_t number, bool is_polite)
{
    struct cli_room_partner *partner = NULL;

    for (size_t i = 0; !partner && i < COUNT(room->partners); i++) {
        partner = room->partners[i].number ? NULL : &room->partners[i];
    }
    if (!partner) {
        return YODEL_ERR_NO_MEMORY; // The member has no more places than we.
    }
    *partner = (struct cli_room_partner){.number = number, .early = json_array()};
    enum yodel_err err = cli_peering_new_peer(room->peering, &room->servers, &partner->peer);
    return err || is_polite ? err : begin_first(room, partner);
}

void cli_room_peer_end(struct cli_room *room, struct cli_room_partner *partner)
{
    const struct cli_peering_handler *handler = &room->options.handler;

    if (partner->peer) {
        yodel_peer_close(partner->peer);
    }
    if (partner->is_told) {
        handler->on_gone(handler->ctx, partner->peer);
    }
    yodel_peer_free(partner->peer);
    json_decref(partner->early);
    *partner = (struct cli_room_partner){0};
}

// ---- what comes from the other side through the server

static void add_candidate(struct cli_room_partner *partner, const json_t *object)
{
    if (!json_is_object(object)) {
        (void)yodel_peer_add_ice_candidate(partner->peer, NULL);
        return;
    }
    const char *text = json_string_value(json_object_get(object, "candidate"));
    struct yodel_ice_candidate candidate = {
        .candidate = text ? text : "",
        .sdp_mid = json_string_value(json_object_get(object, "sdpMid")),
        .sdp_mline_index = (int)json_integer_value(json_object_get(object, "sdpMLineIndex")),
        .username_fragment = json_string_value(json_object_get(object, "usernameFragment")),
    };
    // One that does not fit is no reason to give up: others follow.
    (void)yodel_peer_add_ice_candidate(partner->peer, &candidate);
}

static void take_candidate(struct cli_room_partner *partner, json_t *object)
{
    struct yodel_description description;

    if (yodel_peer_remote_description(partner->peer, &description)) {
        add_candidate(partner, object);
    } else if (json_array_size(partner->early) < CLI_ROOM_EARLY_MAX) {
        (void)json_array_append(partner->early, object);
    }
}

static enum yodel_err answer(struct cli_room *room, struct cli_room_partner *partner)
{
    enum yodel_err err = partner->is_told ? YODEL_OK : tell(room, partner);

    if (!err) {
        err = yodel_peer_set_local_description(partner->peer, NULL);
    }
    if (!err) {
        send_description(room, partner);
    }
    return err;
}

static void take_description(
    struct cli_room *room, struct cli_room_partner *partner, const json_t *object)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    struct yodel_description description = {
        .sdp = json_string_value(json_object_get(object, "sdp"))};
    enum yodel_err err = YODEL_ERR_SYNTAX;
    const json_t *early;
    size_t i;

    if (type && description.sdp && yodel_sdp_type_parse(type, &description.type) == YODEL_OK) {
        err = yodel_peer_set_remote_description(partner->peer, &description);
    }
    if (!err && description.type == YODEL_SDP_OFFER) {
        err = answer(room, partner);
    }
    if (err && !partner->was_up) {
        fail(room, partner, yodel_peer_error_text(partner->peer));
        return;
    }
    json_array_foreach(partner->early, i, early)
    {
        add_candidate(partner, early);
    }
    (void)json_array_clear(partner->early);
}

void cli_room_peer_take_signal(
    struct cli_room *room, struct cli_room_partner *partner, const json_t *data)
{
    const json_t *description = json_object_get(data, "description");

    if (description) {
        take_description(room, partner, description);
    } else if (json_object_get(data, "candidate")) {
        take_candidate(partner, json_object_get(data, "candidate"));
    }
}

void cli_room_peer_roll_back(struct cli_room_partner *partner)
{
    if (yodel_peer_signaling_state(partner->peer) == YODEL_SIGNALING_HAVE_LOCAL_OFFER) {
        (void)yodel_peer_set_local_description(
            partner->peer, &(struct yodel_description){.type = YODEL_SDP_ROLLBACK});
    }
}

void cli_room_peer_restart(struct cli_room_partner *partner)
{
    cli_room_peer_roll_back(partner);
    yodel_peer_restart_ice(partner->peer); // It then asks for the offer.
}
