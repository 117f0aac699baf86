// SDP: looking things up in the tree, and its lists.

#include "sdp/sdp.h"

#include "sdp/text.h"

#define LIST_FIRST 4u

const struct sdp_media *sdp_find_media(const struct sdp *sdp, struct bytes mid)
{
    for (size_t i = 0; mid.len > 0 && i < sdp->media_count; i++) {
        if (bytes_equal(sdp->media[i].mid, mid)) {
            return &sdp->media[i];
        }
    }
    return NULL;
}

const struct sdp_group *sdp_find_group(
    const struct sdp *sdp, const char *semantics, struct bytes mid)
{
    for (size_t i = 0; i < sdp->group_count; i++) {
        if (sdp_text_equal(sdp->groups[i].semantics, semantics) &&
            sdp_list_has(&sdp->groups[i].mids, mid)) {
            return &sdp->groups[i];
        }
    }
    return NULL;
}

bool sdp_list_has(const struct sdp_list *list, struct bytes text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (bytes_equal(list->items[i], text)) {
            return true;
        }
    }
    return false;
}

bool sdp_list_add(struct sdp_list *list, struct arena *arena, struct bytes text)
{
    if (list->count == list->room) {
        size_t room = list->room > 0 ? list->room * 2 : LIST_FIRST;
        struct bytes *items = arena_new_array(arena, room, sizeof *items);

        if (!items) {
            return false;
        }
        if (list->count > 0) {
            memcpy(items, list->items, list->count * sizeof *items);
        }
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = text;
    return true;
}
