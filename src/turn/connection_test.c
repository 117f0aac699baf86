// TURN connections: relays for TCP, and what they have with peers. Hostile cases T17 to T22 and T24 of docs/HOSTILE.md.

#include <stdio.h>

#include "check.h"
#include "turn/connection.h"
#include "turn/server_fixture.h"

#define PEER "8.8.8.8:1000"
#define OTHER "8.8.8.9:1000"

static struct world s;
static uint64_t streams;

// Whoever speaks next comes over a stream of their own.
static void come(void)
{
    s.client.transport = YODEL_TCP;
    s.client.stream = ++streams;
    s.client.addr.port++;
    world_learn_nonce(&s);
}

// Who spoke before speaks again: nonces are for one address.
static void go_back_to(const struct turn_client_id *client)
{
    s.client = *client;
    world_learn_nonce(&s);
}

static void set_up(void)
{
    world_prepare(&s);
    s.config.has_tcp_relays = true;
    world_start(&s);
    come();
}

static const struct turn_server_stats *stats(void)
{
    return turn_server_stats(s.server);
}

static uint32_t id_of_answer(void)
{
    uint32_t id = 0;

    CHECK(stun_attr_read_u32(&s.answer, TURN_ATTR_CONNECTION_ID, &id));
    return id;
}

static struct turn_connection *latest(void)
{
    CHECK(s.connection_count > 0);
    return s.connections[s.connection_count - 1];
}

// A relay, and one connection with PEER that waits to be bound; the client that controls it speaks.
static uint32_t set_up_connection(void)
{
    set_up();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    CHECK_EQ(world_connect(&s, PEER), 0);
    return id_of_answer();
}

// From a stream of its own, which speaks from now on.
static uint32_t bind_from_elsewhere(uint32_t id)
{
    come();
    return world_bind_connection(&s, id);
}

// §5.1.
static void only_who_comes_over_a_stream_gets_one(void)
{
    set_up();
    s.client.transport = YODEL_UDP;
    s.client.stream = 0;
    CHECK_EQ(world_allocate_tcp(&s), 400);
    come();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    CHECK(s.relays[0]->is_tcp);
    world_deinit(&s);
}

static void without_the_option_there_are_none(void)
{
    world_init(&s);
    come();
    CHECK_EQ(world_allocate_tcp(&s), 442);
    CHECK_EQ(world_connect(&s, PEER), UINT32_MAX);
    CHECK_EQ(world_bind_connection(&s, 1), UINT32_MAX);
    world_deinit(&s);
}

// §5.1: these are about datagrams.
static void what_is_for_datagrams_is_refused(void)
{
    static const uint16_t attrs[] = {
        TURN_ATTR_EVEN_PORT, TURN_ATTR_DONT_FRAGMENT, TURN_ATTR_RESERVATION_TOKEN};
    static const size_t lens[] = {1, 0, 8};

    set_up();
    for (size_t i = 0; i < COUNT(attrs); i++) {
        world_begin(&s, TURN_ALLOCATE);
        turn_msg_put_byte(&s.w, TURN_ATTR_REQUESTED_TRANSPORT, TURN_PROTOCOL_TCP);
        stun_msg_put_attr(&s.w, attrs[i], bytes_of("\0\0\0\0\0\0\0\0", lens[i]));
        CHECK_EQ(world_send(&s), 400);
    }
    CHECK_EQ(world_allocate_tcp(&s), 0);
    CHECK_EQ(world_permit(&s, PEER), 0);
    CHECK_EQ(world_bind(&s, TURN_CHANNEL_MIN, PEER), 400);
    CHECK(!world_send_data(&s, PEER));
    CHECK_EQ(stats()->drops[TURN_DROP_NO_ALLOCATION], 1);
    world_deinit(&s);
}

