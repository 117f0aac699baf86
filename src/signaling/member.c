// A member of a room: the link, what the server says, and the time.

#include "signaling/member.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/hex.h"
#include "signaling/member_room.h"

#define PROTOCOL 1
#define RANDOM_SIZE 16 // 128 bits.

// `data`, which it takes over, may be NULL.
static void tell(
    struct signaling_member *member, enum signaling_member_event_type type, json_t *data)
{
    signaling_member_post_tell(
        &member->post, &(struct signaling_member_news){.type = (int)type, .data = data});
}

enum yodel_err signaling_member_init(
    struct signaling_member *member, const struct signaling_member_options *options)
{
    uint8_t random[RANDOM_SIZE];

    if (!signaling_message_is_room(options->room) ||
        (options->id && !signaling_call_message_is_id(options->id))) {
        return YODEL_ERR_SYNTAX;
    }
    *member = (struct signaling_member){.env = options->env,
        .role = options->role,
        .state = SIGNALING_MEMBER_CONNECTING,
        .retry_at = YODEL_NEVER,
        .hello_by = YODEL_NEVER,
        .settle_at = YODEL_NEVER,
        .rejoin_at = YODEL_NEVER,
        .earlier = json_object(),
        .asked = json_object(),
        .waiting = json_object()};
    (void)snprintf(member->room, sizeof member->room, "%s", options->room);
    if (options->id) {
        (void)snprintf(member->id, sizeof member->id, "%s", options->id);
    } else {
        struct writer w = writer_of(span_of(member->id, sizeof member->id - 1));
        env_random(member->env, span_of(random, sizeof random));
        hex_write(&w, bytes_of(random, sizeof random));
    }
    tell(member, SIGNALING_MEMBER_EVENT_CONNECT, NULL);
    return YODEL_OK;
}

void signaling_member_deinit(struct signaling_member *member)
{
    signaling_member_post_deinit(&member->post);
    json_decref(member->earlier);
    json_decref(member->asked);
    json_decref(member->waiting);
    *member = (struct signaling_member){.state = SIGNALING_MEMBER_OVER};
}

