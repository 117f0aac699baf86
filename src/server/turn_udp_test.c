// The relay's UDP sockets against the system's: trains leave and arrive whole and in order, whatever refuses
// them. A test with sockets, because this is the system's doing.

#include "server/turn_udp.h"

#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "net/sockaddr.h"
#include "net/socket.h"

#define BUFFER (1024 * 1024)

struct fixture {
    struct alloc *alloc;
    struct server_turn_batch *batch;
    struct server_turn_slots *slots;
    struct server_turn_udp_stats stats;
    struct server_turn_udp a, b, c;
};

static void open_socket(struct fixture *f, struct server_turn_udp *udp, struct yodel_addr local)
{
    int fd = socket_open_udp(&local);

    CHECK(fd >= 0);
    server_turn_udp_init(udp, fd, &local, BUFFER, &f->stats);
}

static void set_up(struct fixture *f)
{
    *f = (struct fixture){.alloc = alloc_system()};
    f->batch = server_turn_batch_new(f->alloc);
    f->slots = server_turn_udp_slots_new(f->alloc);
    CHECK(f->batch && f->slots);
    open_socket(f, &f->a, addr_v4(127, 0, 0, 1, 0));
    open_socket(f, &f->b, addr_v4(127, 0, 0, 1, 0));
    open_socket(f, &f->c, addr_v4(127, 0, 0, 1, 0));
}

static void tear_down(struct fixture *f)
{
    close(f->a.fd);
    close(f->b.fd);
    close(f->c.fd);
    server_turn_udp_slots_free(f->slots, f->alloc);
    server_turn_batch_free(f->batch);
}

// A datagram whose bytes tell its number: a head of four (or none), and a body.
static void put(struct fixture *f, struct server_turn_udp *from, const struct yodel_addr *to,
    uint8_t number, size_t head_len, size_t body_len)
{
    static uint8_t bodies[256][2000];
    struct span room = server_turn_batch_room(f->batch);
    struct server_turn_item item = {
        bytes_of(room.ptr, head_len), bytes_of(bodies[number], body_len), 0, 0, 0};
    struct server_turn_route route = {.to = *to};

    CHECK(head_len <= room.len);
    memset(room.ptr, 0xee, head_len);
    memset(bodies[number], number, body_len);
    server_turn_batch_put(f->batch, &from->outlet, &item, &route);
}

// Everything that arrived at a socket: the last byte of each datagram, and how long they were.
static size_t drain(
    struct fixture *f, struct server_turn_udp *udp, uint8_t numbers[256], size_t lens[256])
{
    struct server_turn_arrival arrival;
    uint32_t first, got;
    size_t count = 0;

    while ((got = server_turn_udp_recv(udp, f->slots, &first)) > 0) {
        for (uint32_t i = first; i < first + got; i++) {
            CHECK(server_turn_udp_arrival(udp, f->slots, i, &arrival));
            for (size_t at = 0; at < arrival.bytes.len; at += arrival.segment) {
                struct bytes one = bytes_sub(arrival.bytes, at, arrival.segment);
                CHECK(count < 256);
                numbers[count] = one.ptr[one.len - 1];
                lens[count++] = one.len;
            }
        }
        server_turn_udp_slots_release(f->slots);
    }
    return count;
}

static void sends_in_order(struct fixture *f)
{
    uint8_t numbers[256];
    size_t lens[256];

    for (uint8_t i = 0; i < 150;
         i++) { // Two destinations in turns, two lengths, and more than one train.
        put(f, &f->a, i % 50 < 25 ? &f->b.local : &f->c.local, i, i % 2 ? 4 : 0,
            (i % 2 ? 996u : 1000u) - (i % 25 == 24 ? 100u : 0u));
    }
    server_turn_batch_flush(f->batch);
    CHECK_EQ(f->stats.out, 150);
    for (int which = 0; which < 2; which++) {
        CHECK_EQ(drain(f, which ? &f->c : &f->b, numbers, lens), 75);
        for (size_t i = 0; i < 75; i++) {
            CHECK_EQ(numbers[i], i / 25 * 50 + i % 25 + (which ? 25 : 0));
            CHECK_EQ(lens[i], i % 25 == 24 ? 900 : 1000);
        }
    }
    CHECK_EQ(f->stats.in, 150);
}

// A browser sends its ClientHello as 1200 bytes and 263: without their padding, the latter's Data
// indication is no STUN message, and the browser drops it.
static void padding_leaves_with_its_datagram_alone_and_in_a_train(void)
{
    uint8_t numbers[256], body[1200] = {0};
    size_t lens[256];
    struct fixture f;

    set_up(&f);
    struct server_turn_route route = {.to = f.b.local};
    for (int is_apart = 0; is_apart < 2; is_apart++) {
        f.a.can_segment = !is_apart;
        for (int i = 0; i < 2; i++) {
            struct span room = server_turn_batch_room(f.batch);
            struct server_turn_item item = {.head = bytes_of(room.ptr, 36),
                .body = bytes_of(body, i == 0 ? 1200 : 263),
                .padding = i == 0 ? 0 : 1};
            memset(room.ptr, 0, 36);
            server_turn_batch_put(f.batch, &f.a.outlet, &item, &route);
        }
        server_turn_batch_flush(f.batch);
        CHECK_EQ(drain(&f, &f.b, numbers, lens), 2);
        CHECK_EQ(lens[0], 1236);
        CHECK_EQ(lens[1], 300);
    }
    tear_down(&f);
}

