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
    metric(w, "stun_received_total", "counter", "Datagrams.", server->stun.received);
    metric(
        w, "stun_answered_total", "counter", "Binding requests answered.", server->stun.answered);
}

void server_metrics_write_health(const struct server *server, struct writer *w, yodel_time now)
{
    put_format(w,
        "{\"status\":\"%s\",\"server\":\"yodel/" YODEL_VERSION "\",\"uptime\":%" PRIu64
        ",\"clients\":%zu,\"stun\":%s}\n",
        server->is_stopping ? "stopping" : "ok",
        time_since(now, server->started) / YODEL_SECONDS(1), server->core.by_id.count,
        server->stun.fd >= 0 ? "true" : "false");
}
