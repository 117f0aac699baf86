// A rate of bytes: half a second of some clock, forgotten after a pause, begun anew when the clock goes back.

#include "cc/rate.h"

#include "check.h"

static struct cc_rate rate;

// A byte a microsecond is 8 Mbit/s.
static void add_evenly(uint64_t from, uint64_t to, size_t size)
{
    for (uint64_t at = from; at < to; at += YODEL_MS(1)) {
        cc_rate_add(&rate, size, at);
    }
}

static void check_about(double want)
{
    CHECK(cc_rate_bps(&rate) > 0.95 * want && cc_rate_bps(&rate) < 1.05 * want);
}

static void an_even_flow_is_measured(void)
{
    cc_rate_init(&rate);
    add_evenly(YODEL_SECONDS(5), YODEL_SECONDS(7), 1000);
    check_about(8e6);
}

static void the_last_half_second_counts(void)
{
    cc_rate_init(&rate);
    add_evenly(0, YODEL_SECONDS(2), 1000);
    add_evenly(YODEL_SECONDS(2), YODEL_MS(2600), 100);
    check_about(8e5);
}

static void a_moment_says_nothing(void)
{
    cc_rate_init(&rate);
    CHECK_EQ(cc_rate_bps(&rate), 0);
    add_evenly(0, CC_RATE_SPAN_MIN - YODEL_MS(2), 1000);
    CHECK_EQ(cc_rate_bps(&rate), 0);
}

static void a_pause_is_not_a_rate(void)
{
    cc_rate_init(&rate);
    add_evenly(0, YODEL_SECONDS(1), 1000);
    cc_rate_advance(&rate, YODEL_SECONDS(2));
    CHECK_EQ(cc_rate_bps(&rate), 0);
    add_evenly(YODEL_SECONDS(30), YODEL_SECONDS(31), 500);
    check_about(4e6);
}

static void what_comes_late_is_counted_where_it_belongs(void)
{
    cc_rate_init(&rate);
    add_evenly(0, YODEL_SECONDS(1), 1000);
    cc_rate_add(&rate, 62500, YODEL_MS(700));
    check_about(9e6);
}

static void a_clock_that_goes_back_begins_anew(void)
{
    cc_rate_init(&rate);
    add_evenly(YODEL_SECONDS(100), YODEL_SECONDS(101), 1000);
    add_evenly(YODEL_SECONDS(5), YODEL_SECONDS(6), 500);
    check_about(4e6);
}

TEST_MAIN(TEST(an_even_flow_is_measured), TEST(the_last_half_second_counts),
    TEST(a_moment_says_nothing), TEST(a_pause_is_not_a_rate),
    TEST(what_comes_late_is_counted_where_it_belongs), TEST(a_clock_that_goes_back_begins_anew))
