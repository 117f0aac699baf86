// Streams of peers, on the loopback interface, with peers that speak no protocol: to a server that
// is a socket spoken to by hand, and from a stranger that is one.

#include "runtime/streams.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "check.h"
#include "net/clock.h"
#include "net/socket.h"
#include "runtime/fake_peer.h"
#include "stun/attr.h"
#include "stun/msg.h"
#include "turn/frame.h"

struct scene {
    uv_loop_t loop;
    yodel_runtime *runtime;
    yodel_peer ann, bob;
    int listener; // Of the server,
    int server;   // and what it accepted; -1: nothing.
    struct yodel_addr addr;
};

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    (void)ctx;
    (void)peer;
    (void)event;
}

static void turn(struct scene *s)
{
    if (s->server < 0) {
        s->server = socket_accept(s->listener);
    }
    uv_run(&s->loop, UV_RUN_NOWAIT);
}

static void turns(struct scene *s, int count)
{
    for (int i = 0; i < count; i++) {
        turn(s);
    }
}

static void wait_for(struct scene *s, const uint32_t *counter, uint32_t want)
{
    yodel_time end = clock_now() + YODEL_SECONDS(5);

    while (*counter < want && clock_now() < end) {
        turn(s);
    }
    CHECK_EQ(*counter, want);
}

static void scene_open(struct scene *s, struct yodel_runtime_config config)
{
    *s = (struct scene){.server = -1,
        .addr = addr_v4(127, 0, 0, 1, 0),
        .ann = {.ufrag = "ann", .wants_addresses = true},
        .bob = {.ufrag = "bob", .wants_addresses = true}};
    config.loop = &s->loop;
    config.loopback = YODEL_LOOPBACK_ONLY;
    CHECK_EQ(uv_loop_init(&s->loop), 0);
    CHECK_EQ(yodel_runtime_new(&config, &s->runtime), YODEL_OK);
    CHECK_EQ(yodel_runtime_add(s->runtime, &s->ann, on_event, s), YODEL_OK);
    CHECK_EQ(yodel_runtime_add(s->runtime, &s->bob, on_event, s), YODEL_OK);
    s->listener = socket_listen_tcp(&s->addr);
    CHECK(s->listener >= 0);
    turns(s, 3);
    CHECK(s->ann.addrs_ended && s->bob.addrs_ended);
}

static void scene_close(struct scene *s)
{
    yodel_runtime_free(s->runtime);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&s->loop), 0);
    socket_close(s->listener);
    if (s->server >= 0) {
        socket_close(s->server);
    }
}

static void ask_for_stream(struct scene *s, yodel_peer *peer, enum yodel_framing framing)
{
    peer->stream_path = (struct yodel_path){
        .local = addr_v4(127, 0, 0, 1, 0), .remote = s->addr, .transport = YODEL_TCP};
    peer->stream_framing = framing;
    peer->wants_stream = true;
    peer->to = peer->stream_path;
    fake_wake(peer);
}

static void open_stream(struct scene *s, enum yodel_framing framing)
{
    ask_for_stream(s, &s->ann, framing);
    wait_for(s, &s->ann.connects, 1);
    while (s->server < 0) {
        turn(s);
    }
    CHECK(path_equal(&s->ann.last_path, &s->ann.stream_path));
}

static void say(yodel_peer *peer, const char *text, uint32_t count)
{
    peer->text = text;
    peer->to_say = count;
    fake_wake(peer);
}

// Reads from a socket until there are `len` bytes, or its end.
static size_t hear(struct scene *s, int fd, void *room, size_t len)
{
    size_t got = 0;
    yodel_time end = clock_now() + YODEL_SECONDS(5);

    while (got < len && clock_now() < end) {
        ssize_t n = recv(fd, (uint8_t *)room + got, len - got, MSG_DONTWAIT);
        if (n == 0) {
            break;
        }
        got += n > 0 ? (size_t)n : 0;
        turn(s);
    }
    return got;
}

// Whether the other end closes it.
static bool ends(struct scene *s, int fd)
{
    char byte;
    yodel_time end = clock_now() + YODEL_SECONDS(5);
    ssize_t n = -1;

    while (n != 0 && clock_now() < end) {
        n = recv(fd, &byte, 1, MSG_DONTWAIT);
        if (n < 0 && errno == ECONNRESET) {
            return true;
        }
        turn(s);
    }
    return n == 0;
}

