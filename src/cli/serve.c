// yodel serve: the server, signaling, relays and the web page, until somebody stops it.

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "base/port.h"
#include "cli/options.h"
#include "net/env.h"
#include "net/interfaces.h"
#include "server/assets.h"
#include "server/server.h"
#include "server/turn_workers.h"

#define DESCRIPTORS_MAX 65536u

#define CONNECTIONS_MAX 1000000
#define DRAIN_DEFAULT 30 // Seconds: less than systemd waits before it kills.
#define DRAIN_MAX 86400

static struct server_config config = {.listen = ":8080"};
static struct cli_list turn_users, turn_allow, stun_others;
static const char *turn_switch = "on", *turn_tcp_relays = "off";
static const char *config_file;
static const char *log_level = "info";
static bool log_json;
static bool quiet;
static uint32_t drain_s = DRAIN_DEFAULT;

static const struct cli_option options[] = {
    {"listen", 'l', "HOST:PORT", "where to listen; :PORT is every address (default :8080)",
        .text = &config.listen},
    {"udp", 0, "HOST:PORT", "where STUN and TURN answer, or off (default: port 3478)",
        .text = &config.udp},
    {"stun-other", 0, "IP[:PORT][/IP]|off",
        "a second address of this machine, where STUN tells clients\nwhat their NATs do; and its "
        "name in the world, where a NAT\n"
        "is before it (default: another public one, next port)",
        .list = &stun_others},
    {"turn", 0, "on|off", "relay for clients (default on: for those that signaling lets in)",
        .text = &turn_switch},
    {"turn-tcp", 0, "HOST:PORT",
        "where TURN is over TCP besides --listen's port, or off\n(default: as --udp)",
        .text = &config.turn.tcp},
    {"turn-tls", 0, "HOST:PORT",
        "and over TLS, where there is a certificate (default: nowhere else)",
        .text = &config.turn.tls},
    {"turn-tcp-relays", 0, "on|off",
        "let clients over TCP and TLS have connections with peers, too\n(RFC 6062; default off)",
        .text = &turn_tcp_relays},
    {"turn-user", 0, "NAME:PASSWORD", "who else may relay; may be repeated", .list = &turn_users},
    {"turn-user-file", 0, "FILE", "the same, a line each; read again when it changes",
        .text = &config.turn.user_file},
    {"turn-secret", 0, "FILE",
        "one or two lines, each a secret that signs names with an expiry\n"
        "(REST API); read again when it changes",
        .text = &config.turn.secret_file},
    {"turn-realm", 0, "REALM", "what relays are for, in the protocol (default yodel)",
        .text = &config.turn.realm},
    {"turn-allow", 0, "CIDR",
        "a private network that relays may reach, like 10.0.0.0/8;\nmay be repeated",
        .list = &turn_allow},
    {"turn-external", 0, "IP",
        "the relays' address in the world, where a NAT is before this machine",
        .text = &config.turn.external},
    {"turn-ports", 0, "MIN-MAX", "UDP ports of relays (default 49152-65535)",
        .text = &config.turn.ports},
    {"turn-allocations", 0, "N", "relays in all (default 4096)", .number = &config.turn.allocations,
        .min = 1, .max = CONNECTIONS_MAX},
    {"turn-allocations-per-user", 0, "N", "relays of one user (default 32)",
        .number = &config.turn.allocations_per_user, .min = 1, .max = CONNECTIONS_MAX},
    {"turn-rate", 0, "BYTES", "of a relay in a second, each way (default: no limit)",
        .number = &config.turn.bytes_per_second, .min = 1000, .max = UINT32_MAX},
    {"workers", 0, "N", "threads for STUN and TURN over UDP (default 1)",
        .number = &config.turn.workers, .min = 1, .max = SERVER_TURN_WORKERS_MAX},
    {"drain", 0, "SECONDS", "how long relays in use go on after SIGTERM (default 30)",
        .number = &drain_s, .min = 0, .max = DRAIN_MAX},
    {"tls-cert", 0, "FILE", "serve HTTPS with this certificate chain (PEM)",
        .text = &config.tls_cert},
    {"tls-key", 0, "FILE", "and its private key (PEM)", .text = &config.tls_key},
    {"self-signed", 0, NULL, "serve HTTPS with a certificate made now; browsers will warn",
        .flag = &config.self_signed},
    {"origins", 0, "LIST",
        "web pages elsewhere that may use this server:\n"
        "https://example.org,https://example.com, or *",
        .text = &config.origins},
    {"ice-servers", 0, "LIST", "more STUN servers for the clients: stun:HOST:PORT,...",
        .text = &config.ice_servers},
    {"behind-proxy", 0, NULL, "believe X-Forwarded-For; only behind a proxy that sets it",
        .flag = &config.behind_proxy},
    {"metrics-public", 0, NULL, "answer /metrics to everybody, not to this machine alone",
        .flag = &config.metrics_public},
    {"connections", 0, "N", "connections in all", .number = &config.clients_max, .min = 1,
        .max = CONNECTIONS_MAX},
    {"connections-per-address", 0, "N", "connections from one address",
        .number = &config.clients_per_address, .min = 1, .max = CONNECTIONS_MAX},
    {"log-level", 0, "LEVEL", "error, warn, info or debug (default info)", .text = &log_level},
    {"log-json", 0, NULL, "log JSON lines", .flag = &log_json},
    {"quiet", 'q', NULL, "no banner", .flag = &quiet},
    {"config", 'c', "FILE", "read options from a file, a line each: listen = :8080",
        .text = &config_file},
};

