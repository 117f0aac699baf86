// A window, by SDL: see the header.

#include "device/window.h"

#include <SDL.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "device/layout.h"

#define WIDTH 960u
#define HEIGHT 540u
#define SIDE_MIN 64

static enum yodel_err fail(struct device_window *window, enum yodel_err err, const char *what)
{
    snprintf(window->error_text, sizeof window->error_text, "%s: %s", what, SDL_GetError());
    return err;
}

// ---- opening

// Where there is no display, the library draws into memory, for itself.
static bool has_display(void)
{
    const char *driver = SDL_GetCurrentVideoDriver(), *asked = SDL_GetHint(SDL_HINT_VIDEODRIVER);

    return strcmp(driver, "offscreen") != 0 || (asked && strcmp(asked, driver) == 0);
}

static enum yodel_err start_video(struct device_window *window)
{
    static const char no_display[] = "there is no display: set DISPLAY, or use --headless";

    if (SDL_WasInit(SDL_INIT_VIDEO) != 0) {
        snprintf(window->error_text, sizeof window->error_text, "there is a window already");
        return YODEL_ERR_INVALID_STATE;
    }
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); // Ctrl-C is for the program to hear.
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    bool is_started = SDL_InitSubSystem(SDL_INIT_VIDEO) == 0;
    if (is_started && has_display()) {
        return YODEL_OK;
    }
    if (is_started) {
        SDL_QuitSubSystem(SDL_INIT_VIDEO);
    }
    SDL_TLSCleanup();
    snprintf(window->error_text, sizeof window->error_text, "%s", no_display);
    return YODEL_ERR_NOT_FOUND;
}

static enum yodel_err make_window(
    struct device_window *window, const struct device_window_config *config)
{
    uint32_t width = config->width > 0 ? config->width : WIDTH;
    uint32_t height = config->height > 0 ? config->height : HEIGHT;

    YODEL_ASSERT(width <= YODEL_PICTURE_SIDE_MAX && height <= YODEL_PICTURE_SIDE_MAX);
    window->window =
        SDL_CreateWindow(config->title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED,
            (int)width, (int)height, SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (!window->window) {
        return fail(window, YODEL_ERR_OPERATION, "the window cannot be opened");
    }
    SDL_SetWindowMinimumSize(window->window, SIDE_MIN, SIDE_MIN);
    window->renderer = SDL_CreateRenderer(window->window, -1, 0);
    if (!window->renderer) {
        return fail(window, YODEL_ERR_OPERATION, "nothing can be drawn in the window");
    }
    return YODEL_OK;
}

enum yodel_err device_window_open(
    struct device_window *window, const struct device_window_config *config)
{
    *window = (struct device_window){.is_own_mirrored = config->is_own_mirrored, .is_stale = true};
    enum yodel_err err = start_video(window);

    if (!err) {
        err = make_window(window, config);
        if (err) {
            device_window_close(window);
        }
    }
    return err;
}

void device_window_close(struct device_window *window)
{
    for (uint32_t slot = 0; slot < DEVICE_WINDOW_SLOTS; slot++) {
        device_window_clear(window, slot);
    }
    if (window->renderer) {
        SDL_DestroyRenderer(window->renderer);
    }
    if (window->window) {
        SDL_DestroyWindow(window->window);
    }
    window->renderer = NULL;
    window->window = NULL;
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    SDL_TLSCleanup(); // What it keeps for this thread, which it did not make: its last error.
}

// ---- pictures

void device_window_clear(struct device_window *window, uint32_t slot)
{
    YODEL_ASSERT(slot < DEVICE_WINDOW_SLOTS);
    if (window->slots[slot].texture) {
        SDL_DestroyTexture(window->slots[slot].texture);
        window->is_stale = true;
    }
    window->slots[slot] = (struct device_window_slot){0};
}

static enum yodel_err make_texture(
    struct device_window *window, uint32_t slot, const struct yodel_picture *picture)
{
    struct device_window_slot *made = &window->slots[slot];

