// Congestion control on a virtual path: the basic cases of RFC 8867 §5, each with bounds. The figures
// are the RFC's, but for the shorter times of some; rates in bit/s, moments in seconds.
//
//   build/test_cc_path_test | grep '^|'        prints what was measured, as in docs/BENCHMARKS.md

#include <stdio.h>

#include "cc/link_fixture.h"
#include "check.h"

#define KBPS 1000
#define MBPS 1000000
#define QUEUE YODEL_MS(300)
#define DELAY YODEL_MS(50)
#define FREE (4 * MBPS) // More than any path here carries.

static struct flow *flow(uint32_t index)
{
    return world_flow(index, 0, DELAY, FREE);
}

// Of what takes the first link.
static double delivered_of(uint32_t index, double from, double to)
{
    const struct flow *one = &world.flows[index];

    return one->link == 0 ? world_delivered(one, from, to) : 0;
}

static double delivered_by_all(double from, double to)
{
    double all = 0;

    for (uint32_t i = 0; i < WORLD_FLOWS; i++) {
        all += delivered_of(i, from, to);
    }
    return all;
}

// A row: how much of the first link is used, the first two flows' shares of it, and its queue.
static void tell(const char *clause, const char *what, double from, double to)
{
    double bps = (double)world.links[0].bps;

    printf("| %s | %s | %.0f %% | %.0f %%, %.0f %% | %.0f, %.0f |\n", clause, what,
        100 * delivered_by_all(from, to) / bps, 100 * delivered_of(0, from, to) / bps,
        100 * delivered_of(1, from, to) / bps, world_queued(&world.flows[0], from, to),
        (double)world_queued_max(&world.flows[0], from, to) / 1e3);
}

// At least 0.7 of the path is used and in no second more than 1.1 of it, without a standing queue.
static void check_steady(double bps, double from, double to)
{
    CHECK(delivered_by_all(from, to) > 0.7 * bps);
    CHECK(world_peak(0, from, to) < 1.1 * bps);
    CHECK(world_queued(&world.flows[0], from, to) < 60);
    CHECK(world_queued_max(&world.flows[0], from, to) < YODEL_MS(150));
}

static double share(const struct flow *one, const struct flow *other, double from, double to)
{
    double rate = world_delivered(one, from, to);

    return rate / (rate + world_delivered(other, from, to));
}

// RFC 8867 §5.1: 1, 2.5, 0.6 and 1 Mbit/s.
static void one_flow_follows_a_path_that_changes(void)
{
    world_init(MBPS, QUEUE);
    const struct flow *one = flow(0);

    world_run(40);
    tell("5.1", "one flow, 1 Mbit/s", 5, 39.9);
    check_steady(MBPS, 5, 39.9);
    world.links[0].bps = 2500 * KBPS;
    world_run(20);
    tell("5.1", "then 2.5 Mbit/s", 50, 59.9);
    CHECK(world_delivered(one, 55, 59.9) > 0.7 * 2.5 * MBPS);
    world.links[0].bps = 600 * KBPS;
    world_run(20);
    tell("5.1", "then 0.6 Mbit/s", 68, 79.9);
    CHECK(world_below(one, 60, 0.6 * MBPS) < 61.5);
    check_steady(0.6 * MBPS, 68, 79.9);
    world.links[0].bps = MBPS;
    world_run(20);
    check_steady(MBPS, 90, 99.9);
}

static void a_step_down_is_answered_within_a_second_and_a_half(void)
{
    static const double to[] = {1.5, 1.0, 0.5, 0.2};

    for (size_t i = 0; i < COUNT(to); i++) {
        world_init(2 * MBPS, QUEUE);
        const struct flow *one = flow(0);
        world_run(20);
        world.links[0].bps = (uint64_t)(to[i] * MBPS);
        world_run(10);
        CHECK(world_below(one, 20, to[i] * MBPS) < 21.5);
        CHECK(world_delivered(one, 25, 29.9) > 0.6 * to[i] * MBPS);
    }
}

static void the_first_seconds_find_the_rate(void)
{
    static const double rates[] = {0.3, 1, 2, 3.5};

    for (size_t i = 0; i < COUNT(rates); i++) {
        world_init((uint64_t)(rates[i] * MBPS), QUEUE);
        const struct flow *one = flow(0);
        world_run(6);
        CHECK(world_delivered(one, 3, 5.9) > 0.6 * rates[i] * MBPS);
    }
}

