// A window: what is put into it is what is seen, turned and beside others, and keys come out of it.

#include "device/window.h"

#include <SDL.h>

#include "check.h"
#include "media/pattern.h"
#include "media/picture.h"

#define WIDTH 640u
#define HEIGHT 360u

static struct media_picture pattern, seen;
static uint8_t pixels[1280 * 1280 * 4];

static struct device_window open_window(uint32_t width, uint32_t height, bool is_own_mirrored)
{
    struct device_window_config config = {"test", width, height, is_own_mirrored};
    struct device_window window;

    SDL_SetHint(SDL_HINT_VIDEODRIVER, "dummy");
    CHECK_EQ(device_window_open(&window, &config), YODEL_OK);
    return window;
}

static const struct yodel_picture *draw(uint32_t width, uint32_t height, uint32_t number)
{
    media_picture_init(&pattern, alloc_system());
    CHECK_EQ(media_picture_resize(&pattern, width, height), YODEL_OK);
    media_pattern_draw(&pattern, number);
    return &pattern.view;
}

static void put(struct device_window *window, uint32_t slot, uint32_t number, uint16_t rotation)
{
    bool is_sideways = rotation % 180 != 0;
    const struct yodel_picture *picture =
        draw(is_sideways ? HEIGHT : WIDTH, is_sideways ? WIDTH : HEIGHT, number);

    CHECK_EQ(device_window_put(window, slot, picture, rotation), YODEL_OK);
    media_picture_deinit(&pattern);
}

// What the window shows in `area`, turned back by `rotation`, and as in a mirror where that is asked for.
struct look {
    SDL_Rect area;
    int rotation;
    bool is_mirrored;
};

static uint8_t brightness(const struct look *look, int x, int y)
{
    SDL_Rect a = look->area;
    int left = x, top = y;

    if (look->rotation == 90) {
        left = a.w - 1 - y;
        top = x;
    } else if (look->rotation == 180) {
        left = a.w - 1 - x;
        top = a.h - 1 - y;
    } else if (look->rotation == 270) {
        left = y;
        top = a.h - 1 - x;
    }
    left = look->is_mirrored ? a.w - 1 - left : left;
    return pixels[((size_t)top * (size_t)a.w + (size_t)left) * 4 + 1]; // Green.
}

static bool sees(struct device_window *window, struct look look, uint32_t want)
{
    bool is_sideways = look.rotation % 180 != 0;
    int width = is_sideways ? look.area.h : look.area.w,
        height = is_sideways ? look.area.w : look.area.h;
    uint32_t number = 0;

    device_window_draw(window);
    CHECK((size_t)(look.area.w * look.area.h * 4) <= sizeof pixels);
    CHECK_EQ(SDL_RenderReadPixels(
                 window->renderer, &look.area, SDL_PIXELFORMAT_ARGB8888, pixels, look.area.w * 4),
        0);
    media_picture_init(&seen, alloc_system());
    CHECK_EQ(media_picture_resize(&seen, (uint32_t)width, (uint32_t)height), YODEL_OK);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            seen.planes[0][(size_t)y * seen.view.strides[0] + (size_t)x] = brightness(&look, x, y);
        }
    }
    bool is_read = media_pattern_read(&seen.view, &number);
    media_picture_deinit(&seen);
    return is_read && number == want;
}

static const struct look whole = {.area = {0, 0, WIDTH, HEIGHT}};

static void the_picture_that_was_put_last_is_seen(void)
{
    struct device_window window = open_window(WIDTH, HEIGHT, false);

    put(&window, 0, 1234, 0);
    CHECK(sees(&window, whole, 1234));
    put(&window, 0, 77, 0);
    CHECK(sees(&window, whole, 77));
    device_window_clear(&window, 0);
    CHECK(!sees(&window, whole, 77));
    device_window_close(&window);
}

static void a_picture_may_change_its_size_and_have_odd_sides(void)
{
    static const struct {
        uint32_t width, height;
    } rows[] = {{64, 48}, {1280, 720}, {321, 181}, {1279, 719}};
    struct device_window window = open_window(WIDTH, HEIGHT, false);

    for (uint32_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(
            device_window_put(&window, 3, draw(rows[i].width, rows[i].height, i), 0), YODEL_OK);
        media_picture_deinit(&pattern);
        struct look look = whole;
        if (rows[i].height == 48) {
            look.area = (SDL_Rect){80, 0, 480, 360}; // With bars.
        }
        CHECK(sees(&window, look, i));
    }
    device_window_close(&window);
}

static void pictures_are_turned_clockwise(void)
{
    static const int rotations[] = {0, 90, 180, 270};
    struct device_window window = open_window(WIDTH, HEIGHT, false);

    for (uint32_t i = 0; i < COUNT(rotations); i++) {
        struct look look = {.area = whole.area, .rotation = rotations[i]};
        put(&window, 0, 500 + i, (uint16_t)rotations[i]);
        CHECK(sees(&window, look, 500 + i));
    }
    device_window_close(&window);
}

static void our_own_is_in_the_corner_while_there_are_others(void)
{
    struct device_window window = open_window(WIDTH * 2, HEIGHT * 2, false);
    struct look alone = {.area = {0, 0, WIDTH * 2, HEIGHT * 2}};
    struct look corner = {.area = {942, 522, 320, 180}};

    put(&window, DEVICE_WINDOW_OWN, 9, 0);
    CHECK(sees(&window, alone, 9));
    put(&window, 5, 10, 0);
    CHECK(sees(&window, alone, 10));
    CHECK(sees(&window, corner, 9));
    device_window_clear(&window, 5);
    CHECK(sees(&window, alone, 9));
    device_window_close(&window);
}

