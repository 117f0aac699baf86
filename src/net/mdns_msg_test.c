// The multicast DNS messages: what is asked, byte for byte, and every way an answer can be wrong.

#include "check.h"
#include "net/mdns_msg.h"

// A literal and its length.
#define TEXT(literal) literal, sizeof(literal) - 1
#define RESPONSE "\0\0\x84\0"
#define ONE_ANSWER RESPONSE "\0\0\0\1\0\0\0\0"
#define NAME "\1a\5local\0"
#define A_RECORD "\0\1\x80\1\0\0\0\x78\0\4\xc0\0\2\1"

static void a_query_asks_for_both_families(void)
{
    static const char want[] = "\0\0\0\0\0\2\0\0\0\0\0\0" NAME "\0\1\0\1" NAME "\0\x1c\0\1";
    uint8_t room[MDNS_QUERY_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));

    CHECK_EQ(mdns_msg_put_query(&w, "a.local"), YODEL_OK);
    CHECK_BYTES(writer_bytes(&w), bytes_of(want, sizeof want - 1));
}

static void a_name_that_is_none_is_not_asked_for(void)
{
    static const char label[] = "0123456789012345678901234567890123456789012345678901234567890123";
    char long_name[300];
    struct {
        const char *name;
        enum yodel_err want;
    } rows[] = {
        {"", YODEL_ERR_SYNTAX},
        {".local", YODEL_ERR_SYNTAX},
        {"a..local", YODEL_ERR_SYNTAX},
        {label, YODEL_ERR_SYNTAX},
        {label + 1, YODEL_OK},
        {"a.local.", YODEL_OK},
        {long_name, YODEL_ERR_SYNTAX},
        {long_name + 299 - 254, YODEL_ERR_SYNTAX},
        {long_name + 299 - 253, YODEL_OK},
    };

    for (size_t i = 0; i < sizeof long_name - 1; i++) {
        long_name[i] = i % 2 ? 'a' : '.';
    }
    long_name[299] = '\0';
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t room[MDNS_QUERY_MAX];
        struct writer w = writer_of(span_of(room, sizeof room));
        const char *name = rows[i].name[0] == '.' && i > 6 ? rows[i].name + 1 : rows[i].name;
        CHECK_EQ(mdns_msg_put_query(&w, name), rows[i].want);
    }
    uint8_t room[20];
    struct writer w = writer_of(span_of(room, sizeof room));
    CHECK_EQ(mdns_msg_put_query(&w, "a.local"), YODEL_ERR_TOO_LARGE);
}

