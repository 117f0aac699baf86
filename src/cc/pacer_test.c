// Pacing: bytes over time at the rate, audio at once, nothing waits for ever, clusters at their own rate.

#include "cc/pacer.h"

#include "check.h"

static struct cc_pacer pacer;

static void begin(uint64_t bps)
{
    cc_pacer_init(&pacer, bps, 0);
    cc_pacer_set_queue(&pacer, &(struct cc_pacer_queue){1000000, 0}, 0);
}

// Sends whenever it may until `end`, and returns the bytes that went.
static size_t send_all(enum cc_pacer_kind kind, size_t size, yodel_time from, yodel_time end)
{
    size_t sent = 0;

    for (yodel_time now = from; now < end;) {
        if (cc_pacer_may_send(&pacer, kind, now)) {
            cc_pacer_sent(&pacer, kind, size, now);
            sent += size;
            continue;
        }
        yodel_time next = cc_pacer_next_timeout(&pacer, now);
        CHECK(next > now); // Nothing may be sent, so time must go by.
        now = next;
    }
    return sent;
}

static void check_about(size_t got, size_t want)
{
    CHECK(got >= want * 95 / 100 && got <= want * 105 / 100);
}

static void video_leaves_at_the_rate(void)
{
    cc_pacer_init(&pacer, 800000, 0);
    cc_pacer_set_queue(&pacer, &(struct cc_pacer_queue){50000, 0}, 0);
    check_about(send_all(CC_PACER_VIDEO, 1000, 0, YODEL_MS(500)), 50000);
}

static void a_burst_is_five_milliseconds_long(void)
{
    begin(8000000);
    size_t sent = 0;
    while (cc_pacer_may_send(&pacer, CC_PACER_VIDEO, 0)) {
        cc_pacer_sent(&pacer, CC_PACER_VIDEO, 1000, 0);
        sent += 1000;
    }
    CHECK(sent >= 5000 && sent <= 6000);
}

static void audio_is_never_held_up(void)
{
    begin(100000);
    send_all(CC_PACER_VIDEO, 1200, 0, YODEL_MS(1));
    CHECK(!cc_pacer_may_send(&pacer, CC_PACER_VIDEO, YODEL_MS(1)));
    CHECK(!cc_pacer_may_send(&pacer, CC_PACER_AGAIN, YODEL_MS(1)));
    CHECK(cc_pacer_may_send(&pacer, CC_PACER_AUDIO, YODEL_MS(1)));
}

static void audio_takes_from_videos_rate(void)
{
    cc_pacer_init(&pacer, 800000, 0);
    cc_pacer_set_queue(&pacer, &(struct cc_pacer_queue){10000, 0}, 0);
    for (int i = 0; i < 20; i++) {
        cc_pacer_sent(&pacer, CC_PACER_AUDIO, 1000, 0);
    }
    CHECK(!cc_pacer_may_send(&pacer, CC_PACER_VIDEO, YODEL_MS(190)));
    CHECK(cc_pacer_may_send(&pacer, CC_PACER_VIDEO, YODEL_MS(200)));
}

// 400 kB at 800 kbit/s would take four seconds.
static void nothing_waits_for_longer_than_two_seconds(void)
{
    cc_pacer_init(&pacer, 800000, 0);
    size_t left = 400000;
    yodel_time now = 0;
    while (left > 0) {
        cc_pacer_set_queue(&pacer, &(struct cc_pacer_queue){left, 0}, now);
        if (cc_pacer_may_send(&pacer, CC_PACER_VIDEO, now)) {
            cc_pacer_sent(&pacer, CC_PACER_VIDEO, 1000, now);
            left -= 1000;
        } else {
            now = cc_pacer_next_timeout(&pacer, now);
        }
    }
    CHECK(now > YODEL_MS(1900) && now <= CC_PACER_WAIT_MAX + YODEL_MS(100));
}

static void an_idle_hour_saves_nothing_up(void)
{
    begin(800000);
    send_all(CC_PACER_VIDEO, 1000, 0, YODEL_MS(100));
    cc_pacer_set_queue(&pacer, &(struct cc_pacer_queue){0, YODEL_NEVER}, YODEL_MS(100));
    CHECK_EQ(cc_pacer_next_timeout(&pacer, YODEL_MS(100)), YODEL_NEVER);
    yodel_time later = YODEL_SECONDS(3600);
    cc_pacer_set_queue(&pacer, &(struct cc_pacer_queue){10000, later}, later);
    check_about(send_all(CC_PACER_VIDEO, 100, later, later + YODEL_MS(100)), 10500);
}

static void a_cluster_leaves_at_its_own_rate_and_ends(void)
{
    struct cc_probe probe = {7, 3000000, 5625, 5};
    yodel_time now = 0;
    size_t sent = 0;

    cc_pacer_init(&pacer, 300000, 0);
    cc_pacer_start_probe(&pacer, &probe, 0);
    while (cc_pacer_is_probing(&pacer)) {
        CHECK(cc_pacer_may_send(&pacer, CC_PACER_PADDING, now));
        CHECK_EQ(cc_pacer_sent(&pacer, CC_PACER_AUDIO, 100, now), 0);
        CHECK_EQ(cc_pacer_sent(&pacer, CC_PACER_PADDING, 600, now), 7);
        sent += 600;
        now = cc_pacer_is_probing(&pacer) ? cc_pacer_next_timeout(&pacer, now) : now;
    }
    CHECK_EQ(sent, 6000);
    CHECK_EQ(now, 14400); // Nine packets of 1600 us; the tenth ends it.
}

static void a_cluster_that_nobody_sends_is_dropped(void)
{
    cc_pacer_init(&pacer, 300000, 0);
    cc_pacer_start_probe(&pacer, &(struct cc_probe){7, 3000000, 5625, 5}, 0);
    CHECK_EQ(cc_pacer_next_timeout(&pacer, 0), CC_PACER_PROBE_PATIENCE);
    cc_pacer_tick(&pacer, CC_PACER_PROBE_PATIENCE);
    CHECK(!cc_pacer_is_probing(&pacer));
    CHECK_EQ(cc_pacer_next_timeout(&pacer, CC_PACER_PROBE_PATIENCE), YODEL_NEVER);
}

static void padding_is_sent_at_what_was_asked_and_behind_all_else(void)
{
    cc_pacer_init(&pacer, 2000000, 0);
    CHECK(!cc_pacer_may_send(&pacer, CC_PACER_PADDING, 0));
    cc_pacer_set_rates(&pacer, 2000000, 400000, 0);
    check_about(send_all(CC_PACER_PADDING, 200, 0, YODEL_SECONDS(1)), 50000);
    cc_pacer_set_queue(&pacer, &(struct cc_pacer_queue){10, 0}, YODEL_SECONDS(2));
    CHECK(!cc_pacer_may_send(&pacer, CC_PACER_PADDING, YODEL_SECONDS(2)));
}

TEST_MAIN(TEST(video_leaves_at_the_rate), TEST(a_burst_is_five_milliseconds_long),
    TEST(audio_is_never_held_up), TEST(audio_takes_from_videos_rate),
    TEST(nothing_waits_for_longer_than_two_seconds), TEST(an_idle_hour_saves_nothing_up),
    TEST(a_cluster_leaves_at_its_own_rate_and_ends), TEST(a_cluster_that_nobody_sends_is_dropped),
    TEST(padding_is_sent_at_what_was_asked_and_behind_all_else))
