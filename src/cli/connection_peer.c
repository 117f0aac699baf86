// A connection's peer: descriptions and candidates both ways, the channel, and what becomes of it.
//
// Implements  docs/SIGNALING.md, Rooms (what `data` holds); W3C webrtc §4.4 from the caller's side

#include "cli/connection_peer.h"

#include <stdio.h>

#include "net/clock.h"
#include "transfer/name.h"

#define LOW_THRESHOLD (512u << 10)
#define MISMATCH "fingerprint-mismatch"
#define NO_PATH "no-path"
#define WATCH_EACH_MS 250

void cli_connection_drop_peer(struct cli_connection *connection)
{
    uv_timer_stop(&connection->timer);
    if (connection->peer) {
        yodel_peer_close(connection->peer);
        yodel_runtime_remove(connection->runtime, connection->peer);
        yodel_peer_free(connection->peer);
        connection->peer = NULL;
    }
    connection->channel = NULL;
    connection->is_restarting = false;
    connection->has_left = false;
}

void cli_connection_lose(struct cli_connection *connection, const char *why)
{
    char text[256];

    (void)snprintf(text, sizeof text, "%s", why);
    cli_connection_drop_peer(connection);
    if (!connection->is_over) {
        connection->options.on_lost(connection->options.ctx, text);
    }
}

static void on_silence(uv_timer_t *timer)
{
    cli_connection_lose(timer->data, "the other side does not answer any more");
}

static void add_received(void *ctx, const struct yodel_stats_member *member)
{
    double *packets = ctx;

    if (strcmp(member->type, "transport") == 0 && strcmp(member->name, "packetsReceived") == 0) {
        *packets += member->number;
    }
}

// The other side has left the server: ended, or its link broke. Only silence tells the one from the
// other, and where something is on its way to it, which it would acknowledge, a short one does.
static void on_watch(uv_timer_t *timer)
{
    struct cli_connection *connection = timer->data;
    yodel_time now = clock_now();
    double packets = 0;

    yodel_peer_stats(connection->peer, add_received, &packets);
    if (packets > connection->packets_heard) {
        connection->packets_heard = packets;
        connection->heard = now;
    }
    bool is_owed = yodel_channel_buffered_amount(connection->channel) > 0;
    uint64_t limit = is_owed ? CLI_CONNECTION_OWED_MAX : CLI_CONNECTION_SILENCE_MAX;
    if (now - connection->heard >= YODEL_MS(limit)) {
        cli_connection_lose(connection, "the other side does not answer any more");
    }
}

void cli_connection_watch(struct cli_connection *connection)
{
    connection->heard = clock_now();
    uv_timer_start(&connection->timer, on_watch, 0, WATCH_EACH_MS);
}

static bool can_signal(const struct cli_connection *connection)
{
    return connection->link && !connection->is_alone && !connection->has_left;
}

static void send_signal(struct cli_connection *connection, json_t *data)
{
    signaling_meet_signal(&connection->meet, data);
    cli_connection_flush(connection);
}

static void send_abort(struct cli_connection *connection, const char *code, const char *text)
{
    send_signal(connection, json_pack("{s:{s:s, s:s}}", "abort", "code", code, "text", text));
}

static const char no_path_text[] =
    "the two machines cannot reach each other directly; try another network on one side (a "
    "firewall or a strict NAT is between them)";

// `who` and `why` may be empty: the network's silence says no more.
static void fail_without_path(struct cli_connection *connection, const char *who, const char *why)
{
    char text[512];

    (void)snprintf(text, sizeof text, "%s%s%s%s", no_path_text, *why ? ": " : "", who, why);
    cli_connection_fail(connection, CLI_NETWORK, "no-connection", text);
}

// Gives up looking for a path, aloud: the other side then says the same, and not that somebody left.
static void give_up(struct cli_connection *connection, const char *why)
{
    send_abort(connection, NO_PATH, why);
    fail_without_path(connection, "", why);
}

static void on_no_connection(uv_timer_t *timer)
{
    give_up(timer->data, "");
}

static void send_description(struct cli_connection *connection)
{
    struct yodel_description description;

    if (yodel_peer_local_description(connection->peer, &description)) {
        send_signal(connection, json_pack("{s:{s:s, s:s}}", "description", "type",
                                    yodel_sdp_type_name(description.type), "sdp", description.sdp));
    }
}

