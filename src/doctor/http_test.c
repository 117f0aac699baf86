// The head of an HTTP answer: what is read, and what is none.

#include "doctor/http.h"

#include "check.h"

static void a_date_is_seconds(void)
{
    static const struct {
        const char *text;
        enum yodel_err err;
        int64_t seconds;
    } cases[] = {
        {"Thu, 01 Jan 1970 00:00:00 GMT", YODEL_OK, 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", YODEL_OK, 784111777},
        {"Tue, 29 Feb 2000 12:00:00 GMT", YODEL_OK, 951825600},
        {"Sat, 31 Dec 2016 23:59:60 GMT", YODEL_OK, 1483228800},
        {"Fri, 31 Dec 9999 23:59:59 GMT", YODEL_OK, 253402300799},
        {"Sun, 06 Nov 1994 08:49:37", YODEL_ERR_MALFORMED, 0},
        {"Sun, 06 Nov 1994 08:49:37 UTC", YODEL_ERR_MALFORMED, 0},
        {"Sun, 06 Nox 1994 08:49:37 GMT", YODEL_ERR_MALFORMED, 0},
        {"Sun, 00 Nov 1994 08:49:37 GMT", YODEL_ERR_MALFORMED, 0},
        {"Sun, 06 Nov 1969 08:49:37 GMT", YODEL_ERR_MALFORMED, 0},
        {"Sun, 06 Nov 1994 24:49:37 GMT", YODEL_ERR_MALFORMED, 0},
        {"Sunday, 06-Nov-94 08:49:37 GMT", YODEL_ERR_MALFORMED, 0},
        {"", YODEL_ERR_MALFORMED, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t seconds = 0;
        CHECK_EQ(doctor_http_parse_date(&seconds, bytes_of_text(cases[i].text)), cases[i].err);
        CHECK_EQ(seconds, cases[i].seconds);
    }
}

static void a_head_is_read_once_it_is_whole(void)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nserver: x\r\n"
                               "DATE:  Sun, 06 Nov 1994 08:49:37 GMT \r\n"
                               "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\nbody";
    struct doctor_http http = {0};

    for (size_t len = 0; len < sizeof head - 5; len++) {
        CHECK_EQ(doctor_http_parse(&http, bytes_of(head, len)), YODEL_ERR_WOULD_BLOCK);
    }
    CHECK_EQ(doctor_http_parse(&http, bytes_of_text(head)), YODEL_OK);
    CHECK_EQ(http.status, 200);
    CHECK(http.has_date);
    CHECK_EQ(http.date, 784111777); // The first of two counts.
}

static void what_is_no_http_is_said_at_once(void)
{
    static const char *const cases[] = {"SSH-2.0-OpenSSH", "\x16\x03\x01", "HTTP/2 200\r\n",
        "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1\r\n"};
    struct doctor_http http = {0};

    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK_EQ(doctor_http_parse(&http, bytes_of_text(cases[i])), YODEL_ERR_MALFORMED);
    }
}

static void a_head_without_an_end_is_none(void)
{
    static char head[DOCTOR_HTTP_HEAD_MAX + 1] = "HTTP/1.1 200 OK\r\nx: ";
    struct doctor_http http = {0};

    memset(head + strlen(head), 'a', sizeof head - 1 - strlen(head));
    CHECK_EQ(doctor_http_parse(&http, bytes_of_text(head)), YODEL_ERR_MALFORMED);
}

static void a_date_that_is_none_is_as_good_as_absent(void)
{
    struct doctor_http http = {0};

    CHECK_EQ(
        doctor_http_parse(&http, bytes_of_text("HTTP/1.0 404 x\r\nDate: now\r\n\r\n")), YODEL_OK);
    CHECK_EQ(http.status, 404);
    CHECK(!http.has_date);
}

TEST_MAIN(TEST(a_date_is_seconds), TEST(a_head_is_read_once_it_is_whole),
    TEST(what_is_no_http_is_said_at_once), TEST(a_head_without_an_end_is_none),
    TEST(a_date_that_is_none_is_as_good_as_absent))
