// HTTP: a request becomes one answer, which is then written chunk by chunk.

#include "server/http.h"

#include <stdio.h>
#include <time.h>

#include "net/clock.h"
#include "net/sockaddr.h"
#include "server/assets.h"
#include "server/host.h"
#include "server/metrics.h"
#include "server/peer_addr.h"
#include "server/state.h"
#include "server/tls.h"
#include "server/web.h"

#define HEADERS_MAX 2048
#define HEADER_MAX 1024
#define METRICS_MAX 32768
#define TEXT_TYPE "text/plain; charset=utf-8"
#define JSON_TYPE "application/json"
#define CACHE_FOR_EVER "public, max-age=31536000, immutable"

static const struct lws_protocol_vhost_options headers[] = {
    {headers + 1, NULL, "content-security-policy:",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; "
        "img-src 'self' data: blob:; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"},
    {headers + 2, NULL, "x-content-type-options:", "nosniff"},
    {headers + 3, NULL, "x-frame-options:", "DENY"},
    {headers + 4, NULL, "referrer-policy:", "no-referrer"},
    {headers + 5, NULL, "permissions-policy:",
        "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), "
        "usb=(), interest-cohort=()"},
    {headers + 6, NULL, "cross-origin-opener-policy:", "same-origin"},
    {NULL, NULL, "cross-origin-resource-policy:", "same-origin"},
};
const struct lws_protocol_vhost_options *const server_http_headers = headers;

struct answer {
    unsigned status;
    const char *type;
    const char *cache;
    const char *etag; // Or NULL.
    struct bytes body;
};

static bool add_header(
    struct lws *wsi, const char *name, const char *value, unsigned char **at, unsigned char *end)
{
    return lws_add_http_header_by_name(wsi, (const unsigned char *)name,
               (const unsigned char *)value, (int)strlen(value), at, end) == 0;
}

static bool is_head(struct lws *wsi)
{
    return lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
}

// RFC 9110 §6.6.1: who has a clock tells the time; `yodel doctor` compares it.
static bool add_date(struct lws *wsi, unsigned char **at, unsigned char *end)
{
    time_t now = (time_t)clock_wall_seconds();
    char text[32];
    struct tm tm;

    return gmtime_r(&now, &tm) && strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm) &&
           add_header(wsi, "date:", text, at, end);
}