static void send_candidate(
    struct cli_connection *connection, const struct yodel_ice_candidate *candidate)
{
    if (!candidate->candidate[0]) {
        send_signal(connection, json_pack("{s:n}", "candidate"));
        return;
    }
    send_signal(connection,
        json_pack("{s:{s:s, s:s?, s:i, s:s?}}", "candidate", "candidate", candidate->candidate,
            "sdpMid", candidate->sdp_mid, "sdpMLineIndex", candidate->sdp_mline_index,
            "usernameFragment", candidate->username_fragment));
}

static void take_channel(struct cli_connection *connection, yodel_channel *channel)
{
    bool is_ours = strcmp(yodel_channel_label(channel), CLI_CONNECTION_LABEL) == 0 &&
                   strcmp(yodel_channel_protocol(channel), CLI_CONNECTION_PROTOCOL) == 0;

    if (connection->channel || !is_ours) {
        yodel_channel_close(channel);
        return;
    }
    connection->channel = channel;
    yodel_channel_set_buffered_amount_low_threshold(channel, LOW_THRESHOLD);
    uv_timer_stop(&connection->timer);
    connection->options.on_open(connection->options.ctx);
}

// The path broke, and ICE has found no other: whoever offered first offers again, with new credentials and
// the addresses of now. The other side waits for that.
static void restart(struct cli_connection *connection)
{
    connection->is_restarting = true;
    uv_timer_start(&connection->timer, on_silence, CLI_CONNECTION_CONNECT_MAX, 0);
    if (!connection->meet.is_creator) {
        return;
    }
    yodel_peer_restart_ice(connection->peer);
    if (yodel_peer_set_local_description(connection->peer, NULL) == YODEL_OK) {
        send_description(connection);
    }
}

static void on_disconnected_for_long(uv_timer_t *timer)
{
    restart(timer->data);
}

// ICE goes on trying for half a minute; who has left the server as well is watched already.
static void on_disconnected(struct cli_connection *connection)
{
    if (!connection->channel || connection->has_left || connection->is_restarting) {
        return;
    }
    if (can_signal(connection)) {
        uv_timer_start(&connection->timer, on_disconnected_for_long, CLI_CONNECTION_RESTART_MS, 0);
    } else {
        uv_timer_start(&connection->timer, on_silence, CLI_CONNECTION_CONNECT_MAX, 0);
    }
}

static void on_path_failed(struct cli_connection *connection)
{
    const char *why = yodel_peer_error_text(connection->peer);
    bool is_ice = yodel_peer_ice_connection_state(connection->peer) == YODEL_ICE_FAILED;

    if (connection->channel && is_ice && can_signal(connection) && !connection->is_restarting) {
        restart(connection);
    } else if (connection->channel) {
        cli_connection_lose(connection, "the connection broke");
    } else if (is_ice) {
        give_up(connection, why);
    } else {
        cli_connection_fail(connection, CLI_NETWORK, "no-connection", why);
    }
}

static void on_connection_state(struct cli_connection *connection)
{
    switch (yodel_peer_connection_state(connection->peer)) {
    case YODEL_CONNECTION_CONNECTED:
        connection->is_restarting = false;
        if (connection->channel && !connection->has_left) {
            uv_timer_stop(&connection->timer);
        }
        break;
    case YODEL_CONNECTION_FAILED:
        on_path_failed(connection);
        break;
    case YODEL_CONNECTION_DISCONNECTED:
    case YODEL_CONNECTION_CONNECTING: // Again: the interface went away.
        on_disconnected(connection);
        break;
    case YODEL_CONNECTION_NEW:
    case YODEL_CONNECTION_CLOSED:
        break;
    }
}

static void on_peer_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct cli_connection *connection = ctx;

    if (peer != connection->peer) {
        return;
    }
    switch ((int)event->type) {
    case YODEL_EVENT_ICE_CANDIDATE:
        send_candidate(connection, &event->candidate);
        break;
    case YODEL_EVENT_CONNECTION_STATE_CHANGE:
        on_connection_state(connection);
        break;
    case YODEL_EVENT_CHANNEL_OPEN:
        take_channel(connection, event->channel);
        break;
    case YODEL_EVENT_CHANNEL_MESSAGE:
        if (event->channel == connection->channel && !connection->is_over) {
            connection->options.on_message(connection->options.ctx, event);
        }
        break;
    case YODEL_EVENT_CHANNEL_BUFFERED_AMOUNT_LOW:
        if (!connection->is_over) {
            connection->options.on_low(connection->options.ctx);
        }
        break;
    case YODEL_EVENT_CHANNEL_CLOSE:
        if (event->channel == connection->channel) {
            cli_connection_lose(connection, "the other side closed the connection");
        }
        break;
    default:
        break;
    }
}

