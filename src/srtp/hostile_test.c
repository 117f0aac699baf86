// What strangers and the other side may try: R1 to R8 and R10. R5, wraps with loss, is in srtp_test.c too.

#include "srtp/fixture.h"

static bool opens(struct pair *pair, struct packet packet)
{
    struct srtp_opened opened;

    return srtp_unprotect(&pair->to, span_of(packet.data, packet.len), &opened);
}

static bool opens_rtcp(struct pair *pair, struct packet packet)
{
    size_t len;

    return srtp_unprotect_rtcp(&pair->to, span_of(packet.data, packet.len), &len);
}

static void r1_any_length_is_survived(void)
{
    EACH_SUITE(suite)
    {
        struct pair pair;
        pair_init(&pair, suite);
        for (size_t len = 0; len <= 64; len++) {
            for (unsigned first = 0; first < 256; first++) {
                struct packet packet = {.len = len, .data = {(uint8_t)first, 96}};
                CHECK(!opens(&pair, packet));
                CHECK(!opens_rtcp(&pair, packet));
            }
        }
        pair_deinit(&pair);
    }
}

static void r2_no_changed_bit_passes(void)
{
    EACH_SUITE(suite)
    {
        struct pair pair;
        pair_init(&pair, suite);
        struct packet good = rtp(&pair, 7, 5, "payload"), report = rtcp(&pair, 7);
        for (size_t bit = 0; bit < good.len * 8; bit++) {
            struct packet bad = good;
            bad.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK(!opens(&pair, bad));
        }
        for (size_t bit = 0; bit < report.len * 8; bit++) {
            struct packet bad = report;
            bad.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK(!opens_rtcp(&pair, bad));
        }
        for (size_t len = 0; len < good.len; len++) {
            struct packet shorter = good;
            shorter.len = len;
            CHECK(!opens(&pair, shorter));
        }
        CHECK(opens(&pair, good));
        CHECK(opens_rtcp(&pair, report));
        pair_deinit(&pair);
    }
}

static void r3_a_replay_is_dropped_and_a_forgery_moves_nothing(void)
{
    EACH_SUITE(suite)
    {
        struct pair pair;
        pair_init(&pair, suite);
        struct packet first = rtp(&pair, 7, 1000, "x");
        CHECK(opens(&pair, first));
        CHECK(!opens(&pair, first));
        CHECK_EQ(pair.to.stats.drops[SRTP_DROP_REPLAYED], 1);
        // A jump of half the space, by a stranger: had it moved the roll-over counter, the next one failed.
        struct packet forged = first;
        store_u16(forged.data + 2, 1000 + 0x7fff);
        CHECK(!opens(&pair, forged));
        store_u16(forged.data + 2, (uint16_t)(1000 + 0x8000));
        CHECK(!opens(&pair, forged));
        CHECK_EQ(pair.to.stats.drops[SRTP_DROP_FORGED], 1);
        CHECK_EQ(pair.to.stats.drops[SRTP_DROP_OLD], 1); // From before index 0.
        CHECK(opens(&pair, rtp(&pair, 7, 1001, "x")));
        // What comes after the window moved on is too old.
        struct packet late = rtp(&pair, 7, 1002, "x");
        CHECK(opens(&pair, rtp(&pair, 7, 1002 + 2 * SRTP_WINDOW, "x")));
        CHECK(!opens(&pair, late));
        CHECK_EQ(pair.to.stats.drops[SRTP_DROP_OLD], 2);
        pair_deinit(&pair);
    }
}

