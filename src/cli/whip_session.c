// A session with a WHIP or WHEP endpoint.
//
// Implements  RFC 9725 §4, draft-ietf-wish-whep-03, from the caller's side

#include "cli/whip_session.h"

#include <stdio.h>
#include <string.h>

#include "net/env.h"

// ---- telling

static void say(struct cli_whip_session *session, const char *sentence)
{
    if (!session->is_over) {
        session->options.handler.on_state(session->options.handler.ctx, sentence);
    }
}

static void fail(
    struct cli_whip_session *session, enum cli_exit exit, const char *code, const char *text)
{
    if (!session->is_over) {
        session->is_over = true;
        uv_timer_stop(&session->timer);
        session->options.handler.on_failed(session->options.handler.ctx, exit, code, text);
    }
}

static enum cli_exit exit_of(const char *code)
{
    if (strcmp(code, "token") == 0 || strcmp(code, "refused") == 0) {
        return CLI_DECLINED;
    }
    return strcmp(code, "bad-answer") == 0 ? CLI_FAILED : CLI_NETWORK;
}

// ---- the peer

static void drop_peer(struct cli_whip_session *session)
{
    yodel_peer *peer = session->peer;

    uv_timer_stop(&session->timer);
    session->peer = NULL;
    session->is_offered = session->is_connected = session->was_connected = false;
    session->is_restarting = false;
    if (peer) {
        yodel_peer_close(peer);
        session->options.handler.on_gone(session->options.handler.ctx, peer);
        yodel_peer_free(peer);
    }
}

static void lose(struct cli_whip_session *session, const char *why)
{
    uv_timer_stop(&session->timer);
    signaling_whip_client_lost(session->client, why); // WAITING follows, and the peer goes then.
}

// `why` may be empty: the network's silence says no more.
static void fail_without_path(struct cli_whip_session *session, const char *why)
{
    char text[512];

    (void)snprintf(text, sizeof text,
        "the endpoint answered, but no connection to it came about%s%s; a firewall may be in the "
        "way: try another network, or a TURN server (--turn)",
        *why ? ": " : "", why);
    fail(session, CLI_NETWORK, "no-connection", text);
}

static void on_no_path(uv_timer_t *timer)
{
    struct cli_whip_session *session = timer->data;

    if (session->was_connected) {
        lose(session, "it did not come back");
    } else {
        fail_without_path(session, "");
    }
}

static void offer(struct cli_whip_session *session)
{
    struct yodel_description description;
    enum yodel_err err = YODEL_ERR_INVALID_STATE;

    uv_timer_stop(&session->timer);
    session->is_offered = true;
    if (yodel_peer_local_description(session->peer, &description)) {
        err = signaling_whip_client_offer(session->client, description.sdp);
    }
    if (err) {
        fail(session, CLI_FAILED, "io", yodel_err_text(err));
    }
}

static void on_gathered_enough(uv_timer_t *timer)
{
    offer(timer->data);
}

// The path broke: new credentials, and the addresses of now.
static void restart(struct cli_whip_session *session)
{
    struct yodel_description description;
    enum yodel_err err = YODEL_ERR_INVALID_STATE;

    session->is_restarting = true;
    uv_timer_start(&session->timer, on_no_path, CLI_WHIP_SESSION_CONNECT_MAX, 0);
    yodel_peer_restart_ice(session->peer);
    if (yodel_peer_set_local_description(session->peer, NULL) == YODEL_OK &&
        yodel_peer_local_description(session->peer, &description)) {
        err = signaling_whip_client_restart(session->client, description.sdp);
    }
    if (err) {
        lose(session, "it cannot be restarted");
    }
}

static void on_disconnected_for_long(uv_timer_t *timer)
{
    restart(timer->data);
}

static void on_connected(struct cli_whip_session *session)
{
    uv_timer_stop(&session->timer);
    session->is_restarting = false;
    if (!session->is_connected) {
        say(session, session->was_connected ? "connected again" : "connected");
    }
    session->is_connected = session->was_connected = true;
}