// RFC 8867 §5.2: 4, 2, 3.5, 1 and 2 Mbit/s.
static void two_flows_share_a_path_that_changes(void)
{
    static const double rates[] = {4, 2, 3.5, 1, 2};

    world_init(4 * MBPS, QUEUE);
    for (size_t i = 0; i < COUNT(rates); i++) {
        double end = 25.0 * (double)(i + 1);
        world.links[0].bps = (uint64_t)(rates[i] * MBPS);
        if (i == 0) {
            flow(0);
            flow(1);
        }
        world_run(25);
        char what[32];
        (void)snprintf(what, sizeof what, "two flows, %.1f Mbit/s", rates[i]);
        tell("5.2", what, end - 8, end - 0.1);
        check_steady(rates[i] * MBPS, end - 8, end - 0.1);
        CHECK(share(&world.flows[0], &world.flows[1], end - 8, end - 0.1) > 0.25);
        CHECK(share(&world.flows[0], &world.flows[1], end - 8, end - 0.1) < 0.75);
    }
}

static void two_equal_flows_have_equal_shares(void)
{
    world_init(2 * MBPS, QUEUE);
    const struct flow *one = flow(0), *other = flow(1);

    world_run(60);
    tell("–", "two equal flows, 2 Mbit/s", 10, 59.9);
    check_steady(2 * MBPS, 5, 59.9);
    CHECK(share(one, other, 10, 59.9) > 0.4);
    CHECK(share(one, other, 10, 59.9) < 0.6);
}

// RFC 8867 §5.3: feedback waits in the queue of the other's media, and is lost there.
static void feedback_may_come_late_and_in_part(void)
{
    world_init(2 * MBPS, QUEUE);
    const struct flow *there = flow(0), *back = world_flow(1, 1, DELAY, FREE);

    world_run(20);
    world.links[0].bps = MBPS;
    world_run(15);
    CHECK(world_delivered(there, 25, 34.9) > 0.7 * MBPS);
    world.links[1].bps = 800 * KBPS;
    world_run(5);
    world.links[0].bps = 500 * KBPS;
    world_run(20);
    tell("5.3", "feedback in a full queue, 0.5 Mbit/s", 45, 59.9);
    CHECK(world_delivered(there, 45, 59.9) > 0.7 * 0.5 * MBPS);
    CHECK(world_delivered(back, 45, 59.9) > 0.7 * 0.8 * MBPS);
    CHECK_EQ(there->gcc.halvings + back->gcc.halvings, 0);
}

// RFC 8867 §5.4: three flows, one after the other. Who comes late gets its part.
static void flows_that_come_later_get_their_part(void)
{
    world_init(3500 * KBPS, QUEUE);
    for (uint32_t i = 0; i < 3; i++) {
        flow(i);
        world_run(20);
    }
    world_run(60);
    tell("5.4", "three flows, one after the other, 3.5 Mbit/s", 90, 119.9);
    check_steady(3.5 * MBPS, 60, 119.9);
    for (size_t i = 0; i < 3; i++) {
        CHECK(world_delivered(&world.flows[i], 90, 119.9) > 0.5 * 3.5 * MBPS / 3);
        CHECK(world_delivered(&world.flows[i], 90, 119.9) < 1.7 * 3.5 * MBPS / 3);
    }
}

// RFC 8867 §5.5: one-way delays from 10 to 150 ms.
static void a_long_way_costs_no_share(void)
{
    static const unsigned delays[] = {10, 25, 50, 100, 150};

    world_init(4 * MBPS, QUEUE);
    for (uint32_t i = 0; i < COUNT(delays); i++) {
        world_flow(i, 0, YODEL_MS(delays[i]), FREE);
        world_run(10);
    }
    world_run(150);
    tell("5.5", "five flows, 10 to 150 ms away, 4 Mbit/s", 100, 199.9);
    for (size_t i = 0; i < COUNT(delays); i++) {
        CHECK(world_delivered(&world.flows[i], 100, 199.9) > 0.5 * 4 * MBPS / 5);
        CHECK(world_delivered(&world.flows[i], 100, 199.9) < 1.7 * 4 * MBPS / 5);
    }
}

// RFC 8867 §5.6: TCP fills the queue before we come, and we stay above our minimum.
static void tcp_does_not_starve_us_nor_we_it(void)
{
    world_init(2 * MBPS, QUEUE);
    world_tcp();
    world_run(5);
    const struct flow *one = flow(0);

    world_run(115);
    tell("5.6", "beside TCP, 2 Mbit/s (us alone)", 20, 119.9);
    CHECK(world_delivered(one, 20, 119.9) > 0.05 * 2 * MBPS);
    CHECK(world_tcp_delivered(20, 119.9) > 0.4 * 2 * MBPS);
}

// RFC 8867 §5.8: one of three pauses for twenty seconds.
static void a_pause_gives_room_and_the_end_of_it_takes_it_back(void)
{
    world_init(3500 * KBPS, QUEUE);
    struct flow *paused = flow(1);

    flow(0);
    flow(2);
    world_run(40);
    double before = world_delivered(paused, 30, 39.9);
    paused->is_on = false;
    world_run(20);
    CHECK_EQ(world_sent(paused, 41, 59.9), 0);
    CHECK(world_delivered(&world.flows[0], 50, 59.9) + world_delivered(&world.flows[2], 50, 59.9) >
          0.7 * 3.5 * MBPS);
    paused->is_on = true;
    world_run(20);
    tell("5.8", "the second of three comes back, 3.5 Mbit/s", 62, 79.9);
    CHECK(world_delivered(paused, 62, 79.9) > 0.6 * before);
    CHECK(world_queued_max(paused, 60, 79.9) < YODEL_MS(200));
    CHECK_EQ(paused->gcc.halvings, 0);
}

