// Transport-wide feedback: what arrived is told and understood, around corners and in little room;
// what lies is not believed.

#include "rtp/twcc.h"

#include <stdio.h>

#include "check.h"

#define ROOM 1200

static uint8_t room[ROOM];
static struct writer w;
static struct rtp_twcc_receiver receiver;
static struct rtp_twcc_clock clock;
static struct rtp_twcc_feedback feedback;
static struct rtp_twcc_status status;

static void begin(void)
{
    rtp_twcc_init(&receiver);
    clock = (struct rtp_twcc_clock){0};
}

// Makes one feedback that is due, and opens it.
static void feed_back(yodel_time now, uint64_t last_sent)
{
    struct rtcp_reader reader;
    struct rtcp_block block;

    w = writer_of(span_of(room, sizeof room));
    CHECK(rtp_twcc_emit(&receiver, &w, 1, 2, now));
    CHECK_EQ(rtcp_open(&reader, writer_bytes(&w)), YODEL_OK);
    CHECK(rtcp_next(&reader, &block));
    CHECK(block.kind == RTCP_TWCC && block.sender == 1 && block.ssrc == 2);
    CHECK_EQ(rtp_twcc_parse(&feedback, &clock, block.twcc, last_sent), YODEL_OK);
    CHECK(!rtcp_next(&reader, &block));
}

static void check_lost(uint64_t seq)
{
    CHECK(rtp_twcc_next(&feedback, &status));
    CHECK_EQ(status.seq, seq);
    CHECK(!status.is_received);
}

// The peer's clock is known but for a constant, which the first arrival of a test sets.
static uint64_t base;

static void check_arrival(uint64_t seq, uint64_t after_us)
{
    CHECK(rtp_twcc_next(&feedback, &status));
    CHECK_EQ(status.seq, seq);
    CHECK(status.is_received);
    CHECK_EQ(status.arrival - base, after_us);
}

static void arrivals_and_losses_are_told_across_the_wrap(void)
{
    begin();
    rtp_twcc_recv(&receiver, 0xfffe, YODEL_SECONDS(5));
    rtp_twcc_recv(&receiver, 0xffff, YODEL_SECONDS(5) + 250);
    rtp_twcc_recv(&receiver, 2, YODEL_SECONDS(5) + YODEL_MS(100));
    rtp_twcc_recv(&receiver, 1, YODEL_SECONDS(5) + YODEL_MS(101));
    CHECK_EQ(rtp_twcc_next_timeout(&receiver), YODEL_SECONDS(5));

    feed_back(YODEL_SECONDS(6), 0x20005);
    CHECK(rtp_twcc_next(&feedback, &status));
    CHECK(status.is_received && status.seq == 0x1fffe);
    base = status.arrival;
    check_arrival(0x1ffff, 250);
    check_lost(0x20000);
    check_arrival(0x20001, YODEL_MS(101));
    check_arrival(0x20002, YODEL_MS(100));
    CHECK(!rtp_twcc_next(&feedback, &status));
    CHECK_EQ(rtp_twcc_next_timeout(&receiver), YODEL_NEVER);
    CHECK(!rtp_twcc_emit(&receiver, &w, 1, 2, YODEL_SECONDS(60)));

    // The next begins where this one ended, and on the same clock; a while after it.
    rtp_twcc_recv(&receiver, 4, YODEL_SECONDS(6) + YODEL_MS(10));
    CHECK_EQ(rtp_twcc_next_timeout(&receiver), YODEL_SECONDS(6) + RTP_TWCC_INTERVAL);
    feed_back(YODEL_SECONDS(7), 0x20005);
    check_lost(0x20003);
    check_arrival(0x20004, YODEL_MS(1010));
    CHECK(!rtp_twcc_next(&feedback, &status));
}

static void what_came_after_it_was_called_lost_is_told_again(void)
{
    begin();
    rtp_twcc_recv(&receiver, 1, YODEL_SECONDS(1));
    rtp_twcc_recv(&receiver, 3, YODEL_SECONDS(1));
    feed_back(YODEL_SECONDS(1), 0x10003);
    CHECK(rtp_twcc_next(&feedback, &status));
    base = status.arrival;
    check_lost(0x10002);
    check_arrival(0x10003, 0);
    rtp_twcc_recv(&receiver, 2, YODEL_SECONDS(2));
    rtp_twcc_recv(&receiver, 2, YODEL_SECONDS(3)); // A duplicate changes nothing.
    feed_back(YODEL_SECONDS(3), 0x10003);
    check_arrival(0x10002, YODEL_SECONDS(1));
    check_arrival(0x10003, 0);
    CHECK(!rtp_twcc_next(&feedback, &status));
}

