// Consent: asking the peer along the selected path, and drawing the conclusions.
//
// Implements  RFC 7675 §5.1

#include "ice/consent.h"

#include "ice/ice.h"
#include "stun/auth.h"

static yodel_duration random_period(const struct ice *ice)
{
    // §5.1: 0.8 to 1.2 times the period, so that many agents do not fall into step.
    yodel_duration spread = ICE_CONSENT_PERIOD * 2 / 5;

    return ICE_CONSENT_PERIOD - spread / 2 + env_random_u32(ice->env) % (spread + 1);
}

static bool is_on(const struct ice *ice)
{
    return ice->selected.is_used && !ice->is_closed;
}

void ice_consent_start(struct ice *ice, yodel_time answered_at, yodel_time now)
{
    bool is_recent = time_since(now, answered_at) < ICE_CONSENT_PERIOD;

    // A pair that is chosen long after its check has been heard since; but ask at once.
    ice->consent = (struct ice_consent){
        .answered_at = now,
        .heard_at = now,
        .asked_at = YODEL_NEVER,
        .unheard_since = YODEL_NEVER,
        .other_at = YODEL_NEVER,
        .due = is_recent ? time_after(now, random_period(ice)) : now,
    };
}

void ice_consent_answered(struct ice *ice, yodel_time now)
{
    struct ice_consent *consent = &ice->consent;

    if (consent->asked_at != YODEL_NEVER) {
        consent->due = time_after(now, random_period(ice));
    }
    if (consent->is_doubted && ice->revival == ICE_REVIVAL_NONE) {
        ice->revival = ICE_REVIVAL_ANSWERED;
    }
    consent->answered_at = consent->heard_at = now;
    consent->asked_at = YODEL_NEVER;
    consent->other_at = YODEL_NEVER;
    consent->is_silent = false;
    consent->is_trying = false;
    consent->is_disconnected = false;
    consent->is_doubted = false;
    consent->unheard_since = YODEL_NEVER;
}

void ice_consent_sent(struct ice *ice, yodel_time now)
{
    struct ice_consent *consent = &ice->consent;

    if (consent->unheard_since == YODEL_NEVER && !ice->config.is_lite) {
        consent->unheard_since = now;
        ice->quiet_until = time_min(ice->quiet_until, time_after(now, ICE_CONSENT_SILENCE));
    }
}

// A long queue is no silence; whether there is consent is another question.
void ice_consent_heard(struct ice *ice, bool is_data, yodel_time now)
{
    struct ice_consent *consent = &ice->consent;

    consent->heard_at = now;
    if (is_data) {
        consent->unheard_since = YODEL_NEVER;
    }
    if (!consent->is_silent) {
        ice->quiet_until = consent->is_doubted || consent->is_trying ? 0 : ice->quiet_until;
        consent->is_doubted = false;
        consent->is_trying = false;
        consent->other_at = YODEL_NEVER;
    }
}

static void ask_at_once(struct ice_consent *consent, yodel_time now)
{
    if (consent->asked_at == YODEL_NEVER) {
        consent->due = time_min(consent->due, now);
    }
}

static bool is_heard_lately(const struct ice_consent *consent, yodel_time now)
{
    return time_since(now, consent->heard_at) < ICE_CONSENT_SILENCE;
}

void ice_consent_doubt(struct ice *ice, yodel_time now)
{
    struct ice_consent *consent = &ice->consent;

    if (!ice->config.is_lite && !is_heard_lately(consent, now)) { // Or it cannot ask.
        ask_at_once(consent, now);
        consent->is_doubted = true;
    }
}

// Nothing came of what was sent: a peer that asks, and says nothing else, may not hear us.
static void doubt_silence(struct ice_consent *consent, yodel_time now)
{
    ask_at_once(consent, now);
    consent->is_doubted = !is_heard_lately(consent, now);
    consent->unheard_since = YODEL_NEVER;
}

