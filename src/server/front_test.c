// The front, TLS without ALPN, and pumps, over real sockets of the loopback interface. Who takes what they
// tell apart is the test.

#include "server/front.h"

#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "net/clock.h"
#include "net/env.h"
#include "net/socket.h"
#include "net/stream.h"
#include "server/pump.h"
#include "server/tls.h"

#define HEARD_MAX (8u * 1024 * 1024) // More than the system keeps on its way.

// ---- the scene

struct scene {
    uv_loop_t loop;
    const struct env *env;
    struct server_front front;
    struct server_pumps pumps;
    struct ssl_ctx_st *tls, *client_tls;
    struct yodel_addr addr;
    int http, pumped, ice_tcp; // What was taken; -1: nothing.
    bool is_tls;
    struct yodel_addr pumped_client;
    int stopped;
    struct stream *client; // NULL: closed.
    bool is_open, is_closed;
    uint8_t *heard;
    size_t heard_len;
    int fd; // A client without a stream.
};

static void take_http(void *ctx, int fd, bool is_tls)
{
    struct scene *s = ctx;

    CHECK_EQ(s->http, -1);
    s->http = fd;
    s->is_tls = is_tls;
}

static void take_inside(void *ctx, struct stream *stream, struct bytes early, struct span rest)
{
    struct scene *s = ctx;

    server_pump_start(&s->pumps, stream, early, bytes_of_span(rest));
}

static void take_ice_tcp(void *ctx, int fd)
{
    ((struct scene *)ctx)->ice_tcp = fd;
}

static void take_pumped(void *ctx, int fd, const struct yodel_addr *client)
{
    struct scene *s = ctx;

    CHECK_EQ(s->pumped, -1);
    s->pumped = fd;
    s->pumped_client = *client;
}

static void on_stopped(void *ctx)
{
    ((struct scene *)ctx)->stopped++;
}

static void scene_open(struct scene *s, bool is_secure)
{
    char why[SERVER_ERROR_MAX];

    *s = (struct scene){.http = -1, .pumped = -1, .ice_tcp = -1, .fd = -1};
    s->env = net_env_system(LOG_ERROR, NET_ENV_TEXT);
    s->heard = test_malloc(HEARD_MAX);
    s->addr = addr_v4(127, 0, 0, 1, 0);
    CHECK_EQ(uv_loop_init(&s->loop), 0);
    if (is_secure) {
        CHECK_EQ(server_tls_make(&s->tls, s->env, why), YODEL_OK);
    }
    s->client_tls = stream_tls_new();
    struct server_front_takers takers = {
        .http = take_http, .http_inside = take_inside, .ice_tcp = take_ice_tcp, .ctx = s};
    server_pumps_init(&s->pumps, &s->loop, s->env, take_pumped, s);
    server_front_start(&s->front, &s->loop, s->env, &takers);
    server_front_set_tls(&s->front, s->tls);
    int fd = socket_listen_tcp(&s->addr);
    CHECK(fd >= 0);
    CHECK_EQ(server_front_add(&s->front, fd, true), YODEL_OK);
}

