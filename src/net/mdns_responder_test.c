// Multicast DNS, answering: to whom, when, how often, and for nothing but its own names.

#include "net/mdns_responder.h"

#include "check.h"
#include "net/env.h"
#include "net/mdns.h"

static const struct yodel_addr ip = {.family = YODEL_ADDR_V4, .ip = {192, 0, 2, 7}};
static const struct yodel_addr ip6 = {.family = YODEL_ADDR_V6, .ip = {0xfd, [15] = 1}};
static const struct yodel_addr asker = {
    .family = YODEL_ADDR_V4, .ip = {192, 0, 2, 9}, .port = MDNS_PORT};

struct scene {
    struct mdns_responder responder;
    const char *name;
    struct yodel_addr to;
    uint8_t room[MDNS_RESPONSE_MAX];
    struct mdns_msg said;
};

static void scene_open(struct scene *s)
{
    mdns_responder_init(&s->responder, net_env_system(LOG_ERROR, NET_ENV_TEXT));
    s->name = mdns_responder_name(&s->responder, &ip);
    CHECK(s->name != NULL);
}

// A query for one name; `class_bits` are those above IN.
static size_t put_query(
    uint8_t room[MDNS_QUERY_MAX], const char *name, uint16_t type, uint16_t class_bits)
{
    struct writer w = writer_of(span_of(room, MDNS_QUERY_MAX));

    CHECK_EQ(mdns_msg_put_query(&w, name), YODEL_OK);
    size_t name_len = (w.len - 12) / 2 - 4;
    w.len = 12 + name_len;
    store_u16(room + 4, 1);
    put_u16(&w, type);
    put_u16(&w, 1 | class_bits);
    return w.len;
}

static void ask_as(struct scene *s, const struct yodel_addr *from, const char *name, uint16_t type,
    uint16_t class_bits, yodel_time now)
{
    uint8_t room[MDNS_QUERY_MAX];
    size_t len = put_query(room, name, type, class_bits);

    store_u16(room, 77);
    mdns_responder_recv(&s->responder, from, bytes_of(room, len), now);
}

static size_t emit(struct scene *s, yodel_time now)
{
    size_t len = mdns_responder_emit(&s->responder, span_of(s->room, sizeof s->room), &s->to, now);

    CHECK(len == 0 || mdns_msg_parse(&s->said, bytes_of(s->room, len)) == YODEL_OK);
    return len;
}

static void a_name_is_a_random_uuid(void)
{
    struct scene s;

    scene_open(&s);
    CHECK_EQ(strlen(s.name), 36 + 6);
    for (size_t i = 0; i < 36; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        CHECK(is_dash ? s.name[i] == '-' : strchr("0123456789abcdef", s.name[i]) != NULL);
    }
    CHECK_EQ(s.name[14], '4');
    CHECK(strchr("89ab", s.name[19]) != NULL);
    CHECK_TEXT(s.name + 36, ".local");
    CHECK(mdns_responder_name(&s.responder, &ip) == s.name);
    CHECK(strcmp(mdns_responder_name(&s.responder, &ip6), s.name) != 0);
}

static void the_group_is_answered_once_a_second(void)
{
    struct scene s;
    yodel_time now = YODEL_SECONDS(9);

    scene_open(&s);
    CHECK_EQ(emit(&s, now), 0); // Nothing is told unasked.
    ask_as(&s, &asker, s.name, MDNS_TYPE_A, 0, now);
    ask_as(&s, &asker, s.name, MDNS_TYPE_ANY, 0, now);
    CHECK(emit(&s, now) > 0);
    CHECK_EQ(s.to.family, YODEL_ADDR_NONE);
    CHECK_EQ(s.said.record_count, 1);
    CHECK_TEXT(s.said.records[0].name, s.name);
    CHECK(addr_same_ip(&s.said.records[0].addr, &ip));
    CHECK_EQ(s.said.records[0].ttl, 120);
    CHECK(memcmp(s.room, "\0\0\x84\0\0\0\0\1\0\0\0\0", 12) == 0);
    CHECK_EQ(s.room[12 + 44 + 2], 0x80); // Caches forget what they had.
    CHECK_EQ(emit(&s, now), 0);

    ask_as(&s, &asker, s.name, MDNS_TYPE_A, 0, now + MDNS_ANSWER_EACH - 1);
    CHECK_EQ(emit(&s, now + MDNS_ANSWER_EACH - 1), 0);
    ask_as(&s, &asker, s.name, MDNS_TYPE_A, 0, now + MDNS_ANSWER_EACH);
    CHECK(emit(&s, now + MDNS_ANSWER_EACH) > 0);
}

