// yodel doctor: what is wrong with this network or with a server, and what to change.
//
//   interfaces                                          at once
//   URL ──► dns, tcp, certificate, http, clock          cli/doctor_web.h
//       └─► signaling ──► its ICE servers               signaling/link.h
//                           ├─► stun, nat, hairpin, mtu  cli/doctor_udp.h
//                           └─► turn, credentials, …     cli/doctor_relay.h
//
// What does not depend on each other runs side by side; --timeout bounds it all.
//
// Limits      CLI_SERVERS_MAX servers in all

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "cli/doctor_lines.h"
#include "cli/options.h"
#include "net/clock.h"
#include "net/env.h"
#include "signaling/message.h"

#define TIMEOUT_DEFAULT 25
#define TIMEOUT_MAX 120
#define CLOSE_MS 1000 // For what is on its way at the end.
#define HELLO_MS 5000 // docs/SIGNALING.md.
#define PROGRESS_MS 200

static struct cli_list turn;
static bool is_json, is_insecure;
static uint32_t timeout_s = TIMEOUT_DEFAULT;

static const struct cli_option options[] = {
    {"turn", 0, "URL,NAME,PASSWORD", "another TURN server to look at; may be repeated",
        .list = &turn},
    {"insecure", 'k', NULL, "a certificate that nobody vouches for is a warning only",
        .flag = &is_insecure},
    {"timeout", 0, "SECONDS", "for everything together (default 25)", .number = &timeout_s,
        .min = 1, .max = TIMEOUT_MAX},
    {"json", 0, NULL, "a JSON object a check: check, verdict, detail, fix", .flag = &is_json},
};

static void begin(struct doctor_run *run)
{
    run->pending++;
}

static void end(void *ctx)
{
    struct doctor_run *run = ctx;

    if (--run->pending == 0) {
        uv_stop(&run->loop);
    }
}

// ---- STUN servers

static void on_probed(void *ctx)
{
    end(((struct doctor_run_stun *)ctx)->run);
}

// Another server's address, of the same family, for what one server cannot tell alone.
static const struct yodel_addr *second_of(
    const struct doctor_run *run, const struct doctor_run_stun *stun)
{
    for (size_t i = 0; i < run->stun_count; i++) {
        const struct yodel_addr *addr = &run->stuns[i].addr;
        if (addr->family == stun->addr.family && !addr_same_ip(addr, &stun->addr)) {
            return addr;
        }
    }
    return NULL;
}

static void probe_all(struct doctor_run *run)
{
    for (size_t i = 0; i < run->stun_count; i++) {
        struct doctor_run_stun *stun = &run->stuns[i];
        if (stun->addr.family == YODEL_ADDR_NONE) {
            continue;
        }
        stun->has_probe = true;
        begin(run);
        if (!doctor_udp_start(&stun->probe, &run->loop, run->env, &stun->addr, second_of(run, stun),
                on_probed, stun)) {
            stun->probe.is_done = true;
            end(run);
        }
    }
}

static void on_stun_address(void *ctx, const struct yodel_addr *addrs, size_t count)
{
    struct doctor_run_stun *stun = ctx;
    struct doctor_run *run = stun->run;

    stun->query = NULL;
    if (count > 0) {
        stun->addr = addrs[0];
        stun->addr.port = stun->url.port;
    }
    if (--run->resolving == 0) {
        probe_all(run); // All at once: one's address may be the second one of another.
    }
    end(run);
}

static void add_stun(
    struct doctor_run *run, const struct cli_server *server, const struct server_url *url)
{
    struct doctor_run_stun *stun = &run->stuns[run->stun_count];

    *stun = (struct doctor_run_stun){.run = run, .text = server->url, .url = *url};
    if (dns_start(&stun->query, &run->loop, run->env->alloc, url->host, on_stun_address, stun) ==
        YODEL_OK) {
        run->stun_count++;
        run->resolving++;
        begin(run);
    }
}

// ---- TURN servers

// A wrong password is tried once with each name at each host.
static bool is_first(const struct doctor_run *run, const struct doctor_relay *relay)
{
    for (size_t i = 0; i < run->relay_count; i++) {
        const struct doctor_relay *other = &run->relays[i];
        if (other != relay && strcmp(other->url.host, relay->url.host) == 0 &&
            strcmp(other->options.server->username, relay->options.server->username) == 0) {
            return false;
        }
    }
    return true;
}

