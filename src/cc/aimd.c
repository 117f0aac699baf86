// The delay-based rate: draft-ietf-rmcat-gcc-02 §5.5.

#include "cc/aimd.h"

#include <math.h>

#define GROWTH 1.08 // §5.5, eta, per second, far from what the path carries.
#define GROWTH_US 1e6
#define UPDATE_US_MAX 1e6
#define PACKET_BITS (1200 * 8) // Near it: half of a packet in each response time.
#define RESPONSE YODEL_MS(100) // §5.5: the response time is this and a round trip.
#define ADDITIVE_MIN 4000.0    // In bit/s per second: a small rate grows as well.
#define ACKED_HEADROOM 1.5     // §5.5: A_hat(i) < 1.5 * R_hat(i)
#define ACKED_MARGIN 10000.0
#define CAPACITY_SMOOTHING 0.05
#define VARIANCE_MIN 0.4 // In kbit/s, as a share of the average's kbit/s.
#define VARIANCE_MAX 2.5
#define DEVIATIONS 3.0
#define AGAIN_MIN YODEL_MS(10) // Between two steps down: a round trip within these.
#define AGAIN_MAX YODEL_MS(200)

void cc_aimd_init(struct cc_aimd *aimd, double start_bps)
{
    *aimd = (struct cc_aimd){
        .bps = start_bps, .max_bps = start_bps, .updated = YODEL_NEVER, .decreased = YODEL_NEVER};
}

void cc_aimd_set(struct cc_aimd *aimd, double bps)
{
    aimd->bps = fmin(fmax(bps, aimd->min_bps), aimd->max_bps);
}

void cc_aimd_set_limits(struct cc_aimd *aimd, double min_bps, double max_bps)
{
    aimd->min_bps = min_bps;
    aimd->max_bps = max_bps;
    cc_aimd_set(aimd, aimd->bps);
}

// ---- the average of what arrived when it was too much (§5.5: close to convergence)

static double deviation_bps(const struct cc_aimd *aimd)
{
    return sqrt(aimd->variance * aimd->capacity_bps / 1e3) * 1e3;
}

static void learn_capacity(struct cc_aimd *aimd, double acked)
{
    if (aimd->capacity_bps == 0) {
        aimd->capacity_bps = acked;
        aimd->variance = VARIANCE_MIN;
        return;
    }
    double off = (acked - aimd->capacity_bps) / 1e3;
    double relative = off * off / fmax(aimd->capacity_bps / 1e3, 1);
    aimd->capacity_bps += CAPACITY_SMOOTHING * (acked - aimd->capacity_bps);
    aimd->variance += CAPACITY_SMOOTHING * (relative - aimd->variance);
    aimd->variance = fmin(fmax(aimd->variance, VARIANCE_MIN), VARIANCE_MAX);
}

static bool is_above_capacity(const struct cc_aimd *aimd, double acked)
{
    return aimd->capacity_bps > 0 && acked > aimd->capacity_bps + DEVIATIONS * deviation_bps(aimd);
}

static bool is_below_capacity(const struct cc_aimd *aimd, double acked)
{
    return aimd->capacity_bps > 0 && acked < aimd->capacity_bps - DEVIATIONS * deviation_bps(aimd);
}

// ---- up and down

static double additive(const struct cc_aimd *aimd, yodel_duration rtt, double us)
{
    double response_us = (double)(rtt + RESPONSE);
    double per_second = 0.5 * PACKET_BITS * 1e6 / response_us;

    return aimd->bps + fmax(per_second, ADDITIVE_MIN) * us / 1e6;
}

static void increase(struct cc_aimd *aimd, const struct cc_aimd_input *input, double us)
{
    double acked = input->acked_bps;

    if (acked == 0) {
        return; // Nothing is known to arrive.
    }
    if (is_above_capacity(aimd, acked)) {
        aimd->capacity_bps = 0; // The path has become wider.
    }
    double bps = aimd->capacity_bps > 0 ? additive(aimd, input->rtt, us)
                                        : aimd->bps * pow(GROWTH, us / GROWTH_US);
    bps = fmin(bps, ACKED_HEADROOM * acked + ACKED_MARGIN);
    if (bps > aimd->bps) {
        cc_aimd_set(aimd, bps);
    }
}

static bool is_time_to_decrease(
    const struct cc_aimd *aimd, const struct cc_aimd_input *input, yodel_time now)
{
    yodel_duration wait = input->rtt < AGAIN_MIN ? AGAIN_MIN : input->rtt;

    wait = wait > AGAIN_MAX ? AGAIN_MAX : wait;
    return aimd->decreased == YODEL_NEVER || time_since(now, aimd->decreased) >= wait;
}

static void decrease(struct cc_aimd *aimd, const struct cc_aimd_input *input, yodel_time now)
{
    double acked = input->acked_bps;
    double bps = CC_AIMD_BETA * (acked > 0 ? acked : aimd->bps);

    if (!is_time_to_decrease(aimd, input, now)) {
        return;
    }
    if (input->is_application_limited) {
        bps = fmax(bps, aimd->bps / 2);
    } else if (acked > 0) {
        if (is_below_capacity(aimd, acked)) {
            aimd->capacity_bps = 0; // The path has become narrower.
        }
        learn_capacity(aimd, acked);
    }
    if (bps < aimd->bps) {
        cc_aimd_set(aimd, bps);
    }
    aimd->decreased = now;
    aimd->decreases++;
}

static enum cc_aimd_state next_state(enum cc_aimd_state state, enum cc_usage usage)
{
    switch (usage) {
    case CC_USAGE_OVER:
        return CC_AIMD_DECREASE;
    case CC_USAGE_UNDER:
        return CC_AIMD_HOLD; // §5.5: until the queue is empty.
    case CC_USAGE_NORMAL:
        break;
    }
    return state == CC_AIMD_DECREASE ? CC_AIMD_HOLD : CC_AIMD_INCREASE;
}

void cc_aimd_update(struct cc_aimd *aimd, const struct cc_aimd_input *input, yodel_time now)
{
    double us = fmin((double)time_since(now, aimd->updated), UPDATE_US_MAX);

    aimd->updated = now;
    aimd->state = next_state(aimd->state, input->usage);
    switch (aimd->state) {
    case CC_AIMD_INCREASE:
        increase(aimd, input, us);
        break;
    case CC_AIMD_DECREASE:
        decrease(aimd, input, now);
        break;
    case CC_AIMD_HOLD:
        break;
    }
}
