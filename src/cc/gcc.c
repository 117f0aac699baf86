// Congestion control for media: the smaller of a delay-based and a loss-based rate.

#include "cc/gcc.h"

#include <math.h>

#include "base/assert.h"

#define PACING 1.5              // A frame leaves before the next, and bursts fit in a short queue.
#define APPLICATION_LIMITED 0.7 // What is sent, as a share of the target.
#define ROUND_SMOOTHING 0.125
#define REPORTS_AFTER YODEL_SECONDS(1) // Without feedback, reports count.
#define SIZE_MAX_BYTES 65535

enum fate {
    FATE_NONE, // The place was never used.
    FATE_SENT,
    FATE_LOST,
    FATE_ARRIVED,
};

static double clamp(uint64_t bps)
{
    return fmin(fmax((double)bps, CC_GCC_BPS_MIN), (double)CC_GCC_BPS_MAX);
}

void cc_gcc_init(struct cc_gcc *gcc, const struct cc_gcc_limits *limits)
{
    *gcc = (struct cc_gcc){.remb_bps = (double)CC_GCC_BPS_MAX,
        .newest_sent = YODEL_NEVER,
        .status_heard = YODEL_NEVER,
        .silence_due = YODEL_NEVER};
    cc_groups_init(&gcc->groups);
    cc_trendline_init(&gcc->trendline);
    cc_aimd_init(&gcc->aimd, clamp(limits->start_bps));
    cc_loss_init(&gcc->loss, (double)CC_GCC_BPS_MAX);
    cc_probe_init(&gcc->probes);
    cc_rate_init(&gcc->sent);
    cc_rate_init(&gcc->arrived);
    cc_rate_init(&gcc->acked);
    cc_gcc_set_limits(gcc, limits);
}

void cc_gcc_set_limits(struct cc_gcc *gcc, const struct cc_gcc_limits *limits)
{
    double min = clamp(limits->min_bps), max = fmax(clamp(limits->max_bps), min);

    cc_aimd_set_limits(&gcc->aimd, min, max);
    cc_loss_set_limits(&gcc->loss, min, max);
}

void cc_gcc_set_rtt(struct cc_gcc *gcc, yodel_duration rtt)
{
    gcc->rtt = rtt < CC_GCC_SILENCE_MAX ? rtt : CC_GCC_SILENCE_MAX;
}

static yodel_duration rtt_of(const struct cc_gcc *gcc)
{
    if (gcc->rtt > 0) {
        return gcc->rtt;
    }
    return gcc->round > 0 ? gcc->round : CC_AIMD_RTT_FIRST;
}

static double target_of(const struct cc_gcc *gcc)
{
    double target = gcc->is_blind ? gcc->loss.bps : fmin(gcc->aimd.bps, gcc->loss.bps);

    return fmax(fmin(target, gcc->remb_bps), gcc->aimd.min_bps);
}

void cc_gcc_set_feedback(struct cc_gcc *gcc, bool has_feedback)
{
    double target = target_of(gcc);

    if (gcc->is_blind == !has_feedback) {
        return;
    }
    gcc->is_blind = !has_feedback;
    cc_aimd_set(&gcc->aimd, target);
    cc_loss_set(&gcc->loss, gcc->is_blind ? target : gcc->loss.max_bps);
}

// What arrives. The same packets counted by when they were sent: a peer's clock that runs slow makes
// nothing arrive faster than it was sent.
static double acked_of(const struct cc_gcc *gcc)
{
    return fmin(cc_rate_bps(&gcc->arrived), cc_rate_bps(&gcc->acked));
}

static bool is_application_limited(const struct cc_gcc *gcc)
{
    return cc_rate_bps(&gcc->sent) < APPLICATION_LIMITED * target_of(gcc);
}

static bool is_quiet(const struct cc_gcc *gcc)
{
    return !gcc->is_silent && gcc->trendline.usage == CC_USAGE_NORMAL &&
           gcc->aimd.state == CC_AIMD_INCREASE && cc_loss_is_quiet(&gcc->loss);
}

static void tick_probes(struct cc_gcc *gcc, yodel_time now)
{
    struct cc_probe_input input = {target_of(gcc), fmin(gcc->aimd.max_bps, gcc->remb_bps),
        is_application_limited(gcc), is_quiet(gcc)};

    cc_probe_tick(&gcc->probes, &input, now);
}

// ---- silence (RFC 8836 §2: feedback that stops)

static yodel_duration silence_of(const struct cc_gcc *gcc)
{
    if (gcc->is_blind) {
        return CC_GCC_SILENCE_BLIND;
    }
    yodel_duration round = gcc->round > rtt_of(gcc) ? gcc->round : rtt_of(gcc);
    yodel_duration silence = CC_GCC_SILENCE_ROUNDS * round;

    if (silence < CC_GCC_SILENCE_MIN) {
        return CC_GCC_SILENCE_MIN;
    }
    return silence < CC_GCC_SILENCE_MAX ? silence : CC_GCC_SILENCE_MAX;
}