static void loss_by_chance_does_not_collapse_the_rate(void)
{
    static const double losses[] = {0.02, 0.05, 0.1};

    for (size_t i = 0; i < COUNT(losses); i++) {
        world_init(2 * MBPS, QUEUE);
        world.links[0].loss = losses[i];
        const struct flow *one = flow(0);
        world_run(60);
        CHECK(world_delivered(one, 10, 59.9) > 0.6 * 2 * MBPS);
        CHECK(world_peak(0, 5, 59.9) < 1.1 * 2 * MBPS);
    }
}

// A policer drops what is over its rate and delays nothing.
static void loss_that_is_ours_is_heeded(void)
{
    world_init(MBPS, YODEL_MS(12));
    const struct flow *one = flow(0);

    world_run(60);
    CHECK(world_peak(0, 5, 59.9) < 1.1 * MBPS);
    CHECK(world_delivered(one, 10, 59.9) > 0.6 * MBPS);
    CHECK(world_delivered(one, 10, 59.9) > 0.9 * world_sent(one, 10, 59.9));
}

static void jitter_is_not_taken_for_a_queue(void)
{
    world_init(2 * MBPS, QUEUE);
    const struct flow *one = flow(0);

    world.flows[0].jitter = YODEL_MS(30);
    world_run(40);
    CHECK(world_delivered(one, 10, 39.9) > 0.7 * 2 * MBPS);
}

// An encoder that makes 200 kbit/s: the estimate is kept by probes, neither grows without bounds nor
// falls to what is sent, and is there when the encoder wants it.
static void little_sent_says_little_of_the_path(void)
{
    world_init(2 * MBPS, QUEUE);
    struct flow *one = flow(0);

    one->video_cap_bps = 200000;
    world_run(40);
    CHECK(world_target(one, 10, 39.9) > 0.6 * 2 * MBPS);
    CHECK(world_target(one, 10, 39.9) < 1.2 * 2 * MBPS);
    one->video_cap_bps = FREE;
    world_run(10);
    CHECK(world_queued_max(one, 40, 49.9) < YODEL_MS(200));
    CHECK(world_delivered(one, 43, 49.9) > 0.7 * 2 * MBPS);
}

static void probes_find_a_path_that_widens_while_little_is_sent(void)
{
    world_init(MBPS, QUEUE);
    struct flow *one = flow(0);

    one->video_cap_bps = 200000;
    world_run(15);
    CHECK(world_target(one, 10, 14.9) < 1.2 * MBPS);
    world.links[0].bps = 3500 * KBPS;
    world_run(25);
    CHECK(world_target(one, 35, 39.9) > 2 * MBPS);
}

// An outage of ten seconds: down to the minimum, and back soon.
static void an_outage_brings_the_rate_down_and_probes_bring_it_back(void)
{
    world_init(2 * MBPS, QUEUE);
    struct flow *one = flow(0);

    world_run(20);
    world.links[0].loss = world.links[1].loss = 1;
    world_run(10);
    CHECK_EQ(cc_gcc_target(&one->gcc).target_bps, 50000);
    CHECK_EQ(cc_gcc_target(&one->gcc).reason, CC_REASON_SILENCE);
    world.links[0].loss = world.links[1].loss = 0;
    world_run(20);
    CHECK(world_delivered(one, 42, 49.9) > 0.5 * 2 * MBPS);
}

TEST_MAIN(TEST(one_flow_follows_a_path_that_changes),
    TEST(a_step_down_is_answered_within_a_second_and_a_half), TEST(the_first_seconds_find_the_rate),
    TEST(two_flows_share_a_path_that_changes), TEST(two_equal_flows_have_equal_shares),
    TEST(feedback_may_come_late_and_in_part), TEST(flows_that_come_later_get_their_part),
    TEST(a_long_way_costs_no_share), TEST(tcp_does_not_starve_us_nor_we_it),
    TEST(a_pause_gives_room_and_the_end_of_it_takes_it_back),
    TEST(loss_by_chance_does_not_collapse_the_rate), TEST(loss_that_is_ours_is_heeded),
    TEST(jitter_is_not_taken_for_a_queue), TEST(little_sent_says_little_of_the_path),
    TEST(probes_find_a_path_that_widens_while_little_is_sent),
    TEST(an_outage_brings_the_rate_down_and_probes_bring_it_back))
