// HTTP URLs: what people paste, and where a server's references lead.

#include "signaling/http_url.h"

#include <stdio.h>

#include "check.h"

static void a_url_is_a_host_a_port_and_a_path(void)
{
    static const struct {
        const char *text;
        const char *authority; // NULL: refused.
        const char *path;
        bool is_secure;
    } rows[] = {
        {"http://localhost:8080", "localhost:8080", "/", false},
        {"https://example.org/whip/live", "example.org", "/whip/live", true},
        {"https://example.org:443/whip", "example.org", "/whip", true},
        {"https://example.org:80/whip", "example.org:80", "/whip", true},
        {"https://example.org?key=a/b", "example.org", "/?key=a/b", true},
        {"https://example.org/whip?key=a:b//c", "example.org", "/whip?key=a:b//c", true},
        {"https://example.org/whip#there", "example.org", "/whip", true},
        {"https://example.org#there/", "example.org", "/", true},
        {"http://[::1]:8080/a%20b", "[::1]:8080", "/a%20b", false},
        {"https://example.org/a/./b/../c/", "example.org", "/a/c/", true},
        {"https://example.org/../../a", "example.org", "/a", true},
        {"https://example.org/a/..", "example.org", "/", true},
        {"https://example.org/a/.", "example.org", "/a/", true},
        {"https://example.org/a?b/../c", "example.org", "/a?b/../c", true},
        {"https://example.org//a", "example.org", "//a", true},
        {"", NULL, NULL, false},
        {"https://", NULL, NULL, false},
        {"https:///a", NULL, NULL, false},
        {"https://me:secret@example.org/", NULL, NULL, false},
        {"wss://example.org/", NULL, NULL, false},
        {"file:///etc/passwd", NULL, NULL, false},
        {"https://example.org/a b", NULL, NULL, false},
        {"https://example.org/a\r\nX: y", NULL, NULL, false},
        {"https://example.org/\xc3\xa4", NULL, NULL, false},
        {"https://example.org/\x7f", NULL, NULL, false},
        {"example.org/whip", NULL, NULL, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct signaling_http_url url;
        char authority[SIGNALING_HTTP_AUTHORITY_MAX];
        enum yodel_err err = signaling_http_url_parse(&url, bytes_of_text(rows[i].text));
        if ((err == YODEL_OK) != (rows[i].authority != NULL)) {
            fprintf(stderr, "%s: ", rows[i].text);
        }
        CHECK_EQ(err == YODEL_OK, rows[i].authority != NULL);
        if (rows[i].authority) {
            signaling_http_url_authority(&url, authority);
            CHECK_TEXT(authority, rows[i].authority);
            CHECK_TEXT(url.path, rows[i].path);
            CHECK_EQ(url.is_secure, rows[i].is_secure);
        }
    }
}

// RFC 3986 §5.4 has a list like this one.
static void a_reference_leads_from_where_it_stood(void)
{
    static const struct {
        const char *reference;
        const char *authority; // NULL: refused.
        const char *path;
    } rows[] = {
        {"https://other.example/s/1?x=y", "other.example", "/s/1?x=y"},
        {"http://example.org/s", "example.org", "/s"},
        {"//other.example:8443/s", "other.example:8443", "/s"},
        {"/session/7", "example.org:8889", "/session/7"},
        {"/session/7?key=b", "example.org:8889", "/session/7?key=b"},
        {"session/7", "example.org:8889", "/live/session/7"},
        {"./session", "example.org:8889", "/live/session"},
        {"../s", "example.org:8889", "/s"},
        {"../../../s", "example.org:8889", "/s"},
        {"?session=7", "example.org:8889", "/live/whip?session=7"},
        {"", "example.org:8889", "/live/whip?key=a"},
        {"#x", "example.org:8889", "/live/whip?key=a"},
        {"file:///etc/passwd", NULL, NULL},
        {"javascript:alert(1)", NULL, NULL},
        {"/a b", NULL, NULL},
        {"/a\r\nHost: b", NULL, NULL},
        {"//", NULL, NULL},
        {"https://me@other.example/", NULL, NULL},
    };
    struct signaling_http_url base, url;

    CHECK_EQ(
        signaling_http_url_parse(&base, bytes_of_text("https://example.org:8889/live/whip?key=a")),
        YODEL_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char authority[SIGNALING_HTTP_AUTHORITY_MAX];
        enum yodel_err err =
            signaling_http_url_resolve(&url, &base, bytes_of_text(rows[i].reference));
        if ((err == YODEL_OK) != (rows[i].authority != NULL)) {
            fprintf(stderr, "%s: ", rows[i].reference);
        }
        CHECK_EQ(err == YODEL_OK, rows[i].authority != NULL);
        if (rows[i].authority) {
            signaling_http_url_authority(&url, authority);
            CHECK_TEXT(authority, rows[i].authority);
            CHECK_TEXT(url.path, rows[i].path);
        }
    }
}

static void a_path_has_at_most_2047_characters(void)
{
    char text[2200] = "http://a/";
    struct signaling_http_url url, base = {.port = 80, .host = "a", .path = "/"};
    size_t start = strlen("http://a");

    memset(text + start + 1, 'x', sizeof text - start - 1);
    CHECK_EQ(signaling_http_url_parse(&url, bytes_of(text, start + 2047)), YODEL_OK);
    CHECK_EQ(strlen(url.path), 2047);
    CHECK_EQ(signaling_http_url_parse(&url, bytes_of(text, start + 2048)), YODEL_ERR_SYNTAX);
    CHECK_EQ(signaling_http_url_resolve(&url, &base, bytes_of(text + start + 1, 2047)),
        YODEL_ERR_SYNTAX);
}

static void an_origin_is_scheme_host_and_port(void)
{
    static const struct {
        const char *text;
        bool has_host, has_origin;
    } rows[] = {
        {"https://example.org/a", true, true},
        {"https://EXAMPLE.org:443/b", true, true},
        {"https://example.org:444/", true, false},
        {"http://example.org/", true, false},
        {"https://example.org.evil.example/", false, false},
        {"https://xample.org/", false, false},
        {"https://example.or/", false, false},
        {"https://example-org/", false, false},
    };
    struct signaling_http_url base, url;

    CHECK_EQ(signaling_http_url_parse(&base, bytes_of_text("https://example.org/")), YODEL_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(signaling_http_url_parse(&url, bytes_of_text(rows[i].text)), YODEL_OK);
        CHECK_EQ(signaling_http_url_has_host_of(&url, &base), rows[i].has_host);
        CHECK_EQ(signaling_http_url_has_origin_of(&url, &base), rows[i].has_origin);
    }
}

TEST_MAIN(TEST(a_url_is_a_host_a_port_and_a_path), TEST(a_reference_leads_from_where_it_stood),
    TEST(a_path_has_at_most_2047_characters), TEST(an_origin_is_scheme_host_and_port))
