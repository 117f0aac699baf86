// Congestion control: what a peer may say, and what comes of it when it lies or falls silent.

#include "cc/gcc.h"

#include "check.h"

#define MIN_BPS 50000
#define START_BPS 300000
#define MAX_BPS 4000000

static struct cc_gcc gcc;
static uint64_t seq;
static yodel_time now;

static void begin(void)
{
    cc_gcc_init(&gcc, &(struct cc_gcc_limits){MIN_BPS, START_BPS, MAX_BPS});
    seq = 65536;
    now = YODEL_SECONDS(1000);
}

static uint64_t target(void)
{
    return cc_gcc_target(&gcc).target_bps;
}

static void send(size_t size)
{
    cc_gcc_sent(&gcc, &(struct cc_sent){.seq = ++seq, .size = size}, now);
}

static void tell(uint64_t number, bool is_received, uint64_t arrival)
{
    cc_gcc_recv_status(&gcc, &(struct cc_status){number, is_received, arrival});
}

// A packet each 10 ms for a while, told of 50 ms later with `arrival(sent)`; each `lost`th is lost.
static void run(yodel_duration duration, uint64_t (*arrival)(yodel_time), uint64_t lost)
{
    for (yodel_time end = now + duration; now < end; now += YODEL_MS(10)) {
        send(1000);
        if (seq % 5 == 0) {
            for (uint64_t i = seq - 9; i < seq - 4; i++) {
                bool is_lost = lost > 0 && i % lost == 0;
                tell(i, !is_lost, is_lost ? 0 : arrival(now - (seq - i) * YODEL_MS(10)));
            }
            cc_gcc_feedback_end(&gcc, now);
        }
        if (now >= cc_gcc_next_timeout(&gcc)) {
            cc_gcc_tick(&gcc, now);
        }
        CHECK(cc_gcc_next_timeout(&gcc) > now);
        CHECK(target() >= MIN_BPS && target() <= MAX_BPS);
    }
}

static uint64_t in_time(yodel_time sent)
{
    return sent + YODEL_MS(30);
}

// Twice as fast as it was sent.
static uint64_t compressed(yodel_time sent)
{
    return sent / 2;
}

// A tenth later with each packet: a queue that grows.
static uint64_t delayed(yodel_time sent)
{
    return sent + (sent - YODEL_SECONDS(1000)) / 10;
}

static uint64_t far_future(yodel_time sent)
{
    return UINT64_MAX - sent % YODEL_MS(70);
}

static uint64_t scattered(yodel_time sent)
{
    return sent + sent * 2654435761u % YODEL_SECONDS(2);
}

static void growth_ends_at_half_more_than_what_arrives(void)
{
    begin();
    run(YODEL_SECONDS(120), in_time, 0); // 800 kbit/s are sent.
    CHECK(target() > 800000);
    CHECK(target() < 1300000);
    CHECK_EQ(cc_gcc_target(&gcc).reason, CC_REASON_APPLICATION);
}

static void a_growing_queue_is_answered_with_less_than_what_arrives(void)
{
    begin();
    run(YODEL_SECONDS(3), in_time, 0);
    for (int i = 0; i < 20 && gcc.aimd.decreases == 0; i++) {
        run(YODEL_MS(50), delayed, 0);
    }
    CHECK(target() < 800000);
    CHECK_EQ(cc_gcc_target(&gcc).reason, CC_REASON_DELAY);
}

static void a_clock_that_lies_makes_nothing_faster_than_it_was_sent(void)
{
    begin();
    run(YODEL_SECONDS(60), compressed, 0);
    CHECK(cc_gcc_target(&gcc).acked_bps < 900000);
    CHECK(target() < 1300000);
}

static void times_of_the_far_future_and_times_at_random_do_no_harm(void)
{
    begin();
    run(YODEL_SECONDS(20), far_future, 0);
    run(YODEL_SECONDS(20), scattered, 0);
    run(YODEL_SECONDS(30), in_time, 0);
    CHECK(target() > 300000);
}