static void close_taken(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

static void scene_close(struct scene *s)
{
    server_front_stop(&s->front, on_stopped, s);
    server_pumps_stop(&s->pumps, on_stopped, s);
    if (s->client) {
        stream_close(s->client);
    }
    uv_run(&s->loop, UV_RUN_DEFAULT);
    CHECK_EQ(s->stopped, 2);
    CHECK(!s->client && s->front.guest_count == 0 && s->pumps.count == 0);
    CHECK_EQ(uv_loop_close(&s->loop), 0);
    close_taken(&s->http);
    close_taken(&s->pumped);
    close_taken(&s->ice_tcp);
    close_taken(&s->fd);
    server_tls_free(s->tls);
    stream_tls_free(s->client_tls);
    test_free(s->heard);
}

static void turns(struct scene *s, int count)
{
    for (int i = 0; i < count; i++) {
        uv_run(&s->loop, UV_RUN_NOWAIT);
    }
}

// The condition is asked again and again, and not after it held.
#define TURN_UNTIL(s, condition)                                                                   \
    do {                                                                                           \
        yodel_time give_up = clock_now() + YODEL_SECONDS(8);                                       \
        bool holds;                                                                                \
        while (!(holds = (condition)) && clock_now() < give_up) {                                  \
            turns(s, 1);                                                                           \
        }                                                                                          \
        CHECK(holds);                                                                              \
    } while (0)

// ---- clients

static void connect_plain(struct scene *s)
{
    struct yodel_addr any = addr_v4(127, 0, 0, 1, 0);

    s->fd = socket_connect_tcp(&any, &s->addr);
    CHECK(s->fd >= 0);
}

static void say_plain(struct scene *s, const char *bytes, size_t len)
{
    CHECK_EQ(send(s->fd, bytes, len, MSG_NOSIGNAL), len);
}

// Whether the server has closed: nothing more is to be had.
static bool is_over(struct scene *s)
{
    char byte;

    return recv(s->fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void on_open(void *ctx)
{
    ((struct scene *)ctx)->is_open = true;
}

static void on_data(void *ctx, struct span data)
{
    struct scene *s = ctx;

    CHECK(s->heard_len + data.len <= HEARD_MAX);
    memcpy(s->heard + s->heard_len, data.ptr, data.len);
    s->heard_len += data.len;
}

static void on_closed(void *ctx, const char *why)
{
    struct scene *s = ctx;

    (void)why;
    s->client = NULL;
    s->is_closed = true;
}

static void connect_tls(struct scene *s, const char *alpn)
{
    static const struct stream_handler handler = {
        .on_open = on_open, .on_data = on_data, .on_closed = on_closed};
    struct stream_target target = {.local = addr_v4(127, 0, 0, 1, 0),
        .remote = s->addr,
        .host = "localhost",
        .tls = s->client_tls,
        .is_insecure = true,
        .alpn = alpn};

    CHECK_EQ(stream_connect(&s->client, &s->loop, s->env, &target, &handler, s), YODEL_OK);
}

static bool say(struct scene *s, const char *bytes, size_t len)
{
    struct bytes piece = bytes_of(bytes, len);

    return stream_write(s->client, &piece, 1);
}

// What can be read at once from what was taken.
static size_t read_taken(int fd, char *room, size_t size)
{
    ssize_t len = recv(fd, room, size, MSG_DONTWAIT);

    return len > 0 ? (size_t)len : 0;
}

// ---- the first bytes

static void http_is_handed_over_unread(void)
{
    struct scene s;
    char room[20];

    scene_open(&s, false);
    connect_plain(&s);
    turns(&s, 5);
    CHECK_EQ(s.front.guest_count, 1);
    say_plain(&s, "GET /", 5);
    TURN_UNTIL(&s, s.http >= 0);
    CHECK(!s.is_tls && s.front.guest_count == 0 && s.front.told[SERVER_FIRST_HTTP] == 1);
    CHECK_EQ(read_taken(s.http, room, sizeof room), 5);
    CHECK(memcmp(room, "GET /", 5) == 0);
    scene_close(&s);
}

static void who_has_spoken_already_is_no_guest(void)
{
    struct scene s;
    unsigned handles;

    scene_open(&s, false);
    handles = s.front.handle_count;
    connect_plain(&s);
    usleep(10000); // Until the system has connected them.
    say_plain(&s, "GET /", 5);
    usleep(10000);
    turns(&s, 1);
    CHECK(s.http >= 0);
    CHECK_EQ(s.front.handle_count, handles);
    scene_close(&s);
}

static void bytes_come_one_by_one(void)
{
    static const char check[] = "\0\x6c\0\1\0\x58\x21\x12\xa4\x42";
    struct scene s;
    char room[20];

    scene_open(&s, false);
    connect_plain(&s);
    for (size_t i = 0; i < 10; i++) {
        turns(&s, 5);
        CHECK_EQ(s.ice_tcp, -1);
        say_plain(&s, check + i, 1);
    }
    TURN_UNTIL(&s, s.ice_tcp >= 0);
    CHECK_EQ(s.front.told[SERVER_FIRST_ICE_TCP], 1);
    CHECK_EQ(read_taken(s.ice_tcp, room, sizeof room), 10);
    // The low mark is as it was: a byte is enough to wake whoever has it now.
    int mark = 0;
    socklen_t len = sizeof mark;
    CHECK_EQ(getsockopt(s.ice_tcp, SOL_SOCKET, SO_RCVLOWAT, &mark, &len), 0);
    CHECK_EQ(mark, 1);
    scene_close(&s);
}

static void what_nobody_takes_is_closed(void)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool is_secure;
    } rows[] = {
        {"GET / HTTP/1.1\r\n", 16, true}, // Not in the clear.
        {"\0\1\0\0\x21\x12\xa4\x42", 8, false},
        {"\0\1\0\0\x21\x12\xa4\x42", 8, true},
        {"\0\x6c\0\1\0\x58\x21\x12\xa4\x42", 10, false},
        {"\x16\x03\x01\0\1\1", 6, false}, // TLS without a certificate.
        {"nonsense", 8, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scene s;
        scene_open(&s, rows[i].is_secure);
        s.front.takers.ice_tcp = NULL;
        connect_plain(&s);
        turns(&s, 5);
        say_plain(&s, rows[i].bytes, rows[i].len);
        TURN_UNTIL(&s, is_over(&s) || s.front.refused > 0);
        CHECK_EQ(s.front.refused, 1);
        CHECK(s.http < 0 && s.front.guest_count == 0);
        scene_close(&s);
    }
}

static void the_oldest_makes_room(void)
{
    struct scene s;

    scene_open(&s, false);
    connect_plain(&s);
    turns(&s, 5);
    CHECK_EQ(s.front.guest_count, 1);
    s.front.guest_count = SERVER_FRONT_GUESTS_MAX; // As if there were others.
    int first = s.fd;
    connect_plain(&s);
    turns(&s, 5);
    CHECK_EQ(s.front.guest_count, SERVER_FRONT_GUESTS_MAX);
    CHECK_EQ(s.front.told[SERVER_FIRST_MORE], 1);
    s.front.guest_count = 1;
    say_plain(&s, "GET /", 5); // The second one is there.
    TURN_UNTIL(&s, s.http >= 0);
    close(first);
    scene_close(&s);
}

// ---- inside TLS

static void alpn_leads_past_the_pump(void)
{
    struct scene s;

    scene_open(&s, true);
    connect_tls(&s, "http/1.1");
    TURN_UNTIL(&s, s.http >= 0);
    CHECK(s.is_tls && s.pumps.count == 0 && !s.is_open); // Its handshake is the taker's.
    scene_close(&s);
}

static void without_alpn_http_goes_through_a_pump(void)
{
    static const char request[] = "GET / HTTP/1.1\r\n\r\n";
    char room[100];

    for (size_t cut = 0; cut < sizeof request - 1; cut += 6) {
        struct scene s;
        size_t len = 0;
        scene_open(&s, true);
        connect_tls(&s, NULL);
        TURN_UNTIL(&s, s.is_open);
        turns(&s, 20);
        CHECK(s.front.guest_count == 1 && s.pumped < 0);
        CHECK(cut == 0 || say(&s, request, cut)); // As far as one letter decides.
        turns(&s, 20);
        CHECK(say(&s, request + cut, sizeof request - 1 - cut));
        TURN_UNTIL(&s, s.pumped >= 0);
        TURN_UNTIL(
            &s, (len += read_taken(s.pumped, room + len, sizeof room - len)) >= sizeof request - 1);
        CHECK_EQ(len, sizeof request - 1);
        CHECK(memcmp(room, request, len) == 0);
        struct yodel_addr client = stream_local(s.client);
        CHECK(addr_equal(&s.pumped_client, &client));
        CHECK(s.front.guest_count == 0 && s.pumps.count == 1);
        scene_close(&s);
    }
}

static void what_is_neither_is_closed(void)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"\xff", 1},
        {"get /", 5},
        {"\0\1\0\0\x21\x12\xa4\x42", 8}, // There is no TURN here.
        {"\0\x6c\0\1\0\x58\x21\x12\xa4\x42", 10},
        {"\x16\x03\x01\0\1\1", 6},                  // TLS again;
        {"\x16\x03\x01\2\0\1\0\1\xfc\3\3 and", 16}, // that goes on.
        {"\0\1\0\0\x21\x12\xa4\x43", 8},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scene s;
        scene_open(&s, true);
        connect_tls(&s, NULL);
        TURN_UNTIL(&s, s.is_open);
        for (size_t at = 0; at < rows[i].len && s.client; at++) { // In as many records.
            (void)say(&s, rows[i].bytes + at, 1);
            turns(&s, 5);
        }
        TURN_UNTIL(&s, s.is_closed);
        CHECK_EQ(s.front.refused, 1);
        CHECK(s.pumped < 0 && s.front.guest_count == 0 && s.pumps.count == 0);
        scene_close(&s);
    }
}