static size_t index_of(const struct ice_consent *consent, const struct stun_msg *msg)
{
    size_t i = 0;

    while (i < ICE_CONSENT_IDS_MAX &&
           !(consent->ids[i].is_used && memcmp(consent->ids[i].id, msg->id, STUN_ID_SIZE) == 0)) {
        i++;
    }
    return i;
}

bool ice_consent_matches(const struct ice *ice, const struct stun_msg *msg)
{
    return is_on(ice) && index_of(&ice->consent, msg) < ICE_CONSENT_IDS_MAX;
}

void ice_consent_recv(
    struct ice *ice, const struct yodel_path *path, const struct stun_msg *msg, yodel_time now)
{
    size_t at = index_of(&ice->consent, msg);
    const char *pwd = ice->selected.is_previous ? ice->previous_remote.pwd : ice->remote.pwd;

    if (stun_auth_check(msg, bytes_of_text(pwd)) != YODEL_OK) {
        ice->stats.drops[ICE_DROP_INTEGRITY]++;
        return;
    }
    if (!path_equal(path, &ice->selected.path)) {
        ice->stats.drops[ICE_DROP_PATH]++;
        return;
    }
    ice->stats.responses_received++;
    ice->consent.ids[at].is_used = false;
    // §5.1: only a success is consent. An error is neither that nor its end: silence will tell.
    if (stun_msg_class(msg) == STUN_SUCCESS) {
        ice->stats.rtt = time_since(now, ice->consent.ids[at].sent_at);
        ice->stats.rtt_total += ice->stats.rtt;
        ice_consent_answered(ice, now);
    }
}

// Another path, which answered since this one was heard.
static bool is_fresh_other(const struct ice *ice, uint8_t index)
{
    const struct ice_pair *pair = &ice->pairs[index];

    return pair->is_used && index != ice->selected.pair && pair->state == ICE_PAIR_SUCCEEDED &&
           pair->succeeded_at > ice->consent.heard_at;
}

static bool has_fresh_other(const struct ice *ice)
{
    for (uint8_t i = 0; i < ice->pair_end; i++) {
        if (is_fresh_other(ice, i)) {
            return true;
        }
    }
    return false;
}

// The selected pair does not answer: whatever else there is, is tried again, unless it answered
// since. Nothing is triggered: where the peer is heard meanwhile comes first.
static void try_others(struct ice *ice)
{
    ice->consent.is_trying = true;
    for (uint8_t i = 0; i < ice->pair_end; i++) {
        struct ice_pair *pair = &ice->pairs[i];
        if (pair->is_used && i != ice->selected.pair && !ice_pair_is_live(pair) &&
            !is_fresh_other(ice, i)) {
            pair->state = ICE_PAIR_WAITING;
            pair->is_nominated = false;
            pair->is_nominating = false;
            pair->is_peer_nominated = false;
        }
    }
}

// §5.1: nothing is sent any more, along any path: only a restart helps.
static void expire(struct ice *ice)
{
    ice->consent.is_expired = true;
    ice->selected = (struct ice_selected){.pair = ICE_NONE};
    ice_pair_clear(ice);
    ice->reply_count = 0;
}

// `least`, or where that takes longer, so many round trips.
static yodel_duration wait_for(const struct ice *ice, yodel_duration least, uint64_t rtts)
{
    yodel_duration far = rtts * ice->stats.rtt;
    yodel_duration wait = far > least ? far : least;

    return wait < ICE_CONSENT_DISCONNECT ? wait : ICE_CONSENT_DISCONNECT;
}

// When silence is believed to be that of the path, not of a moment.
static yodel_time silent_at(const struct ice *ice)
{
    const struct ice_consent *consent = &ice->consent;
    yodel_duration grace = wait_for(ice, ICE_CONSENT_GRACE, ICE_CONSENT_GRACE_RTTS);
    yodel_duration wait = consent->is_doubted
                              ? wait_for(ice, ICE_CONSENT_DOUBT, ICE_CONSENT_DOUBT_RTTS)
                              : ICE_CONSENT_DISCONNECT;

    return time_min(time_after(consent->asked_at, wait), time_after(consent->other_at, grace));
}

