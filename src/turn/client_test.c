// The TURN client, as it should be: allocating, keeping what it has, and data both ways.

#include "turn/client.h"

#include "check.h"
#include "turn/client_fixture.h"

static struct client_fixture f;

static void an_allocation_takes_two_requests_and_is_kept(void)
{
    struct yodel_addr relayed, peer = client_fixture_peer(1);
    uint8_t value = 0;

    client_fixture_open(&f, YODEL_UDP);
    client_fixture_expect(&f, TURN_ALLOCATE);
    CHECK(!stun_msg_find(&f.asked, STUN_USERNAME));
    CHECK(turn_msg_read_byte(&f.asked, TURN_ATTR_REQUESTED_TRANSPORT, &value));
    CHECK_EQ(value, TURN_PROTOCOL_UDP);
    client_fixture_challenge(&f, STUN_UNAUTHENTICATED, "first");
    client_fixture_expect(&f, TURN_ALLOCATE);
    CHECK_BYTES(stun_msg_find(&f.asked, STUN_NONCE)->value, bytes_of_text("first"));
    CHECK_EQ(stun_auth_check(&f.asked, stun_auth_key_bytes(&f.key)), YODEL_OK);
    relayed = addr_v4(203, 0, 113, 1, 7000);
    client_fixture_allocated(&f, &relayed);
    CHECK_EQ(f.client.state, TURN_CLIENT_READY);
    CHECK(turn_client_relayed(&f.client, &peer, &relayed));
    CHECK_EQ(relayed.port, 7000);
    CHECK_EQ(f.client.mapped.port, 6000);

    yodel_time start = f.now;
    for (int i = 0; i < 100; i++) {
        uint8_t room[FIXTURE_DATAGRAM_MAX];
        client_fixture_wait(&f);
        if (time_since(f.now, start) < YODEL_SECONDS(540)) {
            CHECK_EQ(turn_client_emit(&f.client, span_of(room, sizeof room), f.now), 20);
            CHECK_EQ(room[1], STUN_BINDING | STUN_INDICATION); // It keeps the NAT's mapping.
            continue;
        }
        CHECK_EQ(time_since(f.now, start), YODEL_SECONDS(540));
        client_fixture_expect(&f, TURN_REFRESH);
        client_fixture_ok(&f);
        start = f.now;
    }
    CHECK_EQ(f.client.state, TURN_CLIENT_READY);
}

// Who is in doubt need not wait nine minutes to hear that the user is none any more.
static void a_doubted_allocation_is_refreshed_at_once(void)
{
    client_fixture_ready(&f, YODEL_UDP);
    client_fixture_expect_none(&f);
    turn_client_doubt(&f.client, f.now);
    CHECK_EQ(turn_client_next_timeout(&f.client) <= f.now, true);
    client_fixture_expect(&f, TURN_REFRESH);
    client_fixture_ok(&f);
    CHECK_EQ(f.client.state, TURN_CLIENT_READY);
    turn_client_doubt(&f.client, f.now);
    client_fixture_expect(&f, TURN_REFRESH);
    client_fixture_error(&f, STUN_UNAUTHENTICATED, false);
    CHECK_EQ(f.client.state, TURN_CLIENT_FAILED);
    turn_client_doubt(&f.client, f.now); // Nothing is left to doubt.
    client_fixture_expect_none(&f);
}

static void a_request_is_repeated_over_udp_and_not_over_a_stream(void)
{
    client_fixture_open(&f, YODEL_UDP);
    client_fixture_expect(&f, TURN_ALLOCATE);
    f.now += YODEL_MS(499);
    client_fixture_expect_none(&f);
    f.now += YODEL_MS(1);
    client_fixture_expect(&f, TURN_ALLOCATE);

    struct yodel_path path;
    bool opens;
    client_fixture_open(&f, YODEL_TLS);
    client_fixture_expect_none(&f);
    CHECK(turn_client_next_stream(&f.client, &path, &opens));
    CHECK(opens && path.transport == YODEL_TLS && path.local.port == 0);
    CHECK(!turn_client_next_stream(&f.client, &path, &opens));
    turn_client_connected(&f.client, &f.client.path);
    client_fixture_expect(&f, TURN_ALLOCATE);
    f.now += YODEL_SECONDS(9);
    client_fixture_expect_none(&f);
}

static void a_stale_nonce_is_replaced(void)
{
    client_fixture_ready(&f, YODEL_UDP);
    for (int round = 0; round < 10; round++) {
        struct yodel_addr peer = client_fixture_peer((uint8_t)round);
        CHECK_EQ(turn_client_permit(&f.client, &peer), TURN_GRANT_WANTED);
        client_fixture_expect(&f, TURN_CREATE_PERMISSION);
        client_fixture_challenge(&f, STUN_STALE_NONCE, "second");
        client_fixture_expect(&f, TURN_CREATE_PERMISSION);
        CHECK_BYTES(stun_msg_find(&f.asked, STUN_NONCE)->value, bytes_of_text("second"));
        client_fixture_ok(&f);
        CHECK_EQ(turn_client_permit(&f.client, &peer), TURN_GRANT_GIVEN);
    }
}

