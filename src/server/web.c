// The web: the context of libwebsockets, and what it is given.

#include "server/web.h"

#include <stdio.h>
#include <unistd.h>

#include "server/http.h"
#include "server/websocket.h"

static const struct lws_protocols protocols[] = {
    [SERVER_PROTOCOL_HTTP] = {.name = "yodel-http",
        .callback = server_http_callback,
        .per_session_data_size = sizeof(struct server_http)},
    [SERVER_PROTOCOL_WS] = {.name = SERVER_SUBPROTOCOL,
        .callback = server_websocket_callback,
        .per_session_data_size = sizeof(struct server_websocket),
        .rx_buffer_size = SERVER_RX_BUFFER},
    {0},
};

// Pings are ours: libwebsockets keeps its timers in a sorted list, which makes accepting quadratic.
static const lws_retry_bo_t no_validity_timers;

static void take_log_line(int level, const char *line)
{
    (void)level;
    (void)line; // What libwebsockets has to say concerns its authors; our own lines say why.
}

enum yodel_err server_web_start(struct server *server, char why[SERVER_ERROR_MAX])
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .headers = server_http_headers,
        .server_string = "yodel/" YODEL_VERSION,
        .alpn = "http/1.1",
        .max_http_header_data = WEB_HEADERS_MAX,
        .timeout_secs = WEB_HANDSHAKE_S,
        .keepalive_timeout = WEB_KEEP_ALIVE_S,
        .retry_and_idle_policy = &no_validity_timers,
        .foreign_loops = server->foreign_loops,
        .user = server,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_VALIDATE_UTF8 |
                   LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME,
    };
    if (server
            ->tls) { // The certificate comes later: LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS.
        info.options |=
            LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
    }
    lws_set_log_level(LLL_ERR | LLL_WARN, take_log_line);
    server->context = lws_create_context(&info);
    server->vhost = server->context ? lws_get_vhost_by_name(server->context, "default") : NULL;
    if (!server->vhost) {
        snprintf(why, SERVER_ERROR_MAX, "libwebsockets does not start");
        return YODEL_ERR_OPERATION;
    }
    return YODEL_OK;
}

void server_web_adopt(struct server *server, int fd, bool is_tls, const struct yodel_addr *client)
{
    lws_adoption_type type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP;
    struct alloc *alloc = server->config.env->alloc;
    struct yodel_addr *kept = client ? alloc_new(alloc, sizeof *kept) : NULL;

    if (server->is_destroyed || (client && !kept)) {
        alloc_free(alloc, kept);
        close(fd);
        return;
    }
    if (is_tls) {
        type |= LWS_ADOPT_ALLOW_SSL;
    }
    struct lws *wsi = lws_adopt_descriptor_vhost(
        server->vhost, type, (lws_sock_file_fd_type){.sockfd = fd}, NULL, NULL);
    if (!wsi) { // Closed already.
        alloc_free(alloc, kept);
    } else if (kept) {
        *kept = *client;
        lws_set_opaque_user_data(wsi, kept);
    }
}

const struct yodel_addr *server_web_client(struct lws *wsi)
{
    return lws_get_opaque_user_data(wsi);
}

void server_web_forget(struct lws *wsi)
{
    alloc_free(server_state_of(wsi)->config.env->alloc, lws_get_opaque_user_data(wsi));
    lws_set_opaque_user_data(wsi, NULL);
}
