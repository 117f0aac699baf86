// Actions: a function for each type, and a table of them.

#include "signaling/actions.h"

#include <stdio.h>

struct request {
    struct signaling_core *core;
    struct signaling_client *client;
    const struct signaling_message *message;
    yodel_time now;
};

static void fail(const struct request *r, enum signaling_error error, const char *text)
{
    signaling_session_fail(
        r->core, r->client, &(struct signaling_failure){error, text, r->message->type_text});
}

// ---- rooms

static void tell_members(const struct request *r)
{
    const struct signaling_room *room = r->client->member.room;
    static const char head[] = "{\"type\":\"joined\",\"room\":\"%s\",\"peers\":[";
    size_t room_len = sizeof head + SIGNALING_ROOM_MAX +
                      room->count * (SIGNALING_ID_SIZE + sizeof "\"\",") + sizeof "]}";
    struct signaling_text *text = signaling_queue_new_text(r->core->config.env->alloc, room_len);

    if (!text) {
        signaling_session_close(r->core, r->client, SIGNALING_CLOSE_NO_MEMORY);
        return;
    }
    struct writer w = writer_of(span_of(text->ptr, text->len));
    put_format(&w, head, room->name);
    const char *comma = "";
    for (struct list_node *node = list_first(&room->members); node;
         node = list_next(&room->members, node)) {
        const struct signaling_client *other =
            CONTAINER_OF(node, struct signaling_client, member.node);
        if (other != r->client) {
            put_format(&w, "%s\"%s\"", comma, other->id);
            comma = ",";
        }
    }
    put_text(&w, "]}");
    YODEL_ASSERT(!w.failed);
    text->len = (uint32_t)w.len;
    signaling_session_push(r->core, r->client, text);
    signaling_queue_release_text(r->core->config.env->alloc, text);
}

static void join(const struct request *r)
{
    if (!signaling_message_is_room(r->message->room)) {
        fail(r, SIGNALING_BAD_ROOM, "a room's name is 1 to 64 characters of A-Z a-z 0-9 . _ -");
        return;
    }
    if (r->client->member.room) {
        fail(r, SIGNALING_TOO_MANY, "a connection is in at most one room; leave it first");
        return;
    }
    enum yodel_err err =
        signaling_rooms_join(&r->core->rooms, &r->client->member, r->message->room);
    if (err != YODEL_OK) {
        fail(r, SIGNALING_TOO_MANY, "the room is full");
        return;
    }
    tell_members(r);
    signaling_session_say_others(
        r->core, r->client, "{\"type\":\"peer-joined\",\"peer\":\"%s\"}", r->client->id);
}

static void say_gone(
    struct signaling_core *core, struct signaling_client *to, const struct signaling_client *gone)
{
    signaling_session_say(core, to, "{\"type\":\"peer-left\",\"peer\":\"%s\"}", gone->id);
}

static void leave_room(struct signaling_core *core, struct signaling_client *client)
{
    if (client->member.room) {
        signaling_session_say_others(
            core, client, "{\"type\":\"peer-left\",\"peer\":\"%s\"}", client->id);
        signaling_rooms_leave(&core->rooms, &client->member);
    }
}

static void leave(const struct request *r)
{
    leave_room(r->core, r->client);
}

// ---- signal

static bool is_pair(const struct signaling_client *user, const struct signaling_client *creator)
{
    return user->using && user->using->creator == creator;
}

static bool can_reach(const struct signaling_client *from, const struct signaling_client *to)
{
    bool share_room = from->member.room && from->member.room == to->member.room;

    return from != to && (share_room || is_pair(from, to) || is_pair(to, from));
}

static struct signaling_client *find_client(const struct signaling_core *core, const char *id)
{
    struct map_entry *entry = map_find(&core->by_id, bytes_of_text(id));

    return entry ? CONTAINER_OF(entry, struct signaling_client, by_id) : NULL;
}

// Written anew instead of copied, so that what leaves is one plain JSON form, whatever came.
static struct signaling_text *signal_text(const struct request *r)
{
    char head[64 + SIGNALING_ID_SIZE];
    int head_len = snprintf(
        head, sizeof head, "{\"type\":\"signal\",\"from\":\"%s\",\"data\":", r->client->id);
    const json_t *data = r->message->data;
    size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
    size_t data_len = json_dumpb(data, NULL, 0, flags);