static void data_goes_by_indication_until_there_is_a_channel(void)
{
    struct yodel_addr peer = client_fixture_peer(1), read;
    uint8_t room[256];
    struct span span = span_of(room, sizeof room);
    struct stun_msg msg;

    client_fixture_ready(&f, YODEL_TCP);
    CHECK_EQ(turn_client_permit(&f.client, &peer), TURN_GRANT_WANTED);
    client_fixture_expect(&f, TURN_CREATE_PERMISSION);
    client_fixture_ok(&f);

    size_t head = turn_client_head(&f.client, &peer);
    CHECK_EQ(head, 36);
    memcpy(room + head, "hello", 5);
    size_t len = turn_client_wrap(&f.client, span, &peer, 5, f.now);
    CHECK_EQ(len, 44);
    CHECK_EQ(stun_msg_parse(&msg, bytes_of(room, len)), YODEL_OK);
    CHECK_EQ(msg.type, TURN_SEND | STUN_INDICATION);
    CHECK(stun_attr_read_addr(&msg, TURN_ATTR_XOR_PEER_ADDRESS, &read));
    CHECK(addr_equal(&read, &peer));
    CHECK_BYTES(stun_msg_find(&msg, TURN_ATTR_DATA)->value, bytes_of_text("hello"));

    turn_client_bind(&f.client, &peer);
    client_fixture_expect(&f, TURN_CHANNEL_BIND);
    uint16_t channel = 0;
    CHECK(turn_msg_read_channel(&f.asked, &channel));
    CHECK_EQ(channel, 0x4000);
    CHECK_EQ(turn_client_head(&f.client, &peer), 36);
    client_fixture_ok(&f);
    CHECK_EQ(turn_client_head(&f.client, &peer), 4);
    memcpy(room + 4, "hello", 5);
    len = turn_client_wrap(&f.client, span, &peer, 5, f.now);
    // RFC 8656 §12.5: padded, for this is a stream.
    CHECK_BYTES(bytes_of(room, len), bytes_of("\x40\x00\x00\x05hello\0\0\0", 12));
}

static void data_comes_by_indication_and_by_channel(void)
{
    struct yodel_addr peer = client_fixture_peer(1), relayed = {0};
    struct turn_client_data data;

    client_fixture_ready(&f, YODEL_UDP);
    (void)turn_client_permit(&f.client, &peer);
    client_fixture_expect(&f, TURN_CREATE_PERMISSION);
    client_fixture_ok(&f);
    turn_client_bind(&f.client, &peer);
    client_fixture_expect(&f, TURN_CHANNEL_BIND);

    // Before the answer to ChannelBind too: datagrams overtake one another.
    CHECK(client_fixture_recv(&f, bytes_of("\x40\x00\x00\x05helloxyz", 12), &data));
    CHECK_BYTES(bytes_of_span(data.payload), bytes_of_text("hello"));
    CHECK(addr_equal(&data.peer, &peer));
    CHECK(turn_client_relayed(&f.client, &peer, &relayed));
    CHECK(addr_equal(&data.relayed, &relayed));

    client_fixture_begin(&f, STUN_INDICATION);
    store_u16(f.answer, TURN_DATA | STUN_INDICATION);
    stun_attr_put_xor_addr(&f.w, TURN_ATTR_XOR_PEER_ADDRESS, &peer);
    stun_msg_put_attr(&f.w, TURN_ATTR_DATA, bytes_of_text("world"));
    CHECK(client_fixture_recv(&f, writer_bytes(&f.w), &data));
    CHECK_BYTES(bytes_of_span(data.payload), bytes_of_text("world"));
    CHECK(data.payload.ptr > f.answer && data.payload.ptr < f.answer + sizeof f.answer);
}

