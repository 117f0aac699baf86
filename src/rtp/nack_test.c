// RTP losses: what is missing is asked for once a round trip, the late are waited for, and what
// will not come is given up.

#include "rtp/nack.h"

#include "check.h"

static struct rtp_nack nack;
static uint8_t room[1500];

static void begin(uint64_t first)
{
    rtp_nack_init(&nack);
    rtp_nack_recv(&nack, first, false, 0);
}

// How many numbers one NACK names now.
static size_t asked_at(yodel_time now)
{
    struct writer w = writer_of(span_of(room, sizeof room));
    uint64_t before = nack.asked;

    bool is_written = rtp_nack_emit(&nack, &w, 1, 2, now);
    CHECK_EQ(is_written, w.len > 0);
    CHECK(!rtp_nack_emit(&nack, &w, 1, 2, now)); // Drained.
    return (size_t)(nack.asked - before);
}

static void what_is_missing_is_asked_for_at_once_and_once_a_round_trip(void)
{
    begin(0x1fffe);
    CHECK_EQ(rtp_nack_next_timeout(&nack), YODEL_NEVER);
    rtp_nack_recv(&nack, 0x20001, false, YODEL_MS(5));
    CHECK_EQ(rtp_nack_next_timeout(&nack), YODEL_MS(5));
    CHECK_EQ(asked_at(YODEL_MS(5)), 2);
    CHECK_BYTES(bytes_of(room + 12, 4), bytes_of("\xff\xff\0\1", 4));
    yodel_time again = YODEL_MS(5) + RTP_NACK_RTT_FIRST * 5 / 4;
    CHECK_EQ(rtp_nack_next_timeout(&nack), again);
    CHECK_EQ(asked_at(again - 1), 0);
    rtp_nack_recv(&nack, 0x20000, true, again - 1);
    CHECK_EQ(nack.recovered, 1);
    rtp_nack_set_rtt(&nack, YODEL_MS(1));
    CHECK_EQ(asked_at(again), 1);
    CHECK_EQ(rtp_nack_next_timeout(&nack), again + RTP_NACK_RETRY_MIN);
    rtp_nack_recv(&nack, 0x1ffff, false, again);
    CHECK_EQ(rtp_nack_next_timeout(&nack), YODEL_NEVER);
    CHECK(!rtp_nack_take_key_frame(&nack));
}

static void what_never_comes_is_given_up_for_a_key_frame(void)
{
    yodel_time now = 0;

    begin(1);
    rtp_nack_recv(&nack, 3, false, now);
    for (uint32_t i = 0; i < RTP_NACK_TRIES_MAX; i++) {
        now = rtp_nack_next_timeout(&nack);
        rtp_nack_tick(&nack, now);
        CHECK_EQ(asked_at(now), 1);
    }
    now = rtp_nack_next_timeout(&nack);
    CHECK(now != YODEL_NEVER);
    rtp_nack_tick(&nack, now - 1);
    CHECK(!rtp_nack_take_key_frame(&nack));
    rtp_nack_tick(&nack, now);
    CHECK(rtp_nack_take_key_frame(&nack));
    CHECK(!rtp_nack_take_key_frame(&nack));
    CHECK_EQ(nack.given_up, 1);
    CHECK_EQ(rtp_nack_next_timeout(&nack), YODEL_NEVER);
}

// P4: a sequence number that leaps, or an outage that is too long to be repaired.
static void too_many_missing_are_given_up_together(void)
{
    begin(10);
    rtp_nack_recv(&nack, 12, false, 0);
    rtp_nack_recv(&nack, 12 + RTP_NACK_MISSING_MAX, false, 0); // 511 more: full.
    CHECK_EQ(nack.count, RTP_NACK_MISSING_MAX);
    CHECK(!rtp_nack_take_key_frame(&nack));
    CHECK_EQ(asked_at(0), RTP_NACK_MISSING_MAX);
    rtp_nack_recv(&nack, 14 + RTP_NACK_MISSING_MAX, false, 0);
    CHECK_EQ(nack.count, 0);
    CHECK(rtp_nack_take_key_frame(&nack));
    rtp_nack_recv(&nack, (uint64_t)1 << 62, false, 0);
    CHECK_EQ(nack.count, 0);
    CHECK(rtp_nack_take_key_frame(&nack));
    rtp_nack_recv(&nack, ((uint64_t)1 << 62) + 2, false, 0); // And it goes on from there.
    CHECK_EQ(nack.count, 1);
}