static void who_leaves_before_it_is_clear_is_forgotten(void)
{
    for (int round = 0; round < 2; round++) {
        struct scene s;
        scene_open(&s, true);
        connect_tls(&s, NULL);
        if (round == 1) { // After the handshake.
            TURN_UNTIL(&s, s.is_open);
        } else {
            TURN_UNTIL(&s, s.front.guest_count == 1);
        }
        stream_close(s.client);
        TURN_UNTIL(&s, s.is_closed && s.front.guest_count == 0 && s.front.refused == 1);
        scene_close(&s);
    }
}

static void a_new_certificate_is_for_those_who_come(void)
{
    struct scene s;
    char why[SERVER_ERROR_MAX];

    scene_open(&s, true);
    connect_tls(&s, NULL);
    TURN_UNTIL(&s, s.front.guest_count == 1 && s.front.told[SERVER_FIRST_TLS] == 1);
    struct ssl_ctx_st *old = s.tls; // In the middle of a handshake.
    CHECK_EQ(server_tls_make(&s.tls, s.env, why), YODEL_OK);
    server_front_set_tls(&s.front, s.tls);
    server_tls_free(old);
    TURN_UNTIL(&s, s.is_open);
    CHECK(say(&s, "G", 1));
    TURN_UNTIL(&s, s.pumped >= 0);
    scene_close(&s);
}

