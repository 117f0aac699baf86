// Metrics: counters and gauges, written straight from where they are counted.

#include "server/metrics.h"

#include <inttypes.h>

#include "server/state.h"

static void metric(
    struct writer *w, const char *name, const char *type, const char *help, uint64_t value)
{
    put_format(w, "# HELP yodel_%s %s\n# TYPE yodel_%s %s\nyodel_%s %" PRIu64 "\n", name, help,
        name, type, name, value);
}

static void write_errors(const struct signaling_stats *stats, struct writer *w)
{
    put_text(w, "# HELP yodel_signaling_errors_total Messages answered with an error.\n"
                "# TYPE yodel_signaling_errors_total counter\n");
    for (int i = 0; i < SIGNALING_ERROR_COUNT; i++) {
        put_format(w, "yodel_signaling_errors_total{code=\"%s\"} %" PRIu64 "\n",
            signaling_core_error_name((enum signaling_error)i), stats->errors[i]);
    }
    put_text(w, "# HELP yodel_signaling_closed_total Clients that the server closed.\n"
                "# TYPE yodel_signaling_closed_total counter\n");
    for (int i = SIGNALING_CLOSE_NONE + 1; i <= SIGNALING_CLOSE_NO_MEMORY; i++) {
        put_format(w, "yodel_signaling_closed_total{reason=\"%s\"} %" PRIu64 "\n",
            signaling_core_close_text((enum signaling_close)i), stats->closed[i]);
    }
}