static void on_path_failed(struct cli_whip_session *session)
{
    bool is_ice = yodel_peer_ice_connection_state(session->peer) == YODEL_ICE_FAILED;

    session->is_connected = false;
    if (!session->was_connected) {
        fail_without_path(session, yodel_peer_error_text(session->peer));
    } else if (!is_ice) {
        lose(session, "the endpoint ended it");
    } else if (!session->is_restarting) {
        restart(session);
    }
}

static void on_connection_state(struct cli_whip_session *session)
{
    switch (yodel_peer_connection_state(session->peer)) {
    case YODEL_CONNECTION_CONNECTED:
        on_connected(session);
        break;
    case YODEL_CONNECTION_FAILED:
        on_path_failed(session);
        break;
    case YODEL_CONNECTION_DISCONNECTED:
    case YODEL_CONNECTION_CONNECTING: // Again: the interface went away.
        if (session->is_connected && !session->is_restarting) {
            session->is_connected = false;
            uv_timer_start(
                &session->timer, on_disconnected_for_long, CLI_WHIP_SESSION_RESTART_MS, 0);
        }
        break;
    case YODEL_CONNECTION_NEW:
    case YODEL_CONNECTION_CLOSED:
        break;
    }
}

static void on_peer_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct cli_whip_session *session = ctx;

    if (peer != session->peer || session->is_over) {
        return;
    }
    switch ((int)event->type) {
    case YODEL_EVENT_ICE_CANDIDATE:
        signaling_whip_client_candidate(session->client, &event->candidate);
        break;
    case YODEL_EVENT_ICE_GATHERING_STATE_CHANGE:
        if (!session->is_offered &&
            yodel_peer_ice_gathering_state(peer) == YODEL_GATHERING_COMPLETE) {
            offer(session);
        }
        break;
    case YODEL_EVENT_CONNECTION_STATE_CHANGE:
        on_connection_state(session);
        break;
    default:
        break;
    }
}

// ---- what the client tells

static enum yodel_err make_peer(
    struct cli_whip_session *session, const struct signaling_ice_links *links)
{
    const struct cli_peering_handler *handler = &session->options.handler;
    struct cli_servers servers = session->peering->own;
    yodel_peer *peer;

    for (size_t i = 0; i < links->count; i++) {
        cli_servers_add(
            &servers, links->items[i].url, links->items[i].username, links->items[i].credential);
    }
    enum yodel_err err = cli_peering_new_peer(session->peering, &servers, &peer);
    if (err) {
        return err;
    }
    err = handler->on_peer(handler->ctx, peer, on_peer_event, session);
    if (err) {
        yodel_peer_free(peer);
        return err;
    }
    session->peer = peer;
    uv_timer_start(&session->timer, on_gathered_enough, CLI_WHIP_SESSION_GATHER_MAX, 0);
    return yodel_peer_set_local_description(peer, NULL);
}

static void begin(struct cli_whip_session *session, const struct signaling_ice_links *links)
{
    drop_peer(session);
    enum yodel_err err = make_peer(session, links);
    if (err) {
        fail(session, CLI_FAILED, "io", yodel_err_text(err));
    }
}

// An answer may refuse every section, and be right.
static bool takes_anything(const yodel_peer *peer)
{
    const yodel_transceiver *transceiver;
    enum yodel_direction direction;

    for (size_t i = 0; (transceiver = yodel_peer_transceiver(peer, i)); i++) {
        if (yodel_transceiver_current_direction(transceiver, &direction) &&
            direction != YODEL_INACTIVE && direction != YODEL_STOPPED) {
            return true;
        }
    }
    return false;
}