// Ends an exchange; the connection stays for the next where it may.
static int finish(struct lws *wsi, struct server_http *http)
{
    alloc_free(server_state_of(wsi)->config.env->alloc, http->owned);
    bool closes = http->closes;
    *http = (struct server_http){0};
    return closes || lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int send_answer(struct lws *wsi, struct server_http *http, const struct answer *answer)
{
    unsigned char room[LWS_PRE + HEADERS_MAX];
    unsigned char *start = room + LWS_PRE, *at = start, *end = room + sizeof room;

    lws_filepos_t len = answer->status == HTTP_STATUS_NOT_MODIFIED ? 0 : answer->body.len;
    if (lws_add_http_common_headers(wsi, answer->status, answer->type, len, &at, end) != 0 ||
        !add_date(wsi, &at, end) || !add_header(wsi, "cache-control:", answer->cache, &at, end) ||
        (answer->etag && !add_header(wsi, "etag:", answer->etag, &at, end)) ||
        (answer->status == HTTP_STATUS_METHOD_NOT_ALLOWED &&
            !add_header(wsi, "allow:", "GET, HEAD", &at, end)) ||
        lws_finalize_write_http_header(wsi, start, &at, end) != 0) {
        return -1;
    }
    if (len == 0 || is_head(wsi)) {
        return finish(wsi, http);
    }
    http->body = answer->body.ptr;
    http->left = answer->body.len;
    lws_callback_on_writable(wsi);
    return 0;
}

static int send_text(struct lws *wsi, struct server_http *http, unsigned status, const char *text)
{
    return send_answer(
        wsi, http, &(struct answer){status, TEXT_TYPE, "no-store", NULL, bytes_of_text(text)});
}

static bool has_etag(struct lws *wsi, const char *etag)
{
    char value[256];

    return lws_hdr_copy(wsi, value, sizeof value, WSI_TOKEN_HTTP_IF_NONE_MATCH) > 0 &&
           strstr(value, etag) != NULL;
}

static int send_asset(struct lws *wsi, struct server_http *http, const struct server_asset *asset)
{
    bool is_known = has_etag(wsi, asset->etag);

    return send_answer(wsi, http,
        &(struct answer){is_known ? HTTP_STATUS_NOT_MODIFIED : HTTP_STATUS_OK,
            server_assets_type(asset),
            server_assets_is_immutable(asset) ? CACHE_FOR_EVER : "no-cache", asset->etag,
            bytes_of(asset->ptr, asset->len)});
}

typedef void write_function(const struct server *server, struct writer *w, yodel_time now);

// An answer that is written anew for each request.
static int send_made(struct lws *wsi, struct server_http *http, unsigned status,
    write_function *write, const char *type)
{
    unsigned char *room = alloc_new(server_state_of(wsi)->config.env->alloc, METRICS_MAX);

    if (!room) {
        return -1;
    }
    struct writer w = writer_of(span_of(room, METRICS_MAX));
    write(server_state_of(wsi), &w, clock_now());
    YODEL_ASSERT(!w.failed);
    alloc_free(server_state_of(wsi)->config.env->alloc, http->owned);
    http->owned = room;
    return send_answer(
        wsi, http, &(struct answer){status, type, "no-store", NULL, writer_bytes(&w)});
}

static int send_metrics(struct lws *wsi, struct server_http *http)
{
    const struct server *server = server_state_of(wsi);
    struct yodel_addr addr = server_peer_addr(wsi);

    if (!server->config.metrics_public && !addr_is_loopback(&addr)) {
        return send_text(wsi, http, HTTP_STATUS_FORBIDDEN,
            "metrics are for this machine alone; --metrics-public opens them\n");
    }
    return send_made(wsi, http, HTTP_STATUS_OK, server_metrics_write,
        "text/plain; version=0.0.4; charset=utf-8");
}

// Whoever balances load looks at the status alone.
static int send_health(struct lws *wsi, struct server_http *http)
{
    bool is_stopping = server_state_of(wsi)->is_stopping;

    return send_made(wsi, http, is_stopping ? HTTP_STATUS_SERVICE_UNAVAILABLE : HTTP_STATUS_OK,
        server_metrics_write_health, JSON_TYPE);
}

static int on_request(struct lws *wsi, struct server_http *http, const char *path)
{
    server_state_of(wsi)->http.requests++;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) <= 0 && !is_head(wsi)) {
        http->closes = true; // What follows could be a body.
        return send_text(wsi, http, HTTP_STATUS_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    }
    if (strcmp(path, "/healthz") == 0) {
        return send_health(wsi, http);
    }
    if (strcmp(path, "/metrics") == 0) {
        return send_metrics(wsi, http);
    }
    if (strcmp(path, "/signal") == 0) {
        return send_text(
            wsi, http, 426, "this is a WebSocket, subprotocol " SERVER_SUBPROTOCOL "\n");
    }
    const struct server_asset *asset = server_assets_find(bytes_of_text(path));
    if (!asset) {
        return send_text(wsi, http, HTTP_STATUS_NOT_FOUND, "there is no such page\n");
    }
    return send_asset(wsi, http, asset);
}

static int on_writable(struct lws *wsi, struct server_http *http)
{
    struct server *server = server_state_of(wsi);
    size_t len = http->left < SERVER_CHUNK ? http->left : SERVER_CHUNK;
    bool is_last = len == http->left;

    if (len == 0) {
        return 0;
    }
    memcpy(server->chunk + LWS_PRE, http->body, len);
    int sent = lws_write(
        wsi, server->chunk + LWS_PRE, len, is_last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP);
    if (sent != (int)len) {
        return -1;
    }
    http->body += len;
    http->left -= len;
    if (is_last) {
        return finish(wsi, http);
    }
    lws_callback_on_writable(wsi);
    return 0;
}

