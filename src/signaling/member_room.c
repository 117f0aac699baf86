// A member in its room: introductions, and places for partners.

#include "signaling/member_room.h"

#include <stdio.h>

#define PLACES_MAX SIGNALING_MEMBER_PARTNERS_MAX

uint32_t signaling_member_room_count(const struct signaling_member *member)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        count += member->partners[i].number != 0;
    }
    return count;
}

// ---- partners

// By its own id.
static struct signaling_member_partner *find_member(struct signaling_member *member, const char *id)
{
    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        struct signaling_member_partner *partner = &member->partners[i];
        if (partner->number && strcmp(partner->member, id) == 0) {
            return partner;
        }
    }
    return NULL;
}

// By the server's.
static struct signaling_member_partner *find_peer(struct signaling_member *member, const char *peer)
{
    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        struct signaling_member_partner *partner = &member->partners[i];
        if (partner->number && partner->peer[0] && strcmp(partner->peer, peer) == 0) {
            return partner;
        }
    }
    return NULL;
}

static bool is_there(const struct signaling_member_partner *partner)
{
    return partner->number && (partner->peer[0] || partner->is_up);
}

static bool has_anybody(const struct signaling_member *member)
{
    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        if (is_there(&member->partners[i])) {
            return true;
        }
    }
    return false;
}

// A free place, or that of somebody who is gone from the server and from its path; or NULL.
static struct signaling_member_partner *find_place(struct signaling_member *member)
{
    uint32_t places = member->role == SIGNALING_CALL_ROLE_PUBLISH ? PLACES_MAX : 1;
    struct signaling_member_partner *place = NULL;

    for (uint32_t i = 0; i < places; i++) {
        struct signaling_member_partner *partner = &member->partners[i];
        if (!partner->number) {
            return partner;
        }
        if (!place && !is_there(partner)) {
            place = partner;
        }
    }
    return place;
}

static void tell(
    struct signaling_member *member, int type, const struct signaling_member_partner *partner)
{
    signaling_member_post_tell(
        &member->post, &(struct signaling_member_news){.type = type, .partner = partner->number});
}

void signaling_member_room_drop(struct signaling_member *member,
    struct signaling_member_partner *partner, enum signaling_member_why why, const json_t *abort)
{
    signaling_member_post_tell(
        &member->post, &(struct signaling_member_news){.type = SIGNALING_MEMBER_EVENT_GONE,
                           .why = (int)why,
                           .partner = partner->number,
                           .data = json_deep_copy(abort)});
    *partner = (struct signaling_member_partner){0};
}

// ---- what we say

void signaling_member_room_say(struct signaling_member *member, const char *peer, json_t *data)
{
    signaling_member_post_say(
        &member->post, json_pack("{s:s, s:s, s:o}", "type", "signal", "to", peer, "data", data));
}

void signaling_member_room_join(struct signaling_member *member)
{
    signaling_member_post_say(
        &member->post, json_pack("{s:s, s:s}", "type", "join", "room", member->room));
}

// `with`, which it takes over: those whose connections we hold.
static void introduce(struct signaling_member *member, const char *peer, json_t *with)
{
    signaling_member_room_say(member, peer,
        json_pack("{s:{s:s, s:s, s:o}}", "member", "id", member->id, "role",
            signaling_call_message_role_name(member->role), "with", with));
}

static void refuse(struct signaling_member *member, const char *peer)
{
    signaling_member_room_say(member, peer,
        json_pack("{s:{s:s, s:s}}", "abort", "code", "full", "text",
            "this call is for two, and two are in it"));
}

// A connection whose first offer nobody answered is not worth a name: it begins afresh.
static json_t *name_one(struct signaling_member_partner *partner, json_t *names)
{
    partner->is_named = partner->number && partner->is_agreed;
    if (partner->is_named) {
        (void)json_array_append_new(names, json_string(partner->member));
    }
    return names;
}

static json_t *name_all(struct signaling_member *member)
{
    json_t *names = json_array();

    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        names = name_one(&member->partners[i], names);
    }
    return names;
}

// ---- who meets whom

static void vacate(struct signaling_member *member, struct signaling_member_partner *place)
{
    if (place->number) {
        signaling_member_room_drop(member, place, SIGNALING_MEMBER_AFRESH, NULL);
    }
}

