// Pictures: their memory, their lines, and how they are scaled.

#include "media/picture.h"

#include "capped_alloc.h"
#include "check.h"

static void fill(struct media_picture *picture, uint32_t step)
{
    for (int i = 0; i < 3; i++) {
        for (uint32_t y = 0; y < media_plane_height(&picture->view, i); y++) {
            for (uint32_t x = 0; x < media_plane_width(&picture->view, i); x++) {
                picture->planes[i][y * picture->view.strides[i] + x] = (uint8_t)((x + y) * step);
            }
        }
    }
}

static bool is_same(const struct media_picture *a, const struct media_picture *b)
{
    for (int i = 0; i < 3; i++) {
        for (uint32_t y = 0; y < media_plane_height(&a->view, i); y++) {
            if (memcmp(a->planes[i] + y * a->view.strides[i], b->planes[i] + y * b->view.strides[i],
                    media_plane_width(&a->view, i)) != 0) {
                return false;
            }
        }
    }
    return true;
}

static void a_copy_is_the_same_in_each_size(void)
{
    static const uint32_t sizes[][2] = {{16, 16}, {33, 17}, {1, 1}, {640, 361}};
    struct media_picture a, b;

    media_picture_init(&a, alloc_system());
    media_picture_init(&b, alloc_system());
    for (size_t i = 0; i < COUNT(sizes); i++) {
        CHECK_EQ(media_picture_resize(&a, sizes[i][0], sizes[i][1]), YODEL_OK);
        fill(&a, 3);
        CHECK_EQ(media_picture_copy(&b, &a.view), YODEL_OK);
        CHECK_EQ(b.view.width, sizes[i][0]);
        CHECK(is_same(&a, &b));
    }
    media_picture_deinit(&a);
    media_picture_deinit(&b);
}

static void a_size_outside_its_limits_is_refused(void)
{
    struct capped_alloc memory = capped_alloc(1);
    struct media_picture picture;

    media_picture_init(&picture, &memory.alloc);
    CHECK_EQ(media_picture_resize(&picture, 0, 10), YODEL_ERR_RANGE);
    CHECK_EQ(media_picture_resize(&picture, 10, YODEL_PICTURE_SIDE_MAX + 1), YODEL_ERR_RANGE);
    CHECK_EQ(media_picture_resize(&picture, 64, 64), YODEL_OK);
    CHECK_EQ(media_picture_resize(&picture, 32, 32), YODEL_OK); // The same memory.
    CHECK_EQ(media_picture_resize(&picture, 640, 640), YODEL_ERR_NO_MEMORY);
    CHECK_EQ(picture.view.width, 32);
    media_picture_deinit(&picture);
    CHECK_EQ(memory.held, 0);
}

static void one_color_stays_that_color_in_any_size(void)
{
    static const uint32_t sizes[][2] = {{50, 40}, {99, 81}, {100, 80}, {300, 200}, {7, 5}};
    struct media_picture from, to;

    media_picture_init(&from, alloc_system());
    media_picture_init(&to, alloc_system());
    CHECK_EQ(media_picture_resize(&from, 100, 80), YODEL_OK);
    memset(from.memory, 77, from.room);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        CHECK_EQ(media_picture_resize(&to, sizes[i][0], sizes[i][1]), YODEL_OK);
        media_picture_scale(&to, &from.view);
        for (int plane = 0; plane < 3; plane++) {
            for (uint32_t y = 0; y < media_plane_height(&to.view, plane); y++) {
                for (uint32_t x = 0; x < media_plane_width(&to.view, plane); x++) {
                    CHECK_EQ(to.planes[plane][y * to.view.strides[plane] + x], 77);
                }
            }
        }
    }
    media_picture_deinit(&from);
    media_picture_deinit(&to);
}

static void scaling_to_its_own_size_changes_nothing(void)
{
    struct media_picture from, to;

    media_picture_init(&from, alloc_system());
    media_picture_init(&to, alloc_system());
    CHECK_EQ(media_picture_resize(&from, 101, 67), YODEL_OK);
    CHECK_EQ(media_picture_resize(&to, 101, 67), YODEL_OK);
    fill(&from, 5);
    media_picture_scale(&to, &from.view);
    CHECK(is_same(&from, &to));
    media_picture_deinit(&from);
    media_picture_deinit(&to);
}

TEST_MAIN(TEST(a_copy_is_the_same_in_each_size), TEST(a_size_outside_its_limits_is_refused),
    TEST(one_color_stays_that_color_in_any_size), TEST(scaling_to_its_own_size_changes_nothing))
