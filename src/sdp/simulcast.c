// SDP simulcast: see the header.
//
//   a=rid:<id> send|recv [pt=<payload type>,…;][<name>=<value>;…]      RFC 8851 §10
//   a=simulcast:send <layers> [recv <layers>], or the other way round  RFC 8853 §5.1
//
// where layers are parted by ";", their alternatives by ",", and "~" before an id means paused.

#include "sdp/simulcast.h"

#include "sdp/text.h"

// ---- a=rid

static const char *const limit_names[] = {
    [SDP_MAX_WIDTH] = "max-width",
    [SDP_MAX_HEIGHT] = "max-height",
    [SDP_MAX_FPS] = "max-fps",
    [SDP_MAX_FS] = "max-fs",
    [SDP_MAX_BR] = "max-br",
    [SDP_MAX_PPS] = "max-pps",
};

static bool parse_direction(struct sdp_parser *p, struct bytes text, bool *is_recv)
{
    *is_recv = sdp_text_equal(text, "recv");
    return *is_recv || sdp_text_equal(text, "send") || sdp_attr_fail(p, "neither send nor recv");
}

// Those that are in the m-line. Nothing is left of a line that names only others.
static bool parse_payload_types(
    struct sdp_parser *p, struct bytes value, struct sdp_rid *rid, bool *is_understood)
{
    if (rid->payload_types) {
        return sdp_attr_fail(p, "pt= is given twice");
    }
    rid->payload_types = arena_new(p->arena, p->media->codec_count);
    if (!rid->payload_types) {
        return sdp_attr_no_memory(p);
    }
    do {
        struct bytes text = sdp_text_take(&value, ',');
        uint64_t number;

        if (!sdp_text_number(text, &number) || number > SDP_PAYLOAD_TYPE_MAX) {
            return sdp_attr_fail(p, "a payload type is not 0 to 127");
        }
        bool is_known = sdp_find_codec(p->media, number) != NULL;
        for (size_t i = 0; i < rid->payload_type_count; i++) {
            is_known = is_known && rid->payload_types[i] != number;
        }
        if (is_known) {
            rid->payload_types[rid->payload_type_count++] = (uint8_t)number;
        }
    } while (value.len > 0);
    *is_understood = *is_understood && rid->payload_type_count > 0;
    return true;
}

static bool parse_restriction(
    struct sdp_parser *p, struct bytes value, struct sdp_rid *rid, bool *is_understood)
{
    struct bytes name = sdp_text_take(&value, '=');
    uint64_t number;

    if (!sdp_text_is_token(name)) {
        return sdp_attr_fail(p, "a restriction has no name");
    }
    if (sdp_text_equal(name, "pt")) {
        return parse_payload_types(p, value, rid, is_understood);
    }
    for (size_t i = 0; i < SDP_RID_LIMITS; i++) {
        if (sdp_text_equal(name, limit_names[i])) {
            if (!sdp_text_number(value, &number)) {
                return sdp_attr_fail(p, "a restriction is not a number");
            }
            *is_understood = *is_understood && number > 0;
            rid->limits[i] = number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
            return true;
        }
    }
    *is_understood = false;
    return true;
}

static const struct sdp_rid *find_rid(const struct sdp_media *media, struct bytes id)
{
    for (size_t i = 0; i < media->rid_count; i++) {
        if (bytes_equal(media->rids[i].id, id)) {
            return &media->rids[i];
        }
    }
    return NULL;
}

bool sdp_simulcast_parse_rid(struct sdp_parser *p, struct bytes value)
{
    struct sdp_media *media = p->media;
    struct sdp_rid rid = {.id = sdp_text_take(&value, ' ')};
    bool is_understood = true;

    if (!sdp_text_is_rid(rid.id)) {
        return sdp_attr_fail(p, "an id is not 1 to 64 letters and digits");
    }
    if (!parse_direction(p, sdp_text_take(&value, ' '), &rid.is_recv)) {
        return false;
    }
    if (find_rid(media, rid.id)) {
        return sdp_attr_fail(p, "an id is given twice");
    }
    while (value.len > 0) {
        if (!parse_restriction(p, sdp_text_take(&value, ';'), &rid, &is_understood)) {
            return false;
        }
    }
    if (!is_understood) {
        return true;
    }
    struct sdp_rid *rids =
        sdp_attr_grow(p, media->rids, media->rid_count, sizeof rid, SDP_RIDS_MAX);
    if (!rids) {
        return false;
    }
    media->rids = rids;
    media->rids[media->rid_count++] = rid;
    return true;
}

