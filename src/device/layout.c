// Where pictures go in a window: see the header.

#include "device/layout.h"

#include "base/assert.h"

#define CORNER_PART 4  // Our own picture has this part of the window's width and height,
#define MARGIN_PART 40 // and this part of its height is left beside it.

struct layout_area layout_fit(struct layout_area room, struct layout_size size)
{
    struct layout_area area = room;

    YODEL_ASSERT(size.width > 0 && size.height > 0);
    if ((uint64_t)room.width * size.height > (uint64_t)room.height * size.width) {
        area.width = (uint32_t)((uint64_t)room.height * size.width / size.height);
    } else {
        area.height = (uint32_t)((uint64_t)room.width * size.height / size.width);
    }
    area.left += (room.width - area.width) / 2;
    area.top += (room.height - area.height) / 2;
    return area;
}

// The cell of picture `index`. A last row that is not full is in the middle.
static struct layout_area cell(
    struct layout_size window, uint32_t count, uint32_t columns, uint32_t index)
{
    uint32_t rows = (count + columns - 1) / columns, row = index / columns;
    uint32_t in_row = row + 1 < rows ? columns : count - row * columns;
    struct layout_area area = {.width = window.width / columns, .height = window.height / rows};

    area.left = (window.width - in_row * area.width) / 2 + index % columns * area.width;
    area.top = (window.height - rows * area.height) / 2 + row * area.height;
    return area;
}

static uint64_t seen(
    struct layout_size window, const struct layout_size *sizes, uint32_t count, uint32_t columns)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct layout_area area = layout_fit(cell(window, count, columns, i), sizes[i]);
        sum += (uint64_t)area.width * area.height;
    }
    return sum;
}

void layout_grid(struct layout_size window, const struct layout_size *sizes, uint32_t count,
    struct layout_area *areas)
{
    uint32_t columns = 1;
    uint64_t most = 0;

    for (uint32_t tried = 1; tried <= count; tried++) {
        uint64_t sum = seen(window, sizes, count, tried);
        if (sum >= most) { // Beside each other rather than below.
            most = sum;
            columns = tried;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        areas[i] = layout_fit(cell(window, count, columns, i), sizes[i]);
    }
}

struct layout_area layout_corner(struct layout_size window, struct layout_size size)
{
    struct layout_area room = {
        .width = window.width / CORNER_PART, .height = window.height / CORNER_PART};
    struct layout_area area = layout_fit(room, size);
    uint32_t margin = window.height / MARGIN_PART;

    area.left = window.width - area.width - margin;
    area.top = window.height - area.height - margin;
    return area;
}
