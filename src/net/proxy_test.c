// HTTP proxies: the URL, the request byte for byte, and every way an answer can be wrong.

#include "net/proxy.h"

#include <stdio.h>

#include "check.h"

static void a_url_names_a_proxy(void)
{
    static const struct {
        const char *text;
        enum yodel_err want;
        const char *host;
        uint16_t port;
        const char *credentials;
    } rows[] = {
        {"http://proxy.example:3128", YODEL_OK, "proxy.example", 3128, ""},
        {"http://proxy.example", YODEL_OK, "proxy.example", 80, ""},
        {"http://192.0.2.1:8080/", YODEL_OK, "192.0.2.1", 8080, ""},
        {"http://[2001:db8::1]:8080", YODEL_OK, "2001:db8::1", 8080, ""},
        {"http://[2001:db8::1]", YODEL_OK, "2001:db8::1", 80, ""},
        {"http://ann:secret@p:1", YODEL_OK, "p", 1, "ann:secret"},
        {"http://ann:@p:1", YODEL_OK, "p", 1, "ann:"},
        {"http://a%40b:c%2Fd%3a%25@p:1", YODEL_OK, "p", 1, "a@b:c/d:%"},
        {"https://p:1", YODEL_ERR_NOT_SUPPORTED, NULL, 0, NULL},
        {"socks5://p:1", YODEL_ERR_NOT_SUPPORTED, NULL, 0, NULL},
        {"p:1", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://:1", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://p:", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://p:0", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://p:65536", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://p:080808", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://p:1x", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://[::1", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://[::1]x", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://a b:1", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://p\r\nX: y:1", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://ann@p:1", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://a%0:b@p:1", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://a%00:b@p:1", YODEL_ERR_SYNTAX, NULL, 0, NULL},
        {"http://a:b%4@p:1", YODEL_ERR_SYNTAX, NULL, 0, NULL},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct proxy_url url = {.port = 7};
        enum yodel_err got = proxy_parse_url(&url, rows[i].text);
        if (got != rows[i].want) {
            print_message("%s\n", rows[i].text);
        }
        CHECK_EQ(got, rows[i].want);
        CHECK_EQ(url.port, got == YODEL_OK ? rows[i].port : 7); // Untouched by what is wrong.
        if (got == YODEL_OK) {
            CHECK_TEXT(url.host, rows[i].host);
            CHECK_TEXT(url.credentials, rows[i].credentials);
        }
    }
}

static void what_is_too_long_is_no_url(void)
{
    struct proxy_url url;
    char text[1000] = "http://";

    memset(text + 7, 'a', 900);
    CHECK_EQ(proxy_parse_url(&url, text), YODEL_ERR_SYNTAX);
    text[7 + 255] = '\0';
    CHECK_EQ(proxy_parse_url(&url, text), YODEL_OK);
    memset(text + 7, 'a', 900);
    memcpy(text + 7 + 600, ":b@p", 5);
    CHECK_EQ(proxy_parse_url(&url, text), YODEL_ERR_SYNTAX);
}

static void a_request_asks_for_a_tunnel(void)
{
    static const struct {
        const char *host;
        const char *credentials;
        const char *want;
    } rows[] = {
        {"turn.example", NULL,
            "CONNECT turn.example:443 HTTP/1.1\r\nHost: turn.example:443\r\n\r\n"},
        {"2001:db8::1", "",
            "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n"},
        {"192.0.2.1", "Aladdin:open sesame", // RFC 7617 §2 has this very pair.
            "CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: 192.0.2.1:443\r\n"
            "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"},
    };
    uint8_t room[PROXY_REQUEST_MAX];

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct writer w = writer_of(span_of(room, sizeof room));
        CHECK_EQ(proxy_put_request(&w, rows[i].host, 443, rows[i].credentials), YODEL_OK);
        CHECK_BYTES(writer_bytes(&w), bytes_of_text(rows[i].want));
    }
    struct writer w = writer_of(span_of(room, sizeof room));
    CHECK_EQ(proxy_put_request(&w, "a\r\nX: y", 443, NULL), YODEL_ERR_SYNTAX);
    CHECK_EQ(proxy_put_request(&w, "", 443, NULL), YODEL_ERR_SYNTAX);
    w = writer_of(span_of(room, 20));
    CHECK_EQ(proxy_put_request(&w, "turn.example", 443, NULL), YODEL_ERR_TOO_LARGE);
}