static void hear(struct cc_gcc *gcc, yodel_time now)
{
    bool is_all = gcc->heard_seq >= gcc->last_seq;

    gcc->resumed = gcc->is_silent ? now : gcc->resumed;
    gcc->is_heard = true;
    gcc->is_silent = false;
    gcc->silence_due = is_all ? YODEL_NEVER : time_after(now, silence_of(gcc));
}

static void halve(struct cc_gcc *gcc, yodel_time now)
{
    double target = target_of(gcc);

    cc_probe_on_drop(&gcc->probes, target);
    if (gcc->is_blind) {
        cc_loss_set(&gcc->loss, target / 2);
    } else {
        cc_aimd_set(&gcc->aimd, target / 2);
    }
    gcc->is_silent = true;
    gcc->silence_due = time_after(now, silence_of(gcc));
    gcc->halvings++;
}

// ---- inputs

void cc_gcc_sent(struct cc_gcc *gcc, const struct cc_sent *sent, yodel_time now)
{
    YODEL_ASSERT(sent->size <= SIZE_MAX_BYTES);
    cc_rate_add(&gcc->sent, sent->size, now);
    if (gcc->silence_due == YODEL_NEVER) {
        gcc->silence_due = time_after(now, silence_of(gcc));
    }
    if (gcc->is_blind) {
        return;
    }
    gcc->packets[sent->seq % CC_GCC_SENT_MAX] =
        (struct cc_gcc_packet){sent->seq, now, (uint32_t)sent->size, sent->probe, FATE_SENT};
    gcc->last_seq = sent->seq;
    if (gcc->probes.state == CC_PROBE_START) {
        tick_probes(gcc, now);
    }
}

static void arrive(struct cc_gcc *gcc, struct cc_gcc_packet *packet, uint64_t arrival)
{
    struct cc_groups_delta delta;
    double probed = cc_probe_acked(
        &gcc->probes, &(struct cc_probe_ack){packet->probe, packet->size, packet->sent, arrival});

    gcc->probed_bps = probed > 0 ? probed : gcc->probed_bps;
    cc_rate_add(&gcc->arrived, packet->size, arrival);
    cc_rate_add(&gcc->acked, packet->size, packet->sent);
    if (cc_groups_add(&gcc->groups, packet->sent, arrival, &delta)) {
        cc_trendline_add(&gcc->trendline, &delta);
        gcc->is_over |= gcc->trendline.usage == CC_USAGE_OVER;
    }
    if (gcc->newest_sent == YODEL_NEVER || packet->sent > gcc->newest_sent) {
        gcc->newest_sent = packet->sent;
    }
}

// What was sent in a silence has cost enough by that.
static void count_loss(struct cc_gcc *gcc, const struct cc_gcc_packet *packet, bool is_received)
{
    if (gcc->is_silent || packet->sent < gcc->resumed) {
        return;
    }
    if (packet->fate == FATE_LOST) {
        cc_loss_take_back(&gcc->loss, packet->size);
    } else {
        cc_loss_add(&gcc->loss, packet->sent, packet->size, is_received);
    }
}

void cc_gcc_recv_status(struct cc_gcc *gcc, const struct cc_status *status)
{
    struct cc_gcc_packet *packet = &gcc->packets[status->seq % CC_GCC_SENT_MAX];

    if (packet->fate == FATE_NONE || packet->seq != status->seq) {
        gcc->refused[CC_GCC_UNKNOWN]++;
        return;
    }
    if (packet->fate == FATE_ARRIVED || (packet->fate == FATE_LOST && !status->is_received)) {
        gcc->refused[CC_GCC_TWICE]++;
        return;
    }
    gcc->heard_seq = status->seq > gcc->heard_seq ? status->seq : gcc->heard_seq;
    count_loss(gcc, packet, status->is_received);
    packet->fate = status->is_received ? FATE_ARRIVED : FATE_LOST;
    if (status->is_received) {
        arrive(gcc, packet, status->arrival);
    }
}

static void measure_round(struct cc_gcc *gcc, yodel_time now)
{
    if (gcc->newest_sent == YODEL_NEVER) {
        return;
    }
    yodel_duration round = time_since(now, gcc->newest_sent);
    double smoothed = gcc->round == 0 ? (double)round
                                      : (1 - ROUND_SMOOTHING) * (double)gcc->round +
                                            ROUND_SMOOTHING * (double)round;
    gcc->round = (yodel_duration)smoothed;
    gcc->newest_sent = YODEL_NEVER;
}