static void what_was_never_sent_is_not_acknowledged(void)
{
    begin();
    run(YODEL_SECONDS(1), in_time, 0);
    uint64_t before = target(), acked = cc_gcc_target(&gcc).acked_bps;
    uint64_t refused = gcc.refused[CC_GCC_UNKNOWN];
    for (uint64_t i = 1; i < 5000; i++) {
        tell(seq + i, true, now + i);
    }
    tell(0, true, now);
    tell(UINT64_MAX, true, now);
    CHECK_EQ(gcc.refused[CC_GCC_UNKNOWN], refused + 5001);
    CHECK_EQ(cc_gcc_target(&gcc).acked_bps, acked);
    CHECK_EQ(target(), before);
}

static void what_is_said_twice_counts_once(void)
{
    begin();
    send(1000);
    send(1000);
    tell(seq, true, now);
    tell(seq, true, now);
    tell(seq, false, 0);
    tell(seq - 1, false, 0);
    tell(seq - 1, false, 0);
    CHECK_EQ(gcc.refused[CC_GCC_TWICE], 3);
    CHECK_EQ(gcc.loss.count.packets, 2);
    CHECK_EQ(gcc.loss.count.lost, 1);
}

static void what_was_said_to_be_lost_and_came_late_was_not_lost(void)
{
    begin();
    send(1000);
    tell(seq, false, 0);
    CHECK_EQ(gcc.loss.count.lost, 1);
    tell(seq, true, now);
    CHECK_EQ(gcc.loss.count.lost, 0);
    CHECK_EQ(gcc.loss.count.packets, 1);
}

static void what_is_too_old_is_not_remembered(void)
{
    begin();
    send(1000);
    uint64_t old = seq;
    for (int i = 0; i < CC_GCC_SENT_MAX; i++) {
        send(10);
    }
    tell(old, true, now);
    CHECK_EQ(gcc.refused[CC_GCC_UNKNOWN], 1);
}

static void silence_halves_the_rate_down_to_the_minimum(void)
{
    begin();
    run(YODEL_SECONDS(10), in_time, 0);
    uint64_t before = target();
    send(1000);
    yodel_time due = cc_gcc_next_timeout(&gcc);
    CHECK(due >= now + YODEL_MS(300) && due <= now + YODEL_SECONDS(1));
    cc_gcc_tick(&gcc, due);
    CHECK_EQ(target(), before / 2);
    CHECK_EQ(cc_gcc_target(&gcc).reason, CC_REASON_SILENCE);
    for (int i = 0; i < 10; i++) {
        due = cc_gcc_next_timeout(&gcc);
        cc_gcc_tick(&gcc, due);
        CHECK(cc_gcc_next_timeout(&gcc) > due);
    }
    CHECK_EQ(target(), MIN_BPS);
}

// The other side slept: what it missed is told of when it wakes.
static void what_was_lost_in_a_silence_costs_no_more_than_the_silence(void)
{
    begin();
    run(YODEL_SECONDS(10), in_time, 0);
    uint64_t first = seq + 1;
    for (int i = 0; i < 100; i++, now += YODEL_MS(10)) {
        send(1000);
        cc_gcc_tick(&gcc, now);
    }
    CHECK(gcc.halvings > 0);
    uint64_t before = target();
    for (uint64_t i = first; i <= seq; i++) {
        tell(i, false, 0);
    }
    cc_gcc_feedback_end(&gcc, now);
    CHECK(target() >= before);
    CHECK(cc_gcc_target(&gcc).reason != CC_REASON_LOSS);
}

static void who_sends_nothing_hears_nothing_and_that_is_no_silence(void)
{
    begin();
    run(YODEL_SECONDS(2), in_time, 0);
    for (uint64_t i = seq - 9; i <= seq; i++) {
        tell(i, true, in_time(now));
    }
    cc_gcc_feedback_end(&gcc, now);
    uint64_t before = target();
    cc_gcc_tick(&gcc, now + YODEL_SECONDS(3600));
    CHECK_EQ(target(), before);
    CHECK_EQ(gcc.halvings, 0);
}

