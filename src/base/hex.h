// Hexadecimal: bytes as text and back.
//
// Implements  RFC 4648 §8, with lower case written and both cases read
// Ownership   values only

#ifndef BASE_HEX_H
#define BASE_HEX_H

#include "base/bytes.h"
#include "base/err.h"

// The four bits of a digit of either case, or -1.
static inline int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void hex_write(struct writer *w, struct bytes data);

// Writes the bytes to the start of `room` and their number to `len`. Fails with SYNTAX (a character
// that is no digit, an odd number of them) and TOO_LARGE (more than `room` holds).
YODEL_MUST_USE enum yodel_err hex_parse(struct span room, struct bytes text, size_t *len);

#endif
