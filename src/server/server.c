// Server: its start, its turns and its end.

#include "server/server.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crypto/cert.h"
#include "crypto/secret.h"
#include "net/clock.h"
#include "server/http.h"
#include "server/ice_servers.h"
#include "server/listen.h"
#include "server/state.h"
#include "server/tls.h"
#include "server/turn_addresses.h"
#include "server/websocket.h"

#define HEADERS_ROOM 8192            // Of a request; more is refused.
#define HANDSHAKE_LIMIT 8            // Seconds for TLS and for a request's headers.
#define KEEP_ALIVE 5                 // Seconds between requests.
#define GOODBYE_MAX YODEL_SECONDS(2) // For clients to take it.
#define STOPPING_MS 100              // How often it is looked whether all have gone.
#define STUN_PORT 3478
#define TLS_PORT 5349 // RFC 8656 §18: stuns and turns.

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

// ---- turns

static void on_tick(uv_timer_t *timer)
{
    struct server *server = timer->data;

    signaling_core_tick(&server->core, clock_now());
    server_state_pump(server);
}

void server_state_pump(struct server *server)
{
    struct signaling_client *client;

    while ((client = signaling_core_next_ready(&server->core))) {
        server_websocket_wake(signaling_core_user(client));
    }
    yodel_time due = signaling_core_next_timeout(&server->core);
    if (server->is_destroyed || due == YODEL_NEVER) {
        uv_timer_stop(&server->tick);
        return;
    }
    // A millisecond more than to the due time, or the timer would come before it and again.
    (void)uv_timer_start(&server->tick, on_tick, time_since(due, clock_now()) / YODEL_MS(1) + 1, 0);
}

// ---- start

static void take_log_line(int level, const char *line)
{
    (void)level;
    (void)line; // What libwebsockets has to say concerns its authors; our own lines say why.
}

// A certificate of our own, in a file that has no name: libwebsockets wants paths. -1 on failure.
static int make_certificate(const struct env *env)
{
    char pem[CRYPTO_CERT_PEM_MAX];
    size_t len = 0;
    struct crypto_cert *cert;

    if (crypto_cert_new(env->alloc, (uint64_t)clock_wall_seconds(), &cert) != YODEL_OK) {
        return -1;
    }
    int fd = memfd_create("yodel-certificate", MFD_CLOEXEC);
    bool is_good = crypto_cert_write_pem(cert, span_of(pem, sizeof pem), &len) == YODEL_OK &&
                   fd >= 0 && write(fd, pem, len) == (ssize_t)len;
    secret_wipe_span(span_of(pem, sizeof pem));
    crypto_cert_free(cert);
    if (!is_good && fd >= 0) {
        close(fd);
    }
    return is_good ? fd : -1;
}

static enum yodel_err check_config(const struct server_config *config, char why[SERVER_ERROR_MAX])
{
    if (!config->tls_cert != !config->tls_key) {
        snprintf(why, SERVER_ERROR_MAX, "--tls-cert and --tls-key go together");
        return YODEL_ERR_TYPE;
    }
    if (config->tls_cert && config->self_signed) {
        snprintf(why, SERVER_ERROR_MAX, "--self-signed or --tls-cert, not both");
        return YODEL_ERR_TYPE;
    }
    if (config->ice_servers && !server_ice_servers_is_valid(config->ice_servers)) {
        snprintf(why, SERVER_ERROR_MAX,
            "--ice-servers wants URLs like stun:stun.example.org:3478, with commas between them");
        return YODEL_ERR_SYNTAX;
    }
    if (config->tls_cert) {
        return server_tls_check(config->tls_cert, config->tls_key, why);
    }
    return YODEL_OK;
}

