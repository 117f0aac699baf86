// A member among liars: a server, others in the room and connections that say anything in any order.
// Whatever they do: a connection begins once and ends once, there are no more of them than places,
// what is passed on came from the partner whose connection it is, and there is always a next moment.

#include "signaling/member.h"

#include "fuzz.h"
#include "signaling/fixture.h"

#define STEPS_MAX 200

static struct fixture f;
static struct signaling_member member;
static bool is_live[STEPS_MAX * SIGNALING_MEMBER_WAITING_MAX];
static uint32_t last_number, live_count;
static bool is_ended; // FULL or FAILED, or we left.
static char last_from[8];

static uint8_t take(struct reader *r)
{
    return r->left > 0 ? read_u8(r) : 0;
}

// ---- what comes of it

static uint32_t places(void)
{
    return member.role == SIGNALING_CALL_ROLE_PUBLISH ? SIGNALING_MEMBER_PARTNERS_MAX : 1;
}

static void check_partner(const struct signaling_member_event *event)
{
    uint32_t number = event->partner;

    if (event->type == SIGNALING_MEMBER_EVENT_PARTNER) {
        FUZZ_CHECK(number == last_number + 1 && number < COUNT(is_live));
        last_number = number;
        is_live[number] = true;
        FUZZ_CHECK(++live_count <= places());
        return;
    }
    FUZZ_CHECK(number > 0 && number <= last_number && is_live[number]);
    if (event->type == SIGNALING_MEMBER_EVENT_GONE) {
        is_live[number] = false;
        live_count--;
    } else if (event->type == SIGNALING_MEMBER_EVENT_SIGNAL) {
        const struct signaling_member_partner *partner = signaling_member_find(&member, number);
        FUZZ_CHECK(partner && strcmp(partner->peer, last_from) == 0);
        FUZZ_CHECK(json_object_get(event->data, "description") ||
                   json_object_get(event->data, "candidate"));
    }
}

static void take_event(const struct signaling_member_event *event)
{
    FUZZ_CHECK(!is_ended && event->code && event->text);
    switch (event->type) {
    case SIGNALING_MEMBER_EVENT_CONNECT:
    case SIGNALING_MEMBER_EVENT_HELLO:
    case SIGNALING_MEMBER_EVENT_FOREIGN:
    case SIGNALING_MEMBER_EVENT_WAITING:
        break;
    case SIGNALING_MEMBER_EVENT_PARTNER:
    case SIGNALING_MEMBER_EVENT_SIGNAL:
    case SIGNALING_MEMBER_EVENT_ROLLBACK:
    case SIGNALING_MEMBER_EVENT_RESTART:
    case SIGNALING_MEMBER_EVENT_GONE:
        check_partner(event);
        break;
    case SIGNALING_MEMBER_EVENT_FULL:
    case SIGNALING_MEMBER_EVENT_FAILED:
        is_ended = true;
        FUZZ_CHECK(member.state == SIGNALING_MEMBER_OVER);
        break;
    }
}

static void drain(void)
{
    struct signaling_member_event event;
    const char *text;

    while (signaling_member_next_event(&member, &event)) {
        take_event(&event);
    }
    while ((text = signaling_member_next_out(&member, f.now))) {
        json_t *message = signaling_message_read(bytes_of_text(text));
        FUZZ_CHECK(message && json_string_value(json_object_get(message, "type")));
        json_decref(message);
    }
    signaling_member_tick(&member, f.now);
    while (signaling_member_next_event(&member, &event)) {
        take_event(&event);
    }
    FUZZ_CHECK(signaling_member_next_timeout(&member) > f.now || member.post.out_count > 0);
}

// ---- what happens

static void hear(const char *format, ...) YODEL_PRINTF(1, 2);
static void hear(const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    FUZZ_CHECK(len > 0 && (size_t)len < sizeof text);
    signaling_member_recv(&member, bytes_of(text, (size_t)len), f.now);
}

static void hear_signal(struct reader *r)
{
    static const char *const datas[] = {
        "{\"description\":{\"type\":\"offer\",\"sdp\":\"\"}}",
        "{\"description\":{\"type\":\"answer\",\"sdp\":\"\"}}",
        "{\"candidate\":{\"candidate\":\"\"}}",
        "{\"candidate\":null}",
        "{\"abort\":{\"code\":\"full\"}}",
        "{\"abort\":{\"code\":\"no-path\",\"text\":\"why\"}}",
        "{\"description\":7,\"candidate\":7}",
        "[]",
    };
    static const char *const roles[] = {"call", "publish", "play", "sing"};
    uint8_t who = take(r), what = take(r);

    (void)snprintf(last_from, sizeof last_from, "p%u", who % 80);
    if (what & 1) {
        hear("{\"type\":\"signal\",\"from\":\"%s\",\"data\":{\"member\":{\"id\":\"m%u\",\"role\":"
             "\"%s\",\"with\":[\"%s\"]}}}",
            last_from, what / 32 + who / 2 % 40, roles[what / 2 % 4], what & 16 ? "me" : "x");
    } else {
        hear("{\"type\":\"signal\",\"from\":\"%s\",\"data\":%s}", last_from, datas[what / 2 % 8]);
    }
}