// Two arrivals further apart than 16 bits of ticks are two feedbacks.
static void a_delta_that_does_not_fit_begins_another_feedback(void)
{
    begin();
    rtp_twcc_recv(&receiver, 1, 0);
    rtp_twcc_recv(&receiver, 3, YODEL_SECONDS(60));
    feed_back(YODEL_SECONDS(60), 0x10003);
    CHECK(rtp_twcc_next(&feedback, &status));
    base = status.arrival;
    check_lost(0x10002);
    CHECK(!rtp_twcc_next(&feedback, &status));
    CHECK_EQ(rtp_twcc_next_timeout(&receiver), YODEL_SECONDS(60));
    feed_back(YODEL_SECONDS(60), 0x10003);
    check_arrival(0x10003, YODEL_SECONDS(60));
    CHECK(!rtp_twcc_next(&feedback, &status));
}

// 24 bits of 64 ms are twelve days.
static void the_reference_time_wraps_and_the_clock_goes_on(void)
{
    yodel_time wrap = ((uint64_t)1 << 24) * YODEL_MS(64);

    begin();
    rtp_twcc_recv(&receiver, 1, wrap - YODEL_MS(64));
    feed_back(wrap, 0x10001);
    CHECK(rtp_twcc_next(&feedback, &status));
    base = status.arrival;
    rtp_twcc_recv(&receiver, 2, wrap + YODEL_MS(1));
    feed_back(wrap + YODEL_SECONDS(1), 0x10002);
    check_arrival(0x10002, YODEL_MS(65));
}

static void half_a_window_is_told_at_once(void)
{
    begin();
    rtp_twcc_recv(&receiver, 0, YODEL_SECONDS(1));
    feed_back(YODEL_SECONDS(1), 0x10000);
    for (uint16_t seq = 1; seq <= RTP_TWCC_WINDOW / 2; seq++) {
        rtp_twcc_recv(&receiver, seq, YODEL_SECONDS(1));
        CHECK_EQ(rtp_twcc_next_timeout(&receiver), YODEL_SECONDS(1) + RTP_TWCC_INTERVAL);
    }
    rtp_twcc_recv(&receiver, RTP_TWCC_WINDOW / 2 + 1, YODEL_SECONDS(1));
    CHECK_EQ(rtp_twcc_next_timeout(&receiver), YODEL_SECONDS(1));
}

// P4: numbers that leap. The window's worth before the leap is lost, and what is older not spoken
// of.
static void a_leap_costs_one_window(void)
{
    begin();
    rtp_twcc_recv(&receiver, 0, 0);
    rtp_twcc_recv(&receiver, 30000, YODEL_MS(1));
    rtp_twcc_recv(&receiver, 1, YODEL_MS(1));
    CHECK_EQ(receiver.too_old, 1);
    feed_back(YODEL_SECONDS(1), 0x10000 + 30000);
    for (uint64_t seq = 30001 - RTP_TWCC_WINDOW; seq < 30000; seq++) {
        check_lost(0x10000 + seq);
    }
    CHECK(rtp_twcc_next(&feedback, &status) && status.is_received);
    CHECK(!rtp_twcc_next(&feedback, &status));
}

static uint64_t noise = 1;

static uint32_t draw(uint32_t below)
{
    noise = noise * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(noise >> 33) % below;
}

// Every mixture of symbols, in every amount of room: all is told once, in order, and never beyond
// the room.
static void any_mixture_fits_in_any_room(void)
{
    for (uint32_t run = 0; run < 300; run++) {
        static yodel_time sent_at[RTP_TWCC_WINDOW];
        uint32_t count = 1 + draw(RTP_TWCC_WINDOW), loss = draw(100), late = draw(100);
        yodel_time now = YODEL_SECONDS(9);
        uint64_t told = 0;

        begin();
        rtp_twcc_recv(&receiver, 0, now);
        sent_at[0] = now;
        for (uint32_t seq = 1; seq < count; seq++) {
            now += draw(100) < late ? draw(300000) : draw(1000);
            bool is_lost = draw(100) < loss && seq + 1 < count;
            sent_at[seq] = is_lost ? YODEL_NEVER : now;
            if (!is_lost) {
                rtp_twcc_recv(&receiver, (uint16_t)seq, now);
            }
        }
        size_t len = 24 + draw(200);
        uint64_t offset = 0;
        while (rtp_twcc_next_timeout(&receiver) != YODEL_NEVER) {
            w = writer_of(span_of(room, len));
            CHECK(rtp_twcc_emit(&receiver, &w, 1, 2, now));
            CHECK(!w.failed && w.len % 4 == 0);
            CHECK_EQ(
                rtp_twcc_parse(&feedback, &clock, bytes_of(room + 12, w.len - 12), 0x10000 + count),
                YODEL_OK);
            while (rtp_twcc_next(&feedback, &status)) {
                CHECK_EQ(status.seq, 0x10000 + told);
                CHECK_EQ(status.is_received, sent_at[told] != YODEL_NEVER);
                if (told == 0) {
                    offset = status.arrival - sent_at[0] / 250 * 250;
                }
                CHECK(!status.is_received || status.arrival - offset == sent_at[told] / 250 * 250);
                told++;
            }
        }
        CHECK_EQ(told, count);
    }
}

