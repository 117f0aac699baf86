// Sharing the target: audio before repair before video, minima by priority, never more than there is.

#include "cc/allocator.h"

#include "check.h"

static struct cc_allocator_shares split(
    uint64_t target, double repair, struct cc_allocator_stream *streams, size_t count)
{
    struct cc_allocator_budget budget = {target, 40000, repair};
    struct cc_allocator_shares shares = cc_allocator_split(&budget, streams, count);
    uint64_t video = 0;

    for (size_t i = 0; i < count; i++) {
        video += streams[i].bps;
    }
    CHECK_EQ(video, shares.video_bps);
    CHECK_EQ(shares.audio_bps + shares.repair_bps + shares.video_bps + shares.left_bps, target);
    return shares;
}

static void audio_comes_first(void)
{
    struct cc_allocator_stream stream = {30000, 1000000, 1, 500000};

    CHECK_EQ(split(30000, 0.1, &stream, 1).audio_bps, 30000);
    CHECK_EQ(stream.bps, 0);
    CHECK_EQ(split(1040000, 0.1, &stream, 1).audio_bps, 40000);
    CHECK_EQ(stream.bps, 900000);
}

static void repair_has_its_share_and_no_more_than_half(void)
{
    struct cc_allocator_stream stream = {0, 10000000, 1, 0};

    CHECK_EQ(split(1040000, 0.05, &stream, 1).repair_bps, 50000);
    CHECK_EQ(split(1040000, 7.0, &stream, 1).repair_bps, 500000);
    CHECK_EQ(split(1040000, -1.0, &stream, 1).repair_bps, 0);
}

static void what_is_left_goes_by_priority_and_what_one_cannot_use_to_others(void)
{
    struct cc_allocator_stream streams[] = {
        {0, 10000000, 2, 0}, {0, 10000000, 1, 0}, {0, 100000, 1, 0}};

    split(1040000, 0, streams, 3);
    CHECK_EQ(streams[0].bps, 600000);
    CHECK_EQ(streams[1].bps, 300000);
    CHECK_EQ(streams[2].bps, 100000);
}

static void minima_go_by_priority_and_who_has_none_is_paused(void)
{
    struct cc_allocator_stream streams[] = {
        {150000, 500000, 1, 150000}, {200000, 500000, 4, 200000}, {50000, 100000, 1, 50000}};

    split(340000, 0, streams, 3);
    CHECK_EQ(streams[0].bps, 0); // 100 kbit/s were left for its 150.
    CHECK(streams[1].bps >= 200000);
    CHECK(streams[2].bps >= 50000);
}

static void a_paused_stream_needs_more_to_come_back(void)
{
    struct cc_allocator_stream stream = {100000, 500000, 1, 100000};

    split(140000, 0, &stream, 1);
    CHECK_EQ(stream.bps, 100000);
    split(139000, 0, &stream, 1);
    CHECK_EQ(stream.bps, 0);
    split(149000, 0, &stream, 1);
    CHECK_EQ(stream.bps, 0);
    split(150000, 0, &stream, 1);
    CHECK_EQ(stream.bps, 110000);
}

// Whatever is asked for, and however much there is.
static void the_sum_is_never_over_the_target(void)
{
    uint64_t chance = 88172645463325252u;

    for (int i = 0; i < 20000; i++) {
        struct cc_allocator_stream streams[8];
        for (size_t j = 0; j < COUNT(streams); j++) {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            streams[j] = (struct cc_allocator_stream){chance % 1000000, chance >> (chance % 64),
                (uint32_t)(chance >> 40) >> (chance % 32), chance % 3};
        }
        split(chance >> (8 + chance % 50), 0.1, streams, chance % (COUNT(streams) + 1));
    }
}

TEST_MAIN(TEST(audio_comes_first), TEST(repair_has_its_share_and_no_more_than_half),
    TEST(what_is_left_goes_by_priority_and_what_one_cannot_use_to_others),
    TEST(minima_go_by_priority_and_who_has_none_is_paused),
    TEST(a_paused_stream_needs_more_to_come_back), TEST(the_sum_is_never_over_the_target))
