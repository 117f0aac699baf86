// Base64: bytes as text and back, standard alphabet, with padding.
//
// Implements  RFC 4648 §4, and §3.5 (a decoder that accepts one spelling only)
// Not here    the URL alphabet, line breaks
// Ownership   values only

#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/bytes.h"
#include "base/err.h"

#define BASE64_LEN(len) (((len) + 2) / 3 * 4) // Of the text for so many bytes.

void base64_write(struct writer *w, struct bytes data);

// Writes the bytes to the start of `room` and their number to `len`. Fails with SYNTAX (not Base64,
// or not the one spelling that base64_write would give) and TOO_LARGE (more than `room` holds).
YODEL_MUST_USE enum yodel_err base64_parse(struct span room, struct bytes text, size_t *len);

#endif