struct run {
    uv_loop_t loop;
    uv_signal_t interrupted;
    uv_signal_t terminated;
    uv_signal_t hung_up;
    struct server *server;
    bool is_stopping;
};

// ---- the banner

static void print_url(const struct yodel_addr *addr, const char *scheme, const char *name)
{
    char text[ADDR_TEXT_MAX];

    if (name) {
        printf("  %s://%s:%u\n", scheme, name, (unsigned)addr->port);
    } else {
        printf("  %s://%s\n", scheme, addr_text(addr, text));
    }
}

// What a phone in the same network can type.
static void print_reachable(const struct yodel_addr *listening, const char *scheme)
{
    static struct interface_list list;

    if (interfaces_read(&list) != YODEL_OK) {
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        struct yodel_addr addr = list.items[i].addr;
        bool is_usable = !list.items[i].is_internal && !addr_is_link_local(&addr) &&
                         (addr.family == YODEL_ADDR_V4 || listening->family == YODEL_ADDR_V6);
        if (is_usable) {
            addr.port = listening->port;
            addr.scope_id = 0;
            print_url(&addr, scheme, NULL);
        }
    }
}

static void print_banner(const struct server *server)
{
    struct yodel_addr addr = server_address(server);
    struct yodel_addr udp = server_udp_address(server);
    const char *scheme = server_is_secure(server) ? "https" : "http";
    char text[ADDR_TEXT_MAX];

    printf("Yodel %s is listening. Open one of these:\n", YODEL_VERSION);
    if (addr_is_any(&addr)) {
        print_url(&addr, scheme, "localhost");
        print_reachable(&addr, scheme);
    } else {
        print_url(&addr, scheme, addr_is_loopback(&addr) ? "localhost" : NULL);
    }
    if (udp.family != YODEL_ADDR_NONE) {
        printf("%s on UDP %s.\n",
            server_has_relays(server) ? "STUN and TURN answer" : "STUN answers",
            addr_text(&udp, text));
    }
    if (server_has_relays(server)) {
        printf("TURN answers on this TCP port, too%s.\n",
            server_is_secure(server) ? ", over TLS as well" : "");
    }
    if (!server_assets_has_page()) {
        printf("This program was built without the web page; `make build` adds it.\n");
    }
    printf("Ctrl-C stops it.\n");
    (void)fflush(stdout);
}

// ---- its end

