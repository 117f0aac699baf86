// Timelines: where things are placed that say when they are.

#include "device/timeline.h"

#include "check.h"

static struct device_timeline line;

static void begin(int64_t origin)
{
    device_timeline_init(&line, YODEL_SECONDS(10));
    device_timeline_begin(&line, origin);
}

static yodel_time at(int64_t time, yodel_time expected)
{
    return device_timeline_place(&line, time, expected, 40000);
}

static void time_begins_with_0_wherever_the_source_begins(void)
{
    static const int64_t origins[] = {0, -7000, 1700000000000000, -1700000000000000};

    for (size_t i = 0; i < COUNT(origins); i++) {
        begin(origins[i]);
        CHECK_EQ(at(origins[i], 0), 0);
        CHECK_EQ(at(origins[i] + 40000, 40000), 40000);
        CHECK_EQ(line.end, 80000);
    }
}

static void what_is_before_the_beginning_is_at_it(void)
{
    begin(1000);
    CHECK_EQ(at(0, 0), 0);
}

static void an_unknown_beginning_is_where_the_first_is(void)
{
    begin(DEVICE_TIMELINE_NONE);
    CHECK_EQ(at(DEVICE_TIMELINE_NONE, 5), 5);
    begin(DEVICE_TIMELINE_NONE);
    CHECK_EQ(at(123456789, 0), 0);
    CHECK_EQ(at(123456789 + 40000, 40000), 40000);
}

static void a_time_that_is_not_known_is_the_expected_one(void)
{
    static const int64_t unknown[] = {DEVICE_TIMELINE_NONE, INT64_MAX, INT64_MIN + 1};

    begin(0);
    for (size_t i = 0; i < COUNT(unknown); i++) {
        CHECK_EQ(at(unknown[i], 777), 777);
    }
}

static void the_next_round_begins_where_the_last_one_ended(void)
{
    begin(5000);
    CHECK_EQ(at(5000, 0), 0);
    CHECK_EQ(at(45000, 40000), 40000);
    device_timeline_begin(&line, 5000);
    CHECK_EQ(at(5000, 80000), 80000);
    CHECK_EQ(at(45000, 120000), 120000);
}

static void a_jump_is_none_in_either_direction(void)
{
    begin(0);
    CHECK_EQ(at(9000000, 40000), 9000000);
    CHECK_EQ(at(99000000, 9040000), 9040000);
    CHECK_EQ(at(99040000, 9080000), 9080000);
    CHECK_EQ(at(0, 9120000), 9120000);
    CHECK_EQ(at(40000, 9160000), 9160000);
}

TEST_MAIN(TEST(time_begins_with_0_wherever_the_source_begins),
    TEST(what_is_before_the_beginning_is_at_it), TEST(an_unknown_beginning_is_where_the_first_is),
    TEST(a_time_that_is_not_known_is_the_expected_one),
    TEST(the_next_round_begins_where_the_last_one_ended), TEST(a_jump_is_none_in_either_direction))
