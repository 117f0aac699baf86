// One TURN server's examination.

#include "cli/doctor_relay.h"

#include "net/clock.h"

#define WRONG_PASSWORD "not the password"

static void finish(struct doctor_relay *relay)
{
    bool is_over = !relay->query && (!relay->has_right || relay->right.is_done) &&
                   (!relay->has_wrong || relay->wrong.is_done) &&
                   (!relay->has_pair || relay->pair.is_done);

    if (is_over && !relay->is_done) {
        relay->is_done = true;
        relay->options.on_done(relay->options.ctx);
    }
}

static void on_step(void *ctx)
{
    finish(ctx);
}

static void begin_pair(struct doctor_relay *relay)
{
    const struct cli_server *server = relay->options.server;
    const char *url = server->url;
    struct yodel_ice_server ice = {.urls = &url,
        .url_count = 1,
        .username = server->username,
        .credential = server->credential};
    struct yodel_runtime_config config = {.loop = relay->options.loop,
        .loopback =
            addr_is_loopback(&relay->addr) ? YODEL_LOOPBACK_ALWAYS : YODEL_LOOPBACK_IF_ALONE,
        .takes_any_certificate = relay->options.is_insecure};

    if (yodel_runtime_new(&config, &relay->runtime) != YODEL_OK) {
        return;
    }
    relay->has_pair = true;
    if (!doctor_pair_start(&relay->pair, relay->options.loop, relay->runtime,
            relay->options.certificate, &ice, on_step, relay)) {
        relay->pair.is_done = true;
    }
}

static void on_allocated(void *ctx)
{
    struct doctor_relay *relay = ctx;

    if (relay->right.client.state == TURN_CLIENT_READY) {
        begin_pair(relay);
    }
    finish(relay);
}

static void on_address(void *ctx, const struct yodel_addr *addrs, size_t count)
{
    struct doctor_relay *relay = ctx;
    const struct cli_server *server = relay->options.server;

    relay->query = NULL;
    if (count == 0) {
        finish(relay);
        return;
    }
    relay->addr = addrs[0];
    relay->addr.port = relay->url.port;
    struct doctor_turn_options options = {
        .env = relay->options.env,
        .server = relay->addr,
        .transport = relay->url.transport,
        .host = relay->url.host,
        .username = server->username,
        .password = server->credential,
        .tls = relay->options.tls,
        .is_insecure = relay->options.is_insecure,
        .on_done = on_allocated,
        .ctx = relay,
    };
    relay->has_right = true;
    relay->has_wrong = relay->options.is_first;
    doctor_turn_start(&relay->right, relay->options.loop, &options);
    if (relay->has_wrong) {
        options.password = WRONG_PASSWORD;
        options.on_done = on_step;
        doctor_turn_start(&relay->wrong, relay->options.loop, &options);
    }
}

enum yodel_err doctor_relay_start(
    struct doctor_relay *relay, const struct doctor_relay_options *options)
{
    *relay = (struct doctor_relay){.options = *options};
    enum yodel_err err = server_url_parse(&relay->url, bytes_of_text(options->server->url));

    return err ? err
               : dns_start(&relay->query, options->loop, options->env->alloc, relay->url.host,
                     on_address, relay);
}

void doctor_relay_close(struct doctor_relay *relay)
{
    relay->is_done = true;
    if (relay->query) {
        dns_cancel(relay->query);
        relay->query = NULL;
    }
    if (relay->has_pair) {
        doctor_pair_close(&relay->pair);
    }
    if (relay->runtime) {
        yodel_runtime_free(relay->runtime);
        relay->runtime = NULL;
    }
    if (relay->has_right) {
        doctor_turn_close(&relay->right);
    }
    if (relay->has_wrong) {
        doctor_turn_close(&relay->wrong);
    }
}

// ---- what follows

bool doctor_relay_is_udp(const struct doctor_relay *relay)
{
    return relay->has_right && relay->url.transport == YODEL_UDP;
}

bool doctor_relay_is_answered(const struct doctor_relay *relay)
{
    const struct turn_client *client = &relay->right.client;

    return relay->has_right &&
           (client->has_credentials || client->error != 0 || client->state == TURN_CLIENT_READY);
}

static struct doctor_turn facts_of(const struct doctor_relay *relay)
{
    const struct turn_client *client = &relay->right.client;
    bool is_v6 = client->relayed[0].family == YODEL_ADDR_NONE;
    struct doctor_turn facts = {
        .url = relay->options.server->url,
        .transport = relay->url.transport,
        .port = relay->url.port,
        .username = relay->options.server->username,
        .is_resolved = relay->has_right,
        .server = relay->addr,
        .now = clock_wall_seconds(),
    };

    if (!relay->has_right) {
        return facts;
    }
    facts.is_answered = doctor_relay_is_answered(relay);
    facts.is_allocated = relay->right.allocated > 0;
    facts.error = facts.is_allocated ? 0 : client->error;
    facts.failure = relay->right.why[0] ? relay->right.why : client->failure;
    facts.relayed = client->relayed[is_v6];
    facts.ms = (uint32_t)(time_since(relay->right.allocated, relay->right.started) / 1000);
    facts.is_data_tested = relay->has_pair;
    facts.is_data_carried = relay->has_pair && relay->pair.round_trip_us > 0;
    facts.round_trip_us = relay->has_pair ? relay->pair.round_trip_us : 0;
    return facts;
}

// What holds for all ways to one server is told once, unless it is bad.
static void add_shared(
    const struct doctor_relay *relay, struct doctor_report *report, const struct doctor_line *line)
{
    if (relay->options.is_first || line->verdict != DOCTOR_OK) {
        doctor_report_add(report, line);
    }
}

void doctor_relay_report(const struct doctor_relay *relay, struct doctor_report *report)
{
    struct doctor_turn facts = facts_of(relay);
    bool is_wrong_tried = relay->has_wrong && relay->wrong.is_done && !relay->wrong.why[0];
    struct doctor_line line = doctor_verdict_turn(&facts);

    doctor_report_add(report, &line);
    if (facts.is_allocated) {
        line = doctor_verdict_external(&facts);
        add_shared(relay, report, &line);
    }
    if (facts.is_allocated || facts.error != 0) {
        line = doctor_verdict_credentials(&facts, is_wrong_tried,
            relay->has_wrong && relay->wrong.client.state == TURN_CLIENT_READY);
        add_shared(relay, report, &line);
    }
}
