// RED: blocks come back, and lists that lie are malformed.

#include "rtp/payload/red.h"

#include <stdio.h>

#include "check.h"

#define RED_TYPE 63

static void blocks_come_back(void)
{
    static uint8_t room[4000], old[RTP_RED_LEN_MAX];
    struct rtp_red red = {.count = 3,
        .blocks = {{111, RTP_RED_OFFSET_MAX, {old, sizeof old}}, {111, 960, {0}},
            {0, 0, {(const uint8_t *)"new", 3}}}};
    struct rtp_red got;

    for (size_t first = 0; first < 3; first++) { // With two, one and no older ones.
        struct writer w = writer_of(span_of(room, sizeof room));
        struct rtp_red some = {.count = 3 - first};
        memcpy(some.blocks, red.blocks + first, some.count * sizeof some.blocks[0]);
        rtp_red_put(&w, &some);
        CHECK_EQ(rtp_red_parse(&got, writer_bytes(&w), RED_TYPE), YODEL_OK);
        CHECK_EQ(got.count, some.count);
        for (size_t i = 0; i < got.count; i++) {
            CHECK_EQ(got.blocks[i].payload_type, some.blocks[i].payload_type);
            CHECK_EQ(got.blocks[i].before, some.blocks[i].before);
            CHECK_BYTES(got.blocks[i].payload, some.blocks[i].payload);
        }
    }
}

// P6.
static void lists_that_lie_are_malformed(void)
{
    static const struct {
        const char *why;
        const char *bytes;
        size_t len;
        enum yodel_err want;
    } rows[] = {
        {"nothing", "", 0, YODEL_ERR_MALFORMED},
        {"one empty block", "\x6f", 1, YODEL_OK},
        {"an older one of two bytes",
            "\xef\x0f\0\2\x6f"
            "abc",
            8, YODEL_OK},
        {"an older one past the end",
            "\xef\x0f\0\4\x6f"
            "abc",
            8, YODEL_ERR_MALFORMED},
        {"an older one of 1023 bytes",
            "\xef\x0f\3\xff\x6f"
            "abc",
            8, YODEL_ERR_MALFORMED},
        {"a list without an end", "\xef\x0f\0\0\xef\x0f\0\0", 8, YODEL_ERR_MALFORMED},
        {"half a header", "\xef\x0f\0", 3, YODEL_ERR_MALFORMED},
        {"RED in RED",
            "\x3f"
            "abc",
            4, YODEL_ERR_MALFORMED},
        {"RED in RED, older",
            "\xbf\x0f\0\1\x6f"
            "abc",
            8, YODEL_ERR_MALFORMED},
        {"eight blocks",
            "\xef\0\0\0\xef\0\0\0\xef\0\0\0\xef\0\0\0\xef\0\0\0\xef\0\0\0\xef\0\0\0\x6f", 29,
            YODEL_OK},
        {"nine blocks",
            "\xef\0\0\0\xef\0\0\0\xef\0\0\0\xef\0\0\0\xef\0\0\0\xef\0\0\0\xef\0\0\0\xef\0\0\0\x6f",
            33, YODEL_ERR_MALFORMED},
    };
    struct rtp_red red;

    for (size_t i = 0; i < COUNT(rows); i++) {
        enum yodel_err got = rtp_red_parse(&red, bytes_of(rows[i].bytes, rows[i].len), RED_TYPE);
        if (got != rows[i].want) {
            fprintf(stderr, "row %zu (%s): ", i, rows[i].why);
        }
        CHECK_EQ(got, rows[i].want);
    }
}

TEST_MAIN(TEST(blocks_come_back), TEST(lists_that_lie_are_malformed))