// The sockets of the second address (RFC 5780). Where nobody asked for it, it can be done without.
static enum yodel_err open_others(struct server *server, struct server_turn_setup *setup,
    int fds[SERVER_TURN_LISTENERS_MAX], char why[SERVER_ERROR_MAX])
{
    struct turn_server_config *core = &setup->core;
    bool is_asked = server->config.turn.other_count > 0;

    for (size_t i = 1; i < core->listener_count; i++) {
        fds[i] = server_listen_udp(&core->listeners[i], why);
        if (fds[i] >= 0) {
            continue;
        }
        snprintf(why, SERVER_ERROR_MAX, "--stun-other cannot have UDP port %u of its address: %s",
            (unsigned)core->listeners[i].port, strerror(errno));
        while (--i > 0) {
            close(fds[i]);
        }
        if (is_asked) {
            return YODEL_ERR_NETWORK;
        }
        log_warn(server->config.env, "server", "clients learn less about their NATs: %s", why);
        server_turn_addresses_forget_others(core);
        break;
    }
    return YODEL_OK;
}

static enum yodel_err start_turn(struct server *server, char why[SERVER_ERROR_MAX])
{
    const char *udp = server->config.udp;
    const struct env *env = server->config.env;
    struct server_turn_setup setup;
    struct yodel_addr addr = server->local;

    addr.port = STUN_PORT;
    if (udp && strcmp(udp, "off") == 0) {
        return YODEL_OK;
    }
    if (udp && server_listen_parse(&addr, udp) != YODEL_OK) {
        snprintf(why, SERVER_ERROR_MAX, "--udp wants HOST:PORT, :PORT or off, not \"%s\"", udp);
        return YODEL_ERR_SYNTAX;
    }
    int fds[SERVER_TURN_LISTENERS_MAX] = {server_listen_udp(&addr, why)};
    if (fds[0] < 0 && !udp) {
        // Nobody asked for this port: the server works without, on one network at least.
        log_warn(env, "server", "no STUN and no TURN: %s", why);
        return YODEL_OK;
    }
    if (fds[0] < 0) {
        return YODEL_ERR_NETWORK;
    }
    enum yodel_err err = server_turn_setup_read(&setup, &server->config.turn, env, &addr, why);
    if (err) {
        close(fds[0]);
        return err;
    }
    err = open_others(server, &setup, fds, why);
    if (err) {
        close(fds[0]);
        server_turn_setup_free(&setup, env);
        return err;
    }
    err = server_turn_start(&server->turn, server->loop, env, &setup, fds);
    if (err) {
        snprintf(why, SERVER_ERROR_MAX, "TURN does not start: %s", yodel_err_text(err));
    }
    return err;
}

// One listener of the front's. `asked` is what the option says, NULL: nobody asked, and `addr` is the
// default, which may be taken.
static enum yodel_err add_listener(struct server *server, const char *flag, const char *asked,
    struct yodel_addr *addr, char why[SERVER_ERROR_MAX])
{
    uint16_t wanted = addr->port;

    addr->port = 0;
    if (asked && strcmp(asked, "off") == 0) {
        return YODEL_OK;
    }
    addr->port = wanted;
    if (asked && server_listen_parse(addr, asked) != YODEL_OK) {
        snprintf(
            why, SERVER_ERROR_MAX, "%s wants HOST:PORT, :PORT or off, not \"%s\"", flag, asked);
        return YODEL_ERR_SYNTAX;
    }
    int fd = server_listen_tcp(addr, flag, why);
    if (fd >= 0) {
        return server_front_add(&server->front, fd);
    }
    addr->port = 0;
    if (!asked) {
        log_warn(server->config.env, "server", "%s: %s", flag, why);
    }
    return asked ? YODEL_ERR_NETWORK : YODEL_OK;
}

static enum yodel_err start_front(struct server *server, char why[SERVER_ERROR_MAX])
{
    const struct server_turn_options *turn = &server->config.turn;
    struct yodel_addr udp = server_turn_address(&server->turn);
    struct yodel_addr tcp = udp, tls = udp;

    if (!server_has_relays(server)) {
        return YODEL_OK;
    }
    server_front_start(
        &server->front, server->loop, server->config.env, &server->turn, server->tls);
    bool has_tls = server->tls != NULL;
    server->tls = NULL;
    enum yodel_err err = add_listener(server, "--turn-tcp", turn->tcp, &tcp, why);
    server->turn.tcp_port = tcp.port;
    if (err || !has_tls) {
        return err;
    }
    tls.port = TLS_PORT;
    err = add_listener(server, "--turn-tls", turn->tls, &tls, why);
    // Both listeners take both: where the TLS port is not to be had, the other one does.
    server->turn.tls_port = tls.port != 0 ? tls.port : tcp.port;
    return err;
}