static void a_connect_is_answered_once_it_is_there(void)
{
    set_up();
    s.is_connect_slow = true;
    CHECK_EQ(world_allocate_tcp(&s), 0);
    CHECK_EQ(world_connect(&s, PEER), UINT32_MAX);
    CHECK_EQ(latest()->remote.port, 1000);
    CHECK_EQ(latest()->relay->bound.port, s.relays[0]->bound.port);
    world_connected(&s, latest());
    CHECK_EQ(world_outcome(&s, true), 0);
    CHECK_EQ(id_of_answer(), latest()->id);
    CHECK(stun_msg_find(&s.answer, STUN_MESSAGE_INTEGRITY) != NULL);
    CHECK_EQ(memcmp(s.answer.id, (uint8_t[STUN_ID_SIZE]){[11] = s.next_id}, STUN_ID_SIZE), 0);
    CHECK_EQ(stats()->connections, 1);
    world_deinit(&s);
}

// §5.2: 447, and it can be tried again.
static void a_connect_that_fails_leaves_nothing(void)
{
    set_up();
    s.is_connect_refused = true;
    CHECK_EQ(world_allocate_tcp(&s), 0);
    CHECK_EQ(world_connect(&s, PEER), 447);
    CHECK_EQ(s.connection_count, 0);
    CHECK_EQ(stats()->connections, 0);
    CHECK_EQ(stats()->connected, 0);
    CHECK_EQ(stats()->errors[TURN_ERROR_447], 1);
    s.is_connect_refused = false;
    CHECK_EQ(world_connect(&s, PEER), 0);
    world_deinit(&s);
}

// §5.2: while it begins, waits and is bound.
static void a_peer_has_one_connection(void)
{
    set_up();
    s.is_connect_slow = true;
    CHECK_EQ(world_allocate_tcp(&s), 0);
    CHECK_EQ(world_connect(&s, PEER), UINT32_MAX);
    CHECK_EQ(world_connect(&s, PEER), 446);
    world_connected(&s, latest());
    CHECK_EQ(world_connect(&s, PEER), 446);
    CHECK_EQ(world_connect(&s, "8.8.8.8:1001"), UINT32_MAX); // Another port is another peer.
    turn_server_disconnected(s.server, s.connections[0]);
    world_settle(&s);
    CHECK_EQ(world_connect(&s, PEER), UINT32_MAX);
    CHECK_EQ(stats()->errors[TURN_ERROR_446], 2);
    world_deinit(&s);
}

static void a_connect_wants_a_relay_for_tcp_of_the_peers_family(void)
{
    set_up();
    CHECK_EQ(world_connect(&s, PEER), 437);
    CHECK_EQ(world_allocate(&s), 0);
    CHECK_EQ(world_connect(&s, PEER), 437);
    come();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    CHECK_EQ(world_connect(&s, "[2600::1]:9"), 443);
    world_begin(&s, TURN_CONNECT);
    CHECK_EQ(world_send(&s), 400);
    world_deinit(&s);
}

static void a_bound_connection_is_told_with_its_answer(void)
{
    uint32_t id = set_up_connection();
    struct turn_connection *connection = latest();

    CHECK_EQ(bind_from_elsewhere(id), 0);
    CHECK(s.out.joined == connection);
    world_pass(&s, TURN_SERVER_BIND_TIMEOUT * 2);
    CHECK_EQ(s.connection_count, 1);
    CHECK_EQ(turn_server_carried(s.server, connection, true, 100, s.now), s.now);
    CHECK_EQ(stats()->to_clients.bytes, 100);
    world_deinit(&s);
}

// §5.3.
static void who_comes_needs_a_permission_and_is_told_of(void)
{
    struct yodel_addr peer;

    set_up();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    CHECK(!world_come(&s, s.relays[0], PEER));
    CHECK_EQ(stats()->drops[TURN_DROP_NO_PERMISSION], 1);
    CHECK_EQ(world_permit(&s, PEER), 0);
    struct turn_connection *made = world_come(&s, s.relays[0], PEER);
    CHECK(made != NULL);
    CHECK_EQ(s.answer.type, TURN_CONNECTION_ATTEMPT | STUN_INDICATION);
    CHECK(stun_attr_read_addr(&s.answer, TURN_ATTR_XOR_PEER_ADDRESS, &peer) && peer.port == 1000);
    CHECK_EQ(s.out.client.stream, s.client.stream);
    CHECK_EQ(bind_from_elsewhere(id_of_answer()), 0);
    CHECK(s.out.joined == made);
    s.now += TURN_SERVER_PERMISSION_LIFETIME;
    CHECK(!world_come(&s, s.relays[0], "8.8.8.8:1001"));
    CHECK_EQ(s.connection_count, 1);
    world_deinit(&s);
}