static void take_answer(struct cli_whip_session *session, const char *sdp)
{
    struct yodel_description description = {.type = YODEL_SDP_ANSWER, .sdp = sdp};

    if (yodel_peer_set_remote_description(session->peer, &description) != YODEL_OK) {
        signaling_whip_client_reject(session->client, yodel_peer_error_text(session->peer));
    } else if (!takes_anything(session->peer)) {
        signaling_whip_client_reject(session->client,
            session->options.is_whep ? "it sends nothing that can be decoded here"
                                     : "it takes none of the codecs that were offered");
    } else if (!session->is_restarting) {
        uv_timer_start(&session->timer, on_no_path, CLI_WHIP_SESSION_CONNECT_MAX, 0);
    }
}

static void wait(struct cli_whip_session *session, const char *why, yodel_duration duration)
{
    char text[SIGNALING_WHIP_WHY_MAX + 64];

    drop_peer(session);
    (void)snprintf(text, sizeof text, "%s; trying again in %u s", why,
        (unsigned)(duration / YODEL_SECONDS(1)));
    say(session, text);
}

static void end_goodbye(struct cli_whip_session *session)
{
    session->is_closed = true;
    uv_stop(session->peering->loop);
}

static void on_client_event(void *ctx, const struct signaling_whip_event *event)
{
    struct cli_whip_session *session = ctx;

    if (event->type == SIGNALING_WHIP_EVENT_CLOSED) {
        end_goodbye(session);
    }
    if (session->is_over) {
        return;
    }
    switch (event->type) {
    case SIGNALING_WHIP_EVENT_OFFER_WANTED:
        begin(session, event->servers);
        break;
    case SIGNALING_WHIP_EVENT_ANSWER:
        take_answer(session, event->text);
        break;
    case SIGNALING_WHIP_EVENT_WAITING:
        wait(session, event->text, event->wait);
        break;
    case SIGNALING_WHIP_EVENT_FAILED:
        fail(session, exit_of(event->code), event->code, event->text);
        break;
    case SIGNALING_WHIP_EVENT_CLOSED:
        break;
    }
}

// ---- its life

static void explain(enum yodel_err err, const char *url, char why[CLI_WHY_MAX])
{
    if (err == YODEL_ERR_SYNTAX) {
        (void)snprintf(why, CLI_WHY_MAX,
            "\"%.100s\" is no endpoint's URL; one looks like https://example.org/whip/live", url);
    } else if (err == YODEL_ERR_TYPE) {
        (void)snprintf(why, CLI_WHY_MAX,
            "the token has characters that no HTTP header can hold, or far too many");
    } else {
        (void)snprintf(why, CLI_WHY_MAX, "%s", yodel_err_text(err));
    }
}

enum yodel_err cli_whip_session_init(struct cli_whip_session *session, struct cli_peering *peering,
    const struct cli_whip_session_options *options, char why[CLI_WHY_MAX])
{
    struct signaling_whip_client_options client = {.loop = peering->loop,
        .env = net_env_system(LOG_ERROR, NET_ENV_TEXT),
        .url = options->url,
        .token = options->token,
        .is_whep = options->is_whep,
        .asks_servers = true,
        .is_insecure = options->is_insecure,
        .on_event = on_client_event,
        .ctx = session};

    *session = (struct cli_whip_session){.options = *options, .peering = peering};
    uv_timer_init(peering->loop, &session->timer);
    session->timer.data = session;
    enum yodel_err err = signaling_whip_client_new(&client, &session->client);
    if (err) {
        explain(err, options->url, why);
    }
    return err;
}

static void on_late(uv_timer_t *timer)
{
    end_goodbye(timer->data);
}

void cli_whip_session_deinit(struct cli_whip_session *session)
{
    session->is_over = true;
    drop_peer(session);
    if (session->client) {
        signaling_whip_client_close(session->client);
        uv_timer_start(&session->timer, on_late, CLI_WHIP_SESSION_GOODBYE_MAX, 0);
        while (!session->is_closed) {
            uv_run(session->peering->loop, UV_RUN_DEFAULT);
        }
        signaling_whip_client_free(session->client);
    }
    uv_close((uv_handle_t *)&session->timer, NULL);
}
