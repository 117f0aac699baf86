// Pacing: a debt in bytes that falls with time, and clusters that are sent by a clock of their own.

#include "cc/pacer.h"

#include <math.h>

#define LEFT_MIN YODEL_MS(100) // However late it is, a queue is not sent in one burst.
#define BPS_MIN 1000.0

void cc_pacer_init(struct cc_pacer *pacer, uint64_t pacing_bps, yodel_time now)
{
    *pacer = (struct cc_pacer){
        .bps = fmax((double)pacing_bps, BPS_MIN), .queue = {0, YODEL_NEVER}, .updated = now};
}

static double bytes_in(double bps, yodel_duration duration)
{
    return bps * (double)duration / 8e6;
}

static double rate_at(const struct cc_pacer *pacer, yodel_time now)
{
    const struct cc_pacer_queue *queue = &pacer->queue;

    if (queue->oldest == YODEL_NEVER) {
        return pacer->bps;
    }
    yodel_duration left = time_since(time_after(queue->oldest, CC_PACER_WAIT_MAX), now);
    left = left > LEFT_MIN ? left : LEFT_MIN;
    return fmax(pacer->bps, (double)queue->bytes * 8e6 / (double)left);
}

static double debt_at(const struct cc_pacer *pacer, yodel_time now)
{
    double paid = bytes_in(rate_at(pacer, now), time_since(now, pacer->updated));

    return fmax(0, pacer->debt - paid);
}

static double padding_at(const struct cc_pacer *pacer, yodel_time now)
{
    double earned = bytes_in(pacer->padding_bps, time_since(now, pacer->updated));

    return fmin(pacer->padding + earned, bytes_in(pacer->padding_bps, CC_PACER_BURST));
}

static void update(struct cc_pacer *pacer, yodel_time now)
{
    pacer->debt = debt_at(pacer, now);
    pacer->padding = padding_at(pacer, now);
    pacer->updated = now;
}

void cc_pacer_set_rates(
    struct cc_pacer *pacer, uint64_t pacing_bps, uint64_t padding_bps, yodel_time now)
{
    update(pacer, now);
    pacer->bps = fmax((double)pacing_bps, BPS_MIN);
    pacer->padding_bps = (double)padding_bps;
}

void cc_pacer_set_queue(struct cc_pacer *pacer, const struct cc_pacer_queue *queue, yodel_time now)
{
    update(pacer, now);
    pacer->queue = *queue;
}

bool cc_pacer_is_probing(const struct cc_pacer *pacer)
{
    return pacer->probe.id != 0;
}

void cc_pacer_start_probe(struct cc_pacer *pacer, const struct cc_probe *probe, yodel_time now)
{
    pacer->probe = *probe;
    pacer->probe_bytes = 0;
    pacer->probe_packets = 0;
    pacer->probe_asked = now;
    pacer->probe_due = now;
}

static double allowance(const struct cc_pacer *pacer, yodel_time now)
{
    return bytes_in(rate_at(pacer, now), CC_PACER_BURST);
}

bool cc_pacer_may_send(const struct cc_pacer *pacer, enum cc_pacer_kind kind, yodel_time now)
{
    if (kind == CC_PACER_AUDIO) {
        return true;
    }
    if (cc_pacer_is_probing(pacer)) {
        return now >= pacer->probe_due;
    }
    if (kind == CC_PACER_PADDING &&
        (pacer->padding_bps == 0 || pacer->queue.bytes > 0 || padding_at(pacer, now) < 0)) {
        return false;
    }
    return debt_at(pacer, now) <= allowance(pacer, now);
}

static uint32_t sent_in_probe(struct cc_pacer *pacer, size_t size, yodel_time now)
{
    uint32_t id = pacer->probe.id;
    yodel_time begun = pacer->probe_bytes == 0 ? now : pacer->probe_asked;

    pacer->probe_asked = begun; // From its first packet on it is timed.
    pacer->probe_bytes += size;
    pacer->probe_packets++;
    pacer->probe_due = time_after(
        begun, (yodel_duration)((double)pacer->probe_bytes * 8e6 / (double)pacer->probe.rate_bps));
    if (pacer->probe_bytes >= pacer->probe.bytes && pacer->probe_packets >= pacer->probe.packets) {
        pacer->probe.id = 0;
    }
    return id;
}

uint32_t cc_pacer_sent(struct cc_pacer *pacer, enum cc_pacer_kind kind, size_t size, yodel_time now)
{
    update(pacer, now);
    pacer->debt = fmin(pacer->debt + (double)size, bytes_in(pacer->bps, CC_PACER_DEBT_MAX));
    if (kind == CC_PACER_PADDING && !cc_pacer_is_probing(pacer)) {
        pacer->padding -= (double)size;
    }
    // Audio goes when it likes: it would spoil a cluster's timing.
    return cc_pacer_is_probing(pacer) && kind != CC_PACER_AUDIO ? sent_in_probe(pacer, size, now)
                                                                : 0;
}

void cc_pacer_tick(struct cc_pacer *pacer, yodel_time now)
{
    if (cc_pacer_is_probing(pacer) &&
        time_since(now, pacer->probe_asked) >= CC_PACER_PROBE_PATIENCE) {
        pacer->probe.id = 0;
    }
}

// How long until `bytes` are made up for at `bps`.
static yodel_time when(yodel_time now, double bytes, double bps)
{
    return bytes <= 0 ? now : time_after(now, (yodel_duration)ceil(bytes * 8e6 / bps));
}

yodel_time cc_pacer_next_timeout(const struct cc_pacer *pacer, yodel_time now)
{
    if (cc_pacer_is_probing(pacer)) {
        return pacer->probe_due > now ? pacer->probe_due
                                      : time_after(pacer->probe_asked, CC_PACER_PROBE_PATIENCE);
    }
    double rate = rate_at(pacer, now);
    yodel_time paid = when(now, debt_at(pacer, now) - allowance(pacer, now), rate);
    if (pacer->queue.bytes > 0) {
        return paid;
    }
    if (pacer->padding_bps == 0) {
        return YODEL_NEVER;
    }
    yodel_time earned = when(now, -padding_at(pacer, now), pacer->padding_bps);
    return earned > paid ? earned : paid;
}
