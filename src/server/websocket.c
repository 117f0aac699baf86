// WebSocket: pieces become messages, and the core's texts become frames.

#include "server/websocket.h"

#include "net/clock.h"
#include "server/host.h"
#include "server/ice_servers.h"
#include "server/peer_addr.h"
#include "server/state.h"

#define HTTP_PORT 80 // RFC 9110 §4.2: where none is named.
#define HTTPS_PORT 443
#define CLOSE_SECONDS 3     // For the other side to take a goodbye.
#define CLOSE_FRAME_MAX 127 // RFC 6455 §5.5

// The port that it reached us by, from which a router may have led to ours. Behind a proxy of HTTP
// there is no way for anything else.
static uint16_t web_port(const struct server *server, struct bytes host)
{
    uint16_t port = server_host_port(host);

    if (server->config.behind_proxy) {
        return 0;
    }
    return port != 0 ? port : server_is_secure(server) ? HTTPS_PORT : HTTP_PORT;
}

// What a client is told of ICE servers; of ours under the name that it reached us by.
static void write_ice_servers(
    struct lws *wsi, const struct server *server, char json[SERVER_ICE_SERVERS_MAX])
{
    char header[SERVER_HOST_MAX], host[SERVER_HOST_MAX];
    struct server_turn_grant grant;
    struct server_ice_offer offer = {0};

    int len = lws_hdr_copy(wsi, header, sizeof header, WSI_TOKEN_HOST);
    if (len > 0 && server_host_parse(host, bytes_of(header, (size_t)len))) {
        offer.host = host;
        offer.web = web_port(server, bytes_of(header, (size_t)len));
        offer.is_secure = server_is_secure(server);
    }
    (void)server_turn_offer(&server->turn, &offer, &grant);
    server_ice_servers_write(json, &server->config, &offer);
}

static int on_established(struct lws *wsi, struct server_websocket *ws)
{
    struct server *server = server_state_of(wsi);
    struct yodel_addr addr = server_peer_addr(wsi);
    char ice_servers[SERVER_ICE_SERVERS_MAX];

    write_ice_servers(wsi, server, ice_servers);
    *ws = (struct server_websocket){.wsi = wsi};
    struct signaling_arrival arrival = {&addr, ice_servers, ws};
    if (signaling_core_connect(&server->core, &arrival, &ws->client, clock_now()) != YODEL_OK) {
        return -1;
    }
    log_debug(server->config.env, "server", "%.8s connected", signaling_core_id(ws->client));
    server_state_pump(server);
    return 0;
}

static void on_closed(struct lws *wsi, struct server_websocket *ws)
{
    struct server *server = server_state_of(wsi);

    signaling_pieces_clear(&ws->pieces, server->config.env->alloc);
    if (ws->client) {
        log_debug(server->config.env, "server", "%.8s disconnected", signaling_core_id(ws->client));
        signaling_core_disconnect(&server->core, ws->client, clock_now());
        ws->client = NULL;
    }
    ws->wsi = NULL;
    server_state_pump(server);
    server_state_left(server);
}

static void deliver(struct server *server, struct server_websocket *ws, struct bytes text)
{
    bool is_text = !lws_frame_is_binary(ws->wsi);

    signaling_core_recv(&server->core, ws->client, is_text ? text : (struct bytes){0}, clock_now());
    server_state_pump(server);
}

static int on_receive(struct server_websocket *ws, struct bytes piece)
{
    struct server *server = server_state_of(ws->wsi);
    struct alloc *alloc = server->config.env->alloc;
    bool is_last = lws_is_final_fragment(ws->wsi) && lws_remaining_packet_payload(ws->wsi) == 0;

    if (is_last && ws->pieces.count == 0) {
        deliver(server, ws, piece);
        return 0;
    }
    if (signaling_pieces_add(&ws->pieces, alloc, piece) != YODEL_OK) {
        static char why[] = "a message is at most 64 KiB";
        lws_close_reason(
            ws->wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, (unsigned char *)why, sizeof why - 1);
        return -1;
    }
    if (is_last) {
        deliver(server, ws, signaling_pieces_whole(&ws->pieces));
        signaling_pieces_clear(&ws->pieces, alloc);
    }
    return 0;
}