// RFC 4648 §5, without padding.
void signaling_member_make_room(const struct env *env, char name[SIGNALING_MEMBER_ROOM_SIZE])
{
    uint8_t random[RANDOM_SIZE];
    char text[BASE64_LEN(RANDOM_SIZE)];
    struct writer w = writer_of(span_of(text, sizeof text));

    env_random(env, span_of(random, sizeof random));
    base64_write(&w, bytes_of(random, sizeof random));
    for (size_t i = 0; i < SIGNALING_MEMBER_ROOM_SIZE - 1; i++) {
        name[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    }
    name[SIGNALING_MEMBER_ROOM_SIZE - 1] = '\0';
}

// ---- the end

static void end(struct signaling_member *member)
{
    signaling_member_room_forget(member);
    memset(member->partners, 0, sizeof member->partners);
    member->state = SIGNALING_MEMBER_OVER;
    member->retry_at = member->hello_by = member->rejoin_at = YODEL_NEVER;
}

static void fail(struct signaling_member *member, const char *code, const char *text)
{
    end(member);
    tell(
        member, SIGNALING_MEMBER_EVENT_FAILED, json_pack("{s:s, s:s}", "code", code, "text", text));
}

void signaling_member_leave(struct signaling_member *member)
{
    if (member->state == SIGNALING_MEMBER_IN || member->state == SIGNALING_MEMBER_JOINING) {
        signaling_member_post_say(&member->post, json_pack("{s:s}", "type", "leave"));
    }
    end(member);
}

// ---- the link

// Half of the wait is certain and half is chance, so that a thousand members of a server that comes
// back do not come back together.
static yodel_duration retry_wait(struct signaling_member *member)
{
    yodel_duration full = SIGNALING_MEMBER_RETRY_FIRST << member->attempts;

    if (full < SIGNALING_MEMBER_RETRY_MAX) {
        member->attempts++;
    } else {
        full = SIGNALING_MEMBER_RETRY_MAX;
    }
    return full / 2 + env_random_u32(member->env) % (full / 2);
}

static void lose_link(struct signaling_member *member, yodel_time now)
{
    signaling_member_room_forget(member);
    signaling_member_post_clear(&member->post);
    member->state = SIGNALING_MEMBER_AWAY;
    member->hello_by = YODEL_NEVER;
    member->retry_at = now + retry_wait(member);
}

void signaling_member_connected(struct signaling_member *member, yodel_time now)
{
    if (member->state == SIGNALING_MEMBER_CONNECTING) {
        member->state = SIGNALING_MEMBER_GREETING;
        member->hello_by = now + SIGNALING_MEMBER_HELLO_WAIT;
    }
}

void signaling_member_disconnected(struct signaling_member *member, yodel_time now)
{
    if (member->state != SIGNALING_MEMBER_AWAY && member->state != SIGNALING_MEMBER_OVER) {
        lose_link(member, now);
    }
}

// A member that has been greeted once is patient: it may be a proxy whose server restarts.
static void meet_foreigner(struct signaling_member *member, yodel_time now)
{
    if (member->was_greeted) {
        tell(member, SIGNALING_MEMBER_EVENT_FOREIGN, NULL);
        lose_link(member, now);
    } else {
        fail(member, "not-ours", "this is not a Yodel server of this version; look at the address");
    }
}

static void join(struct signaling_member *member)
{
    member->state = SIGNALING_MEMBER_JOINING;
    member->rejoin_at = YODEL_NEVER;
    signaling_member_room_join(member);
}

// Whoever is still there, and has lost us as we have lost it, is met again by joining again. Who
// has other partners stays for them: of the two that lost each other, one has none.
static void rejoin(struct signaling_member *member)
{
    bool is_out = member->state == SIGNALING_MEMBER_JOINING; // The server would not let us in.

    member->rejoin_at = YODEL_NEVER;
    if (is_out) {
        join(member);
    } else if (member->state == SIGNALING_MEMBER_IN && signaling_member_room_count(member) == 0) {
        signaling_member_post_say(&member->post, json_pack("{s:s}", "type", "leave"));
        signaling_member_room_forget(member);
        join(member);
    }
}

// ---- what the server says

static void take_hello(struct signaling_member *member, const json_t *message)
{
    member->was_greeted = true;
    member->attempts = 0;
    member->hello_by = YODEL_NEVER;
    tell(member, SIGNALING_MEMBER_EVENT_HELLO,
        json_deep_copy(json_object_get(message, "ice_servers")));
    join(member);
}

static void take_error(struct signaling_member *member, const json_t *message, yodel_time now)
{
    const char *code = json_string_value(json_object_get(message, "code"));
    const char *text = json_string_value(json_object_get(message, "text"));
    const char *re = json_string_value(json_object_get(message, "re"));

    if (!re || strcmp(re, "join") != 0) {
        return; // Who left while we spoke is not there any more; and so on.
    }
    for (size_t i = 0; i < COUNT(member->partners); i++) {
        if (member->partners[i].is_up) {
            member->rejoin_at = now + SIGNALING_MEMBER_REJOIN_WAIT;
            return; // The server's end ends nothing that stands.
        }
    }
    fail(member, code ? code : "server", text ? text : "the server refused");
}

// What was said before `joined` was for the one who has left.
static void take_outside(
    struct signaling_member *member, const char *type, const json_t *message, yodel_time now)
{
    if (strcmp(type, "joined") == 0) {
        member->state = SIGNALING_MEMBER_IN;
        signaling_member_room_joined(member, json_object_get(message, "peers"), now);
    } else if (strcmp(type, "error") == 0) {
        take_error(member, message, now);
    }
}

static void take_inside(
    struct signaling_member *member, const char *type, const json_t *message, yodel_time now)
{
    const char *from = json_string_value(json_object_get(message, "from"));
    const char *peer = json_string_value(json_object_get(message, "peer"));

    if (strcmp(type, "signal") == 0 && from) {
        signaling_member_room_signal(member, from, json_object_get(message, "data"), now);
    } else if (strcmp(type, "peer-left") == 0 && peer) {
        signaling_member_room_peer_left(member, peer, now);
    }
}

static bool is_hello(const json_t *message)
{
    const char *type = json_string_value(json_object_get(message, "type"));

    return type && strcmp(type, "hello") == 0 &&
           json_integer_value(json_object_get(message, "protocol")) == PROTOCOL;
}

void signaling_member_recv(struct signaling_member *member, struct bytes text, yodel_time now)
{
    json_t *message = signaling_message_read(text);
    const char *type = json_string_value(json_object_get(message, "type"));

    switch (member->state) {
    case SIGNALING_MEMBER_GREETING:
        if (is_hello(message)) {
            take_hello(member, message);
        } else {
            meet_foreigner(member, now);
        }
        break;
    case SIGNALING_MEMBER_JOINING:
        if (type) {
            take_outside(member, type, message, now);
        }
        break;
    case SIGNALING_MEMBER_IN:
        if (type) {
            take_inside(member, type, message, now);
        }
        break;
    case SIGNALING_MEMBER_AWAY:
    case SIGNALING_MEMBER_CONNECTING:
    case SIGNALING_MEMBER_OVER:
        break;
    }
    json_decref(message);
}

// ---- connections

const struct signaling_member_partner *signaling_member_find(
    const struct signaling_member *member, uint32_t partner)
{
    for (size_t i = 0; partner && i < COUNT(member->partners); i++) {
        if (member->partners[i].number == partner) {
            return &member->partners[i];
        }
    }
    return NULL;
}

static struct signaling_member_partner *find(struct signaling_member *member, uint32_t number)
{
    const struct signaling_member_partner *found = signaling_member_find(member, number);

    return found ? &member->partners[found - member->partners] : NULL;
}

void signaling_member_signal(struct signaling_member *member, uint32_t number, json_t *data)
{
    struct signaling_member_partner *partner = find(member, number);

    if (partner) {
        signaling_member_partner_send(partner, data);
    }
    if (partner && partner->peer[0]) {
        signaling_member_room_say(member, partner->peer, data);
    } else {
        json_decref(data);
    }
}

void signaling_member_path_up(struct signaling_member *member, uint32_t number, yodel_time now)
{
    struct signaling_member_partner *partner = find(member, number);

    if (partner) {
        signaling_member_partner_set_path(partner, true, now);
    }
}

void signaling_member_path_lost(struct signaling_member *member, uint32_t number, yodel_time now)
{
    struct signaling_member_partner *partner = find(member, number);

    if (partner) {
        signaling_member_partner_set_path(partner, false, now);
    }
}

// Gone for the moment, perhaps.
static void lose(struct signaling_member *member, struct signaling_member_partner *partner,
    enum signaling_member_why why, yodel_time now)
{
    signaling_member_room_drop(member, partner, why, NULL);
    member->rejoin_at = now + SIGNALING_MEMBER_REJOIN_WAIT;
}

static void give_up(struct signaling_member *member, struct signaling_member_partner *partner,
    const char *why, yodel_time now)
{
    if (partner->was_up || !partner->peer[0]) {
        lose(member, partner, SIGNALING_MEMBER_LOST, now);
        return;
    }
    signaling_member_room_say(member, partner->peer,
        json_pack("{s:{s:s, s:s}}", "abort", "code", "no-path", "text", why));
    signaling_member_room_drop(member, partner, SIGNALING_MEMBER_NO_PATH, NULL);
}

void signaling_member_fail(
    struct signaling_member *member, uint32_t number, const char *why, yodel_time now)
{
    struct signaling_member_partner *partner = find(member, number);

    if (partner && partner->was_up) {
        signaling_member_partner_set_path(partner, false, now);
    } else if (partner) {
        give_up(member, partner, why, now);
    }
}

void signaling_member_closed(struct signaling_member *member, uint32_t number, yodel_time now)
{
    struct signaling_member_partner *partner = find(member, number);

    if (partner) {
        lose(member, partner, SIGNALING_MEMBER_CLOSED, now);
    }
}

void signaling_member_left(struct signaling_member *member, uint32_t number)
{
    struct signaling_member_partner *partner = find(member, number);

    if (partner) {
        signaling_member_room_drop(member, partner, SIGNALING_MEMBER_LEFT, NULL);
    }
}

// ---- time and outputs

static void tick_partner(
    struct signaling_member *member, struct signaling_member_partner *partner, yodel_time now)
{
    if (now >= signaling_member_partner_deadline(partner)) {
        give_up(member, partner, "no path was found", now);
    } else if (signaling_member_partner_take_restart(partner, now)) {
        partner->has_offered = false; // Whatever waits is rolled back for the new offer.
        signaling_member_post_tell(
            &member->post, &(struct signaling_member_news){
                               .type = SIGNALING_MEMBER_EVENT_RESTART, .partner = partner->number});
    }
}

void signaling_member_tick(struct signaling_member *member, yodel_time now)
{
    if (now >= member->retry_at) {
        member->retry_at = YODEL_NEVER;
        member->state = SIGNALING_MEMBER_CONNECTING;
        tell(member, SIGNALING_MEMBER_EVENT_CONNECT, NULL);
    }
    if (now >= member->hello_by) {
        member->hello_by = YODEL_NEVER;
        meet_foreigner(member, now);
    }
    if (now >= member->settle_at) {
        signaling_member_room_settle(member, now);
    }
    for (size_t i = 0; i < COUNT(member->partners); i++) {
        if (member->partners[i].number) {
            tick_partner(member, &member->partners[i], now);
        }
    }
    if (now >= member->rejoin_at) {
        rejoin(member);
    }
}

yodel_time signaling_member_next_timeout(const struct signaling_member *member)
{
    yodel_time next = time_min(time_min(member->retry_at, member->hello_by),
        time_min(member->settle_at, member->rejoin_at));

    next = time_min(next, signaling_member_post_next_timeout(&member->post));
    for (size_t i = 0; i < COUNT(member->partners); i++) {
        if (member->partners[i].number) {
            next = time_min(next, signaling_member_partner_next_timeout(&member->partners[i]));
        }
    }
    return next;
}

static const char *text_of(const json_t *data, const char *key)
{
    const char *text = json_string_value(json_object_get(data, key));

    return text ? text : "";
}

bool signaling_member_next_event(
    struct signaling_member *member, struct signaling_member_event *event)
{
    const struct signaling_member_news *news = signaling_member_post_next_news(&member->post);

    if (!news) {
        return false;
    }
    *event = (struct signaling_member_event){
        .type = (enum signaling_member_event_type)news->type,
        .partner = news->partner,
        .why = (enum signaling_member_why)news->why,
        .code = text_of(news->data, "code"),
        .text = text_of(news->data, "text"),
        .data = news->data,
    };
    return true;
}

const char *signaling_member_next_out(struct signaling_member *member, yodel_time now)
{
    return signaling_member_post_next_out(&member->post, now);
}