static enum yodel_err start_web(struct server *server, char why[SERVER_ERROR_MAX])
{
    const struct server_config *config = &server->config;
    char own_path[32];
    int own_cert = -1;
    struct lws_context_creation_info info = {
        .port = server->local.port,
        .iface = addr_is_any(&server->local) ? NULL : server->listen_text,
        .protocols = protocols,
        .headers = server_http_headers,
        .server_string = "yodel/" YODEL_VERSION,
        .alpn = "http/1.1",
        .max_http_header_data = HEADERS_ROOM,
        .timeout_secs = HANDSHAKE_LIMIT,
        .keepalive_timeout = KEEP_ALIVE,
        .retry_and_idle_policy = &no_validity_timers,
        .foreign_loops = server->foreign_loops,
        .user = server,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_VALIDATE_UTF8 |
                   LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
                   LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME,
    };
    if (server->local.family == YODEL_ADDR_V4) {
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    }
    if (config->tls_cert || config->self_signed) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = config->tls_cert;
        info.ssl_private_key_filepath = config->tls_key;
        server->is_secure = true;
    }
    if (config->self_signed) {
        own_cert = make_certificate(config->env);
        if (own_cert < 0) {
            snprintf(why, SERVER_ERROR_MAX, "cannot make a certificate");
            return YODEL_ERR_OPERATION;
        }
        snprintf(own_path, sizeof own_path, "/proc/self/fd/%d", own_cert);
        info.ssl_cert_filepath = info.ssl_private_key_filepath = own_path;
    }
    if (server->is_secure) {
        server->tls = server_tls_new(info.ssl_cert_filepath, info.ssl_private_key_filepath);
    }
    lws_set_log_level(LLL_ERR | LLL_WARN, take_log_line);
    server->context = lws_create_context(&info);
    if (own_cert >= 0) {
        close(own_cert);
    }
    if (!server->context || !lws_get_vhost_by_name(server->context, "default")) {
        snprintf(why, SERVER_ERROR_MAX,
            server->is_secure ? "cannot listen with that certificate and key: are they PEM, and do "
                                "they belong together?"
                              : "cannot listen on %s",
            server->listen_text);
        return YODEL_ERR_OPERATION;
    }
    return YODEL_OK;
}

static enum yodel_err start(struct server *server, char why[SERVER_ERROR_MAX])
{
    const struct server_config *config = &server->config;
    enum yodel_err err = check_config(config, why);

    if (err == YODEL_OK && server_listen_parse(&server->local, config->listen) != YODEL_OK) {
        snprintf(why, SERVER_ERROR_MAX,
            "--listen wants HOST:PORT or :PORT, for instance 127.0.0.1:8080, not \"%s\"",
            config->listen);
        return YODEL_ERR_SYNTAX;
    }
    if (err == YODEL_OK) {
        err = server_listen_probe(&server->local, why);
    }
    if (err == YODEL_OK) {
        (void)addr_ip_text(&server->local, server->listen_text);
        err = start_web(server, why);
    }
    if (err == YODEL_OK) {
        err = start_turn(server, why);
    }
    return err == YODEL_OK ? start_front(server, why) : err;
}

enum yodel_err server_new(const struct server_config *config, struct uv_loop_s *loop,
    struct server **made, char why[SERVER_ERROR_MAX])
{
    struct server *server = alloc_new(config->env->alloc, sizeof *server);

