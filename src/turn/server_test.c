// TURN server: what a client asks for properly, it gets, and data goes both ways.

#include <stdio.h>

#include "check.h"
#include "turn/server_fixture.h"

#define PEER "8.8.8.8:1000"

static struct world s;

static struct yodel_addr relayed(void)
{
    struct yodel_addr addr = {0};

    CHECK(stun_attr_read_addr(&s.answer, TURN_ATTR_XOR_RELAYED_ADDRESS, &addr));
    return addr;
}

static void a_client_gets_a_relay_and_hears_where_it_is(void)
{
    struct yodel_addr mapped;
    struct stun_auth_key key;
    uint32_t lifetime_s = 0;

    world_init(&s);
    CHECK_EQ(world_allocate(&s), 0);
    CHECK_EQ(s.answer.type, TURN_ALLOCATE | STUN_SUCCESS);
    struct yodel_addr relay = relayed();
    CHECK(relay.port >= 49152 && addr_equal(&relay, &s.relays[0]->public_addr));
    CHECK(stun_attr_read_addr(&s.answer, STUN_XOR_MAPPED_ADDRESS, &mapped));
    CHECK(addr_equal(&mapped, &s.client.addr));
    CHECK(stun_attr_read_u32(&s.answer, TURN_ATTR_LIFETIME, &lifetime_s) && lifetime_s == 600);
    CHECK_EQ(stun_auth_long_term_key(&key, STUN_AUTH_MD5, bytes_of_text("alice"),
                 bytes_of_text("yodel"), bytes_of_text("secret")),
        YODEL_OK);
    CHECK_EQ(stun_auth_check(&s.answer, stun_auth_key_bytes(&key)), YODEL_OK);
    CHECK_EQ(turn_server_stats(s.server)->allocations, 1);
    world_deinit(&s);
}

static void sha256_is_answered_with_sha256(void)
{
    world_init(&s);
    world_learn_nonce(&s);
    world_begin_allocate(&s);
    world_seal(&s, true);
    CHECK_EQ(world_send_plain(&s), 0);
    CHECK(stun_msg_find(&s.answer, STUN_MESSAGE_INTEGRITY_SHA256));
    CHECK(!stun_msg_find(&s.answer, STUN_MESSAGE_INTEGRITY));
    world_deinit(&s);
}

static void data_goes_both_ways_by_indications(void)
{
    struct yodel_addr peer = world_addr(PEER), from;
    struct stun_msg msg;
    uint8_t whole[256];
    struct writer w = writer_of(span_of(whole, sizeof whole));

    world_init(&s);
    CHECK_EQ(world_allocate(&s), 0);
    CHECK(!world_send_data(&s, PEER));
    CHECK(!world_hear(&s, PEER, bytes_of_text("hi")));
    CHECK_EQ(world_permit(&s, "8.8.8.8:0"), 0); // Whatever the port.
    CHECK(world_send_data(&s, PEER));
    CHECK(s.out.relay == s.relays[0] && addr_equal(&s.out.peer, &peer));
    CHECK_BYTES(s.out.body, bytes_of_text("hello"));
    CHECK(world_hear(&s, PEER, bytes_of_text("hi")));
    CHECK(!s.out.relay && addr_equal(&s.out.client.addr, &s.client.addr));
    CHECK_EQ(s.out.padding, 2);
    put_bytes(&w, s.out.head);
    put_bytes(&w, s.out.body);
    put_zeros(&w, s.out.padding);
    CHECK_EQ(stun_msg_parse(&msg, writer_bytes(&w)), YODEL_OK);
    CHECK_EQ(msg.type, TURN_DATA | STUN_INDICATION);
    CHECK(stun_attr_read_addr(&msg, TURN_ATTR_XOR_PEER_ADDRESS, &from));
    CHECK(addr_equal(&from, &peer));
    CHECK_BYTES(stun_msg_find(&msg, TURN_ATTR_DATA)->value, bytes_of_text("hi"));
    CHECK(!world_hear(&s, "8.8.4.4:1000", bytes_of_text("hi")));
    world_deinit(&s);
}