// ---- before /signal is accepted

static struct bytes header(struct lws *wsi, enum lws_token_indexes token, char room[HEADER_MAX])
{
    int len = lws_hdr_copy(wsi, room, HEADER_MAX, token);

    return bytes_of(room, len > 0 ? (size_t)len : 0);
}

static bool names_subprotocol(struct lws *wsi)
{
    char value[HEADER_MAX];
    struct bytes all = header(wsi, WSI_TOKEN_PROTOCOL, value);

    value[all.len] = 0;
    char *rest = value;
    for (char *one; (one = strsep(&rest, ", "));) {
        if (strcmp(one, SERVER_SUBPROTOCOL) == 0) {
            return true;
        }
    }
    return false;
}

// 0 to let it in, or the status that says why not.
static unsigned refuse_upgrade(struct lws *wsi, struct server *server)
{
    char path[HEADER_MAX], host[HEADER_MAX], origin[HEADER_MAX];
    struct yodel_addr addr = server_peer_addr(wsi);

    if (!bytes_equal(header(wsi, WSI_TOKEN_GET_URI, path), bytes_of_text("/signal"))) {
        return HTTP_STATUS_NOT_FOUND;
    }
    bool too_long = lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) >= HEADER_MAX;
    if (too_long || !server_host_allows(header(wsi, WSI_TOKEN_ORIGIN, origin),
                        header(wsi, WSI_TOKEN_HOST, host), server->config.origins)) {
        server->http.refused_origin++;
        return HTTP_STATUS_FORBIDDEN;
    }
    if (!names_subprotocol(wsi)) {
        return HTTP_STATUS_BAD_REQUEST;
    }
    if (server->is_stopping) {
        return HTTP_STATUS_SERVICE_UNAVAILABLE;
    }
    if (!signaling_core_has_room(&server->core, &addr)) {
        server->http.refused_limit++;
        return 429;
    }
    return 0;
}

static int on_upgrade(struct lws *wsi, const char *what)
{
    struct server *server = server_state_of(wsi);
    unsigned status = HTTP_STATUS_NOT_FOUND;

    if (strcmp(what, "websocket") == 0) {
        status = refuse_upgrade(wsi, server);
    }
    if (status == 0) {
        return 0;
    }
    log_debug(server->config.env, "server", "a websocket was refused with %u", status);
    (void)lws_return_http_status(wsi, status, NULL);
    return 1; // Answered; libwebsockets closes.
}

int server_http_callback(
    struct lws *wsi, enum lws_callback_reasons reason, void *session, void *in, size_t len)
{
    (void)len;
    // Some hundred reasons, of which these concern us.
    if (reason == LWS_CALLBACK_HTTP) {
        return on_request(wsi, session, in);
    }
    if (reason == LWS_CALLBACK_HTTP_WRITEABLE) {
        return on_writable(wsi, session);
    }
    if (reason == LWS_CALLBACK_HTTP_CONFIRM_UPGRADE) {
        return on_upgrade(wsi, in);
    }
    if (reason == LWS_CALLBACK_CLOSED_HTTP && session) {
        struct server_http *http = session;
        alloc_free(server_state_of(wsi)->config.env->alloc, http->owned);
        *http = (struct server_http){0};
        return 0;
    }
    if (reason == LWS_CALLBACK_WSI_DESTROY) {
        server_web_forget(wsi);
        return 0;
    }
    if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
        server_tls_lend(&server_state_of(wsi)->tls, session); // Its context, which has none.
        return 0;
    }
    if (reason == LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION || reason == LWS_CALLBACK_ESTABLISHED) {
        return -1; // A WebSocket without our subprotocol.
    }
    return 0;
}
