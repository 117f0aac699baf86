// RTP history: what was sent lately is sent again to who asks, once a round trip, and never more
// than was sent.

#include "rtp/history.h"

#include "capped_alloc.h"
#include "check.h"

static struct rtp_history history;
static uint8_t bytes[1500];
static uint64_t taken_seq;
static struct bytes taken;

static void begin(size_t size, size_t places)
{
    CHECK_EQ(rtp_history_init(&history, alloc_system(), size, places), YODEL_OK);
}

// A packet whose every byte tells its number.
static void put(uint64_t seq, size_t len, yodel_time now)
{
    memset(bytes, (uint8_t)seq, len);
    rtp_history_put(&history, seq, bytes_of(bytes, len), now);
}

static void ask(uint64_t seq, uint16_t mask, yodel_time now)
{
    rtp_history_recv_nack(&history, &(struct rtcp_nack){(uint16_t)seq, mask}, now);
}

static void check_taken(uint64_t seq, size_t len, yodel_time now)
{
    CHECK(rtp_history_take(&history, &taken_seq, &taken, now));
    CHECK_EQ(taken_seq, seq);
    CHECK_EQ(taken.len, len);
    CHECK_EQ(taken.ptr[0], (uint8_t)seq);
    CHECK_EQ(taken.ptr[len - 1], (uint8_t)seq);
}

static void what_is_asked_for_comes_in_that_order_across_the_wrap(void)
{
    begin(10000, 64);
    for (uint64_t seq = 0x1fff0; seq < 0x20010; seq++) {
        put(seq, 100 + (size_t)(seq & 15), 0);
    }
    ask(0xfffe, 0x0003 | 0x8000, 0);
    ask(5, 0, 0);
    check_taken(0x1fffe, 114, 0);
    check_taken(0x1ffff, 115, 0);
    check_taken(0x20000, 100, 0);
    check_taken(0x2000e, 114, 0);
    check_taken(0x20005, 105, 0);
    CHECK(!rtp_history_take(&history, &taken_seq, &taken, 0));
    CHECK_EQ(history.again, 5);
    rtp_history_deinit(&history);
}

static void one_packet_is_sent_again_once_a_round_trip(void)
{
    begin(10000, 64);
    rtp_history_set_rtt(&history, YODEL_MS(50));
    put(0x10001, 100, 0);
    ask(1, 0, YODEL_MS(1));
    ask(1, 0, YODEL_MS(1));
    check_taken(0x10001, 100, YODEL_MS(2));
    CHECK(!rtp_history_take(&history, &taken_seq, &taken, YODEL_MS(2)));
    ask(1, 0, YODEL_MS(51));
    CHECK_EQ(history.refused[RTP_HISTORY_SOON], 2);
    ask(1, 0, YODEL_MS(52));
    check_taken(0x10001, 100, YODEL_MS(52));
    rtp_history_deinit(&history);
}

static void what_is_old_gone_or_never_was_is_refused(void)
{
    begin(1000, 4);
    for (uint64_t seq = 0x10000; seq < 0x10006; seq++) {
        put(seq, 100, 0);
    }
    ask(0, 0, 0);      // Overwritten.
    ask(6, 0, 0);      // Not sent yet.
    ask(0x8000, 0, 0); // Never sent.
    CHECK_EQ(history.refused[RTP_HISTORY_GONE], 3);
    ask(5, 0, RTP_HISTORY_AGE_MAX + 1);
    CHECK_EQ(history.refused[RTP_HISTORY_GONE], 4);
    ask(2, 0, RTP_HISTORY_AGE_MAX);
    check_taken(0x10002, 100, 0);
    ask(3, 0, 0);
    for (uint64_t seq = 0x10006; seq < 0x1000a; seq++) {
        put(seq, 100, 0); // Before it was taken, it went.
    }
    CHECK(!rtp_history_take(&history, &taken_seq, &taken, 0));
    CHECK_EQ(history.refused[RTP_HISTORY_GONE], 5);
    rtp_history_deinit(&history);
}

// C6: a peer that asks for all it was sent, again and again, gets as much as it was sent, and the
// reserve.
static void a_peer_that_asks_for_ever_gets_no_more_than_was_sent(void)
{
    uint64_t sent = 0;

    begin(1000000, 1024);
    for (uint64_t seq = 0x10000; seq < 0x10000 + 1000; seq++) {
        put(seq, 1000, 0);
        sent += 1000;
    }
    for (yodel_time now = 0; now < YODEL_SECONDS(2); now += YODEL_MS(20)) {
        for (uint64_t seq = 0; seq < 1000; seq += 17) {
            ask(seq, 0xffff, now);
        }
        while (rtp_history_take(&history, &taken_seq, &taken, now)) {
        }
        put(0x10000 + 1000 + now / YODEL_MS(20), 1000, now);
        sent += 1000;
    }
    CHECK(history.again_bytes > 0);
    CHECK(history.again_bytes <=
          sent / 10 + RTP_HISTORY_RESERVE); // 100 of 1100 came after it was full.
    CHECK(history.refused[RTP_HISTORY_BUDGET] > 0);
    CHECK(history.refused[RTP_HISTORY_FULL] > 0);
    rtp_history_deinit(&history);
}