// Each row is what a proxy may say.
static const struct {
    const char *text;
    enum proxy_result want;
    uint16_t status;
} answers[] = {
    {"HTTP/1.1 200 OK\r\n\r\n", PROXY_OPEN, 200},
    {"HTTP/1.0 200\r\n\r\n", PROXY_OPEN, 200},
    {"HTTP/1.1 204 \r\n\r\n", PROXY_OPEN, 204}, // Any 2xx (RFC 9110 §9.3.6),
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nVia: x\r\n\r\n", PROXY_OPEN, 200}, // with no body.
    {"HTTP/1.1 200 OK\n\n", PROXY_OPEN, 200},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", PROXY_OPEN, 200},
    {"HTTP/1.1 407 Proxy Authentication Required\r\n", PROXY_REFUSED, 407},
    {"HTTP/1.1 302 Found\r\n", PROXY_REFUSED, 302},
    {"HTTP/1.1 999 X\r\n", PROXY_REFUSED, 999},
    {"HTTP/1.1 200 OK\r\n\r", PROXY_MORE, 200},
    {"HTTP/1.1 200 OK\r\n", PROXY_MORE, 200},
    {"HTTP/1.1 2", PROXY_MORE, 2},
    {"", PROXY_MORE, 0},
    {"HTTP/1.1 20\r\n\r\n", PROXY_MALFORMED, 20},
    {"HTTP/1.1 099 X\r\n\r\n", PROXY_MALFORMED, 99},
    {"HTTP/1.1 2000 OK\r\n\r\n", PROXY_MALFORMED, 200},
    {"HTTP/1.1  200 OK\r\n\r\n", PROXY_MALFORMED, 0},
    {"HTTP/2 200\r\n\r\n", PROXY_MALFORMED, 0},
    {"\r\nHTTP/1.1 200 OK\r\n\r\n", PROXY_MALFORMED, 0},
    {"SSH-2.0-x\r\n", PROXY_MALFORMED, 0},
    {"\x16\x03\x01\x02", PROXY_MALFORMED, 0},
    {"HTTP/1.1 200 O\rK\r\n\r\n", PROXY_MALFORMED, 200},
    {"HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", PROXY_MALFORMED, 200},
};

static void an_answer_is_read_whole_or_byte_by_byte(void)
{
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct bytes text = bytes_of_text(answers[i].text);
        struct proxy_answer whole = {0}, slow = {0};
        enum proxy_result got = PROXY_MORE;
        size_t used, total = 0;

        CHECK_EQ(proxy_recv(&whole, text, &used), answers[i].want);
        CHECK_EQ(whole.status, answers[i].status);
        for (size_t j = 0; j < text.len && got == PROXY_MORE; j++) {
            size_t one;
            got = proxy_recv(&slow, bytes_sub(text, j, 1), &one);
            total += one;
        }
        CHECK_EQ(got, answers[i].want);
        CHECK_EQ(total, used);
    }
}

static void what_follows_the_answer_is_not_taken(void)
{
    static const char text[] = "HTTP/1.1 200 OK\r\n\r\n\x16\x03";
    struct proxy_answer answer = {0};
    size_t used;

    CHECK_EQ(proxy_recv(&answer, bytes_of(text, sizeof text - 1), &used), PROXY_OPEN);
    CHECK_EQ(used, 19);
}

static void an_answer_without_end_is_given_up(void)
{
    static const char start[] = "HTTP/1.1 200 OK\r\n";
    struct proxy_answer answer = {0}, lines = {0};
    size_t used;
    uint32_t count = sizeof start - 1;

    CHECK_EQ(proxy_recv(&answer, bytes_of_text(start), &used), PROXY_MORE);
    while (proxy_recv(&answer, bytes_of("x", 1), &used) == PROXY_MORE) {
        count++;
    }
    CHECK_EQ(count, PROXY_ANSWER_MAX);
    for (count = 0;
         proxy_recv(&lines, bytes_of_text("HTTP/1.1 100 Continue\r\n\r\n"), &used) == PROXY_MORE;
         count++) { // And one whose interim answers never end.
    }
    CHECK_EQ(count, PROXY_ANSWER_MAX / 25);
}

static void a_refusal_is_explained(void)
{
    static const uint16_t statuses[] = {100, 302, 403, 407, 502, 65535};

    for (size_t i = 0; i < COUNT(statuses); i++) {
        char why[PROXY_WHY_MAX], number[8];
        (void)snprintf(number, sizeof number, "%u", statuses[i]);
        proxy_explain(statuses[i], why);
        CHECK(strstr(why, number) && strstr(why, "the proxy") == why);
        CHECK(strlen(why) < PROXY_WHY_MAX - 1); // Nothing was cut.
    }
}

TEST_MAIN(TEST(a_url_names_a_proxy), TEST(what_is_too_long_is_no_url),
    TEST(a_request_asks_for_a_tunnel), TEST(an_answer_is_read_whole_or_byte_by_byte),
    TEST(what_follows_the_answer_is_not_taken), TEST(an_answer_without_end_is_given_up),
    TEST(a_refusal_is_explained))
