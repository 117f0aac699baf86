// A connection by a code.
//
// Implements  docs/SIGNALING.md, from the client's side

#include "cli/connection.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/connection_peer.h"
#include "net/clock.h"
#include "net/env.h"

#define GOODBYE_MAX 3000  // Milliseconds for what waits in the channel to arrive.
#define LAST_WORDS_MS 100 // For what the server is still to hear.

void cli_connection_fail(
    struct cli_connection *connection, enum cli_exit exit, const char *code, const char *text)
{
    if (connection->is_over) {
        return;
    }
    connection->is_over = true;
    connection->options.on_failed(connection->options.ctx, exit, code, text);
}

void cli_connection_flush(struct cli_connection *connection)
{
    const char *text;

    while (connection->link && (text = signaling_meet_next_out(&connection->meet))) {
        if (signaling_link_send(connection->link, bytes_of_text(text)) != YODEL_OK) {
            return; // It is closing, and says so itself.
        }
    }
}

// ---- the server

// Those of the command line come first, for there is a limit.
static void take_servers(struct cli_connection *connection, const json_t *servers)
{
    connection->servers = connection->own;
    cli_servers_take(&connection->servers, servers);
}

static enum cli_exit exit_of(const char *code)
{
    return strcmp(code, "unknown-code") == 0 || strcmp(code, "used-code") == 0 ? CLI_CODE
                                                                               : CLI_NETWORK;
}

static void on_wrong_code(struct cli_connection *connection, const char *text)
{
    if (!connection->meet.is_creator) {
        cli_connection_fail(connection, CLI_CODE, "wrong-code", text);
        return;
    }
    connection->options.on_wrong_code(connection->options.ctx);
    signaling_meet_renew(&connection->meet);
}

static void on_peer_left(struct cli_connection *connection)
{
    connection->has_left = true;
    if (!connection->channel && connection->meet.is_creator) {
        cli_connection_drop_peer(connection); // It spent no guess: the code waits for the next one.
        signaling_meet_reopen(&connection->meet);
    } else if (!connection->channel) {
        cli_connection_lose(connection, "the other side left before the connection stood");
    } else {
        cli_connection_watch(connection);
    }
}

static void on_retry(uv_timer_t *timer)
{
    struct cli_connection *connection = timer->data;

    signaling_meet_retry(&connection->meet);
    cli_connection_flush(connection);
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
        cli_connection_meet(connection, event->text);
        break;
    case SIGNALING_MEET_EVENT_SIGNAL:
        cli_connection_take_signal(connection, event->data);
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
            cli_connection_fail(connection, exit_of(event->code), event->code, event->text);
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
    cli_connection_flush(connection);
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
    cli_connection_fail(
        connection, CLI_NETWORK, connection->has_said_hello ? "server-gone" : "no-server", text);
}

static void on_no_hello(uv_timer_t *timer)
{
    cli_connection_fail(timer->data, CLI_NETWORK, "not-ours",
        "no Yodel server answers at this address; look at --server");
}

// ---- its life

// A page only ever connects: where UDP is blocked, it is our listening that lets it reach us.
static bool may_listen(const char *ice)
{
    return !ice || strcmp(ice, "all") == 0;
}

enum yodel_err cli_connection_init(struct cli_connection *connection, uv_loop_t *loop,
    const struct cli_connection_options *options, char why[256])
{
    char fingerprint[YODEL_FINGERPRINT_TEXT_MAX];
    struct yodel_runtime_config runtime = {.loop = loop,
        .interfaces = options->interfaces->items,
        .interface_count = options->interfaces->count,
        .tcp = may_listen(options->ice),
        .hide_addresses = options->hides_addresses,
        .proxy = options->proxy,
        .takes_any_certificate = options->is_insecure};
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
    uv_timer_init(loop, &connection->timer);
    connection->timer.data = connection;
    enum yodel_err err = cli_servers_init(&connection->own, options->ice, options->turn, why);
    if (err) {
        return err;
    }
    (void)snprintf(why, 256, "there is no memory left");
    err = yodel_certificate_generate(clock_wall_seconds(), &connection->certificate);
    if (err) {
        return err;
    }
    yodel_certificate_fingerprint(connection->certificate, fingerprint);
    signaling_meet_init(
        &connection->meet, net_env_system(LOG_ERROR, NET_ENV_TEXT), fingerprint, options->code);
    err = yodel_runtime_new(&runtime, &connection->runtime);
    if (err) {
        (void)snprintf(why, 256, "%s", yodel_runtime_error_text(NULL));
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

    cli_connection_flush(connection);
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
    cli_connection_drop_peer(connection);
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
    cli_connection_flush(connection);
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
    return connection->peer ? cli_path_describe(connection->peer, connection->path) : "no path";
}
