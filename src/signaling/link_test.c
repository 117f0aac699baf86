// The URL of a server: what people paste, and what an attacker would like them to.

#include "signaling/link.h"

#include <stdio.h>

#include "check.h"

static void a_server_is_a_host_and_a_port(void)
{
    static const struct {
        const char *text;
        const char *host; // NULL: refused.
        uint16_t port;
        bool is_secure;
    } rows[] = {
        {"http://localhost:8080", "localhost", 8080, false},
        {"https://example.org", "example.org", 443, true},
        {"https://example.org/", "example.org", 443, true},
        {"https://example.org/#7-amber-falcon", "example.org", 443, true},
        {"ws://10.0.0.7/signal", "10.0.0.7", 80, false},
        {"wss://my_host-2.example:65535", "my_host-2.example", 65535, true},
        {"http://[::1]:8080", "::1", 8080, false},
        {"https://[2001:db8::7]", "2001:db8::7", 443, true},
        {"", NULL, 0, false},
        {"http:/", NULL, 0, false},
        {"http://", NULL, 0, false},
        {"http:///x", NULL, 0, false},
        {"http://:80", NULL, 0, false},
        {"ftp://example.org", NULL, 0, false},
        {"HTTP://example.org", NULL, 0, false},
        {"example.org", NULL, 0, false},
        {"http://example.org:", NULL, 0, false},
        {"http://example.org:0", NULL, 0, false},
        {"http://example.org:65536", NULL, 0, false},
        {"http://example.org:4294967376", NULL, 0, false},
        {"http://example.org:8o", NULL, 0, false},
        {"http://user@example.org", NULL, 0, false},
        {"http://a b", NULL, 0, false},
        {"http://a\r\nHost: b", NULL, 0, false},
        {"http://a\r\nb", NULL, 0, false},
        {"http://\xff", NULL, 0, false},
        {"http://[127.0.0.1]", NULL, 0, false},
        {"http://a\"b", NULL, 0, false},
        {"http://a?b", NULL, 0, false},
        {"http://[::1", NULL, 0, false},
        {"http://[::1]x", NULL, 0, false},
        {"http://[]", NULL, 0, false},
        {"http://[x]", NULL, 0, false},
        {"http://[[::1]", NULL, 0, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct signaling_url url;
        enum yodel_err err = signaling_link_parse_url(&url, bytes_of_text(rows[i].text));
        if ((err == YODEL_OK) != (rows[i].host != NULL)) {
            fprintf(stderr, "%s: ", rows[i].text);
        }
        CHECK_EQ(err == YODEL_OK, rows[i].host != NULL);
        if (rows[i].host) {
            CHECK_TEXT(url.host, rows[i].host);
            CHECK_EQ(url.port, rows[i].port);
            CHECK_EQ(url.is_secure, rows[i].is_secure);
        }
    }
}

static void a_host_has_at_most_253_characters(void)
{
    char text[300] = "http://";
    struct signaling_url url;

    memset(text + 7, 'a', 254);
    CHECK_EQ(signaling_link_parse_url(&url, bytes_of(text, 7 + 253)), YODEL_OK);
    CHECK_EQ(strlen(url.host), 253);
    CHECK_EQ(signaling_link_parse_url(&url, bytes_of(text, 7 + 254)), YODEL_ERR_SYNTAX);
}

TEST_MAIN(TEST(a_server_is_a_host_and_a_port), TEST(a_host_has_at_most_253_characters))
