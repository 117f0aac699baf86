// A player's pictures: see the header.

#include "stream/player_screen.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

// ---- on the thread

static bool take_fresh(struct player_screen *screen, struct player_screen_tile *tile)
{
    beside_lock(&screen->beside);
    bool is_fresh = tile->is_fresh;
    if (is_fresh) {
        uint8_t fresh = tile->fresh;
        tile->fresh = tile->shown;
        tile->shown = fresh;
        tile->is_fresh = false;
    }
    beside_unlock(&screen->beside);
    return is_fresh;
}

static bool take_cleared(struct player_screen *screen, struct player_screen_tile *tile)
{
    beside_lock(&screen->beside);
    bool is_cleared = tile->is_cleared;
    tile->is_cleared = false;
    beside_unlock(&screen->beside);
    return is_cleared;
}

static void update_tile(struct player_screen *screen, uint32_t slot)
{
    struct player_screen_tile *tile = &screen->tiles[slot];

    if (take_cleared(screen, tile)) {
        device_window_clear(&screen->window, slot);
    }
    if (take_fresh(screen, tile)) {
        const struct yodel_picture *picture = &tile->pictures[tile->shown].view;
        // One that is too large for the screen's hardware stays unseen.
        (void)!device_window_put(&screen->window, slot, picture, tile->rotations[tile->shown]);
    }
}

static void update_rest(struct player_screen *screen)
{
    char caption[PLAYER_SCREEN_CAPTION_MAX];

    beside_lock(&screen->beside);
    bool is_new = screen->is_caption_new, is_mirrored = screen->is_own_mirrored;
    memcpy(caption, screen->caption, sizeof caption);
    screen->is_caption_new = false;
    beside_unlock(&screen->beside);
    if (is_new) {
        device_window_set_title(&screen->window, caption);
    }
    device_window_mirror_own(&screen->window, is_mirrored);
}

// False: it is closed.
static bool hear_user(struct player_screen *screen)
{
    struct device_window_event event;
    bool is_open = true;

    while (is_open && device_window_next_event(&screen->window, &event)) {
        is_open = event.kind != DEVICE_WINDOW_CLOSED;
        player_events_post(&screen->events,
            &(struct yodel_player_event){
                .type = is_open ? YODEL_PLAYER_KEY : YODEL_PLAYER_CLOSED, .key = event.key});
    }
    return is_open;
}

static bool wait_for_turn(struct player_screen *screen)
{
    beside_lock(&screen->beside);
    if (!screen->beside.is_ending) {
        beside_wait(&screen->beside, PLAYER_SCREEN_TURN);
    }
    bool goes_on = !screen->beside.is_ending;
    beside_unlock(&screen->beside);
    return goes_on;
}

static void show(struct player_screen *screen)
{
    do {
        for (uint32_t slot = 0; slot < DEVICE_WINDOW_SLOTS; slot++) {
            update_tile(screen, slot);
        }
        update_rest(screen);
        device_window_draw(&screen->window);
    } while (hear_user(screen) && wait_for_turn(screen));
}

static void run(struct beside *beside)
{
    struct player_screen *screen = CONTAINER_OF(beside, struct player_screen, beside);
    struct device_window_config config = {
        .title = screen->title, .width = screen->width, .height = screen->height};

    if (device_window_open(&screen->window, &config)) {
        player_events_post(
            &screen->events, &(struct yodel_player_event){.type = YODEL_PLAYER_NO_WINDOW,
                                 .text = screen->window.error_text});
    } else {
        show(screen);
        device_window_close(&screen->window);
    }
}

// ---- on the loop

static void init_tiles(struct player_screen *screen, struct alloc *alloc)
{
    for (uint32_t slot = 0; slot < DEVICE_WINDOW_SLOTS; slot++) {
        struct player_screen_tile *tile = &screen->tiles[slot];
        tile->filling = 0;
        tile->fresh = 1;
        tile->shown = 2;
        for (size_t i = 0; i < COUNT(tile->pictures); i++) {
            media_picture_init(&tile->pictures[i], alloc);
        }
    }
}

enum yodel_err player_screen_init(
    struct player_screen *screen, const struct player_screen_config *config)
{
    *screen = (struct player_screen){.width = config->width, .height = config->height};
    (void)snprintf(screen->title, sizeof screen->title, "%s", config->title);
    init_tiles(screen, config->alloc);
    player_events_init(&screen->events, &screen->beside, config->handler, config->ctx);
    return beside_start(&screen->beside, config->loop, config->alloc, run);
}

void player_screen_put(struct player_screen *screen, uint32_t slot,
    const struct yodel_picture *picture, uint16_t rotation)
{
    YODEL_ASSERT(slot < DEVICE_WINDOW_SLOTS);
    struct player_screen_tile *tile = &screen->tiles[slot];
    uint8_t filled = tile->filling;

    if (media_picture_copy(&tile->pictures[filled], picture)) {
        return;
    }
    tile->rotations[filled] = (uint16_t)(rotation / 90 % 4 * 90);
    beside_lock(&screen->beside);
    tile->filling = tile->fresh;
    tile->fresh = filled;
    tile->is_fresh = true;
    beside_unlock(&screen->beside);
}

void player_screen_clear(struct player_screen *screen, uint32_t slot)
{
    beside_lock(&screen->beside);
    screen->tiles[slot].is_fresh = false;
    screen->tiles[slot].is_cleared = true;
    beside_unlock(&screen->beside);
}

void player_screen_mirror_own(struct player_screen *screen, bool is_mirrored)
{
    beside_lock(&screen->beside);
    screen->is_own_mirrored = is_mirrored;
    beside_unlock(&screen->beside);
}

void player_screen_set_text(struct player_screen *screen, const char *text)
{
    beside_lock(&screen->beside);
    if (text[0]) {
        (void)snprintf(screen->caption, sizeof screen->caption, "%s - %s", screen->title, text);
    } else {
        (void)snprintf(screen->caption, sizeof screen->caption, "%s", screen->title);
    }
    screen->is_caption_new = true;
    beside_unlock(&screen->beside);
}

static void on_ended(struct beside *beside)
{
    struct player_screen *screen = CONTAINER_OF(beside, struct player_screen, beside);

    for (uint32_t slot = 0; slot < DEVICE_WINDOW_SLOTS; slot++) {
        for (size_t i = 0; i < COUNT(screen->tiles[slot].pictures); i++) {
            media_picture_deinit(&screen->tiles[slot].pictures[i]);
        }
    }
    screen->closed(screen);
}

void player_screen_close(struct player_screen *screen, void (*closed)(struct player_screen *screen))
{
    player_events_close(&screen->events);
    screen->closed = closed;
    beside_end(&screen->beside, on_ended);
}
