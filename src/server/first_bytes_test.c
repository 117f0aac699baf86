// First bytes: what each protocol begins with, cut at every byte, and what merely looks like it.

#include "server/first_bytes.h"

#include <openssl/ssl.h>

#include "check.h"

// The ClientHello that libssl sends, with these protocols in ALPN's form; empty: none.
static size_t hello_of(uint8_t *room, size_t size, const char *alpn)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

    CHECK(ssl && in && out);
    if (alpn[0]) {
        CHECK_EQ(SSL_set_alpn_protos(ssl, (const uint8_t *)alpn, (unsigned)strlen(alpn)), 0);
    }
    SSL_set_bio(ssl, in, out);
    SSL_set_connect_state(ssl);
    (void)SSL_do_handshake(ssl);
    int len = BIO_read(out, room, (int)size);
    CHECK(len > 100);
    SSL_free(ssl);
    SSL_CTX_free(context);
    return (size_t)len;
}

static void a_client_hello_says_what_is_inside(void)
{
    static const struct {
        const char *alpn;
        enum server_first want;
    } rows[] = {
        {"", SERVER_FIRST_TLS},
        {"\x08http/1.1", SERVER_FIRST_TLS_HTTP},
        {"\x02h2\x08http/1.1", SERVER_FIRST_TLS_HTTP},
        {"\x09stun.turn", SERVER_FIRST_TLS_TURN},
        {"\x03"
         "foo\x09stun.turn\x02h2",
            SERVER_FIRST_TLS_TURN},
        {"\x08http/1.1\x09stun.turn", SERVER_FIRST_TLS_TURN}, // As coturn's client says.
        {"\x08stun.tur", SERVER_FIRST_TLS},
        {"\x03"
         "foo",
            SERVER_FIRST_TLS},
    };
    uint8_t hello[2000];

    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = hello_of(hello, sizeof hello - 1, rows[i].alpn);
        for (size_t cut = 0; cut < len; cut++) {
            CHECK_EQ(server_first_bytes_look(bytes_of(hello, cut)), SERVER_FIRST_MORE);
        }
        hello[len] = 0xff; // What follows does not matter.
        CHECK_EQ(server_first_bytes_look(bytes_of(hello, len)), rows[i].want);
        CHECK_EQ(server_first_bytes_look(bytes_of(hello, len + 1)), rows[i].want);
    }
}

static void plain_protocols_are_told_by_their_first_bytes(void)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum server_first want;
    } rows[] = {
        {"", 0, SERVER_FIRST_MORE},
        {"G", 1, SERVER_FIRST_HTTP},
        {"PRI * HTTP/2.0\r\n", 16, SERVER_FIRST_HTTP},
        {"get /", 5, SERVER_FIRST_FOREIGN},
        {"\r\nGET /", 7, SERVER_FIRST_FOREIGN},
        {"\0\1\0\0\x21\x12\xa4\x42", 8, SERVER_FIRST_STUN},
        {"\0\3\0\x24\x21\x12\xa4\x42 and more", 17, SERVER_FIRST_STUN},
        {"\0\1\0\0\x21\x12\xa4", 7, SERVER_FIRST_MORE},
        {"\0\1\0\0\x21\x12\xa4\x43", 8, SERVER_FIRST_FOREIGN},
        {"\0\1\0\0\x22", 5, SERVER_FIRST_FOREIGN},
        // HTTP in STUN's clothes is STUN's to refuse, and the other way round.
        {"\0\1\0\0\x21\x12\xa4\x42GET / HTTP/1.1\r\n", 24, SERVER_FIRST_STUN},
        {"GET \x21\x12\xa4\x42", 8, SERVER_FIRST_HTTP},
        {"\0GET / HTTP/1.1\r\n", 17, SERVER_FIRST_FOREIGN},
        {"\x40\0\0\4data", 8, SERVER_FIRST_FOREIGN}, // ChannelData without an allocation.
        {"\0\x6c\0\1\0\x58\x21\x12\xa4\x42", 10, SERVER_FIRST_ICE_TCP},
        {"\0\x6c\0\1\0\x58\x21\x12\xa4", 9, SERVER_FIRST_MORE},
        {"\0\x14\0\1\0\0\x21\x12\xa4\x42", 10, SERVER_FIRST_ICE_TCP}, // Nothing in it.
        {"\0\x6c\0\1\0\x58\x21\x12\xa4\x43", 10, SERVER_FIRST_FOREIGN},
        {"\0\x6c\0\1\0\x54", 6, SERVER_FIRST_FOREIGN},             // The lengths differ;
        {"\0\x6d\0\1\0\x59", 6, SERVER_FIRST_FOREIGN},             // nothing is padded;
        {"\0\x6c\1\1\0\x58", 6, SERVER_FIRST_FOREIGN},             // an answer to nothing;
        {"\0\x6c\x16\xfe\xff\0", 6, SERVER_FIRST_FOREIGN},         // DTLS before any check.
        {"\x21\x26\0\1\x21\x12\x21\x12", 8, SERVER_FIRST_FOREIGN}, // A length like the cookie.
        {"\x21\x26\0\1\x21\x12\xa4\x42", 8, SERVER_FIRST_STUN},
        {"\x16", 1, SERVER_FIRST_MORE},
        {"\x16\x02", 2, SERVER_FIRST_FOREIGN},
        {"\x16\x03\x01\0\0", 5, SERVER_FIRST_FOREIGN},
        {"\x16\x03\x01\x40\x01", 5, SERVER_FIRST_FOREIGN}, // A record is at most 16384.
        {"\x16\x03\x01\0\1\2", 6, SERVER_FIRST_FOREIGN},   // A ServerHello.
        {"\x16\x03\x01\0\1\1", 6, SERVER_FIRST_TLS},       // In several records.
        {"\x80\x2e\1\3\1", 5, SERVER_FIRST_FOREIGN},       // SSL 2.
        {"\xff", 1, SERVER_FIRST_FOREIGN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(server_first_bytes_look(bytes_of(rows[i].bytes, rows[i].len)), rows[i].want);
    }
}