    if (data_len == 0) {
        return NULL;
    }
    struct signaling_text *text =
        signaling_queue_new_text(r->core->config.env->alloc, (size_t)head_len + data_len + 1);
    if (text) {
        memcpy(text->ptr, head, (size_t)head_len);
        (void)json_dumpb(data, (char *)text->ptr + head_len, data_len, flags);
        text->ptr[text->len - 1] = '}';
    }
    return text;
}

static void signal_peer(const struct request *r)
{
    struct signaling_client *to = find_client(r->core, r->message->to);

    if (!to || !can_reach(r->client, to)) {
        fail(r, SIGNALING_NO_SUCH_PEER, "that peer is not here any more, or was never yours");
        return;
    }
    struct signaling_text *text = signal_text(r);
    if (!text) {
        signaling_session_close(r->core, r->client, SIGNALING_CLOSE_NO_MEMORY);
        return;
    }
    if (text->len > SIGNALING_TEXT_MAX) {
        // Numbers may grow when written anew: 1e9 becomes 1000000000.0.
        fail(r, SIGNALING_BAD_MESSAGE, "data is too long");
    } else {
        signaling_session_push(r->core, to, text);
    }
    signaling_queue_release_text(r->core->config.env->alloc, text);
}

// ---- codes

// Ends the pair of a code, if there is one, for both.
static void part(struct signaling_code *code)
{
    if (code->user) {
        code->user->using = NULL;
        code->user = NULL;
    }
}

static bool is_spent(const struct request *r, const struct signaling_budget *budget, uint32_t max)
{
    return signaling_sources_is_spent(budget, max, SIGNALING_SOURCES_MINUTE, r->now);
}

static void spend(const struct request *r, struct signaling_budget *budget)
{
    signaling_sources_spend(budget, SIGNALING_SOURCES_MINUTE, r->now);
}

static void create_code(const struct request *r)
{
    struct signaling_client *client = r->client;
    struct signaling_budget *budget = &client->source->created;
    struct signaling_code *code;

    if (client->code_count >= SIGNALING_CLIENT_CODES_MAX) {
        fail(r, SIGNALING_TOO_MANY, "a connection has at most 16 codes; release one first");
        return;
    }
    if (is_spent(r, budget, SIGNALING_CREATED_CODES_MAX)) {
        fail(r, SIGNALING_RATE_LIMITED, "too many codes from your address; wait a minute");
        return;
    }
    if (signaling_codes_create(&r->core->codes, client, &code, r->now) != YODEL_OK) {
        fail(r, SIGNALING_TOO_MANY, "the server has no free code; try again later");
        return;
    }
    spend(r, budget);
    list_push_back(&client->codes, &code->of_creator);
    client->code_count++;
    signaling_session_say(
        r->core, client, "{\"type\":\"code\",\"number\":%u}", (unsigned)code->number);
}

static void say_paired(
    const struct request *r, struct signaling_client *to, const struct signaling_client *peer)
{
    signaling_session_say(r->core, to, "{\"type\":\"paired\",\"number\":%u,\"peer\":\"%s\"}",
        (unsigned)r->message->number, peer->id);
}

// Who comes back is often faster than the creator, who has to notice that they were gone, and open
// the code again: to ask again from there is no guess.
static bool was_used_from(const struct signaling_code *code, const struct signaling_source *source)
{
    return memcmp(code->used_from, source->key, sizeof source->key) == 0;
}

static void use_code(const struct request *r)
{
    struct signaling_budget *wrong = &r->client->source->wrong;
    struct signaling_budget *used = &r->client->source->used;
    struct signaling_budget *used_long = &r->client->source->used_long;

    if (is_spent(r, wrong, SIGNALING_WRONG_CODES_MAX)) {
        fail(r, SIGNALING_RATE_LIMITED, "too many wrong codes from your address; wait a minute");
        return;
    }
    // Whoever pairs and fails the proof burns somebody's code without ever being wrong here.
    if (is_spent(r, used, SIGNALING_USED_CODES_MAX)) {
        fail(r, SIGNALING_RATE_LIMITED, "too many codes used from your address; wait a minute");
        return;
    }
    if (signaling_sources_is_spent(
            used_long, SIGNALING_USED_CODES_LONG_MAX, SIGNALING_SOURCES_HOUR, r->now)) {
        fail(r, SIGNALING_RATE_LIMITED, "too many codes used from your address; wait an hour");
        return;
    }
    spend(r, used);
    signaling_sources_spend(used_long, SIGNALING_SOURCES_HOUR, r->now);
    if (r->client->using) {
        fail(r, SIGNALING_TOO_MANY, "a connection uses at most one code; unpair first");
        return;
    }
    struct signaling_code *code = signaling_codes_find(&r->core->codes, r->message->number);
    if (!code || code->creator == r->client) {
        spend(r, wrong);
        fail(r, SIGNALING_UNKNOWN_CODE, "nobody has that code; it may have ended");
        return;
    }
    if (code->is_used) {
        if (!was_used_from(code, r->client->source)) {
            spend(r, wrong);
        }
        fail(r, SIGNALING_USED_CODE, "that code was used already; ask for a new one");
        return;
    }
    code->is_used = true;
    memcpy(code->used_from, r->client->source->key, sizeof code->used_from);
    code->user = r->client;
    r->client->using = code;
    r->core->stats.paired++;
    say_paired(r, code->creator, r->client);
    say_paired(r, r->client, code->creator);
}