static void data_goes_both_ways_by_channels_without_a_copy(void)
{
    struct bytes hi = bytes_of_text("hi");

    world_init(&s);
    s.client.transport = YODEL_TCP;
    s.client.stream = 5;
    CHECK_EQ(world_allocate(&s), 0);
    CHECK_EQ(world_bind(&s, 0x4000, PEER), 0);
    CHECK(world_send_channel(&s, 0x4000, bytes_of_text("hello")));
    CHECK(s.out.body.ptr == s.asked + 4);
    CHECK_EQ(s.out.head.len, 0);
    CHECK(world_hear(&s, PEER, hi));
    CHECK_BYTES(s.out.head, bytes_of("\x40\x00\x00\x02", 4));
    CHECK(s.out.body.ptr == hi.ptr);
    CHECK_EQ(s.out.padding, 2); // Over streams.
    // From another port of the same peer, it is an indication.
    CHECK(world_hear(&s, "8.8.8.8:1001", hi));
    CHECK(s.out.head.len > 4);
    CHECK_EQ(s.out.client.stream, 5);
    turn_server_stream_closed(s.server, &s.client);
    world_settle(&s);
    CHECK_EQ(s.closed, 1);
    CHECK_EQ(turn_server_stats(s.server)->ports, 0);
    world_deinit(&s);
}

static void permissions_last_five_minutes_and_channels_ten(void)
{
    world_init(&s);
    CHECK_EQ(world_allocate(&s), 0);
    CHECK_EQ(world_refresh(&s, 3600), 0);
    CHECK_EQ(world_permit(&s, "9.9.9.9:0"), 0);
    CHECK_EQ(world_bind(&s, 0x4001, PEER), 0);
    world_pass(&s, YODEL_SECONDS(300) - 1);
    CHECK(world_send_data(&s, "9.9.9.9:1") && world_hear(&s, "9.9.9.9:1", bytes_of("x", 1)));
    world_pass(&s, 1);
    CHECK(!world_send_data(&s, "9.9.9.9:1") && !world_hear(&s, "9.9.9.9:1", bytes_of("x", 1)));
    CHECK(world_send_channel(&s, 0x4001, bytes_of("x", 1)));
    CHECK(world_hear(&s, PEER, bytes_of("x", 1)));
    world_pass(&s, YODEL_SECONDS(300));
    CHECK(!world_send_channel(&s, 0x4001, bytes_of("x", 1)));
    CHECK(!world_hear(&s, PEER, bytes_of("x", 1)));
    world_deinit(&s);
}

static void an_allocation_ends_unless_it_is_refreshed(void)
{
    world_init(&s);
    CHECK_EQ(world_allocate(&s), 0);
    world_pass(&s, YODEL_SECONDS(599));
    CHECK_EQ(world_refresh(&s, 600), 0);
    world_pass(&s, YODEL_SECONDS(599));
    CHECK_EQ(s.closed, 0);
    world_pass(&s, YODEL_SECONDS(1));
    CHECK_EQ(s.closed, 1);
    CHECK_EQ(turn_server_stats(s.server)->ended[TURN_END_EXPIRED], 1);
    CHECK_EQ(world_refresh(&s, 600), 437);
    CHECK_EQ(world_allocate(&s), 0);
    CHECK_EQ(world_refresh(&s, 0), 0);
    CHECK_EQ(s.closed, 2);
    CHECK_EQ(turn_server_stats(s.server)->ports, 0);
    world_deinit(&s);
}

static void the_same_allocate_is_answered_the_same_way(void)
{
    uint8_t first[TURN_SERVER_ROOM];

    world_init(&s);
    CHECK_EQ(world_allocate(&s), 0);
    size_t len = s.out.head.len;
    memcpy(first, s.out.head.ptr, len);
    CHECK_EQ(world_send_plain(&s), 0);
    CHECK_BYTES(s.out.head, bytes_of(first, len));
    CHECK_EQ(turn_server_stats(s.server)->allocations, 1);
    world_begin_allocate(&s);
    CHECK_EQ(world_send(&s), 437);
    world_deinit(&s);
}