// Each prefix decides nothing, or what the whole does.
static void a_byte_at_a_time_is_the_same(void)
{
    static const struct {
        const char *bytes;
        size_t len, enough;
        enum server_first want;
    } rows[] = {
        {"\0\3\0\x24\x21\x12\xa4\x42", 8, 8, SERVER_FIRST_STUN},
        {"\0\1\0\x0c\x21\x12\xa4\x42", 8, 8,
            SERVER_FIRST_STUN}, // As ICE-TCP it would be one of 1 byte.
        {"\0\x6c\0\1\0\x58\x21\x12\xa4\x42", 10, SERVER_FIRST_PLAIN_MAX, SERVER_FIRST_ICE_TCP},
        {"\0\1\0\1\0\0\0\0", 8, 6, SERVER_FIRST_FOREIGN},
        {"\x3f\xff\xff", 3, 99, SERVER_FIRST_MORE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t cut = 0; cut <= rows[i].len; cut++) {
            CHECK_EQ(server_first_bytes_look(bytes_of(rows[i].bytes, cut)),
                cut < rows[i].enough ? SERVER_FIRST_MORE : rows[i].want);
        }
    }
}

// A ClientHello that lies about its lengths is at the most one that says nothing: TLS refuses it then.
static void a_lie_about_alpn_asks_for_nothing(void)
{
    uint8_t hello[2000];
    size_t len = hello_of(hello, sizeof hello, "\x09stun.turn");
    const uint8_t *name = NULL;

    for (size_t i = 0; i + 9 <= len; i++) {
        name = memcmp(hello + i, "stun.turn", 9) == 0 ? hello + i : name;
    }
    CHECK(name);
    size_t at = (size_t)(name - hello);
    for (size_t back = 1; back <= 5; back++) { // Of the name, of the list, of the extension.
        uint8_t was = hello[at - back];
        for (int i = 0; i < 256; i++) {
            hello[at - back] = (uint8_t)i;
            enum server_first got = server_first_bytes_look(bytes_of(hello, len));
            CHECK(got == SERVER_FIRST_TLS || (got == SERVER_FIRST_TLS_TURN && back > 1) ||
                  (got == SERVER_FIRST_TLS_TURN && i == was));
        }
        hello[at - back] = was;
    }
    // Several records: RFC 8446 §5.1 lets a ClientHello be split. Nothing is inside as far as can be told.
    hello[4] = (uint8_t)(hello[4] - 1);
    CHECK_EQ(server_first_bytes_look(bytes_of(hello, len)), SERVER_FIRST_TLS);
}

TEST_MAIN(TEST(a_client_hello_says_what_is_inside),
    TEST(plain_protocols_are_told_by_their_first_bytes), TEST(a_byte_at_a_time_is_the_same),
    TEST(a_lie_about_alpn_asks_for_nothing))
