// Nomination and selection: the choice, and changing one's mind.
//
// Implements  RFC 8445 §8.1.1, §8.2, §12.1
// Departs     a selected pair that fell silent is left for another without a restart, where checks
//             found one that works; browsers do so too

#include "ice/nominate.h"

#include "ice/ice.h"

// A selected pair that does not answer counts as any other pair that was not checked.
static bool is_silent(const struct ice *ice, size_t index)
{
    return ice->selected.is_used && ice->selected.pair == index && ice->consent.is_silent;
}

static bool is_valid(const struct ice *ice, size_t index)
{
    const struct ice_pair *pair = &ice->pairs[index];

    return pair->is_used && pair->state == ICE_PAIR_SUCCEEDED && !is_silent(ice, index);
}

static bool is_preferred(const struct ice_pair *pair, const struct ice_pair *best)
{
    if (pair->is_nominated != best->is_nominated) {
        return pair->is_nominated;
    }
    return pair->priority > best->priority;
}

void ice_nominate_switch_role(struct ice *ice, bool is_controlling)
{
    if (ice->is_controlling == is_controlling) {
        return;
    }
    ice->is_controlling = is_controlling;
    ice->nominated_since = YODEL_NEVER;
    for (size_t i = 0; i < ice->pair_end; i++) {
        struct ice_pair *pair = &ice->pairs[i];

        pair->is_nominating = false;
        pair->is_peer_nominated = false;
    }
    ice_pair_update_priorities(ice);
}

// ---- Nomination, by the controlling agent.

static uint8_t best_valid(const struct ice *ice)
{
    uint8_t best = ICE_NONE;

    for (uint8_t i = 0; i < ice->pair_end; i++) {
        if (is_valid(ice, i) &&
            (best == ICE_NONE || ice->pairs[i].priority > ice->pairs[best].priority)) {
            best = i;
        }
    }
    return best;
}

static uint8_t best_chosen(const struct ice *ice)
{
    uint8_t best = ICE_NONE;

    for (uint8_t i = 0; i < ice->pair_end; i++) {
        const struct ice_pair *pair = &ice->pairs[i];
        if (is_valid(ice, i) && (pair->is_nominated || pair->is_nominating) &&
            (best == ICE_NONE || pair->priority > ice->pairs[best].priority)) {
            best = i;
        }
    }
    return best;
}

static void nominate(struct ice *ice, uint8_t index, yodel_time now)
{
    ice->pairs[index].is_nominating = true;
    ice->nominated_since = time_min(ice->nominated_since, now);
    ice_pair_trigger(ice, &ice->pairs[index]);
}

// What goes through a relay, from either side, or over TCP, is the last choice: it waits longer for
// others.
static yodel_duration patience_for(const struct ice *ice, uint8_t index)
{
    const struct ice_pair *pair = &ice->pairs[index];
    bool is_last = ice->locals[pair->local].type == ICE_RELAY ||
                   ice->remotes[pair->remote].type == ICE_RELAY || ice_pair_is_tcp(ice, pair);

    return is_last ? ICE_NOMINATE_WAIT_RELAY : ICE_NOMINATE_WAIT;
}

static void choose(struct ice *ice, yodel_time now)
{
    uint8_t best = best_valid(ice);
    uint8_t chosen = best_chosen(ice);

    if (best == ICE_NONE || best == chosen) {
        return;
    }
    ice->valid_since = time_min(ice->valid_since, now);
    if (chosen == ICE_NONE) {
        if (now >= time_after(ice->valid_since, patience_for(ice, best)) ||
            !ice_pair_may_better_follow(ice, ice->pairs[best].priority)) {
            nominate(ice, best, now);
        }
    } else if (now < time_after(ice->nominated_since, ICE_NOMINATE_WINDOW)) {
        nominate(ice, best, now); // It is better, or it would be the chosen one.
    }
}

// ---- Selection, by both.

static uint8_t best_to_use(const struct ice *ice)
{
    uint8_t best = ICE_NONE;

    for (uint8_t i = 0; i < ice->pair_end; i++) {
        if (is_valid(ice, i) &&
            (best == ICE_NONE || is_preferred(&ice->pairs[i], &ice->pairs[best]))) {
            best = i;
        }
    }
    return best;
}

static void leave(struct ice *ice)
{
    struct ice_pair *pair = &ice->pairs[ice->selected.pair];

    if (ice->consent.is_silent || ice->consent.is_doubted) {
        ice->revival = ICE_REVIVAL_MOVED;
    }
    // It may come back, but not by what it was: soon enough, and it is nominated anew.
    if (ice->consent.is_silent && pair->state == ICE_PAIR_SUCCEEDED) {
        pair->state = ICE_PAIR_WAITING;
        pair->is_nominated = false;
        pair->is_peer_nominated = false;
        ice->nominated_since = YODEL_NEVER;
    }
}

static void use(struct ice *ice, uint8_t index, yodel_time now)
{
    if (ice->selected.is_used && ice->selected.pair != ICE_NONE) {
        leave(ice);
    }
    const struct ice_pair *pair = &ice->pairs[index];
    ice->selected = (struct ice_selected){
        .is_used = true, .pair = index, .since = now, .path = ice_pair_path(ice, pair)};
    ice->has_selected_event = true;
    ice->stats.rtt = pair->rtt;
    ice_consent_start(ice, pair->succeeded_at, now);
}

void ice_nominate_run(struct ice *ice, yodel_time now)
{
    if (ice->is_controlling && !ice->config.is_lite) {
        choose(ice, now);
    }
    uint8_t best = best_to_use(ice);
    if (best == ICE_NONE || (ice->selected.is_used && best == ice->selected.pair)) {
        return;
    }
    // §9: until the restart has nominated something, what worked goes on working.
    bool is_kept = ice->selected.is_used && ice->selected.is_previous && !ice->consent.is_silent &&
                   !ice->pairs[best].is_nominated;
    if (!is_kept) {
        use(ice, best, now);
    }
}

yodel_time ice_nominate_next_timeout(const struct ice *ice)
{
    uint8_t best = best_valid(ice);
    bool is_waiting = ice->is_controlling && ice->valid_since != YODEL_NEVER &&
                      best_chosen(ice) == ICE_NONE && best != ICE_NONE;

    return is_waiting ? time_after(ice->valid_since, patience_for(ice, best)) : YODEL_NEVER;
}
