// Hexadecimal: see the header.

#include "base/hex.h"

void hex_write(struct writer *w, struct bytes data)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < data.len; i++) {
        put_u8(w, (uint8_t)digits[data.ptr[i] >> 4]);
        put_u8(w, (uint8_t)digits[data.ptr[i] & 15]);
    }
}

enum yodel_err hex_parse(struct span room, struct bytes text, size_t *len)
{
    if (text.len % 2 != 0) {
        return YODEL_ERR_SYNTAX;
    }
    if (text.len / 2 > room.len) {
        return YODEL_ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < text.len / 2; i++) {
        int high = hex_digit(text.ptr[2 * i]);
        int low = hex_digit(text.ptr[2 * i + 1]);

        if (high < 0 || low < 0) {
            return YODEL_ERR_SYNTAX;
        }
        room.ptr[i] = (uint8_t)(high << 4 | low);
    }
    *len = text.len / 2;
    return YODEL_OK;
}
