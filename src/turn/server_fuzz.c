// The TURN server, fuzzed: four clients say whatever the input makes of it, authenticated or not,
// whole or broken, while peers send and connect, sockets open or not, connections close and time passes. What
// comes out is whole and goes where it may; nothing is lost in the end.
//
// An input that starts with an odd byte has only so much memory.

#include "fuzz.h"
#include "turn/server_fixture.h"

#define STEPS_MAX 200
#define CLIENTS 4 // The last two over TCP.

static struct world s;
static struct turn_client_id clients[CLIENTS];
static uint64_t chance;

// Where the input ends, chance goes on: short inputs get far, too.
static uint8_t take(struct reader *r)
{
    uint8_t byte = 0;

    if (r->left > 0) {
        byte = read_u8(r);
        chance = chance * 31 + byte;
    } else {
        world_random(&chance, span_of(&byte, 1));
    }
    return byte;
}

static struct yodel_addr take_peer(struct reader *r)
{
    static const char *const texts[] = {"8.8.8.8:1000", "8.8.8.9:1000", "8.8.8.8:1001",
        "127.0.0.1:80", "192.0.2.1:3478", "10.1.2.3:9", "[2600::1]:9", "[fd00::1]:9", "8.8.8.8:0",
        "255.255.255.255:1"};
    uint8_t which = take(r);

    if (which >= 200 && s.relay_count > 0) { // Each other, by the name that is told.
        return s.relays[which % s.relay_count]->public_addr;
    }
    if (which >= 150) {
        return addr_v4(9, 9, 9, take(r), 1);
    }
    return world_addr(texts[which % COUNT(texts)]);
}

static void put_attrs(struct reader *r)
{
    static const uint16_t bytes[] = {TURN_ATTR_REQUESTED_ADDRESS_FAMILY,
        TURN_ATTR_ADDITIONAL_ADDRESS_FAMILY, TURN_ATTR_EVEN_PORT, TURN_ATTR_REQUESTED_TRANSPORT};
    uint8_t bits = take(r);

    for (unsigned i = 0; i < 4; i++) {
        if (bits >> i & 1) {
            turn_msg_put_byte(&s.w, bytes[i], i == 2 ? take(r) & 0x80 : 1 + take(r) % 2);
        }
    }
    if (bits & 16) {
        stun_attr_put_u32(&s.w, TURN_ATTR_LIFETIME, take(r) % 4 * 700u);
    }
    if (bits & 32) {
        stun_msg_put_attr(&s.w, take(r), bytes_of("12345678", take(r) % 9));
    }
}

static uint32_t take_connection_id(struct reader *r)
{
    uint8_t which = take(r);

    return which < 240 && s.connection_count > 0 ? s.connections[which % s.connection_count]->id
                                                 : which;
}

static void put_request(struct reader *r)
{
    static const uint16_t types[] = {TURN_ALLOCATE, TURN_ALLOCATE, TURN_REFRESH,
        TURN_CREATE_PERMISSION, TURN_CHANNEL_BIND, TURN_SEND | STUN_INDICATION, STUN_BINDING,
        TURN_CONNECT, TURN_CONNECTION_BIND};
    uint16_t type = types[take(r) % COUNT(types)];
    uint8_t kind = take(r);
    struct yodel_addr peer = take_peer(r);

    world_begin(&s, type);
    if (type == TURN_ALLOCATE && kind & 1) {
        turn_msg_put_byte(
            &s.w, TURN_ATTR_REQUESTED_TRANSPORT, kind & 2 ? TURN_PROTOCOL_TCP : TURN_PROTOCOL_UDP);
    }
    if (type == TURN_CONNECTION_BIND && kind & 7) {
        stun_attr_put_u32(&s.w, TURN_ATTR_CONNECTION_ID, take_connection_id(r));
    }
    if (type == TURN_CHANNEL_BIND) {
        turn_msg_put_channel(&s.w, (uint16_t)(TURN_CHANNEL_MIN + kind % 8));
    }
    if (type == TURN_CREATE_PERMISSION || type == TURN_CHANNEL_BIND || type == TURN_CONNECT ||
        type & STUN_INDICATION) {
        stun_attr_put_xor_addr(&s.w, TURN_ATTR_XOR_PEER_ADDRESS, &peer);
    }
    if (type & STUN_INDICATION) {
        stun_msg_put_attr(&s.w, TURN_ATTR_DATA, bytes_of("12345678", kind % 9));
    }
    if (kind >= 128) {
        put_attrs(r);
    }
}

