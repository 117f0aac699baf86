// Streams over real sockets of the loopback interface: they are what this tests.
//
// Not here    whose certificate it is, and proxies (net/stream_opening_test.c)

#include "net/stream.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include "capped_alloc.h"
#include "check.h"
#include "net/clock.h"
#include "net/env.h"
#include "net/socket.h"
#include "net/stream_fixture.h"

// ---- what is said is heard

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

// Writes `total` bytes in messages of two pieces, waits for room where there is none.
static void pour(struct scene *s, struct end *from, const struct end *to, size_t total)
{
    uint8_t message[1000];
    size_t done = 0;
    yodel_time end = clock_now() + YODEL_SECONDS(20);

    while (done < total && clock_now() < end) {
        size_t len = total - done < sizeof message ? total - done : sizeof message;
        for (size_t i = 0; i < len; i++) {
            message[i] = byte_at(done + i);
        }
        struct bytes pieces[2] = {
            bytes_of(message, len / 3), bytes_of(message + len / 3, len - len / 3)};
        if (stream_write(from->stream, pieces, 2)) {
            done += len;
        } else {
            CHECK(stream_queued(from->stream) <= STREAM_QUEUE_MAX);
            from->has_room = false;
            turn_until(s, &from->has_room);
        }
    }
    turn_until_heard(s, to, total);
    for (size_t i = 0; i < total; i++) {
        CHECK_EQ(to->heard[i], byte_at(i));
    }
}

static void talk(struct scene *s)
{
    connect_both(s);
    CHECK_EQ(stream_remote(s->near.stream).port, s->addr.port);
    CHECK_EQ(stream_local(s->near.stream).port, stream_remote(s->far.stream).port);
    CHECK(say(&s->near, "hello"));
    turn_until_heard(s, &s->far, 5);
    CHECK(memcmp(s->far.heard, "hello", 5) == 0);
    CHECK(say(&s->far, "and to you"));
    turn_until_heard(s, &s->near, 10);
    s->far.heard_len = s->near.heard_len = 0;
    pour(s, &s->near, &s->far, 700000);
    pour(s, &s->far, &s->near, 300000);
    stream_close(s->near.stream);
    turn_until(s, &s->near.is_closed);
    CHECK(!s->near.has_why);
    turn_until(s, &s->far.is_closed);
    expect_why(&s->far, "the other side closed");
    scene_close(s);
}

static void tcp_carries_what_is_written(void)
{
    struct scene s;

    scene_open(&s);
    talk(&s);
}

static void tls_carries_what_is_written(void)
{
    struct scene s;

    scene_open(&s);
    certify(&s, "DNS:localhost", true);
    talk(&s);
}

static void tls_1_2_will_do(void)
{
    struct scene s;

    scene_open(&s);
    certify(&s, "DNS:localhost", true);
    CHECK(SSL_CTX_set_max_proto_version(s.server_tls, TLS1_2_VERSION) == 1);
    talk(&s);
}

static void a_byte_at_a_time_is_enough(bool is_tls)
{
    struct scene s;

    scene_open(&s);
    if (is_tls) {
        certify(&s, "DNS:localhost", true);
    }
    at_once = 1;
    connect_both(&s);
    CHECK(say(&s.near, "slow but whole"));
    turn_until_heard(&s, &s.far, 14);
    CHECK(memcmp(s.far.heard, "slow but whole", 14) == 0);
    scene_close(&s);
}

static void a_byte_at_a_time_is_enough_for_tcp(void)
{
    a_byte_at_a_time_is_enough(false);
}

static void a_byte_at_a_time_is_enough_for_tls(void)
{
    a_byte_at_a_time_is_enough(true);
}

static void what_is_written_before_it_is_open_waits(void)
{
    for (int round = 0; round < 2; round++) {
        struct scene s;
        scene_open(&s);
        if (round == 1) {
            certify(&s, "DNS:localhost", true);
        }
        struct stream_target target = target_of(&s);
        connect_to(&s, &target);
        CHECK(say(&s.near, "early"));
        turn_until_heard(&s, &s.far, 5);
        scene_close(&s);
    }
}

static void what_is_held_leaves_together(void)
{
    for (int round = 0; round < 2; round++) {
        struct scene s;
        scene_open(&s);
        if (round == 1) {
            certify(&s, "DNS:localhost", true);
        }
        connect_both(&s);
        stream_hold(s.near.stream);
        for (int i = 0; i < 20; i++) {
            CHECK(say(&s.near, "0123456789"));
        }
        turns(&s, 5);
        CHECK_EQ(s.far.heard_len, 0);
        stream_release(s.near.stream);
        CHECK_EQ(stream_queued(s.near.stream), 0);
        turn_until_heard(&s, &s.far, 200);
        CHECK_EQ(s.far.calls, 1);
        scene_close(&s);
    }
}