static void a_feedback_without_room_waits(void)
{
    begin();
    rtp_twcc_recv(&receiver, 1, YODEL_SECONDS(1));
    for (size_t len = 0; len < 24; len++) {
        w = writer_of(span_of(room, len));
        CHECK(!rtp_twcc_emit(&receiver, &w, 1, 2, YODEL_SECONDS(1)));
        CHECK(!w.failed && w.len == 0);
    }
    feed_back(YODEL_SECONDS(1), 0x10001);
}

// As browsers write it: P set, and one byte of padding that makes the deltas whole words.
static void a_browsers_padding_is_no_delta(void)
{
    static const uint8_t packet[] = {
        0xaf, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 7, 0, 1, 0, 0, 1, 9, 0x20, 0x01, 0x28, 0x01};
    struct rtcp_reader reader;
    struct rtcp_block block;

    begin();
    CHECK_EQ(rtcp_open(&reader, bytes_of(packet, sizeof packet)), YODEL_OK);
    CHECK(rtcp_next(&reader, &block) && block.kind == RTCP_TWCC);
    CHECK_EQ(block.twcc.len, 11);
    CHECK_EQ(rtp_twcc_parse(&feedback, &clock, block.twcc, 0x10007), YODEL_OK);
    CHECK_EQ(feedback.feedback_count, 9);
    CHECK(rtp_twcc_next(&feedback, &status) && status.is_received);
    CHECK_EQ(status.seq, 0x10007);
    CHECK_EQ(status.arrival, (((uint64_t)1 << 24) + 1) * 64000 + 0x28 * 250);
}

// C8. What was sent last is 0x10064. Each row says how many statuses are handed out, -1: none is
// believed.
static void feedback_that_lies_is_not_believed(void)
{
#define AT "\0\1"
#define TIME "\0\0\1\0"
    static const struct {
        const char *why;
        const char *bytes;
        size_t len;
        int want;
    } rows[] = {
        {"one arrival", "\0\x64\0\1" TIME "\x20\1\4\0", 12, 1},
        {"more than were sent", "\0\x64\0\2" TIME "\x20\2\4\4", 12, 1},
        {"none of which was sent", "\0\x65\0\1" TIME "\x20\1\4\0", 12, -1},
        {"nothing", "", 0, -1},
        {"a header alone", AT "\0\1" TIME, 8, -1},
        {"no statuses", AT "\0\0" TIME "\x20\1\4\0", 12, -1},
        {"a run of 8191 for one", AT "\0\1" TIME "\x3f\xff\4\0", 12, 1},
        {"a run of 8191 losses", AT "\x1f\xff" TIME "\x1f\xff\0\0", 12, 100},
        {"65535 statuses of nothing", AT "\xff\xff" TIME "\x1f\xff\0\0", 12, -1},
        {"a run of none", AT "\0\1" TIME "\x20\0\x20\1\4\0", 14, -1},
        {"the reserved symbol in a run", AT "\0\1" TIME "\x60\1\4\0", 12, -1},
        {"the reserved symbol in a vector", AT "\0\2" TIME "\xdc\0\4\4\4\4", 14, -1},
        {"the same behind the end", AT "\0\1" TIME "\xd3\0\4\0", 12, 1},
        {"a vector of 14", AT "\0\x0e" TIME "\xa0\1\4\5", 12, 14},
        {"a delta is missing", AT "\0\x0e" TIME "\xa0\1\4", 11, -1},
        {"half a delta is missing", AT "\0\1" TIME "\x40\1\4", 11, -1},
        {"half a chunk", AT "\0\1" TIME "\x20", 9, -1},
        {"deltas that go back", AT "\0\2" TIME "\x40\2\x80\0\x80\0", 14, 2},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int count = 0;
        clock = (struct rtp_twcc_clock){0};
        if (rtp_twcc_parse(&feedback, &clock, bytes_of(rows[i].bytes, rows[i].len), 0x10064) !=
            YODEL_OK) {
            count = -1;
            CHECK_EQ(clock.reference, 0);
        }
        while (count >= 0 && rtp_twcc_next(&feedback, &status)) {
            count++;
        }
        if (count != rows[i].want) {
            fprintf(stderr, "row %zu (%s): %d: ", i, rows[i].why, count);
        }
        CHECK_EQ(count, rows[i].want);
    }
}

TEST_MAIN(TEST(arrivals_and_losses_are_told_across_the_wrap),
    TEST(what_came_after_it_was_called_lost_is_told_again),
    TEST(a_delta_that_does_not_fit_begins_another_feedback),
    TEST(the_reference_time_wraps_and_the_clock_goes_on), TEST(half_a_window_is_told_at_once),
    TEST(a_leap_costs_one_window), TEST(any_mixture_fits_in_any_room),
    TEST(a_feedback_without_room_waits), TEST(a_browsers_padding_is_no_delta),
    TEST(feedback_that_lies_is_not_believed))
