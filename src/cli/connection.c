// A connection by a code.
//
// Implements  docs/SIGNALING.md, from the client's side

#include "cli/connection.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "net/clock.h"
#include "net/env.h"

#define LOW_THRESHOLD (512u << 10)
#define MISMATCH "fingerprint-mismatch"
#define WATCH_EACH_MS 250
#define GOODBYE_MAX 3000  // Milliseconds for what waits in the channel to arrive.
#define LAST_WORDS_MS 100 // For what the server is still to hear.

static void fail(
    struct cli_connection *connection, enum cli_exit exit, const char *code, const char *text)
{
    if (connection->is_over) {
        return;
    }
    connection->is_over = true;
    connection->options.on_failed(connection->options.ctx, exit, code, text);
}

// ---- the peer

static void drop_peer(struct cli_connection *connection)
{
    uv_timer_stop(&connection->timer);
    if (connection->peer) {
        yodel_peer_close(connection->peer);
        yodel_runtime_remove(connection->runtime, connection->peer);
        yodel_peer_free(connection->peer);
        connection->peer = NULL;
    }
    connection->channel = NULL;
    connection->is_offered = false;
    connection->has_left = false;
}

static void lose(struct cli_connection *connection, const char *why)
{
    char text[256];

    (void)snprintf(text, sizeof text, "%s", why);
    drop_peer(connection);
    if (!connection->is_over) {
        connection->options.on_lost(connection->options.ctx, text);
    }
}

static void on_silence(uv_timer_t *timer)
{
    lose(timer->data, "the other side does not answer any more");
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
        lose(connection, "the other side does not answer any more");
    }
}

static void watch(struct cli_connection *connection)
{
    connection->heard = clock_now();
    uv_timer_start(&connection->timer, on_watch, 0, WATCH_EACH_MS);
}

static void on_no_connection(uv_timer_t *timer)
{
    struct cli_connection *connection = timer->data;

    fail(connection, CLI_NETWORK, "no-connection",
        "the two machines cannot reach each other directly; try another network on one side (a "
        "firewall or a strict NAT is between them)");
}

static void flush(struct cli_connection *connection)
{
    const char *text;

    while (connection->link && (text = signaling_meet_next_out(&connection->meet))) {
        if (signaling_link_send(connection->link, bytes_of_text(text)) != YODEL_OK) {
            return; // It is closing, and says so itself.
        }
    }
}

static void send_signal(struct cli_connection *connection, json_t *data)
{
    signaling_meet_signal(&connection->meet, data);
    flush(connection);
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

static void on_connection_state(struct cli_connection *connection)
{
    switch (yodel_peer_connection_state(connection->peer)) {
    case YODEL_CONNECTION_CONNECTED:
        if (connection->channel && !connection->has_left) {
            uv_timer_stop(&connection->timer);
        }
        break;
    case YODEL_CONNECTION_DISCONNECTED:
        // ICE goes on trying for half a minute; who has left the server as well is watched.
        if (connection->channel && !connection->has_left) {
            uv_timer_start(&connection->timer, on_silence, CLI_CONNECTION_CONNECT_MAX, 0);
        }
        break;
    case YODEL_CONNECTION_FAILED:
        if (connection->channel) {
            lose(connection, "the connection broke");
        } else {
            char text[512];
            bool is_ice = yodel_peer_ice_connection_state(connection->peer) == YODEL_ICE_FAILED;
            (void)snprintf(text, sizeof text, "%s%s",
                is_ice ? "the two machines cannot reach each other directly (a firewall or a "
                         "strict NAT may be between them): "
                       : "",
                yodel_peer_error_text(connection->peer));
            fail(connection, CLI_NETWORK, "no-connection", text);
        }
        break;
    case YODEL_CONNECTION_NEW:
    case YODEL_CONNECTION_CONNECTING:
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
            lose(connection, "the other side closed the connection");
        }
        break;
    default:
        break;
    }
}