    snprintf(why, SERVER_ERROR_MAX, "no memory");
    if (!server) {
        return YODEL_ERR_NO_MEMORY;
    }
    server->config = *config;
    server->loop = loop;
    server->foreign_loops[0] = loop;
    server->started = clock_now();
    signaling_core_init(
        &server->core, &(struct signaling_config){config->env, "yodel/" YODEL_VERSION,
                           config->clients_max, config->clients_per_address});
    (void)uv_timer_init(loop, &server->tick);
    (void)uv_timer_init(loop, &server->stopping);
    server->tick.data = server->stopping.data = server;
    enum yodel_err err = start(server, why);
    if (err != YODEL_OK) {
        server_stop(server, 0, NULL, NULL);
        while (uv_run(loop, UV_RUN_NOWAIT) != 0 && server->open_handles > 0) {
        }
        server_free(server);
        return err;
    }
    *made = server;
    return YODEL_OK;
}

// ---- end

static void on_part_stopped(void *ctx)
{
    struct server *server = ctx;

    if (--server->open_handles == 0 && server->done) {
        server->done(server->done_ctx);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    on_part_stopped(handle->data);
}

static void close_handle(struct server *server, uv_handle_t *handle)
{
    handle->data = server;
    server->open_handles++;
    uv_close(handle, on_handle_closed);
}

static void destroy(struct server *server)
{
    if (server->is_destroyed) {
        return;
    }
    server->is_destroyed = true;
    close_handle(server, (uv_handle_t *)&server->tick);
    close_handle(server, (uv_handle_t *)&server->stopping);
    // After these: a part that was never started has stopped at once.
    server->open_handles += 2;
    server_front_stop(&server->front, on_part_stopped, server);
    server_turn_stop(&server->turn, on_part_stopped, server);
    if (server->context) {
        lws_context_destroy(server->context);
    }
}

// Clients of signaling's have gone, or had their time, and relays in use theirs.
static void end_if_over(struct server *server)
{
    yodel_time now = clock_now();
    bool is_left = server->core.by_id.count == 0 || now >= server->goodbye_until;
    bool is_drained = server_turn_in_use(&server->turn) == 0 || now >= server->drain_until;

    if (is_left && is_drained) {
        destroy(server);
    }
}

static void on_stopping(uv_timer_t *timer)
{
    end_if_over(timer->data);
}

static void say_goodbye_to_all(struct server *server)
{
    struct signaling_client *client = NULL;

    while ((client = signaling_core_next(&server->core, client))) {
        struct server_websocket *ws = signaling_core_user(client);
        ws->wants_goodbye = true;
        lws_callback_on_writable(ws->wsi);
    }
}

void server_state_left(struct server *server)
{
    if (server->is_stopping && !server->is_destroyed && server->core.by_id.count == 0) {
        // In a turn of its own: libwebsockets is still busy with the one that left.
        (void)uv_timer_start(&server->stopping, on_stopping, 0, STOPPING_MS);
    }
}

void server_stop(struct server *server, uint32_t drain_s, void (*done)(void *ctx), void *ctx)
{
    uint32_t in_use = server_turn_in_use(&server->turn);
    yodel_time now = clock_now();

    if (server->is_stopping) {
        return;
    }
    server->is_stopping = true;
    server->done = done;
    server->done_ctx = ctx;
    server->goodbye_until = time_after(now, GOODBYE_MAX);
    server->drain_until = time_after(now, YODEL_SECONDS(drain_s));
    server_turn_drain(&server->turn);
    say_goodbye_to_all(server);
    if (in_use > 0 && drain_s > 0) {
        log_info(server->config.env, "server",
            "%u relays in use go on for at most %u s, or until the next signal", in_use, drain_s);
    }
    (void)uv_timer_start(&server->stopping, on_stopping, STOPPING_MS, STOPPING_MS);
    end_if_over(server);
}

void server_free(struct server *server)
{
    signaling_core_deinit(&server->core);
    SSL_CTX_free(server->tls);
    alloc_free(server->config.env->alloc, server);
}

struct yodel_addr server_address(const struct server *server)
{
    return server->local;
}

struct yodel_addr server_udp_address(const struct server *server)
{
    return server_turn_address(&server->turn);
}

bool server_has_relays(const struct server *server)
{
    return server_turn_is_on(&server->turn) && server->turn.setup.has_relays;
}

void server_reload(struct server *server)
{
    server_turn_reload(&server->turn);
}

bool server_is_secure(const struct server *server)
{
    return server->is_secure;
}