static bool make_peer(struct cli_connection *connection, const char *fingerprint)
{
    struct cli_servers_config room;
    struct yodel_peer_config config = {.no_media = true,
        .certificate = connection->certificate,
        .pinned_fingerprint = fingerprint};

    cli_servers_use(&connection->servers, &room, &config);
    if (yodel_peer_new(&config, &connection->peer) ||
        yodel_runtime_add(connection->runtime, connection->peer, on_peer_event, connection)) {
        cli_connection_fail(connection, CLI_FAILED, "io", "there is no memory left");
        return false;
    }
    uv_timer_start(&connection->timer, on_no_connection, CLI_CONNECTION_CONNECT_MAX, 0);
    return true;
}

// Both have proven the code: the creator offers.
void cli_connection_meet(struct cli_connection *connection, const char *fingerprint)
{
    yodel_channel *channel;

    cli_connection_drop_peer(connection);
    if (!make_peer(connection, fingerprint) || !connection->meet.is_creator) {
        return;
    }
    struct yodel_channel_options options = {.protocol = CLI_CONNECTION_PROTOCOL};
    if (yodel_peer_create_data_channel(
            connection->peer, CLI_CONNECTION_LABEL, &options, &channel) ||
        yodel_peer_set_local_description(connection->peer, NULL)) {
        cli_connection_fail(connection, CLI_FAILED, "io", yodel_peer_error_text(connection->peer));
        return;
    }
    send_description(connection);
}

static const char mismatch_text[] =
    "REFUSED: the certificate's fingerprint is not the one that the code proved. Somebody between "
    "the two machines, the server perhaps, tried to read along. Nothing was sent";

static void take_description(struct cli_connection *connection, const json_t *object)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    struct yodel_description description = {
        .sdp = json_string_value(json_object_get(object, "sdp"))};
    enum yodel_err err = YODEL_ERR_SYNTAX;

    if (type && description.sdp && yodel_sdp_type_parse(type, &description.type) == YODEL_OK) {
        err = yodel_peer_set_remote_description(connection->peer, &description);
    }
    if (err == YODEL_ERR_UNAUTHENTIC) {
        send_abort(connection, MISMATCH, "the fingerprint is not the one that the code proved");
        cli_connection_fail(connection, CLI_CODE, MISMATCH, mismatch_text);
    } else if (err && !connection->channel) {
        cli_connection_fail(
            connection, CLI_NETWORK, "bad-description", yodel_peer_error_text(connection->peer));
    } else if (!err && description.type == YODEL_SDP_OFFER) {
        if (yodel_peer_set_local_description(connection->peer, NULL) == YODEL_OK) {
            send_description(connection);
        }
    }
}

static void take_candidate(struct cli_connection *connection, const json_t *object)
{
    if (!json_is_object(object)) {
        (void)yodel_peer_add_ice_candidate(connection->peer, NULL);
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
    (void)yodel_peer_add_ice_candidate(connection->peer, &candidate);
}

// Whoever gives up first tells why, for its own reason may be what is to be mended.
static void take_no_path(struct cli_connection *connection, const char *text)
{
    char why[256];

    transfer_name_show(bytes_of_text(text ? text : ""), why, sizeof why);
    fail_without_path(connection, "the other side says: ", why);
}

// The other side has seen what we could not, or looked for a path long enough.
static void take_abort(struct cli_connection *connection, const json_t *object)
{
    const char *code = json_string_value(json_object_get(object, "code"));

    if (code && strcmp(code, MISMATCH) == 0) {
        cli_connection_fail(connection, CLI_CODE, MISMATCH, mismatch_text);
    } else if (code && strcmp(code, NO_PATH) == 0) {
        take_no_path(connection, json_string_value(json_object_get(object, "text")));
    }
}

void cli_connection_take_signal(struct cli_connection *connection, const json_t *data)
{
    const json_t *description = json_object_get(data, "description");

    if (!connection->peer) {
        return;
    }
    if (description) {
        take_description(connection, description);
    } else if (json_object_get(data, "candidate")) {
        take_candidate(connection, json_object_get(data, "candidate"));
    } else if (json_object_get(data, "abort") && !connection->channel) {
        take_abort(connection, json_object_get(data, "abort"));
    }
}
