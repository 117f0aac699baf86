// Where pictures go in a window: cells of a grid, as large as they can be, and our own above a corner.
//
//   +-------------+-------------+      +---------------------------+
//   |      0      |      1      |      |                           |
//   +------+------+------+------+      |             0     +-----+ |
//          |      2      |             |                   | own | |
//          +-------------+             +-------------------+-----+-+
//
// Ownership   values only

#ifndef DEVICE_LAYOUT_H
#define DEVICE_LAYOUT_H

#include <stdint.h>

struct layout_size {
    uint32_t width, height; // In pixels.
};

struct layout_area {
    uint32_t left, top, width, height; // In pixels of the window.
};

// The largest area of the proportions of `size` in the middle of `room`: bars are left at two sides.
struct layout_area layout_fit(struct layout_area room, struct layout_size size);

// Where each of `count` pictures goes. As many columns as let most of them all be seen.
void layout_grid(struct layout_size window, const struct layout_size *sizes, uint32_t count,
    struct layout_area *areas);

// Where our own picture goes while there are others: in the lower right corner.
struct layout_area layout_corner(struct layout_size window, struct layout_size size);

#endif
