// Redundancy: what goes along with a payload, and what does not.

#include "peer/redundancy.h"

#include "check.h"

#define TYPE 111
#define RED 63

static struct redundancy redundancy;
static uint8_t room[2048];

static struct rtp_red put(size_t bytes, size_t distance, uint32_t timestamp, const char *text)
{
    struct writer w = writer_of(span_of(room, sizeof room));
    struct rtp_red red;

    redundancy_put(&redundancy, &w, bytes, distance, TYPE, timestamp, bytes_of_text(text));
    CHECK(!w.failed && w.len <= bytes);
    CHECK_EQ(rtp_red_parse(&red, writer_bytes(&w), RED), YODEL_OK);
    CHECK_BYTES(red.blocks[red.count - 1].payload, bytes_of_text(text));
    return red;
}

static void keep_three(void)
{
    redundancy = (struct redundancy){0};
    redundancy_keep(&redundancy, 1000, bytes_of_text("first"));
    redundancy_keep(&redundancy, 1960, bytes_of_text("second"));
    redundancy_keep(&redundancy, 2920, bytes_of_text("third"));
}

static void the_last_payloads_go_along_in_their_order(void)
{
    keep_three();
    struct rtp_red red = put(1000, 2, 3880, "fourth");
    CHECK_EQ(red.count, 3);
    CHECK_BYTES(red.blocks[0].payload, bytes_of_text("second"));
    CHECK_EQ(red.blocks[0].before, 1920);
    CHECK_BYTES(red.blocks[1].payload, bytes_of_text("third"));
    CHECK_EQ(red.blocks[1].before, 960);
    CHECK_EQ(red.blocks[1].payload_type, TYPE);
    CHECK_EQ(put(1000, 1, 3880, "fourth").count, 2);
    CHECK_EQ(put(1000, 0, 3880, "fourth").count, 1);
    redundancy = (struct redundancy){0};
    CHECK_EQ(put(1000, 2, 3880, "fourth").count, 1);
}

// A receiver counts back: behind one that is left out none may come.
static void what_does_not_fit_ends_the_list(void)
{
    static const uint8_t large[REDUNDANCY_COPY_MAX + 1];

    keep_three();
    CHECK_EQ(put(1 + 6 + 4 + 5, 2, 3880, "fourth").count, 2);
    CHECK_EQ(put(1 + 6 + 4 + 4, 2, 3880, "fourth").count, 1);
    CHECK_EQ(put(1000, 2, 2920 + RTP_RED_OFFSET_MAX, "late").count, 2);
    CHECK_EQ(put(1000, 2, 2921 + RTP_RED_OFFSET_MAX, "late").count, 1);
    redundancy_keep(&redundancy, 3880, bytes_of(large, sizeof large));
    CHECK_EQ(put(1000, 2, 4840, "fifth").count, 1);
    redundancy_keep(&redundancy, 4840, bytes_of_text("fifth"));
    CHECK_EQ(put(1000, 2, 5800, "sixth").count, 2);
}

TEST_MAIN(TEST(the_last_payloads_go_along_in_their_order), TEST(what_does_not_fit_ends_the_list))
