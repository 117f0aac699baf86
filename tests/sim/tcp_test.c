// The simulator's TCP, by itself: what a stream promises, and how it ends.

#include "tcp.h"

#include "base/addr.h"
#include "check.h"

#define BYTES 200000u
#define SEEDS 20
#define SERVER_PORT 443

// A client behind a NAT, and a server on the internet.
struct world {
    struct prng prng;
    struct network network;
    struct tcp tcp;
    yodel_time now;
    int client_link, server_link, realm;
    bool is_listening;
    struct tcp_socket *client, *server;
    uint64_t written, read;
};

static struct world world;

static struct yodel_addr server_addr(void)
{
    return addr_v4(30, 0, 0, 1, SERVER_PORT);
}

static void open_world(uint64_t seed)
{
    struct yodel_addr inside = addr_v4(192, 168, 1, 2, 0), outside = server_addr();
    struct nat_config config = {.outside = addr_v4(20, 0, 0, 1, 0)};

    world = (struct world){.now = YODEL_SECONDS(1), .is_listening = true};
    prng_init(&world.prng, seed);
    network_init(&world.network, &world.prng);
    world.network.quality.delay = YODEL_MS(10);
    tcp_init(&world.tcp, &world.network);
    world.realm = network_add_nat(&world.network, NETWORK_INTERNET, &config);
    world.client_link = network_attach(&world.network, world.realm, &inside, 0);
    world.server_link = network_attach(&world.network, NETWORK_INTERNET, &outside, 1);
}

static void close_world(void)
{
    tcp_deinit(&world.tcp);
    network_deinit(&world.network);
}

static void connect(void)
{
    struct yodel_path path = {.local = addr_v4(192, 168, 1, 2, 0), .remote = server_addr()};

    world.client = tcp_connect(&world.tcp, world.client_link, &path, world.now);
    CHECK(world.client);
}

static void turn(void)
{
    struct network_arrival arrival;

    while (network_next(&world.network, &arrival, world.now)) {
        bool is_listening = world.is_listening && arrival.link == world.server_link;
        struct tcp_socket *accepted = tcp_take(&world.tcp, &arrival, is_listening, world.now);

        world.server = accepted ? accepted : world.server;
    }
    tcp_tick(&world.tcp, world.now);
}

static bool step(yodel_time until)
{
    turn();
    yodel_time at = time_min(network_next_at(&world.network), tcp_next_at(&world.tcp));
    if (at > until) {
        world.now = until;
        return false;
    }
    world.now = at;
    return true;
}

static void wait(yodel_duration duration)
{
    yodel_time until = world.now + duration;

    while (step(until)) {
    }
}

static uint8_t byte_at(uint64_t i)
{
    return (uint8_t)(i * 167 ^ i >> 8);
}

static void write_some(struct tcp_socket *socket, uint64_t until)
{
    uint8_t room[1000];
    size_t len = 0;
    uint64_t size = 1 + prng_below(&world.prng, sizeof room);

    while (len < size && world.written + len < until) {
        room[len] = byte_at(world.written + len);
        len++;
    }
    if (tcp_write(&world.tcp, socket, bytes_of(room, len), world.now)) {
        world.written += len;
    }
}

static void read_some(struct tcp_socket *socket)
{
    uint8_t room[TCP_ROOM];
    size_t len = tcp_read(&world.tcp, socket, span_of(room, sizeof room), world.now);

    for (size_t i = 0; i < len; i++) {
        CHECK_EQ(room[i], byte_at(world.read + i));
    }
    world.read += len;
}

// All bytes, one way, by `until`.
static void carry(struct tcp_socket *from, struct tcp_socket *to, yodel_time until)
{
    world.written = world.read = 0;
    do {
        write_some(from, BYTES);
        read_some(to);
    } while (world.read < BYTES && step(until));
    CHECK_EQ(world.read, BYTES);
}

