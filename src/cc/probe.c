// Probes: when to send them, and what they show.

#include "cc/probe.h"

#include <math.h>

#define FIRST 3.0
#define SECOND 6.0
#define FURTHER 2.0
#define CONFIRMED 0.7    // Of a cluster's rate.
#define IDLE 2.0         // Of the target, while the application sends less.
#define RECOVERY 0.85    // Of the rate before a drop.
#define DROP 0.66        // A fall to below this share is one.
#define ENOUGH 0.8       // Of a cluster's packets and bytes.
#define SATURATED 0.9    // Of the rate sent; what arrives slower has met the bottleneck,
#define BELOW 0.95       // and a little less is what it carries without a queue.
#define RATIO_MAX 2.0    // Nothing arrives much faster than it was sent.
#define SPAN_MAX 1000000 // In microseconds.

void cc_probe_init(struct cc_probes *probes)
{
    *probes = (struct cc_probes){.state = CC_PROBE_START};
}

static double add(struct cc_probes *probes, double bps, double max_bps, yodel_time now)
{
    double rate = fmin(bps, max_bps);

    if (probes->waiting_count == CC_PROBE_WAITING_MAX) {
        probes->waiting[0] = probes->waiting[--probes->waiting_count];
    }
    probes->last_id += probes->last_id == UINT32_MAX ? 2 : 1; // 0 is none's.
    probes->waiting[probes->waiting_count++] = (struct cc_probe){probes->last_id, (uint64_t)rate,
        (size_t)(rate * (double)CC_PROBE_DURATION / 8e6), CC_PROBE_PACKETS_MIN};
    probes->state = CC_PROBE_WAITING;
    probes->asked = now;
    return rate;
}

void cc_probe_on_drop(struct cc_probes *probes, double bps)
{
    probes->before_drop_bps = fmax(probes->before_drop_bps, bps);
}

static void start(struct cc_probes *probes, const struct cc_probe_input *input, yodel_time now)
{
    double last = add(probes, FIRST * input->target_bps, input->max_bps, now);

    if (last < input->max_bps) {
        last = add(probes, SECOND * input->target_bps, input->max_bps, now);
    }
    probes->confirmed_bps = last * CONFIRMED;
}

// Whether the rate fell far, and has not come back by itself.
static bool is_to_recover(const struct cc_probes *probes, const struct cc_probe_input *input)
{
    return input->target_bps < DROP * probes->before_drop_bps;
}

static void probe_again(
    struct cc_probes *probes, const struct cc_probe_input *input, yodel_time now)
{
    double before = probes->before_drop_bps;

    if (!input->is_quiet || time_since(now, probes->asked) < CC_PROBE_INTERVAL) {
        return;
    }
    probes->before_drop_bps = 0;
    if (before > 0 && input->target_bps < DROP * before) {
        add(probes, RECOVERY * before, input->max_bps, now);
    } else if (input->is_application_limited && input->target_bps < input->max_bps) {
        add(probes, IDLE * input->target_bps, input->max_bps, now);
    }
    probes->confirmed_bps = 0; // One step each time: the path is in use.
}

void cc_probe_tick(struct cc_probes *probes, const struct cc_probe_input *input, yodel_time now)
{
    switch (probes->state) {
    case CC_PROBE_START:
        start(probes, input, now);
        break;
    case CC_PROBE_WAITING:
        if (time_since(now, probes->asked) >= CC_PROBE_PATIENCE) {
            probes->state = CC_PROBE_DONE;
            probes->waiting_count = 0;
        }
        break;
    case CC_PROBE_DONE:
        if (input->is_application_limited || is_to_recover(probes, input)) {
            probe_again(probes, input, now);
        }
        break;
    }
}

bool cc_probe_next(struct cc_probes *probes, struct cc_probe *probe)
{
    if (probes->waiting_count == 0) {
        return false;
    }
    *probe = probes->waiting[0];
    probes->waiting[0] = probes->waiting[1];
    probes->waiting_count--;
    probes->clusters[probe->id % CC_PROBE_CLUSTERS] = (struct cc_probe_cluster){.probe = *probe};
    return true;
}

// ---- what they show

static void count(struct cc_probe_cluster *cluster, const struct cc_probe_ack *ack)
{
    if (cluster->acked == 0 || ack->sent < cluster->first_sent) {
        cluster->first_sent = ack->sent;
    }
    if (cluster->acked == 0 || ack->sent >= cluster->last_sent) {
        cluster->last_sent = ack->sent;
        cluster->last_size = ack->size;
    }
    if (cluster->acked == 0 || ack->arrival < cluster->first_arrival) {
        cluster->first_arrival = ack->arrival;
        cluster->first_size = ack->size;
    }
    if (cluster->acked == 0 || ack->arrival > cluster->last_arrival) {
        cluster->last_arrival = ack->arrival;
    }
    cluster->acked++;
    cluster->bytes += ack->size;
}

static double rate_of(size_t bytes, uint64_t span)
{
    return span > 0 && span <= SPAN_MAX ? (double)bytes * 8e6 / (double)span : 0;
}

// The smaller of the rates at which a cluster was sent and arrived.
static double measure(const struct cc_probe_cluster *cluster)
{
    double sent =
        rate_of(cluster->bytes - cluster->last_size, cluster->last_sent - cluster->first_sent);
    double arrived = rate_of(
        cluster->bytes - cluster->first_size, cluster->last_arrival - cluster->first_arrival);

    if (sent == 0 || arrived == 0 || arrived > RATIO_MAX * sent) {
        return 0;
    }
    return arrived < SATURATED * sent ? BELOW * arrived : fmin(sent, arrived);
}

double cc_probe_acked(struct cc_probes *probes, const struct cc_probe_ack *ack)
{
    struct cc_probe_cluster *cluster = &probes->clusters[ack->id % CC_PROBE_CLUSTERS];

    if (ack->id == 0 || cluster->probe.id != ack->id) {
        return 0;
    }
    count(cluster, ack);
    if (cluster->acked < ENOUGH * cluster->probe.packets ||
        (double)cluster->bytes < ENOUGH * (double)cluster->probe.bytes) {
        return 0;
    }
    double bps = measure(cluster);
    probes->results += bps > 0;
    return bps;
}

void cc_probe_on_result(struct cc_probes *probes, double bps, double max_bps, yodel_time now)
{
    if (probes->state != CC_PROBE_WAITING || probes->confirmed_bps == 0 ||
        bps < probes->confirmed_bps) {
        return;
    }
    if (bps < max_bps) {
        probes->confirmed_bps = add(probes, FURTHER * bps, max_bps, now) * CONFIRMED;
    }
}

yodel_time cc_probe_next_timeout(const struct cc_probes *probes)
{
    return probes->state == CC_PROBE_WAITING ? time_after(probes->asked, CC_PROBE_PATIENCE)
                                             : YODEL_NEVER;
}