// A close frame of our own: when a writable callback asks for a close, libwebsockets drops the
// connection without one. The other side answers and closes, or the timeout does.
static int say_goodbye(
    struct server *server, struct server_websocket *ws, uint16_t status, const char *reason)
{
    struct writer w = writer_of(span_of(server->chunk + LWS_PRE, CLOSE_FRAME_MAX));
    size_t len = 2 + strlen(reason);

    YODEL_ASSERT(len <= CLOSE_FRAME_MAX - 2);
    put_u8(&w, 0x88); // The last frame of a message, and a close: RFC 6455 §5.5.1.
    put_u8(&w, (uint8_t)len);
    put_u16(&w, status);
    put_text(&w, reason);
    ws->said_goodbye = true;
    lws_set_timeout(ws->wsi, PENDING_TIMEOUT_CLOSE_ACK, CLOSE_SECONDS);
    return lws_write(ws->wsi, server->chunk + LWS_PRE, w.len, LWS_WRITE_RAW) < 0 ? -1 : 0;
}

static bool write_text(struct server *server, struct server_websocket *ws, struct bytes text)
{
    YODEL_ASSERT(text.len <= sizeof server->chunk - LWS_PRE);
    memcpy(server->chunk + LWS_PRE, text.ptr, text.len);
    int sent = lws_write(ws->wsi, server->chunk + LWS_PRE, text.len, LWS_WRITE_TEXT);
    signaling_core_sent(&server->core, ws->client);
    return sent >= (int)text.len;
}

// One frame for each turn: libwebsockets wants no more.
static int on_writable(struct server_websocket *ws)
{
    struct server *server = server_state_of(ws->wsi);

    if (!ws->client || ws->said_goodbye) {
        return 0;
    }
    struct signaling_output output = signaling_core_next_output(ws->client);
    if (output.wants_ping) {
        lws_callback_on_writable(ws->wsi);
        server->chunk[LWS_PRE] = 0; // Libwebsockets does not tell of a pong that is empty.
        return lws_write(ws->wsi, server->chunk + LWS_PRE, 1, LWS_WRITE_PING) < 0 ? -1 : 0;
    }
    if (output.text.len > 0) {
        lws_callback_on_writable(ws->wsi);
        return write_text(server, ws, output.text) ? 0 : -1;
    }
    if (output.close != SIGNALING_CLOSE_NONE) {
        return say_goodbye(
            server, ws, LWS_CLOSE_STATUS_POLICY_VIOLATION, signaling_core_close_text(output.close));
    }
    if (ws->wants_goodbye) {
        return say_goodbye(server, ws, LWS_CLOSE_STATUS_GOINGAWAY, "the server stops");
    }
    return 0;
}

void server_websocket_wake(struct server_websocket *ws)
{
    enum signaling_close close = signaling_core_close(ws->client);

    // It does not take anything any more, a goodbye included.
    if (close == SIGNALING_CLOSE_SLOW || close == SIGNALING_CLOSE_GONE) {
        lws_set_timeout(ws->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
        return;
    }
    lws_callback_on_writable(ws->wsi);
}

int server_websocket_callback(
    struct lws *wsi, enum lws_callback_reasons reason, void *session, void *in, size_t len)
{
    if (reason == LWS_CALLBACK_ESTABLISHED) {
        return on_established(wsi, session);
    }
    if (reason == LWS_CALLBACK_CLOSED) {
        on_closed(wsi, session);
        return 0;
    }
    if (reason == LWS_CALLBACK_RECEIVE) {
        return on_receive(session, bytes_of(in, len));
    }
    if (reason == LWS_CALLBACK_RECEIVE_PONG) {
        struct server_websocket *ws = session;
        signaling_core_pong(ws->client);
        return 0;
    }
    if (reason == LWS_CALLBACK_SERVER_WRITEABLE) {
        return on_writable(session);
    }
    return 0;
}