static void take_all_users_out(struct turn_credentials *without)
{
    turn_credentials_init(without, &s.env);
    CHECK_EQ(turn_credentials_add_realm(without, bytes_of_text("yodel")), YODEL_OK);
    turn_server_set_credentials(s.server, without);
}

// §5.5: however it ends.
static void all_ends_with_the_allocation(void)
{
    for (int way = 0; way < 4; way++) {
        struct turn_credentials without = {0};
        uint32_t id = set_up_connection();
        struct turn_client_id control = s.client;
        s.is_connect_slow = true;
        CHECK_EQ(world_connect(&s, OTHER), UINT32_MAX);
        CHECK_EQ(bind_from_elsewhere(id), 0);
        s.client = control;
        if (way == 0) {
            turn_server_stream_closed(s.server, &s.client);
        } else if (way == 1) {
            go_back_to(&control);
            CHECK_EQ(world_refresh(&s, 0), 0);
        } else if (way == 2) {
            world_pass(&s, YODEL_SECONDS(601));
        } else {
            take_all_users_out(&without);
            world_pass(&s, TURN_SERVER_REVIEW);
            CHECK_EQ(stats()->ended[TURN_END_REVOKED], 1);
        }
        CHECK_EQ(stats()->connections, 0);
        world_settle(&s);
        CHECK_EQ(s.hung_up, 2);
        CHECK_EQ(s.relay_count, 0);
        turn_server_set_credentials(s.server, &s.credentials);
        turn_credentials_deinit(&without);
        world_deinit(&s);
    }
}

// One that was never told of ends without a word; one that comes too late is not answered.
static void what_ends_in_between_is_not_answered(void)
{
    struct turn_server_event event;
    struct turn_output out;

    set_up();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    for (int is_told = 0; is_told <= 1; is_told++) {
        world_begin(&s, TURN_CONNECT);
        struct yodel_addr peer = world_addr(is_told ? PEER : OTHER);
        stun_attr_put_xor_addr(&s.w, TURN_ATTR_XOR_PEER_ADDRESS, &peer);
        world_seal(&s, false);
        CHECK(!turn_server_recv(s.server, &s.client, writer_bytes(&s.w),
            span_of(s.answered, sizeof s.answered), &out, s.now));
        if (is_told) {
            CHECK(turn_server_next_event(s.server, &event) && event.type == TURN_SERVER_CONNECT);
        }
        turn_server_stream_closed(s.server, &s.client);
        if (is_told) {
            CHECK(!turn_server_connected(s.server, event.connection, true,
                span_of(s.answered, sizeof s.answered), &out, s.now));
            CHECK(turn_server_next_event(s.server, &event) && event.type == TURN_SERVER_HANG_UP);
        }
        CHECK(turn_server_next_event(s.server, &event) && event.type == TURN_SERVER_CLOSE);
        CHECK(!turn_server_next_event(s.server, &event));
        CHECK_EQ(world_allocate_tcp(&s), 0);
    }
    world_deinit(&s);
}

