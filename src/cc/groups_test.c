// Groups and their trend: bursts are one group, leaps begin anew, and a queue that grows is over-use.

#include "cc/groups.h"

#include "cc/trendline.h"
#include "check.h"

static struct cc_groups groups;
static struct cc_groups_delta delta;

static bool add(unsigned sent_ms, unsigned arrival_ms)
{
    return cc_groups_add(
        &groups, YODEL_SECONDS(10) + YODEL_MS(sent_ms), YODEL_MS(arrival_ms), &delta);
}

static void check_delta(int sent_ms, int arrival_ms)
{
    CHECK_EQ(delta.sent, sent_ms * 1000);
    CHECK_EQ(delta.arrival, arrival_ms * 1000);
}

static void packets_of_one_burst_are_one_group(void)
{
    cc_groups_init(&groups);
    CHECK(!add(0, 50));
    CHECK(!add(3, 54));
    CHECK(!add(5, 60));
    CHECK(!add(33, 90)); // The first group has none before it.
    CHECK(!add(36, 91));
    CHECK(add(66, 120));
    check_delta(31, 31);
}

// Held back by the network, let go together: their spacing says nothing of a queue of ours.
static void what_arrives_in_one_burst_is_one_group(void)
{
    cc_groups_init(&groups);
    CHECK(!add(0, 50));
    CHECK(!add(20, 100));
    CHECK(!add(40, 101));
    CHECK(!add(60, 102));
    CHECK(add(80, 130));
    check_delta(60, 52);
}

static void what_comes_late_from_an_earlier_group_is_left_out(void)
{
    cc_groups_init(&groups);
    add(0, 50);
    add(20, 70);
    CHECK(add(40, 90));
    CHECK(!add(10, 95));
    CHECK(!add(41, 91));
    CHECK(add(60, 110));
    check_delta(21, 21);
}

static void a_leap_of_the_peers_clock_begins_anew(void)
{
    cc_groups_init(&groups);
    add(0, 50);
    add(20, 70);
    CHECK(add(40, 90));
    CHECK(!add(60, 9000));
    CHECK(!add(80, 9020));
    CHECK(add(100, 9040));
    check_delta(20, 20);
}

// ---- the trend

static struct cc_trendline trendline;
static uint64_t at;

// Groups of 20 ms, of which each comes `later_us` later than the one before.
static void add_groups(int count, int64_t later_us)
{
    for (int i = 0; i < count; i++) {
        at += (uint64_t)(20000 + later_us);
        cc_trendline_add(&trendline, &(struct cc_groups_delta){20000, 20000 + later_us, at});
    }
}

static void a_queue_that_grows_is_over_use_and_one_that_drains_is_under_use(void)
{
    cc_trendline_init(&trendline);
    at = YODEL_SECONDS(1);
    add_groups(60, 0);
    CHECK_EQ(trendline.usage, CC_USAGE_NORMAL);
    add_groups(25, 4000);
    CHECK_EQ(trendline.usage, CC_USAGE_OVER);
    cc_trendline_init(&trendline);
    add_groups(60, 0);
    add_groups(25, -4000);
    CHECK_EQ(trendline.usage, CC_USAGE_UNDER);
    add_groups(60, 0);
    CHECK_EQ(trendline.usage, CC_USAGE_NORMAL);
}

static void one_late_group_is_no_queue(void)
{
    cc_trendline_init(&trendline);
    at = YODEL_SECONDS(1);
    add_groups(60, 0);
    for (int i = 0; i < 20; i++) {
        add_groups(1, 8000);
        CHECK(trendline.usage != CC_USAGE_OVER);
        add_groups(1, -8000);
        CHECK(trendline.usage != CC_USAGE_OVER);
    }
}

static void the_threshold_follows_a_trend_that_stays(void)
{
    cc_trendline_init(&trendline);
    at = YODEL_SECONDS(1);
    add_groups(60, 0);
    double before = trendline.threshold;
    add_groups(200, 1500); // A trend of 0.07 in 60 groups with their gain: about 16.
    CHECK(trendline.threshold > before + 2);
}

TEST_MAIN(TEST(packets_of_one_burst_are_one_group), TEST(what_arrives_in_one_burst_is_one_group),
    TEST(what_comes_late_from_an_earlier_group_is_left_out),
    TEST(a_leap_of_the_peers_clock_begins_anew),
    TEST(a_queue_that_grows_is_over_use_and_one_that_drains_is_under_use),
    TEST(one_late_group_is_no_queue), TEST(the_threshold_follows_a_trend_that_stays))
