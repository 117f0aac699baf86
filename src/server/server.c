// Server: its start, its turns and its end.

#include "server/server.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "net/clock.h"
#include "net/socket.h"
#include "server/ice_servers.h"
#include "server/listen.h"
#include "server/state.h"
#include "server/tls.h"
#include "server/turn_addresses.h"
#include "server/web.h"
#include "server/websocket.h"

#define GOODBYE_MAX YODEL_SECONDS(2) // For clients to take it.
#define STOPPING_MS 100              // How often it is looked whether all have gone.
#define STUN_PORT 3478

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

static bool is_off(const char *listen)
{
    return listen && strcmp(listen, "off") == 0;
}

static bool is_asked(const char *listen)
{
    return listen && !is_off(listen);
}

// What is asked for by name and would come to nothing.
static enum yodel_err check_streams(const struct server_config *config, char why[SERVER_ERROR_MAX])
{
    const struct server_turn_options *turn = &config->turn;
    bool has_relays = !turn->is_off && !is_off(config->udp);

    if (!has_relays && (is_asked(turn->tcp) || is_asked(turn->tls))) {
        snprintf(why, SERVER_ERROR_MAX,
            "--turn-tcp and --turn-tls are ways to relays, of which there are none with --udp off "
            "or --turn off");
        return YODEL_ERR_TYPE;
    }
    if (!has_relays && turn->has_tcp_relays) {
        snprintf(why, SERVER_ERROR_MAX,
            "--turn-tcp-relays is about relays, of which there are none with --udp off or --turn "
            "off");
        return YODEL_ERR_TYPE;
    }
    if (is_asked(turn->tls) && !config->tls_cert && !config->self_signed) {
        snprintf(why, SERVER_ERROR_MAX,
            "--turn-tls wants a certificate: --tls-cert and --tls-key, or --self-signed");
        return YODEL_ERR_TYPE;
    }
    return YODEL_OK;
}

// An option that was given, and says nothing where --udp is off; NULL: there is none.
static const char *find_about_udp(const struct server_turn_options *turn)
{
    const struct {
        const char *name;
        bool is_given;
    } all[] = {
        {"stun-other", turn->other_count > 0},
        {"workers", turn->workers > 0},
        {"turn-user", turn->user_count > 0},
        {"turn-user-file", turn->user_file},
        {"turn-secret", turn->secret_file},
        {"turn-realm", turn->realm},
        {"turn-allow", turn->allow_count > 0},
        {"turn-external", turn->external},
        {"turn-ports", turn->ports},
        {"turn-allocations", turn->allocations > 0},
        {"turn-allocations-per-user", turn->allocations_per_user > 0},
        {"turn-rate", turn->bytes_per_second > 0},
    };

    for (size_t i = 0; i < COUNT(all); i++) {
        if (all[i].is_given) {
            return all[i].name;
        }
    }
    return NULL;
}

static enum yodel_err check_udp(const struct server_config *config, char why[SERVER_ERROR_MAX])
{
    const char *vain = is_off(config->udp) ? find_about_udp(&config->turn) : NULL;

    if (vain) {
        snprintf(why, SERVER_ERROR_MAX,
            "--%s is about STUN and relays, of which there are none with --udp off", vain);
        return YODEL_ERR_TYPE;
    }
    return YODEL_OK;
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
    enum yodel_err err = check_streams(config, why);
    return err ? err : check_udp(config, why);
}

static enum yodel_err start_tls(struct server *server, char why[SERVER_ERROR_MAX])
{
    const struct server_config *config = &server->config;

    if (config->self_signed) {
        return server_tls_make(&server->tls, config->env, why);
    }
    return config->tls_cert ? server_tls_load(&server->tls, config->tls_cert, config->tls_key, why)
                            : YODEL_OK;
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

static void on_addresses_changed(void *ctx)
{
    struct server *server = ctx;

    server_turn_workers_review_addresses(&server->workers);
}

// Before they are read, so that no change is missed.
static void watch_addresses(struct server *server)
{
    if (!server->config.turn.is_off) {
        interfaces_watch_start(&server->watch, server->loop, on_addresses_changed, server);
        server->is_watching = true;
    }
}

static enum yodel_err start_turn(struct server *server, char why[SERVER_ERROR_MAX])
{
    const char *udp = server->config.udp;
    const struct env *env = server->config.env;
    struct server_turn_setup setup;
    struct yodel_addr addr = server->local;

    addr.port = STUN_PORT;
    if (is_off(udp)) {
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
    watch_addresses(server);
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
    uint32_t workers = server->config.turn.workers;
    return server_turn_workers_start(&server->workers, &server->turn, server->loop, env, &setup,
        fds, workers == 0 ? 1 : workers, why);
}

// `fd` listens.
static enum yodel_err accept_from(
    struct server *server, int fd, bool is_web, char why[SERVER_ERROR_MAX])
{
    struct yodel_addr local = socket_local(fd);
    enum yodel_err err = server_front_add(&server->front, fd, is_web);

    server_turn_add_listener(&server->turn, &local);
    if (err) {
        snprintf(why, SERVER_ERROR_MAX, "cannot wait for connections");
    }
    return err;
}

// One more listener for TURN. `asked` is what the option says, NULL: nobody asked, and `addr` is the
// default, which may be taken.
static enum yodel_err add_listener(struct server *server, const char *flag, const char *asked,
    struct yodel_addr *addr, char why[SERVER_ERROR_MAX])
{
    uint16_t wanted = addr->port;

