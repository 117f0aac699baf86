// The test pattern: its number is read again, and never a wrong one.

#include "media/pattern.h"

#include "check.h"

static struct media_picture picture, other;

static void begin(uint32_t width, uint32_t height)
{
    media_picture_init(&picture, alloc_system());
    media_picture_init(&other, alloc_system());
    CHECK_EQ(media_picture_resize(&picture, width, height), YODEL_OK);
}

static void end(void)
{
    media_picture_deinit(&picture);
    media_picture_deinit(&other);
}

static void a_number_is_read_in_each_size(void)
{
    static const uint32_t sizes[][2] = {{64, 48}, {65, 49}, {321, 181}, {1280, 720}};
    static const uint32_t numbers[] = {0, 1, 0xaaaaaa, 0x123456, MEDIA_PATTERN_NUMBER_MASK};

    for (size_t i = 0; i < COUNT(sizes); i++) {
        begin(sizes[i][0], sizes[i][1]);
        for (size_t n = 0; n < COUNT(numbers); n++) {
            uint32_t number = 7;
            media_pattern_draw(&picture, numbers[n]);
            CHECK(media_pattern_read(&picture.view, &number));
            CHECK_EQ(number, numbers[n]);
        }
        end();
    }
}

static void a_picture_that_moves_is_another(void)
{
    begin(320, 180);
    CHECK_EQ(media_picture_resize(&other, 320, 180), YODEL_OK);
    media_pattern_draw(&picture, 1);
    media_pattern_draw(&other, 2);
    uint32_t same = 0;
    for (uint32_t y = 45; y < 180; y++) {
        for (uint32_t x = 0; x < 320; x++) {
            same += picture.planes[0][y * picture.view.strides[0] + x] ==
                    other.planes[0][y * other.view.strides[0] + x];
        }
    }
    CHECK(same < 320 * 135 / 2);
    end();
}

static void a_scaled_picture_keeps_its_number(void)
{
    static const uint32_t sizes[][2] = {{160, 90}, {320, 180}, {640, 480}, {100, 75}, {1280, 720}};

    begin(640, 360);
    media_pattern_draw(&picture, 0x5a5a5a);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        uint32_t number = 0;
        CHECK_EQ(media_picture_resize(&other, sizes[i][0], sizes[i][1]), YODEL_OK);
        media_picture_scale(&other, &picture.view);
        CHECK(media_pattern_read(&other.view, &number));
        CHECK_EQ(number, 0x5a5a5a);
    }
    end();
}

static void what_is_no_pattern_has_no_number(void)
{
    uint32_t number = 7;

    begin(160, 90);
    memset(picture.memory, 128, picture.room); // Neither black nor white.
    CHECK(!media_pattern_read(&picture.view, &number));
    memset(picture.memory, 235, picture.room); // A number whose check is wrong.
    CHECK(!media_pattern_read(&picture.view, &number));
    CHECK_EQ(media_picture_resize(&picture, 40, 30), YODEL_OK);
    CHECK(!media_pattern_read(&picture.view, &number));
    CHECK_EQ(number, 7);
    end();
}

// Each of its bits, turned, is seen.
static void a_block_of_another_color_is_noticed(void)
{
    begin(160, 96);
    for (uint32_t bit = 0; bit < 32; bit++) {
        uint32_t number = 7;
        media_pattern_draw(&picture, 0x00ff31);
        for (uint32_t y = bit / 16 * 12; y < bit / 16 * 12 + 12; y++) {
            uint8_t *block = picture.planes[0] + y * picture.view.strides[0] + bit % 16 * 10;
            memset(block, block[0] > 128 ? 16 : 235, 10);
        }
        CHECK(!media_pattern_read(&picture.view, &number));
    }
    end();
}

TEST_MAIN(TEST(a_number_is_read_in_each_size), TEST(a_picture_that_moves_is_another),
    TEST(a_scaled_picture_keeps_its_number), TEST(what_is_no_pattern_has_no_number),
    TEST(a_block_of_another_color_is_noticed))