static void trains_arrive_whole_and_in_order(void)
{
    struct fixture f;

    set_up(&f);
    sends_in_order(&f);
    CHECK(f.a.can_segment);
    tear_down(&f);
}

static void what_is_put_through_other_outlets_does_not_part_a_train(void)
{
    struct fixture f;
    struct server_turn_arrival arrival;
    uint32_t first;

    set_up(&f);
    for (uint8_t i = 0; i < 20; i++) {
        put(&f, i % 2 ? &f.a : &f.b, &f.c.local, i, 4, 100);
    }
    server_turn_batch_flush(f.batch);
    CHECK_EQ(server_turn_udp_recv(&f.c, f.slots, &first), 2);
    for (uint32_t i = 0; i < 2; i++) {
        CHECK(server_turn_udp_arrival(&f.c, f.slots, i, &arrival));
        CHECK_EQ(arrival.segment, 104);
        CHECK_EQ(arrival.bytes.len, 1040);
    }
    tear_down(&f);
}

// Without checksums the kernel refuses UDP_SEGMENT, as it does beyond a path's MTU.
static void a_refused_train_goes_one_by_one(void)
{
    struct fixture f;
    int on = 1;

    set_up(&f);
    CHECK_EQ(setsockopt(f.a.fd, SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
    sends_in_order(&f);
    tear_down(&f);
}

static void a_system_without_trains_gets_datagrams(void)
{
    struct fixture f;

    set_up(&f);
    f.a.can_segment = false;
    sends_in_order(&f);
    tear_down(&f);
}

static void what_cannot_be_sent_is_counted_and_the_rest_leaves(void)
{
    struct fixture f;
    struct yodel_addr nowhere = {.family = YODEL_ADDR_V6, .ip = {[15] = 1}, .port = 9};
    uint8_t numbers[256];
    size_t lens[256];

    set_up(&f);
    for (uint8_t i = 0; i < 30; i++) {
        put(&f, &f.a, i / 10 == 1 ? &nowhere : &f.b.local, i, 0,
            10); // The wrong family in the middle.
    }
    server_turn_batch_flush(f.batch);
    CHECK_EQ(f.stats.refused, 10);
    CHECK_EQ(drain(&f, &f.b, numbers, lens), 20);
    CHECK_EQ(numbers[10], 20);
    tear_down(&f);
}

// RFC 8489 §6.3.1: a socket for every address says which was asked, and answers from there.
static void an_answer_leaves_from_the_address_that_was_asked(void)
{
    struct fixture f;
    struct server_turn_udp every;
    struct server_turn_arrival arrival;
    uint32_t first;

    set_up(&f);
    for (uint8_t family = 0; family < 2; family++) {
        int off = 0;
        struct sockaddr_in6 all6 = {.sin6_family = AF_INET6};
        struct yodel_addr local = {.family = family ? YODEL_ADDR_V6 : YODEL_ADDR_V4};
        int fd = family ? socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0) : socket_open_udp(&local);
        if (fd < 0) {
            continue; // No IPv6 here.
        }
        if (family) {
            socklen_t len = sizeof all6;
            CHECK_EQ(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off), 0);
            CHECK_EQ(bind(fd, (struct sockaddr *)&all6, len), 0);
            CHECK_EQ(getsockname(fd, (struct sockaddr *)&all6, &len), 0);
            local.port = ntohs(all6.sin6_port);
        }
        server_turn_udp_init(&every, fd, &local, BUFFER, &f.stats);
        struct yodel_addr second = addr_v4(127, 0, 0, 2, local.port);
        put(&f, &f.a, &second, 7, 0, 10);
        server_turn_batch_flush(f.batch);
        CHECK_EQ(server_turn_udp_recv(&every, f.slots, &first), 1);
        CHECK(server_turn_udp_arrival(&every, f.slots, 0, &arrival));
        CHECK(addr_equal(&arrival.to, &second));
        CHECK(addr_equal(&arrival.from, &f.a.local));
        struct server_turn_route back = {.to = arrival.from, .from = arrival.to};
        struct server_turn_item item = {.body = arrival.bytes};
        (void)server_turn_batch_room(f.batch);
        server_turn_batch_put(f.batch, &every.outlet, &item, &back);
        server_turn_batch_flush(f.batch);
        server_turn_udp_slots_release(f.slots);
        CHECK_EQ(server_turn_udp_recv(&f.a, f.slots, &first), 1);
        CHECK(server_turn_udp_arrival(&f.a, f.slots, 0, &arrival));
        CHECK(addr_equal(&arrival.from, &second));
        server_turn_udp_slots_release(f.slots);
        close(fd);
    }
    tear_down(&f);
}

TEST_MAIN(TEST(padding_leaves_with_its_datagram_alone_and_in_a_train),
    TEST(trains_arrive_whole_and_in_order),
    TEST(what_is_put_through_other_outlets_does_not_part_a_train),
    TEST(a_refused_train_goes_one_by_one), TEST(a_system_without_trains_gets_datagrams),
    TEST(what_cannot_be_sent_is_counted_and_the_rest_leaves),
    TEST(an_answer_leaves_from_the_address_that_was_asked))
