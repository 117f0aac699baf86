// RTP sources and senders: numbers and timestamps that never wrap, what is reported of them, and
// the clocks of both sides.

#include "rtp/source.h"

#include "check.h"
#include "rtp/sender.h"

static struct rtp_source source;
static struct rtp_place place;
static struct rtcp_report report;

static bool recv(uint16_t seq, uint32_t timestamp, yodel_time now)
{
    struct rtp_packet packet = {.seq = seq, .timestamp = timestamp, .payload = {NULL, 0}};

    return rtp_source_recv(&source, &packet, &place, now);
}

static void begin(uint16_t seq, uint32_t timestamp)
{
    rtp_source_init(&source, 5, 90000);
    CHECK(recv(seq, timestamp, 0));
}

static void numbers_and_timestamps_go_on_across_the_wrap(void)
{
    begin(0xfffe, 0xfffffff0);
    struct rtp_place first = place;
    CHECK(recv(1, 0x10, 0));
    CHECK_EQ(place.seq - first.seq, 3);
    CHECK_EQ(place.timestamp - first.timestamp, 0x20);
    CHECK(recv(0xffff, 0xfffffff8, 0)); // Late.
    CHECK_EQ(place.seq - first.seq, 1);
    CHECK_EQ(place.timestamp - first.timestamp, 8);
    CHECK(recv(0xfff0, 0xffffff00, 0)); // From before the first.
    CHECK_EQ(first.seq - place.seq, 14);
    CHECK_EQ(first.timestamp - place.timestamp, 0xf0);

    struct rtp_packet repaired = {.seq = 0, .timestamp = 0};
    CHECK(rtp_source_find(&source, &repaired, &place));
    CHECK_EQ(place.seq - first.seq, 2);
    CHECK_EQ(place.timestamp - first.timestamp, 0x10);
    CHECK_EQ(source.packets, 4);
}

static void a_repaired_packet_alone_has_no_place(void)
{
    struct rtp_packet repaired = {.seq = 7};

    rtp_source_init(&source, 5, 90000);
    CHECK(!rtp_source_find(&source, &repaired, &place));
}

// A.3, with numbers worked out by hand.
static void loss_is_reported_since_ever_and_since_the_last_report(void)
{
    begin(10, 0);
    CHECK(!rtp_source_has_news(&source)); // One packet proves nothing (A.1).
    for (uint16_t seq = 11; seq < 18; seq++) {
        CHECK(recv(seq, 0, 0));
    }
    CHECK(rtp_source_has_news(&source));
    CHECK(recv(21, 0, 0)); // 18, 19 and 20 are lost: 3 of 12.
    rtp_source_report(&source, &report, 0);
    CHECK_EQ(report.lost, 3);
    CHECK_EQ(report.fraction_lost, 3 * 256 / 12);
    CHECK_EQ(report.highest_seq, 21);
    CHECK(!rtp_source_has_news(&source));

    CHECK(recv(22, 0, 0));
    CHECK(recv(18, 0, 0));
    CHECK(recv(18, 0, 0)); // Late, and a duplicate.
    rtp_source_report(&source, &report, 0);
    CHECK_EQ(report.lost, 1);
    CHECK_EQ(report.fraction_lost, 0); // More came than was expected.
    rtp_source_report(&source, &report, 0);
    CHECK_EQ(report.fraction_lost, 0);
    for (int i = 0; i < 5; i++) {
        CHECK(recv(22, 0, 0));
    }
    rtp_source_report(&source, &report, 0);
    CHECK_EQ(report.lost, -4); // A.3: it may be negative.
}

static void the_highest_number_counts_its_cycles(void)
{
    begin(0xfff0, 0);
    rtp_source_report(&source, &report, 0);
    CHECK_EQ(report.highest_seq, 0xfff0);
    CHECK(recv(5, 0, 0));
    rtp_source_report(&source, &report, 0);
    CHECK_EQ(report.highest_seq, 0x10005);
    CHECK_EQ(report.fraction_lost, 20 * 256 / 21);
}

// P4 and A.1: one number far away is dropped; the one that follows it begins anew, higher.
static void a_leap_begins_anew_once_it_is_confirmed(void)
{
    begin(1000, 0);
    uint64_t before = place.seq;
    CHECK(!recv(40000, 0, 0));
    CHECK(recv(1001, 0, 0)); // The stream goes on as if nothing had been.
    CHECK_EQ(place.seq, before + 1);
    CHECK(!recv(30000, 0, 0));
    CHECK(!recv(40000, 0, 0));
    CHECK(recv(40001, 0, 0));
    CHECK_EQ(place.seq, before + 39001);
    CHECK_EQ(source.leaps, 3);
    rtp_source_report(&source, &report, 0);
    CHECK_EQ(report.lost, 0);
    // Back, too: it is a turn up then.
    CHECK(!recv(3, 0, 0));
    CHECK(recv(4, 0, 0));
    CHECK_EQ(place.seq, before - 1000 + 65536 + 4);
}