static void connect_well(void)
{
    connect();
    wait(YODEL_SECONDS(8));
    CHECK(world.server);
    CHECK_EQ(world.server->state, TCP_OPEN);
    CHECK_EQ(world.client->state, TCP_OPEN);
}

static void bytes_arrive_in_order_whatever_the_network_does(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        open_world(seed);
        world.network.quality = (struct network_quality){.delay = YODEL_MS(20),
            .jitter = seed % 2 ? YODEL_MS(30) : 0,
            .loss = (double)(seed % 5) / 40,
            .duplication = seed % 3 ? 0.1 : 0,
            .corruption = seed % 4 ? 0 : 0.05,
            .rate_bps = seed % 7 ? 0 : 2000000};
        connect_well();
        carry(world.client, world.server, world.now + YODEL_SECONDS(200));
        carry(world.server, world.client, world.now + YODEL_SECONDS(200));
        close_world();
    }
}

// What is lost comes a little later, and what follows it is not before it.
static void loss_is_delay(void)
{
    yodel_duration took[2];
    uint64_t repeated[2];

    for (int is_lossy = 0; is_lossy < 2; is_lossy++) {
        open_world(7);
        connect_well();
        world.network.quality.loss = is_lossy ? 0.05 : 0;
        yodel_time from = world.now;
        carry(world.client, world.server, world.now + YODEL_SECONDS(200));
        took[is_lossy] = world.now - from;
        repeated[is_lossy] = world.tcp.repeated;
        close_world();
    }
    CHECK(took[1] > took[0]);
    CHECK(repeated[1] > repeated[0]);
}

// One write may come in many parts, and one part may be of many writes.
static void a_stream_has_no_messages(void)
{
    static const uint8_t message[100];
    uint32_t in_between = 0;

    open_world(3);
    connect_well();
    world.network.quality.jitter = YODEL_MS(5);
    for (int i = 0; i < 40; i++) {
        CHECK(tcp_write(&world.tcp, world.client, bytes_of(message, sizeof message), world.now));
        while (world.server->arrived < world.client->written && step(YODEL_SECONDS(60))) {
            in_between += world.server->arrived % sizeof message != 0;
        }
    }
    CHECK(in_between >= 10);
    close_world();
}

static void who_does_not_read_holds_the_sender_back(void)
{
    open_world(4);
    connect_well();
    for (int i = 0; i < 1000; i++) {
        write_some(world.client, BYTES);
        wait(YODEL_MS(1));
    }
    CHECK(world.written >= TCP_ROOM && world.written <= 2 * TCP_ROOM);
    uint64_t sent = world.network.sent;
    wait(YODEL_SECONDS(30));
    CHECK(world.network.sent - sent < 40); // It asks from time to time, and that is all.
    CHECK_EQ(world.client->state, TCP_OPEN);
    do {
        write_some(world.client, BYTES);
        read_some(world.server);
    } while (world.read < BYTES && step(world.now + YODEL_SECONDS(60)));
    CHECK_EQ(world.read, BYTES);
    close_world();
}

static void nobody_listens(void)
{
    open_world(5);
    world.is_listening = false;
    connect();
    yodel_time from = world.now;
    wait(YODEL_MS(21));
    CHECK_EQ(world.client->state, TCP_REFUSED);
    CHECK(world.now - from < YODEL_MS(22));
    close_world();
}

static void nobody_answers(void)
{
    open_world(6);
    world.network.is_cut = true;
    connect();
    wait(YODEL_MS(14999));
    CHECK_EQ(world.client->state, TCP_CONNECTING);
    wait(YODEL_MS(2));
    CHECK_EQ(world.client->state, TCP_TIMED_OUT);
    CHECK_EQ(world.network.sent, 4);
    close_world();
}

static void a_reset_ends_both(void)
{
    open_world(8);
    connect_well();
    tcp_reset(&world.tcp, world.server, world.now);
    wait(YODEL_MS(11));
    CHECK_EQ(world.client->state, TCP_RESET);
    CHECK(!tcp_write(&world.tcp, world.client, bytes_of_text("x"), world.now));
    close_world();
}

