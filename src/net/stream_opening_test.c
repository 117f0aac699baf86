// Streams, until they are open: whose certificate it is, and the way through a proxy.

#include <openssl/ssl.h>
#include <sys/socket.h>

#include "check.h"
#include "net/clock.h"
#include "net/env.h"
#include "net/socket.h"
#include "net/stream_fixture.h"

// ---- whose certificate it is

static void a_certificate_is_held_against_the_name(void)
{
    static const struct {
        const char *names;
        const char *host;
        bool is_trusted, is_insecure;
        const char *why; // NULL: accepted.
    } rows[] = {
        {"DNS:localhost", "localhost", true, false, NULL},
        {"DNS:LOCALHOST", "localhost", true, false, NULL},
        {"IP:127.0.0.1", "127.0.0.1", true, false, NULL},
        {"IP:127.0.0.1", "", true, false, NULL}, // Without a name it is the address that counts.
        {"DNS:*.example.org", "turn.example.org", true, false, NULL},
        {"DNS:*.example.org", "a.turn.example.org", true, false, "another name"},
        {"DNS:t*.example.org", "turn.example.org", true, false, "another name"},
        {"DNS:other.example", "localhost", true, false, "another name"}, // The CN does not count.
        {"DNS:127.0.0.1", "127.0.0.1", true, false, "another name"},
        {"IP:127.0.0.2", "127.0.0.1", true, false, "another name"},
        {"DNS:localhost", "localhost", false, false, "self-signed"},
        {"DNS:other.example", "localhost", false, true, NULL},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scene s;
        scene_open(&s);
        certify(&s, rows[i].names, rows[i].is_trusted);
        struct stream_target target = target_of(&s);
        target.host = rows[i].host;
        target.is_insecure = rows[i].is_insecure;
        connect_to(&s, &target);
        if (rows[i].why) {
            expect_failure(&s, rows[i].why);
            expect_why(&s.near, "its certificate is not accepted");
        } else {
            turn_until(&s, &s.near.is_open);
        }
        scene_close(&s);
    }
}

static int choose_alpn(SSL *ssl, const uint8_t **chosen, uint8_t *len, const uint8_t *offered,
    unsigned int offered_len, void *ctx)
{
    (void)ssl;
    CHECK(offered_len == 10 && memcmp(offered, "\x09stun.turn", 10) == 0);
    *chosen = offered + 1;
    *len = offered[0];
    *(bool *)ctx = true;
    return SSL_TLSEXT_ERR_OK;
}

static void turn_is_offered_by_its_name(void)
{
    struct scene s;
    bool is_asked = false;

    scene_open(&s);
    certify(&s, "DNS:localhost", true);
    SSL_CTX_set_alpn_select_cb(s.server_tls, choose_alpn, &is_asked);
    connect_both(&s);
    CHECK(is_asked);
    scene_close(&s);
}

static void old_tls_is_refused(void)
{
    struct scene s;

    scene_open(&s);
    certify(&s, "DNS:localhost", true);
    SSL_CTX_set_security_level(s.server_tls, 0);
    CHECK(SSL_CTX_set_min_proto_version(s.server_tls, TLS1_VERSION) == 1);
    CHECK(SSL_CTX_set_max_proto_version(s.server_tls, TLS1_1_VERSION) == 1);
    struct stream_target target = target_of(&s);
    connect_to(&s, &target);
    turn_until(&s, &s.near.is_closed);
    CHECK(!s.near.is_open && !s.far.is_open);
    scene_close(&s);
}

// ---- through a proxy

static void connect_through(struct scene *s, const char *credentials)
{
    struct stream_proxy proxy = {.addr = s->addr, .credentials = credentials};
    struct stream_target target = target_of(s);

    s->proxy = true;
    target.remote = addr_v4(192, 0, 2, 1, 443); // Only the proxy could reach it.
    target.host = "turn.example.org";
    target.proxy = &proxy;
    connect_to(s, &target);
    while (s->proxy_fd < 0) {
        turn(s);
    }
}

// What the proxy is asked.
static void expect_request(struct scene *s, const char *want)
{
    char request[1000];
    size_t len = 0;
    yodel_time end = clock_now() + YODEL_SECONDS(5);

    while (len < strlen(want) && clock_now() < end) {
        ssize_t got = recv(s->proxy_fd, request + len, sizeof request - 1 - len, MSG_DONTWAIT);
        len += got > 0 ? (size_t)got : 0;
        turn(s);
    }
    request[len] = '\0';
    CHECK_TEXT(request, want);
}

