// A partner: times, and perfect negotiation.

#include "signaling/member_partner.h"

#include <stdio.h>

enum description { NO_DESCRIPTION, OFFER, ANSWER };

void signaling_member_partner_begin(
    struct signaling_member_partner *partner, uint32_t number, const char *member, yodel_time now)
{
    *partner = (struct signaling_member_partner){.number = number,
        .pathless_since = now,
        .away_since = YODEL_NEVER,
        .restart_at = YODEL_NEVER};
    (void)snprintf(partner->member, sizeof partner->member, "%s", member);
}

// ---- the path

static yodel_duration restart_wait(const struct signaling_member_partner *partner)
{
    return partner->is_polite ? SIGNALING_MEMBER_RESTART_POLITE : SIGNALING_MEMBER_RESTART_FIRST;
}

void signaling_member_partner_set_path(
    struct signaling_member_partner *partner, bool is_up, yodel_time now)
{
    if (is_up) {
        partner->was_up = true;
        partner->pathless_since = partner->restart_at = YODEL_NEVER;
    } else if (partner->is_up) {
        partner->pathless_since = now;
        partner->restart_at = now + restart_wait(partner);
    }
    partner->is_up = is_up;
}

// What was on its way when the server went is lost. A path that works is left alone.
bool signaling_member_partner_resume(struct signaling_member_partner *partner, yodel_time now)
{
    if (partner->is_up) {
        return false;
    }
    bool is_first = !partner->is_polite;
    if (partner->was_up) {
        partner->restart_at =
            now + (is_first ? SIGNALING_MEMBER_RESTART_AGAIN : SIGNALING_MEMBER_RESTART_POLITE);
    }
    return is_first;
}

bool signaling_member_partner_take_restart(struct signaling_member_partner *partner, yodel_time now)
{
    if (now < partner->restart_at) {
        return false;
    }
    partner->restart_at = now + SIGNALING_MEMBER_RESTART_AGAIN;
    return partner->peer[0] != '\0';
}

yodel_time signaling_member_partner_deadline(const struct signaling_member_partner *partner)
{
    yodel_time pathless = partner->pathless_since, away = partner->away_since;
    yodel_time alone = pathless > away ? pathless : away;

    return time_min(time_after(pathless, SIGNALING_MEMBER_PATH_WAIT),
        time_after(alone, SIGNALING_MEMBER_GONE_WAIT));
}

yodel_time signaling_member_partner_next_timeout(const struct signaling_member_partner *partner)
{
    return time_min(partner->restart_at, signaling_member_partner_deadline(partner));
}

// ---- descriptions and candidates

static enum description description_of(const json_t *data)
{
    const json_t *description = json_object_get(data, "description");
    const char *type = json_string_value(json_object_get(description, "type"));

    if (!type || !json_is_string(json_object_get(description, "sdp"))) {
        return NO_DESCRIPTION;
    }
    return strcmp(type, "offer") == 0    ? OFFER
           : strcmp(type, "answer") == 0 ? ANSWER
                                         : NO_DESCRIPTION;
}

void signaling_member_partner_send(struct signaling_member_partner *partner, const json_t *data)
{
    enum description what = description_of(data);

    if (what == OFFER) {
        partner->has_offered = true;
    } else if (what == ANSWER) {
        partner->is_agreed = true;
    }
}

static bool take_offer(struct signaling_member_partner *partner)
{
    partner->candidate_count = 0;
    partner->is_ignoring = partner->has_offered && !partner->is_polite;
    if (!partner->is_ignoring) {
        partner->has_offered = false; // Setting theirs rolls ours back.
    }
    return !partner->is_ignoring;
}

static bool take_answer(struct signaling_member_partner *partner)
{
    if (!partner->has_offered) {
        return false; // To an offer that was taken back.
    }
    partner->candidate_count = 0;
    partner->has_offered = partner->is_ignoring = false;
    partner->is_agreed = true;
    return true;
}

bool signaling_member_partner_recv(struct signaling_member_partner *partner, const json_t *data)
{
    if (json_object_get(data, "description")) {
        enum description what = description_of(data);
        return what == OFFER ? take_offer(partner) : what == ANSWER && take_answer(partner);
    }
    return json_object_get(data, "candidate") && !partner->is_ignoring &&
           partner->candidate_count++ < SIGNALING_MEMBER_PARTNER_CANDIDATES_MAX;
}
