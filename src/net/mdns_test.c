// Multicast DNS: the schedule in virtual time, whose answers count, and the cache.

#include "net/mdns.h"

#include "check.h"

static const struct yodel_addr responder = {
    .family = YODEL_ADDR_V4, .ip = {192, 0, 2, 7}, .port = MDNS_PORT};

// A response that gives `name` the address 192.0.2.`last`.
static void answer(struct mdns *mdns, const struct yodel_addr *from, const char *name, uint8_t last,
    uint32_t ttl, yodel_time now)
{
    uint8_t room[MDNS_QUERY_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));

    CHECK_EQ(mdns_msg_put_query(&w, name), YODEL_OK);
    size_t name_len = (w.len - 12) / 2 - 4;
    w.len = 12 + name_len; // The first question's name becomes the record's.
    memcpy(room, "\0\0\x84\0\0\0\0\1\0\0\0\0", 12);
    put_bytes(&w, bytes_of("\0\1\x80\1", 4));
    put_u32(&w, ttl);
    put_bytes(&w, bytes_of("\0\4\xc0\0\2", 5));
    put_u8(&w, last);
    mdns_recv(mdns, from, writer_bytes(&w), now);
}

static void a_name_is_asked_for_four_times_in_five_seconds(void)
{
    static const yodel_time want_ms[] = {0, 250, 1000, 3000};
    struct mdns mdns;
    struct mdns_answer got;
    uint8_t room[MDNS_QUERY_MAX];
    yodel_time start = 77;

    mdns_init(&mdns);
    CHECK_EQ(mdns_next_timeout(&mdns), YODEL_NEVER);
    CHECK_EQ(mdns_ask(&mdns, "a.local", start), YODEL_OK);
    for (size_t i = 0; i < COUNT(want_ms); i++) {
        yodel_time now = mdns_next_timeout(&mdns);
        CHECK_EQ(now, start + YODEL_MS(want_ms[i]));
        mdns_tick(&mdns, now);
        CHECK(mdns_emit(&mdns, span_of(room, sizeof room), now) > 12);
        CHECK_EQ(mdns_emit(&mdns, span_of(room, sizeof room), now), 0);
    }
    CHECK(!mdns_next_answer(&mdns, &got));
    CHECK_EQ(mdns_next_timeout(&mdns), start + MDNS_GIVE_UP);
    mdns_tick(&mdns, start + MDNS_GIVE_UP - 1);
    CHECK(!mdns_next_answer(&mdns, &got));
    mdns_tick(&mdns, start + MDNS_GIVE_UP);
    CHECK(mdns_next_answer(&mdns, &got));
    CHECK(!got.is_found);
    CHECK_TEXT(got.name, "a.local");
    CHECK(!mdns_next_answer(&mdns, &got));
    CHECK_EQ(mdns_next_timeout(&mdns), YODEL_NEVER);
}

static void only_its_own_answer_ends_a_query(void)
{
    struct mdns mdns;
    struct mdns_answer got;
    struct yodel_addr elsewhere = responder;

    elsewhere.port = 5354; // §6.
    mdns_init(&mdns);
    CHECK_EQ(mdns_ask(&mdns, "a.local", 1), YODEL_OK);
    CHECK_EQ(mdns_ask(&mdns, "b.local", 1), YODEL_OK);
    answer(&mdns, &responder, "c.local", 3, 120, 2);
    answer(&mdns, &elsewhere, "a.local", 3, 120, 2);
    answer(&mdns, &responder, "a.local", 3, 0, 2);
    CHECK(!mdns_next_answer(&mdns, &got));
    answer(&mdns, &responder, "B.Local", 9, 120, 2);
    CHECK(mdns_next_answer(&mdns, &got));
    CHECK(got.is_found && got.addr.ip[3] == 9);
    CHECK_TEXT(got.name, "b.local");
    CHECK(!mdns_next_answer(&mdns, &got));
}

static void one_name_is_one_query(void)
{
    struct mdns mdns;
    struct mdns_answer got;
    uint8_t room[MDNS_QUERY_MAX];

    mdns_init(&mdns);
    CHECK_EQ(mdns_ask(&mdns, "a.local", 1), YODEL_OK);
    CHECK_EQ(mdns_ask(&mdns, "A.local", 1), YODEL_OK);
    CHECK(mdns_emit(&mdns, span_of(room, sizeof room), 1) > 0);
    CHECK_EQ(mdns_emit(&mdns, span_of(room, sizeof room), 1), 0);
    answer(&mdns, &responder, "a.local", 3, 120, 2);
    CHECK(mdns_next_answer(&mdns, &got));
    CHECK(!mdns_next_answer(&mdns, &got));
}

static void what_was_answered_is_known_for_a_while(void)
{
    struct mdns mdns;
    struct mdns_answer got;
    uint8_t room[MDNS_QUERY_MAX];
    yodel_time now = 1;

    mdns_init(&mdns);
    CHECK_EQ(mdns_ask(&mdns, "a.local", now), YODEL_OK);
    answer(&mdns, &responder, "a.local", 3, 10, now);
    CHECK(mdns_next_answer(&mdns, &got));

    now += YODEL_SECONDS(10) - 1;
    CHECK_EQ(mdns_ask(&mdns, "a.local", now), YODEL_OK);
    CHECK_EQ(mdns_emit(&mdns, span_of(room, sizeof room), now), 0);
    CHECK(mdns_next_answer(&mdns, &got));
    CHECK(got.is_found && got.addr.ip[3] == 3);

    answer(&mdns, &responder, "a.local", 3, 0, now); // Goodbye.
    CHECK_EQ(mdns_ask(&mdns, "a.local", now), YODEL_OK);
    CHECK(mdns_emit(&mdns, span_of(room, sizeof room), now) > 0);
    answer(&mdns, &responder, "a.local", 4, 10, now);
    CHECK(mdns_next_answer(&mdns, &got));

    now += YODEL_SECONDS(10); // Too old.
    CHECK_EQ(mdns_ask(&mdns, "a.local", now), YODEL_OK);
    CHECK(mdns_emit(&mdns, span_of(room, sizeof room), now) > 0);
}

static void there_are_so_many_queries_and_no_more(void)
{
    struct mdns mdns;
    struct mdns_answer got;
    char name[] = "aa.local";
    uint32_t answers = 0;

    mdns_init(&mdns);
    for (uint32_t round = 0; round < 3; round++) { // The cache overflows in the second.
        yodel_time now = YODEL_SECONDS(1 + round);
        for (uint32_t i = 0; i <= MDNS_QUERIES_MAX; i++) {
            name[0] = (char)('a' + round);
            name[1] = (char)('0' + i);
            CHECK_EQ(
                mdns_ask(&mdns, name, now), i < MDNS_QUERIES_MAX ? YODEL_OK : YODEL_ERR_TOO_LARGE);
            if (i < MDNS_QUERIES_MAX) {
                answer(&mdns, &responder, name, 3, 120, now);
            }
        }
        while (mdns_next_answer(&mdns, &got)) {
            answers++;
        }
    }
    CHECK_EQ(answers, 3 * MDNS_QUERIES_MAX);
    CHECK_EQ(mdns_ask(&mdns, "..local", 1), YODEL_ERR_SYNTAX);
}

TEST_MAIN(TEST(a_name_is_asked_for_four_times_in_five_seconds),
    TEST(only_its_own_answer_ends_a_query), TEST(one_name_is_one_query),
    TEST(what_was_answered_is_known_for_a_while), TEST(there_are_so_many_queries_and_no_more))
