// Behaviour discovery: the table of RFC 5780 §6.1, and how long an answer may be.

#include "check.h"
#include "turn/server_fixture.h"

static struct world s;

static void start(const char *second)
{
    world_prepare(&s);
    s.config.discovery_v4.first = world_addr("192.0.2.1:3478");
    s.config.discovery_v4.second = world_addr(second);
    world_start(&s);
}

// Asks with CHANGE-REQUEST, at a length for which all is answered.
static uint32_t ask(const char *local, uint32_t change)
{
    s.client.local = world_addr(local);
    world_begin(&s, STUN_BINDING);
    stun_msg_put_attr(&s.w, STUN_SOFTWARE, bytes_of_text("a long name"));
    stun_attr_put_u32(&s.w, STUN_CHANGE_REQUEST, change);
    return world_send_plain(&s);
}

static bool says(uint16_t type, const char *want)
{
    struct yodel_addr got, addr = world_addr(want);

    return stun_attr_read_addr(&s.answer, type, &got) && addr_equal(&got, &addr);
}

static void answers_leave_from_where_the_table_says(void)
{
    static const char *const corners[2][2] = {
        {"192.0.2.1:3478", "192.0.2.1:3479"}, {"192.0.2.9:3478", "192.0.2.9:3479"}};

    start("192.0.2.9:3479");
    for (unsigned i = 0; i < 16; i++) {
        unsigned ip = i & 1, port = i >> 1 & 1, change_ip = i >> 2 & 1, change_port = i >> 3;
        uint32_t change = (change_ip ? STUN_CHANGE_IP : 0) | (change_port ? STUN_CHANGE_PORT : 0);
        const char *origin = corners[ip ^ change_ip][port ^ change_port];
        struct yodel_addr leaves = world_addr(origin);

        s.now += YODEL_SECONDS(1);
        CHECK_EQ(ask(corners[ip][port], change), 0);
        CHECK(addr_equal(&s.out.client.local, &leaves));
        CHECK(says(STUN_RESPONSE_ORIGIN, origin));
        CHECK(says(STUN_OTHER_ADDRESS, corners[!ip][!port]));
        CHECK(says(STUN_XOR_MAPPED_ADDRESS, "198.18.0.7:40000"));
    }
    world_deinit(&s);
}

static void the_public_addresses_are_named_and_the_local_ones_used(void)
{
    world_prepare(&s);
    s.config.discovery_v4 = (struct turn_discovery){world_addr("10.0.0.1:3478"),
        world_addr("10.0.0.2:3479"), world_addr("5.6.7.8:3478"), world_addr("5.6.7.9:3479")};
    world_start(&s);
    struct yodel_addr leaves = world_addr("10.0.0.2:3479");
    CHECK_EQ(ask("10.0.0.1:3478", STUN_CHANGE_IP | STUN_CHANGE_PORT), 0);
    CHECK(addr_equal(&s.out.client.local, &leaves));
    CHECK(says(STUN_OTHER_ADDRESS, "5.6.7.9:3479") && says(STUN_RESPONSE_ORIGIN, "5.6.7.9:3479"));
    world_deinit(&s);
}

static void what_is_not_there_is_refused(void)
{
    start("192.0.2.1:3479"); // Another port alone.
    CHECK_EQ(ask("192.0.2.1:3478", STUN_CHANGE_PORT), 0);
    CHECK(says(STUN_RESPONSE_ORIGIN, "192.0.2.1:3479"));
    CHECK(!stun_msg_find(&s.answer, STUN_OTHER_ADDRESS)); // §7.4: of a second IP address alone.
    CHECK_EQ(ask("192.0.2.1:3478", STUN_CHANGE_IP), 420);
    CHECK_EQ(ask("192.0.2.7:3478", STUN_CHANGE_PORT), 420); // Where nothing is known.
    s.client.transport = YODEL_TCP;
    CHECK_EQ(ask("192.0.2.1:3478", STUN_CHANGE_PORT), 420);
    world_deinit(&s);
    world_init(&s);
    CHECK_EQ(ask("192.0.2.1:3478", STUN_CHANGE_PORT), 420);
    CHECK(!stun_msg_find(&s.answer, STUN_OTHER_ADDRESS));
    world_deinit(&s);
}

// RFC 5780 §7.5 and §7.6 let a stranger choose where an answer goes, and make it long.
static void who_asks_for_another_s_answer_gets_420(void)
{
    static const uint16_t refused[] = {0x0026, 0x0027}; // PADDING, RESPONSE-PORT.

    start("192.0.2.9:3479");
    s.client.local = world_addr("192.0.2.1:3478");
    for (size_t i = 0; i < COUNT(refused); i++) {
        world_begin(&s, STUN_BINDING);
        stun_attr_put_u32(&s.w, refused[i], 0x16000000);
        CHECK_EQ(world_send_plain(&s), 420);
        CHECK(s.out.head.len <= s.w.len * 16 / 10);
        CHECK(addr_equal(&s.out.client.addr, &s.client.addr));
    }
    world_deinit(&s);
}

// Security property 9: beyond 1.6 times an answer is one of a few.
static void long_answers_are_seldom(void)
{
    uint32_t named = 0;

    start("192.0.2.9:3479");
    s.client.local = world_addr("192.0.2.1:3478");
    for (int i = 0; i < 100; i++) {
        world_begin(&s, STUN_BINDING);
        CHECK_EQ(world_send_plain(&s), 0);
        bool is_named = stun_msg_find(&s.answer, STUN_OTHER_ADDRESS) != NULL;
        CHECK(s.out.head.len * 10 <= s.w.len * (is_named ? 26 : 16));
        named += is_named;
    }
    CHECK_EQ(named, 10);
    s.client.addr.port = 53;
    CHECK_EQ(ask("192.0.2.1:3478", STUN_CHANGE_PORT), UINT32_MAX);
    world_deinit(&s);
}

TEST_MAIN(TEST(answers_leave_from_where_the_table_says),
    TEST(the_public_addresses_are_named_and_the_local_ones_used),
    TEST(what_is_not_there_is_refused), TEST(who_asks_for_another_s_answer_gets_420),
    TEST(long_answers_are_seldom))