static void begin(struct signaling_member *member, struct signaling_member_partner *place,
    const char *id, yodel_time now)
{
    vacate(member, place);
    member->last_number += member->last_number == UINT32_MAX ? 2 : 1;
    signaling_member_partner_begin(place, member->last_number, id, now);
}

static void resume(
    struct signaling_member *member, struct signaling_member_partner *partner, yodel_time now)
{
    if (partner->has_offered) {
        partner->has_offered = false;
        tell(member, SIGNALING_MEMBER_EVENT_ROLLBACK, partner);
    }
    if (signaling_member_partner_resume(partner, now)) {
        tell(member, SIGNALING_MEMBER_EVENT_RESTART, partner);
    }
}

static void engage(struct signaling_member *member, struct signaling_member_partner *place,
    const char *peer, const struct signaling_call_member *other, bool is_polite, yodel_time now)
{
    bool is_kept = place->number && strcmp(place->member, other->id) == 0 && place->is_named &&
                   signaling_call_message_names(other, member->id);

    if (!is_kept) {
        begin(member, place, other->id, now);
    }
    (void)snprintf(place->peer, sizeof place->peer, "%s", peer);
    place->role = other->role;
    place->is_polite = is_polite;
    place->away_since = YODEL_NEVER;
    member->rejoin_at = YODEL_NEVER;
    if (is_kept) {
        resume(member, place, now);
    } else {
        tell(member, SIGNALING_MEMBER_EVENT_PARTNER, place);
    }
}

// Somebody who was there before us has answered.
static void meet_earlier(struct signaling_member *member, const char *peer,
    const struct signaling_call_member *other, yodel_time now)
{
    struct signaling_member_partner *place = find_member(member, other->id);

    if (place && place->peer[0]) {
        refuse(member, peer); // It cannot be there twice.
        return;
    }
    if (!place) {
        place = find_place(member);
    }
    if (place) {
        engage(member, place, peer, other, true, now);
    } else {
        refuse(member, peer);
    }
}

// Somebody who came after us: perhaps one that we know, whose link of before is still there.
static void meet_later(struct signaling_member *member, const char *peer,
    const struct signaling_call_member *other, yodel_time now)
{
    struct signaling_member_partner *place = find_member(member, other->id);

    if (!place) {
        place = find_place(member);
    }
    if (!place) {
        refuse(member, peer);
        return;
    }
    if (strcmp(place->member, other->id) != 0) {
        vacate(member, place);
    }
    introduce(member, peer, name_one(place, json_array()));
    engage(member, place, peer, other, false, now);
}

void signaling_member_room_settle(struct signaling_member *member, yodel_time now)
{
    json_t *waiting = member->waiting;
    struct signaling_call_member other;
    const char *peer;
    json_t *said;

    member->settle_at = YODEL_NEVER;
    (void)json_object_clear(member->asked);
    if (member->is_full && !has_anybody(member) && member->role != SIGNALING_CALL_ROLE_PLAY) {
        signaling_member_post_tell(
            &member->post, &(struct signaling_member_news){.type = SIGNALING_MEMBER_EVENT_FULL});
        signaling_member_leave(member);
        return;
    }
    member->waiting = json_object();
    json_object_foreach(waiting, peer, said)
    {
        if (signaling_call_message_read_member(&other, said)) {
            meet_later(member, peer, &other, now);
        }
    }
    json_decref(waiting);
    if (signaling_member_room_count(member) == 0) {
        signaling_member_post_tell(
            &member->post, &(struct signaling_member_news){.type = SIGNALING_MEMBER_EVENT_WAITING});
    }
}

static void note_answer(struct signaling_member *member, const char *peer, yodel_time now)
{
    if (json_object_del(member->asked, peer) == 0 && json_object_size(member->asked) == 0) {
        signaling_member_room_settle(member, now);
    }
}

// ---- what we hear

// Two that both only send, or both only play, have nothing for each other.
static bool wants(const struct signaling_member *member, enum signaling_call_role other)
{
    return member->role == SIGNALING_CALL_ROLE_CALL || member->role != other;
}