static void tell(int fd, const void *data, size_t len)
{
    CHECK_EQ(send(fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

// ---- to a server

static void ice_frames_have_a_length_before_them(void)
{
    struct scene s;
    char room[64];

    scene_open(&s, (struct yodel_runtime_config){0});
    open_stream(&s, YODEL_FRAMING_ICE);
    say(&s.ann, "hello", 2);
    CHECK_EQ(hear(&s, s.server, room, 14), 14);
    CHECK(memcmp(room, "\0\5hello\0\5hello", 14) == 0);
    tell(s.server, "\0\3abc\0\0\0\4de", 11);
    tell(s.server, "fg", 2);
    wait_for(&s, &s.ann.heard, 3); // An empty message is one, too.
    CHECK_TEXT(s.ann.last_heard, "defg");
    CHECK(path_equal(&s.ann.last_path, &s.ann.stream_path));
    CHECK_EQ(s.bob.heard, 0);
    scene_close(&s);
}

static void turn_frames_are_told_by_their_own_length(void)
{
    static const char data[] = "\x40\x01\0\5hello\0\0\0\x40\x02\0\4four";
    struct scene s;
    char room[64];

    scene_open(&s, (struct yodel_runtime_config){0});
    open_stream(&s, YODEL_FRAMING_TURN);
    say(&s.ann, "as it is", 1);
    CHECK_EQ(hear(&s, s.server, room, 8), 8);
    CHECK(memcmp(room, "as it is", 8) == 0);
    tell(s.server, data, sizeof data - 1);
    wait_for(&s, &s.ann.heard, 2);
    tell(s.server, "\xff", 1); // No TURN at all.
    CHECK(ends(&s, s.server));
    wait_for(&s, &s.ann.disconnects, 1);
    scene_close(&s);
}

static void a_server_that_refuses_or_ends_is_told_of(void)
{
    struct scene s;

    scene_open(&s, (struct yodel_runtime_config){0});
    open_stream(&s, YODEL_FRAMING_TURN);
    socket_close(s.server);
    wait_for(&s, &s.ann.disconnects, 1);
    CHECK(path_equal(&s.ann.last_path, &s.ann.stream_path));
    CHECK(strstr(yodel_runtime_error_text(s.runtime), "closed the connection"));

    socket_close(s.listener);
    ask_for_stream(&s, &s.ann, YODEL_FRAMING_TURN);
    wait_for(&s, &s.ann.disconnects, 2);
    CHECK(strstr(yodel_runtime_error_text(s.runtime), "refused"));
    CHECK_EQ(s.ann.connects, 1);
    struct yodel_addr again = s.addr;
    s.listener = socket_listen_tcp(&again);
    s.server = -1;
    scene_close(&s);
}

static void what_the_peer_has_no_use_for_is_closed_after_its_last_words(void)
{
    struct scene s;
    char room[16];

    scene_open(&s, (struct yodel_runtime_config){0});
    open_stream(&s, YODEL_FRAMING_TURN);
    say(&s.ann, "bye!", 1);
    s.ann.wants_no_stream = true; // In the same turn.
    CHECK_EQ(hear(&s, s.server, room, 4), 4);
    CHECK(ends(&s, s.server));
    turns(&s, 5);
    CHECK_EQ(s.ann.disconnects, 0); // It knows.
    scene_close(&s);
}

static void with_its_peer_a_stream_ends(void)
{
    struct scene s;
    char room[16];

    scene_open(&s, (struct yodel_runtime_config){0});
    open_stream(&s, YODEL_FRAMING_TURN);
    s.ann.text = "bye!";
    s.ann.to_say = 1; // Nobody was woken.
    yodel_runtime_remove(s.runtime, &s.ann);
    memset(&s.ann, 0xee, sizeof s.ann); // As if freed.
    CHECK_EQ(hear(&s, s.server, room, 4), 4);
    CHECK(ends(&s, s.server));
    scene_close(&s);
}

static void a_stream_may_be_half_open_when_all_ends(void)
{
    for (int round = 0; round < 2; round++) {
        struct scene s;
        scene_open(&s, (struct yodel_runtime_config){0});
        ask_for_stream(&s, &s.ann, YODEL_FRAMING_TURN);
        uv_run(&s.loop, UV_RUN_NOWAIT);
        if (round == 1) {
            yodel_runtime_remove(s.runtime, &s.ann);
        }
        scene_close(&s);
    }
}

// The server reads nothing: what does not fit is dropped, and UDP goes on.
static void a_full_stream_stops_nobody(void)
{
    struct scene s;

    scene_open(&s, (struct yodel_runtime_config){0});
    open_stream(&s, YODEL_FRAMING_ICE);
    s.bob.to = (struct yodel_path){.local = s.bob.addrs[0], .remote = s.ann.addrs[0]};
    s.ann.size = 1400;
    say(&s.ann, "much", 30000);
    say(&s.bob, "a little", 1);
    wait_for(&s, &s.ann.heard, 1);
    yodel_time end = clock_now() + YODEL_SECONDS(5);
    while (s.ann.to_say > 0 && clock_now() < end) {
        turn(&s);
    }
    CHECK_EQ(s.ann.to_say, 0);
    CHECK_EQ(s.ann.disconnects, 0);
    scene_close(&s);
}

static void so_many_streams_and_no_more(void)
{
    struct scene s;

    scene_open(&s, (struct yodel_runtime_config){0});
    for (uint32_t i = 0; i < STREAMS_PER_PEER + 2; i++) {
        ask_for_stream(&s, &s.ann, YODEL_FRAMING_TURN);
        turns(&s, 2);
    }
    wait_for(&s, &s.ann.connects, STREAMS_PER_PEER);
    CHECK_EQ(s.ann.disconnects, 2);
    scene_close(&s);
}

// ---- through a proxy

static void a_stream_to_a_server_goes_through_the_proxy(const char *host, bool has_address)
{
    struct scene s;
    char url[64], room[64];
    struct yodel_addr proxy = addr_v4(127, 0, 0, 1, 0);
    int listener = socket_listen_tcp(&proxy);

    (void)snprintf(url, sizeof url, "http://a:b@%s:%u", host, proxy.port);
    scene_open(&s, (struct yodel_runtime_config){.proxy = url});
    socket_close(s.listener);
    s.listener = listener;
    ask_for_stream(&s, &s.ann, YODEL_FRAMING_TURN);
    s.ann.stream_host = "turn.example.org";
    if (!has_address) {
        wait_for(&s, &s.ann.disconnects, 1);
        CHECK(strstr(yodel_runtime_error_text(s.runtime), "proxy's name"));
        scene_close(&s);
        return;
    }
    yodel_time end = clock_now() + YODEL_SECONDS(5);
    while (s.server < 0 && clock_now() < end) {
        turn(&s);
    }
    CHECK_EQ(hear(&s, s.server, room, 27), 27);
    CHECK(memcmp(room, "CONNECT turn.example.org:", 25) == 0);
    CHECK_EQ(s.ann.connects, 0);
    tell(s.server, "HTTP/1.1 200 OK\r\n\r\n", 19);
    wait_for(&s, &s.ann.connects, 1);
    scene_close(&s);
}

static void a_proxy_is_used(void)
{
    a_stream_to_a_server_goes_through_the_proxy("127.0.0.1", true);
    a_stream_to_a_server_goes_through_the_proxy("localhost", true);
    a_stream_to_a_server_goes_through_the_proxy("no-such-host.invalid", false);
}

static void a_proxy_of_another_kind_is_refused(void)
{
    struct yodel_runtime_config config = {.proxy = "socks5://127.0.0.1:1080"};
    yodel_runtime *runtime = NULL;

    CHECK_EQ(yodel_runtime_new(&config, &runtime), YODEL_ERR_NOT_SUPPORTED);
    CHECK(strstr(yodel_runtime_error_text(NULL), "http://"));
    config.proxy = "proxy";
    CHECK_EQ(yodel_runtime_new(&config, &runtime), YODEL_ERR_SYNTAX);
    CHECK(runtime == NULL);
}

// ---- from strangers

static int come(struct scene *s)
{
    struct yodel_addr from = {0};
    int fd = socket_connect_tcp(&from, &s->ann.tcp_addrs[0]);

    CHECK(fd >= 0);
    return fd;
}

// From 127.0.0.`host`.
static int come_from(struct scene *s, uint8_t host)
{
    struct yodel_addr from = addr_v4(127, 0, 0, host, 0);
    size_t at = 0;

    while (at < s->ann.tcp_addr_count && s->ann.tcp_addrs[at].family != YODEL_ADDR_V4) {
        at++;
    }
    CHECK(at < s->ann.tcp_addr_count);
    int fd = socket_connect_tcp(&from, &s->ann.tcp_addrs[at]);
    CHECK(fd >= 0);
    return fd;
}

// A binding request for `name`, framed.
static struct bytes request_for(const char *name, uint8_t room[128])
{
    static const uint8_t id[STUN_ID_SIZE] = "abcdefghijk";
    struct writer w = writer_of(span_of(room + 2, 126));

    stun_msg_put_header(&w, STUN_BINDING | STUN_REQUEST, id);
    if (name) {
        stun_msg_put_attr(&w, STUN_USERNAME, bytes_of_text(name));
    }
    store_u16(room, (uint16_t)w.len);
    return bytes_of(room, w.len + 2);
}

static void a_check_says_whose_a_stream_is(void)
{
    struct scene s;
    uint8_t room[128];
    char heard[16];

    scene_open(&s, (struct yodel_runtime_config){.tcp = true});
    CHECK(s.ann.tcp_addr_count > 0);
    CHECK(addr_equal(&s.ann.tcp_addrs[0], &s.bob.tcp_addrs[0])); // One for all.
    int fd = come(&s);
    turns(&s, 5);
    struct bytes request = request_for("bob:far", room);
    tell(fd, request.ptr, 10); // In two pieces.
    turns(&s, 5);
    tell(fd, request.ptr + 10, request.len - 10);
    wait_for(&s, &s.bob.heard, 1);
    CHECK_EQ(s.ann.heard, 0);
    CHECK(addr_equal(&s.bob.last_path.local, &s.bob.tcp_addrs[0]));
    CHECK_EQ(s.bob.last_path.transport, YODEL_TCP);
    tell(fd, "\0\4more", 6);
    wait_for(&s, &s.bob.heard, 2);

    s.bob.to = s.bob.last_path;
    say(&s.bob, "yes", 1);
    CHECK_EQ(hear(&s, fd, heard, 5), 5);
    CHECK(memcmp(heard, "\0\3yes", 5) == 0);
    socket_close(fd);
    wait_for(&s, &s.bob.disconnects, 1);
    scene_close(&s);
}

static void who_does_not_begin_with_a_check_is_closed(void)
{
    struct scene s;
    uint8_t room[128];

    scene_open(&s, (struct yodel_runtime_config){.tcp = true});
    const struct {
        const void *data;
        size_t len;
    } rows[] = {
        {"GET / HTTP/1.1\r\n\r\n", 18},
        {"\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x40", 13},     // DTLS without a frame,
        {"\0\x0d\x16\xfe\xff\0\0\0\0\0\0\0\0\0\0", 15}, // and in one.
        {"\0\0", 2},                                    // A frame of nothing.
        {"\0\5hello", 7}, {"\x08\x01", 2},              // Longer than any datagram,
        {"\xff\xff", 2},                                // and as long as can be.
    };
    for (size_t i = 0; i < COUNT(rows) + 2; i++) {
        int fd = come(&s);
        turns(&s, 5);
        if (i < COUNT(rows)) {
            tell(fd, rows[i].data, rows[i].len);
        } else {
            struct bytes request = request_for(i == COUNT(rows) ? "carl:far" : NULL, room);
            tell(fd, request.ptr, request.len);
        }
        CHECK(ends(&s, fd));
        socket_close(fd);
    }
    CHECK_EQ(s.ann.heard + s.bob.heard, 0);
    scene_close(&s);
}

// Whether it is closed by now.
static bool is_ended(struct scene *s, int fd)
{
    char byte;

    turns(s, 3);
    ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

static void sixty_five_of_one_source_push_no_honest_one_out(void)
{
    struct scene s;
    int fds[STREAMS_STRANGERS_MAX + 1];
    uint8_t room[128];
    struct bytes request = request_for("ann:far", room);

    scene_open(&s, (struct yodel_runtime_config){.tcp = true});
    int honest = come_from(&s, 2);
    turns(&s, 3);
    for (size_t i = 0; i < COUNT(fds); i++) {
        fds[i] = come_from(&s, 3);
        turns(&s, 3);
    }
    for (size_t i = 0; i < COUNT(fds); i++) {
        CHECK_EQ(is_ended(&s, fds[i]), i >= STREAMS_PER_SOURCE); // The later ones are refused.
        socket_close(fds[i]);
    }
    tell(honest, request.ptr, request.len);
    wait_for(&s, &s.ann.heard, 1);
    socket_close(honest);
    scene_close(&s);
}

// Where all is taken, the oldest of the source that has the most makes room.
static void the_source_with_the_most_strangers_makes_room(void)
{
    struct scene s;
    int fds[STREAMS_STRANGERS_MAX + 1];

    scene_open(&s, (struct yodel_runtime_config){.tcp = true});
    for (uint8_t i = 0; i < COUNT(fds); i++) {
        fds[i] = come_from(&s, i < 60 ? i + 10 : 2); // 60 sources with one, then one with five.
        turns(&s, 3);
    }
    for (size_t i = 0; i < COUNT(fds); i++) {
        CHECK_EQ(is_ended(&s, fds[i]), i == 60);
        socket_close(fds[i]);
    }
    scene_close(&s);
}

static void half_a_message_and_then_silence_ends_a_stream(void)
{
    struct scene s;
    uint8_t room[128];
    struct bytes request = request_for("ann:far", room);

    scene_open(&s, (struct yodel_runtime_config){.tcp = true});
    int fd = come(&s);
    int stranger = come(&s); // It begins a first message, and has a stranger's time.
    tell(fd, request.ptr, request.len);
    wait_for(&s, &s.ann.heard, 1);
    yodel_time start = clock_now();
    tell(fd, "\0\5ha", 4);
    tell(stranger, request.ptr, 10);
    bool is_more_told = false;
    while (s.ann.disconnects == 0 && clock_now() < start + 2 * STREAMS_HALF_TIMEOUT) {
        if (!is_more_told && clock_now() > start + STREAMS_HALF_TIMEOUT / 2) {
            tell(fd, "l", 1); // It gains no time by that.
            is_more_told = true;
        }
        uv_run(&s.loop, UV_RUN_ONCE);
    }
    CHECK_EQ(s.ann.disconnects, 1);
    CHECK(clock_now() >= start + STREAMS_HALF_TIMEOUT);
    CHECK(clock_now() < start + STREAMS_HALF_TIMEOUT + YODEL_SECONDS(3));
    CHECK_EQ(s.ann.heard, 1);
    CHECK(ends(&s, fd) && is_ended(&s, stranger));
    socket_close(fd);
    socket_close(stranger);
    scene_close(&s);
}

static void a_stranger_has_its_time_and_no_more(void)
{
    struct scene s;

    scene_open(&s, (struct yodel_runtime_config){.tcp = true});
    int fd = come(&s);
    yodel_time start = clock_now();
    while (clock_now() < start + STREAMS_STRANGER_TIMEOUT - YODEL_MS(500)) {
        char byte;
        CHECK(recv(fd, &byte, 1, MSG_DONTWAIT) < 0);
        uv_run(&s.loop, UV_RUN_ONCE); // Waits: nothing but the worker's timer wakes it.
    }
    CHECK(ends(&s, fd));
    socket_close(fd);
    scene_close(&s);
}

TEST_MAIN(TEST(ice_frames_have_a_length_before_them),
    TEST(turn_frames_are_told_by_their_own_length), TEST(a_server_that_refuses_or_ends_is_told_of),
    TEST(what_the_peer_has_no_use_for_is_closed_after_its_last_words),
    TEST(with_its_peer_a_stream_ends), TEST(a_stream_may_be_half_open_when_all_ends),
    TEST(a_full_stream_stops_nobody), TEST(so_many_streams_and_no_more), TEST(a_proxy_is_used),
    TEST(a_proxy_of_another_kind_is_refused), TEST(a_check_says_whose_a_stream_is),
    TEST(who_does_not_begin_with_a_check_is_closed),
    TEST(sixty_five_of_one_source_push_no_honest_one_out),
    TEST(the_source_with_the_most_strangers_makes_room),
    TEST(half_a_message_and_then_silence_ends_a_stream), TEST(a_stranger_has_its_time_and_no_more))