static void one_allocate_gives_both_families(void)
{
    world_init(&s);
    world_learn_nonce(&s);
    world_begin_allocate(&s);
    turn_msg_put_byte(&s.w, TURN_ATTR_ADDITIONAL_ADDRESS_FAMILY, TURN_FAMILY_V6);
    CHECK_EQ(world_send(&s), 0);
    CHECK_EQ(s.relay_count, 2);
    CHECK_EQ(world_permit(&s, "[2600::1]:9"), 0);
    CHECK(world_send_data(&s, "[2600::1]:9"));
    CHECK_EQ(s.out.relay->bound.family, YODEL_ADDR_V6);
    world_begin(&s, TURN_REFRESH);
    stun_attr_put_u32(&s.w, TURN_ATTR_LIFETIME, 0);
    turn_msg_put_byte(&s.w, TURN_ATTR_REQUESTED_ADDRESS_FAMILY, TURN_FAMILY_V6);
    CHECK_EQ(world_send(&s), 0);
    CHECK_EQ(s.closed, 1);
    CHECK_EQ(world_permit(&s, "[2600::1]:9"), 443);
    CHECK_EQ(world_permit(&s, "8.8.8.8:9"), 0);
    CHECK_EQ(turn_server_stats(s.server)->allocations, 1);
    world_deinit(&s);
}

static void a_second_family_that_is_not_there_is_told(void)
{
    world_prepare(&s);
    s.config.v6 = (struct turn_relay_address){0};
    world_start(&s);
    world_learn_nonce(&s);
    world_begin_allocate(&s);
    turn_msg_put_byte(&s.w, TURN_ATTR_ADDITIONAL_ADDRESS_FAMILY, TURN_FAMILY_V6);
    CHECK_EQ(world_send(&s), 0);
    CHECK_BYTES(stun_msg_find(&s.answer, TURN_ATTR_ADDRESS_ERROR_CODE)->value,
        bytes_of("\x02\x00\x04\x28", 4)); // IPv6, 440.
    world_deinit(&s);
}

static void the_port_above_waits_for_its_token(void)
{
    uint8_t token[TURN_RESERVATION_TOKEN_SIZE];

    world_init(&s);
    world_learn_nonce(&s);
    world_begin_allocate(&s);
    turn_msg_put_byte(&s.w, TURN_ATTR_EVEN_PORT, 0x80);
    CHECK_EQ(world_send(&s), 0);
    uint16_t port = relayed().port;
    CHECK_EQ(port % 2, 0);
    memcpy(token, stun_msg_find(&s.answer, TURN_ATTR_RESERVATION_TOKEN)->value.ptr, sizeof token);
    CHECK_EQ(turn_server_stats(s.server)->ports, 2);
    s.client.addr.port++;
    world_learn_nonce(&s);
    world_begin_allocate(&s);
    stun_msg_put_attr(&s.w, TURN_ATTR_RESERVATION_TOKEN, bytes_of(token, sizeof token));
    CHECK_EQ(world_send(&s), 0);
    CHECK_EQ(relayed().port, port + 1);
    s.client.addr.port++;
    world_learn_nonce(&s);
    world_begin_allocate(&s); // Used once.
    stun_msg_put_attr(&s.w, TURN_ATTR_RESERVATION_TOKEN, bytes_of(token, sizeof token));
    CHECK_EQ(world_send(&s), 508);
    world_deinit(&s);
}

static void ports_that_cannot_be_bound_are_tried_over_and_given_back(void)
{
    world_init(&s);
    s.is_open_refused = true;
    CHECK_EQ(world_allocate(&s), 508);
    CHECK_EQ(turn_server_stats(s.server)->ports, 0);
    CHECK_EQ(turn_server_stats(s.server)->allocations, 0);
    s.is_open_refused = false;
    CHECK_EQ(world_allocate(&s), 0);
    world_deinit(&s);
}

static void two_relays_of_ours_reach_each_other_behind_another_public_address(void)
{
    char first[ADDR_TEXT_MAX], second[ADDR_TEXT_MAX];

    world_prepare(&s);
    s.config.v4 = (struct turn_relay_address){world_addr("10.0.0.5:0"), world_addr("10.9.9.9:0")};
    world_start(&s);
    CHECK_EQ(world_allocate(&s), 0);
    struct yodel_addr first_addr = relayed();
    addr_text(&first_addr, first);
    s.client.addr.port++;
    CHECK_EQ(world_allocate(&s), 0);
    struct yodel_addr second_addr = relayed();
    addr_text(&second_addr, second);
    CHECK_EQ(world_permit(&s, first), 0);
    CHECK(world_send_data(&s, first));
    CHECK(addr_equal(&s.out.peer, &s.relays[0]->bound)); // Not by its public address.
    struct yodel_addr from = s.relays[0]->bound, peer;
    CHECK(turn_server_recv_peer(s.server, s.relays[1], &from, bytes_of("x", 1),
        span_of(s.answered, sizeof s.answered), &s.out, s.now));
    struct writer w = writer_of(span_of(s.asked, sizeof s.asked));
    struct stun_msg msg;
    put_bytes(&w, s.out.head);
    put_bytes(&w, s.out.body);
    put_zeros(&w, s.out.padding);
    CHECK_EQ(stun_msg_parse(&msg, writer_bytes(&w)), YODEL_OK);
    CHECK(stun_attr_read_addr(&msg, TURN_ATTR_XOR_PEER_ADDRESS, &peer));
    CHECK(addr_equal(&peer, &first_addr));
    CHECK(!world_send_data(&s, "10.9.9.9:3478")); // No live relay.
    world_deinit(&s);
}