static void answer(struct scene *s, const char *text)
{
    CHECK_EQ(send(s->proxy_fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

#define ASKED "CONNECT turn.example.org:443 HTTP/1.1\r\nHost: turn.example.org:443\r\n"
#define OPENED "HTTP/1.1 200 Connection established\r\nVia: 1.1 x\r\n\r\n"

static void a_tunnel_is_dug(void)
{
    struct scene s;

    scene_open(&s);
    connect_through(&s, "ann:secret");
    expect_request(&s, ASKED "Proxy-Authorization: Basic YW5uOnNlY3JldA==\r\n\r\n");
    CHECK(!s.near.is_open);
    answer(&s, OPENED);
    turn_until(&s, &s.near.is_open);
    answer(&s, "from beyond");
    turn_until_heard(&s, &s.near, 11);
    scene_close(&s);
}

static void tls_goes_through_a_tunnel(void)
{
    struct scene s;

    scene_open(&s);
    certify(&s, "DNS:turn.example.org", true);
    connect_through(&s, NULL);
    expect_request(&s, ASKED "\r\n");
    answer(&s, OPENED);
    s.proxy = false; // From here on it is the destination.
    CHECK_EQ(stream_accept(&s.far.stream, &s.loop, net_env_system(LOG_ERROR, NET_ENV_TEXT),
                 s.proxy_fd, s.server_tls, &handler, &s.far),
        YODEL_OK);
    s.proxy_fd = -1;
    turn_until(&s, &s.near.is_open);
    turn_until(&s, &s.far.is_open);
    CHECK(say(&s.near, "hello"));
    turn_until_heard(&s, &s.far, 5);
    scene_close(&s);
}

static void a_proxy_may_refuse(void)
{
    static const struct {
        const char *answer;
        const char *why;
    } rows[] = {
        {"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "a user name and a password"},
        {"HTTP/1.1 403 Forbidden\r\n\r\n", "forbids this destination"},
        {"HTTP/1.1 502 Bad Gateway\r\n\r\n", "cannot reach the destination"},
        {"220 mail.example.org ESMTP\r\n", "no HTTP proxy"},
        {OPENED "and more", "more than its answer"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scene s;
        scene_open(&s);
        connect_through(&s, NULL);
        answer(&s, rows[i].answer);
        expect_failure(&s, rows[i].why);
        scene_close(&s);
    }
}

static void a_slow_proxy_has_its_time_and_no_more(void)
{
    struct scene s;

    hurry = 20;
    scene_open(&s);
    connect_through(&s, NULL);
    answer(&s, "HTTP/1.1 200 OK\r\n");
    expect_failure(&s, "the proxy does not answer");
    scene_close(&s);

    scene_open(&s);
    at_once = 1;
    connect_through(&s, NULL);
    answer(&s, OPENED);
    turn_until(&s, &s.near.is_open);
    scene_close(&s);
}

static void a_proxy_that_hangs_up_is_told_of(void)
{
    struct scene s;

    scene_open(&s);
    connect_through(&s, NULL);
    expect_request(&s, ASKED "\r\n");
    socket_close(s.proxy_fd);
    s.proxy_fd = -1;
    expect_failure(&s, "the proxy closed");
    scene_close(&s);
}

static void a_host_of_two_lines_is_not_asked_for(void)
{
    struct scene s;
    struct stream_proxy proxy;

    scene_open(&s);
    proxy = (struct stream_proxy){.addr = s.addr};
    struct stream_target target = target_of(&s);
    target.host = "a\r\nX: y";
    target.proxy = &proxy;
    s.proxy = true;
    connect_to(&s, &target);
    expect_failure(&s, "a host of this name");
    scene_close(&s);
}

TEST_MAIN(TEST(a_certificate_is_held_against_the_name), TEST(turn_is_offered_by_its_name),
    TEST(old_tls_is_refused), TEST(a_tunnel_is_dug), TEST(tls_goes_through_a_tunnel),
    TEST(a_proxy_may_refuse), TEST(a_slow_proxy_has_its_time_and_no_more),
    TEST(a_proxy_that_hangs_up_is_told_of), TEST(a_host_of_two_lines_is_not_asked_for))
