// ICE server URLs: each row is one way to write one, right or wrong.

#include "peer/server_url.h"

#include "check.h"

static void urls_are_read_or_refused(void)
{
    static const struct {
        const char *text;
        enum yodel_err want;
        const char *host;
        uint16_t port;
    } rows[] = {
        {"stun:stun.example.org", YODEL_OK, "stun.example.org", 3478},
        {"stun:192.0.2.1:19302", YODEL_OK, "192.0.2.1", 19302},
        {"stun:[2001:db8::1]:99", YODEL_OK, "2001:db8::1", 99},
        {"stun:[::1]", YODEL_OK, "::1", 3478},
        {"turn:turn.example.org", YODEL_ERR_NOT_SUPPORTED, "", 0},
        {"stuns:stun.example.org", YODEL_ERR_NOT_SUPPORTED, "", 0},
        {"", YODEL_ERR_SYNTAX, "", 0},
        {"stun:", YODEL_ERR_SYNTAX, "", 0},
        {"stun::3478", YODEL_ERR_SYNTAX, "", 0},
        {"stun:host:0", YODEL_ERR_SYNTAX, "", 0},
        {"stun:host:65536", YODEL_ERR_SYNTAX, "", 0},
        {"stun:host:12ab", YODEL_ERR_SYNTAX, "", 0},
        {"stun:[::1", YODEL_ERR_SYNTAX, "", 0},
        {"stun:[]", YODEL_ERR_SYNTAX, "", 0},
        {"stun:[::1]x", YODEL_ERR_SYNTAX, "", 0},
        {"stun:host/path", YODEL_ERR_SYNTAX, "", 0},
        {"http://host", YODEL_ERR_SYNTAX, "", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server_url url;
        enum yodel_err got = server_url_parse(&url, bytes_of_text(rows[i].text));

        CHECK_EQ(got, rows[i].want);
        if (got == YODEL_OK) {
            CHECK_TEXT(url.host, rows[i].host);
            CHECK_EQ(url.port, rows[i].port);
        }
    }
}

TEST_MAIN(TEST(urls_are_read_or_refused))
