// A text that a WHIP client keeps.

#include "signaling/whip_text.h"

void signaling_whip_text_drop(struct signaling_whip_text *text, struct alloc *alloc)
{
    alloc_free(alloc, text->ptr);
    *text = (struct signaling_whip_text){0};
}

void signaling_whip_text_take(
    struct signaling_whip_text *text, struct alloc *alloc, char *ptr, size_t len)
{
    signaling_whip_text_drop(text, alloc);
    ptr[len] = '\0';
    *text = (struct signaling_whip_text){ptr, len};
}

bool signaling_whip_text_set(
    struct signaling_whip_text *text, struct alloc *alloc, struct bytes from)
{
    char *copy = alloc_new(alloc, from.len + 1);

    if (!copy) {
        return false;
    }
    if (from.len > 0) {
        memcpy(copy, from.ptr, from.len);
    }
    signaling_whip_text_take(text, alloc, copy, from.len);
    return true;
}

struct bytes signaling_whip_text_bytes(const struct signaling_whip_text *text)
{
    return bytes_of(text->ptr, text->len);
}

bool signaling_whip_text_is_visible(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') {
            return false;
        }
    }
    return true;
}