static void two_relays_of_ours_reach_each_other(void)
{
    char text[ADDR_TEXT_MAX];

    world_prepare(&s);
    s.config.has_tcp_relays = true;
    s.config.v4.public_addr = world_addr("5.6.7.8:0");
    world_start(&s);
    come();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    struct turn_client_id first = s.client;
    come();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    CHECK_EQ(world_permit(&s, "5.6.7.8:0"), 0);
    struct turn_relay *second = s.relays[1];
    go_back_to(&first);
    CHECK_EQ(world_connect(&s, addr_text(&second->public_addr, text)), 0);
    CHECK(addr_equal(&latest()->remote, &second->bound));
    CHECK_EQ(latest()->remote.port, second->bound.port);
    // It comes from where the first is bound, and is known by its public address.
    struct turn_connection *made = world_come(&s, second, addr_text(&s.relays[0]->bound, text));
    CHECK(made && addr_same_ip(&made->peer, &s.config.v4.public_addr));
    world_deinit(&s);
}

// ---- hostile

// Case T17.
static void t17_ids_are_not_guessed(void)
{
    uint32_t id = set_up_connection();

    come();
    for (uint32_t i = 1; i < 1000; i++) {
        CHECK_EQ(world_bind_connection(&s, id + i), 400);
    }
    world_begin(&s, TURN_CONNECTION_BIND);
    CHECK_EQ(world_send(&s), 400); // None at all.
    world_begin(&s, TURN_CONNECTION_BIND);
    stun_attr_put_u32(&s.w, TURN_ATTR_CONNECTION_ID, id);
    CHECK_EQ(world_send_plain(&s), 401);
    CHECK_EQ(bind_from_elsewhere(id), 0);
    world_deinit(&s);
}

// Case T18.
static void t18_nothing_is_bound_twice(void)
{
    uint32_t id = set_up_connection();

    CHECK_EQ(bind_from_elsewhere(id), 0);
    CHECK_EQ(bind_from_elsewhere(id), 400);
    CHECK(!s.out.joined);
    world_deinit(&s);
}

// Case T19: the same as one that is not there.
static void t19_another_user_binds_nothing(void)
{
    uint32_t id = set_up_connection();

    s.user = "bob";
    s.password = "hunter2";
    CHECK_EQ(bind_from_elsewhere(id), 400);
    s.user = "alice";
    s.password = "secret";
    CHECK_EQ(world_bind_connection(&s, id), 0);
    world_deinit(&s);
}

// Case T20.
static void t20_what_controls_or_is_no_stream_binds_nothing(void)
{
    uint32_t id = set_up_connection();

    CHECK_EQ(world_bind_connection(&s, id), 400);
    s.client.transport = YODEL_UDP;
    s.client.stream = 0;
    world_learn_nonce(&s);
    CHECK_EQ(world_bind_connection(&s, id), 400);
    CHECK_EQ(bind_from_elsewhere(id), 0);
    world_deinit(&s);
}

// Case T21.
static void t21_nobody_connects_to_what_is_inside(void)
{
    static const char *const inside[] = {"127.0.0.1:80", "10.0.0.1:80", "169.254.169.254:80",
        "192.0.2.1:3478", "192.0.2.1:50000", "224.0.0.1:9", "8.8.8.8:0"};
    char text[ADDR_TEXT_MAX];

    set_up();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    for (size_t i = 0; i < COUNT(inside); i++) {
        CHECK_EQ(world_connect(&s, inside[i]), 403);
    }
    CHECK_EQ(world_connect(&s, addr_text(&s.relays[0]->public_addr, text)), 403); // Itself.
    struct turn_client_id control = s.client;
    come();
    CHECK_EQ(world_allocate(&s), 0); // One for datagrams listens to nobody.
    go_back_to(&control);
    CHECK_EQ(world_connect(&s, addr_text(&s.relays[1]->public_addr, text)), 403);
    CHECK_EQ(s.connection_count, 0);
    world_deinit(&s);
}

