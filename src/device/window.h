// A window that shows pictures: others' in a grid, our own in a corner, and hears keys.
//
//   device_window_open(&window, &config);
//   for each turn, 30 times a second or so:
//       device_window_put(&window, slot, &picture, rotation);   // Whatever came meanwhile.
//       device_window_draw(&window);
//       while (device_window_next_event(&window, &event)) { … }
//
// `f` makes it fill the screen and back, Escape ends that; both are the window's own affair.
//
// Threads     all calls from open to close come from one thread, as the library below wants it; that is
//             not a loop's thread, for a picture's upload takes milliseconds. Nothing waits for the
//             screen's own rhythm
// Ownership   owns what it opened; copies pictures
// Limits      one window in a process; DEVICE_WINDOW_PICTURES_MAX pictures besides our own

#ifndef DEVICE_WINDOW_H
#define DEVICE_WINDOW_H

#include "base/err.h"
#include "yodel/codec.h"

#define DEVICE_WINDOW_PICTURES_MAX 32u
#define DEVICE_WINDOW_OWN DEVICE_WINDOW_PICTURES_MAX // The slot of our own picture, the last one.
#define DEVICE_WINDOW_SLOTS (DEVICE_WINDOW_PICTURES_MAX + 1)
#define DEVICE_WINDOW_TEXT_MAX 160

struct SDL_Window;
struct SDL_Renderer;
struct SDL_Texture;

struct device_window_config {
    const char *title;
    uint32_t width, height; // In pixels; 0: 960 by 540.
    bool is_own_mirrored;   // Our own picture is shown as in a mirror.
};

struct device_window_slot {
    struct SDL_Texture *texture; // NULL: nothing is shown here.
    uint32_t width, height;
    uint16_t rotation;
};

struct device_window {
    struct SDL_Window *window;
    struct SDL_Renderer *renderer;
    struct device_window_slot slots[DEVICE_WINDOW_SLOTS];
    bool is_own_mirrored;
    bool is_full;
    bool is_stale;                           // What is on the screen is not what it should be.
    char error_text[DEVICE_WINDOW_TEXT_MAX]; // Why the last call failed, a sentence; or "".
};

enum device_window_event_kind {
    DEVICE_WINDOW_KEY,
    DEVICE_WINDOW_CLOSED, // The user closed it; it stays until device_window_close.
};

struct device_window_event {
    enum device_window_event_kind kind;
    uint32_t key; // What is written on it, lower-case: 'm', ' ', '\r', 27 of Escape. Never 'f'.
};

// Fails with NOT_FOUND (there is no display), INVALID_STATE (there is a window already), NOT_SUPPORTED (this
// library was built without windows), OPERATION. What failed needs no close.
YODEL_MUST_USE enum yodel_err device_window_open(
    struct device_window *window, const struct device_window_config *config);
void device_window_close(struct device_window *window);

// The picture takes the place of the one before in its slot, and is turned clockwise by `rotation`: 0, 90,
// 180 or 270 degrees. Fails with OPERATION: it is too large for the screen's hardware, or for memory.
YODEL_MUST_USE enum yodel_err device_window_put(struct device_window *window, uint32_t slot,
    const struct yodel_picture *picture, uint16_t rotation);
void device_window_clear(struct device_window *window, uint32_t slot);

void device_window_mirror_own(struct device_window *window, bool is_mirrored);
void device_window_set_title(struct device_window *window, const char *title);

// Brings what is new to the screen; where nothing is, nothing is done.
void device_window_draw(struct device_window *window);

// Without it, the window neither moves nor closes.
bool device_window_next_event(struct device_window *window, struct device_window_event *event);

#endif
