// For the tests of a member: one member that is played a script, a word or two for each thing that
// happens to it, and what comes of each in the same short words.
//
//   in    link | hello | down | joined P… | left P | P member ID ROLE WITH… | P full | P no-path |
//         P wrong-code | P offer | P answer | P candidate | P end | raw TEXT | wait MILLISECONDS |
//         error RE CODE |
//         up N | lost N | fail N | closed N | bye N | offer N | answer N | candidate N | quit
//   out   CONNECT HELLO FOREIGN WAITING FULL; PARTNER N first|polite; SIGNAL N what; ROLLBACK N;
//         RESTART N; GONE N why; FAILED code; and what is said: join, leave, P:member(WITH…),
//         P:full, P:no-path, P:offer, P:answer, P:candidate
//
// Not here    anything that ships

#ifndef SIGNALING_MEMBER_FIXTURE_H
#define SIGNALING_MEMBER_FIXTURE_H

#include "check.h"
#include "signaling/fixture.h"
#include "signaling/member.h"

#define WORDS_MAX 16

struct script {
    struct fixture f;
    struct signaling_member member;
    yodel_time now;
    char out[4096]; // What came of the last step.
};

// ---- out

static void script_note(struct script *s, const char *format, ...) YODEL_PRINTF(2, 3);
static void script_note(struct script *s, const char *format, ...)
{
    size_t len = strlen(s->out);
    va_list args;

    if (len > 0 && len + 1 < sizeof s->out) {
        s->out[len++] = ' ';
    }
    va_start(args, format);
    (void)vsnprintf(s->out + len, sizeof s->out - len, format, args);
    va_end(args);
}

static const char *script_what(const json_t *data)
{
    const json_t *description = json_object_get(data, "description");

    if (description) {
        const char *type = json_string_value(json_object_get(description, "type"));
        return type ? type : "description";
    }
    if (json_object_get(data, "candidate")) {
        return json_is_null(json_object_get(data, "candidate")) ? "end" : "candidate";
    }
    const char *code = json_string_value(json_object_get(json_object_get(data, "abort"), "code"));
    return code ? code : "?";
}

static void script_note_said(struct script *s, const char *text)
{
    json_t *message = json_loads(text, 0, NULL);
    const char *type = json_string_value(json_object_get(message, "type"));
    const char *to = json_string_value(json_object_get(message, "to"));
    const json_t *data = json_object_get(message, "data");
    const json_t *member = json_object_get(data, "member");
    char with[1024] = "";
    const json_t *one;
    size_t i;

    CHECK(message && type);
    json_array_foreach(json_object_get(member, "with"), i, one)
    {
        size_t len = strlen(with);
        (void)snprintf(
            with + len, sizeof with - len, "%s%s", i > 0 ? " " : "", json_string_value(one));
    }
    if (!to) {
        script_note(s, "%s", type);
    } else if (member) {
        CHECK_TEXT(json_string_value(json_object_get(member, "id")), "me");
        script_note(s, "%s:member(%s)", to, with);
    } else {
        script_note(s, "%s:%s", to, script_what(data));
    }
    json_decref(message);
}

static void script_note_event(struct script *s, const struct signaling_member_event *event)
{
    static const char *const names[] = {"CONNECT", "HELLO", "FOREIGN", "WAITING", "PARTNER",
        "SIGNAL", "ROLLBACK", "RESTART", "GONE", "FULL", "FAILED"};
    static const char *const whys[] = {"left", "closed", "lost", "no-path", "refused", "afresh"};
    const struct signaling_member_partner *partner =
        signaling_member_find(&s->member, event->partner);
    const char *name = names[event->type];

    if (event->type == SIGNALING_MEMBER_EVENT_PARTNER) {
        script_note(s, "%s %u %s", name, event->partner, partner->is_polite ? "polite" : "first");
    } else if (event->type == SIGNALING_MEMBER_EVENT_SIGNAL) {
        script_note(s, "%s %u %s", name, event->partner, script_what(event->data));
    } else if (event->type == SIGNALING_MEMBER_EVENT_GONE) {
        script_note(s, "%s %u %s", name, event->partner, whys[event->why]);
    } else if (event->type == SIGNALING_MEMBER_EVENT_FAILED) {
        script_note(s, "%s %s", name, event->code);
    } else if (event->partner) {
        script_note(s, "%s %u", name, event->partner);
    } else {
        script_note(s, "%s", name);
    }
}

static void script_drain(struct script *s)
{
    struct signaling_member_event event;
    const char *text;

    while (signaling_member_next_event(&s->member, &event)) {
        script_note_event(s, &event);
    }
    while ((text = signaling_member_next_out(&s->member, s->now))) {
        script_note_said(s, text);
    }
    CHECK(signaling_member_next_timeout(&s->member) > s->now);
}

// ---- in

static void script_hear(struct script *s, const char *text)
{
    signaling_member_recv(&s->member, bytes_of_text(text), s->now);
}

static void script_hear_json(struct script *s, json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT);

    CHECK(text);
    script_hear(s, text);
    alloc_free(alloc_system(), text);
    json_decref(message);
}

