// The muxer's clock: even as the codec's, and never far from when things were captured.

#include "device/muxer_clock.h"

#include "check.h"

#define START YODEL_SECONDS(1000)
#define SPACING 20000 // Of frames, in microseconds,
#define UNITS 960     // and at 48 kHz.

static struct muxer_clock clock;
static uint64_t timestamp;

static void begin(void)
{
    clock = (struct muxer_clock){.rate = 48000};
    timestamp = 5;
}

static int64_t at(yodel_time captured, yodel_time arrival)
{
    struct yodel_frame frame = {.timestamp = timestamp, .captured = captured, .arrival = arrival};

    return muxer_clock_at(&clock, &frame);
}

static bool is_even(int64_t distance)
{
    return distance >= SPACING - SPACING / MUXER_CLOCK_DRIFT &&
           distance <= SPACING + SPACING / MUXER_CLOCK_DRIFT;
}

static void frames_are_as_far_apart_as_their_timestamps_say(void)
{
    begin();
    int64_t before = at(START, 0);
    CHECK_EQ(before, (int64_t)START);
    for (uint32_t i = 1; i < 500; i++) {
        timestamp += UNITS;
        uint32_t jitter = i * 7919 % 39000; // Any that is not 40 ms from the first.
        int64_t now = at(START + (yodel_time)i * SPACING + jitter, 0);
        CHECK(is_even(now - before));
        before = now;
    }
}

static void what_drifts_is_followed_slowly(void)
{
    for (int direction = -1; direction <= 1; direction += 2) {
        begin();
        int64_t before = at(START, 0);
        for (int64_t i = 1; i < 60 * 50 * 10; i++) { // Ten minutes, 300 us off each second: 180 ms.
            timestamp += UNITS;
            int64_t captured = (int64_t)START + i * (SPACING + direction * 6);
            int64_t now = at((yodel_time)captured, 0);
            CHECK(is_even(now - before));
            CHECK(now - captured < 100 && captured - now < 100);
            before = now;
        }
    }
}

static void what_is_further_away_than_sync_bears_is_followed_at_once(void)
{
    static const struct {
        int64_t captured, arrival; // Against what the timestamp says, in ms; 0: unknown.
        int64_t want;
    } rows[] = {{41, 0, 41}, {-41, 0, -41}, {39, 0, 0}, {-39, 0, 0}, {3600000, 0, 3600000},
        {41, 60, 41},              // An arrival says less than the capture,
        {0, 300, 0}, {0, -300, 0}, // and alone it is believed where it is far away.
        {0, 501, 501}, {0, -501, -501}, {3600000, 7, 0},
        {-900000, -7, 0}, // A capture is not believed that is far from it.
        {3600000, 900, 900}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin();
        at(START, 0);
        timestamp += UNITS;
        yodel_time base = START + SPACING;
        int64_t now = at(rows[i].captured ? base + (yodel_time)(rows[i].captured * 1000) : 0,
            rows[i].arrival ? base + (yodel_time)(rows[i].arrival * 1000) : 0);
        int64_t off = now - (int64_t)base - rows[i].want * 1000;
        CHECK(off <= SPACING / MUXER_CLOCK_DRIFT && off >= -SPACING / MUXER_CLOCK_DRIFT);
    }
}

static void a_frame_that_comes_out_of_order_has_its_own_moment(void)
{
    begin();
    at(START, START);
    timestamp += 5 * UNITS;
    CHECK_EQ(at(START + 5 * SPACING, START + 5 * SPACING), (int64_t)START + 5 * SPACING);
    timestamp -= 3 * UNITS;
    CHECK_EQ(at(START + 2 * SPACING, START + 6 * SPACING), (int64_t)START + 2 * SPACING);
}

static void timestamps_may_jump_by_hours_where_moments_do_not(void)
{
    begin();
    for (int64_t i = 0; i < 100; i++) {
        static const int64_t jumps[] = {
            0, INT64_MAX, INT64_C(48000) * 3600, INT64_MIN, INT64_C(-48000) * 7200};
        timestamp = 1000000000 + (uint64_t)jumps[i % 5];
        int64_t now = at(START + (yodel_time)i * SPACING, 0);
        CHECK_EQ(now, (int64_t)START + i * SPACING);
    }
}

static void without_moments_frames_follow_each_other(void)
{
    begin();
    int64_t before = at(0, 0);
    for (uint32_t i = 1; i < 50; i++) {
        timestamp += i == 10 ? 3 * UNITS : UNITS;
        int64_t now = at(0, 0);
        CHECK_EQ(now - before, i == 10 ? 3 * SPACING : SPACING);
        before = now;
    }
    static const uint64_t jumps[] = {UINT64_MAX, 3, UINT64_C(1) << 63, UINT64_C(48000) * 11, 0};
    for (size_t i = 0; i < COUNT(jumps); i++) {
        timestamp = jumps[i];
        int64_t now = at(0, 0);
        CHECK(now > before && now - before <= (int64_t)MUXER_CLOCK_SILENCE);
        before = now;
    }
    CHECK_EQ(at(START, 0), (int64_t)START); // Until one says when.
}

static void no_moment_is_too_large(void)
{
    static const uint64_t extremes[] = {
        0, 1, UINT64_MAX, UINT64_C(1) << 63, (UINT64_C(1) << 63) - 1, 5};

    begin();
    for (size_t i = 0; i < 6 * 6 * 6; i++) {
        timestamp = extremes[i % 6];
        int64_t now = at(extremes[i / 6 % 6], extremes[i / 36]);
        CHECK(now > INT64_MIN / 2 && now < INT64_MAX / 2);
    }
}

TEST_MAIN(TEST(frames_are_as_far_apart_as_their_timestamps_say),
    TEST(what_drifts_is_followed_slowly),
    TEST(what_is_further_away_than_sync_bears_is_followed_at_once),
    TEST(a_frame_that_comes_out_of_order_has_its_own_moment),
    TEST(timestamps_may_jump_by_hours_where_moments_do_not),
    TEST(without_moments_frames_follow_each_other), TEST(no_moment_is_too_large))