static void two_families_are_two_addresses_of_one_allocation(void)
{
    struct yodel_addr v4 = addr_v4(203, 0, 113, 1, 7000), got;
    struct yodel_addr v6 = {
        .family = YODEL_ADDR_V6, .ip = {0x20, 1, 0xd, 0xb8, [15] = 9}, .port = 7001};
    struct yodel_addr peer4 = client_fixture_peer(1);

    client_fixture_open(&f, YODEL_UDP);
    client_fixture_expect(&f, TURN_ALLOCATE);
    client_fixture_challenge(&f, STUN_UNAUTHENTICATED, "first");
    client_fixture_expect(&f, TURN_ALLOCATE);
    client_fixture_begin(&f, STUN_SUCCESS);
    stun_attr_put_xor_addr(&f.w, TURN_ATTR_XOR_RELAYED_ADDRESS, &v4);
    stun_attr_put_xor_addr(&f.w, TURN_ATTR_XOR_RELAYED_ADDRESS, &v6);
    stun_attr_put_u32(&f.w, TURN_ATTR_LIFETIME, 600);
    client_fixture_end(&f, true);
    CHECK_EQ(f.client.state, TURN_CLIENT_READY);
    CHECK(turn_client_relayed(&f.client, &peer4, &got) && addr_equal(&got, &v4));
    CHECK(turn_client_relayed(&f.client, &v6, &got) && addr_equal(&got, &v6));
}

static void a_closed_client_gives_its_allocation_back(void)
{
    struct yodel_path path;
    uint32_t lifetime = 1;
    bool opens;

    client_fixture_ready(&f, YODEL_TCP);
    turn_client_close(&f.client);
    client_fixture_expect(&f, TURN_REFRESH);
    CHECK(stun_attr_read_u32(&f.asked, TURN_ATTR_LIFETIME, &lifetime));
    CHECK_EQ(lifetime, 0);
    client_fixture_expect_none(&f);
    CHECK(turn_client_next_stream(&f.client, &path, &opens) && !opens);
    CHECK_EQ(turn_client_next_timeout(&f.client), YODEL_NEVER);

    client_fixture_open(&f, YODEL_TCP);
    turn_client_close(&f.client);
    CHECK(!turn_client_next_stream(&f.client, &path, &opens)); // Nobody was told of it yet.
}

static void an_alternate_server_is_followed(void)
{
    struct yodel_addr next = addr_v4(192, 0, 2, 10, 3479);
    struct yodel_path path;
    bool opens;

    client_fixture_open(&f, YODEL_TCP);
    CHECK(turn_client_next_stream(&f.client, &path, &opens));
    turn_client_connected(&f.client, &path);
    client_fixture_expect(&f, TURN_ALLOCATE);
    client_fixture_begin(&f, STUN_ERROR);
    stun_attr_put_error(&f.w, STUN_TRY_ALTERNATE, "");
    stun_attr_put_addr(&f.w, STUN_ALTERNATE_SERVER, &next);
    client_fixture_end(&f, false);
    CHECK(turn_client_next_stream(&f.client, &path, &opens) && !opens);
    CHECK(turn_client_next_stream(&f.client, &path, &opens) && opens);
    CHECK(addr_equal(&path.remote, &next));
    turn_client_connected(&f.client, &path);
    client_fixture_expect(&f, TURN_ALLOCATE);
}

static void a_stream_that_ends_ends_the_client(void)
{
    client_fixture_ready(&f, YODEL_TLS);
    turn_client_disconnected(&f.client, &f.client.path);
    CHECK_EQ(f.client.state, TURN_CLIENT_FAILED);
    CHECK_TEXT(f.client.failure, "the TURN server closed the connection");
    CHECK_EQ(turn_client_next_timeout(&f.client), YODEL_NEVER);
}

static void the_data_path_asks_for_nothing(void)
{
    struct yodel_addr peer = client_fixture_peer(1);
    struct turn_client_data data;
    uint8_t room[1300];

    client_fixture_ready(&f, YODEL_UDP); // Its env has no allocator at all.
    (void)turn_client_permit(&f.client, &peer);
    client_fixture_expect(&f, TURN_CREATE_PERMISSION);
    client_fixture_ok(&f);
    turn_client_bind(&f.client, &peer);
    client_fixture_expect(&f, TURN_CHANNEL_BIND);
    client_fixture_ok(&f);
    for (int i = 0; i < 1000; i++) {
        CHECK_EQ(turn_client_wrap(&f.client, span_of(room, sizeof room), &peer, 1200, f.now), 1204);
        CHECK(client_fixture_recv(&f, bytes_of(room, 1204), &data));
        CHECK_EQ(data.payload.len, 1200);
    }
    CHECK(!f.env.alloc);
}

TEST_MAIN(TEST(an_allocation_takes_two_requests_and_is_kept),
    TEST(a_doubted_allocation_is_refreshed_at_once),
    TEST(a_request_is_repeated_over_udp_and_not_over_a_stream), TEST(a_stale_nonce_is_replaced),
    TEST(data_goes_by_indication_until_there_is_a_channel),
    TEST(data_comes_by_indication_and_by_channel),
    TEST(two_families_are_two_addresses_of_one_allocation),
    TEST(a_closed_client_gives_its_allocation_back), TEST(an_alternate_server_is_followed),
    TEST(a_stream_that_ends_ends_the_client), TEST(the_data_path_asks_for_nothing))