// Each row is a response; those that are well-formed say how many addresses they hold.
static void parse_accepts_and_rejects(void)
{
    static const struct {
        const char *why;
        const char *bytes;
        size_t len;
        enum yodel_err want;
        uint32_t count;
    } rows[] = {
        {"one address", TEXT(ONE_ANSWER NAME A_RECORD), YODEL_OK, 1},
        {"an IPv6 one",
            TEXT(ONE_ANSWER NAME "\0\x1c\0\1\0\0\0\x78\0\x10\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
            YODEL_OK, 1},
        {"in the additional section", TEXT(RESPONSE "\0\0\0\0\0\0\0\1" NAME A_RECORD), YODEL_OK, 1},
        {"after a question", TEXT(RESPONSE "\0\1\0\1\0\0\0\0" NAME "\0\1\0\1\xc0\x0c" A_RECORD),
            YODEL_OK, 1},
        {"another type", TEXT(ONE_ANSWER NAME "\0\x10\0\1\0\0\0\x78\0\4abcd"), YODEL_OK, 0},
        {"another class", TEXT(ONE_ANSWER NAME "\0\1\0\3\0\0\0\x78\0\4abcd"), YODEL_OK, 0},
        {"an address of three bytes", TEXT(ONE_ANSWER NAME "\0\1\0\1\0\0\0\x78\0\3abc"), YODEL_OK,
            0},
        {"nothing in it", TEXT(RESPONSE "\0\0\0\0\0\0\0\0"), YODEL_OK, 0},
        {"empty datagram", TEXT(""), YODEL_ERR_FOREIGN, 0},
        {"header cut short", TEXT(RESPONSE "\0\0\0\0\0\0\0"), YODEL_ERR_FOREIGN, 0},
        {"a query", TEXT("\0\0\0\0\0\0\0\0\0\0\0\0"), YODEL_ERR_FOREIGN, 0},
        {"another opcode", TEXT("\0\0\x90\0\0\0\0\0\0\0\0\0"), YODEL_ERR_FOREIGN, 0},
        {"an error", TEXT("\0\0\x84\3\0\0\0\0\0\0\0\0"), YODEL_ERR_FOREIGN, 0},
        {"fewer records than announced", TEXT(RESPONSE "\0\0\0\2\0\0\0\0" NAME A_RECORD),
            YODEL_ERR_MALFORMED, 0},
        {"a pointer to itself", TEXT(ONE_ANSWER "\xc0\x0c" A_RECORD), YODEL_ERR_MALFORMED, 0},
        {"a pointer forwards", TEXT(ONE_ANSWER "\xc0\x20" A_RECORD), YODEL_ERR_MALFORMED, 0},
        {"a pointer cut short", TEXT(ONE_ANSWER "\xc0"), YODEL_ERR_MALFORMED, 0},
        {"a loop of two", TEXT(RESPONSE "\0\0\0\2\0\0\0\0" NAME A_RECORD "\1b\xc0\x23" A_RECORD),
            YODEL_ERR_MALFORMED, 0},
        {"a label of a reserved kind",
            TEXT(ONE_ANSWER "\x40"
                            "0123456789012345678901234567890123456789"
                            "012345678901234567890123\0" A_RECORD),
            YODEL_ERR_MALFORMED, 0},
        {"a name without end", TEXT(ONE_ANSWER "\1a\5local"), YODEL_ERR_MALFORMED, 0},
        {"data beyond the datagram", TEXT(ONE_ANSWER NAME "\0\1\0\1\0\0\0\x78\0\5abcd"),
            YODEL_ERR_MALFORMED, 0},
        {"a question cut short", TEXT(RESPONSE "\0\1\0\0\0\0\0\0" NAME "\0\1\0"),
            YODEL_ERR_MALFORMED, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mdns_msg msg = {0};
        enum yodel_err got = mdns_msg_parse(&msg, bytes_of(rows[i].bytes, rows[i].len));
        if (got != rows[i].want || msg.record_count < rows[i].count) {
            print_message("row %zu (%s)\n", i, rows[i].why);
        }
        CHECK_EQ(got, rows[i].want);
        if (got == YODEL_OK) {
            CHECK_EQ(msg.record_count, rows[i].count);
        }
    }
}

static void a_compressed_name_is_put_together(void)
{
    static const char datagram[] =
        RESPONSE "\0\0\0\3\0\0\0\0" NAME A_RECORD "\1b\xc0\x0e" A_RECORD "\1c\xc0\x23" A_RECORD;
    struct mdns_msg msg;
    char text[ADDR_TEXT_MAX];

    CHECK_EQ(mdns_msg_parse(&msg, bytes_of(datagram, sizeof datagram - 1)), YODEL_OK);
    CHECK_EQ(msg.record_count, 3);
    CHECK_TEXT(msg.records[0].name, "a.local");
    CHECK_TEXT(msg.records[1].name, "b.local");
    CHECK_TEXT(msg.records[2].name, "c.b.local");
    CHECK_TEXT(addr_ip_text(&msg.records[2].addr, text), "192.0.2.1");
    CHECK_EQ(msg.records[2].ttl, 120);
}

static void a_name_of_pointers_has_at_most_255_bytes(void)
{
    uint8_t room[2000];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct mdns_msg msg;

    // Each name is one label and a pointer to the name before: the fifth would have 5 * 64 bytes.
    put_bytes(&w, bytes_of(RESPONSE "\0\0\0\5\0\0\0\0", 12));
    size_t before = 0;
    for (int i = 0; i < 5; i++) {
        size_t at = w.len;
        put_u8(&w, 60);
        memset(put_room(&w, 60), 'a', 60);
        if (before > 0) {
            put_u16(&w, (uint16_t)(0xc000 | before));
        } else {
            put_u8(&w, 0);
        }
        before = at;
        put_bytes(&w, bytes_of(A_RECORD, 14));
    }
    CHECK_EQ(mdns_msg_parse(&msg, writer_bytes(&w)), YODEL_ERR_MALFORMED);
    room[7] = 4; // Four of them fit.
    CHECK_EQ(mdns_msg_parse(&msg, writer_bytes(&w)), YODEL_OK);
    CHECK_EQ(strlen(msg.records[3].name), 4 * 60 + 3);
}

static void a_name_that_is_no_text_matches_nothing(void)
{
    static const char datagram[] = ONE_ANSWER "\3a.b\5local\0" A_RECORD;
    struct mdns_msg msg;

    CHECK_EQ(mdns_msg_parse(&msg, bytes_of(datagram, sizeof datagram - 1)), YODEL_OK);
    CHECK_TEXT(msg.records[0].name, "");
}

static void no_prefix_and_no_flipped_byte_does_harm(void)
{
    static const char datagram[] =
        RESPONSE "\0\1\0\2\0\0\0\0" NAME "\0\1\0\1\xc0\x0c" A_RECORD "\1b\xc0\x0e" A_RECORD;
    uint8_t copy[sizeof datagram - 1];
    struct mdns_msg msg;

    for (size_t len = 0; len < sizeof copy; len++) {
        CHECK(mdns_msg_parse(&msg, bytes_of(datagram, len)) != YODEL_OK);
    }
    for (size_t i = 0; i < sizeof copy; i++) {
        for (int value = 0; value < 256; value++) {
            memcpy(copy, datagram, sizeof copy);
            copy[i] = (uint8_t)value;
            if (mdns_msg_parse(&msg, bytes_of(copy, sizeof copy)) == YODEL_OK) {
                CHECK(msg.record_count <= 2);
            }
        }
    }
}

static void names_are_alike_whatever_their_case(void)
{
    CHECK(mdns_msg_same_name("Ab-9.LOCAL", "aB-9.local"));
    CHECK(!mdns_msg_same_name("a.local", "a.loca"));
    CHECK(!mdns_msg_same_name("a.loca", "a.local"));
    CHECK(!mdns_msg_same_name("[.local", "{.local"));
}

TEST_MAIN(TEST(a_query_asks_for_both_families), TEST(a_name_that_is_none_is_not_asked_for),
    TEST(parse_accepts_and_rejects), TEST(a_compressed_name_is_put_together),
    TEST(a_name_of_pointers_has_at_most_255_bytes), TEST(a_name_that_is_no_text_matches_nothing),
    TEST(no_prefix_and_no_flipped_byte_does_harm), TEST(names_are_alike_whatever_their_case))