// ---- pumps

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static void open_pump(struct scene *s)
{
    char room[8];

    scene_open(s, true);
    connect_tls(s, NULL);
    TURN_UNTIL(s, s->is_open);
    CHECK(say(s, "GET /", 5));
    TURN_UNTIL(s, s->pumped >= 0);
    TURN_UNTIL(s, read_taken(s->pumped, room, sizeof room) == 5);
}

// The web says all that it can; returns how much that was.
static size_t pour(struct scene *s)
{
    uint8_t bytes[16384];
    size_t total = 0;

    for (int idle = 0; idle < 50; turns(s, 1)) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = byte_at(total + i);
        }
        ssize_t len = send(s->pumped, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
        total += len > 0 ? (size_t)len : 0;
        idle = len > 0 ? 0 : idle + 1;
        CHECK(total < HEARD_MAX);
    }
    return total;
}

static void a_client_that_reads_nothing_holds_the_web_up(void)
{
    struct scene s;

    open_pump(&s);
    stream_pause(s.client);
    size_t total = pour(&s);
    close_taken(&s.pumped); // An answer that ends with its connection.
    turns(&s, 20);
    CHECK(!s.is_closed);
    stream_resume(s.client);
    TURN_UNTIL(&s, s.is_closed);
    CHECK_EQ(s.heard_len, total); // None of it is lost.
    for (size_t i = 0; i < total; i++) {
        CHECK_EQ(s.heard[i], byte_at(i));
    }
    TURN_UNTIL(&s, s.pumps.count == 0);
    scene_close(&s);
}

