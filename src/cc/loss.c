// The loss-based rate: draft-ietf-rmcat-gcc-02 §6, on the loss that is ours.

#include "cc/loss.h"

#include <math.h>

#define LOW 0.02 // §6
#define HIGH 0.10
#define GROWTH 1.08
#define UPDATE_US_MAX 1e6
#define DECREASE_INTERVAL YODEL_MS(300) // And a round trip: what a step down does must show first.
#define AVERAGED 16.0                   // Observations.
#define VARIATION_MIN 0.03              // Of what is sent, for a slope to mean something.
#define SLOPE_MIN 0.5

void cc_loss_init(struct cc_loss *loss, double max_bps)
{
    *loss = (struct cc_loss){.bps = max_bps, .max_bps = max_bps, .decreased = YODEL_NEVER};
}

void cc_loss_set(struct cc_loss *loss, double bps)
{
    loss->bps = fmin(fmax(bps, loss->min_bps), loss->max_bps);
}

void cc_loss_set_limits(struct cc_loss *loss, double min_bps, double max_bps)
{
    bool is_free = loss->bps >= loss->max_bps;

    loss->min_bps = min_bps;
    loss->max_bps = max_bps;
    cc_loss_set(loss, is_free ? max_bps : loss->bps);
}

// ---- counting

void cc_loss_add(struct cc_loss *loss, yodel_time sent, size_t size, bool is_received)
{
    struct cc_loss_count *count = &loss->count;

    if (count->packets == 0) {
        count->first_sent = sent;
    }
    count->last_sent = sent > count->last_sent ? sent : count->last_sent;
    count->packets++;
    count->bytes += size;
    count->lost += !is_received;
    count->lost_bytes += is_received ? 0 : size;
}

void cc_loss_take_back(struct cc_loss *loss, size_t size)
{
    if (loss->count.lost > 0 && loss->count.lost_bytes >= size) {
        loss->count.lost--;
        loss->count.lost_bytes -= size;
    }
}

// ---- whose loss it is

// The share of what was lost that more sending is to blame for. Judged by what was usual before.
static double excess_of(const struct cc_loss *loss, double usual)
{
    double innocent = loss->is_ours ? 0 : fmin(usual, CC_LOSS_INNOCENT_MAX);

    return fmax(0, (loss->fraction - innocent) / (1 - innocent));
}

static void learn(struct cc_loss *loss, double sent, double delivered, double fraction)
{
    double weight = 1 / fmin((double)++loss->observations, AVERAGED);
    double sent_off = sent - loss->sent_bps;
    double delivered_off = delivered - loss->delivered_bps;
    double usual = loss->usual;

    loss->sent_bps += weight * sent_off;
    loss->delivered_bps += weight * delivered_off;
    loss->variance = (1 - weight) * (loss->variance + weight * sent_off * sent_off);
    loss->covariance = (1 - weight) * (loss->covariance + weight * sent_off * delivered_off);
    loss->usual += weight * (fraction - loss->usual);
    loss->fraction = fraction;
    loss->is_ours = loss->variance > pow(VARIATION_MIN * loss->sent_bps, 2) &&
                    loss->covariance < SLOPE_MIN * loss->variance;
    loss->excess = excess_of(loss, usual);
}

bool cc_loss_is_quiet(const struct cc_loss *loss)
{
    return loss->excess < LOW;
}

void cc_loss_raise(struct cc_loss *loss, double bps)
{
    if (bps > loss->bps) {
        cc_loss_set(loss, bps);
    }
}

// ---- what it costs

static void apply(struct cc_loss *loss, double target, yodel_duration rtt, yodel_time now)
{
    double us = fmin((double)time_since(now, loss->updated), UPDATE_US_MAX);

    loss->updated = now;
    if (loss->excess < LOW) {
        cc_loss_set(loss, loss->bps * pow(GROWTH, us / 1e6));
        return;
    }
    cc_loss_set(loss, fmin(loss->bps, target));
    if (loss->excess <= HIGH && !loss->is_ours) {
        return;
    }
    if (loss->decreased == YODEL_NEVER ||
        time_since(now, loss->decreased) >= DECREASE_INTERVAL + rtt) {
        cc_loss_set(loss, loss->bps * (1 - 0.5 * loss->excess));
        loss->decreased = now;
    }
}

void cc_loss_report(struct cc_loss *loss, double fraction, double sent_bps, double target_bps,
    yodel_duration rtt, yodel_time now)
{
    learn(loss, sent_bps, sent_bps * (1 - fraction), fraction);
    apply(loss, target_bps, rtt, now);
}

void cc_loss_update(struct cc_loss *loss, double target_bps, yodel_duration rtt, yodel_time now)
{
    struct cc_loss_count count = loss->count;
    yodel_duration span = time_since(count.last_sent, count.first_sent);

    if (count.packets < CC_LOSS_PACKETS_MIN || span < CC_LOSS_SPAN_MIN) {
        return;
    }
    loss->count = (struct cc_loss_count){.packets = 0};
    learn(loss, (double)count.bytes * 8e6 / (double)span,
        (double)(count.bytes - count.lost_bytes) * 8e6 / (double)span,
        (double)count.lost / (double)count.packets);
    apply(loss, target_bps, rtt, now);
}
