// The TURN client against servers that lie, loop, or fall silent. Names of cases (T16) are those of
// docs/HOSTILE.md.

#include "check.h"
#include "turn/client_fixture.h"

static struct client_fixture f;

static void t16_401_for_ever_ends_with_a_sentence(void)
{
    client_fixture_open(&f, YODEL_UDP);
    client_fixture_expect(&f, TURN_ALLOCATE);
    client_fixture_challenge(&f, STUN_UNAUTHENTICATED, "first");
    client_fixture_expect(&f, TURN_ALLOCATE);
    client_fixture_challenge(&f, STUN_UNAUTHENTICATED, "second");
    CHECK_EQ(f.client.state, TURN_CLIENT_FAILED);
    CHECK_TEXT(f.client.failure, "the TURN server refused the user name or the password");
    client_fixture_expect_none(&f);
}

static void t16_a_401_without_realm_or_nonce_ends_it(void)
{
    client_fixture_open(&f, YODEL_UDP);
    client_fixture_expect(&f, TURN_ALLOCATE);
    client_fixture_error(&f, STUN_UNAUTHENTICATED, false);
    CHECK_EQ(f.client.state, TURN_CLIENT_FAILED);
}

static void t16_438_for_ever_is_tried_a_few_times(void)
{
    client_fixture_open(&f, YODEL_UDP);
    client_fixture_expect(&f, TURN_ALLOCATE);
    client_fixture_challenge(&f, STUN_UNAUTHENTICATED, "first");
    for (int i = 0; i < TURN_CLIENT_STALE_MAX; i++) {
        client_fixture_expect(&f, TURN_ALLOCATE);
        client_fixture_challenge(&f, STUN_STALE_NONCE, "next");
    }
    client_fixture_expect(&f, TURN_ALLOCATE);
    CHECK_EQ(f.client.state, TURN_CLIENT_ALLOCATING);
    client_fixture_challenge(&f, STUN_STALE_NONCE, "next");
    CHECK_EQ(f.client.state, TURN_CLIENT_FAILED);
    client_fixture_expect_none(&f);
}

static void t16_a_relayed_address_that_cannot_be_ends_it(void)
{
    const struct yodel_addr rows[] = {
        addr_v4(0, 0, 0, 0, 7000),
        addr_v4(203, 0, 113, 1, 0),
        addr_v4(127, 0, 0, 1, 7000),
        addr_v4(224, 0, 0, 1, 7000),
        addr_v4(255, 255, 255, 255, 7000),
        {.family = YODEL_ADDR_V6, .port = 7000},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        client_fixture_open(&f, YODEL_UDP);
        client_fixture_expect(&f, TURN_ALLOCATE);
        client_fixture_challenge(&f, STUN_UNAUTHENTICATED, "first");
        client_fixture_expect(&f, TURN_ALLOCATE);
        client_fixture_allocated(&f, &rows[i]);
        CHECK_EQ(f.client.state, TURN_CLIENT_FAILED);
    }
}

static void t16_silence_ends_in_time(void)
{
    uint8_t room[FIXTURE_DATAGRAM_MAX];
    enum yodel_transport transports[] = {YODEL_UDP, YODEL_TCP, YODEL_TLS};

    for (size_t i = 0; i < COUNT(transports); i++) {
        client_fixture_open(&f, transports[i]);
        yodel_time start = f.now;
        while (f.client.state != TURN_CLIENT_FAILED) {
            (void)turn_client_emit(&f.client, span_of(room, sizeof room), f.now);
            client_fixture_wait(&f);
            CHECK(time_since(f.now, start) <= TURN_CLIENT_START_MAX);
        }
        CHECK_TEXT(f.client.failure, "the TURN server does not answer");
        client_fixture_expect_none(&f);
    }
}

static void send_away(struct yodel_addr to, bool is_signed)
{
    client_fixture_expect(&f, TURN_ALLOCATE);
    client_fixture_begin(&f, STUN_ERROR);
    stun_attr_put_error(&f.w, STUN_TRY_ALTERNATE, "");
    stun_attr_put_addr(&f.w, STUN_ALTERNATE_SERVER, &to);
    client_fixture_end(&f, is_signed);
}

static void t16_an_alternate_server_is_no_way_to_our_own_host(void)
{
    const struct yodel_addr rows[] = {
        addr_v4(127, 0, 0, 1, 3478),
        addr_v4(0, 0, 0, 0, 3478),
        addr_v4(169, 254, 169, 254, 80),
        addr_v4(224, 0, 0, 1, 3478),
        addr_v4(192, 0, 2, 10, 0),
        addr_v4(192, 0, 2, 9, 3478), // Itself.
        {.family = YODEL_ADDR_V6, .ip = {[15] = 1}, .port = 3478},
        {.family = YODEL_ADDR_V6, .ip = {[10] = 255, 255, 127, 0, 0, 1}, .port = 3478},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        client_fixture_open(&f, YODEL_UDP);
        send_away(rows[i], false);
        CHECK_EQ(f.client.state, TURN_CLIENT_FAILED);
        CHECK(addr_equal(&f.client.path.remote, &f.client.tried[0]));
    }
}