static json_t *script_list(char *const words[], size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, json_string(words[i]));
    }
    return list;
}

static json_t *script_data(const char *what)
{
    if (strcmp(what, "offer") == 0 || strcmp(what, "answer") == 0) {
        return json_pack("{s:{s:s, s:s}}", "description", "type", what, "sdp", "v=0");
    }
    if (strcmp(what, "candidate") == 0) {
        return json_pack("{s:{s:s}}", "candidate", "candidate", "candidate:1");
    }
    return strcmp(what, "end") == 0
               ? json_pack("{s:n}", "candidate")
               : json_pack("{s:{s:s, s:s}}", "abort", "code", what, "text", "a reason");
}

static void script_signal(struct script *s, char *words[], size_t count)
{
    json_t *data = strcmp(words[1], "member") == 0
                       ? json_pack("{s:{s:s, s:s, s:o}}", "member", "id", words[2], "role",
                             count > 3 ? words[3] : "call", "with",
                             script_list(words + 4, count > 4 ? count - 4 : 0))
                       : script_data(words[1]);

    script_hear_json(
        s, json_pack("{s:s, s:s, s:o}", "type", "signal", "from", words[0], "data", data));
}

static void script_wait(struct script *s, yodel_duration wait)
{
    yodel_time until = s->now + wait;

    while (s->now < until) {
        s->now = time_min(until, signaling_member_next_timeout(&s->member));
        signaling_member_tick(&s->member, s->now);
        script_drain(s);
    }
}

static bool script_server(struct script *s, char *words[], size_t count)
{
    struct signaling_member *member = &s->member;
    const char *verb = words[0];

    if (strcmp(verb, "link") == 0) {
        signaling_member_connected(member, s->now);
    } else if (strcmp(verb, "hello") == 0) {
        script_hear(s, "{\"type\":\"hello\",\"protocol\":1,\"ice_servers\":[]}");
    } else if (strcmp(verb, "down") == 0) {
        signaling_member_disconnected(member, s->now);
    } else if (strcmp(verb, "joined") == 0) {
        script_hear_json(s,
            json_pack("{s:s, s:o}", "type", "joined", "peers", script_list(words + 1, count - 1)));
    } else if (strcmp(verb, "left") == 0) {
        script_hear_json(s, json_pack("{s:s, s:s}", "type", "peer-left", "peer", words[1]));
    } else if (strcmp(verb, "error") == 0) {
        script_hear_json(
            s, json_pack("{s:s, s:s, s:s}", "type", "error", "re", words[1], "code", words[2]));
    } else {
        return false;
    }
    return true;
}

static bool script_connection(struct script *s, const char *verb, const char *arg)
{
    struct signaling_member *member = &s->member;
    uint32_t number = (uint32_t)strtoul(arg, NULL, 10);

    if (strcmp(verb, "up") == 0) {
        signaling_member_path_up(member, number, s->now);
    } else if (strcmp(verb, "lost") == 0) {
        signaling_member_path_lost(member, number, s->now);
    } else if (strcmp(verb, "fail") == 0) {
        signaling_member_fail(member, number, "a reason", s->now);
    } else if (strcmp(verb, "closed") == 0) {
        signaling_member_closed(member, number, s->now);
    } else if (strcmp(verb, "bye") == 0) {
        signaling_member_left(member, number);
    } else if (strcmp(verb, "offer") == 0 || strcmp(verb, "answer") == 0 ||
               strcmp(verb, "candidate") == 0) {
        signaling_member_signal(member, number, script_data(verb));
    } else {
        return false;
    }
    return true;
}

static void script_step(struct script *s, const char *step)
{
    char text[512], *words[WORDS_MAX], *next = text;
    size_t count = 0;

    s->out[0] = '\0';
    (void)snprintf(text, sizeof text, "%s", step);
    if (strncmp(step, "raw ", 4) == 0) {
        script_hear(s, step + 4);
    } else {
        while (next && count < WORDS_MAX) {
            words[count++] = next;
            next = strchr(next, ' ');
            if (next) {
                *next++ = '\0';
            }
        }
        if (strcmp(words[0], "wait") == 0) {
            script_wait(s, YODEL_MS(strtoul(words[1], NULL, 10)));
        } else if (strcmp(words[0], "quit") == 0) {
            signaling_member_leave(&s->member);
        } else if (!script_server(s, words, count) &&
                   !(count > 1 && script_connection(s, words[0], words[1]))) {
            CHECK(count > 1);
            script_signal(s, words, count);
        }
    }
    script_drain(s);
}

static void script_init(struct script *s, enum signaling_call_role role)
{
    struct signaling_member_options options = {.room = "r", .id = "me", .role = role};

    *s = (struct script){.now = YODEL_SECONDS(1)};
    fixture_init(&s->f);
    options.env = &s->f.env;
    CHECK_EQ(signaling_member_init(&s->member, &options), YODEL_OK);
}

static void script_deinit(struct script *s)
{
    signaling_member_deinit(&s->member);
    signaling_core_deinit(&s->f.core);
}

#endif