// Case T21, in IPv6: as it is, and with IPv4 in it.
static void t21_nobody_connects_to_what_is_inside_ipv6(void)
{
    static const char *const inside[] = {"[::1]:80", "[::ffff:127.0.0.1]:80", "[::ffff:8.8.8.8]:80",
        "[64:ff9b::a00:1]:80", "[2002:a00:1::1]:80", "[fe80::1]:80", "[fd00::1]:80",
        "[2001:db8::1]:3478", "[2600::1]:0"};

    set_up();
    world_begin(&s, TURN_ALLOCATE);
    turn_msg_put_byte(&s.w, TURN_ATTR_REQUESTED_TRANSPORT, TURN_PROTOCOL_TCP);
    turn_msg_put_byte(&s.w, TURN_ATTR_REQUESTED_ADDRESS_FAMILY, TURN_FAMILY_V6);
    CHECK_EQ(world_send(&s), 0);
    for (size_t i = 0; i < COUNT(inside); i++) {
        CHECK_EQ(world_connect(&s, inside[i]), 403);
    }
    CHECK_EQ(s.connection_count, 0);
    CHECK_EQ(world_connect(&s, "[2600::1]:80"), 0);
    CHECK_EQ(world_connect(&s, PEER), 443);
    world_deinit(&s);
}

// Case T21, where the operator lets relays reach this machine.
static void t21_our_own_listeners_are_never_peers(void)
{
    struct yodel_addr web = world_addr("0.0.0.0:8080"), other = world_addr("8.8.4.4:0");

    world_prepare(&s);
    s.config.has_tcp_relays = true;
    CHECK_EQ(turn_rules_allow(&s.config.rules, bytes_of_text("127.0.0.0/8")), YODEL_OK);
    CHECK_EQ(turn_rules_allow(&s.config.rules, bytes_of_text("192.0.2.0/24")), YODEL_OK);
    CHECK_EQ(turn_rules_allow(&s.config.rules, bytes_of_text("8.8.4.0/24")), YODEL_OK);
    CHECK_EQ(turn_rules_add_own(&s.config.rules, &other), YODEL_OK);
    world_start(&s);
    CHECK(turn_server_add_listener(s.server, &web));
    come();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    CHECK_EQ(world_connect(&s, "127.0.0.1:8080"), 403);
    CHECK_EQ(world_connect(&s, "192.0.2.1:8080"), 403);
    CHECK_EQ(world_connect(&s, "192.0.2.1:3478"), 403);
    CHECK_EQ(world_connect(&s, "8.8.4.4:8080"), 403);
    CHECK_EQ(world_connect(&s, "8.8.4.4:8081"), 0);
    CHECK_EQ(world_connect(&s, "127.0.0.1:8081"), 0);
    CHECK_EQ(world_connect(&s, "8.8.8.8:8080"), 0);
    world_deinit(&s);
}

// Case T21: rules that change end what they forbid.
static void t21_new_rules_end_connections(void)
{
    struct turn_rules none = {0};

    world_prepare(&s);
    s.config.has_tcp_relays = true;
    CHECK_EQ(turn_rules_allow(&s.config.rules, bytes_of_text("10.0.0.0/8")), YODEL_OK);
    world_start(&s);
    come();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    CHECK_EQ(world_connect(&s, "10.0.0.1:80"), 0);
    CHECK_EQ(world_connect(&s, PEER), 0);
    CHECK_EQ(turn_server_set_rules(s.server, &none), YODEL_OK);
    world_settle(&s);
    CHECK_EQ(s.connection_count, 1);
    CHECK_EQ(latest()->remote.ip[0], 8);
    world_deinit(&s);
}

// Connects to that many peers; of each address.
static uint32_t connect_to(uint32_t from, uint32_t count)
{
    uint32_t code = 0;

    for (uint32_t i = from; i < from + count && code == 0; i++) {
        char text[] = "8.8.8.8:10000";
        CHECK_EQ(snprintf(text + 8, 6, "%u", 10000 + i), 5);
        s.now += YODEL_MS(100); // For the limit on new peers.
        code = world_connect(&s, text);
    }
    return code;
}