static void check_output(struct bytes datagram)
{
    FUZZ_CHECK(s.out.head.len <= TURN_SERVER_ROOM && s.out.padding < 4);
    FUZZ_CHECK(
        s.out.body.len == 0 || (s.out.body.ptr >= datagram.ptr &&
                                   s.out.body.ptr + s.out.body.len <= datagram.ptr + datagram.len));
    if (s.out.relay) {
        const struct yodel_addr *peer = &s.out.peer;
        bool is_relay = addr_same_ip(peer, &s.out.relay->bound);
        FUZZ_CHECK(s.out.relay->state == TURN_RELAY_OPEN && peer->port != 0);
        FUZZ_CHECK(is_relay || turn_rules_is_allowed(&(struct turn_rules){0}, peer));
        FUZZ_CHECK(!is_relay || peer->port >= 50000); // Never the listener.
    }
    if (s.out.joined) {
        FUZZ_CHECK(s.out.joined->state == TURN_CONNECTION_BOUND && s.client.stream != 0);
    }
}

// A stranger's answer is no amplifier.
static void check_answer(struct bytes datagram)
{
    size_t max = stun_msg_find(&s.answer, STUN_ERROR_CODE) ? 26 : 16;

    if (s.has_answer && !stun_msg_find(&s.answer, STUN_MESSAGE_INTEGRITY) &&
        s.client.transport == YODEL_UDP) {
        FUZZ_CHECK(s.out.head.len * 10 <= datagram.len * max);
    }
}

static void say(struct reader *r)
{
    uint8_t how = take(r);

    put_request(r);
    if (how & 3) {
        world_seal(&s, how & 64);
    }
    if (how & 4) {
        stun_auth_put_fingerprint(&s.w);
    }
    if (how > 240 && s.w.len > 0) { // Broken somewhere.
        s.asked[take(r) % s.w.len] ^= (uint8_t)(take(r) | 1);
    }
    struct bytes datagram = writer_bytes(&s.w);
    s.out = (struct turn_output){0};
    if (world_say(&s, datagram)) {
        check_output(datagram);
        check_answer(datagram);
    }
}

static void say_channel_or_anything(struct reader *r)
{
    uint8_t kind = take(r);

    s.out = (struct turn_output){0};
    if (kind < 200) {
        if (world_send_channel(
                &s, (uint16_t)(TURN_CHANNEL_MIN + kind % 8), bytes_of("abc", kind % 4))) {
            check_output(writer_bytes(&s.w));
        }
        return;
    }
    struct bytes raw = read_bytes(r, take(r) < r->left ? take(r) % (r->left + 1) : r->left);
    if (world_say(&s, raw)) {
        check_output(raw);
        check_answer(raw);
    }
}

static void hear(struct reader *r)
{
    static const uint8_t data[9];
    struct bytes datagram = bytes_of(data, take(r) % sizeof data);

    if (s.relay_count > 0) {
        struct turn_relay *relay = s.relays[take(r) % s.relay_count];
        struct yodel_addr peer = take_peer(r);
        if (turn_server_recv_peer(s.server, relay, &peer, datagram,
                span_of(s.answered, take(r) < 250 ? sizeof s.answered : take(r)), &s.out, s.now)) {
            FUZZ_CHECK(!s.out.relay && s.out.body.ptr == datagram.ptr && s.out.head.len >= 4);
            check_output(datagram);
        }
    }
}

// What is connected to, and who is let in, is somebody who may be.
static void check_connections(void)
{
    for (size_t i = 0; i < s.connection_count; i++) {
        const struct turn_connection *connection = s.connections[i];
        const struct yodel_addr *remote = &connection->remote;
        bool is_relay = addr_same_ip(remote, &s.config.v4.bound);
        FUZZ_CHECK(connection->state != TURN_CONNECTION_WANTED);
        FUZZ_CHECK(connection->state != TURN_CONNECTION_CONNECTING || remote->port != 0);
        FUZZ_CHECK(is_relay || turn_rules_is_allowed(&(struct turn_rules){0}, remote));
        FUZZ_CHECK(!is_relay || remote->port >= 50000); // Never the listener.
        FUZZ_CHECK(!connection->relay || connection->relay->is_tcp);
    }
}