static void add_relay(
    struct doctor_run *run, const struct cli_server *server, const struct server_url *url)
{
    struct doctor_relay *relay = &run->relays[run->relay_count];
    struct doctor_relay_options relay_options = {
        .loop = &run->loop,
        .env = run->env,
        .server = server,
        .is_insecure = run->is_insecure,
        .tls = run->tls,
        .certificate = run->certificate,
        .on_done = end,
        .ctx = run,
    };

    relay->url = *url;
    relay->options.server = server;
    relay_options.is_first = is_first(run, relay);
    begin(run);
    if (doctor_relay_start(relay, &relay_options) == YODEL_OK) {
        run->relay_count++;
    } else {
        end(run);
    }
}

// Those from `first` on.
static void examine_servers(struct doctor_run *run, size_t first)
{
    struct server_url url;

    for (size_t i = first; i < run->servers.count; i++) {
        const struct cli_server *server = &run->servers.items[i];
        if (server_url_parse(&url, bytes_of_text(server->url)) != YODEL_OK) {
            continue;
        }
        if (url.is_turn) {
            add_relay(run, server, &url);
        } else {
            add_stun(run, server, &url);
        }
    }
}

// ---- signaling

static void hear(struct doctor_run *run)
{
    if (!run->has_heard) {
        run->has_heard = true;
        (void)uv_timer_stop(&run->hello);
        end(run);
    }
}

static void take_hello(struct doctor_run *run, const json_t *hello)
{
    size_t first = run->servers.count;
    const char *name = json_string_value(json_object_get(hello, "server"));

    run->has_hello = true;
    run->hello_ms = (uint32_t)(uv_now(&run->loop) - run->asked_at);
    (void)snprintf(run->server_name, sizeof run->server_name, "%s", name ? name : "the server");
    cli_servers_take(&run->servers, json_object_get(hello, "ice_servers"));
    examine_servers(run, first);
}

static void on_link_message(void *ctx, struct bytes text)
{
    struct doctor_run *run = ctx;
    json_t *message = run->has_heard ? NULL : signaling_message_read(text);
    const char *type = json_string_value(json_object_get(message, "type"));

    if (run->has_heard) {
        return;
    }
    if (type && strcmp(type, "hello") == 0) {
        take_hello(run, message);
    } else {
        (void)snprintf(run->why, sizeof run->why, "what answers at /signal is not a Yodel server");
    }
    json_decref(message);
    hear(run);
}

static void on_link_open(void *ctx)
{
    (void)ctx; // The server speaks first.
}

static void on_link_close(void *ctx, const char *why)
{
    struct doctor_run *run = ctx;

    if (!run->has_heard) {
        (void)snprintf(run->why, sizeof run->why, "%s", why);
    }
    hear(run);
}

static void on_no_hello(uv_timer_t *timer)
{
    struct doctor_run *run = timer->data;

    (void)snprintf(
        run->why, sizeof run->why, "no hello came over WebSocket in %d s", HELLO_MS / 1000);
    hear(run);
}

static void ask_signaling(struct doctor_run *run)
{
    struct signaling_link_options link = {
        .loop = &run->loop,
        .url = run->server,
        .is_insecure = run->is_insecure,
        .on_open = on_link_open,
        .on_message = on_link_message,
        .on_close = on_link_close,
        .ctx = run,
    };

    begin(run);
    run->asked_at = uv_now(&run->loop);
    (void)uv_timer_start(&run->hello, on_no_hello, HELLO_MS, 0);
    if (signaling_link_new(&link, &run->link) != YODEL_OK) {
        (void)snprintf(run->why, sizeof run->why, "there is no memory left");
        hear(run);
    }
}

// ---- its life

