// Where pictures go: proportions are kept, nothing is hidden, and room is used.

#include "device/layout.h"

#include "check.h"

#define PICTURES_MAX 32

static const struct layout_size wide = {1280, 720}, tall = {720, 1280}, square = {100, 100};

static void check_area(struct layout_area got, struct layout_area want)
{
    CHECK_EQ(got.left, want.left);
    CHECK_EQ(got.top, want.top);
    CHECK_EQ(got.width, want.width);
    CHECK_EQ(got.height, want.height);
}

static void bars_are_left_at_two_sides(void)
{
    struct layout_area room = {10, 20, 400, 200};

    check_area(layout_fit(room, (struct layout_size){800, 400}), room);
    check_area(layout_fit(room, square), (struct layout_area){110, 20, 200, 200});
    check_area(
        layout_fit(room, (struct layout_size){800, 100}), (struct layout_area){10, 95, 400, 50});
}

static void one_picture_has_all_of_the_window(void)
{
    struct layout_area area;

    layout_grid((struct layout_size){1280, 720}, &wide, 1, &area);
    check_area(area, (struct layout_area){0, 0, 1280, 720});
}

static void pictures_stand_where_most_of_them_is_seen(void)
{
    static const struct layout_size pair[] = {{1280, 720}, {1280, 720}};
    struct layout_area areas[2];

    layout_grid(wide, pair, 2, areas); // Beside each other
    check_area(areas[0], (struct layout_area){0, 180, 640, 360});
    check_area(areas[1], (struct layout_area){640, 180, 640, 360});
    layout_grid(tall, pair, 2, areas); // and, in a tall window, one above the other.
    check_area(areas[0], (struct layout_area){0, 117, 720, 405});
    check_area(areas[1], (struct layout_area){0, 757, 720, 405});
}

static void a_row_that_is_not_full_is_in_the_middle(void)
{
    static const struct layout_size three[] = {{1280, 720}, {1280, 720}, {1280, 720}};
    struct layout_area areas[3];

    layout_grid(wide, three, 3, areas);
    check_area(areas[2], (struct layout_area){320, 360, 640, 360});
}

static int overlap(struct layout_area a, struct layout_area b)
{
    return a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height &&
           b.top < a.top + a.height;
}

static void no_picture_hides_another_or_leaves_the_window(void)
{
    struct layout_size sizes[PICTURES_MAX];
    struct layout_area areas[PICTURES_MAX];
    static const struct layout_size windows[] = {{1280, 720}, {720, 1280}, {333, 100}, {1, 1}};

    for (uint32_t i = 0; i < PICTURES_MAX; i++) {
        sizes[i] = i % 3 == 0 ? tall : i % 3 == 1 ? wide : square;
    }
    for (size_t w = 0; w < COUNT(windows); w++) {
        for (uint32_t count = 1; count <= PICTURES_MAX; count++) {
            layout_grid(windows[w], sizes, count, areas);
            for (uint32_t i = 0; i < count; i++) {
                CHECK(areas[i].left + areas[i].width <= windows[w].width);
                CHECK(areas[i].top + areas[i].height <= windows[w].height);
                for (uint32_t j = 0; j < i; j++) {
                    CHECK(!overlap(areas[i], areas[j]));
                }
            }
        }
    }
}

static void our_own_picture_is_in_the_lower_right_corner(void)
{
    check_area(layout_corner(wide, wide), (struct layout_area){942, 522, 320, 180});
    check_area(layout_corner(wide, square), (struct layout_area){1082, 522, 180, 180});
    check_area(layout_corner((struct layout_size){1, 1}, wide), (struct layout_area){1, 1, 0, 0});
}

TEST_MAIN(TEST(bars_are_left_at_two_sides), TEST(one_picture_has_all_of_the_window),
    TEST(pictures_stand_where_most_of_them_is_seen), TEST(a_row_that_is_not_full_is_in_the_middle),
    TEST(no_picture_hides_another_or_leaves_the_window),
    TEST(our_own_picture_is_in_the_lower_right_corner))
