// The test pattern: see the header.

#include "media/pattern.h"

#include <string.h>

#include "base/assert.h"

#define COLUMNS 16
#define ROWS 2
#define STRIP 4 // The strip of blocks is this part of the height.
#define BLACK 16
#define WHITE 235
#define DARK_MAX 96 // What is read as black and as white; between them it is not known.
#define LIGHT_MIN 160
#define SPEED 3             // Pixels a picture.
#define STRIPE 48           // Pixels.
#define SQUARE 5            // The square is this part of the height.
#define SCATTER 0x9e3779b1u // 2^32 over the golden ratio: multiplied by it, near numbers differ.

static uint32_t word_of(uint32_t number)
{
    uint32_t low = number & MEDIA_PATTERN_NUMBER_MASK;

    return low << 8 | (low + 1) * SCATTER >> 24;
}

// From 0 up to `range` and back, as `at` goes on.
static uint32_t to_and_fro(uint32_t at, uint32_t range)
{
    uint32_t place = range == 0 ? 0 : at % (2 * range);

    return place < range ? place : 2 * range - place;
}

static void draw_number(struct media_picture *picture, uint32_t number)
{
    const struct yodel_picture *view = &picture->view;
    uint32_t word = word_of(number), height = view->height / STRIP;

    for (uint32_t y = 0; y < height; y++) {
        uint8_t *line = picture->planes[0] + (size_t)y * view->strides[0];
        for (uint32_t x = 0; x < view->width; x++) {
            uint32_t bit = y * ROWS / height * COLUMNS + x * COLUMNS / view->width;
            line[x] = (word >> (31 - bit) & 1) != 0 ? WHITE : BLACK;
        }
    }
}

static void draw_stripes(struct media_picture *picture, uint32_t number)
{
    const struct yodel_picture *view = &picture->view;

    for (uint32_t y = view->height / STRIP; y < view->height; y++) {
        uint8_t *line = picture->planes[0] + (size_t)y * view->strides[0];
        for (uint32_t x = 0; x < view->width; x++) {
            line[x] = (uint8_t)(64 + 2 * to_and_fro(x + y / 2 + SPEED * number, STRIPE) +
                                y * 32 / view->height);
        }
    }
}

static void draw_square(struct media_picture *picture, uint32_t number)
{
    const struct yodel_picture *view = &picture->view;
    uint32_t side = view->height / SQUARE, top = view->height / STRIP;
    uint32_t left = to_and_fro(SPEED * number, view->width - side);

    top += to_and_fro(2 * number, view->height - top - side);
    for (uint32_t y = top; y < top + side; y++) {
        memset(picture->planes[0] + (size_t)y * view->strides[0] + left, WHITE, side);
    }
}

static void draw_colors(struct media_picture *picture, uint32_t number)
{
    const struct yodel_picture *view = &picture->view;
    uint32_t width = media_plane_width(view, 1), height = media_plane_height(view, 1);

    for (uint32_t y = 0; y < height; y++) {
        bool is_number = y < height / STRIP + 1; // Which is grey.
        for (uint32_t x = 0; x < width; x++) {
            size_t at = (size_t)y * view->strides[1] + x;
            picture->planes[1][at] = is_number ? 128 : (uint8_t)(64 + x * 128 / width);
            picture->planes[2][at] = is_number ? 128 : (uint8_t)(96 + to_and_fro(y + number, 64));
        }
    }
}

void media_pattern_draw(struct media_picture *picture, uint32_t number)
{
    YODEL_ASSERT(picture->view.width >= MEDIA_PATTERN_WIDTH_MIN);
    YODEL_ASSERT(picture->view.height >= MEDIA_PATTERN_HEIGHT_MIN);
    number &= MEDIA_PATTERN_NUMBER_MASK;
    draw_stripes(picture, number);
    draw_square(picture, number);
    draw_colors(picture, number);
    draw_number(picture, number);
}

// ---- reading

// The mean of the inner half of a block, whose edges coding may have blurred.
static uint32_t brightness(const struct yodel_picture *picture, uint32_t column, uint32_t row)
{
    uint32_t width = picture->width / COLUMNS, height = picture->height / STRIP / ROWS;
    uint32_t left = picture->width * column / COLUMNS + width / 4;
    uint32_t top = picture->height / STRIP * row / ROWS + height / 4;
    uint32_t sum = 0, count = 0;

    for (uint32_t y = top; y < top + (height + 1) / 2; y++) {
        for (uint32_t x = left; x < left + (width + 1) / 2; x++) {
            sum += picture->planes[0][(size_t)y * picture->strides[0] + x];
            count++;
        }
    }
    return sum / count;
}

bool media_pattern_read(const struct yodel_picture *picture, uint32_t *number)
{
    uint32_t word = 0;

    if (picture->width < MEDIA_PATTERN_WIDTH_MIN || picture->height < MEDIA_PATTERN_HEIGHT_MIN) {
        return false;
    }
    for (uint32_t bit = 0; bit < ROWS * COLUMNS; bit++) {
        uint32_t bright = brightness(picture, bit % COLUMNS, bit / COLUMNS);
        if (bright > DARK_MAX && bright < LIGHT_MIN) {
            return false;
        }
        word = word << 1 | (bright >= LIGHT_MIN);
    }
    if (word_of(word >> 8) != word) {
        return false;
    }
    *number = word >> 8;
    return true;
}
