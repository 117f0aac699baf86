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
        bool is_turn;
        enum yodel_transport transport;
    } rows[] = {
        {"stun:stun.example.org", YODEL_OK, "stun.example.org", 3478, false, YODEL_UDP},
        {"stun:192.0.2.1:19302", YODEL_OK, "192.0.2.1", 19302, false, YODEL_UDP},
        {"stun:[2001:db8::1]:99", YODEL_OK, "2001:db8::1", 99, false, YODEL_UDP},
        {"stun:[::1]", YODEL_OK, "::1", 3478, false, YODEL_UDP},
        {"turn:turn.example.org", YODEL_OK, "turn.example.org", 3478, true, YODEL_UDP},
        {"turn:host:99?transport=udp", YODEL_OK, "host", 99, true, YODEL_UDP},
        {"turn:host?transport=tcp", YODEL_OK, "host", 3478, true, YODEL_TCP},
        {"turns:host", YODEL_OK, "host", 5349, true, YODEL_TLS},
        {"turns:[2001:db8::1]:443?transport=tcp", YODEL_OK, "2001:db8::1", 443, true, YODEL_TLS},
        {"turns:host?transport=udp", YODEL_ERR_NOT_SUPPORTED, "", 0, false, YODEL_UDP},
        {"turn:host?transport=sctp", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"turn:host?", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"turn:?transport=udp", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"turn:user@host?transport=udp:1", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"stun:host?transport=udp", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"stuns:stun.example.org", YODEL_ERR_NOT_SUPPORTED, "", 0, false, YODEL_UDP},
        {"", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"stun:", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"stun::3478", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"stun:host:0", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"stun:host:65536", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"stun:host:12ab", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"stun:[::1", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"stun:[]", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"stun:[::1]x", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"stun:host/path", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
        {"http://host", YODEL_ERR_SYNTAX, "", 0, false, YODEL_UDP},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server_url url;
        enum yodel_err got = server_url_parse(&url, bytes_of_text(rows[i].text));

        CHECK_EQ(got, rows[i].want);
        if (got == YODEL_OK) {
            CHECK_TEXT(url.host, rows[i].host);
            CHECK_EQ(url.port, rows[i].port);
            CHECK_EQ(url.is_turn, rows[i].is_turn);
            CHECK_EQ(url.transport, rows[i].transport);
        }
    }
}

TEST_MAIN(TEST(urls_are_read_or_refused))