static bool make_peer(struct cli_connection *connection, const char *fingerprint)
{
    const char *urls[CLI_CONNECTION_SERVERS_MAX];
    struct yodel_ice_server server = {.urls = urls, .url_count = connection->server_count};

    for (size_t i = 0; i < connection->server_count; i++) {
        urls[i] = connection->servers[i];
    }
    struct yodel_peer_config config = {
        .ice_servers = &server,
        .ice_server_count = 1,
        .certificate = connection->certificate,
        .pinned_fingerprint = fingerprint,
    };
    if (yodel_peer_new(&config, &connection->peer) ||
        yodel_runtime_add(connection->runtime, connection->peer, on_peer_event, connection)) {
        fail(connection, CLI_FAILED, "io", "there is no memory left");
        return false;
    }
    uv_timer_start(&connection->timer, on_no_connection, CLI_CONNECTION_CONNECT_MAX, 0);
    return true;
}

// Both have proven the code: the creator offers.
static void on_met(struct cli_connection *connection, const char *fingerprint)
{
    yodel_channel *channel;

    drop_peer(connection);
    if (!make_peer(connection, fingerprint) || !connection->meet.is_creator) {
        return;
    }
    struct yodel_channel_options options = {.protocol = CLI_CONNECTION_PROTOCOL};
    if (yodel_peer_create_data_channel(
            connection->peer, CLI_CONNECTION_LABEL, &options, &channel) ||
        yodel_peer_set_local_description(connection->peer, NULL)) {
        fail(connection, CLI_FAILED, "io", yodel_peer_error_text(connection->peer));
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
        send_signal(connection, json_pack("{s:{s:s, s:s}}", "abort", "code", MISMATCH, "text",
                                    "the fingerprint is not the one that the code proved"));
        fail(connection, CLI_CODE, MISMATCH, mismatch_text);
    } else if (err) {
        fail(connection, CLI_NETWORK, "bad-description", yodel_peer_error_text(connection->peer));
    } else if (description.type == YODEL_SDP_OFFER) {
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

// The other side has seen what we could not.
static void take_abort(struct cli_connection *connection, const json_t *object)
{
    const char *code = json_string_value(json_object_get(object, "code"));

    if (code && strcmp(code, MISMATCH) == 0) {
        fail(connection, CLI_CODE, MISMATCH, mismatch_text);
    }
}

static void take_signal(struct cli_connection *connection, const json_t *data)
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

// ---- the server

// Keeps the STUN servers; others (TURN) are for those who can use them.
static void take_servers(struct cli_connection *connection, const json_t *servers)
{
    for (size_t i = 0; i < json_array_size(servers); i++) {
        const json_t *urls = json_object_get(json_array_get(servers, i), "urls");

        for (size_t j = 0; j < json_array_size(urls); j++) {
            const char *url = json_string_value(json_array_get(urls, j));
            if (url && connection->server_count < CLI_CONNECTION_SERVERS_MAX &&
                strlen(url) < sizeof connection->servers[0] && strncmp(url, "stun:", 5) == 0) {
                (void)snprintf(connection->servers[connection->server_count++],
                    sizeof connection->servers[0], "%s", url);
            }
        }
    }
}

static enum cli_exit exit_of(const char *code)
{
    return strcmp(code, "unknown-code") == 0 || strcmp(code, "used-code") == 0 ? CLI_CODE
                                                                               : CLI_NETWORK;
}

static void on_wrong_code(struct cli_connection *connection, const char *text)
{
    if (!connection->meet.is_creator) {
        fail(connection, CLI_CODE, "wrong-code", text);
        return;
    }
    connection->options.on_wrong_code(connection->options.ctx);
    signaling_meet_renew(&connection->meet);
}

static void on_peer_left(struct cli_connection *connection)
{
    connection->has_left = true;
    if (!connection->channel && connection->meet.is_creator) {
        drop_peer(connection); // It spent no guess: the code waits for the next one.
        signaling_meet_reopen(&connection->meet);
    } else if (!connection->channel) {
        lose(connection, "the other side left before the connection stood");
    } else {
        watch(connection);
    }
}

static void on_retry(uv_timer_t *timer)
{
    struct cli_connection *connection = timer->data;

    signaling_meet_retry(&connection->meet);
    flush(connection);
}

// Who comes back to a code may be faster than the sender, who has to find out first that the one
// before is gone: a used code is asked for once more. False where it was.
static bool retry(struct cli_connection *connection, const char *code)
{
    if (strcmp(code, "used-code") != 0 || connection->has_retried || connection->meet.is_creator) {
        return false;
    }
    connection->has_retried = true;
    uv_timer_start(&connection->timer, on_retry, CLI_CONNECTION_RETRY_MS, 0);
    return true;
}

static void take_meeting(
    struct cli_connection *connection, const struct signaling_meet_event *event)
{
    switch (event->type) {
    case SIGNALING_MEET_EVENT_HELLO:
        connection->has_said_hello = true;
        uv_timer_stop(&connection->timer);
        take_servers(connection, event->data);
        break;
    case SIGNALING_MEET_EVENT_CODE:
        connection->options.on_code(connection->options.ctx, event->text);
        break;
    case SIGNALING_MEET_EVENT_PAIRED:
        break;
    case SIGNALING_MEET_EVENT_MET:
        on_met(connection, event->text);
        break;
    case SIGNALING_MEET_EVENT_SIGNAL:
        take_signal(connection, event->data);
        break;
    case SIGNALING_MEET_EVENT_PEER_LEFT:
        on_peer_left(connection);
        break;
    case SIGNALING_MEET_EVENT_WRONG_CODE:
        on_wrong_code(connection, event->text);
        break;
    case SIGNALING_MEET_EVENT_FAILED:
        // Once the channel stands, the server's opinion does not matter any more.
        if (!connection->channel && !retry(connection, event->code)) {
            fail(connection, exit_of(event->code), event->code, event->text);
        }
        break;
    }
}

static void on_link_message(void *ctx, struct bytes text)
{
    struct cli_connection *connection = ctx;
    struct signaling_meet_event event;

    signaling_meet_recv(&connection->meet, text);
    while (!connection->is_over && signaling_meet_next_event(&connection->meet, &event)) {
        take_meeting(connection, &event);
    }
    flush(connection);
}

static void on_link_open(void *ctx)
{
    (void)ctx; // The server speaks first.
}

static void on_link_close(void *ctx, const char *why)
{
    struct cli_connection *connection = ctx;
    char text[512];

    connection->is_alone = true;
    if (connection->channel) {
        return; // The two peers need no server any more.
    }
    (void)snprintf(text, sizeof text, "%s", why);
    fail(connection, CLI_NETWORK, connection->has_said_hello ? "server-gone" : "no-server", text);
}

static void on_no_hello(uv_timer_t *timer)
{
    fail(timer->data, CLI_NETWORK, "not-ours",
        "no Yodel server answers at this address; look at --server");
}

// ---- its life

enum yodel_err cli_connection_init(struct cli_connection *connection, uv_loop_t *loop,
    const struct cli_connection_options *options, char why[256])
{
    char fingerprint[YODEL_FINGERPRINT_TEXT_MAX];
    struct yodel_runtime_config runtime = {.loop = loop};
    struct signaling_link_options link = {
        .loop = loop,
        .url = options->server,
        .is_insecure = options->is_insecure,
        .on_open = on_link_open,
        .on_message = on_link_message,
        .on_close = on_link_close,
        .ctx = connection,
    };

    *connection = (struct cli_connection){.options = *options, .loop = loop};
    (void)snprintf(why, 256, "there is no memory left");
    uv_timer_init(loop, &connection->timer);
    connection->timer.data = connection;
    enum yodel_err err = yodel_certificate_generate(clock_wall_seconds(), &connection->certificate);
    if (err) {
        return err;
    }
    yodel_certificate_fingerprint(connection->certificate, fingerprint);
    signaling_meet_init(
        &connection->meet, net_env_system(LOG_ERROR, NET_ENV_TEXT), fingerprint, options->code);
    err = yodel_runtime_new(&runtime, &connection->runtime);
    if (err) {
        (void)snprintf(why, 256, "no socket can be opened: %s", yodel_err_text(err));
        return err;
    }
    uv_timer_start(&connection->timer, on_no_hello, CLI_CONNECTION_HELLO_MAX, 0);
    err = signaling_link_new(&link, &connection->link);
    if (err == YODEL_ERR_SYNTAX) {
        (void)snprintf(why, 256,
            "\"%.100s\" is no address of a server; one looks like "
            "http://localhost:8080",
            options->server);
    }
    return err;
}

static void on_time_over(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void on_time_over_here(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

// What waits in the channel arrives, the reason for the end last: the channel is closed in order, and
// the other side's answer waited for.
static void say_goodbye(struct cli_connection *connection)
{
    bool is_late = false;

    yodel_channel_close(connection->channel);
    connection->timer.data = &is_late;
    uv_timer_start(&connection->timer, on_time_over_here, GOODBYE_MAX, 0);
    while (!is_late && connection->channel) {
        uv_run(connection->loop, UV_RUN_ONCE);
    }
}

// What waits for the server goes out, since the other side may have to hear it. Closing at once, with
// something unread in the socket, would take it back (a reset drops what the server has not read).
static void say_last_words(struct cli_connection *connection)
{
    bool is_late = false;

    flush(connection);
    connection->timer.data = &is_late;
    uv_timer_start(&connection->timer, on_time_over_here, LAST_WORDS_MS, 0);
    while (!is_late && !connection->is_alone) {
        uv_run(connection->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&connection->timer);
}

void cli_connection_deinit(struct cli_connection *connection)
{
    bool has_failed = connection->is_over;

    connection->is_over = true;
    if (connection->channel &&
        yodel_peer_connection_state(connection->peer) == YODEL_CONNECTION_CONNECTED) {
        say_goodbye(connection);
    }
    drop_peer(connection);
    if (has_failed && connection->has_said_hello) {
        say_last_words(connection);
    }
    signaling_meet_deinit(&connection->meet);
    signaling_link_free(connection->link);
    if (connection->runtime) {
        yodel_runtime_free(connection->runtime);
    }
    yodel_certificate_free(connection->certificate);
    // What is left on the loop closes by itself; a second is plenty.
    uv_timer_start(&connection->timer, on_time_over, 1000, 0);
    uv_unref((uv_handle_t *)&connection->timer);
    uv_run(connection->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&connection->timer, NULL);
    uv_run(connection->loop, UV_RUN_NOWAIT);
}

bool cli_connection_reopen(struct cli_connection *connection)
{
    if (connection->is_alone || connection->is_over) {
        return false;
    }
    signaling_meet_reopen(&connection->meet);
    flush(connection);
    return true;
}

void cli_connection_touch(struct cli_connection *connection)
{
    connection->options.on_low(connection->options.ctx);
}

const char *cli_connection_server(const char *asked)
{
    static char url[512];
    const char *preset = getenv("YODEL_SERVER");

    (void)snprintf(url, sizeof url, "%s",
        asked               ? asked
        : preset && *preset ? preset
                            : "http://localhost:8080");
    for (size_t len = strlen(url); len > 0 && url[len - 1] == '/'; len--) {
        url[len - 1] = '\0';
    }
    return url;
}

const char *cli_connection_path(struct cli_connection *connection)
{
    struct yodel_path path;
    const char *local, *remote;

    if (!connection->peer || !yodel_peer_selected_path(connection->peer, &path, &local, &remote)) {
        return "no path";
    }
    if (strcmp(local, "relay") == 0 || strcmp(remote, "relay") == 0) {
        return "relayed";
    }
    if (addr_is_loopback(&path.remote) || addr_same_ip(&path.remote, &path.local)) {
        return "this machine";
    }
    bool is_near = addr_is_private(&path.remote) || addr_is_link_local(&path.remote);
    return is_near ? "local network" : "direct";
}
