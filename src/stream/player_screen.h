// A player's pictures: a window on a thread of its own, beside the loop. Of each tile only the newest picture counts.
//
//   loop: put ──► filling ⇄ fresh ⇄ shown ──► thread: window, PLAYER_SCREEN_TURN by turn
//
// Three pictures of each tile change their parts, so that neither side waits while the other copies.
//
// Threads     all functions on the loop's; `handler` is called there, too
// Ownership   the owner's struct holds it; its memory must stay until `closed` was called
// Limits      DEVICE_WINDOW_SLOTS tiles; one screen in a process

#ifndef STREAM_PLAYER_SCREEN_H
#define STREAM_PLAYER_SCREEN_H

#include "device/window.h"
#include "media/picture.h"
#include "stream/player_events.h"

#define PLAYER_SCREEN_TURN YODEL_MS(16)
#define PLAYER_SCREEN_TITLE_MAX 128
#define PLAYER_SCREEN_CAPTION_MAX 512

struct player_screen_config {
    uv_loop_t *loop;
    struct alloc *alloc; // Called by both threads.
    const char *title;
    uint32_t width, height; // 0: the window's choice.
    player_events_handler *handler;
    void *ctx;
};

struct player_screen_tile {
    struct media_picture pictures[3];
    uint16_t rotations[3];
    uint8_t filling;           // The loop's picture,
    uint8_t fresh;             // what was put last (under the lock),
    uint8_t shown;             // and the thread's.
    bool is_fresh, is_cleared; // Under the lock.
};

struct player_screen {
    struct beside beside;
    struct player_events events;
    uint32_t width, height;
    char title[PLAYER_SCREEN_TITLE_MAX];
    struct device_window window; // The thread's.
    struct player_screen_tile tiles[DEVICE_WINDOW_SLOTS];
    // Under the lock, as what follows.
    char caption[PLAYER_SCREEN_CAPTION_MAX];
    bool is_caption_new;
    bool is_own_mirrored;
    void (*closed)(struct player_screen *screen);
};

// Fails with NO_MEMORY or NETWORK. That no window opens is an event (NO_WINDOW).
YODEL_MUST_USE enum yodel_err player_screen_init(
    struct player_screen *screen, const struct player_screen_config *config);

// Copies the picture; without memory, it is left out.
void player_screen_put(struct player_screen *screen, uint32_t slot,
    const struct yodel_picture *picture, uint16_t rotation);
void player_screen_clear(struct player_screen *screen, uint32_t slot);
void player_screen_mirror_own(struct player_screen *screen, bool is_mirrored);

// Behind the title; "": nothing.
void player_screen_set_text(struct player_screen *screen, const char *text);

void player_screen_close(
    struct player_screen *screen, void (*closed)(struct player_screen *screen));

#endif