static void r4_strangers_fill_no_table_and_friends_only_so_much(void)
{
    EACH_SUITE(suite)
    {
        struct pair pair;
        pair_init(&pair, suite);
        pair.from.stream_count_max = SRTP_STREAMS_DEFAULT + 1;
        struct packet packet = rtp(&pair, 100, 5, "payload");
        CHECK(opens(&pair, packet));
        for (uint32_t ssrc = 1000; ssrc < 1000 + 65000; ssrc++) {
            store_u32(packet.data + 8, ssrc);
            CHECK(!opens(&pair, packet));
        }
        CHECK_EQ(pair.to.streams.count, 1);
        for (uint32_t ssrc = 101; ssrc < 100 + SRTP_STREAMS_DEFAULT - 1; ssrc++) {
            CHECK(opens(&pair, rtp(&pair, ssrc, 5, "payload")));
        }
        CHECK(opens_rtcp(&pair, rtcp(&pair, 99))); // Who only reports is a stream as well.
        CHECK_EQ(pair.to.streams.count, SRTP_STREAMS_DEFAULT);
        CHECK(!opens(&pair, rtp(&pair, 9, 5, "payload")));
        CHECK_EQ(pair.to.stats.drops[SRTP_DROP_STREAMS], 1);
        CHECK_EQ(try_rtp(&pair, 10, 5), YODEL_OK);
        CHECK_EQ(try_rtp(&pair, 11, 5), YODEL_ERR_NOT_SUPPORTED);
        CHECK(opens(&pair, rtp(&pair, 100, 6, "payload")));
        pair_deinit(&pair);
    }
}

static void r6_another_roll_over_counter_does_not_pass(void)
{
    EACH_SUITE(suite)
    {
        struct pair pair;
        pair_init(&pair, suite);
        struct packet next = rtp(&pair, 7, 6, "x");
        CHECK(opens(&pair, rtp(&pair, 7, 5, "x")));
        CHECK(!opens(&pair, rtp(&pair, 7, 65536 + 6, "x")));
        CHECK(opens(&pair, next));
        pair_deinit(&pair);
    }
}

static void r7_headers_that_end_outside_are_malformed(void)
{
    static const struct {
        uint8_t first;
        uint16_t words; // Of the extension.
    } rows[] = {{0x8f, 0}, {0x90, 0xffff}, {0x90, 20}, {0x9f, 1}, {0x00, 0}, {0x40, 0}, {0xc0, 0}};

    EACH_SUITE(suite)
    {
        struct pair pair;
        pair_init(&pair, suite);
        for (size_t i = 0; i < COUNT(rows); i++) {
            struct packet packet = {.len = 12 + 30, .data = {rows[i].first, 96}};
            store_u16(packet.data + 14, rows[i].words);
            CHECK(!opens(&pair, packet));
            CHECK_EQ(pair.to.stats.drops[SRTP_DROP_MALFORMED], i + 1);
        }
        pair_deinit(&pair);
    }
}

static void r8_reports_are_opened_once_and_only_encrypted(void)
{
    EACH_SUITE(suite)
    {
        struct pair pair;
        pair_init(&pair, suite);
        struct packet report = rtcp(&pair, 7), plain = rtcp(&pair, 7);
        size_t word = srtp_suite_is_aead(suite) ? plain.len - 4 : plain.len - 14;
        CHECK(opens_rtcp(&pair, report));
        CHECK(!opens_rtcp(&pair, report));
        CHECK_EQ(pair.to.stats.drops[SRTP_DROP_REPLAYED], 1);
        plain.data[word] &= 0x7f;
        CHECK(!opens_rtcp(&pair, plain));
        CHECK_EQ(pair.to.stats.drops[SRTP_DROP_UNENCRYPTED], 1);
        pair.from.rtcp_index = 0x7fffffff; // The last one there is.
        CHECK(opens_rtcp(&pair, rtcp(&pair, 7)));
        pair_deinit(&pair);
    }
}

static void r10_what_nobody_sealed_is_dropped(void)
{
    EACH_SUITE(suite)
    {
        struct packet plain = {.len = 60, .data = {0x80, 96, 0, 5, [11] = 7}};
        struct packet report = {.len = 60, .data = {0x80, 200, 0, 14, [7] = 7, [56] = 0x80}};
        struct pair pair;
        pair_init(&pair, suite);
        CHECK(!opens(&pair, plain));
        CHECK(!opens_rtcp(&pair, report));
        CHECK_EQ(pair.to.streams.count, 0);
        pair_deinit(&pair);
    }
}

TEST_MAIN(TEST(r1_any_length_is_survived), TEST(r2_no_changed_bit_passes),
    TEST(r3_a_replay_is_dropped_and_a_forgery_moves_nothing),
    TEST(r4_strangers_fill_no_table_and_friends_only_so_much),
    TEST(r6_another_roll_over_counter_does_not_pass),
    TEST(r7_headers_that_end_outside_are_malformed),
    TEST(r8_reports_are_opened_once_and_only_encrypted), TEST(r10_what_nobody_sealed_is_dropped))
