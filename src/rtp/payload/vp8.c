// VP8 in RTP: the descriptor, and the first bytes of a frame.

#include "rtp/payload/vp8.h"

#include "base/assert.h"

//  |X|R|N|S|R|  PID      |     RFC 7741 §4.2
//  |I|L|T|K|  reserved   |     X
//  |M| picture id  (M: of 15 bits)        |     I
//  |  TL0PICIDX          |     L
//  | TID |Y| KEYIDX      |     T or K

#define EXTENDED 0x80
#define DISCARDABLE 0x20
#define START 0x10
#define PARTITION 0x07
#define PICTURE_ID 0x80
#define TL0_INDEX 0x40
#define TEMPORAL 0x20
#define KEY_INDEX 0x10
#define START_CODE 0x9d012a // RFC 6386 §9.1.

static void read_extension(struct reader *r, struct rtp_vp8_descriptor *descriptor)
{
    uint8_t flags = read_u8(r);

    descriptor->has_picture_id = (flags & PICTURE_ID) != 0;
    descriptor->has_tl0_index = (flags & TL0_INDEX) != 0;
    descriptor->has_temporal = (flags & TEMPORAL) != 0;
    descriptor->has_key_index = (flags & KEY_INDEX) != 0;
    if (descriptor->has_picture_id) {
        descriptor->picture_id = rtp_payload_read_picture_id(r, &descriptor->is_long_picture_id);
    }
    if (descriptor->has_tl0_index) {
        descriptor->tl0_index = read_u8(r);
    }
    if (descriptor->has_temporal || descriptor->has_key_index) {
        uint8_t both = read_u8(r);
        descriptor->temporal = both >> 6;
        descriptor->is_sync = (both & 0x20) != 0;
        descriptor->key_index = both & 0x1f;
    }
}

enum yodel_err rtp_vp8_parse(
    struct rtp_vp8_descriptor *descriptor, struct bytes payload, struct bytes *rest)
{
    struct reader r = reader_of(payload);
    struct rtp_vp8_descriptor parsed = {0};
    uint8_t flags = read_u8(&r);

    parsed.is_discardable = (flags & DISCARDABLE) != 0;
    parsed.is_start = (flags & START) != 0 && (flags & PARTITION) == 0;
    if ((flags & EXTENDED) != 0) {
        read_extension(&r, &parsed);
    }
    if (r.failed || r.left == 0) {
        return YODEL_ERR_MALFORMED; // §4.2: there is always something behind it (P8).
    }
    *descriptor = parsed;
    *rest = read_rest(&r);
    return YODEL_OK;
}

void rtp_vp8_put_descriptor(struct writer *w, const struct rtp_vp8_descriptor *descriptor)
{
    bool has_layer = descriptor->has_temporal || descriptor->has_key_index;
    uint32_t flags = (descriptor->has_picture_id ? PICTURE_ID : 0u) |
                     (descriptor->has_tl0_index ? TL0_INDEX : 0u) |
                     (descriptor->has_temporal ? TEMPORAL : 0u) |
                     (descriptor->has_key_index ? KEY_INDEX : 0u);

    put_u8(w, (uint8_t)((flags != 0 ? EXTENDED : 0) | (descriptor->is_start ? START : 0) |
                        (descriptor->is_discardable ? DISCARDABLE : 0)));
    if (flags != 0) {
        put_u8(w, (uint8_t)flags);
    }
    if (descriptor->has_picture_id) {
        rtp_payload_put_picture_id(w, descriptor->picture_id, descriptor->is_long_picture_id);
    }
    if (descriptor->has_tl0_index) {
        put_u8(w, descriptor->tl0_index);
    }
    if (has_layer) {
        put_u8(w, (uint8_t)((uint32_t)descriptor->temporal << 6 |
                            (descriptor->is_sync ? 0x20u : 0u) | (descriptor->key_index & 0x1fu)));
    }
}

// RFC 6386 §9.1: three bytes, the first one's lowest bit 0 in a key frame; then a code and two
// sizes, little-endian, of 14 bits and a scale.
static void read_frame_header(struct reader r, struct rtp_payload_info *info)
{
    info->is_key = (read_u8(&r) & 1) == 0;
    read_u16(&r);
    if (!info->is_key || read_u24(&r) != START_CODE) {
        return;
    }
    uint16_t width = read_u16(&r), height = read_u16(&r);
    if (!r.failed) {
        info->width = (uint16_t)((width << 8 | width >> 8) & 0x3fff);
        info->height = (uint16_t)((height << 8 | height >> 8) & 0x3fff);
    }
}

enum yodel_err rtp_vp8_inspect(struct rtp_payload_info *info, struct bytes payload)
{
    struct rtp_vp8_descriptor descriptor;
    struct bytes rest;

    enum yodel_err err = rtp_vp8_parse(&descriptor, payload, &rest);
    if (err != YODEL_OK) {
        return err;
    }
    *info = (struct rtp_payload_info){.is_start = descriptor.is_start};
    if (descriptor.is_start) {
        read_frame_header(reader_of(rest), info);
    }
    return YODEL_OK;
}

void rtp_vp8_start(struct rtp_vp8_packetizer *packetizer, struct bytes frame,
    const struct rtp_vp8_descriptor *descriptor)
{
    *packetizer = (struct rtp_vp8_packetizer){frame, *descriptor};
    packetizer->descriptor.is_start = true;
}

bool rtp_vp8_emit(struct rtp_vp8_packetizer *packetizer, struct writer *w, bool *is_last)
{
    struct bytes *left = &packetizer->left;

    YODEL_ASSERT(writer_left(w) >= RTP_PAYLOAD_ROOM_MIN);
    if (left->len == 0) {
        return false;
    }
    rtp_vp8_put_descriptor(w, &packetizer->descriptor);
    struct bytes part = bytes_sub(*left, 0, writer_left(w));
    put_bytes(w, part);
    *left = bytes_sub(*left, part.len, SIZE_MAX);
    packetizer->descriptor.is_start = false;
    *is_last = left->len == 0;
    return true;
}