static void t16_alternate_servers_do_not_go_on_for_ever_nor_back(void)
{
    client_fixture_open(&f, YODEL_UDP);
    send_away(addr_v4(192, 0, 2, 10, 3478), false);
    send_away(addr_v4(192, 0, 2, 11, 3478), false);
    CHECK_EQ(f.client.state, TURN_CLIENT_ALLOCATING);
    send_away(addr_v4(192, 0, 2, 12, 3478), false);
    CHECK_EQ(f.client.state, TURN_CLIENT_FAILED);

    client_fixture_open(&f, YODEL_UDP);
    send_away(addr_v4(192, 0, 2, 10, 3478), false);
    send_away(addr_v4(192, 0, 2, 9, 3478), false);
    CHECK_EQ(f.client.state, TURN_CLIENT_FAILED);
}

static void t16_who_asked_with_a_name_is_sent_away_by_a_signature_only(void)
{
    client_fixture_open(&f, YODEL_UDP);
    client_fixture_expect(&f, TURN_ALLOCATE);
    client_fixture_challenge(&f, STUN_UNAUTHENTICATED, "first");
    send_away(addr_v4(192, 0, 2, 10, 3478), false);
    CHECK_EQ(f.client.drops[TURN_CLIENT_DROP_INTEGRITY], 1);
    CHECK_EQ(f.client.state, TURN_CLIENT_ALLOCATING);
    CHECK(addr_equal(&f.client.path.remote, &f.client.tried[0]));
}

static void refusals_are_sentences(void)
{
    static const uint32_t codes[] = {403, 437, 440, 441, 442, 486, 508, 500, 400};

    for (size_t i = 0; i < COUNT(codes); i++) {
        client_fixture_open(&f, YODEL_UDP);
        client_fixture_expect(&f, TURN_ALLOCATE);
        client_fixture_challenge(&f, STUN_UNAUTHENTICATED, "first");
        client_fixture_expect(&f, TURN_ALLOCATE);
        client_fixture_error(&f, codes[i], i % 2 == 0);
        CHECK_EQ(f.client.state, TURN_CLIENT_FAILED);
        CHECK(strncmp(f.client.failure, "the TURN server ", 16) == 0);
    }
}

static void an_answer_by_somebody_else_changes_nothing(void)
{
    struct yodel_addr relayed = addr_v4(203, 0, 113, 1, 7000);
    struct turn_client_data data;

    client_fixture_open(&f, YODEL_UDP);
    client_fixture_expect(&f, TURN_ALLOCATE);
    client_fixture_challenge(&f, STUN_UNAUTHENTICATED, "first");
    client_fixture_expect(&f, TURN_ALLOCATE);

    f.key.bytes[0] ^= 1; // Another key.
    client_fixture_allocated(&f, &relayed);
    client_fixture_error(&f, 486, true);
    f.key.bytes[0] ^= 1;
    client_fixture_begin(&f, STUN_SUCCESS); // None.
    stun_attr_put_xor_addr(&f.w, TURN_ATTR_XOR_RELAYED_ADDRESS, &relayed);
    client_fixture_end(&f, false);
    CHECK_EQ(f.client.drops[TURN_CLIENT_DROP_INTEGRITY], 3);

    f.asked.id[0] ^= 1; // Another transaction.
    client_fixture_allocated(&f, &relayed);
    f.asked.id[0] ^= 1;
    f.asked.type = TURN_REFRESH; // Another method.
    client_fixture_allocated(&f, &relayed);
    f.asked.type = TURN_ALLOCATE;
    CHECK_EQ(f.client.drops[TURN_CLIENT_DROP_TRANSACTION], 2);

    CHECK(!client_fixture_recv(&f, bytes_of_text("\1\1\1\1 what is this?"), &data));
    CHECK_EQ(f.client.drops[TURN_CLIENT_DROP_MALFORMED], 1);
    CHECK_EQ(f.client.state, TURN_CLIENT_ALLOCATING);
    client_fixture_allocated(&f, &relayed);
    CHECK_EQ(f.client.state, TURN_CLIENT_READY);
    client_fixture_allocated(&f, &relayed); // Twice.
    CHECK_EQ(f.client.drops[TURN_CLIENT_DROP_TRANSACTION], 3);
}