static void on_deadline(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void on_progress(uv_timer_t *timer)
{
    struct doctor_run *run = timer->data;

    doctor_report_progress(&run->report, run->server, run->pending);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct doctor_run *run = handle->data;

    (void)number;
    run->is_interrupted = true;
    uv_stop(&run->loop);
}

static void watch(struct doctor_run *run, uv_signal_t *handle, int number)
{
    (void)uv_signal_init(&run->loop, handle);
    (void)uv_signal_start(handle, on_signal, number);
    handle->data = run;
}

static void set_timer(
    struct doctor_run *run, uv_timer_t *timer, uv_timer_cb call, uint64_t ms, uint64_t again)
{
    (void)uv_timer_init(&run->loop, timer);
    timer->data = run;
    if (call) {
        (void)uv_timer_start(timer, call, ms, again);
    }
}

static void examine(struct doctor_run *run)
{
    begin(run); // Until all of it has begun.
    begin(run);
    doctor_web_start(&run->web, &run->loop, &run->url, end, run);
    ask_signaling(run);
    examine_servers(run, 0);
    end(run);
    if (run->pending > 0) {
        (void)uv_run(&run->loop, UV_RUN_DEFAULT);
    }
}

static void close_all(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

// Gives relays back, closes what is open, and runs the loop until that has happened.
static void clean_up(struct doctor_run *run)
{
    signaling_link_free(run->link);
    doctor_web_close(&run->web);
    for (size_t i = 0; i < run->stun_count; i++) {
        if (run->stuns[i].query) {
            dns_cancel(run->stuns[i].query);
        }
        if (run->stuns[i].has_probe) {
            doctor_udp_close(&run->stuns[i].probe);
        }
    }
    for (size_t i = 0; i < run->relay_count; i++) {
        doctor_relay_close(&run->relays[i]);
    }
    uv_close((uv_handle_t *)&run->progress, NULL);
    uv_close((uv_handle_t *)&run->hello, NULL);
    (void)uv_timer_start(&run->deadline, on_deadline, CLOSE_MS, 0);
    uv_unref((uv_handle_t *)&run->deadline);
    uv_unref((uv_handle_t *)&run->signals[0]);
    uv_unref((uv_handle_t *)&run->signals[1]);
    (void)uv_run(&run->loop, UV_RUN_DEFAULT);
    uv_walk(&run->loop, close_all, NULL);
    (void)uv_run(&run->loop, UV_RUN_NOWAIT);
    stream_tls_free(run->tls);
    yodel_certificate_free(run->certificate);
}

static int prepare(struct doctor_run *run, int count, char **arguments)
{
    char why[CLI_WHY_MAX];

    run->is_insecure = is_insecure;
    if (count > 1) {
        fprintf(stderr, "yodel doctor: one server at a time (`yodel help doctor`)\n");
        return CLI_USAGE;
    }
    run->server = cli_connection_server(count > 0 ? arguments[0] : NULL);
    if (signaling_link_parse_url(&run->url, bytes_of_text(run->server)) != YODEL_OK) {
        fprintf(stderr,
            "yodel doctor: \"%.100s\" is no address of a server; one looks like "
            "https://example.org\n",
            run->server);
        return CLI_USAGE;
    }
    if (cli_servers_init(&run->servers, NULL, &turn, why) != YODEL_OK) {
        fprintf(stderr, "yodel doctor: %s\n", why);
        return CLI_USAGE;
    }
    if (yodel_certificate_generate(clock_wall_seconds(), &run->certificate) != YODEL_OK) {
        fprintf(stderr, "yodel doctor: there is no memory left\n");
        return CLI_FAILED;
    }
    run->tls = stream_tls_new();
    return CLI_OK;
}

static int run_doctor(int argument_count, char **arguments)
{
    static struct doctor_run run;
    int code = prepare(&run, argument_count, arguments);

    if (code != CLI_OK) {
        return code;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    run.env = net_env_system(LOG_ERROR, NET_ENV_TEXT);
    doctor_report_init(&run.report, is_json);
    (void)uv_loop_init(&run.loop);
    watch(&run, &run.signals[0], SIGINT);
    watch(&run, &run.signals[1], SIGTERM);
    set_timer(&run, &run.deadline, on_deadline, (uint64_t)timeout_s * 1000, 0);
    set_timer(&run, &run.hello, NULL, 0, 0);
    set_timer(&run, &run.progress, on_progress, 0, PROGRESS_MS);
    doctor_lines_interfaces(&run);
    examine(&run);
    if (!run.is_interrupted) {
        doctor_lines_all(&run);
        code = doctor_report_write(&run.report, run.server) ? CLI_OK : CLI_FAILED;
    } else {
        doctor_report_forget(&run.report);
        code = CLI_INTERRUPTED;
    }
    clean_up(&run);
    (void)uv_loop_close(&run.loop);
    return code;
}

const struct cli_command cli_doctor = {
    .name = "doctor",
    .arguments = "[URL]",
    .summary = "Say what is wrong with a network or a server, and what to change",
    .help = "Looks at this machine's network and at a server (URL, $YODEL_SERVER, else\n"
            "http://localhost:8080): name, TCP, certificate, signaling, STUN, the NAT on the way,\n"
            "and TURN over each transport, with data that goes through it. Each line is ok, warn\n"
            "or fail, and what is not ok says what to do. Ends with 0 where nothing fails.\n",
    .options = options,
    .option_count = COUNT(options),
    .run = run_doctor,
};