static void who_asks_to_be_answered_alone_is(void)
{
    struct scene s;
    yodel_time now = YODEL_SECONDS(9);

    scene_open(&s);
    ask_as(&s, &asker, s.name, MDNS_TYPE_A, 0x8000, now);
    CHECK(emit(&s, now) > 0);
    CHECK(addr_equal(&s.to, &asker));
    CHECK_EQ(s.room[1], 0); // No id, no question.
    CHECK_EQ(s.room[5], 0);
    ask_as(&s, &asker, s.name, MDNS_TYPE_A, 0x8000, now + 1);
    CHECK_EQ(emit(&s, now + 1), 0); // Nobody is flooded in another's name,
    ask_as(&s, &asker, s.name, MDNS_TYPE_A, 0, now + 1);
    CHECK(emit(&s, now + 1) > 0); // and the group hears all the same.
}

static void another_port_gets_a_plain_answer(void)
{
    struct scene s;
    struct yodel_addr legacy = asker;
    yodel_time now = YODEL_SECONDS(9);

    legacy.port = 5454;
    scene_open(&s);
    ask_as(&s, &legacy, s.name, MDNS_TYPE_A, 0, now);
    CHECK(emit(&s, now) > 0);
    CHECK(addr_equal(&s.to, &legacy));
    CHECK_EQ(s.room[1], 77);
    CHECK_EQ(s.room[5], 1);
    CHECK_EQ(s.said.records[0].ttl, MDNS_TTL_LEGACY);
}

static void nothing_else_is_answered(void)
{
    struct scene s;
    uint8_t room[MDNS_QUERY_MAX + 100];
    struct yodel_addr nobody = asker;

    scene_open(&s);
    ask_as(&s, &asker, "printer.local", MDNS_TYPE_A, 0, 1);
    ask_as(&s, &asker, s.name, MDNS_TYPE_AAAA, 0, 1); // Of the other family,
    ask_as(&s, &asker, s.name, 12, 0, 1);             // of no address at all,
    ask_as(&s, &asker, s.name, MDNS_TYPE_A, 2, 1);    // of another class.
    nobody.port = 0;
    ask_as(&s, &nobody, s.name, MDNS_TYPE_A, 0, 1);
    size_t len = put_query(room, s.name, MDNS_TYPE_A, 0);
    room[2] = 0x84; // A response is no question.
    mdns_responder_recv(&s.responder, &asker, bytes_of(room, len), 1);
    CHECK_EQ(emit(&s, 1), 0);
}

static void what_is_known_is_not_repeated(void)
{
    static const struct {
        uint32_t ttl;
        uint8_t last;
        bool is_answered;
    } rows[] = {{120, 7, false}, {60, 7, false}, {59, 7, true}, {120, 8, true}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scene s;
        uint8_t room[MDNS_QUERY_MAX + 100];

        scene_open(&s);
        struct writer w = writer_of(span_of(room, sizeof room));
        w.len = put_query(room, s.name, MDNS_TYPE_A, 0);
        store_u16(room + 6, 1);
        put_bytes(&w, bytes_of("\xc0\x0c\0\1\0\1", 6));
        put_u32(&w, rows[i].ttl);
        put_bytes(&w, bytes_of("\0\4\xc0\0\2", 5));
        put_u8(&w, rows[i].last);
        mdns_responder_recv(&s.responder, &asker, writer_bytes(&w), 1);
        CHECK_EQ(emit(&s, 1) > 0, rows[i].is_answered);
    }
}

static void an_end_is_told_to_who_may_have_heard(void)
{
    struct scene s;
    char name[MDNS_OWN_NAME_SIZE];

    scene_open(&s);
    CHECK(mdns_responder_name(&s.responder, &ip6) != NULL);
    memcpy(name, s.name, sizeof name);
    ask_as(&s, &asker, s.name, MDNS_TYPE_A, 0, 1);
    CHECK(emit(&s, 1) > 0);
    mdns_responder_remove_all(&s.responder);
    ask_as(&s, &asker, name, MDNS_TYPE_A, 0, 2);
    CHECK(emit(&s, 2) > 0);
    CHECK_TEXT(s.said.records[0].name, name);
    CHECK_EQ(s.said.records[0].ttl, 0);
    CHECK_EQ(emit(&s, 2), 0); // Of the other nobody knew.
    CHECK(strcmp(mdns_responder_name(&s.responder, &ip), name) != 0);
}

static void there_are_so_many_names_and_no_more(void)
{
    struct scene s;
    struct yodel_addr other = ip;

    scene_open(&s);
    for (uint8_t i = 1; i < MDNS_NAMES_MAX; i++) {
        other.ip[3] = (uint8_t)(100 + i);
        CHECK(mdns_responder_name(&s.responder, &other) != NULL);
    }
    other.ip[3] = 1;
    CHECK(mdns_responder_name(&s.responder, &other) == NULL);
    mdns_responder_remove(&s.responder, &ip);
    CHECK(mdns_responder_name(&s.responder, &other) != NULL);
}

TEST_MAIN(TEST(a_name_is_a_random_uuid), TEST(the_group_is_answered_once_a_second),
    TEST(who_asks_to_be_answered_alone_is), TEST(another_port_gets_a_plain_answer),
    TEST(nothing_else_is_answered), TEST(what_is_known_is_not_repeated),
    TEST(an_end_is_told_to_who_may_have_heard), TEST(there_are_so_many_names_and_no_more))
