// Lite: what checks mean, and what is done without any.

#include "ice/lite.h"

#include "ice/ice.h"

static bool is_alone(const struct ice *ice)
{
    return ice->config.is_lite && ice->is_remote_lite;
}

bool ice_lite_may_control(const struct ice *ice)
{
    return !ice->config.is_lite || ice->is_remote_lite;
}

static void nominate(struct ice_pair *pair, yodel_time now)
{
    pair->succeeded_at = pair->state == ICE_PAIR_SUCCEEDED ? pair->succeeded_at : now;
    pair->state = ICE_PAIR_SUCCEEDED;
    pair->is_nominated = true;
}

// Who nominated several at first (RFC 5245 §8.1.1.2) has stopped by then; and what nothing comes along
// any more is not the one that it uses.
static bool is_past(const struct ice *ice, const struct ice_pair *selected, yodel_time now)
{
    return time_since(now, selected->succeeded_at) >= ICE_NOMINATE_WINDOW ||
           time_since(now, ice->consent.heard_at) >= ICE_CONSENT_SILENCE;
}

// The peer has changed its mind.
static void leave_older(struct ice *ice, uint8_t chosen, yodel_time now)
{
    uint8_t selected = ice->selected.is_used ? ice->selected.pair : ICE_NONE;

    if (selected == ICE_NONE || selected == chosen || !is_past(ice, &ice->pairs[selected], now)) {
        return;
    }
    ice->pairs[selected].state = ICE_PAIR_WAITING;
    ice->pairs[selected].is_nominated = false;
}

void ice_lite_checked(struct ice *ice, uint8_t pair, bool is_nominated, yodel_time now)
{
    if (is_nominated) {
        leave_older(ice, pair, now);
        nominate(&ice->pairs[pair], now); // §7.3.2: no check of our own has to succeed.
    }
    if (ice->selected.is_used && ice->selected.pair == pair) {
        ice_consent_answered(ice, now);
    }
}

void ice_lite_heard_beside(struct ice *ice, const struct yodel_path *path, yodel_time now)
{
    uint8_t pair = ice->config.is_lite ? ice_pair_find_path(ice, path) : ICE_NONE;

    if (pair != ICE_NONE && ice->pairs[pair].is_nominated) {
        leave_older(ice, pair, now);
        ice->quiet_until = 0;
    }
}

void ice_lite_heard(struct ice *ice, yodel_time now)
{
    if (is_alone(ice)) {
        ice_consent_answered(ice, now);
    }
}

// §8.2: the candidates' priorities are an order too, and the same at both ends.
void ice_lite_run(struct ice *ice, yodel_time now)
{
    struct ice_pair *best = NULL;

    for (size_t i = 0; i < ice->pair_end && is_alone(ice) && ice->has_remote; i++) {
        struct ice_pair *pair = &ice->pairs[i];
        if (pair->is_used && (!best || pair->priority > best->priority)) {
            best = pair;
        }
    }
    if (best) {
        nominate(best, now);
    }
}