static void an_hour_that_is_leapt_over_halves_once(void)
{
    begin();
    run(YODEL_SECONDS(2), in_time, 0);
    uint64_t before = target();
    send(1000);
    cc_gcc_tick(&gcc, now + YODEL_SECONDS(3600));
    CHECK_EQ(target(), before / 2);
}

static void remb_is_a_ceiling_and_no_floor(void)
{
    begin();
    run(YODEL_SECONDS(5), in_time, 0);
    cc_gcc_recv_remb(&gcc, 200000);
    CHECK_EQ(target(), 200000);
    CHECK_EQ(cc_gcc_target(&gcc).reason, CC_REASON_REMB);
    cc_gcc_recv_remb(&gcc, 0);
    CHECK_EQ(target(), MIN_BPS);
    cc_gcc_recv_remb(&gcc, UINT64_MAX);
    CHECK(target() > 200000 && target() <= MAX_BPS);
}

// Reports each second, by a peer that gives no feedback, of what was lost of `bps`.
static void report_for(int seconds, uint64_t bps, double lost)
{
    for (int i = 0; i < seconds * 20; i++, now += YODEL_MS(50)) {
        send((size_t)(bps / 8 / 20));
        if (i % 20 == 19) {
            cc_gcc_recv_report(&gcc, (uint8_t)(lost * 256), now);
        }
    }
}

static void reports_count_where_there_is_no_feedback(void)
{
    begin();
    cc_gcc_set_feedback(&gcc, false);
    CHECK_EQ(target(), START_BPS);
    report_for(4, START_BPS, 0);
    CHECK(target() > START_BPS * 5 / 4); // 8 % a second.
    CHECK_EQ(cc_gcc_target(&gcc).reason, CC_REASON_GROWING);
    uint64_t before = target();
    report_for(5, before, 0.5);
    CHECK(target() < before / 2);
    CHECK_EQ(cc_gcc_target(&gcc).reason, CC_REASON_LOSS);
    CHECK_EQ(gcc.halvings, 0);
}

static void without_feedback_little_says_nothing_of_more(void)
{
    begin();
    cc_gcc_set_feedback(&gcc, false);
    report_for(20, START_BPS / 2, 0);
    CHECK_EQ(target(), START_BPS);
    CHECK_EQ(cc_gcc_target(&gcc).reason, CC_REASON_APPLICATION);
    CHECK(!cc_gcc_next_probe(&gcc, &(struct cc_probe){0}));
}

static void reports_that_stop_halve_the_rate(void)
{
    begin();
    cc_gcc_set_feedback(&gcc, false);
    report_for(2, START_BPS / 2, 0);
    send(1000);
    CHECK_EQ(cc_gcc_next_timeout(&gcc), now + CC_GCC_SILENCE_BLIND);
    cc_gcc_tick(&gcc, now + CC_GCC_SILENCE_BLIND);
    CHECK_EQ(target(), START_BPS / 2);
    CHECK_EQ(cc_gcc_target(&gcc).reason, CC_REASON_SILENCE);
}

static void feedback_that_comes_and_goes_keeps_the_rate(void)
{
    begin();
    run(YODEL_SECONDS(10), in_time, 0);
    uint64_t before = target();
    cc_gcc_set_feedback(&gcc, false);
    CHECK_EQ(target(), before);
    cc_gcc_set_feedback(&gcc, true);
    CHECK_EQ(target(), before);
    run(YODEL_SECONDS(10), in_time, 0);
    CHECK(target() >= before);
}

