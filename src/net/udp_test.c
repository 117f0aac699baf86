// Unlike other unit tests this one has sockets, on the loopback interface: they are what it tests.

#include "net/udp.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "check.h"

// The system's calls, before which ours stand, so that they can fail as the system's would.
// Loopback never does by itself.
static struct {
    uint32_t after; // Calls that still work.
    uint32_t times; // Calls that then fail,
    int why;        // with this errno,
    bool trains;    // though only those that carry UDP_SEGMENT.
} failure;

static bool must_fail(bool is_train)
{
    if (failure.times == 0 || (failure.trains && !is_train)) {
        return false;
    }
    if (failure.after > 0) {
        failure.after--;
        return false;
    }
    failure.times--;
    errno = failure.why;
    return true;
}

int sendmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags)
{
    // At most two at once, so that partial success is the rule here.
    unsigned int some = count < 2 ? count : 2;

    if (must_fail(msgs[0].msg_hdr.msg_controllen > 0)) {
        return -1;
    }
    if (some == 2 && msgs[1].msg_hdr.msg_controllen > 0 && failure.trains && failure.times > 0) {
        some = 1;
    }
    return (int)syscall(SYS_sendmmsg, fd, msgs, some, flags);
}

ssize_t sendto(
    int fd, const void *ptr, size_t len, int flags, __CONST_SOCKADDR_ARG to, socklen_t to_len)
{
    return must_fail(false)
               ? -1
               : (ssize_t)syscall(SYS_sendto, fd, ptr, len, flags, to.__sockaddr__, to_len);
}

struct pair {
    struct udp_socket a;
    struct udp_socket b;
    struct batch_out out;
    struct batch_in in;
};

static void pair_open(struct pair *p, const char *ip)
{
    struct yodel_addr local;

    CHECK_EQ(addr_parse_ip(&local, bytes_of_text(ip)), YODEL_OK);
    CHECK_EQ(udp_open(&p->a, &local), YODEL_OK);
    CHECK_EQ(udp_open(&p->b, &local), YODEL_OK);
    CHECK_EQ(batch_out_init(&p->out, alloc_system()), YODEL_OK);
    CHECK_EQ(batch_in_init(&p->in, alloc_system()), YODEL_OK);
}

static void pair_close(struct pair *p)
{
    udp_close(&p->a);
    udp_close(&p->b);
    batch_out_deinit(&p->out, alloc_system());
    batch_in_deinit(&p->in, alloc_system());
}

// A datagram is known by its length and by a number in its first four bytes.
static void say(struct pair *p, const struct yodel_addr *to, uint32_t number, size_t len)
{
    struct yodel_path path = {.local = p->a.local, .remote = *to};
    struct span room = batch_room(&p->out);

    CHECK(room.len >= len && len >= 4);
    memset(room.ptr, (int)(number & 0xff), len);
    store_u32(room.ptr, number);
    batch_commit(&p->out, &path, len);
}

// Loopback delivers before send returns; the wait is for machines where it does not.
static bool hear(struct pair *p, struct batch_arrival *arrival)
{
    struct pollfd fd = {.fd = p->b.fd, .events = POLLIN};

    while (!batch_next(&p->in, arrival)) {
        if (poll(&fd, 1, 200) <= 0) {
            return false;
        }
        udp_recv(&p->b, &p->in);
    }
    return true;
}

static void expect(struct pair *p, uint32_t number, size_t len)
{
    struct batch_arrival arrival;

    CHECK(hear(p, &arrival));
    struct reader r = reader_of(bytes_of_span(arrival.datagram));
    CHECK_EQ(read_u32(&r), number);
    CHECK_EQ(arrival.datagram.len, len);
    CHECK_EQ(arrival.datagram.ptr[len - 1], number & 0xff);
    CHECK(addr_equal(&arrival.path.local, &p->b.local));
    CHECK(addr_equal(&arrival.path.remote, &p->a.local));
}