// A train that waits needs memory, and the next one finds it there; nobody keeps it for nothing.
static void a_busy_queue_keeps_its_memory(void)
{
    static uint8_t train[60000];
    struct bytes piece = bytes_of(train, sizeof train);
    struct capped_alloc memory = capped_alloc(SIZE_MAX);
    struct env env = *net_env_system(LOG_ERROR, NET_ENV_TEXT);
    struct scene s;

    env.alloc = &memory.alloc;
    scene_open(&s);
    struct stream_target target = target_of(&s);
    CHECK_EQ(stream_connect(&s.near.stream, &s.loop, &env, &target, &handler, &s.near), YODEL_OK);
    turn_until(&s, &s.near.is_open);
    hurry = 1000;
    size_t held = memory.held, allowed = 0;
    for (int i = 0; i < 3; i++) {
        stream_hold(s.near.stream);
        CHECK(stream_write(s.near.stream, &piece, 1));
        stream_release(s.near.stream); // No turn of the loop between them: no time passes there.
        CHECK_EQ(stream_queued(s.near.stream), 0);
        CHECK_EQ(memory.held, held + 1);
        CHECK(i == 0 || memory.allowed == allowed);
        allowed = memory.allowed;
    }
    turn_until_heard(&s, &s.far, 3 * sizeof train);
    yodel_time end = clock_now() + YODEL_SECONDS(8);
    while (memory.held > held && clock_now() < end) {
        turn(&s);
    }
    CHECK_EQ(memory.held, held);
    scene_close(&s);
    CHECK_EQ(memory.held, 0);
}

// ---- pauses, ends, and others who are told

// The second round has TLS.
static void scene_open_round(struct scene *s, int round)
{
    scene_open(s);
    if (round == 1) {
        certify(s, "DNS:localhost", true);
    }
}

// Both ends connected.
static void scene_connect(struct scene *s, int round)
{
    scene_open_round(s, round);
    connect_both(s);
}

// Until no more is taken; returns how much it was.
static size_t fill(struct scene *s, struct end *from)
{
    static uint8_t many[10000];
    struct bytes piece = bytes_of(many, sizeof many);
    size_t total = 0;
    int idle = 0;

    for (size_t i = 0; i < sizeof many; i++) {
        many[i] = byte_at(i);
    }
    while (idle < 50) {
        bool is_taken = stream_write(from->stream, &piece, 1);
        total += is_taken ? piece.len : 0;
        idle = is_taken ? 0 : idle + 1;
        turn(s);
    }
    return total;
}

static void check_filled(const struct end *to, size_t total)
{
    CHECK_EQ(to->heard_len, total);
    for (size_t i = 0; i < total; i++) {
        CHECK_EQ(to->heard[i], byte_at(i % 10000));
    }
}