static void close_all(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void on_stopped(void *ctx)
{
    struct run *run = ctx;

    uv_close((uv_handle_t *)&run->interrupted, NULL);
    uv_close((uv_handle_t *)&run->terminated, NULL);
    uv_close((uv_handle_t *)&run->hung_up, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct run *run = handle->data;

    if (run->is_stopping) {
        _exit(128 + number); // The second time, at once.
    }
    run->is_stopping = true;
    log_info(config.env, "serve", "stopping");
    // Who presses Ctrl-C waits for the end; a service manager waits for those who are served.
    server_stop(run->server, number == SIGTERM ? drain_s : 0, on_stopped, run);
}

static void on_hang_up(uv_signal_t *handle, int number)
{
    struct run *run = handle->data;

    (void)number;
    server_reload(run->server);
}

static void watch(struct run *run, uv_signal_t *handle, int number, uv_signal_cb then)
{
    (void)uv_signal_init(&run->loop, handle);
    (void)uv_signal_start(handle, then, number);
    handle->data = run;
}

// A relay takes a descriptor or two, and so does each connection: the usual soft limit of 1024 is soon used.
// libwebsockets keeps a place for each that there may be.
static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS_MAX) {
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int serve(struct run *run)
{
    char why[SERVER_ERROR_MAX];
    char text[ADDR_TEXT_MAX];

    allow_descriptors();
    enum yodel_err err = server_new(&config, &run->loop, &run->server, why);
    if (err) {
        fprintf(stderr, "yodel serve: %s\n", why);
        return err == YODEL_ERR_SYNTAX || err == YODEL_ERR_TYPE ? CLI_USAGE : CLI_FAILED;
    }
    watch(run, &run->interrupted, SIGINT, on_signal);
    watch(run, &run->terminated, SIGTERM, on_signal);
    watch(run, &run->hung_up, SIGHUP, on_hang_up);
    if (!quiet) {
        print_banner(run->server);
    }
    struct yodel_addr addr = server_address(run->server);
    log_debug(config.env, "serve", "listening on %s", addr_text(&addr, text));
    (void)uv_run(&run->loop, UV_RUN_DEFAULT);
    server_free(run->server);
    return CLI_OK;
}

// ---- its start

static bool choose_log(void)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};

    for (size_t i = 0; i < COUNT(names); i++) {
        if (strcmp(log_level, names[i]) == 0) {
            config.env = net_env_system((enum log_level)i, log_json ? NET_ENV_JSON : NET_ENV_TEXT);
            return true;
        }
    }
    return false;
}

static bool read_switch(const char *name, const char *text, bool *is_on)
{
    *is_on = strcmp(text, "on") == 0;
    if (!*is_on && strcmp(text, "off") != 0) {
        fprintf(stderr, "yodel serve: %s is on or off, not \"%s\"\n", name, text);
        return false;
    }
    return true;
}

static bool take_turn(void)
{
    bool is_on;

    if (!read_switch("--turn", turn_switch, &is_on) ||
        !read_switch("--turn-tcp-relays", turn_tcp_relays, &config.turn.has_tcp_relays)) {
        return false;
    }
    config.turn.is_off = !is_on;
    config.turn.users = turn_users.items;
    config.turn.user_count = turn_users.count;
    config.turn.allow = turn_allow.items;
    config.turn.allow_count = turn_allow.count;
    config.turn.others = stun_others.items;
    config.turn.other_count = stun_others.count;
    return true;
}

static int run_serve(int argument_count, char **arguments)
{
    static struct run run;

    (void)argument_count;
    (void)arguments;
    if (!choose_log()) {
        fprintf(stderr, "yodel serve: --log-level is error, warn, info or debug, not \"%s\"\n",
            log_level);
        return CLI_USAGE;
    }
    if (!take_turn()) {
        return CLI_USAGE;
    }
    (void)signal(SIGPIPE, SIG_IGN); // Whoever goes while we write is no reason to end.
    (void)uv_loop_init(&run.loop);
    int code = serve(&run);
    if (code != CLI_OK) {
        return code; // What did not start has nothing to end in order.
    }
    uv_walk(&run.loop, close_all, NULL);
    (void)uv_run(&run.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&run.loop);
    return code;
}

const struct cli_command cli_serve = {
    .name = "serve",
    .arguments = "",
    .summary = "Run a server: signaling, STUN, TURN and the web page",
    .help = "Clients: browsers at the printed addresses, `yodel send` and `yodel receive`.\n"
            "Health is at /healthz, metrics for Prometheus are at /metrics.\n"
            "SIGHUP reads the files with users, secrets and the certificate again.\n",
    .options = options,
    .option_count = COUNT(options),
    .run = run_serve,
};