static void limits_that_change_hold_at_once(void)
{
    begin();
    cc_gcc_set_limits(&gcc, &(struct cc_gcc_limits){400000, 0, 500000});
    CHECK_EQ(target(), 400000);
    cc_gcc_set_limits(&gcc, &(struct cc_gcc_limits){0, 0, 100000});
    CHECK_EQ(target(), 100000);
    cc_gcc_set_limits(&gcc, &(struct cc_gcc_limits){UINT64_MAX, 0, 0});
    CHECK_EQ(target(), CC_GCC_BPS_MAX);
}

static void the_first_packet_asks_for_two_probes(void)
{
    struct cc_probe probe;

    begin();
    CHECK(!cc_gcc_next_probe(&gcc, &probe));
    send(1000);
    CHECK(cc_gcc_next_probe(&gcc, &probe));
    CHECK_EQ(probe.rate_bps, 3 * START_BPS);
    CHECK(cc_gcc_next_probe(&gcc, &probe));
    CHECK_EQ(probe.rate_bps, 6 * START_BPS);
    CHECK(!cc_gcc_next_probe(&gcc, &probe));
}

// Six packets of 1000 bytes, one each 4 ms: 2 Mbit/s, which arrive so or slower.
static void probe_with(yodel_duration spacing)
{
    struct cc_probe probe;

    begin();
    send(100);
    while (cc_gcc_next_probe(&gcc, &probe)) {
    }
    for (uint64_t i = 0; i < 6; i++) {
        cc_gcc_sent(&gcc, &(struct cc_sent){++seq, 1000, probe.id}, now + i * YODEL_MS(4));
        tell(seq, true, now + i * spacing);
    }
    cc_gcc_feedback_end(&gcc, now + YODEL_MS(100));
}

static void a_probe_that_arrives_as_sent_raises_the_rate_to_it_and_asks_for_more(void)
{
    struct cc_probe probe;

    probe_with(YODEL_MS(4));
    CHECK(target() > 1990000 && target() <= 2000000);
    CHECK(cc_gcc_next_probe(&gcc, &probe));
    CHECK(probe.rate_bps > 3900000);
}

static void a_probe_that_is_slowed_down_shows_what_the_path_carries(void)
{
    struct cc_probe probe;

    probe_with(YODEL_MS(10)); // 800 kbit/s
    CHECK(target() > 740000 && target() < 800000);
    CHECK(!cc_gcc_next_probe(&gcc, &probe));
}

static void a_probe_that_arrives_faster_than_light_is_not_believed(void)
{
    probe_with(1);
    CHECK_EQ(target(), START_BPS);
    probe_with(0);
    CHECK_EQ(target(), START_BPS);
}

TEST_MAIN(TEST(growth_ends_at_half_more_than_what_arrives),
    TEST(a_growing_queue_is_answered_with_less_than_what_arrives),
    TEST(a_clock_that_lies_makes_nothing_faster_than_it_was_sent),
    TEST(times_of_the_far_future_and_times_at_random_do_no_harm),
    TEST(what_was_never_sent_is_not_acknowledged), TEST(what_is_said_twice_counts_once),
    TEST(what_was_said_to_be_lost_and_came_late_was_not_lost),
    TEST(what_is_too_old_is_not_remembered), TEST(silence_halves_the_rate_down_to_the_minimum),
    TEST(what_was_lost_in_a_silence_costs_no_more_than_the_silence),
    TEST(who_sends_nothing_hears_nothing_and_that_is_no_silence),
    TEST(an_hour_that_is_leapt_over_halves_once), TEST(remb_is_a_ceiling_and_no_floor),
    TEST(reports_count_where_there_is_no_feedback),
    TEST(without_feedback_little_says_nothing_of_more), TEST(reports_that_stop_halve_the_rate),
    TEST(feedback_that_comes_and_goes_keeps_the_rate), TEST(limits_that_change_hold_at_once),
    TEST(the_first_packet_asks_for_two_probes),
    TEST(a_probe_that_arrives_as_sent_raises_the_rate_to_it_and_asks_for_more),
    TEST(a_probe_that_is_slowed_down_shows_what_the_path_carries),
    TEST(a_probe_that_arrives_faster_than_light_is_not_believed))