static void what_is_said_is_heard_in_order(const char *ip)
{
    static const size_t lens[] = {1200, 1200, 1200, 800, 1200, 4, 1200, 1500, 1500, 10, 20};
    struct pair p;

    pair_open(&p, ip);
    for (uint32_t round = 0; round < 4; round++) {
        for (uint32_t i = 0; i < COUNT(lens); i++) {
            say(&p, &p.b.local, i, lens[i]);
        }
        udp_flush(&p.a, &p.out);
        CHECK(!p.a.is_full);
        CHECK(batch_out_is_empty(&p.out));
        for (uint32_t i = 0; i < COUNT(lens); i++) {
            expect(&p, i, lens[i]);
        }
        p.a.can_segment = round == 0; // And once more, as where the system cannot.
    }
    struct batch_arrival arrival;
    CHECK(!udp_recv(&p.b, &p.in));
    CHECK(!batch_next(&p.in, &arrival));
    CHECK_EQ(p.a.stats.datagrams_out, 4 * COUNT(lens));
    CHECK_EQ(p.b.stats.datagrams_in, 4 * COUNT(lens));
    pair_close(&p);
}

static void datagrams_arrive_over_ipv4(void)
{
    what_is_said_is_heard_in_order("127.0.0.1");
}

static void datagrams_arrive_over_ipv6(void)
{
    struct udp_socket probe;
    struct yodel_addr local;

    CHECK_EQ(addr_parse_ip(&local, bytes_of_text("::1")), YODEL_OK);
    if (udp_open(&probe, &local) != YODEL_OK) {
        skip(); // A machine without IPv6.
    }
    udp_close(&probe);
    what_is_said_is_heard_in_order("::1");
}

static void a_full_batch_arrives_whole(void)
{
    struct pair p;
    uint32_t count = 0;

    pair_open(&p, "127.0.0.1");
    while (batch_room(&p.out).len > 0) {
        say(&p, &p.b.local, count++, 1200);
    }
    udp_flush(&p.a, &p.out);
    CHECK(batch_out_is_empty(&p.out));
    for (uint32_t i = 0; i < count; i++) {
        expect(&p, i, 1200);
    }
    pair_close(&p);
}

static void an_unreachable_destination_costs_only_its_own_datagrams(void)
{
    struct pair p;
    struct yodel_addr nowhere = addr_v4(255, 255, 255, 255, 9); // EACCES without SO_BROADCAST.

    pair_open(&p, "127.0.0.1");
    for (uint32_t i = 0; i < 6; i++) {
        say(&p, i % 3 == 1 ? &nowhere : &p.b.local, i, 1000);
    }
    udp_flush(&p.a, &p.out);
    CHECK(batch_out_is_empty(&p.out));
    CHECK_EQ(p.a.stats.refused, 2);
    CHECK_EQ(p.a.stats.datagrams_out, 4);
    expect(&p, 0, 1000);
    expect(&p, 2, 1000);
    expect(&p, 3, 1000);
    expect(&p, 5, 1000);
    pair_close(&p);
}

static void a_closed_port_is_no_trouble(void)
{
    struct pair p;
    struct batch_arrival arrival;

    pair_open(&p, "127.0.0.1");
    struct yodel_addr closed = p.b.local;
    udp_close(&p.b);
    for (uint32_t i = 0; i < 3; i++) {
        say(&p, &closed, i, 100);
        udp_flush(&p.a, &p.out);
        CHECK(batch_out_is_empty(&p.out)); // Whatever ICMP told the socket meanwhile.
    }
    udp_recv(&p.a, &p.in);
    CHECK(!batch_next(&p.in, &arrival));
    CHECK_EQ(udp_open(&p.b, &closed), YODEL_OK); // pair_close wants one.
    pair_close(&p);
}