// When others are tried beside it.
static yodel_time try_at(const struct ice *ice)
{
    const struct ice_consent *consent = &ice->consent;

    return consent->is_doubted ? time_after(consent->asked_at,
                                     wait_for(ice, ICE_CONSENT_HURRY, ICE_CONSENT_GRACE_RTTS))
                               : YODEL_NEVER;
}

static yodel_time disconnect_at(const struct ice_consent *consent)
{
    return time_after(consent->asked_at, ICE_CONSENT_DISCONNECT);
}

static yodel_time doubt_at(const struct ice_consent *consent)
{
    return consent->is_doubted ? YODEL_NEVER
                               : time_after(consent->unheard_since, ICE_CONSENT_SILENCE);
}

void ice_consent_run(struct ice *ice, yodel_time now)
{
    struct ice_consent *consent = &ice->consent;

    if (!is_on(ice)) {
        return;
    }
    if (time_since(now, consent->answered_at) >= ICE_CONSENT_EXPIRY) {
        expire(ice);
        return;
    }
    if (now >= doubt_at(consent)) {
        doubt_silence(consent, now);
    }
    if (!consent->is_trying && now >= time_min(try_at(ice), silent_at(ice))) {
        try_others(ice);
        ice_relay_doubt(ice, now);
    }
    // What was an outage of both may be over for both: this path has the last word.
    if (consent->is_doubted && consent->other_at == YODEL_NEVER && has_fresh_other(ice)) {
        consent->other_at = now;
        consent->due = now;
    }
    consent->is_silent = consent->is_silent || now >= silent_at(ice);
    consent->is_disconnected = consent->is_disconnected || now >= disconnect_at(consent);
}

// How soon the same is asked again.
static yodel_duration pace(const struct ice_consent *consent)
{
    if (!consent->is_doubted || consent->is_silent) {
        return ICE_CONSENT_PROBE;
    }
    return consent->other_at == YODEL_NEVER ? ICE_CONSENT_HURRY : ICE_CONSENT_RUSH;
}

bool ice_consent_emit(struct ice *ice, uint8_t id[STUN_ID_SIZE], yodel_time now)
{
    struct ice_consent *consent = &ice->consent;

    if (!is_on(ice) || ice->config.is_lite || now < consent->due) {
        return false;
    }
    uint32_t at = consent->id_next++ % ICE_CONSENT_IDS_MAX;
    consent->ids[at].is_used = true;
    consent->ids[at].sent_at = now;
    env_random(ice->env, span_of(consent->ids[at].id, STUN_ID_SIZE));
    memcpy(id, consent->ids[at].id, STUN_ID_SIZE);
    consent->asked_at = time_min(consent->asked_at, now);
    consent->due = time_after(now, pace(consent));
    ice->stats.consent_requests_sent++;
    return true;
}

yodel_time ice_consent_next_timeout(const struct ice *ice)
{
    const struct ice_consent *consent = &ice->consent;

    if (!is_on(ice)) {
        return YODEL_NEVER;
    }
    yodel_time expiry = time_after(consent->answered_at, ICE_CONSENT_EXPIRY);
    if (ice->config.is_lite) {
        return expiry;
    }
    yodel_time earliest = time_min(consent->due, expiry);
    if (!consent->is_trying) {
        earliest = time_min(earliest, try_at(ice));
    }
    if (!consent->is_silent) {
        earliest = time_min(earliest, silent_at(ice));
    }
    if (!consent->is_disconnected) {
        earliest = time_min(earliest, disconnect_at(consent));
    }
    return time_min(earliest, doubt_at(consent));
}