static void packets_a_little_out_of_order_are_taken(void)
{
    begin(5000, 0);
    CHECK(recv(5000 - RTP_SOURCE_MISORDER_MAX + 1, 0, 0));
    CHECK(!recv(5000 - RTP_SOURCE_MISORDER_MAX, 0, 0));
    CHECK(recv(5000 + RTP_SOURCE_DROPOUT_MAX - 1, 0, 0));
    CHECK(!recv(5000 + RTP_SOURCE_DROPOUT_MAX - 1 + RTP_SOURCE_DROPOUT_MAX, 0, 0));
}

// P4: timestamps that leap back for ever by nearly half their range stay above nothing, and so does
// jitter.
static void timestamps_that_leap_stay_above_nothing(void)
{
    begin(0, 0);
    for (uint16_t seq = 1; seq < 100; seq++) {
        CHECK(recv(seq, (uint32_t)seq * 0x80000001u, YODEL_MS(seq)));
        CHECK(place.timestamp < (uint64_t)1 << 63);
    }
    CHECK(rtp_source_jitter(&source) < YODEL_SECONDS(1));
}

// A.8: each packet 10 ms later or earlier than its timestamp says, for long, is a jitter of 10 ms.
static void jitter_is_the_mean_deviation(void)
{
    begin(0, 0);
    for (uint16_t seq = 1; seq < 1000; seq++) {
        yodel_time at = YODEL_MS(20) * seq + (seq % 2 == 0 ? YODEL_MS(10) : 0);
        CHECK(recv(seq, 1800u * seq, at));
    }
    yodel_duration jitter = rtp_source_jitter(&source);
    CHECK(jitter > YODEL_US(9900) && jitter < YODEL_US(10100));
    rtp_source_report(&source, &report, 0);
    CHECK(report.jitter > 890 && report.jitter < 910);
}

static void a_senders_report_is_echoed(void)
{
    struct rtcp_sender_info info = {.ntp = 0x1122334455667788, .timestamp = 0};

    begin(0, 0);
    rtp_source_report(&source, &report, YODEL_SECONDS(1));
    CHECK_EQ(report.echo.last, 0);
    rtp_source_recv_info(&source, &info, YODEL_SECONDS(2));
    rtp_source_report(&source, &report, YODEL_MS(3500));
    CHECK_EQ(report.echo.last, 0x33445566);
    CHECK_EQ(report.echo.delay, 3 << 15);
}

static void a_timestamp_has_its_time_by_the_senders_clock(void)
{
    struct rtcp_sender_info info = {.ntp = (uint64_t)100 << 32, .timestamp = 0xffffff00};
    uint64_t ntp = 0;

    rtp_source_init(&source, 5, 90000);
    CHECK(!rtp_source_captured(&source, 0, &ntp));
    rtp_source_recv_info(&source, &info, 0); // Before the first packet, and before the wrap.
    CHECK(recv(0, 0xffffff00 + 90000u, 0));
    CHECK(rtp_source_captured(&source, place.timestamp, &ntp));
    CHECK_EQ(ntp, (uint64_t)101 << 32);
    CHECK(rtp_source_captured(&source, place.timestamp - 135000, &ntp));
    CHECK_EQ(ntp, ((uint64_t)99 << 32) + ((uint64_t)1 << 31));
    CHECK(!rtp_source_captured(&source, place.timestamp + 90000 * 60, &ntp));
    info.ntp = 0; // C12.
    rtp_source_recv_info(&source, &info, 0);
    CHECK(!rtp_source_captured(&source, place.timestamp, &ntp));
}

static void a_sender_reports_the_timestamp_of_this_moment(void)
{
    struct rtp_sender sender;
    struct rtcp_sender_info info;

    rtp_sender_init(&sender, 9, 48000);
    CHECK(!rtp_sender_report(&sender, &info, 0));
    rtp_sender_sent(&sender, 100, 0xffffff00, YODEL_SECONDS(10));
    rtp_sender_sent(&sender, 60, 0xffffff00 + 960, YODEL_SECONDS(10) + YODEL_MS(20));
    CHECK(rtp_sender_report(&sender, &info, YODEL_SECONDS(11) + YODEL_MS(20)));
    CHECK_EQ(info.packets, 2);
    CHECK_EQ(info.octets, 160);
    CHECK_EQ(info.timestamp, (uint32_t)(0xffffff00 + 960 + 48000));
    CHECK_EQ(info.ntp, rtp_ntp_of(YODEL_SECONDS(11) + YODEL_MS(20)));
}