static void names_with_an_expiry_work_until_then(void)
{
    struct bytes secrets[] = {bytes_of_text("old secret"), bytes_of_text("new secret")};

    for (size_t i = 0; i < COUNT(secrets); i++) {
        char password[64] = {0};
        struct writer w = writer_of(span_of(password, sizeof password - 1));

        world_prepare(&s);
        CHECK_EQ(world_add_users(&s), YODEL_OK);
        CHECK_EQ(turn_credentials_add_secret(&s.credentials, secrets[0]), YODEL_OK);
        CHECK_EQ(turn_credentials_add_secret(&s.credentials, secrets[1]), YODEL_OK);
        CHECK_EQ(turn_server_new(&s.server, &s.config), YODEL_OK);
        s.user = "1700000100:carol";
        turn_credentials_put_password(&w, secrets[i], bytes_of_text(s.user));
        s.password = password;
        CHECK_EQ(world_allocate(&s), 401); // No clock yet.
        turn_server_set_clock(s.server, 1700000000 - 86400, s.now);
        CHECK_EQ(world_allocate(&s), 401); // Too far ahead.
        turn_server_set_clock(s.server, 1700000000, s.now);
        CHECK_EQ(world_allocate(&s), 0);
        world_pass(&s, YODEL_SECONDS(99));
        CHECK_EQ(s.closed, 0);
        world_pass(&s, YODEL_SECONDS(31));
        CHECK_EQ(s.closed, 1);
        CHECK_EQ(turn_server_stats(s.server)->ended[TURN_END_REVOKED], 1);
        CHECK_EQ(world_allocate(&s), 401);
        world_deinit(&s);
    }
}

// As where a file with users is read again.
static void who_is_taken_out_ends_within_a_minute(void)
{
    struct turn_credentials without;

    world_init(&s);
    CHECK_EQ(world_allocate(&s), 0);
    turn_credentials_init(&without, &s.env);
    CHECK_EQ(turn_credentials_add_realm(&without, bytes_of_text("yodel")), YODEL_OK);
    CHECK_EQ(turn_credentials_add_user(&without, bytes_of_text("bob"), bytes_of_text("hunter2")),
        YODEL_OK);
    turn_server_set_credentials(s.server, &without);
    world_pass(&s, YODEL_SECONDS(60));
    CHECK_EQ(s.closed, 1);
    CHECK_EQ(turn_server_stats(s.server)->ended[TURN_END_REVOKED], 1);
    CHECK_EQ(world_allocate(&s), 401);
    s.user = "bob";
    s.password = "hunter2";
    CHECK_EQ(world_allocate(&s), 0);
    turn_server_set_credentials(s.server, &s.credentials);
    turn_credentials_deinit(&without);
    world_deinit(&s);
}