// A peer connects, or one of the connections goes on or ends.
static void meet(struct reader *r)
{
    uint8_t how = take(r);
    struct turn_relay *relay = s.relay_count > 0 ? s.relays[take(r) % s.relay_count] : NULL;

    if (how < 100 && relay && relay->is_tcp && s.connection_count < WORLD_CONNECTIONS) {
        struct yodel_addr peer = take_peer(r);
        struct turn_output out;
        struct turn_connection *made = turn_server_accepted(
            s.server, relay, &peer, span_of(s.answered, sizeof s.answered), &out, s.now);
        if (made) {
            FUZZ_CHECK(out.head.len > 0 && out.client.stream != 0);
            s.connections[s.connection_count++] = made;
        }
    }
    if (how < 100 || s.connection_count == 0) {
        return;
    }
    struct turn_connection *connection = s.connections[take(r) % s.connection_count];
    if (connection->state == TURN_CONNECTION_CONNECTING) {
        s.is_connect_refused = how & 1;
        world_connected(&s, connection);
    } else if (how < 200) {
        FUZZ_CHECK(turn_server_carried(s.server, connection, how & 1, how * 9u, s.now) >= s.now);
    } else {
        turn_server_disconnected(s.server, connection);
    }
    world_settle(&s);
}

static void step(struct reader *r)
{
    uint8_t op = take(r);

    s.client = clients[op % CLIENTS];
    s.is_open_refused = s.is_connect_refused = false;
    s.is_connect_slow = op & 1;
    check_connections();
    switch (op / CLIENTS % 16) {
    case 0:
        turn_server_stream_closed(s.server, &s.client);
        world_settle(&s);
        break;
    case 1:
    case 2:
        world_pass(&s, YODEL_SECONDS(1) << take(r) % 10);
        break;
    case 3:
        s.is_open_refused = true;
        say(r);
        break;
    case 4:
    case 5:
        hear(r);
        break;
    case 6:
    case 7:
        say_channel_or_anything(r);
        break;
    case 8:
        s.user = take(r) & 1 ? "alice" : "bob";
        s.password = s.user[0] == 'a' ? "secret" : take(r) & 3 ? "hunter2" : "wrong";
        break;
    case 9:
    case 10:
        meet(r);
        break;
    default:
        say(r);
        break;
    }
}

FUZZ(input)
{
    struct reader r = reader_of(input);
    uint8_t mode = read_u8(&r);

    world_prepare(&s);
    chance = 0;
    s.config.limits.port_min = 50000;
    s.config.limits.port_max = 50015;
    s.config.has_tcp_relays = mode & 8;
    s.config.limits.packets_per_second = mode & 2 ? 5 : 0;
    s.config.v4.public_addr = mode & 4 ? world_addr("5.6.7.8:0") : (struct yodel_addr){0};
    s.memory.allowed = mode & 1 ? mode / 2 : SIZE_MAX;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        clients[i] = s.client;
        clients[i].addr.port = (uint16_t)(s.client.addr.port + i);
        clients[i].transport = i >= 2 ? YODEL_TCP : YODEL_UDP;
        clients[i].stream = i >= 2 ? i : 0;
    }
    if (world_add_users(&s) == YODEL_OK && turn_server_new(&s.server, &s.config) == YODEL_OK) {
        for (int i = 0; i < STEPS_MAX; i++) {
            step(&r);
        }
        FUZZ_CHECK(turn_server_stats(s.server)->ports >= s.relay_count);
        world_pass(&s, YODEL_SECONDS(3700)); // Everything ends by itself.
        FUZZ_CHECK(turn_server_stats(s.server)->ports == 0 && s.relay_count == 0);
        FUZZ_CHECK(turn_server_stats(s.server)->connections == 0 && s.connection_count == 0);
    }
    world_deinit(&s);
}