static void our_own_is_seen_as_in_a_mirror_however_it_is_turned(void)
{
    static const int rotations[] = {0, 90, 180, 270};
    struct device_window window = open_window(WIDTH, HEIGHT, true);

    for (uint32_t i = 0; i < COUNT(rotations); i++) {
        struct look look = {whole.area, rotations[i], true};
        put(&window, DEVICE_WINDOW_OWN, 600 + i, (uint16_t)rotations[i]);
        CHECK(sees(&window, look, 600 + i));
        device_window_mirror_own(&window, false);
        look.is_mirrored = false;
        CHECK(sees(&window, look, 600 + i));
        device_window_mirror_own(&window, true);
    }
    device_window_close(&window);
}

static void many_are_seen_at_once(void)
{
    struct device_window window = open_window(WIDTH * 2, HEIGHT * 2, false);

    for (uint32_t i = 0; i < 4; i++) {
        put(&window, i * 7, 20 + i, 0);
    }
    for (uint32_t i = 0; i < 4; i++) {
        struct look look = {.area = {(int)(i % 2 * WIDTH), (int)(i / 2 * HEIGHT), WIDTH, HEIGHT}};
        CHECK(sees(&window, look, 20 + i));
    }
    device_window_close(&window);
}

static void press(SDL_Keycode key, uint8_t repeat)
{
    SDL_Event event = {.key = {.type = SDL_KEYDOWN, .repeat = repeat, .keysym = {.sym = key}}};

    CHECK_EQ(SDL_PushEvent(&event), 1);
}

static void keys_come_out_but_those_of_the_window(void)
{
    struct device_window window = open_window(WIDTH, HEIGHT, false);
    struct device_window_event event;
    static const uint32_t want[] = {'m', 'v', 27, ' '};

    press(SDLK_m, 0);
    press(SDLK_m, 1); // Held.
    press(SDLK_v, 0);
    press(SDLK_LSHIFT, 0);
    press(SDLK_f, 0);      // Fills the screen,
    press(SDLK_ESCAPE, 0); // and back:
    press(SDLK_ESCAPE, 0); // this one has nothing to end.
    press(SDLK_SPACE, 0);
    for (size_t i = 0; i < COUNT(want); i++) {
        CHECK(device_window_next_event(&window, &event));
        CHECK_EQ(event.kind, DEVICE_WINDOW_KEY);
        CHECK_EQ(event.key, want[i]);
        CHECK(!window.is_full);
    }
    press(SDLK_f, 0);
    // What the library puts into its own queue may stand before it.
    for (int turn = 0; turn < 3 && !window.is_full; turn++) {
        CHECK(!device_window_next_event(&window, &event));
    }
    CHECK(window.is_full);
    device_window_close(&window);
}

static void closing_it_is_told_and_left_to_the_caller(void)
{
    struct device_window window = open_window(WIDTH, HEIGHT, false);
    struct device_window_event event;
    SDL_Event close = {.window = {.type = SDL_WINDOWEVENT, .event = SDL_WINDOWEVENT_CLOSE}};

    CHECK_EQ(SDL_PushEvent(&close), 1);
    CHECK(device_window_next_event(&window, &event));
    CHECK_EQ(event.kind, DEVICE_WINDOW_CLOSED);
    put(&window, 0, 3, 0);
    CHECK(sees(&window, whole, 3));
    device_window_close(&window);
}

static void a_second_window_is_refused_and_another_may_follow(void)
{
    struct device_window_config config = {.title = "test"};
    struct device_window first = open_window(WIDTH, HEIGHT, false), second;

    CHECK_EQ(device_window_open(&second, &config), YODEL_ERR_INVALID_STATE);
    CHECK_TEXT(second.error_text, "there is a window already");
    CHECK_TEXT(SDL_GetWindowTitle(first.window), "test");
    device_window_set_title(&first, "another");
    CHECK_TEXT(SDL_GetWindowTitle(first.window), "another");
    put(&first, 0, 3, 0);
    CHECK(sees(&first, whole, 3));
    device_window_close(&first);
    CHECK_EQ(device_window_open(&second, &config), YODEL_OK);
    device_window_close(&second);
}

static void without_a_display_it_says_so(void)
{
    struct device_window_config config = {.title = "test"};
    struct device_window window;

    SDL_SetHint(SDL_HINT_VIDEODRIVER, "none");
    CHECK_EQ(device_window_open(&window, &config), YODEL_ERR_NOT_FOUND);
    CHECK_TEXT(window.error_text, "there is no display: set DISPLAY, or use --headless");
}

TEST_MAIN(TEST(the_picture_that_was_put_last_is_seen),
    TEST(a_picture_may_change_its_size_and_have_odd_sides), TEST(pictures_are_turned_clockwise),
    TEST(our_own_is_in_the_corner_while_there_are_others),
    TEST(our_own_is_seen_as_in_a_mirror_however_it_is_turned), TEST(many_are_seen_at_once),
    TEST(keys_come_out_but_those_of_the_window), TEST(closing_it_is_told_and_left_to_the_caller),
    TEST(a_second_window_is_refused_and_another_may_follow), TEST(without_a_display_it_says_so))
