// Addresses: what is read is written again, and what is not an address is refused.

#include "base/addr.h"

#include "check.h"

static void text_comes_back_as_it_was(void)
{
    static const char *const rows[] = {
        "192.0.2.1:80", "0.0.0.0:0", "[::1]:65535", "[2001:db8::1]:443"};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct yodel_addr addr;
        char room[ADDR_TEXT_MAX];

        CHECK_EQ(addr_parse(&addr, bytes_of_text(rows[i])), YODEL_OK);
        CHECK_TEXT(addr_text(&addr, room), rows[i]);
    }
}

static void what_is_not_an_address_is_a_syntax_error(void)
{
    static const char *const rows[] = {"", ":", "1.2.3.4", "1.2.3.4:", "1.2.3:4", "1.2.3.4:65536",
        "1.2.3.4:-1", "::1:80", "[1.2.3.4]:80", "[::1]", "localhost:80", "1.2.3.4:80 ", "[::1:80"};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct yodel_addr addr;

        CHECK_EQ(addr_parse(&addr, bytes_of_text(rows[i])), YODEL_ERR_SYNTAX);
    }
}

static void kinds_are_told_apart(void)
{
    struct yodel_addr addr;

    CHECK_EQ(addr_parse(&addr, bytes_of_text("[::ffff:127.0.0.1]:9")), YODEL_OK);
    CHECK(!addr_is_loopback(&addr));
    addr = addr_unmap(&addr);
    CHECK(addr_is_loopback(&addr));
    CHECK_EQ(addr.port, 9);
    CHECK_EQ(addr_parse(&addr, bytes_of_text("[fe80::1]:9")), YODEL_OK);
    CHECK(addr_is_link_local(&addr) && !addr_is_private(&addr));
    CHECK_EQ(addr_parse(&addr, bytes_of_text("100.64.0.1:9")), YODEL_OK);
    CHECK(addr_is_private(&addr));
    CHECK_EQ(addr_parse(&addr, bytes_of_text("224.0.0.251:5353")), YODEL_OK);
    CHECK(addr_is_multicast(&addr));
}

static void a_sender_is_counted_by_what_he_has(void)
{
    static const struct {
        const char *first, *second;
        bool is_same;
    } rows[] = {
        {"192.0.2.1:80", "192.0.2.1:81", true},
        {"192.0.2.1:80", "192.0.2.2:80", false},
        {"192.0.2.1:80", "[::ffff:192.0.2.1]:80", true},
        {"[2001:db8::1]:80", "[2001:db8::ffff:1]:80", true},
        {"[2001:db8::1]:80", "[2001:db8:0:1::1]:80", false},
        {"0.0.0.0:80", "[::]:80", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct yodel_addr first, second;
        uint8_t keys[2][ADDR_SOURCE_SIZE];

        CHECK_EQ(addr_parse(&first, bytes_of_text(rows[i].first)), YODEL_OK);
        CHECK_EQ(addr_parse(&second, bytes_of_text(rows[i].second)), YODEL_OK);
        CHECK_EQ(bytes_equal(addr_source(keys[0], &first), addr_source(keys[1], &second)),
            rows[i].is_same);
    }
}

TEST_MAIN(TEST(text_comes_back_as_it_was), TEST(what_is_not_an_address_is_a_syntax_error),
    TEST(kinds_are_told_apart), TEST(a_sender_is_counted_by_what_he_has))
