// Base64: see the header.

#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(struct writer *w, struct bytes data)
{
    for (size_t at = 0; at < data.len; at += 3) {
        struct bytes part = bytes_sub(data, at, 3);
        uint32_t bits = (uint32_t)part.ptr[0] << 16;

        bits |= part.len > 1 ? (uint32_t)part.ptr[1] << 8 : 0;
        bits |= part.len > 2 ? part.ptr[2] : 0;
        put_u8(w, (uint8_t)alphabet[bits >> 18]);
        put_u8(w, (uint8_t)alphabet[bits >> 12 & 63]);
        put_u8(w, part.len > 1 ? (uint8_t)alphabet[bits >> 6 & 63] : '=');
        put_u8(w, part.len > 2 ? (uint8_t)alphabet[bits & 63] : '=');
    }
}

// The six bits of a character, or -1.
static int value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Four characters, of which the last `padding` are '='. False for what is not Base64.
static bool read_quad(const uint8_t *quad, size_t padding, uint32_t *bits)
{
    *bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - padding ? value_of(quad[i]) : 0;

        if (value < 0) {
            return false;
        }
        *bits = *bits << 6 | (uint32_t)value;
    }
    // RFC 4648 §3.5: the bits that padding leaves over are zero, or one value would have several
    // spellings.
    return (*bits & ((1u << 8 * padding) - 1)) == 0;
}

enum yodel_err base64_parse(struct span room, struct bytes text, size_t *len)
{
    size_t padding = 0;

    if (text.len % 4 != 0) {
        return YODEL_ERR_SYNTAX;
    }
    while (padding < 2 && padding < text.len && text.ptr[text.len - 1 - padding] == '=') {
        padding++;
    }
    size_t total = text.len / 4 * 3 - padding;
    if (total > room.len) {
        return YODEL_ERR_TOO_LARGE;
    }
    size_t done = 0;
    for (size_t at = 0; at < text.len; at += 4) {
        uint32_t bits;

        if (!read_quad(text.ptr + at, at + 4 == text.len ? padding : 0, &bits)) {
            return YODEL_ERR_SYNTAX;
        }
        for (unsigned shift = 16; done < total && shift <= 16; shift -= 8) {
            room.ptr[done++] = (uint8_t)(bits >> shift);
        }
    }
    *len = total;
    return YODEL_OK;
}