static void take_member(struct signaling_member *member, const char *from, const json_t *said,
    const struct signaling_call_member *other, yodel_time now)
{
    if (find_peer(member, from)) {
        return; // Said already: an answer to it would be answered, and so on.
    }
    bool is_wanted = wants(member, other->role);
    if (json_object_get(member->earlier, from)) {
        if (is_wanted) {
            meet_earlier(member, from, other, now);
        }
        note_answer(member, from, now);
    } else if (!is_wanted) {
        return;
    } else if (json_object_size(member->asked) == 0) {
        meet_later(member, from, other, now);
    } else if (json_object_size(member->waiting) < SIGNALING_MEMBER_WAITING_MAX) {
        (void)json_object_set_new(member->waiting, from, json_deep_copy(said));
    } else {
        refuse(member, from);
    }
}

static void take_full(struct signaling_member *member, const char *from, yodel_time now)
{
    struct signaling_member_partner *partner = find_peer(member, from);

    if (partner) {
        signaling_member_room_drop(member, partner, SIGNALING_MEMBER_REFUSED, NULL);
    } else if (json_object_get(member->asked, from)) {
        member->is_full = true;
        note_answer(member, from, now);
    }
}

static void take_data(struct signaling_member *member, struct signaling_member_partner *partner,
    const char *abort_code, const json_t *data)
{
    if (abort_code) {
        if (strcmp(abort_code, "no-path") == 0 && !partner->was_up) {
            signaling_member_room_drop(
                member, partner, SIGNALING_MEMBER_NO_PATH, json_object_get(data, "abort"));
        }
    } else if (signaling_member_partner_recv(partner, data)) {
        signaling_member_post_pass_on(
            &member->post, &(struct signaling_member_news){.type = SIGNALING_MEMBER_EVENT_SIGNAL,
                               .partner = partner->number,
                               .data = json_deep_copy(data)});
    }
}

void signaling_member_room_signal(
    struct signaling_member *member, const char *from, const json_t *data, yodel_time now)
{
    const json_t *said = json_object_get(data, "member");
    const char *abort_code =
        json_string_value(json_object_get(json_object_get(data, "abort"), "code"));
    struct signaling_call_member other;
    struct signaling_member_partner *partner = find_peer(member, from);

    if (strlen(from) >= SIGNALING_MEMBER_PEER_SIZE) {
        return;
    }
    if (signaling_call_message_read_member(&other, said)) {
        take_member(member, from, said, &other, now);
    } else if (abort_code && strcmp(abort_code, "full") == 0) {
        take_full(member, from, now);
    } else if (partner) {
        take_data(member, partner, abort_code, data);
    }
}

void signaling_member_room_joined(
    struct signaling_member *member, const json_t *peers, yodel_time now)
{
    json_t *names = name_all(member);
    const json_t *peer;
    size_t i;

    member->settle_at = now + SIGNALING_MEMBER_ANSWER_WAIT;
    for (i = 0; i < PLACES_MAX; i++) {
        member->partners[i].away_since = now;
    }
    json_array_foreach(peers, i, peer)
    {
        const char *id = json_string_value(peer);
        if (id && json_object_size(member->earlier) < SIGNALING_MEMBER_PEERS_MAX) {
            (void)json_object_set_new(member->earlier, id, json_true());
            (void)json_object_set_new(member->asked, id, json_true());
            introduce(member, id, json_incref(names));
        }
    }
    json_decref(names);
    if (json_object_size(member->asked) == 0) {
        signaling_member_room_settle(member, now);
    }
}

void signaling_member_room_peer_left(
    struct signaling_member *member, const char *peer, yodel_time now)
{
    struct signaling_member_partner *partner = find_peer(member, peer);

    (void)json_object_del(member->earlier, peer); // When it comes again, it is later than we.
    (void)json_object_del(member->waiting, peer);
    if (partner) {
        partner->peer[0] = '\0';
        partner->away_since = now;
    }
    note_answer(member, peer, now);
}

void signaling_member_room_forget(struct signaling_member *member)
{
    (void)json_object_clear(member->earlier);
    (void)json_object_clear(member->asked);
    (void)json_object_clear(member->waiting);
    member->is_full = false;
    member->settle_at = YODEL_NEVER;
    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        member->partners[i].peer[0] = '\0';
        member->partners[i].away_since = YODEL_NEVER;
    }
}