// F3: where packets come in another order all the time, hardly one is asked for in vain.
static void the_late_are_waited_for_once_it_is_known_how_late_they_are(void)
{
    yodel_time now = 0;

    begin(0);
    for (uint64_t seq = 2; seq <= 2000; seq += 2) { // Each even one comes 30 ms before the odd one.
        rtp_nack_recv(&nack, seq, false, now);
        for (yodel_time end = now + YODEL_MS(30); now < end; now += YODEL_MS(1)) {
            if (rtp_nack_next_timeout(&nack) <= now) {
                asked_at(now);
            }
        }
        rtp_nack_recv(&nack, seq - 1, false, now);
    }
    CHECK_EQ(nack.late, 1000);
    CHECK_EQ(nack.asked, 1);
    CHECK_EQ(nack.reorder, YODEL_MS(30));
}

static void losses_shorten_the_wait_again(void)
{
    begin(0);
    rtp_nack_recv(&nack, 2, false, 0);
    rtp_nack_set_rtt(&nack, YODEL_SECONDS(1));
    rtp_nack_recv(&nack, 1, false, YODEL_MS(500));
    CHECK_EQ(nack.reorder, RTP_NACK_REORDER_MAX);
    for (uint64_t seq = 4; seq < 400; seq += 2) {
        yodel_time now = YODEL_SECONDS(seq);
        rtp_nack_recv(&nack, seq, false, now);
        now = rtp_nack_next_timeout(&nack);
        CHECK_EQ(asked_at(now), 1);
        rtp_nack_recv(&nack, seq - 1, true, now + YODEL_MS(50));
    }
    CHECK(nack.reorder < YODEL_MS(1));
}

// Without RTX an answer comes under its own number, a round trip later: it is not a late one.
static void an_answer_without_rtx_is_no_late_packet(void)
{
    begin(0);
    rtp_nack_recv(&nack, 2, false, 0);
    CHECK_EQ(asked_at(0), 1);
    rtp_nack_recv(&nack, 1, false, RTP_NACK_RTT_FIRST);
    CHECK_EQ(nack.recovered, 1);
    CHECK_EQ(nack.late, 0);
    CHECK_EQ(nack.reorder, 0);
}

static void what_is_before_a_key_frame_is_forgotten(void)
{
    begin(0);
    rtp_nack_recv(&nack, 10, false, 0);
    rtp_nack_forget_below(&nack, 5);
    CHECK_EQ(nack.count, 5);
    CHECK_EQ(nack.missing[0].seq, 5);
    rtp_nack_forget_below(&nack, 100);
    CHECK_EQ(nack.count, 0);
    CHECK(!rtp_nack_take_key_frame(&nack));
}

static void little_room_leaves_the_rest_for_the_next(void)
{
    struct writer w = writer_of(span_of(room, 16));

    begin(0);
    rtp_nack_recv(&nack, 2, false, 0);
    rtp_nack_recv(&nack, 102, false, 0);
    CHECK(rtp_nack_emit(&nack, &w, 1, 2, 0));
    CHECK_EQ(nack.asked, 16); // 1, and 3 to 17.
    CHECK_EQ(rtp_nack_next_timeout(&nack), 0);
    CHECK_EQ(asked_at(0), 84);
}

static void duplicates_and_the_unknown_change_nothing(void)
{
    begin(100);
    rtp_nack_recv(&nack, 100, false, 0);
    rtp_nack_recv(&nack, 50, false, 0); // From before the beginning.
    CHECK_EQ(nack.count, 0);
    CHECK_EQ(nack.late + nack.recovered, 0);
}

TEST_MAIN(TEST(what_is_missing_is_asked_for_at_once_and_once_a_round_trip),
    TEST(what_never_comes_is_given_up_for_a_key_frame),
    TEST(too_many_missing_are_given_up_together),
    TEST(the_late_are_waited_for_once_it_is_known_how_late_they_are),
    TEST(losses_shorten_the_wait_again), TEST(an_answer_without_rtx_is_no_late_packet),
    TEST(what_is_before_a_key_frame_is_forgotten), TEST(little_room_leaves_the_rest_for_the_next),
    TEST(duplicates_and_the_unknown_change_nothing))