// The last packets that fit are there, whatever their lengths, and hold what was put.
static void the_ring_keeps_what_fits(void)
{
    uint64_t noise = 1;
    static size_t lens[3000];

    begin(20000, 4096);
    for (uint64_t seq = 0; seq < 3000; seq++) {
        noise = noise * 6364136223846793005u + 1442695040888963407u;
        lens[seq] = 1 + (size_t)(noise >> 33) % 1500;
        put(0x10000 + seq, lens[seq], YODEL_MS(10) * seq);
        yodel_time now = YODEL_MS(10) * (seq + 1);
        size_t kept = 0;
        for (uint64_t back = 0; back <= seq; back++) {
            kept += lens[seq - back];
            if (kept > 20000 - 1500) {
                break; // The seam costs less than one packet.
            }
            if (back % 5 == 0 && now - YODEL_MS(10) * (seq - back) <= RTP_HISTORY_AGE_MAX) {
                history.budget = RTP_HISTORY_RESERVE;
                history.packets[(0x10000 + seq - back) % 4096].again = 0;
                ask(0x10000 + seq - back, 0, now);
                check_taken(0x10000 + seq - back, lens[seq - back], now);
            }
        }
    }
    rtp_history_deinit(&history);
}

// What is over a place in the ring's bytes is never given for what was there.
static void whatever_comes_out_is_what_was_put(void)
{
    uint64_t noise = 1;
    static size_t lens[3000];

    begin(20000, 4096);
    for (uint64_t seq = 0; seq < 3000; seq++) {
        noise = noise * 6364136223846793005u + 1442695040888963407u;
        lens[seq] = 1 + (size_t)(noise >> 33) % 1500;
        put(0x10000 + seq, lens[seq], 0);
        history.budget = RTP_HISTORY_RESERVE;
        for (uint64_t asked = history.first; asked < history.end; asked++) {
            history.packets[asked % 4096].again = 0;
            ask(asked, 0, 0);
            check_taken(asked, lens[asked - 0x10000], 0);
        }
    }
    rtp_history_deinit(&history);
}

static void what_is_too_large_is_not_kept(void)
{
    begin(100, 4);
    put(0x10001, 101, 0);
    put(0x10002, 100, 0);
    ask(1, 1, 0);
    check_taken(0x10002, 100, 0);
    CHECK_EQ(history.refused[RTP_HISTORY_GONE], 1);
    rtp_history_deinit(&history);
}

static void numbers_that_leap_begin_anew(void)
{
    begin(10000, 16);
    put(0x10001, 100, 0);
    put(0x10003, 100, 0);
    put(0x50000, 100, 0);
    put(0x50002, 100, 0);
    ask(0, 3, 0);
    check_taken(0x50000, 100, 0);
    check_taken(0x50002, 100, 0);
    CHECK_EQ(history.refused[RTP_HISTORY_GONE], 1);
    rtp_history_deinit(&history);
}

static void all_is_in_one_allocation(void)
{
    struct capped_alloc memory = capped_alloc(1);

    CHECK_EQ(rtp_history_init(&history, &memory.alloc, 1000, 16), YODEL_OK);
    CHECK_EQ(memory.held, 1);
    for (uint64_t seq = 0; seq < 1000; seq++) {
        put(0x10000 + seq, 100, 0);
    }
    rtp_history_deinit(&history);
    CHECK_EQ(memory.held, 0);
    CHECK_EQ(rtp_history_init(&history, &memory.alloc, 1000, 16), YODEL_ERR_NO_MEMORY);
}

TEST_MAIN(TEST(what_is_asked_for_comes_in_that_order_across_the_wrap),
    TEST(one_packet_is_sent_again_once_a_round_trip),
    TEST(what_is_old_gone_or_never_was_is_refused),
    TEST(a_peer_that_asks_for_ever_gets_no_more_than_was_sent), TEST(the_ring_keeps_what_fits),
    TEST(whatever_comes_out_is_what_was_put), TEST(what_is_too_large_is_not_kept),
    TEST(numbers_that_leap_begin_anew), TEST(all_is_in_one_allocation))
