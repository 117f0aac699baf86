// STUN messages: what is framed well is read, everything else is told apart and refused.

#include "stun/msg.h"

#include "check.h"
#include "stun/attr.h"

#define COOKIE "\x21\x12\xa4\x42"
#define ID "abcdefghijkl"
#define SHA16                                                                                      \
    "\0\x1c\0\x10"                                                                                 \
    "aaaaaaaaaaaaaaaa"
#define MI20                                                                                       \
    "\0\x08\0\x14"                                                                                 \
    "aaaaaaaaaaaaaaaaaaaa"

// Each row is one way a datagram can differ from a valid Binding request (Case S1 to S6).
static void parse_accepts_and_rejects(void)
{
    static const struct {
        const char *why;
        const char *bytes;
        size_t len;
        enum yodel_err want;
    } rows[] = {
        {"no attributes", "\0\1\0\0" COOKIE ID, 20, YODEL_OK},
        {"one padded attribute", "\0\1\0\x08" COOKIE ID "\0\6\0\1x\0\0\0", 28, YODEL_OK},
        {"padding of any value", "\0\1\0\x08" COOKIE ID "\0\6\0\1xyz!", 28, YODEL_OK},
        {"empty datagram", "", 0, YODEL_ERR_FOREIGN},
        {"header cut short", "\0\1\0\0" COOKIE "abcdefghijk", 19, YODEL_ERR_FOREIGN},
        {"top bits set, as in RTP", "\x80\1\0\0" COOKIE ID, 20, YODEL_ERR_FOREIGN},
        {"second bit set", "\x40\1\0\0" COOKIE ID, 20, YODEL_ERR_FOREIGN},
        {"wrong cookie", "\0\1\0\0\x21\x12\xa4\x43" ID, 20, YODEL_ERR_FOREIGN},
        {"length beyond the datagram", "\0\1\0\4" COOKIE ID, 20, YODEL_ERR_MALFORMED},
        {"bytes after the message", "\0\1\0\0" COOKIE ID "\0\0\0\0", 24, YODEL_ERR_MALFORMED},
        {"value beyond the message", "\0\1\0\4" COOKIE ID "\0\6\xff\xff", 24, YODEL_ERR_MALFORMED},
        {"padding missing", "\0\1\0\5" COOKIE ID "\0\6\0\1x", 25, YODEL_ERR_MALFORMED},
        {"length no multiple of four", "\0\1\0\2" COOKIE ID "\0\6", 22, YODEL_ERR_MALFORMED},
        {"fingerprint not last", "\0\1\0\x0c" COOKIE ID "\x80\x28\0\4ffff\0\6\0\0", 32,
            YODEL_ERR_MALFORMED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct stun_msg msg;
        enum yodel_err got = stun_msg_parse(&msg, bytes_of(rows[i].bytes, rows[i].len));

        if (got != rows[i].want) {
            print_error("row %zu (%s)\n", i, rows[i].why);
        }
        CHECK_EQ(got, rows[i].want);
    }
}

// Case S7.
static void more_attributes_than_the_limit_are_malformed(void)
{
    static const uint8_t id[STUN_ID_SIZE];
    static uint8_t room[65536];
    struct stun_msg msg;

    for (size_t count = STUN_ATTRS_MAX - 1; count <= 1000; count += count > 40 ? 100 : 1) {
        struct writer w = writer_of(span_of(room, sizeof room));

        stun_msg_put_header(&w, STUN_BINDING, id);
        for (size_t i = 0; i < count; i++) {
            stun_msg_put_attr(&w, STUN_SOFTWARE, (struct bytes){0});
        }
        CHECK_EQ(stun_msg_parse(&msg, writer_bytes(&w)),
            count <= STUN_ATTRS_MAX ? YODEL_OK : YODEL_ERR_MALFORMED);
    }
}

// Case S8.
static void of_duplicates_the_first_counts(void)
{
    struct stun_msg msg;

    CHECK_EQ(
        stun_msg_parse(&msg, bytes_of("\0\1\0\x10" COOKIE ID "\0\6\0\1xyzz\0\6\0\2ab\0\0", 36)),
        YODEL_OK);
    CHECK_BYTES(stun_msg_find(&msg, STUN_USERNAME)->value, bytes_of_text("x"));
    CHECK(!stun_msg_find(&msg, STUN_PRIORITY));
}

// Case S11.
static void what_follows_the_integrity_is_not_there(void)
{
    struct stun_msg msg;

    CHECK_EQ(stun_msg_parse(&msg,
                 bytes_of("\0\1\0\x28" COOKIE ID MI20 "\0\x25\0\0\0\6\0\0\x80\x28\0\4ffff", 60)),
        YODEL_OK);
    CHECK(stun_msg_find(&msg, STUN_MESSAGE_INTEGRITY));
    CHECK(!stun_msg_find(&msg, STUN_USE_CANDIDATE));
    CHECK(!stun_msg_find(&msg, STUN_USERNAME));
    CHECK(stun_msg_find(&msg, STUN_FINGERPRINT));
    CHECK_EQ(msg.attr_count, 2);
}

static void a_second_integrity_of_the_same_kind_is_not_there(void)
{
    struct stun_msg msg;

    CHECK_EQ(stun_msg_parse(&msg, bytes_of("\0\1\0\x30" COOKIE ID MI20 MI20, 20 + 48)), YODEL_OK);
    CHECK_EQ(msg.attr_count, 1);
    CHECK_EQ(stun_msg_parse(&msg, bytes_of("\0\1\0\x28" COOKIE ID SHA16 SHA16, 20 + 40)), YODEL_OK);
    CHECK_EQ(msg.attr_count, 1);
    CHECK_EQ(stun_msg_parse(&msg, bytes_of("\0\1\0\x2c" COOKIE ID SHA16 MI20, 20 + 44)), YODEL_OK);
    CHECK_EQ(msg.attr_count, 1);
}

// Case S9: named once each, and never those that may be skipped.
static void only_what_must_be_understood_is_unknown(void)
{
    static const uint8_t id[STUN_ID_SIZE];
    static const uint16_t types[] = {0x7777, STUN_USERNAME, 0xC057, 0x7777, 0x0003};
    static const uint16_t known[] = {STUN_USERNAME};
    uint16_t unknown[STUN_ATTRS_MAX];
    uint8_t room[200];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct stun_msg msg;

    stun_msg_put_header(&w, STUN_BINDING, id);
    for (size_t i = 0; i < COUNT(types); i++) {
        stun_msg_put_attr(&w, types[i], bytes_of("abcde", i));
    }
    CHECK_EQ(stun_msg_parse(&msg, writer_bytes(&w)), YODEL_OK);
    CHECK_EQ(stun_msg_unknown(&msg, known, COUNT(known), unknown), 2);
    CHECK_EQ(unknown[0], 0x7777);
    CHECK_EQ(unknown[1], 0x0003);
}

static void a_message_that_does_not_fit_is_not_written(void)
{
    static const uint8_t id[STUN_ID_SIZE];
    uint8_t room[32];

    for (size_t len = 0; len < sizeof room; len++) {
        struct writer w = writer_of(span_of(room, len));

        stun_msg_put_header(&w, STUN_BINDING, id);
        stun_msg_put_attr(&w, STUN_SOFTWARE, bytes_of_text("12345"));
        CHECK_EQ(writer_bytes(&w).len, 0);
    }
}

static void type_is_class_and_method(void)
{
    struct stun_msg msg = {.type = 0x0118};

    CHECK_EQ(stun_msg_class(&msg), STUN_ERROR);
    CHECK_EQ(stun_msg_method(&msg), 0x0008);
}

TEST_MAIN(TEST(parse_accepts_and_rejects), TEST(more_attributes_than_the_limit_are_malformed),
    TEST(of_duplicates_the_first_counts), TEST(what_follows_the_integrity_is_not_there),
    TEST(a_second_integrity_of_the_same_kind_is_not_there),
    TEST(only_what_must_be_understood_is_unknown), TEST(a_message_that_does_not_fit_is_not_written),
    TEST(type_is_class_and_method))
