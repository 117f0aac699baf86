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
        .asked_at = YODEL_NEVER,
        .unheard_since = YODEL_NEVER,
        .due = is_recent ? time_after(now, random_period(ice)) : now,
    };
}

void ice_consent_answered(struct ice *ice, yodel_time now)
{
    struct ice_consent *consent = &ice->consent;

    if (consent->asked_at != YODEL_NEVER) {
        consent->due = time_after(now, random_period(ice));
    }
    consent->answered_at = now;
    consent->asked_at = YODEL_NEVER;
    consent->is_silent = false;
    consent->is_disconnected = false;
    consent->is_doubted = false;
    consent->unheard_since = YODEL_NEVER;
}

void ice_consent_sent(struct ice *ice, yodel_time now)
{
    struct ice_consent *consent = &ice->consent;

    if (consent->unheard_since == YODEL_NEVER) {
        consent->unheard_since = now;
        ice->quiet_until = time_min(ice->quiet_until, time_after(now, ICE_CONSENT_SILENCE));
    }
}

void ice_consent_heard(struct ice *ice)
{
    ice->consent.unheard_since = YODEL_NEVER;
}

void ice_consent_doubt(struct ice *ice, yodel_time now)
{
    struct ice_consent *consent = &ice->consent;

    if (consent->asked_at == YODEL_NEVER) {
        if (time_since(now, consent->answered_at) < ICE_CONSENT_SILENCE) {
            return;
        }
        consent->due = time_min(consent->due, now);
    }
    consent->is_doubted = true;
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

// The selected pair fell silent: whatever else there is, is tried again, unless it answered since.
static void try_others(struct ice *ice)
{
    ice->consent.is_silent = true;
    for (uint8_t i = 0; i < ice->pair_end; i++) {
        struct ice_pair *pair = &ice->pairs[i];
        bool is_fresh =
            pair->state == ICE_PAIR_SUCCEEDED && pair->succeeded_at >= ice->consent.asked_at;
        if (pair->is_used && i != ice->selected.pair && !ice_pair_is_live(pair) && !is_fresh) {
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

// When silence is believed to be that of the path, not of a moment.
static yodel_time silent_at(const struct ice *ice)
{
    const struct ice_consent *consent = &ice->consent;
    yodel_duration far = ICE_CONSENT_DOUBT_RTTS * ice->stats.rtt;
    yodel_duration wait = far > ICE_CONSENT_DOUBT ? far : ICE_CONSENT_DOUBT;

    if (!consent->is_doubted || wait > ICE_CONSENT_DISCONNECT) {
        wait = ICE_CONSENT_DISCONNECT;
    }
    return time_after(consent->asked_at, wait);
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
        ice_consent_doubt(ice, now);
    }
    if (!consent->is_silent && now >= silent_at(ice)) {
        try_others(ice);
    }
    consent->is_disconnected = consent->is_disconnected || now >= disconnect_at(consent);
}

bool ice_consent_emit(struct ice *ice, uint8_t id[STUN_ID_SIZE], yodel_time now)
{
    struct ice_consent *consent = &ice->consent;

    if (!is_on(ice) || now < consent->due) {
        return false;
    }
    uint32_t at = consent->id_next++ % ICE_CONSENT_IDS_MAX;
    consent->ids[at].is_used = true;
    consent->ids[at].sent_at = now;
    env_random(ice->env, span_of(consent->ids[at].id, STUN_ID_SIZE));
    memcpy(id, consent->ids[at].id, STUN_ID_SIZE);
    consent->asked_at = time_min(consent->asked_at, now);
    bool is_hurried = consent->is_doubted && !consent->is_silent;
    consent->due = time_after(now, is_hurried ? ICE_CONSENT_HURRY : ICE_CONSENT_PROBE);
    ice->stats.consent_requests_sent++;
    return true;
}

yodel_time ice_consent_next_timeout(const struct ice *ice)
{
    const struct ice_consent *consent = &ice->consent;

    if (!is_on(ice)) {
        return YODEL_NEVER;
    }
    yodel_time earliest =
        time_min(consent->due, time_after(consent->answered_at, ICE_CONSENT_EXPIRY));
    if (!consent->is_silent) {
        earliest = time_min(earliest, silent_at(ice));
    }
    if (!consent->is_disconnected) {
        earliest = time_min(earliest, disconnect_at(consent));
    }
    return time_min(earliest, doubt_at(consent));
}