// A counter with a label, of which the texts are in the order of the values.
static void family(struct writer *w, const char *name, const char *help, const char *label,
    const char *const *texts, const uint64_t *values, size_t count)
{
    put_format(w, "# HELP yodel_%s %s\n# TYPE yodel_%s counter\n", name, help, name);
    for (size_t i = 0; i < count; i++) {
        put_format(w, "yodel_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, texts[i], values[i]);
    }
}

static void write_turn_refusals(const struct turn_server_stats *stats, struct writer *w)
{
    static const char *const drops[TURN_DROP_COUNT] = {"foreign", "malformed", "unanswerable",
        "challenges", "no-allocation", "no-channel", "no-permission", "forbidden", "rate", "size",
        "no-room", "connections"};
    static const char *const errors[TURN_ERROR_COUNT] = {"400", "401", "403", "420", "437", "438",
        "440", "441", "442", "443", "446", "447", "486", "500", "508"};
    static const char *const ends[TURN_END_COUNT] = {
        "client", "expired", "stream", "revoked", "failed"};

    family(w, "turn_dropped_total", "Datagrams that went nowhere.", "reason", drops, stats->drops,
        TURN_DROP_COUNT);
    family(w, "turn_errors_total", "Requests answered with an error.", "code", errors,
        stats->errors, TURN_ERROR_COUNT);
    family(w, "turn_ended_total", "Allocations that ended.", "reason", ends, stats->ended,
        TURN_END_COUNT);
}

static void write_turn_traffic(const struct turn_server_stats *stats, struct writer *w)
{
    static const char *const ways[] = {"to_peers", "to_clients"};
    const uint64_t packets[] = {stats->to_peers.packets, stats->to_clients.packets};
    const uint64_t bytes[] = {stats->to_peers.bytes, stats->to_clients.bytes};

    family(
        w, "turn_relayed_packets_total", "Datagrams relayed.", "way", ways, packets, COUNT(ways));
    family(w, "turn_relayed_bytes_total", "Their bytes, without TURN's own.", "way", ways, bytes,
        COUNT(ways));
}

static void write_turn(
    const struct server_turn *turn, const struct server_turn_workers *workers, struct writer *w)
{
    static const char *const whys[] = {"truncated", "full", "refused"};
    struct server_turn_report sum;
    server_turn_workers_report(workers, &sum);
    const struct turn_server_stats *stats = &sum.core;
    const struct server_turn_udp_stats *us = &sum.to_us, *relays = &sum.to_relays;
    const uint64_t lost[] = {
        us->truncated + relays->truncated, us->full + relays->full, us->refused + relays->refused};

    metric(w, "stun_received_total", "counter", "Datagrams.", us->in);
    metric(w, "stun_answered_total", "counter", "Binding requests answered.", stats->bindings);
    metric(w, "turn_allocations", "gauge", "Allocations now.", stats->allocations);
    metric(w, "turn_ports", "gauge", "Relayed ports taken now.", stats->ports);
    metric(w, "turn_allocations_total", "counter", "Allocations ever.", stats->allocated);
    metric(w, "turn_requests_total", "counter", "Requests with good credentials.", stats->requests);
    metric(w, "turn_connections", "gauge", "Connections of relays with peers now.",
        stats->connections);
    metric(w, "turn_connections_total", "counter", "And ever.", stats->connected);
    metric(w, "turn_streams", "gauge", "Clients over TCP and TLS now.", turn->streams.count);
    metric(w, "turn_streams_total", "counter", "And ever.", turn->streams_accepted);
    metric(w, "turn_streams_refused_total", "counter", "Over a limit.", turn->streams_refused);
    metric(w, "turn_streams_lost_total", "counter", "Datagrams that a slow client did not take.",
        turn->streams_lost);
    write_turn_traffic(stats, w);
    write_turn_refusals(stats, w);
    family(w, "turn_lost_total", "Datagrams that the system did not take or give.", "reason", whys,
        lost, COUNT(whys));
}

static void write_front(const struct server *server, struct writer *w)
{
    static const char *const kinds[SERVER_FIRST_COUNT] = {
        "silence", "http", "stun", "ice-tcp", "tls", "https", "turns", "foreign"};

    family(w, "connections_total", "Connections, by what they spoke first.", "speaks", kinds,
        server->front.told, SERVER_FIRST_COUNT);
    metric(w, "connections_refused_total", "counter", "Of these, those that nobody takes here.",
        server->front.refused + server->pumps.refused);
    metric(w, "pumps", "gauge", "HTTPS without ALPN, now.", server->pumps.count);
}

void server_metrics_write(const struct server *server, struct writer *w, yodel_time now)
{
    const struct signaling_core *core = &server->core;
    const struct signaling_stats *stats = &core->stats;

    metric(w, "uptime_seconds", "gauge", "Since the start.",
        time_since(now, server->started) / YODEL_SECONDS(1));
    metric(w, "signaling_clients", "gauge", "Connected now.", core->by_id.count);
    metric(
        w, "signaling_rooms", "gauge", "Rooms with somebody in them.", core->rooms.by_name.count);
    metric(w, "signaling_codes", "gauge", "Codes open or used.", core->codes.count);
    metric(w, "signaling_connections_total", "counter", "Clients ever.", stats->connections);
    metric(w, "signaling_paired_total", "counter", "Codes that were used.", stats->paired);
    metric(w, "signaling_received_total", "counter", "Messages from clients.", stats->received);
    metric(w, "signaling_sent_total", "counter", "Messages to clients.", stats->sent);
    write_errors(stats, w);
    metric(w, "http_requests_total", "counter", "Requests.", server->http.requests);
    metric(w, "http_refused_origin_total", "counter", "WebSockets of foreign pages.",
        server->http.refused_origin);
    metric(w, "http_refused_limit_total", "counter", "WebSockets over a limit.",
        server->http.refused_limit);
    write_front(server, w);
    write_turn(&server->turn, &server->workers, w);
}

void server_metrics_write_health(const struct server *server, struct writer *w, yodel_time now)
{
    put_format(w,
        "{\"status\":\"%s\",\"server\":\"yodel/" YODEL_VERSION "\",\"uptime\":%" PRIu64
        ",\"clients\":%zu,\"stun\":%s}\n",
        server->is_stopping ? "stopping" : "ok",
        time_since(now, server->started) / YODEL_SECONDS(1), server->core.by_id.count,
        server_turn_is_on(&server->turn) ? "true" : "false");
}
