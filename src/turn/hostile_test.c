// TURN server, with input that means harm: the cases T1 to T14 and those of STUN that reach a server.

#include <stdio.h>

#include "check.h"
#include "turn/server_fixture.h"

#define PEER "8.8.8.8:1000"

static struct world s;

static uint64_t drops(enum turn_drop why)
{
    return turn_server_stats(s.server)->drops[why];
}

// Case T1; with relays for TCP it is in connection_test.c.
static void t1_only_udp_is_relayed_and_it_must_be_said(void)
{
    static const struct {
        int protocol;
        uint32_t want;
    } rows[] = {{-1, 400}, {TURN_PROTOCOL_TCP, 442}, {255, 442}, {0, 442}, {17, 0}};

    world_init(&s);
    world_learn_nonce(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        world_begin(&s, TURN_ALLOCATE);
        if (rows[i].protocol >= 0) {
            turn_msg_put_byte(&s.w, TURN_ATTR_REQUESTED_TRANSPORT, (uint8_t)rows[i].protocol);
        }
        CHECK_EQ(world_send(&s), rows[i].want);
    }
    world_deinit(&s);
}

// Case T2.
static void t2_a_lifetime_is_within_its_limits(void)
{
    static const struct {
        uint32_t asked, want;
    } rows[] = {
        {0, 600}, {1, 600}, {600, 600}, {777, 777}, {3600, 3600}, {3601, 3600}, {UINT32_MAX, 3600}};

    world_init(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint32_t got = 0;

        s.client.addr.port++;
        world_learn_nonce(&s);
        s.now += YODEL_SECONDS(1); // For the limit on challenges.
        world_begin_allocate(&s);
        stun_attr_put_u32(&s.w, TURN_ATTR_LIFETIME, rows[i].asked);
        CHECK_EQ(world_send(&s), 0);
        CHECK(stun_attr_read_u32(&s.answer, TURN_ATTR_LIFETIME, &got) && got == rows[i].want);
        CHECK_EQ(world_refresh(&s, rows[i].asked), 0);
        CHECK(stun_attr_read_u32(&s.answer, TURN_ATTR_LIFETIME, &got));
        CHECK_EQ(got, rows[i].asked == 0 ? 0 : rows[i].want);
    }
    world_deinit(&s);
}

// Cases T3 and L15: with and without the neighbour, ten thousand times; ports_test has the rest.
static void t3_no_port_is_lost(void)
{
    world_prepare(&s);
    s.config.limits.port_min = 50000;
    s.config.limits.port_max = 50009;
    world_start(&s);
    world_learn_nonce(&s);
    for (int i = 0; i < 10000; i++) {
        world_begin_allocate(&s);
        turn_msg_put_byte(&s.w, TURN_ATTR_EVEN_PORT, i % 3 ? 0x80 : 0);
        s.is_open_refused = i % 7 == 0;
        CHECK_EQ(world_send(&s), i % 7 == 0 ? 508 : 0);
        CHECK(i % 7 == 0 || world_refresh(&s, 0) == 0);
        if (i % 2 == 0 || turn_server_stats(s.server)->ports > 8) {
            world_pass(&s, YODEL_SECONDS(31)); // Reservations end.
            CHECK_EQ(turn_server_stats(s.server)->ports, 0);
            world_learn_nonce(&s);
        }
    }
    world_deinit(&s);
}