static void new_rules_and_new_credentials_count_at_once(void)
{
    struct turn_credentials again;
    struct turn_rules rules = {0};

    world_init(&s);
    CHECK_EQ(world_allocate(&s), 0);
    CHECK_EQ(world_permit(&s, "10.0.0.1:0"), 403);
    CHECK_EQ(turn_rules_allow(&rules, bytes_of_text("10.0.0.0/8")), YODEL_OK);
    CHECK_EQ(turn_server_set_rules(s.server, &rules), YODEL_OK);
    CHECK_EQ(world_permit(&s, "10.0.0.1:0"), 0);
    CHECK(world_send_data(&s, "10.0.0.1:7") && world_hear(&s, "10.0.0.1:7", bytes_of("x", 1)));
    CHECK_EQ(turn_server_set_rules(s.server, &(struct turn_rules){0}), YODEL_OK);
    CHECK(!world_send_data(&s, "10.0.0.1:7") && !world_hear(&s, "10.0.0.1:7", bytes_of("x", 1)));
    // The same user, in credentials that were read anew, goes on.
    turn_credentials_init(&again, &s.env);
    CHECK_EQ(turn_credentials_add_realm(&again, bytes_of_text("other")), YODEL_OK);
    CHECK_EQ(turn_credentials_add_realm(&again, bytes_of_text("yodel")), YODEL_OK);
    CHECK_EQ(turn_credentials_add_user(&again, bytes_of_text("alice"), bytes_of_text("secret")),
        YODEL_OK);
    turn_server_set_credentials(s.server, &again);
    world_pass(&s, YODEL_SECONDS(60));
    CHECK_EQ(s.closed, 0);
    CHECK_EQ(world_refresh(&s, 600), 0);
    turn_server_set_credentials(s.server, &s.credentials);
    turn_credentials_deinit(&again);
    world_deinit(&s);
}

static void a_server_that_drains_keeps_what_it_has(void)
{
    world_init(&s);
    CHECK_EQ(world_allocate(&s), 0);
    turn_server_drain(s.server);
    CHECK_EQ(world_refresh(&s, 600), 0);
    s.client.addr.port++;
    CHECK_EQ(world_allocate(&s), 508);
    world_deinit(&s);
}

static void binding_is_answered_without_credentials(void)
{
    struct yodel_addr mapped;

    world_init(&s);
    world_begin(&s, STUN_BINDING);
    CHECK_EQ(world_send_plain(&s), 0);
    CHECK(stun_attr_read_addr(&s.answer, STUN_XOR_MAPPED_ADDRESS, &mapped));
    CHECK(addr_equal(&mapped, &s.client.addr));
    world_deinit(&s);
}

// Each allocation fails once, from the first on, in a conversation that has all parts.
static void without_memory_it_says_so_and_loses_nothing(void)
{
    for (size_t n = 0; n < 60; n++) {
        world_prepare(&s);
        s.memory.allowed = n;
        if (world_add_users(&s) == YODEL_OK && turn_server_new(&s.server, &s.config) == YODEL_OK) {
            world_learn_nonce(&s);
            world_begin_allocate(&s);
            turn_msg_put_byte(&s.w, TURN_ATTR_EVEN_PORT, 0x80);
            uint32_t code = world_send(&s);
            CHECK(code == 0 || code == 508);
            for (unsigned i = 0; code == 0 && i < 12; i++) {
                char peer[32];
                (void)snprintf(peer, sizeof peer, "8.8.8.%u:1000", i);
                uint32_t bound = world_bind(&s, (uint16_t)(0x4000 + i), peer);
                CHECK(bound == 0 || bound == 508);
                CHECK_EQ(
                    world_send_channel(&s, (uint16_t)(0x4000 + i), bytes_of("x", 1)), bound == 0);
            }
            CHECK(code != 0 || world_refresh(&s, 0) == 0);
            world_pass(&s, YODEL_SECONDS(31));
            CHECK_EQ(turn_server_stats(s.server)->ports, 0);
        }
        world_deinit(&s);
    }
}

TEST_MAIN(TEST(a_client_gets_a_relay_and_hears_where_it_is), TEST(sha256_is_answered_with_sha256),
    TEST(data_goes_both_ways_by_indications), TEST(data_goes_both_ways_by_channels_without_a_copy),
    TEST(permissions_last_five_minutes_and_channels_ten),
    TEST(an_allocation_ends_unless_it_is_refreshed),
    TEST(the_same_allocate_is_answered_the_same_way), TEST(one_allocate_gives_both_families),
    TEST(a_second_family_that_is_not_there_is_told), TEST(the_port_above_waits_for_its_token),
    TEST(ports_that_cannot_be_bound_are_tried_over_and_given_back),
    TEST(two_relays_of_ours_reach_each_other_behind_another_public_address),
    TEST(names_with_an_expiry_work_until_then), TEST(who_is_taken_out_ends_within_a_minute),
    TEST(new_rules_and_new_credentials_count_at_once), TEST(a_server_that_drains_keeps_what_it_has),
    TEST(binding_is_answered_without_credentials),
    TEST(without_memory_it_says_so_and_loses_nothing))
