// UTF-8: see the header.

#include "base/utf8.h"

// RFC 3629 §4: what may follow a first byte. Only the second byte's range depends on the first.
struct lead {
    uint8_t first_low, first_high;
    uint8_t second_low, second_high;
    uint8_t len;
};

static const struct lead leads[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, // C0 and C1 would be overlong.
    {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, // Without the surrogates.
    {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4}, // U+10FFFF is the last.
};

static bool is_sequence(struct bytes text, const struct lead *lead)
{
    if (text.len < lead->len || text.ptr[1] < lead->second_low || text.ptr[1] > lead->second_high) {
        return false;
    }
    for (size_t i = 2; i < lead->len; i++) {
        if ((text.ptr[i] & 0xc0) != 0x80) {
            return false;
        }
    }
    return true;
}

// The length of the character at the start, or 0 where there is none.
static size_t char_len(struct bytes text)
{
    if (text.ptr[0] < 0x80) {
        return 1;
    }
    for (size_t i = 0; i < COUNT(leads); i++) {
        if (text.ptr[0] >= leads[i].first_low && text.ptr[0] <= leads[i].first_high) {
            return is_sequence(text, &leads[i]) ? leads[i].len : 0;
        }
    }
    return 0;
}

bool utf8_is_valid(struct bytes text)
{
    size_t at = 0;

    while (at < text.len) {
        size_t len = char_len(bytes_sub(text, at, 4));

        if (len == 0) {
            return false;
        }
        at += len;
    }
    return true;
}