static void a_web_that_reads_nothing_holds_the_client_up(void)
{
    struct scene s;
    uint8_t bytes[16384];
    size_t total = 0, got = 0;

    open_pump(&s);
    for (int idle = 0; idle < 50; turns(&s, 1)) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = byte_at(total + i);
        }
        bool is_taken = say(&s, (char *)bytes, sizeof bytes);
        total += is_taken ? sizeof bytes : 0;
        idle = is_taken ? 0 : idle + 1;
    }
    for (yodel_time give_up = clock_now() + YODEL_SECONDS(8); got < total && clock_now() < give_up;
         turns(&s, 1)) {
        size_t len = read_taken(s.pumped, (char *)bytes, sizeof bytes);
        for (size_t i = 0; i < len; i++) {
            CHECK_EQ(bytes[i], byte_at(got + i));
        }
        got += len;
    }
    CHECK_EQ(got, total);
    scene_close(&s);
}

static void a_client_that_leaves_is_the_webs_end(void)
{
    struct scene s;
    char room[8];

    open_pump(&s);
    CHECK(say(&s, "last", 4));
    turns(&s, 20);
    stream_close(s.client);
    TURN_UNTIL(&s, s.is_closed);
    TURN_UNTIL(&s, read_taken(s.pumped, room, sizeof room) == 4);
    TURN_UNTIL(&s, recv(s.pumped, room, sizeof room, MSG_DONTWAIT) == 0);
    close_taken(&s.pumped); // As the web does then.
    TURN_UNTIL(&s, s.pumps.count == 0);
    scene_close(&s);
}

static void over_the_limit_there_is_no_pump(void)
{
    struct scene s;

    scene_open(&s, true);
    connect_tls(&s, NULL);
    TURN_UNTIL(&s, s.is_open);
    s.pumps.count = SERVER_PUMPS_MAX; // As if there were so many.
    CHECK(say(&s, "GET /", 5));
    TURN_UNTIL(&s, s.is_closed);
    CHECK(s.pumps.refused == 1 && s.pumped < 0);
    s.pumps.count = 0;
    scene_close(&s);
}

static void a_stop_ends_guests_and_pumps_of_all_kinds(void)
{
    struct scene s, plain, shaking;

    open_pump(&s);
    plain = shaking = (struct scene){.addr = s.addr};
    connect_plain(&plain);
    connect_plain(&shaking);
    say_plain(&shaking, "\x16\x03\x01\0\1\1", 6);
    TURN_UNTIL(&s, s.front.guest_count == 2);
    CHECK_EQ(s.front.told[SERVER_FIRST_TLS], 2);
    scene_close(&s);
    close(plain.fd);
    close(shaking.fd);
}

TEST_MAIN(TEST(http_is_handed_over_unread), TEST(who_has_spoken_already_is_no_guest),
    TEST(bytes_come_one_by_one), TEST(what_nobody_takes_is_closed), TEST(the_oldest_makes_room),
    TEST(alpn_leads_past_the_pump), TEST(without_alpn_http_goes_through_a_pump),
    TEST(what_is_neither_is_closed), TEST(who_leaves_before_it_is_clear_is_forgotten),
    TEST(a_new_certificate_is_for_those_who_come),
    TEST(a_client_that_reads_nothing_holds_the_web_up),
    TEST(a_web_that_reads_nothing_holds_the_client_up), TEST(a_client_that_leaves_is_the_webs_end),
    TEST(over_the_limit_there_is_no_pump), TEST(a_stop_ends_guests_and_pumps_of_all_kinds))