// C7: asked for a thousand times a second, key frames are made twice, and none is forgotten.
static void a_flood_of_requests_gets_two_key_frames_a_second(void)
{
    struct rtp_sender sender;
    uint64_t made = 0;

    rtp_sender_init(&sender, 9, 90000);
    CHECK_EQ(rtp_sender_next_timeout(&sender), YODEL_NEVER);
    for (yodel_time now = 0; now < YODEL_SECONDS(10); now += YODEL_MS(1)) {
        if (now % YODEL_MS(2) == 0) {
            rtp_sender_recv_pli(&sender);
        } else {
            rtp_sender_recv_fir(&sender, (uint8_t)(now / YODEL_MS(2)));
        }
        made += rtp_sender_take_key(&sender, now);
    }
    CHECK_EQ(made, 20);
    CHECK_EQ(rtp_sender_next_timeout(&sender), YODEL_SECONDS(10));
    CHECK(rtp_sender_take_key(&sender, YODEL_SECONDS(10)));
    CHECK(!rtp_sender_take_key(&sender, YODEL_SECONDS(20)));
}

// RFC 5104 §4.3.1.2: a request is repeated under its number until it is answered.
static void a_repeated_fir_is_one_request(void)
{
    struct rtp_sender sender;

    rtp_sender_init(&sender, 9, 90000);
    for (yodel_time now = 0; now < YODEL_SECONDS(4); now += YODEL_SECONDS(1)) {
        rtp_sender_recv_fir(&sender, 0);
        CHECK_EQ(rtp_sender_take_key(&sender, now), now == 0);
    }
    rtp_sender_recv_fir(&sender, 1);
    CHECK(rtp_sender_take_key(&sender, YODEL_SECONDS(4)));
}

// Two streams of one sender, whose clock is not ours, with transits that differ: what was captured
// together has one time, but for the rounding.
static void lips_are_in_sync(void)
{
    struct rtp_sender audio, video;
    struct rtp_source sources[2];
    struct rtp_packet packet = {.seq = 1, .timestamp = 0};
    struct rtcp_sender_info info;
    struct rtp_ntp_clock clock = {0};
    struct rtp_place places[2];
    yodel_time captured = YODEL_SECONDS(500), shift = YODEL_SECONDS(123456), at[2];
    uint64_t ntp;

    rtp_sender_init(&audio, 1, 48000);
    rtp_sender_init(&video, 2, 90000);
    rtp_source_init(&sources[0], 1, 48000);
    rtp_source_init(&sources[1], 2, 90000);
    rtp_sender_sent(&audio, 0, 77, captured);
    rtp_sender_sent(&video, 0, 88888, captured);
    CHECK(rtp_sender_report(&audio, &info, captured + YODEL_MS(13)));
    rtp_source_recv_info(&sources[0], &info, captured + shift + YODEL_MS(113));
    rtp_ntp_clock_recv(&clock, info.ntp, captured + shift + YODEL_MS(113));
    CHECK(rtp_sender_report(&video, &info, captured + YODEL_MS(977)));
    rtp_source_recv_info(&sources[1], &info, captured + shift + YODEL_MS(1277));
    rtp_ntp_clock_recv(&clock, info.ntp, captured + shift + YODEL_MS(1277));
    for (size_t i = 0; i < 2; i++) { // What is captured two seconds on.
        packet.timestamp = i == 0 ? 77 + 2 * 48000 : 88888 + 2 * 90000;
        CHECK(rtp_source_recv(&sources[i], &packet, &places[i], captured + shift));
        CHECK(rtp_source_captured(&sources[i], places[i].timestamp, &ntp));
        CHECK(rtp_ntp_clock_local(&clock, ntp, &at[i]));
    }
    yodel_duration apart = at[0] > at[1] ? at[0] - at[1] : at[1] - at[0];
    CHECK(apart <= YODEL_US(40)); // One audio sample and one tick of video.
}

TEST_MAIN(TEST(numbers_and_timestamps_go_on_across_the_wrap),
    TEST(a_repaired_packet_alone_has_no_place),
    TEST(loss_is_reported_since_ever_and_since_the_last_report),
    TEST(the_highest_number_counts_its_cycles), TEST(a_leap_begins_anew_once_it_is_confirmed),
    TEST(packets_a_little_out_of_order_are_taken), TEST(timestamps_that_leap_stay_above_nothing),
    TEST(jitter_is_the_mean_deviation), TEST(a_senders_report_is_echoed),
    TEST(a_timestamp_has_its_time_by_the_senders_clock),
    TEST(a_sender_reports_the_timestamp_of_this_moment),
    TEST(a_flood_of_requests_gets_two_key_frames_a_second), TEST(a_repeated_fir_is_one_request),
    TEST(lips_are_in_sync))
