// The two rates: loss that is ours costs rate and a radio's does not; over-use goes below what arrives,
// but not below half where little was sent.

#include "cc/loss.h"

#include <math.h>

#include "cc/aimd.h"
#include "check.h"

static struct cc_loss loss;
static uint64_t sent_count;

// Half a second of packets at `bps`, of which those beyond `carries` are lost, and each `nth`.
static void observe(double bps, double carries, uint64_t nth, yodel_time now)
{
    uint64_t packets = (uint64_t)(bps / 16000), through = (uint64_t)(carries / 16000), passed = 0;

    for (uint64_t i = 0; i < packets; i++) {
        bool is_over = i * through / packets == (i + 1) * through / packets && through < packets;
        bool is_lost = is_over || (nth > 0 && ++sent_count % nth == 0);
        passed += !is_lost;
        cc_loss_add(&loss, now + i * YODEL_MS(500) / packets, 1000, !is_lost);
    }
    CHECK(passed <= through);
    cc_loss_update(&loss, fmin(bps, loss.bps), YODEL_MS(50), now + YODEL_MS(500));
}

static void begin(void)
{
    cc_loss_init(&loss, 10e6);
    cc_loss_set_limits(&loss, 50e3, 10e6);
    sent_count = 0;
}

static void a_radio_that_loses_a_tenth_is_used_all_the_same(void)
{
    begin();
    for (uint64_t i = 0; i < 60; i++) {
        observe(1e6 + 2e5 * (double)(i % 4), 100e6, 10, i * YODEL_MS(500));
    }
    CHECK(!loss.is_ours);
    CHECK(loss.usual > 0.09 && loss.usual < 0.11);
    CHECK(loss.bps > 2e6);
}

// The same loss on average, but the more is sent the more of it.
static void a_path_that_drops_what_is_too_much_is_not(void)
{
    begin();
    for (uint64_t i = 0; i < 60; i++) {
        observe(1e6 + 1e5 * (double)(i % 4), 1e6, 0, i * YODEL_MS(500));
    }
    CHECK(loss.is_ours);
    CHECK(loss.bps < 1e6);
}

static void more_than_is_ever_forgiven_costs_rate(void)
{
    begin();
    for (uint64_t i = 0; i < 60; i++) {
        observe(1e6, 100e6, 2, i * YODEL_MS(500));
    }
    CHECK(loss.bps < 1e5);
}

static void few_packets_are_no_observation(void)
{
    begin();
    for (uint64_t i = 0; i < CC_LOSS_PACKETS_MIN - 1; i++) {
        cc_loss_add(&loss, i * YODEL_MS(50), 1000, false);
    }
    cc_loss_update(&loss, 1e6, YODEL_MS(50), YODEL_SECONDS(1));
    CHECK_EQ(loss.observations, 0);
}

// ---- the delay-based rate

static struct cc_aimd aimd;

static double after(enum cc_usage usage, double acked, bool is_application_limited, yodel_time now)
{
    cc_aimd_update(
        &aimd, &(struct cc_aimd_input){usage, acked, is_application_limited, YODEL_MS(50)}, now);
    return aimd.bps;
}

static void begin_aimd(void)
{
    cc_aimd_init(&aimd, 1e6);
    cc_aimd_set_limits(&aimd, 50e3, 10e6);
    after(CC_USAGE_NORMAL, 1e6, false, YODEL_SECONDS(1));
}

static void over_use_goes_below_what_arrives_once_a_round_trip(void)
{
    begin_aimd();
    CHECK_EQ(after(CC_USAGE_OVER, 600e3, false, YODEL_MS(1100)), 510e3);
    CHECK_EQ(after(CC_USAGE_OVER, 400e3, false, YODEL_MS(1110)), 510e3);
    CHECK_EQ(after(CC_USAGE_OVER, 400e3, false, YODEL_MS(1150)), 340e3);
    CHECK_EQ(after(CC_USAGE_OVER, 900e3, false, YODEL_MS(1300)), 340e3); // Never up.
}

static void who_sends_little_does_not_fall_to_it_at_once(void)
{
    begin_aimd();
    CHECK_EQ(after(CC_USAGE_OVER, 100e3, true, YODEL_MS(1100)), 500e3);
    CHECK_EQ(after(CC_USAGE_OVER, 100e3, true, YODEL_MS(1200)), 250e3);
}

static void the_rate_waits_until_the_queue_is_empty(void)
{
    begin_aimd();
    double down = after(CC_USAGE_OVER, 800e3, false, YODEL_MS(1100));
    CHECK_EQ(after(CC_USAGE_UNDER, 800e3, false, YODEL_MS(1200)), down);
    CHECK_EQ(after(CC_USAGE_UNDER, 800e3, false, YODEL_MS(1300)), down);
    CHECK(after(CC_USAGE_NORMAL, 700e3, false, YODEL_MS(1400)) > down);
}

static void far_from_what_the_path_carries_a_second_brings_eight_percent(void)
{
    begin_aimd();
    double grown = after(CC_USAGE_NORMAL, 1e6, false, YODEL_SECONDS(2));
    CHECK(grown > 1.07e6 && grown < 1.09e6);
}

static void near_it_a_second_brings_half_a_packet_each_response_time(void)
{
    begin_aimd();
    double down = after(CC_USAGE_OVER, 900e3, false, YODEL_MS(1100));
    after(CC_USAGE_NORMAL, 900e3, false, YODEL_MS(1200));
    double grown = after(CC_USAGE_NORMAL, 900e3, false, YODEL_MS(2200));
    CHECK_EQ(grown, down + 32e3); // 4800 bits each 150 ms.
}

TEST_MAIN(TEST(a_radio_that_loses_a_tenth_is_used_all_the_same),
    TEST(a_path_that_drops_what_is_too_much_is_not), TEST(more_than_is_ever_forgiven_costs_rate),
    TEST(few_packets_are_no_observation), TEST(over_use_goes_below_what_arrives_once_a_round_trip),
    TEST(who_sends_little_does_not_fall_to_it_at_once),
    TEST(the_rate_waits_until_the_queue_is_empty),
    TEST(far_from_what_the_path_carries_a_second_brings_eight_percent),
    TEST(near_it_a_second_brings_half_a_packet_each_response_time))