static void data_from_whom_we_did_not_ask_for_is_dropped(void)
{
    struct yodel_addr peer = client_fixture_peer(1);
    struct turn_client_data data;

    client_fixture_ready(&f, YODEL_UDP);
    CHECK(!client_fixture_recv(&f, bytes_of("\x40\x00\x00\x05hello", 9), &data));
    client_fixture_begin(&f, STUN_INDICATION);
    store_u16(f.answer, TURN_DATA | STUN_INDICATION);
    stun_attr_put_xor_addr(&f.w, TURN_ATTR_XOR_PEER_ADDRESS, &peer);
    stun_msg_put_attr(&f.w, TURN_ATTR_DATA, bytes_of_text("world"));
    CHECK(!client_fixture_recv(&f, writer_bytes(&f.w), &data));
    CHECK(!client_fixture_recv(&f, bytes_of("\x50\x00\x00\x00", 4), &data)); // Not one of ours.
    CHECK_EQ(f.client.drops[TURN_CLIENT_DROP_PEER], 3);
    CHECK(!client_fixture_recv(&f, bytes_of("\x40\x00\x00\x06hello", 9), &data)); // Cut short.
    CHECK(!client_fixture_recv(&f, bytes_of("\x80\x00\x00\x00", 4), &data));
    CHECK(!client_fixture_recv(&f, bytes_of("\x40", 1), &data));
    CHECK_EQ(f.client.drops[TURN_CLIENT_DROP_MALFORMED], 3);
}

static void a_lifetime_is_taken_within_limits(void)
{
    static const struct {
        uint32_t lifetime, refresh;
    } rows[] = {{0, 0}, {9, 0}, {10, 5}, {119, 60}, {600, 540}, {3600, 3540}, {UINT32_MAX, 3540}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct yodel_addr relayed = addr_v4(203, 0, 113, 1, 7000);
        client_fixture_open(&f, YODEL_UDP);
        client_fixture_expect(&f, TURN_ALLOCATE);
        client_fixture_challenge(&f, STUN_UNAUTHENTICATED, "first");
        client_fixture_expect(&f, TURN_ALLOCATE);
        client_fixture_begin(&f, STUN_SUCCESS);
        stun_attr_put_xor_addr(&f.w, TURN_ATTR_XOR_RELAYED_ADDRESS, &relayed);
        stun_attr_put_u32(&f.w, TURN_ATTR_LIFETIME, rows[i].lifetime);
        client_fixture_end(&f, true);
        CHECK_EQ(f.client.state, rows[i].refresh ? TURN_CLIENT_READY : TURN_CLIENT_FAILED);
        if (rows[i].refresh) {
            CHECK_EQ(time_since(f.client.refresh_at, f.now), YODEL_SECONDS(rows[i].refresh));
        }
    }
}

static void a_realm_that_is_too_long_is_no_realm(void)
{
    static uint8_t text[STUN_AUTH_REALM_MAX + 1];

    memset(text, 'r', sizeof text);
    for (size_t len = STUN_AUTH_REALM_MAX; len <= sizeof text; len++) {
        client_fixture_open(&f, YODEL_UDP);
        client_fixture_expect(&f, TURN_ALLOCATE);
        client_fixture_begin(&f, STUN_ERROR);
        stun_attr_put_error(&f.w, STUN_UNAUTHENTICATED, "");
        stun_msg_put_attr(&f.w, STUN_REALM, bytes_of(text, len));
        stun_msg_put_attr(&f.w, STUN_NONCE, bytes_of_text("n"));
        client_fixture_end(&f, false);
        CHECK_EQ(f.client.state == TURN_CLIENT_FAILED, len > STUN_AUTH_REALM_MAX);
    }
}

static void an_allocation_that_the_server_forgot_is_over(void)
{
    client_fixture_ready(&f, YODEL_UDP);
    f.now = f.client.refresh_at;
    client_fixture_expect(&f, TURN_REFRESH);
    client_fixture_error(&f, TURN_ALLOCATION_MISMATCH, true);
    CHECK_EQ(f.client.state, TURN_CLIENT_FAILED);

    client_fixture_ready(&f, YODEL_UDP);
    f.now += YODEL_SECONDS(3600); // The machine slept.
    turn_client_tick(&f.client, f.now);
    CHECK_EQ(f.client.state, TURN_CLIENT_FAILED);
    CHECK_TEXT(f.client.failure, "the allocation on the TURN server ended");
}

TEST_MAIN(TEST(t16_401_for_ever_ends_with_a_sentence),
    TEST(t16_a_401_without_realm_or_nonce_ends_it), TEST(t16_438_for_ever_is_tried_a_few_times),
    TEST(t16_a_relayed_address_that_cannot_be_ends_it), TEST(t16_silence_ends_in_time),
    TEST(t16_an_alternate_server_is_no_way_to_our_own_host),
    TEST(t16_alternate_servers_do_not_go_on_for_ever_nor_back),
    TEST(t16_who_asked_with_a_name_is_sent_away_by_a_signature_only), TEST(refusals_are_sentences),
    TEST(an_answer_by_somebody_else_changes_nothing),
    TEST(data_from_whom_we_did_not_ask_for_is_dropped), TEST(a_lifetime_is_taken_within_limits),
    TEST(a_realm_that_is_too_long_is_no_realm), TEST(an_allocation_that_the_server_forgot_is_over))