// A small buffer, so that a pause is soon felt at the other end.
static void narrow(struct scene *s)
{
    int size = 4096;

    CHECK_EQ(setsockopt(s->listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
}

static void a_pause_holds_the_other_side_up(void)
{
    for (int round = 0; round < 2; round++) {
        struct scene s;
        scene_open_round(&s, round);
        narrow(&s);
        connect_both(&s);
        s.far.pauses_on_data = true; // So that libssl holds something still.
        size_t total = fill(&s, &s.near);
        size_t heard = s.far.heard_len;
        CHECK(heard < total && s.far.calls == 1);
        turns(&s, 20);
        CHECK_EQ(s.far.heard_len, heard);
        for (uint32_t calls = 1; s.far.heard_len < total; calls++) {
            CHECK_EQ(s.far.calls, calls);
            stream_resume(s.far.stream);
            for (int i = 0; i < 1000 && s.far.calls == calls; i++) {
                turn(&s);
            }
        }
        check_filled(&s.far, total);
        scene_close(&s);
    }
}

static void an_end_comes_after_what_waits(void)
{
    for (int round = 0; round < 2; round++) {
        struct scene s;
        scene_open_round(&s, round);
        narrow(&s);
        connect_both(&s);
        stream_pause(s.far.stream);
        size_t total = fill(&s, &s.near);
        CHECK(stream_queued(s.near.stream) > 0);
        CHECK(say(&s.far, "unread"));
        stream_end(s.near.stream);
        CHECK(!say(&s.near, "more"));
        turns(&s, 20);
        CHECK(!s.near.is_closed);
        stream_resume(s.far.stream);
        turn_until(&s, &s.far.is_closed);
        expect_why(&s.far, "the other side closed");
        check_filled(&s.far, total);
        turn_until(&s, &s.near.is_closed);
        CHECK(!s.near.has_why && s.near.heard_len == 0);
        scene_close(&s);
    }
}

static void an_end_has_a_limit(void)
{
    struct scene s;

    scene_open(&s);
    narrow(&s);
    connect_both(&s);
    hurry = 20;
    stream_pause(s.far.stream);
    (void)fill(&s, &s.near);
    stream_end(s.near.stream);
    turn_until(&s, &s.near.is_closed); // Although nobody takes what waits.
    CHECK(!s.near.has_why);
    scene_close(&s);
}

static void an_end_needs_no_answer_that_comes_late(void)
{
    struct scene s;

    scene_connect(&s, 0);
    hurry = 20;
    stream_end(s.near.stream);
    turn_until(&s, &s.far.is_closed);
    turn_until(&s, &s.near.is_closed);
    scene_close(&s);
}

static void a_paused_stream_notices_that_it_was_left(void)
{
    for (int round = 0; round < 2; round++) {
        struct scene s;
        scene_connect(&s, round);
        hurry = 20;
        stream_pause(s.far.stream);
        CHECK(say(&s.near, "last words"));
        turns(&s, 20);
        stream_close(s.near.stream);
        turns(&s, 20);
        CHECK(!s.far.is_closed && s.far.heard_len == 0);
        if (round == 1) { // They are to be had for a while.
            stream_resume(s.far.stream);
            turn_until_heard(&s, &s.far, 10);
        }
        turn_until(&s, &s.far.is_closed);
        expect_why(&s.far, "the other side closed");
        scene_close(&s);
    }
}

static void room_is_told_of_when_it_is_asked_for(void)
{
    struct scene s;

    scene_connect(&s, 0);
    turns(&s, 10);
    CHECK(!s.near.has_room);
    stream_want_room(s.near.stream);
    CHECK(!s.near.has_room); // From the loop.
    turn_until(&s, &s.near.has_room);
    s.near.has_room = false;
    turns(&s, 10);
    CHECK(!s.near.has_room); // Once.
    scene_close(&s);
}

static void hand_over_on_data(void *ctx, struct span data)
{
    struct end *end = ctx;

    CHECK_EQ(data.len, 5);
    stream_hand_over(end->stream, &handler, end);
}

static void another_is_told_after_a_hand_over(void)
{
    static const struct stream_handler first = {on_open, hand_over_on_data, NULL, NULL};

    for (int round = 0; round < 2; round++) {
        struct scene s;
        scene_connect(&s, round);
        stream_hand_over(s.far.stream, &first, &s.far);
        CHECK(say(&s.near, "first"));
        turns(&s, 20);
        CHECK(say(&s.near, "second"));
        turn_until_heard(&s, &s.far, 6);
        CHECK(memcmp(s.far.heard, "second", 6) == 0);
        stream_close(s.near.stream);
        turn_until(&s, &s.far.is_closed);
        scene_close(&s);
    }
}

// The other side reads nothing: the queue fills, is bounded, and a refused write leaves no part.
static void a_queue_has_a_bound(void)
{
    static uint8_t large[40000];
    struct scene s;
    struct bytes piece = bytes_of(large, sizeof large);
    size_t taken = 0;

    scene_open(&s);
    s.proxy = true; // Nobody reads from it.
    struct stream_target target = target_of(&s);
    connect_to(&s, &target);
    turn_until(&s, &s.near.is_open);
    while (stream_write(s.near.stream, &piece, 1)) {
        taken += sizeof large;
        CHECK(stream_queued(s.near.stream) <= STREAM_QUEUE_MAX);
        CHECK(taken < 100 * HEARD_MAX);
    }
    size_t queued = stream_queued(s.near.stream);
    CHECK(queued > STREAM_QUEUE_MAX - sizeof large);
    turns(&s, 20);
    CHECK(!s.near.has_room);

    at_once = SIZE_MAX;
    yodel_time end = clock_now() + YODEL_SECONDS(8);
    for (size_t got = 0; got < taken && clock_now() < end;) { // Now somebody does.
        static uint8_t room[65536];
        ssize_t len = recv(s.proxy_fd, room, sizeof room, MSG_DONTWAIT);
        got += len > 0 ? (size_t)len : 0;
        taken = got < taken ? taken : 0;
        turn(&s);
    }
    CHECK_EQ(taken, 0);
    CHECK(s.near.has_room);
    CHECK_EQ(stream_queued(s.near.stream), 0);
    scene_close(&s);
}

static void more_than_the_queue_is_never_taken(void)
{
    static uint8_t large[STREAM_QUEUE_MAX + 1];
    struct scene s;
    struct bytes piece = bytes_of(large, sizeof large);

    scene_open(&s);
    connect_both(&s);
    CHECK(!stream_write(s.near.stream, &piece, 1));
    turn_until(&s, &s.near.has_room);
    turns(&s, 10);
    CHECK_EQ(s.far.heard_len, 0);
    scene_close(&s);
}

// ---- what goes wrong

static void nobody_listens(void)
{
    struct scene s;
    struct yodel_addr free_addr = addr_v4(127, 0, 0, 1, 0);

    scene_open(&s);
    socket_close(socket_listen_tcp(&free_addr));
    struct stream_target target = target_of(&s);
    target.remote = free_addr;
    connect_to(&s, &target);
    expect_failure(&s, "refused");
    scene_close(&s);
}

static void an_address_that_is_not_ours_is_no_way(void)
{
    struct scene s;

    scene_open(&s);
    struct stream_target target = target_of(&s);
    target.local = addr_v4(192, 0, 2, 1, 0); // RFC 5737: nobody's.
    connect_to(&s, &target);
    expect_failure(&s, "no way to it");
    scene_close(&s);
}

// As a relay does, whose peers know it by one port.
static void it_may_leave_from_where_another_listens(void)
{
    struct scene s;
    struct yodel_addr door = addr_v4(127, 0, 0, 1, 0);

    scene_open(&s);
    int fd = socket_listen_tcp(&door);
    struct stream_target target = target_of(&s);
    target.local = door;
    target.shares_local = true;
    connect_to(&s, &target);
    expect_failure(&s, "in use"); // Who listens must have said so.
    s.near.is_closed = false;
    socket_share_port(fd);
    connect_to(&s, &target);
    turn_until(&s, &s.near.is_open);
    turn_until(&s, &s.far.is_open);
    CHECK_EQ(stream_remote(s.far.stream).port, door.port);
    socket_close(fd);
    scene_close(&s);
}

// Who listens takes nobody, and its queue is full: what comes is not answered.
static int fill_listener(struct yodel_addr *addr, int fillers[2])
{
    int fd = socket_listen_tcp(addr);

    CHECK_EQ(listen(fd, 0), 0);
    for (int i = 0; i < 2; i++) {
        fillers[i] = socket_connect_tcp(&(struct yodel_addr){0}, addr);
    }
    return fd;
}

static void connecting_has_its_time(void)
{
    static const struct {
        yodel_duration asked, wait;
    } cases[] = {{0, STREAM_CONNECT_TIMEOUT}, {YODEL_SECONDS(30), YODEL_SECONDS(30)}};
    struct yodel_addr mute = addr_v4(127, 0, 0, 1, 0);
    int fillers[2], fd = fill_listener(&mute, fillers);

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scene s;
        hurry = 20;
        scene_open(&s);
        struct stream_target target = target_of(&s);
        target.remote = mute;
        target.connect_timeout = cases[i].asked;
        yodel_time start = clock_now();
        connect_to(&s, &target);
        expect_failure(&s, "connection timed out");
        CHECK(clock_now() - start + YODEL_MS(10) >= cases[i].wait / 20);
        scene_close(&s);
    }
    socket_close(fillers[0]);
    socket_close(fillers[1]);
    socket_close(fd);
}

static void without_a_socket_it_may_be_used_until_that_is_told(void)
{
    struct scene s;

    scene_open(&s);
    struct stream_target target = target_of(&s);
    target.local = addr_v4(192, 0, 2, 1, 0);
    connect_to(&s, &target);
    stream_want_room(s.near.stream);
    stream_pause(s.near.stream);
    stream_hold(s.near.stream);
    CHECK(say(&s.near, "waits in vain"));
    stream_release(s.near.stream);
    expect_failure(&s, "no way to it");
    scene_close(&s);
}

// What is accepted here says nothing.
static void silence_is_given_up(void)
{
    struct scene s;

    hurry = 20;
    scene_open(&s);
    s.proxy = true;
    s.client_tls = stream_tls_new();
    struct stream_target target = target_of(&s);
    connect_to(&s, &target);
    expect_failure(&s, "does not answer in TLS");
    scene_close(&s);
}

static void who_never_shakes_hands_is_let_go(void)
{
    struct scene s;

    hurry = 20;
    scene_open(&s);
    certify(&s, "DNS:localhost", true);
    struct stream_target target = target_of(&s);
    target.tls = NULL; // It connects, and says nothing.
    connect_to(&s, &target);
    turn_until(&s, &s.far.is_closed);
    CHECK(!s.far.is_open);
    expect_why(&s.far, "does not answer in TLS");
    scene_close(&s);
}

static void garbage_is_no_tls(void)
{
    struct scene s;

    scene_open(&s);
    certify(&s, "DNS:localhost", true);
    struct stream_target target = target_of(&s);
    target.tls = NULL;
    connect_to(&s, &target);
    turn_until(&s, &s.near.is_open);
    CHECK(say(&s.near, "GET / HTTP/1.1\r\n\r\n"));
    turn_until(&s, &s.far.is_closed);
    CHECK(!s.far.is_open);
    expect_why(&s.far, "TLS failed");
    scene_close(&s);
}

static void a_half_open_connection_ends(void)
{
    struct scene s;
    struct linger none = {.l_onoff = 1, .l_linger = 0};

    scene_open(&s);
    s.proxy = true;
    struct stream_target target = target_of(&s);
    connect_to(&s, &target);
    turn_until(&s, &s.near.is_open);
    while (s.proxy_fd < 0) {
        turn(&s);
    }
    // The other machine forgot it: RST.
    CHECK_EQ(setsockopt(s.proxy_fd, SOL_SOCKET, SO_LINGER, &none, sizeof none), 0);
    socket_close(s.proxy_fd);
    s.proxy_fd = -1;
    turn_until(&s, &s.near.is_closed);
    expect_why(&s.near, "broke the connection off");
    scene_close(&s);
}

static void writing_to_one_that_ended_raises_no_signal(void)
{
    for (int round = 0; round < 2; round++) {
        struct scene s;
        scene_open(&s);
        if (round == 1) {
            certify(&s, "DNS:localhost", true);
        }
        connect_both(&s);
        stream_close(s.far.stream);
        for (int i = 0; i < 100 && s.near.stream && say(&s.near, "are you there?"); i++) {
            uv_run(&s.loop, UV_RUN_NOWAIT);
        }
        turn_until(&s, &s.near.is_closed);
        CHECK(s.near.has_why);
        scene_close(&s);
    }
}

static void it_may_be_closed_from_within(void)
{
    for (int round = 0; round < 4; round++) {
        struct scene s;
        scene_open(&s);
        if (round & 1) {
            certify(&s, "DNS:localhost", true);
        }
        s.near.closes_on_open = round & 2;
        s.near.closes_on_data = true;
        struct stream_target target = target_of(&s);
        connect_to(&s, &target);
        turn_until(&s, round & 2 ? &s.near.is_open : &s.far.is_open);
        if (!(round & 2)) {
            CHECK(say(&s.far, "now"));
        }
        turn_until(&s, &s.near.is_closed);
        CHECK(!s.near.has_why);
        scene_close(&s);
    }
}

static void it_may_be_closed_at_once(void)
{
    struct scene s;

    scene_open(&s);
    struct stream_target target = target_of(&s);
    connect_to(&s, &target);
    stream_close(s.near.stream);
    CHECK(!say(&s.near, "too late"));
    turn_until(&s, &s.near.is_closed);
    CHECK(!s.near.is_open && !s.near.has_why);
    scene_close(&s);
}

TEST_MAIN(TEST(tcp_carries_what_is_written), TEST(tls_carries_what_is_written),
    TEST(tls_1_2_will_do), TEST(a_byte_at_a_time_is_enough_for_tcp),
    TEST(a_byte_at_a_time_is_enough_for_tls), TEST(what_is_written_before_it_is_open_waits),
    TEST(what_is_held_leaves_together), TEST(a_busy_queue_keeps_its_memory),
    TEST(a_pause_holds_the_other_side_up), TEST(an_end_comes_after_what_waits),
    TEST(an_end_has_a_limit), TEST(an_end_needs_no_answer_that_comes_late),
    TEST(a_paused_stream_notices_that_it_was_left), TEST(room_is_told_of_when_it_is_asked_for),
    TEST(another_is_told_after_a_hand_over), TEST(a_queue_has_a_bound),
    TEST(more_than_the_queue_is_never_taken), TEST(nobody_listens),
    TEST(an_address_that_is_not_ours_is_no_way), TEST(it_may_leave_from_where_another_listens),
    TEST(connecting_has_its_time), TEST(without_a_socket_it_may_be_used_until_that_is_told),
    TEST(silence_is_given_up), TEST(who_never_shakes_hands_is_let_go), TEST(garbage_is_no_tls),
    TEST(a_half_open_connection_ends), TEST(writing_to_one_that_ended_raises_no_signal),
    TEST(it_may_be_closed_from_within), TEST(it_may_be_closed_at_once))
