// Columns: how wide text is on a terminal.

#include "cli/columns.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/port.h"

struct range {
    uint32_t first, last;
};

// Unicode's UAX #11, East_Asian_Width W and F, and the pictures: as blocks, not one by one.
static const struct range wide[] = {
    {0x1100, 0x115f},
    {0x2e80, 0xa4cf},
    {0xac00, 0xd7a3},
    {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},
    {0xff00, 0xff60},
    {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff},
    {0x1f900, 0x1faff},
    {0x20000, 0x3fffd},
};

// What is drawn over the character before it.
static const struct range accents[] = {
    {0x300, 0x36f}, {0x1ab0, 0x1aff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};

static bool is_in(uint32_t c, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

// The next character, and how many bytes it takes; never beyond the text's end.
static uint32_t decode(const char *text, size_t *len)
{
    uint8_t first = (uint8_t)text[0];
    size_t want = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t c = want == 1 ? first : first & (0x7fu >> want);

    for (*len = 1; *len < want && ((uint8_t)text[*len] & 0xc0) == 0x80; (*len)++) {
        c = c << 6 | ((uint8_t)text[*len] & 0x3fu);
    }
    return c;
}

static int width_of(uint32_t c)
{
    if (is_in(c, accents, COUNT(accents))) {
        return 0;
    }
    return is_in(c, wide, COUNT(wide)) ? 2 : 1;
}

int cli_columns_of(const char *text)
{
    int columns = 0;

    for (size_t len = 0; *text; text += len) {
        columns += width_of(decode(text, &len));
    }
    return columns;
}

int cli_columns_cut(char *text, int columns)
{
    static const char mark[] = "…";
    int taken = 0;
    size_t at = 0, len = 0;

    if (cli_columns_of(text) <= columns) {
        return cli_columns_of(text);
    }
    while (text[at]) {
        int width = width_of(decode(text + at, &len));
        if (taken + width > columns - 1) {
            break;
        }
        taken += width;
        at += len;
    }
    // The mark's three bytes need their room, which what is cut off may not have left.
    if (columns < 1 || strlen(text + at) < sizeof mark - 1) {
        text[at] = '\0';
        return taken;
    }
    memcpy(text + at, mark, sizeof mark);
    return taken + 1;
}
