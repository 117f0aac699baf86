// HTTP answers: how they are put together, whole and byte by byte.

#include "signaling/http_response.h"

#include <stdio.h>

#include "check.h"

static void give(struct signaling_http_response *response, struct bytes data, size_t step)
{
    for (size_t at = 0; at < data.len; at += step) {
        signaling_http_response_recv(response, bytes_sub(data, at, step));
    }
}

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
    const char *text;
    const char *body; // NULL: it fails, or has no end.
    uint32_t status;
    bool ends_early; // Else the connection's end ends it.
} rows[] = {
    {"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc", "abc", 201, true},
    {"HTTP/1.1 201 Created\r\ncontent-length:3\r\n\r\nabcdef", "abc", 201, true},
    {"HTTP/1.1 201\r\nContent-Length: 0\r\n\r\n", "", 201, true},
    {"HTTP/1.0 200 OK\nContent-Length: 1\n\na", "a", 200, true},
    {"HTTP/1.1 204 No Content\r\n\r\n", "", 204, true},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", "", 204, true},
    {"HTTP/1.1 500 \r\n\r\noh no", "oh no", 500, false},
    {OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", "ab", 200, true},
    {CHUNKED "3\r\nabc\r\n0\r\n\r\n", "abc", 200, true},
    {CHUNKED "3;x=y\r\nabc\r\nA \r\n0123456789\r\n00\r\nX: y\r\n\r\n", "abc0123456789", 200, true},
    {CHUNKED "0\r\n\r\n", "", 200, true},
    {OK "Transfer-Encoding: Chunked\r\nContent-Length: 5\r\n\r\n1\r\na\r\n0\r\n\r\n", "a", 200,
        true},
    {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" OK
     "Content-Length: 1\r\n\r\na",
        "a", 200, true},
    {"", NULL, 0, false},
    {"SSH-2.0-OpenSSH\r\n", NULL, 0, true},
    {"HTTP/2 200\r\n\r\n", NULL, 0, true},
    {"HTTP/1.1 99\r\n\r\n", NULL, 0, true},
    {"HTTP/1.1 600 X\r\n\r\n", NULL, 0, true},
    {"HTTP/1.1 2000 X\r\n\r\n", NULL, 0, true},
    {"HTTP/1.1 101 Switching\r\n\r\n", NULL, 0, true},
    {OK "no colon\r\n\r\n", NULL, 0, true},
    {OK "a : b\r\n\r\n", NULL, 0, true},
    {OK "a: b\r\n folded\r\n\r\n", NULL, 0, true},
    {OK ": b\r\n\r\n", NULL, 0, true},
    {OK "Content-Length: 3\r\n\r\nab", NULL, 0, false},
    {OK "Content-Length: -1\r\n\r\n", NULL, 0, true},
    {OK "Content-Length: 1, 1\r\n\r\na", NULL, 0, true},
    {OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", NULL, 0, true},
    {OK "Content-Length: 262145\r\n\r\n", NULL, 0, true},
    {OK "Content-Length: 18446744073709551617\r\n\r\na", NULL, 0, true},
    {OK "Transfer-Encoding: gzip, chunked\r\n\r\n", NULL, 0, true},
    {OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", NULL, 0, true},
    {CHUNKED "\r\n", NULL, 0, true},
    {CHUNKED "x\r\n", NULL, 0, true},
    {CHUNKED "-1\r\n", NULL, 0, true},
    {CHUNKED "100000000\r\n", NULL, 0, true},
    {CHUNKED "3\r\nabcd\r\n", NULL, 0, true},
    {CHUNKED "3\r\nabc\r\n", NULL, 0, false},
};

static void check_row(size_t i, size_t step)
{
    struct signaling_http_response response;

    signaling_http_response_init(&response, alloc_system());
    give(&response, bytes_of_text(rows[i].text), step);
    bool is_early =
        response.state == SIGNALING_HTTP_DONE || response.state == SIGNALING_HTTP_FAILED;
    signaling_http_response_end(&response);
    bool is_done = response.state == SIGNALING_HTTP_DONE;
    if (is_done != (rows[i].body != NULL) || is_early != rows[i].ends_early) {
        fprintf(stderr, "%s (by %zu): ", rows[i].text, step);
    }
    CHECK_EQ(is_done, rows[i].body != NULL);
    CHECK_EQ(is_early, rows[i].ends_early);
    if (rows[i].body) {
        CHECK_EQ(response.status, rows[i].status);
        CHECK_BYTES(response.body, bytes_of_text(rows[i].body));
    } else {
        CHECK_EQ(response.state, SIGNALING_HTTP_FAILED);
        CHECK(response.why != NULL);
    }
    signaling_http_response_deinit(&response);
}

static void an_answer_is_the_same_in_any_pieces(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t step = 1; step < 8; step++) {
            check_row(i, step);
        }
        check_row(i, 1000);
    }
}

static void a_field_is_found_by_its_name_in_any_case(void)
{
    struct signaling_http_response response;

    signaling_http_response_init(&response, alloc_system());
    give(&response,
        bytes_of_text(
            OK "LINK:  a \t\r\nETag:\"x\"\r\nlink: b\r\nEmpty:\r\nContent-Length: 0\r\n\r\n"),
        1000);
    CHECK_EQ(response.state, SIGNALING_HTTP_DONE);
    CHECK_BYTES(signaling_http_response_find(&response, "link", 0), bytes_of_text("a"));
    CHECK_BYTES(signaling_http_response_find(&response, "link", 1), bytes_of_text("b"));
    CHECK(signaling_http_response_find(&response, "link", 2).ptr == NULL);
    CHECK_BYTES(signaling_http_response_find(&response, "etag", 0), bytes_of_text("\"x\""));
    CHECK(signaling_http_response_find(&response, "eta", 0).ptr == NULL);
    CHECK_EQ(signaling_http_response_find(&response, "empty", 0).len, 0);
    signaling_http_response_deinit(&response);
}

// Each: a beginning, then this over and over.
static void nothing_goes_on_forever(void)
{
    static const struct {
        const char *begin, *again;
    } endless[] = {
        {OK, "a"},
        {OK, "a: b\r\n"},
        {"", "HTTP/1.1 100 Continue\r\n\r\n"},
        {OK "\r\n", "0123456789abcdef"},
        {CHUNKED, "8\r\n01234567\r\n"},
        {CHUNKED, "0"},
        {CHUNKED "0\r\n", "a: b\r\n"},
    };
    for (size_t i = 0; i < COUNT(endless); i++) {
        struct signaling_http_response response;
        size_t sent = 0;
        signaling_http_response_init(&response, alloc_system());
        give(&response, bytes_of_text(endless[i].begin), 1000);
        while (response.state != SIGNALING_HTTP_FAILED && sent < 1000000) {
            sent += strlen(endless[i].again);
            give(&response, bytes_of_text(endless[i].again), 1000);
        }
        CHECK_EQ(response.state, SIGNALING_HTTP_FAILED);
        CHECK(response.body_len <= SIGNALING_HTTP_BODY_MAX);
        signaling_http_response_deinit(&response);
    }
}

TEST_MAIN(TEST(an_answer_is_the_same_in_any_pieces), TEST(a_field_is_found_by_its_name_in_any_case),
    TEST(nothing_goes_on_forever))
