// NTP time: conversions lose no more than a microsecond, and what lies measures nothing.

#include "rtp/ntp.h"

#include <stdio.h>

#include "check.h"

static void microseconds_come_back(void)
{
    static const yodel_time rows[] = {0, 1, 999999, 1000000, YODEL_SECONDS(86400) * 3650 + 123457};

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t us = rtp_ntp_us(rtp_ntp_of(rows[i]));
        CHECK(us == rows[i] || us + 1 == rows[i]);
    }
    CHECK_EQ(rtp_ntp_of(YODEL_MS(2500)), (uint64_t)5 << 31);
    CHECK_EQ(rtp_ntp_middle(0x0123456789abcdef), 0x456789ab);
}

static void units_are_exact_after_any_time(void)
{
    CHECK_EQ(rtp_ntp_units(YODEL_MS(2500), 90000), 225000);
    CHECK_EQ(rtp_ntp_units(11, 90000), 0);
    CHECK_EQ(rtp_ntp_units(YODEL_SECONDS(86400) * 3650 + 500000, 48000),
        86400ull * 3650 * 48000 + 24000);
}

// RFC 3550 §6.4.1, figure 2, in its own numbers: 6.125 seconds.
static void the_rfcs_round_trip_is_measured(void)
{
    struct rtcp_echo echo = {0xb7052000, 0x00054000};
    yodel_duration rtt = 0;

    CHECK(rtp_ntp_rtt(&echo, YODEL_SECONDS(0xb710) + YODEL_MS(500), &rtt));
    CHECK_EQ(rtt, YODEL_MS(6125));
}

static void an_echo_comes_back_as_the_round_trip(void)
{
    static const yodel_duration rows[] = {0, 100, 1500, YODEL_MS(37), YODEL_SECONDS(59)};

    for (size_t i = 0; i < COUNT(rows); i++) {
        yodel_time sent = YODEL_SECONDS(70000) + 12345; // The short form has wrapped.
        yodel_time held = sent + 777;                   // The peer's clock is another one.
        struct rtcp_echo echo = rtp_ntp_echo(rtp_ntp_of(sent), held, held + YODEL_MS(333));
        yodel_duration rtt = 99;
        CHECK(rtp_ntp_rtt(&echo, sent + YODEL_MS(333) + rows[i], &rtt));
        CHECK(rtt <= rows[i] + 40 && rtt + 40 >= rows[i]); // A few units of 15 us.
    }
}

// C12: nothing came, or a round trip below nothing or beyond all reason.
static void an_echo_that_lies_measures_nothing(void)
{
    yodel_time now = YODEL_SECONDS(1000);
    struct rtcp_echo none = rtp_ntp_echo(0, now, now);
    struct rtcp_echo future = rtp_ntp_echo(rtp_ntp_of(now + YODEL_MS(10)), now, now);
    struct rtcp_echo held_too_long = rtp_ntp_echo(rtp_ntp_of(now), now, now + YODEL_SECONDS(1));
    struct rtcp_echo ancient = rtp_ntp_echo(rtp_ntp_of(YODEL_SECONDS(900)), now, now);
    yodel_duration rtt = 77;

    CHECK_EQ(none.last, 0);
    CHECK_EQ(none.delay, 0);
    CHECK(!rtp_ntp_rtt(&none, now, &rtt));
    CHECK(!rtp_ntp_rtt(&future, now, &rtt));
    CHECK(!rtp_ntp_rtt(&held_too_long, now, &rtt));
    CHECK(!rtp_ntp_rtt(&ancient, now, &rtt));
    CHECK_EQ(rtt, 77);
    // But for what rounding makes of a round trip of nothing.
    struct rtcp_echo rounded = {rtp_ntp_middle(rtp_ntp_of(now)), 5};
    CHECK(rtp_ntp_rtt(&rounded, now, &rtt));
    CHECK_EQ(rtt, 0);
    CHECK_EQ(rtp_ntp_echo(1 << 20, 0, YODEL_SECONDS(80000)).delay, UINT32_MAX);
}

static void the_least_transit_sets_the_clock_and_drift_is_followed(void)
{
    struct rtp_ntp_clock clock = {0};
    uint64_t theirs = (uint64_t)0xee000000 << 32; // Their clock is of this century, ours is young.
    yodel_time at = 0;

    CHECK(!rtp_ntp_clock_local(&clock, theirs, &at));
    rtp_ntp_clock_recv(&clock, 0, YODEL_SECONDS(5)); // C12.
    CHECK(!clock.is_known);
    rtp_ntp_clock_recv(&clock, theirs, YODEL_SECONDS(5) + YODEL_MS(80));
    rtp_ntp_clock_recv(&clock, theirs + ((uint64_t)1 << 32), YODEL_SECONDS(6) + YODEL_MS(20));
    rtp_ntp_clock_recv(&clock, theirs + ((uint64_t)2 << 32), YODEL_SECONDS(7) + YODEL_MS(84));
    CHECK(rtp_ntp_clock_local(&clock, theirs + ((uint64_t)5 << 32), &at));
    CHECK_EQ(at, YODEL_SECONDS(10) + YODEL_MS(21)); // 20, and a 64th of the 64 that one was later.
    // A clock that is set anew, forward and back.
    rtp_ntp_clock_recv(&clock, theirs + ((uint64_t)3600 << 32), YODEL_SECONDS(8));
    CHECK(rtp_ntp_clock_local(&clock, theirs + ((uint64_t)3600 << 32), &at));
    CHECK_EQ(at, YODEL_SECONDS(8));
    rtp_ntp_clock_recv(&clock, theirs, YODEL_SECONDS(9));
    CHECK(rtp_ntp_clock_local(&clock, theirs, &at));
    CHECK_EQ(at, YODEL_SECONDS(9));
    CHECK(!rtp_ntp_clock_local(&clock, theirs - ((uint64_t)60 << 32), &at));
}

TEST_MAIN(TEST(microseconds_come_back), TEST(units_are_exact_after_any_time),
    TEST(the_rfcs_round_trip_is_measured), TEST(an_echo_comes_back_as_the_round_trip),
    TEST(an_echo_that_lies_measures_nothing),
    TEST(the_least_transit_sets_the_clock_and_drift_is_followed))
