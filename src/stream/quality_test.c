// Quality: sizes follow the bitrate down at once and up with patience; a screen keeps its size.

#include "stream/quality.h"

#include "check.h"

static const struct quality_size hd = {1280, 720, 30};

static void the_size_follows_the_bitrate(void)
{
    static const struct {
        uint64_t bitrate;
        uint32_t height;
    } rows[] = {{0, 720}, {5000000, 720}, {600000, 720}, {500000, 540}, {300000, 360},
        {130000, 270}, {60000, 180}, {1000, 180}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct quality quality;
        quality_init(&quality, false);
        quality_set_bitrate(&quality, rows[i].bitrate);
        struct quality_size size = quality_choose(&quality, &hd, 0);
        CHECK_EQ(size.height, rows[i].height);
        CHECK_EQ(size.width, rows[i].height * 16 / 9);
    }
}

static void going_up_takes_more_and_time(void)
{
    struct quality quality;

    quality_init(&quality, false);
    quality_set_bitrate(&quality, 500000);
    CHECK_EQ(quality_choose(&quality, &hd, 0).height, 540);
    CHECK_EQ(quality_limit(&quality), QUALITY_BANDWIDTH);
    quality_set_bitrate(&quality, 700000); // Enough for 720 lines, were it there already.
    CHECK_EQ(quality_choose(&quality, &hd, YODEL_SECONDS(10)).height, 540);
    quality_set_bitrate(&quality, 1200000);
    CHECK_EQ(quality_choose(&quality, &hd, YODEL_SECONDS(1)).height, 540);
    CHECK_EQ(quality_choose(&quality, &hd, YODEL_SECONDS(11)).height, 720);
    CHECK_EQ(quality_limit(&quality), QUALITY_NONE);
    CHECK_EQ(quality.changes, 1);
    quality_set_bitrate(&quality, 100000); // Down at once, by as much as it takes.
    CHECK_EQ(quality_choose(&quality, &hd, YODEL_SECONDS(11)).height, 270);
}

static void a_screen_is_sent_less_often_instead(void)
{
    static const struct quality_size screen = {1920, 1080, 30};
    struct quality quality;

    quality_init(&quality, true);
    quality_set_bitrate(&quality, 1000000);
    struct quality_size size = quality_choose(&quality, &screen, 0);
    CHECK_EQ(size.height, 1080);
    CHECK_EQ(size.frame_rate, 8);
    quality_set_bitrate(&quality, 1000);
    CHECK_EQ(quality_choose(&quality, &screen, 0).frame_rate, QUALITY_SCREEN_RATE_MIN);
    quality_set_bitrate(&quality, 10000000);
    CHECK_EQ(quality_choose(&quality, &screen, 0).frame_rate, 30);
}

static void an_encoder_that_is_late_gets_less_to_do(void)
{
    struct quality quality;
    yodel_time now = YODEL_SECONDS(10);

    quality_init(&quality, true);
    quality_count(&quality, 60, 3, now); // 5 %: that happens.
    CHECK_EQ(quality_choose(&quality, &hd, now).height, 720);
    now += QUALITY_WINDOW;
    quality_count(&quality, 60, 30, now);
    CHECK_EQ(quality_choose(&quality, &hd, now).height, 540);
    CHECK_EQ(quality_limit(&quality), QUALITY_CPU);
    now += QUALITY_WINDOW;
    quality_count(&quality, 60, 30, now);
    CHECK_EQ(quality_choose(&quality, &hd, now).height, 360);
    now += QUALITY_REST; // It was late again: this time it rests twice as long.
    quality_count(&quality, 60, 0, now);
    CHECK_EQ(quality_choose(&quality, &hd, now).height, 360);
    now += QUALITY_REST;
    quality_count(&quality, 60, 0, now);
    CHECK_EQ(quality_choose(&quality, &hd, now).height, 540);
}

static void small_and_odd_pictures_stay_what_they_are(void)
{
    static const struct quality_size rows[] = {
        {64, 48, 30}, {160, 90, 30}, {17, 4000, 30}, {1, 1, 1}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct quality quality;
        quality_init(&quality, false);
        quality_set_bitrate(&quality, 1);
        quality_count(&quality, 100, 100, YODEL_SECONDS(10));
        struct quality_size size = quality_choose(&quality, &rows[i], YODEL_SECONDS(10));
        CHECK_EQ(size.width, rows[i].width == 17 ? 16 : rows[i].width);
        CHECK_EQ(size.height, rows[i].height);
    }
}

TEST_MAIN(TEST(the_size_follows_the_bitrate), TEST(going_up_takes_more_and_time),
    TEST(a_screen_is_sent_less_often_instead), TEST(an_encoder_that_is_late_gets_less_to_do),
    TEST(small_and_odd_pictures_stay_what_they_are))