    device_window_clear(window, slot);
    made->texture = SDL_CreateTexture(window->renderer, SDL_PIXELFORMAT_IYUV,
        SDL_TEXTUREACCESS_STREAMING, (int)picture->width, (int)picture->height);
    if (!made->texture) {
        return fail(window, YODEL_ERR_OPERATION, "the picture cannot be shown");
    }
    made->width = picture->width;
    made->height = picture->height;
    return YODEL_OK;
}

enum yodel_err device_window_put(struct device_window *window, uint32_t slot,
    const struct yodel_picture *picture, uint16_t rotation)
{
    YODEL_ASSERT(slot < DEVICE_WINDOW_SLOTS && rotation % 90 == 0 && rotation < 360);
    YODEL_ASSERT(picture->width <= YODEL_PICTURE_SIDE_MAX && picture->width > 0);
    YODEL_ASSERT(picture->height <= YODEL_PICTURE_SIDE_MAX && picture->height > 0);
    struct device_window_slot *to = &window->slots[slot];

    if (to->width != picture->width || to->height != picture->height) {
        enum yodel_err err = make_texture(window, slot, picture);
        if (err) {
            return err;
        }
    }
    if (SDL_UpdateYUVTexture(to->texture, NULL, picture->planes[0], (int)picture->strides[0],
            picture->planes[1], (int)picture->strides[1], picture->planes[2],
            (int)picture->strides[2]) != 0) {
        return fail(window, YODEL_ERR_OPERATION, "the picture cannot be shown");
    }
    to->rotation = rotation;
    window->is_stale = true;
    window->error_text[0] = '\0';
    return YODEL_OK;
}

void device_window_mirror_own(struct device_window *window, bool is_mirrored)
{
    window->is_stale |= window->is_own_mirrored != is_mirrored;
    window->is_own_mirrored = is_mirrored;
}

void device_window_set_title(struct device_window *window, const char *title)
{
    SDL_SetWindowTitle(window->window, title);
}

// ---- drawing

static bool is_sideways(const struct device_window_slot *slot)
{
    return slot->rotation % 180 != 0;
}

static struct layout_size size_of(const struct device_window_slot *slot)
{
    return is_sideways(slot) ? (struct layout_size){slot->height, slot->width}
                             : (struct layout_size){slot->width, slot->height};
}

// The library turns a picture about its middle once it has the size that it has before.
static void draw_slot(
    struct device_window *window, const struct device_window_slot *slot, struct layout_area area)
{
    bool is_mirrored = slot == &window->slots[DEVICE_WINDOW_OWN] && window->is_own_mirrored;
    SDL_RendererFlip flip = SDL_FLIP_NONE;
    SDL_Rect to = {(int)area.left, (int)area.top, (int)area.width, (int)area.height};

    if (is_sideways(slot)) {
        to = (SDL_Rect){to.x + (to.w - to.h) / 2, to.y + (to.h - to.w) / 2, to.h, to.w};
    }
    if (is_mirrored) { // Left and right of what is seen, not of what came.
        flip = is_sideways(slot) ? SDL_FLIP_VERTICAL : SDL_FLIP_HORIZONTAL;
    }
    SDL_RenderCopyEx(window->renderer, slot->texture, NULL, &to, slot->rotation, NULL, flip);
}

static struct layout_size size_of_window(const struct device_window *window)
{
    int width = 0, height = 0;

    SDL_GetRendererOutputSize(window->renderer, &width, &height);
    return (struct layout_size){width > 0 ? (uint32_t)width : 1, height > 0 ? (uint32_t)height : 1};
}

static void draw_pictures(struct device_window *window)
{
    const struct device_window_slot *own = &window->slots[DEVICE_WINDOW_OWN];
    const struct device_window_slot *shown[DEVICE_WINDOW_SLOTS];
    struct layout_size room = size_of_window(window), sizes[DEVICE_WINDOW_SLOTS];
    struct layout_area areas[DEVICE_WINDOW_SLOTS];
    uint32_t count = 0;

    for (uint32_t i = 0; i < DEVICE_WINDOW_SLOTS; i++) {
        const struct device_window_slot *slot = &window->slots[i];
        bool is_alone = slot == own && count == 0;
        if (slot->texture && (slot != own || is_alone)) {
            shown[count] = slot;
            sizes[count++] = size_of(slot);
        }
    }
    layout_grid(room, sizes, count, areas);
    for (uint32_t i = 0; i < count; i++) {
        draw_slot(window, shown[i], areas[i]);
    }
    if (own->texture && shown[0] != own) {
        draw_slot(window, own, layout_corner(room, size_of(own)));
    }
}

void device_window_draw(struct device_window *window)
{
    if (!window->is_stale) {
        return;
    }
    SDL_SetRenderDrawColor(window->renderer, 0, 0, 0, SDL_ALPHA_OPAQUE);
    SDL_RenderClear(window->renderer);
    draw_pictures(window);
    SDL_RenderPresent(window->renderer);
    window->is_stale = false;
}

// ---- events

static void fill_screen(struct device_window *window, bool is_full)
{
    if (SDL_SetWindowFullscreen(window->window, is_full ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0) == 0) {
        window->is_full = is_full;
    }
    window->is_stale = true;
}

// Whether the key is the application's.
static bool take_key(struct device_window *window, const SDL_KeyboardEvent *pressed)
{
    SDL_Keycode key = pressed->keysym.sym;
    bool is_full_screen_key = key == SDLK_f || (key == SDLK_ESCAPE && window->is_full);

    if (pressed->repeat != 0 || (key & SDLK_SCANCODE_MASK) != 0) {
        return false; // Held down, or one without a character.
    }
    if (is_full_screen_key) {
        fill_screen(window, !window->is_full);
    }
    return !is_full_screen_key;
}

bool device_window_next_event(struct device_window *window, struct device_window_event *event)
{
    SDL_Event got;

    while (SDL_PollEvent(&got)) {
        if (got.type == SDL_KEYDOWN && take_key(window, &got.key)) {
            *event = (struct device_window_event){DEVICE_WINDOW_KEY, (uint32_t)got.key.keysym.sym};
            return true;
        }
        if (got.type == SDL_WINDOWEVENT) {
            window->is_stale = true; // It was resized, or uncovered.
            if (got.window.event == SDL_WINDOWEVENT_CLOSE) {
                *event = (struct device_window_event){.kind = DEVICE_WINDOW_CLOSED};
                return true;
            }
        }
    }
    return false;
}
