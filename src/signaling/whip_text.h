// A text that a WHIP client keeps: its own, or the server's.
//
// Ownership   owns a copy until dropped

#ifndef SIGNALING_WHIP_TEXT_H
#define SIGNALING_WHIP_TEXT_H

#include <stdbool.h>

#include "base/alloc.h"
#include "base/bytes.h"

struct signaling_whip_text {
    char *ptr; // NULL: none. With a NUL behind it.
    size_t len;
};

// Copies `from` in place of what was there; false, and it stays as it was, without memory.
YODEL_MUST_USE bool signaling_whip_text_set(
    struct signaling_whip_text *text, struct alloc *alloc, struct bytes from);

// Takes over `ptr`, of `len` bytes and room for one more.
void signaling_whip_text_take(
    struct signaling_whip_text *text, struct alloc *alloc, char *ptr, size_t len);

void signaling_whip_text_drop(struct signaling_whip_text *text, struct alloc *alloc);
struct bytes signaling_whip_text_bytes(const struct signaling_whip_text *text);

// Nothing in it could end a header's line.
bool signaling_whip_text_is_visible(struct bytes text);

#endif