// Case T22.
static void t22_connections_are_limited(void)
{
    set_up();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    CHECK_EQ(connect_to(0, TURN_SERVER_CONNECTIONS_PENDING), 0);
    CHECK_EQ(connect_to(900, 1), 508);
    CHECK_EQ(world_permit(&s, OTHER), 0);
    CHECK(!world_come(&s, s.relays[0], OTHER));
    CHECK_EQ(stats()->drops[TURN_DROP_CONNECTIONS], 1);
    CHECK_EQ(s.connection_count, TURN_SERVER_CONNECTIONS_PENDING);
    world_deinit(&s);
}

// Binds what waits, each from elsewhere; whoever spoke speaks again.
static void bind_all(void)
{
    struct turn_client_id control = s.client;

    for (size_t i = 0; i < s.connection_count; i++) {
        if (s.connections[i]->state == TURN_CONNECTION_UNBOUND) {
            CHECK_EQ(bind_from_elsewhere(s.connections[i]->id), 0);
        }
    }
    go_back_to(&control);
}

// A relay with as many bound connections as one has.
static void fill_relay(void)
{
    come();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    for (uint32_t i = 0; i < TURN_SERVER_CONNECTIONS; i += TURN_SERVER_CONNECTIONS_PENDING) {
        CHECK_EQ(connect_to(i, TURN_SERVER_CONNECTIONS_PENDING), 0);
        bind_all();
    }
}

#define RELAYS_OF_USER (TURN_SERVER_CONNECTIONS_PER_USER / TURN_SERVER_CONNECTIONS)
#define USERS_OF_ADDRESS (TURN_SERVER_CONNECTIONS_PER_ADDRESS / TURN_SERVER_CONNECTIONS_PER_USER)
#define USERS (TURN_SERVER_CONNECTIONS_MAX / TURN_SERVER_CONNECTIONS_PER_USER)

// Case T22: those that are bound count, too, and a user's.
static void t22_an_allocation_and_a_user_have_so_many(void)
{
    set_up();
    for (uint32_t i = 0; i < RELAYS_OF_USER; i++) {
        fill_relay();
        CHECK_EQ(connect_to(900, 1), stats()->connections < 256 ? 508 : 486);
    }
    CHECK_EQ(stats()->connections, TURN_SERVER_CONNECTIONS_PER_USER);
    come();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    CHECK_EQ(connect_to(0, 1), 486);
    turn_server_disconnected(s.server, s.connections[0]);
    world_settle(&s);
    CHECK_EQ(connect_to(0, 1), 0);
    world_deinit(&s);
}

// One more relay, and what becomes of a Connect there.
static uint32_t connect_with_another(void)
{
    come();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    return connect_to(0, 1);
}

// Case T22: so does who has many names, and everybody together.
static void t22_an_address_and_the_server_have_so_many(void)
{
    static char names[USERS + 1][2];

    set_up();
    s.password = "secret";
    for (uint32_t i = 0; i <= USERS; i++) {
        names[i][0] = (char)('A' + i);
        CHECK_EQ(turn_credentials_add_user(
                     &s.credentials, bytes_of_text(names[i]), bytes_of_text(s.password)),
            YODEL_OK);
    }
    for (uint32_t i = 0; i < USERS; i++) {
        s.user = names[i];
        s.client.addr.ip[3] = (uint8_t)(i / USERS_OF_ADDRESS);
        for (uint32_t j = 0; j < RELAYS_OF_USER; j++) {
            fill_relay();
        }
        if (i + 1 == USERS_OF_ADDRESS) {
            s.user = names[USERS];
            CHECK_EQ(connect_with_another(), 486);
        }
    }
    CHECK_EQ(stats()->connections, TURN_SERVER_CONNECTIONS_MAX);
    s.user = names[USERS];
    s.client.addr.ip[3]++;
    CHECK_EQ(connect_with_another(), 508);
    turn_server_disconnected(s.server, s.connections[0]);
    world_settle(&s);
    CHECK_EQ(connect_to(0, 1), 0);
    world_deinit(&s);
}