// A cluster only ever raises the rate: what a short burst did not get through, a longer one may.
static void take_probe(struct cc_gcc *gcc, yodel_time now)
{
    double probed = gcc->probed_bps;

    gcc->probed_bps = 0;
    if (probed == 0 || gcc->is_over || gcc->trendline.usage == CC_USAGE_OVER) {
        return;
    }
    if (probed > gcc->aimd.bps) {
        cc_aimd_set(&gcc->aimd, probed);
    }
    if (cc_loss_is_quiet(&gcc->loss)) {
        cc_loss_raise(&gcc->loss, probed);
    }
    cc_probe_on_result(&gcc->probes, probed, gcc->aimd.max_bps, now);
}

void cc_gcc_feedback_end(struct cc_gcc *gcc, yodel_time now)
{
    double before = target_of(gcc);
    struct cc_aimd_input input = {gcc->is_over ? CC_USAGE_OVER : gcc->trendline.usage,
        acked_of(gcc), is_application_limited(gcc), rtt_of(gcc)};

    cc_rate_advance(&gcc->sent, now);
    measure_round(gcc, now);
    take_probe(gcc, now);
    cc_aimd_update(&gcc->aimd, &input, now);
    cc_loss_update(&gcc->loss, before, rtt_of(gcc), now);
    gcc->is_over = false;
    gcc->status_heard = now;
    if (target_of(gcc) < before) {
        cc_probe_on_drop(&gcc->probes, before);
    }
    hear(gcc, now);
    tick_probes(gcc, now);
}

void cc_gcc_recv_report(struct cc_gcc *gcc, uint8_t fraction_lost, yodel_time now)
{
    double sent = cc_rate_bps(&gcc->sent), before = gcc->loss.bps;
    bool is_limited = is_application_limited(gcc);

    if (!gcc->is_blind && gcc->status_heard != YODEL_NEVER &&
        time_since(now, gcc->status_heard) < REPORTS_AFTER) {
        return;
    }
    if (sent > 0) {
        cc_loss_report(&gcc->loss, fraction_lost / 256.0, sent, target_of(gcc), rtt_of(gcc), now);
    }
    if (gcc->is_blind && is_limited && gcc->loss.bps > before) {
        cc_loss_set(&gcc->loss, before); // That little gets through says nothing of more.
    }
    hear(gcc, now);
}

void cc_gcc_recv_remb(struct cc_gcc *gcc, uint64_t bps)
{
    gcc->remb_bps = clamp(bps);
}

void cc_gcc_tick(struct cc_gcc *gcc, yodel_time now)
{
    cc_rate_advance(&gcc->sent, now);
    if (now >= gcc->silence_due) {
        halve(gcc, now);
    }
    if (!gcc->is_blind && now >= cc_probe_next_timeout(&gcc->probes)) {
        tick_probes(gcc, now);
    }
}

yodel_time cc_gcc_next_timeout(const struct cc_gcc *gcc)
{
    yodel_time probe = gcc->is_blind ? YODEL_NEVER : cc_probe_next_timeout(&gcc->probes);

    return time_min(gcc->silence_due, probe);
}

// ---- outputs

static enum cc_reason reason_of(const struct cc_gcc *gcc)
{
    double target = target_of(gcc);

    if (gcc->is_silent) {
        return CC_REASON_SILENCE;
    }
    if (!gcc->is_heard) {
        return CC_REASON_START;
    }
    if (target >= gcc->aimd.max_bps) {
        return CC_REASON_MAX;
    }
    if (gcc->remb_bps <= target) {
        return CC_REASON_REMB;
    }
    if (gcc->loss.bps <= target && !(gcc->is_blind && cc_loss_is_quiet(&gcc->loss))) {
        return CC_REASON_LOSS;
    }
    if (!gcc->is_blind && gcc->aimd.state != CC_AIMD_INCREASE) {
        return CC_REASON_DELAY;
    }
    return is_application_limited(gcc) ? CC_REASON_APPLICATION : CC_REASON_GROWING;
}

struct cc_target cc_gcc_target(const struct cc_gcc *gcc)
{
    double target = target_of(gcc);

    return (struct cc_target){
        .target_bps = (uint64_t)target,
        .pacing_bps = (uint64_t)(PACING * target),
        .acked_bps = (uint64_t)acked_of(gcc),
        .sent_bps = (uint64_t)cc_rate_bps(&gcc->sent),
        .loss = gcc->loss.fraction,
        .rtt = rtt_of(gcc),
        .usage = gcc->trendline.usage,
        .reason = reason_of(gcc),
    };
}

bool cc_gcc_next_probe(struct cc_gcc *gcc, struct cc_probe *probe)
{
    return cc_probe_next(&gcc->probes, probe);
}