// Case T4.
static void t4_a_token_is_for_its_user_and_in_time(void)
{
    uint8_t token[TURN_RESERVATION_TOKEN_SIZE];

    world_init(&s);
    world_learn_nonce(&s);
    world_begin_allocate(&s);
    turn_msg_put_byte(&s.w, TURN_ATTR_EVEN_PORT, 0x80);
    CHECK_EQ(world_send(&s), 0);
    memcpy(token, stun_msg_find(&s.answer, TURN_ATTR_RESERVATION_TOKEN)->value.ptr, sizeof token);
    s.client.addr.port++;
    world_learn_nonce(&s);
    for (size_t bit = 0; bit < 64; bit++) { // Guessed.
        token[bit / 8] ^= (uint8_t)(1u << bit % 8);
        world_begin_allocate(&s);
        stun_msg_put_attr(&s.w, TURN_ATTR_RESERVATION_TOKEN, bytes_of(token, sizeof token));
        CHECK_EQ(world_send(&s), 508);
        token[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    s.user = "bob"; // Another user's.
    s.password = "hunter2";
    world_begin_allocate(&s);
    stun_msg_put_attr(&s.w, TURN_ATTR_RESERVATION_TOKEN, bytes_of(token, sizeof token));
    CHECK_EQ(world_send(&s), 508);
    s.user = "alice";
    s.password = "secret";
    for (size_t len = 0; len < 12; len++) { // Of another length.
        world_begin_allocate(&s);
        stun_msg_put_attr(&s.w, TURN_ATTR_RESERVATION_TOKEN, bytes_of("123456789012", len));
        CHECK_EQ(world_send(&s), len == 8 ? 508 : 400);
    }
    world_begin_allocate(&s); // With what excludes it.
    stun_msg_put_attr(&s.w, TURN_ATTR_RESERVATION_TOKEN, bytes_of(token, sizeof token));
    turn_msg_put_byte(&s.w, TURN_ATTR_EVEN_PORT, 0);
    CHECK_EQ(world_send(&s), 400);
    world_pass(&s, YODEL_SECONDS(31));
    world_begin_allocate(&s); // Too late.
    stun_msg_put_attr(&s.w, TURN_ATTR_RESERVATION_TOKEN, bytes_of(token, sizeof token));
    CHECK_EQ(world_send(&s), 508);
    world_deinit(&s);
}

// Case T5.
static void t5_families_that_exclude_each_other(void)
{
    static const struct {
        int one, both, even;
        uint32_t want;
    } rows[] = {{1, 2, -1, 400}, {2, 2, -1, 400}, {-1, 1, -1, 400}, {-1, 3, -1, 400},
        {0, -1, -1, 440}, {3, -1, -1, 440}, {-1, 2, 0x80, 400}, {2, -1, -1, 0}};

    world_init(&s);
    world_learn_nonce(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        world_begin_allocate(&s);
        if (rows[i].one >= 0) {
            turn_msg_put_byte(&s.w, TURN_ATTR_REQUESTED_ADDRESS_FAMILY, (uint8_t)rows[i].one);
        }
        if (rows[i].both >= 0) {
            turn_msg_put_byte(&s.w, TURN_ATTR_ADDITIONAL_ADDRESS_FAMILY, (uint8_t)rows[i].both);
        }
        if (rows[i].even >= 0) {
            turn_msg_put_byte(&s.w, TURN_ATTR_EVEN_PORT, (uint8_t)rows[i].even);
        }
        CHECK_EQ(world_send(&s), rows[i].want);
    }
    world_deinit(&s);
}

// Case T6.
static void t6_a_channel_has_one_peer_and_a_peer_one_channel(void)
{
    static const struct {
        uint16_t channel;
        uint32_t want;
    } rows[] = {{0, 400}, {0x3fff, 400}, {0x8000, 400}, {0xffff, 400}, {0x4000, 0}};

    world_init(&s);
    CHECK_EQ(world_allocate(&s), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(world_bind(&s, rows[i].channel, PEER), rows[i].want);
    }
    CHECK_EQ(world_bind(&s, 0x4fff, "9.9.9.9:1"), 0);
    CHECK_EQ(world_bind(&s, 0x5000, "9.9.9.9:2"), 0); // RFC 5766's clients take these.
    CHECK_EQ(world_bind(&s, 0x7fff, "9.9.9.9:3"), 0);
    CHECK(world_send_channel(&s, 0x7fff, bytes_of_text("hello")));
    CHECK_EQ(world_bind(&s, 0x4000, "8.8.8.8:1001"), 400);
    CHECK_EQ(world_bind(&s, 0x4001, PEER), 400);
    CHECK_EQ(world_bind(&s, 0x4000, PEER), 0); // Once more is a refresh.
    CHECK_EQ(world_bind(&s, 0x4002, "8.8.8.8:0"), 403);
    world_begin(&s, TURN_CHANNEL_BIND);
    turn_msg_put_channel(&s.w, 0x4003);
    CHECK_EQ(world_send(&s), 400);
    CHECK_EQ(world_refresh(&s, 3600), 0);
    world_pass(&s, YODEL_SECONDS(600)); // Expired, it is free for another peer.
    CHECK_EQ(world_bind(&s, 0x4000, "8.8.8.8:1001"), 0);
    CHECK_EQ(world_bind(&s, 0x4001, PEER), 0);
    world_deinit(&s);
}

// Case T7.
static void t7_channel_data_that_is_none(void)
{
    world_init(&s);
    CHECK(!world_send_channel(&s, 0x4000, bytes_of_text("x")));
    CHECK_EQ(drops(TURN_DROP_NO_ALLOCATION), 1);
    CHECK_EQ(world_allocate(&s), 0);
    CHECK_EQ(world_bind(&s, 0x4000, PEER), 0);
    CHECK(!world_send_channel(&s, 0x4001, bytes_of_text("x")));
    CHECK_EQ(drops(TURN_DROP_NO_CHANNEL), 1);
    CHECK(!world_say(&s, bytes_of("\x40\x00\x00\x09xxx", 7)));
    CHECK(!world_say(&s, bytes_of("\x40\x00\x00", 3)));
    CHECK(!world_say(&s, bytes_of("\x40", 1)));
    CHECK_EQ(drops(TURN_DROP_MALFORMED), 3);
    CHECK(world_send_channel(&s, 0x4000, (struct bytes){0})); // An empty datagram is one.
    CHECK_EQ(s.out.body.len, 0);
    CHECK(world_say(&s, bytes_of("\x40\x00\x00\x01xyz", 7))); // Padding is not data.
    CHECK_BYTES(s.out.body, bytes_of_text("x"));
    world_deinit(&s);
}

static uint32_t permit_many(size_t count, size_t bad)
{
    world_begin(&s, TURN_CREATE_PERMISSION);
    for (size_t i = 0; i < count; i++) {
        struct yodel_addr peer =
            i == bad ? addr_v4(127, 0, 0, 1, 1)
                     : addr_v4(9, (uint8_t)(count >> 8), (uint8_t)count, (uint8_t)i, 1);
        stun_attr_put_xor_addr(&s.w, TURN_ATTR_XOR_PEER_ADDRESS, &peer);
    }
    return world_send(&s);
}

// Case T8: all or nothing. More attributes than STUN_ATTRS_MAX are no message.
static void t8_permissions_are_made_together_or_not_at_all(void)
{
    world_init(&s);
    CHECK_EQ(world_allocate(&s), 0);
    CHECK_EQ(permit_many(0, SIZE_MAX), 400);
    CHECK_EQ(permit_many(1, SIZE_MAX), 0);
    CHECK_EQ(permit_many(20, SIZE_MAX), 0);
    CHECK(world_send_data(&s, "9.0.20.19:5"));
    CHECK_EQ(permit_many(21, 20), 403);
    CHECK(!world_send_data(&s, "9.0.21.0:5"));
    CHECK_EQ(permit_many(22, 0), 403);
    CHECK(!world_send_data(&s, "9.0.22.21:5"));
    CHECK_EQ(permit_many(64, SIZE_MAX), UINT32_MAX);
    CHECK_EQ(permit_many(2000, SIZE_MAX), UINT32_MAX);
    // A peer of no family, and of a family that the allocation has not.
    world_begin(&s, TURN_CREATE_PERMISSION);
    stun_msg_put_attr(&s.w, TURN_ATTR_XOR_PEER_ADDRESS, bytes_of("\0\3\0\1abcd", 8));
    CHECK_EQ(world_send(&s), 400);
    CHECK_EQ(world_permit(&s, "[2600::1]:1"), 443);
    world_deinit(&s);
}

// Case T8, L16: the limits on peers, in number and in time.
static void t8_peers_are_limited_in_number_and_in_time(void)
{
    uint32_t permitted = 0;

    world_init(&s);
    CHECK_EQ(world_allocate(&s), 0);
    for (unsigned i = 0; i < 100; i++) {
        char peer[32];
        (void)snprintf(peer, sizeof peer, "9.9.%u.1:1", i);
        permitted += world_permit(&s, peer) == 0;
    }
    CHECK_EQ(permitted, 64);
    CHECK_EQ(world_permit(&s, "9.9.0.1:1"), 0); // A known one is not new.
    for (unsigned i = 0; i < 260; i++) {
        char peer[32];
        s.now += YODEL_MS(100);
        (void)snprintf(peer, sizeof peer, "7.7.%u.%u:1", i / 200, i % 200);
        permitted += world_permit(&s, peer) == 0;
    }
    CHECK_EQ(permitted, 256);
    world_deinit(&s);
}

// Case T9.
static void t9_nobody_reaches_what_is_inside(void)
{
    static const char *const forbidden[] = {"127.0.0.1:80", "10.0.0.1:80", "192.168.0.1:80",
        "169.254.169.254:80", "255.255.255.255:1", "224.0.0.1:1", "0.0.0.0:1", "198.51.100.9:1"};

    world_prepare(&s);
    s.config.v4.public_addr = world_addr("5.6.7.8:0");
    world_start(&s);
    CHECK_EQ(world_allocate(&s), 0);
    for (size_t i = 0; i < COUNT(forbidden); i++) {
        CHECK_EQ(world_permit(&s, forbidden[i]), 403);
        CHECK_EQ(world_bind(&s, 0x4000, forbidden[i]), 403);
        CHECK(!world_send_data(&s, forbidden[i]));
    }
    CHECK_EQ(world_permit(&s, PEER), 0);
    CHECK(!world_send_data(&s, "8.8.8.8:0")); // Port 0.
    // Our own address, both names of it: no listener, no port that is not a live relay's.
    CHECK_EQ(world_permit(&s, "192.0.2.1:3478"), 0);
    CHECK(!world_send_data(&s, "192.0.2.1:3478"));
    CHECK_EQ(world_permit(&s, "5.6.7.8:3478"), 0);
    CHECK(!world_send_data(&s, "5.6.7.8:3478"));
    CHECK(!world_send_data(&s, "5.6.7.8:22"));
    CHECK(drops(TURN_DROP_FORBIDDEN) >= 3);
    char own[ADDR_TEXT_MAX];
    addr_text(&s.relays[0]->public_addr, own);
    CHECK(world_send_data(&s, own)); // Itself is live, too.
    CHECK(addr_equal(&s.out.peer, &s.relays[0]->bound));
    // Another relay, as long as it lives.
    struct turn_client_id first = s.client;
    s.client.addr.port++;
    CHECK_EQ(world_allocate(&s), 0);
    addr_text(&s.relays[1]->public_addr, own);
    struct turn_client_id second = s.client;
    s.client = first;
    CHECK(world_send_data(&s, own));
    s.client = second;
    world_learn_nonce(&s);
    CHECK_EQ(world_refresh(&s, 0), 0);
    s.client = first;
    CHECK(!world_send_data(&s, own));
    world_deinit(&s);
}

// Case T9: an exception for our own address opens it, except where we listen.
static void t9_a_listener_is_never_a_peer(void)
{
    struct yodel_addr other = world_addr("8.8.4.4:0");

    world_prepare(&s);
    CHECK_EQ(turn_rules_allow(&s.config.rules, bytes_of_text("127.0.0.0/8")), YODEL_OK);
    CHECK_EQ(turn_rules_allow(&s.config.rules, bytes_of_text("8.8.4.0/24")), YODEL_OK);
    CHECK_EQ(turn_rules_add_own(&s.config.rules, &other), YODEL_OK);
    s.config.listeners[1] = world_addr("0.0.0.0:3479");
    s.config.listener_count = 2;
    world_start(&s);
    CHECK_EQ(world_allocate(&s), 0);
    CHECK_EQ(world_permit(&s, "127.0.0.1:1"), 0);
    CHECK(world_send_data(&s, "127.0.0.1:1"));
    CHECK(!world_send_data(&s, "127.0.0.1:3479"));
    CHECK(world_send_data(&s, "127.0.0.1:3478")); // Not ours there.
    CHECK_EQ(world_permit(&s, "8.8.4.4:1"), 0);
    CHECK(world_send_data(&s, "8.8.4.4:1"));
    CHECK(!world_send_data(&s, "8.8.4.4:3479"));
    world_deinit(&s);
}

// Case T10.
static void t10_a_nonce_is_for_one_client_and_a_while(void)
{
    world_init(&s);
    world_learn_nonce(&s);
    struct turn_client_id first = s.client;
    s.client.addr.port++; // Another's.
    world_begin_allocate(&s);
    CHECK_EQ(world_send(&s), 438);
    CHECK(stun_msg_find(&s.answer, STUN_REALM) && stun_msg_find(&s.answer, STUN_NONCE));
    CHECK(!stun_msg_find(&s.answer, STUN_MESSAGE_INTEGRITY));
    world_begin_allocate(&s); // With the one that came along.
    CHECK_EQ(world_send(&s), 0);
    s.client = first; // Whose nonce it is not.
    world_begin_allocate(&s);
    CHECK_EQ(world_send(&s), 438);
    s.nonce[3] ^= 1; // Forged.
    world_begin_allocate(&s);
    CHECK_EQ(world_send(&s), 438);
    world_learn_nonce(&s);
    s.now += YODEL_SECONDS(3600); // Stale.
    world_begin_allocate(&s);
    CHECK_EQ(world_send(&s), 438);
    world_deinit(&s);
}

static size_t refused_len(const char *user, const char *password, const char *realm)
{
    s.now += YODEL_SECONDS(1);
    s.user = user;
    s.password = password;
    s.realm = realm;
    world_begin_allocate(&s);
    CHECK_EQ(world_send(&s), 401);
    CHECK_BYTES(stun_msg_find(&s.answer, STUN_REALM)->value, bytes_of_text("yodel"));
    return s.out.head.len;
}

// Case T11: whoever is not there is answered as who has forgotten the password.
static void t11_an_unknown_user_looks_like_a_wrong_password(void)
{
    world_prepare(&s);
    CHECK_EQ(world_add_users(&s), YODEL_OK);
    CHECK_EQ(turn_credentials_add_secret(&s.credentials, bytes_of_text("shared")), YODEL_OK);
    CHECK_EQ(turn_server_new(&s.server, &s.config), YODEL_OK);
    turn_server_set_clock(s.server, 1700000000, s.now);
    world_learn_nonce(&s);
    size_t len = s.out.head.len;
    CHECK_EQ(refused_len("alice", "wrong", "yodel"), len);
    CHECK_EQ(refused_len("nobody", "wrong", "yodel"), len);
    CHECK_EQ(refused_len("alice", "secret", "elsewhere"), len);
    CHECK_EQ(refused_len("1700000100:alice", "wrong", "yodel"), len);
    CHECK_EQ(refused_len("1600000100:alice", "wrong", "yodel"), len);
    CHECK_EQ(refused_len("99999999999999999999:x", "wrong", "yodel"), len);
    CHECK_EQ(turn_server_stats(s.server)->requests, 0);
    world_deinit(&s);
}

// Case T12.
static void t12_an_allocation_is_its_users_alone(void)
{
    world_init(&s);
    CHECK_EQ(world_allocate(&s), 0);
    s.user = "bob";
    s.password = "hunter2";
    CHECK_EQ(world_refresh(&s, 0), 441);
    CHECK_EQ(world_permit(&s, PEER), 441);
    CHECK_EQ(world_bind(&s, 0x4000, PEER), 441);
    CHECK(!world_send_data(&s, PEER));
    s.user = "alice";
    s.password = "secret";
    CHECK_EQ(world_refresh(&s, 600), 0);
    world_deinit(&s);
}

// Case T13.
static void t13_a_send_that_is_none(void)
{
    static uint8_t data[65535];
    struct yodel_addr peer = world_addr(PEER);

    world_init(&s);
    CHECK_EQ(world_allocate(&s), 0);
    CHECK_EQ(world_permit(&s, PEER), 0);
    for (unsigned parts = 0; parts < 8; parts++) {
        world_begin(&s, TURN_SEND | STUN_INDICATION);
        if (parts & 1) {
            stun_attr_put_xor_addr(&s.w, TURN_ATTR_XOR_PEER_ADDRESS, &peer);
        }
        if (parts & 2) {
            stun_msg_put_attr(&s.w, TURN_ATTR_DATA, bytes_of_text("x"));
        }
        if (parts & 4) { // Not understood, unless sockets can.
            stun_msg_put_attr(&s.w, TURN_ATTR_DONT_FRAGMENT, (struct bytes){0});
        }
        CHECK_EQ(world_say(&s, writer_bytes(&s.w)), parts == 3);
    }
    world_begin(&s, TURN_SEND | STUN_INDICATION);
    stun_attr_put_xor_addr(&s.w, TURN_ATTR_XOR_PEER_ADDRESS, &peer);
    stun_msg_put_attr(&s.w, TURN_ATTR_DATA, bytes_of(data, 65500));
    CHECK(world_say(&s, writer_bytes(&s.w)));
    CHECK_EQ(s.out.body.len, 65500);
    CHECK_EQ(world_bind(&s, 0x4000, PEER), 0);
    CHECK(!world_send_channel(&s, 0x4000, bytes_of(data, sizeof data))); // In no datagram.
    CHECK_EQ(drops(TURN_DROP_SIZE), 1);
    world_begin(&s, TURN_ALLOCATE);
    turn_msg_put_byte(&s.w, TURN_ATTR_REQUESTED_TRANSPORT, TURN_PROTOCOL_UDP);
    s.client.addr.port++;
    world_learn_nonce(&s);
    world_begin_allocate(&s);
    stun_msg_put_attr(&s.w, TURN_ATTR_DONT_FRAGMENT, (struct bytes){0});
    CHECK_EQ(world_send(&s), 420);
    CHECK_BYTES(stun_msg_find(&s.answer, STUN_UNKNOWN_ATTRIBUTES)->value, bytes_of("\x00\x1a", 2));
    world_deinit(&s);
}

// Case T14.
static void t14_a_busy_client_and_an_empty_pool(void)
{
    world_prepare(&s);
    s.config.limits.port_min = s.config.limits.port_max = 50000;
    world_start(&s);
    CHECK_EQ(world_allocate(&s), 0);
    world_begin_allocate(&s);
    CHECK_EQ(world_send(&s), 437);
    s.client.addr.port++;
    CHECK_EQ(world_allocate(&s), 508);
    s.client.addr.port--;
    world_learn_nonce(&s);
    CHECK_EQ(world_refresh(&s, 0), 0);
    CHECK_EQ(world_allocate(&s), 0);
    world_deinit(&s);
}

static uint32_t allocate_until_refused(uint32_t *code)
{
    uint32_t made = 0;

    while ((*code = world_allocate(&s)) == 0) {
        s.client.addr.port++;
        s.now += YODEL_MS(200);
        made++;
    }
    return made;
}

// Case L15: the quotas, each by itself.
static void l15_users_and_addresses_have_quotas(void)
{
    uint32_t code;

    world_prepare(&s);
    s.config.limits = (struct turn_limits){
        .allocations = 6, .allocations_per_user = 3, .allocations_per_address = 5};
    world_start(&s);
    CHECK_EQ(allocate_until_refused(&code), 3);
    CHECK_EQ(code, 486);
    s.user = "bob";
    s.password = "hunter2";
    CHECK_EQ(allocate_until_refused(&code), 2);
    CHECK_EQ(code, 486);
    s.client.addr.ip[3]++;
    CHECK_EQ(allocate_until_refused(&code), 1);
    CHECK_EQ(code, 508);
    world_deinit(&s);
}

// Case L16: each way by itself.
static void l16_packets_and_bytes_have_rates(void)
{
    static uint8_t data[1000];

    for (int kind = 0; kind < 2; kind++) {
        uint32_t sent = 0, heard = 0;

        world_prepare(&s);
        if (kind == 0) {
            s.config.limits.packets_per_second = 50;
        } else {
            s.config.limits.bytes_per_second = 50000;
        }
        world_start(&s);
        CHECK_EQ(world_allocate(&s), 0);
        CHECK_EQ(world_bind(&s, 0x4000, PEER), 0);
        for (int i = 0; i < 200; i++) {
            sent += world_send_channel(&s, 0x4000, bytes_of(data, sizeof data));
            heard += world_hear(&s, PEER, bytes_of(data, sizeof data));
        }
        CHECK_EQ(sent, 50);
        CHECK_EQ(heard, 50);
        s.now += YODEL_MS(100);
        for (int i = 0; i < 200; i++) {
            sent += world_send_channel(&s, 0x4000, bytes_of(data, sizeof data));
        }
        CHECK_EQ(sent, 55);
        CHECK(drops(TURN_DROP_RATE) > 0);
        world_deinit(&s);
    }
}

// Security property 9: what a stranger is answered, in length, in number, and whether at all.
static void strangers_are_answered_briefly_and_seldom(void)
{
    static const char *const realms[] = {
        "y", "yodel", "turn.yodel.example.com", "123456789012345678901234"};

    for (size_t i = 0; i < COUNT(realms); i++) {
        for (int is_v6 = 0; is_v6 < 2; is_v6++) {
            uint32_t answered = 0;

            world_prepare(&s);
            if (is_v6) {
                s.client.addr = world_addr("[2001:db8::7]:40000");
            }
            CHECK_EQ(
                turn_credentials_add_realm(&s.credentials, bytes_of_text(realms[i])), YODEL_OK);
            CHECK_EQ(turn_server_new(&s.server, &s.config), YODEL_OK);
            for (int j = 0; j < 100; j++) {
                world_begin_allocate(&s);
                if (world_send_plain(&s) == 401) {
                    CHECK(s.out.head.len * 10 <= s.w.len * 26 ||
                          (is_v6 && (s.out.head.len + 48) * 10 <= (s.w.len + 48) * 26));
                    answered++;
                }
            }
            CHECK_EQ(answered, 10);
            CHECK_EQ(drops(TURN_DROP_CHALLENGES), 90);
            CHECK_EQ(turn_server_stats(s.server)->allocations, 0);
            // Over a stream the source is sure.
            s.client.transport = YODEL_TCP;
            s.client.stream = 1;
            world_begin_allocate(&s);
            CHECK_EQ(world_send_plain(&s), 401);
            world_deinit(&s);
        }
    }
}

// Security property 9, case S4: those whom nobody answers.
static void nobody_real_asks_from_there(void)
{
    static const char *const sources[] = {"203.0.113.7:0", "203.0.113.7:53", "203.0.113.7:1023",
        "255.255.255.255:4000", "224.0.0.1:4000", "0.0.0.0:4000"};
    size_t held;

    world_init(&s);
    held = s.memory.held;
    for (size_t i = 0; i < COUNT(sources); i++) {
        s.client.addr = world_addr(sources[i]);
        world_begin_allocate(&s);
        CHECK_EQ(world_send_plain(&s), UINT32_MAX);
    }
    s.client.addr = world_addr("203.0.113.7:4000");
    world_begin_allocate(&s);
    s.asked[4] ^= 1; // RFC 3489 had no cookie.
    CHECK(!world_say(&s, writer_bytes(&s.w)));
    world_begin(&s, TURN_ALLOCATE); // Too short for its answer.
    CHECK_EQ(world_send_plain(&s), UINT32_MAX);
    CHECK_EQ(s.memory.held, held);
    world_deinit(&s);
}

// Cases S1, S2, S3, S5, S6, S10, S12 and S16.
static void what_is_no_request_is_not_answered(void)
{
    static const uint16_t types[] = {TURN_ALLOCATE | STUN_INDICATION, TURN_ALLOCATE | STUN_SUCCESS,
        TURN_ALLOCATE | STUN_ERROR, TURN_SEND, TURN_DATA | STUN_INDICATION, TURN_DATA, TURN_CONNECT,
        TURN_CONNECTION_BIND, 0x3fff, 0x0000, 0x0002};

    world_init(&s);
    world_learn_nonce(&s);
    for (size_t i = 0; i < COUNT(types); i++) {
        world_begin(&s, types[i]);
        turn_msg_put_byte(&s.w, TURN_ATTR_REQUESTED_TRANSPORT, TURN_PROTOCOL_UDP);
        CHECK_EQ(world_send(&s), UINT32_MAX);
    }
    world_begin_allocate(&s);
    world_seal(&s, false);
    struct bytes whole = writer_bytes(&s.w);
    for (size_t len = 0; len < whole.len; len++) { // Truncated anywhere.
        CHECK(!world_say(&s, bytes_sub(whole, 0, len)));
    }
    CHECK(!world_say(&s, bytes_of(s.asked, whole.len + 4))); // With something behind.
    stun_auth_put_fingerprint(&s.w);
    s.asked[s.w.len - 1] ^= 1;
    CHECK_EQ(world_send_plain(&s), UINT32_MAX);
    s.asked[s.w.len - 1] ^= 1;
    CHECK_EQ(world_send_plain(&s), 0);
    CHECK_EQ(stun_auth_check_fingerprint(&s.answer), YODEL_OK);
    world_deinit(&s);
}

// Case S10: each bit of an authenticated request, turned, lets nobody in.
static void a_request_that_was_touched_is_not_obeyed(void)
{
    world_init(&s);
    world_learn_nonce(&s);
    world_begin_allocate(&s);
    world_seal(&s, false);
    for (size_t bit = 0; bit < s.w.len * 8; bit++) {
        s.now += YODEL_MS(100);
        s.asked[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)world_say(&s, writer_bytes(&s.w));
        CHECK_EQ(turn_server_stats(s.server)->allocations, 0);
        s.asked[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK_EQ(world_send_plain(&s), 0);
    world_deinit(&s);
}

// Case S11: what follows the integrity was not said.
static void attributes_behind_the_integrity_do_not_count(void)
{
    uint32_t lifetime_s = 0;

    world_init(&s);
    CHECK_EQ(world_allocate(&s), 0);
    world_begin(&s, TURN_REFRESH);
    world_seal(&s, false);
    stun_attr_put_u32(&s.w, TURN_ATTR_LIFETIME, 0);
    CHECK_EQ(world_send_plain(&s), 0);
    CHECK(stun_attr_read_u32(&s.answer, TURN_ATTR_LIFETIME, &lifetime_s) && lifetime_s == 600);
    CHECK_EQ(turn_server_stats(s.server)->allocations, 1);
    world_deinit(&s);
}

// Cases S9 and S15, and algorithms that were not offered.
static void what_is_not_understood_is_named_and_what_lacks_is_refused(void)
{
    struct stun_auth_key key = {.len = 16};

    world_init(&s);
    world_learn_nonce(&s);
    world_begin_allocate(&s);
    stun_msg_put_attr(&s.w, 0x7777, (struct bytes){0});
    stun_msg_put_attr(&s.w, 0x7777, (struct bytes){0});
    CHECK_EQ(world_send(&s), 420);
    CHECK_BYTES(stun_msg_find(&s.answer, STUN_UNKNOWN_ATTRIBUTES)->value, bytes_of("\x77\x77", 2));
    world_begin_allocate(&s);
    stun_attr_put_u32(&s.w, STUN_PASSWORD_ALGORITHM, 0x20000);
    CHECK_EQ(world_send(&s), 400);
    world_begin_allocate(&s); // No username, realm, nonce.
    stun_auth_put_sha1(&s.w, stun_auth_key_bytes(&key));
    CHECK_EQ(world_send_plain(&s), 400);
    for (size_t len = 0; len <= 600; len += 100) {
        static uint8_t name[600];
        s.now += YODEL_SECONDS(1);
        world_begin_allocate(&s);
        stun_msg_put_attr(&s.w, STUN_USERNAME, bytes_of(name, len)); // And NULs.
        stun_msg_put_attr(&s.w, STUN_REALM, bytes_of_text("yodel"));
        stun_msg_put_attr(&s.w, STUN_NONCE, bytes_of(s.nonce, s.nonce_len));
        stun_auth_put_sha1(&s.w, stun_auth_key_bytes(&key));
        CHECK_EQ(world_send_plain(&s), len == 0 || len > 508 ? 400 : 401);
    }
    world_deinit(&s);
}

// Any order of the glue's calls is legal: what was wanted may be over before it is there.
static void a_relay_that_opens_too_late_is_closed(void)
{
    struct turn_server_event event;
    struct turn_output out;

    for (int is_good = 0; is_good < 2; is_good++) {
        world_init(&s);
        world_learn_nonce(&s);
        world_begin_allocate(&s);
        world_seal(&s, false);
        CHECK(!turn_server_recv(s.server, &s.client, writer_bytes(&s.w),
            span_of(s.answered, sizeof s.answered), &out, s.now));
        CHECK(turn_server_next_event(s.server, &event) && event.type == TURN_SERVER_OPEN);
        turn_server_stream_closed(s.server, &s.client);
        CHECK_EQ(turn_server_stats(s.server)->ports, 1);
        CHECK(!turn_server_opened(
            s.server, event.relay, is_good, span_of(s.answered, sizeof s.answered), &out, s.now));
        CHECK_EQ(turn_server_next_event(s.server, &event), is_good);
        CHECK_EQ(turn_server_stats(s.server)->ports, is_good); // It is still being closed.
        CHECK(!turn_server_next_event(s.server, &event));
        CHECK_EQ(turn_server_stats(s.server)->ports, 0);
        world_deinit(&s);
    }
}

TEST_MAIN(TEST(t1_only_udp_is_relayed_and_it_must_be_said),
    TEST(t2_a_lifetime_is_within_its_limits), TEST(t3_no_port_is_lost),
    TEST(t4_a_token_is_for_its_user_and_in_time), TEST(t5_families_that_exclude_each_other),
    TEST(t6_a_channel_has_one_peer_and_a_peer_one_channel), TEST(t7_channel_data_that_is_none),
    TEST(t8_permissions_are_made_together_or_not_at_all),
    TEST(t8_peers_are_limited_in_number_and_in_time), TEST(t9_nobody_reaches_what_is_inside),
    TEST(t9_a_listener_is_never_a_peer), TEST(t10_a_nonce_is_for_one_client_and_a_while),
    TEST(t11_an_unknown_user_looks_like_a_wrong_password),
    TEST(t12_an_allocation_is_its_users_alone), TEST(t13_a_send_that_is_none),
    TEST(t14_a_busy_client_and_an_empty_pool), TEST(l15_users_and_addresses_have_quotas),
    TEST(l16_packets_and_bytes_have_rates), TEST(strangers_are_answered_briefly_and_seldom),
    TEST(nobody_real_asks_from_there), TEST(what_is_no_request_is_not_answered),
    TEST(a_request_that_was_touched_is_not_obeyed),
    TEST(attributes_behind_the_integrity_do_not_count),
    TEST(what_is_not_understood_is_named_and_what_lacks_is_refused),
    TEST(a_relay_that_opens_too_late_is_closed))