    addr->port = 0;
    if (is_off(asked)) {
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
        return accept_from(server, fd, false, why);
    }
    addr->port = 0;
    if (!asked) {
        log_warn(server->config.env, "server", "%s: %s", flag, why);
    }
    return asked ? YODEL_ERR_NETWORK : YODEL_OK;
}

// Beside the web's port, which serves TURN as well.
static enum yodel_err start_streams(struct server *server, char why[SERVER_ERROR_MAX])
{
    const struct server_turn_options *turn = &server->config.turn;
    struct yodel_addr tcp = server_turn_address(&server->turn), tls = tcp;

    if (!server_has_relays(server)) {
        return YODEL_OK;
    }
    enum yodel_err err = add_listener(server, "--turn-tcp", turn->tcp, &tcp, why);
    server->turn.tcp_port = tcp.port;
    if (err || !server->tls || !turn->tls) {
        return err;
    }
    err = add_listener(server, "--turn-tls", turn->tls, &tls, why);
    server->turn.tls_port = tls.port;
    return err;
}

static void take_http(void *ctx, int fd, bool is_tls)
{
    server_web_adopt(ctx, fd, is_tls, NULL);
}

static void take_http_inside(void *ctx, struct stream *stream, struct bytes early, struct span rest)
{
    struct server *server = ctx;

    server_pump_start(&server->pumps, stream, early, bytes_of_span(rest));
}

static void take_pumped(void *ctx, int fd, const struct yodel_addr *client)
{
    server_web_adopt(ctx, fd, false, client);
}

// `web` is the listening socket for all of it.
static enum yodel_err start_front(struct server *server, int web, char why[SERVER_ERROR_MAX])
{
    const struct server_front_takers takers = {
        .http = take_http,
        .http_inside = take_http_inside,
        .ice_tcp = NULL, // There is no peer in the server yet.
        .ctx = server,
        .turn = server_has_relays(server) ? &server->turn : NULL,
    };
    server_pumps_init(&server->pumps, server->loop, server->config.env, take_pumped, server);
    server_front_start(&server->front, server->loop, server->config.env, &takers);
    server_front_set_tls(&server->front, server->tls);
    enum yodel_err err = accept_from(server, web, true, why);
    return err ? err : start_streams(server, why);
}

static enum yodel_err start_parts(struct server *server, int web, char why[SERVER_ERROR_MAX])
{
    enum yodel_err err = server_web_start(server, why);

    if (err == YODEL_OK) {
        err = start_turn(server, why);
    }
    if (err != YODEL_OK) {
        close(web);
        return err;
    }
    return start_front(server, web, why);
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
        err = start_tls(server, why);
    }
    if (err != YODEL_OK) {
        return err;
    }
    int web = server_listen_tcp(&server->local, "--listen", why);
    return web >= 0 ? start_parts(server, web, why) : YODEL_ERR_NETWORK;
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
    if (server->is_watching) {
        server->open_handles++;
        interfaces_watch_stop(&server->watch, on_part_stopped);
    }
    // After these: a part that was never started has stopped at once.
    server->open_handles += 3;
    server_front_stop(&server->front, on_part_stopped, server);
    server_pumps_stop(&server->pumps, on_part_stopped, server);
    server_turn_workers_stop(&server->workers, on_part_stopped, server);
    if (server->context) {
        lws_context_destroy(server->context);
    }
}

// Clients of signaling's have gone, or had their time, and relays in use theirs.
static void end_if_over(struct server *server)
{
    yodel_time now = clock_now();
    bool is_left = server->core.by_id.count == 0 || now >= server->goodbye_until;
    bool is_drained =
        server_turn_workers_is_drained(&server->workers) || now >= server->drain_until;

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
    struct server_turn_report relays;
    yodel_time now = clock_now();

    if (server->is_stopping) {
        return;
    }
    server->is_stopping = true;
    server->done = done;
    server->done_ctx = ctx;
    server->goodbye_until = time_after(now, GOODBYE_MAX);
    server->drain_until = time_after(now, YODEL_SECONDS(drain_s));
    server_turn_workers_drain(&server->workers);
    server_turn_workers_report(&server->workers, &relays);
    say_goodbye_to_all(server);
    if (relays.core.allocations > 0 && drain_s > 0) {
        log_info(server->config.env, "server",
            "%u relays in use go on for at most %u s, or until the next signal",
            relays.core.allocations, drain_s);
    }
    (void)uv_timer_start(&server->stopping, on_stopping, STOPPING_MS, STOPPING_MS);
    end_if_over(server);
}

void server_free(struct server *server)
{
    // On a loop of ours libwebsockets first closes its handles, and wants to be told once more when they are closed.
    if (server->context && server->done) {
        lws_context_destroy(server->context);
    }
    signaling_core_deinit(&server->core);
    server_tls_free(server->tls);
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

// Connections that there are keep their certificate.
static void reload_tls(struct server *server)
{
    const struct server_config *config = &server->config;
    struct ssl_ctx_st *old = server->tls;
    char why[SERVER_ERROR_MAX];

    if (server_tls_load(&server->tls, config->tls_cert, config->tls_key, why) != YODEL_OK) {
        log_warn(config->env, "server", "the certificate stays as it was: %s", why);
        return;
    }
    server_front_set_tls(&server->front, server->tls);
    server_tls_free(old);
    log_info(config->env, "server", "the certificate was read again");
}

void server_reload(struct server *server)
{
    server_turn_workers_reload(&server->workers);
    if (server->config.tls_cert && !server->is_stopping) {
        reload_tls(server);
    }
}

bool server_is_secure(const struct server *server)
{
    return server->tls != NULL;
}
