// Windows where the library was built without them: none opens.

#include "device/window.h"

#include <stdio.h>

#include "base/assert.h"

enum yodel_err device_window_open(
    struct device_window *window, const struct device_window_config *config)
{
    (void)config;
    *window = (struct device_window){0};
    snprintf(window->error_text, sizeof window->error_text,
        "this program was built without windows; use --headless");
    return YODEL_ERR_NOT_SUPPORTED;
}

void device_window_close(struct device_window *window)
{
    (void)window;
}

enum yodel_err device_window_put(struct device_window *window, uint32_t slot,
    const struct yodel_picture *picture, uint16_t rotation)
{
    (void)window, (void)slot, (void)picture, (void)rotation;
    return YODEL_ERR_INVALID_STATE;
}

void device_window_clear(struct device_window *window, uint32_t slot)
{
    (void)window, (void)slot;
}

void device_window_mirror_own(struct device_window *window, bool is_mirrored)
{
    (void)window, (void)is_mirrored;
}

void device_window_set_title(struct device_window *window, const char *title)
{
    (void)window, (void)title;
}

void device_window_draw(struct device_window *window)
{
    (void)window;
}

bool device_window_next_event(struct device_window *window, struct device_window_event *event)
{
    (void)window, (void)event;
    return false;
}
