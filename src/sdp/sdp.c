// SDP: looking things up in the tree, and its lists.

#include "sdp/sdp.h"

#include "base/assert.h"
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

const struct sdp_codec *sdp_find_codec(const struct sdp_media *media, uint64_t payload_type)
{
    for (size_t i = 0; i < media->codec_count; i++) {
        if (media->codecs[i].payload_type == payload_type) {
            return &media->codecs[i];
        }
    }
    return NULL;
}

bool sdp_is_codec(const struct sdp_codec *codec, const char *name)
{
    return sdp_text_equal_any_case(codec->name, name); // RFC 4855 §3.
}

bool sdp_find_parameter(struct bytes fmtp, const char *name, struct bytes *value)
{
    while (fmtp.len > 0) {
        struct bytes found = sdp_text_take(&fmtp, ';');

        while (found.len > 0 && found.ptr[0] == ' ') {
            found = bytes_sub(found, 1, found.len);
        }
        struct bytes key = sdp_text_take(&found, '=');
        if (sdp_text_equal_any_case(key, name)) {
            *value = found;
            return true;
        }
    }
    return false;
}

uint64_t sdp_find_number(struct bytes fmtp, const char *name, uint64_t otherwise)
{
    struct bytes value;
    uint64_t number;

    if (sdp_find_parameter(fmtp, name, &value) && sdp_text_number(value, &number)) {
        return number;
    }
    return otherwise;
}

const char *sdp_direction_text(enum sdp_direction direction)
{
    static const char *const texts[] = {
        [SDP_SENDRECV] = "sendrecv",
        [SDP_SENDONLY] = "sendonly",
        [SDP_RECVONLY] = "recvonly",
        [SDP_INACTIVE] = "inactive",
    };

    YODEL_ASSERT(direction > SDP_DIRECTION_NONE && direction < COUNT(texts));
    return texts[direction];
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