// Case T22: through ports and networks nobody looks faster than with datagrams.
static void t22_connects_take_from_the_limit_on_new_peers(void)
{
    set_up();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    s.is_connect_refused = true;
    for (uint32_t i = 0; i < 64; i++) {
        CHECK_EQ(world_connect(&s, PEER), 447);
    }
    CHECK_EQ(world_connect(&s, PEER), 508);
    s.now += YODEL_MS(100);
    CHECK_EQ(world_connect(&s, PEER), 447);
    world_deinit(&s);
}

// Case T24.
static void t24_what_nobody_binds_ends(void)
{
    (void)set_up_connection();
    world_pass(&s, TURN_SERVER_BIND_TIMEOUT - 1);
    CHECK_EQ(s.connection_count, 1);
    CHECK_EQ(turn_server_next_timeout(s.server), s.now + 1);
    world_pass(&s, 1);
    CHECK_EQ(s.connection_count, 0);
    CHECK_EQ(s.hung_up, 1);
    world_deinit(&s);
}

// Case L16, of streams: what came is let through, and what follows has to wait.
static void l16_streams_have_rates(void)
{
    world_prepare(&s);
    s.config.has_tcp_relays = true;
    s.config.limits.bytes_per_second = 1000;
    world_start(&s);
    come();
    CHECK_EQ(world_allocate_tcp(&s), 0);
    CHECK_EQ(world_connect(&s, PEER), 0);
    CHECK_EQ(bind_from_elsewhere(id_of_answer()), 0);
    struct turn_connection *bound = latest();
    CHECK_EQ(turn_server_carried(s.server, bound, true, 1000, s.now), s.now);
    CHECK_EQ(turn_server_carried(s.server, bound, true, 500, s.now), s.now + YODEL_MS(500));
    CHECK_EQ(turn_server_carried(s.server, bound, false, 1000, s.now), s.now); // Each way.
    s.now += YODEL_SECONDS(2);
    CHECK_EQ(turn_server_carried(s.server, bound, true, 1000, s.now), s.now);
    world_deinit(&s);
}

static void without_memory_there_is_no_connection(void)
{
    for (size_t allowed = 0;; allowed++) {
        set_up();
        CHECK_EQ(world_allocate_tcp(&s), 0);
        s.memory.allowed = allowed;
        uint32_t code = world_connect(&s, PEER);
        s.memory.allowed = SIZE_MAX;
        CHECK_EQ(stats()->connections, code == 0);
        world_deinit(&s);
        if (code == 0) {
            CHECK(allowed > 0);
            return;
        }
        CHECK_EQ(code, 508);
    }
}

TEST_MAIN(TEST(only_who_comes_over_a_stream_gets_one), TEST(without_the_option_there_are_none),
    TEST(what_is_for_datagrams_is_refused), TEST(a_connect_is_answered_once_it_is_there),
    TEST(a_connect_that_fails_leaves_nothing), TEST(a_peer_has_one_connection),
    TEST(a_connect_wants_a_relay_for_tcp_of_the_peers_family),
    TEST(a_bound_connection_is_told_with_its_answer),
    TEST(who_comes_needs_a_permission_and_is_told_of), TEST(all_ends_with_the_allocation),
    TEST(what_ends_in_between_is_not_answered), TEST(two_relays_of_ours_reach_each_other),
    TEST(t17_ids_are_not_guessed), TEST(t18_nothing_is_bound_twice),
    TEST(t19_another_user_binds_nothing), TEST(t20_what_controls_or_is_no_stream_binds_nothing),
    TEST(t21_nobody_connects_to_what_is_inside), TEST(t21_nobody_connects_to_what_is_inside_ipv6),
    TEST(t21_our_own_listeners_are_never_peers), TEST(t21_new_rules_end_connections),
    TEST(t22_connections_are_limited), TEST(t22_an_allocation_and_a_user_have_so_many),
    TEST(t22_an_address_and_the_server_have_so_many),
    TEST(t22_connects_take_from_the_limit_on_new_peers), TEST(t24_what_nobody_binds_ends),
    TEST(l16_streams_have_rates), TEST(without_memory_there_is_no_connection))