static void what_another_socket_must_send_is_left_alone(void)
{
    struct pair p;

    pair_open(&p, "127.0.0.1");
    say(&p, &p.b.local, 1, 100);
    udp_flush(&p.b, &p.out); // The path says a.
    CHECK(!batch_out_is_empty(&p.out));
    udp_flush(&p.a, &p.out);
    CHECK(batch_out_is_empty(&p.out));
    expect(&p, 1, 100);
    pair_close(&p);
}

static void a_full_socket_keeps_the_rest(void)
{
    for (uint32_t after = 0; after < 4; after++) {
        struct pair p;

        pair_open(&p, "127.0.0.1");
        for (uint32_t i = 0; i < 20; i++) {
            say(&p, &p.b.local, i, 20 + i); // Each longer: trains of one.
        }
        failure.after = after;
        failure.times = 1;
        failure.why = EAGAIN;
        udp_flush(&p.a, &p.out);
        CHECK(p.a.is_full);
        CHECK(!batch_out_is_empty(&p.out));
        udp_flush(&p.a, &p.out);
        CHECK(!p.a.is_full);
        CHECK(batch_out_is_empty(&p.out));
        for (uint32_t i = 0; i < 20; i++) {
            expect(&p, i, 20 + i); // Each once.
        }
        CHECK_EQ(p.a.stats.datagrams_out, 20);
        pair_close(&p);
    }
}

static void what_the_system_refuses_is_counted_and_forgotten(void)
{
    static const int whys[] = {EPERM, ECONNREFUSED, EMSGSIZE, ENETUNREACH, EINVAL, ENOBUFS};

    for (size_t i = 0; i < COUNT(whys); i++) {
        struct pair p;

        pair_open(&p, "127.0.0.1");
        say(&p, &p.b.local, 0, 10);
        say(&p, &p.b.local, 1, 20);
        failure.times = 1;
        failure.why = whys[i];
        udp_flush(&p.a, &p.out);
        CHECK(!p.a.is_full);
        CHECK(batch_out_is_empty(&p.out));
        CHECK_EQ(whys[i] == ENOBUFS ? p.a.stats.no_buffers : p.a.stats.refused, 1);
        expect(&p, 1, 20);
        pair_close(&p);
    }
}

static void a_train_that_is_refused_goes_one_by_one(void)
{
    static const int whys[] = {EIO, EINVAL, EMSGSIZE, EOPNOTSUPP};

    for (size_t i = 0; i < COUNT(whys); i++) {
        struct pair p;

        pair_open(&p, "127.0.0.1");
        for (uint32_t j = 0; j < 6; j++) {
            say(&p, &p.b.local, j, j < 3 ? 100 : 200); // Two trains of three.
        }
        failure.times = p.a.can_segment ? 1 : 0; // udp_plain.c has no trains to refuse.
        failure.why = whys[i];
        failure.trains = true;
        udp_flush(&p.a, &p.out);
        failure.trains = false;
        CHECK_EQ(failure.times, 0);
        CHECK(batch_out_is_empty(&p.out));
        for (uint32_t j = 0; j < 6; j++) {
            expect(&p, j, j < 3 ? 100 : 200);
        }
        CHECK_EQ(p.a.stats.refused, 0);
        pair_close(&p);
    }
}

static void a_taken_port_is_an_error(void)
{
    struct pair p;
    struct udp_socket third;

    pair_open(&p, "127.0.0.1");
    CHECK_EQ(udp_open(&third, &p.a.local), YODEL_ERR_NETWORK);
    pair_close(&p);
}

TEST_MAIN(TEST(datagrams_arrive_over_ipv4), TEST(datagrams_arrive_over_ipv6),
    TEST(a_full_batch_arrives_whole), TEST(an_unreachable_destination_costs_only_its_own_datagrams),
    TEST(a_closed_port_is_no_trouble), TEST(what_another_socket_must_send_is_left_alone),
    TEST(a_full_socket_keeps_the_rest), TEST(what_the_system_refuses_is_counted_and_forgotten),
    TEST(a_train_that_is_refused_goes_one_by_one), TEST(a_taken_port_is_an_error))