static void hear_server(struct reader *r)
{
    static const char *const texts[] = {
        "{\"type\":\"hello\",\"protocol\":1,\"ice_servers\":[{\"urls\":[\"stun:a\"]}]}",
        "{\"type\":\"joined\",\"room\":\"r\",\"peers\":[]}",
        "{\"type\":\"joined\",\"room\":\"r\",\"peers\":[\"p1\"]}",
        "{\"type\":\"joined\",\"room\":\"r\",\"peers\":[\"p1\",\"p2\",\"p1\",7]}",
        "{\"type\":\"error\",\"re\":\"join\",\"code\":\"too-many\",\"text\":\"the room is full\"}",
        "{\"type\":\"error\",\"re\":\"signal\",\"code\":\"no-such-peer\"}",
        "{\"type\":\"hello\"}",
    };
    uint8_t what = take(r);

    if (what & 1) {
        hear("{\"type\":\"peer-left\",\"peer\":\"p%u\"}", what / 2 % 80);
    } else {
        hear("%s", texts[what / 2 % COUNT(texts)]);
    }
}

static void say(uint32_t number, uint8_t what)
{
    static const char *const types[] = {"offer", "answer"};

    signaling_member_signal(&member, number,
        what & 1
            ? json_pack("{s:n}", "candidate")
            : json_pack("{s:{s:s, s:s}}", "description", "type", types[what / 2 % 2], "sdp", ""));
}

static void change_connection(struct reader *r)
{
    uint8_t what = take(r);
    uint32_t number = last_number - take(r) % 4;

    switch (what % 8) {
    case 0:
    case 1:
        signaling_member_path_up(&member, number, f.now);
        break;
    case 2:
        signaling_member_path_lost(&member, number, f.now);
        break;
    case 3:
        signaling_member_fail(&member, number, "why", f.now);
        break;
    case 4:
        signaling_member_closed(&member, number, f.now);
        break;
    case 5:
        signaling_member_left(&member, number);
        break;
    default:
        say(number, what / 8);
    }
}

static void step(uint8_t op, struct reader *r)
{
    if (op < 6) {
        hear_signal(r);
    } else if (op < 8) {
        hear_server(r);
    } else if (op < 11) {
        change_connection(r);
    } else if (op == 11) {
        signaling_member_connected(&member, f.now);
    } else if (op == 12) {
        signaling_member_disconnected(&member, f.now);
    } else if (op == 13) {
        yodel_time next = signaling_member_next_timeout(&member);
        f.now = next == YODEL_NEVER || next < f.now ? f.now + 1 : next;
    } else if (op == 14) {
        f.now += YODEL_MS(take(r)) * 500;
    } else {
        struct bytes noise = read_bytes(r, take(r) < r->left ? r->left / 2 : r->left);
        signaling_member_recv(&member, noise, f.now);
    }
    signaling_member_tick(&member, f.now);
    drain();
}

FUZZ(input)
{
    struct reader r = reader_of(input);
    uint8_t mode = take(&r);
    struct signaling_member_options options = {
        .env = &f.env, .room = "r", .id = "me", .role = (enum signaling_call_role)(mode % 3)};

    fixture_init(&f);
    memset(is_live, 0, sizeof is_live);
    last_number = live_count = 0;
    is_ended = false;
    FUZZ_CHECK(signaling_member_init(&member, &options) == YODEL_OK);
    if (mode & 4) { // The usual beginning, which noise would seldom find.
        signaling_member_connected(&member, f.now);
        hear("{\"type\":\"hello\",\"protocol\":1}");
        hear("{\"type\":\"joined\",\"peers\":[\"p0\",\"p1\"]}");
        drain();
    }
    for (int i = 0; i < STEPS_MAX && r.left > 0; i++) {
        step(take(&r) & 15, &r);
    }
    signaling_member_leave(&member);
    drain();
    signaling_member_deinit(&member);
    signaling_core_deinit(&f.core);
}