static void an_end_is_of_one_direction(void)
{
    open_world(9);
    connect_well();
    world.written = world.read = 0;
    write_some(world.client, 10);
    tcp_shut(&world.tcp, world.client, world.now);
    CHECK(!tcp_write(&world.tcp, world.client, bytes_of_text("x"), world.now));
    wait(YODEL_MS(50));
    CHECK(!tcp_is_at_end(world.server)); // It has to be read first.
    read_some(world.server);
    CHECK(tcp_is_at_end(world.server));
    carry(world.server, world.client, world.now + YODEL_SECONDS(30));
    CHECK(!tcp_is_at_end(world.client));
    tcp_close(&world.tcp, world.server, world.now);
    wait(YODEL_MS(50));
    CHECK(tcp_is_at_end(world.client));
    tcp_close(&world.tcp, world.client, world.now);
    for (size_t i = 0; i < TCP_SOCKETS_MAX; i++) {
        CHECK(!world.tcp.sockets[i]);
    }
    close_world();
}

// RFC 5382 §4.3: nobody calls in, whoever may send datagrams.
static void a_nat_lets_no_stranger_call_in(void)
{
    open_world(10);
    connect_well();
    struct yodel_path path = {
        .local = server_addr(), .remote = addr_v4(20, 0, 0, 1, world.server->path.remote.port)};
    struct tcp_socket *caller = tcp_connect(&world.tcp, world.server_link, &path, world.now);
    wait(YODEL_SECONDS(16));
    CHECK_EQ(caller->state, TCP_TIMED_OUT);
    CHECK_EQ(world.client->state, TCP_OPEN);
    close_world();
}

// The server does not know who that is now, and says so.
static void a_nat_that_forgets_ends_its_streams(void)
{
    open_world(11);
    connect_well();
    nat_rebind(network_nat(&world.network, world.realm));
    CHECK(tcp_write(&world.tcp, world.client, bytes_of_text("x"), world.now));
    wait(YODEL_MS(21));
    CHECK_EQ(world.client->state, TCP_RESET);
    close_world();
}

// Only that port, and no datagrams: who calls another hears nothing.
static void a_firewall_lets_one_port_through(void)
{
    for (uint16_t port = 442; port <= 443; port++) {
        open_world(12);
        struct nat *nat = network_nat(&world.network, world.realm);
        nat->config.only_port = port;
        connect();
        wait(YODEL_SECONDS(16));
        CHECK_EQ(world.client->state, port == SERVER_PORT ? TCP_OPEN : TCP_TIMED_OUT);
        close_world();
    }
}

// An outage is survived, and one without an end is noticed.
static void an_outage_is_survived_and_an_endless_one_noticed(void)
{
    open_world(13);
    connect_well();
    CHECK(tcp_write(&world.tcp, world.client, bytes_of_text("one"), world.now));
    world.network.is_cut = true;
    wait(YODEL_SECONDS(20));
    world.network.is_cut = false;
    wait(YODEL_SECONDS(20));
    CHECK_EQ(world.server->arrived, 3);
    CHECK(tcp_write(&world.tcp, world.client, bytes_of_text("two"), world.now));
    world.network.is_cut = true;
    wait(YODEL_SECONDS(250));
    CHECK_EQ(world.client->state, TCP_TIMED_OUT);
    close_world();
}

TEST_MAIN(TEST(bytes_arrive_in_order_whatever_the_network_does), TEST(loss_is_delay),
    TEST(a_stream_has_no_messages), TEST(who_does_not_read_holds_the_sender_back),
    TEST(nobody_listens), TEST(nobody_answers), TEST(a_reset_ends_both),
    TEST(an_end_is_of_one_direction), TEST(a_nat_lets_no_stranger_call_in),
    TEST(a_nat_that_forgets_ends_its_streams), TEST(a_firewall_lets_one_port_through),
    TEST(an_outage_is_survived_and_an_endless_one_noticed))