// The code with the message's number, if it is the client's own.
static struct signaling_code *own_code(const struct request *r)
{
    struct signaling_code *code = signaling_codes_find(&r->core->codes, r->message->number);

    if (!code || code->creator != r->client) {
        fail(r, SIGNALING_UNKNOWN_CODE, "that code is not yours");
        return NULL;
    }
    return code;
}

// Parts the pair and tells its user.
static void part_from_user(struct signaling_core *core, struct signaling_code *code)
{
    struct signaling_client *user = code->user;

    if (user) {
        part(code);
        say_gone(core, user, code->creator);
    }
}

static void reopen_code(const struct request *r)
{
    struct signaling_code *code = own_code(r);

    if (code) {
        part_from_user(r->core, code);
        code->is_used = false;
        signaling_session_say(
            r->core, r->client, "{\"type\":\"code\",\"number\":%u}", (unsigned)r->message->number);
    }
}

static void drop_code(struct signaling_core *core, struct signaling_code *code, yodel_time now)
{
    struct signaling_client *creator = code->creator;

    part_from_user(core, code);
    list_remove(&code->of_creator);
    creator->code_count--;
    signaling_codes_release(&core->codes, code, now);
}

static void release_code(const struct request *r)
{
    struct signaling_code *code = own_code(r);

    if (code) {
        drop_code(r->core, code, r->now);
        signaling_session_say(r->core, r->client, "{\"type\":\"code-released\",\"number\":%u}",
            (unsigned)r->message->number);
    }
}

// Leaves the code that the client uses, and its creator hears of it.
static void stop_using(struct signaling_core *core, struct signaling_client *client)
{
    struct signaling_code *code = client->using;

    if (code) {
        part(code);
        say_gone(core, code->creator, client);
    }
}

static void unpair(const struct request *r)
{
    struct signaling_client *client = r->client;
    uint32_t number = r->message->number; // 0: whatever the number.

    if (client->using && (number == 0 || client->using->number == number)) {
        stop_using(r->core, client);
    }
    for (struct list_node *node = list_first(&client->codes); node;
         node = list_next(&client->codes, node)) {
        struct signaling_code *code = CONTAINER_OF(node, struct signaling_code, of_creator);
        if (number == 0 || code->number == number) {
            part_from_user(r->core, code);
        }
    }
}

void signaling_actions_leave_all(
    struct signaling_core *core, struct signaling_client *client, yodel_time now)
{
    struct list_node *node;

    leave_room(core, client);
    stop_using(core, client);
    while ((node = list_first(&client->codes))) {
        drop_code(core, CONTAINER_OF(node, struct signaling_code, of_creator), now);
    }
}

static void unknown(const struct request *r)
{
    fail(r, SIGNALING_UNKNOWN_TYPE, "this server does not know that type of message");
}

void signaling_actions_run(struct signaling_core *core, struct signaling_client *client,
    const struct signaling_message *message, yodel_time now)
{
    static void (*const actions[])(const struct request *) = {
        [SIGNALING_UNKNOWN] = unknown,
        [SIGNALING_JOIN] = join,
        [SIGNALING_LEAVE] = leave,
        [SIGNALING_SIGNAL] = signal_peer,
        [SIGNALING_CREATE_CODE] = create_code,
        [SIGNALING_USE_CODE] = use_code,
        [SIGNALING_REOPEN_CODE] = reopen_code,
        [SIGNALING_RELEASE_CODE] = release_code,
        [SIGNALING_UNPAIR] = unpair,
    };
    struct request request = {core, client, message, now};

    actions[message->type](&request);
}