static void write_restrictions(const struct sdp_rid *rid, struct writer *w)
{
    char separator = ' ';

    for (size_t i = 0; i < rid->payload_type_count; i++) {
        put_format(w, i == 0 ? " pt=%u" : ",%u", rid->payload_types[i]);
        separator = ';';
    }
    for (size_t i = 0; i < SDP_RID_LIMITS; i++) {
        if (rid->limits[i] > 0) {
            put_format(w, "%c%s=%u", separator, limit_names[i], rid->limits[i]);
            separator = ';';
        }
    }
}

void sdp_simulcast_write_rids(const struct sdp_media *media, struct writer *w)
{
    for (size_t i = 0; i < media->rid_count; i++) {
        put_text(w, "a=rid:");
        put_bytes(w, media->rids[i].id);
        put_text(w, media->rids[i].is_recv ? " recv" : " send");
        write_restrictions(&media->rids[i], w);
        put_text(w, "\r\n");
    }
}

// ---- a=simulcast

static bool has_layer(const struct sdp_layers *layers, struct bytes rid)
{
    for (size_t i = 0; i < layers->count; i++) {
        if (bytes_equal(layers->items[i].rid, rid)) {
            return true;
        }
    }
    return false;
}

static bool parse_layer(
    struct sdp_parser *p, struct bytes text, struct sdp_layers *layers, bool is_alternative)
{
    bool is_paused = text.len > 0 && text.ptr[0] == '~';
    struct sdp_layer layer = {
        bytes_sub(text, is_paused ? 1 : 0, text.len), is_paused, is_alternative};

    if (!sdp_text_is_rid(layer.rid)) {
        return sdp_attr_fail(p, "an id is not 1 to 64 letters and digits");
    }
    struct sdp_layer *items =
        sdp_attr_grow(p, layers->items, layers->count, sizeof layer, SDP_RIDS_MAX);
    if (!items) {
        return false;
    }
    layers->items = items;
    layers->items[layers->count++] = layer;
    return true;
}

static bool parse_layers(struct sdp_parser *p, struct bytes text, struct sdp_layers *layers)
{
    if (layers->count > 0) {
        return sdp_attr_fail(p, "a direction is given twice");
    }
    do {
        struct bytes alternatives = sdp_text_take(&text, ';');
        bool is_alternative = false;

        do {
            if (!parse_layer(p, sdp_text_take(&alternatives, ','), layers, is_alternative)) {
                return false;
            }
            is_alternative = true;
        } while (alternatives.len > 0);
    } while (text.len > 0);
    return true;
}

bool sdp_simulcast_parse(struct sdp_parser *p, struct bytes value)
{
    struct sdp_media *media = p->media;
    bool is_recv;

    if (media->send_layers.count + media->recv_layers.count > 0) {
        return sdp_attr_fail(p, "given twice");
    }
    do {
        if (!parse_direction(p, sdp_text_take(&value, ' '), &is_recv) ||
            !parse_layers(p, sdp_text_take(&value, ' '),
                is_recv ? &media->recv_layers : &media->send_layers)) {
            return false;
        }
    } while (value.len > 0);
    return true;
}

// RFC 8853 does not say what an id means that stands there twice; as in the W3C's API, the first
// one holds.
static void keep_described(const struct sdp_media *media, struct sdp_layers *layers, bool is_recv)
{
    struct sdp_layers kept = {layers->items, 0};
    bool is_alternative = false; // To one that was kept.

    for (size_t i = 0; i < layers->count; i++) {
        struct sdp_layer layer = layers->items[i];
        const struct sdp_rid *rid = find_rid(media, layer.rid);

        is_alternative = is_alternative && layer.is_alternative;
        if (rid && rid->is_recv == is_recv && !has_layer(&kept, layer.rid)) {
            layer.is_alternative = is_alternative;
            kept.items[kept.count++] = layer;
            is_alternative = true;
        }
    }
    *layers = kept;
}

void sdp_simulcast_finish(struct sdp_media *media)
{
    keep_described(media, &media->send_layers, false);
    keep_described(media, &media->recv_layers, true);
}

static void write_layers(const struct sdp_layers *layers, const char *direction, struct writer *w)
{
    put_text(w, direction);
    for (size_t i = 0; i < layers->count; i++) {
        const struct sdp_layer *layer = &layers->items[i];

        put_text(w, i == 0 ? "" : layer->is_alternative ? "," : ";");
        put_text(w, layer->is_paused ? "~" : "");
        put_bytes(w, layer->rid);
    }
}

void sdp_simulcast_write(const struct sdp_media *media, struct writer *w)
{
    bool has_send = media->send_layers.count > 0, has_recv = media->recv_layers.count > 0;

    if (!has_send && !has_recv) {
        return;
    }
    put_text(w, "a=simulcast:");
    if (has_send) {
        write_layers(&media->send_layers, "send ", w);
    }
    if (has_recv) {
        write_layers(&media->recv_layers, has_send ? " recv " : "recv ", w);
    }
    put_text(w, "\r\n");
}
