// VP9 in RTP: the descriptor.

#include "rtp/payload/vp9.h"

#include "base/assert.h"

//  |I|P|L|F|B|E|V|Z|              RFC 9628 §4.2
//  |M| picture id                 |     I; M: of 15 bits
//  | TID |U| SID |D|              L
//  |  TL0PICIDX    |              L, and not F
//  |  P_DIFF     |N|              P and F; N: another one follows, up to three
//  | N_S |Y|G|-|-|-|              V: the scalability structure, §4.2.1
//    | width         | height        |     Y, N_S + 1 times
//    |  N_G          |                     G
//    | TID |U| R |-|-| P_DIFF ...          N_G times, R times

#define PICTURE_ID 0x80
#define INTER 0x40
#define LAYERS 0x20
#define FLEXIBLE 0x10
#define START 0x08
#define END 0x04
#define STRUCTURE 0x02
#define NO_REFERENCE 0x01
#define SIZES 0x10
#define PICTURES 0x08
#define MORE 0x01

static void read_layers(struct reader *r, struct rtp_vp9_descriptor *descriptor)
{
    uint8_t bits = read_u8(r);

    descriptor->temporal = bits >> 5;
    descriptor->is_switch = (bits & 0x10) != 0;
    descriptor->spatial = (bits >> 1) & 7;
    descriptor->is_inter_layer = (bits & 1) != 0;
    if (!descriptor->is_flexible) {
        descriptor->tl0_index = read_u8(r);
    }
}

static void read_references(struct reader *r, struct rtp_vp9_descriptor *descriptor)
{
    uint8_t bits;

    do {
        bits = read_u8(r);
        descriptor->references[descriptor->reference_count++] = bits >> 1;
    } while ((bits & MORE) != 0 && descriptor->reference_count < RTP_VP9_REFERENCES_MAX);
    if ((bits & MORE) != 0) {
        r->failed = true; // §4.2: three at most.
    }
}

static void read_structure(struct reader *r, struct rtp_vp9_descriptor *descriptor)
{
    uint8_t bits = read_u8(r);
    uint8_t count = (uint8_t)((bits >> 5) + 1);

    if ((bits & SIZES) != 0) {
        descriptor->size_count = count;
        for (uint8_t i = 0; i < count; i++) {
            descriptor->sizes[i].width = read_u16(r);
            descriptor->sizes[i].height = read_u16(r);
        }
    }
    uint8_t pictures = (bits & PICTURES) != 0 ? read_u8(r) : 0;
    for (uint8_t i = 0; i < pictures && !r->failed; i++) {
        read_bytes(r, (read_u8(r) >> 2) & 3);
    }
}

enum yodel_err rtp_vp9_parse(
    struct rtp_vp9_descriptor *descriptor, struct bytes payload, struct bytes *rest)
{
    struct reader r = reader_of(payload);
    struct rtp_vp9_descriptor parsed = {0};
    uint8_t flags = read_u8(&r);

    parsed.has_picture_id = (flags & PICTURE_ID) != 0;
    parsed.is_inter = (flags & INTER) != 0;
    parsed.has_layers = (flags & LAYERS) != 0;
    parsed.is_flexible = (flags & FLEXIBLE) != 0;
    parsed.is_start = (flags & START) != 0;
    parsed.is_end = (flags & END) != 0;
    parsed.is_no_reference = (flags & NO_REFERENCE) != 0;
    if (parsed.has_picture_id) {
        parsed.picture_id = rtp_payload_read_picture_id(&r, &parsed.is_long_picture_id);
    }
    if (parsed.has_layers) {
        read_layers(&r, &parsed);
    }
    if (parsed.is_inter && parsed.is_flexible) {
        read_references(&r, &parsed);
    }
    if ((flags & STRUCTURE) != 0) {
        read_structure(&r, &parsed);
    }
    if (r.failed || r.left == 0) {
        return YODEL_ERR_MALFORMED;
    }
    *descriptor = parsed;
    *rest = read_rest(&r);
    return YODEL_OK;
}

static void put_structure(struct writer *w, const struct rtp_vp9_descriptor *descriptor)
{
    YODEL_ASSERT(descriptor->size_count <= RTP_VP9_SPATIAL_MAX);
    put_u8(w, (uint8_t)((descriptor->size_count - 1) << 5 | SIZES));
    for (uint8_t i = 0; i < descriptor->size_count; i++) {
        put_u16(w, descriptor->sizes[i].width);
        put_u16(w, descriptor->sizes[i].height);
    }
}

static void put_references(struct writer *w, const struct rtp_vp9_descriptor *descriptor)
{
    uint8_t count = descriptor->reference_count;

    YODEL_ASSERT(count > 0 && count <= RTP_VP9_REFERENCES_MAX);
    for (uint8_t i = 0; i < count; i++) {
        put_u8(w, (uint8_t)(descriptor->references[i] << 1 | (i + 1 < count ? MORE : 0)));
    }
}

static void put_layers(struct writer *w, const struct rtp_vp9_descriptor *descriptor)
{
    put_u8(w, (uint8_t)((descriptor->temporal & 7) << 5 | (descriptor->is_switch ? 0x10 : 0) |
                        (descriptor->spatial & 7) << 1 | (descriptor->is_inter_layer ? 1 : 0)));
    if (!descriptor->is_flexible) {
        put_u8(w, descriptor->tl0_index);
    }
}

void rtp_vp9_put_descriptor(struct writer *w, const struct rtp_vp9_descriptor *descriptor)
{
    put_u8(
        w, (uint8_t)((descriptor->has_picture_id ? PICTURE_ID : 0) |
                     (descriptor->is_inter ? INTER : 0) | (descriptor->has_layers ? LAYERS : 0) |
                     (descriptor->is_flexible ? FLEXIBLE : 0) | (descriptor->is_start ? START : 0) |
                     (descriptor->is_end ? END : 0) | (descriptor->size_count > 0 ? STRUCTURE : 0) |
                     (descriptor->is_no_reference ? NO_REFERENCE : 0)));
    if (descriptor->has_picture_id) {
        rtp_payload_put_picture_id(w, descriptor->picture_id, descriptor->is_long_picture_id);
    }
    if (descriptor->has_layers) {
        put_layers(w, descriptor);
    }
    if (descriptor->is_inter && descriptor->is_flexible) {
        put_references(w, descriptor);
    }
    if (descriptor->size_count > 0) {
        put_structure(w, descriptor);
    }
}

enum yodel_err rtp_vp9_inspect(struct rtp_payload_info *info, struct bytes payload)
{
    struct rtp_vp9_descriptor descriptor;
    struct bytes rest;

    enum yodel_err err = rtp_vp9_parse(&descriptor, payload, &rest);
    if (err != YODEL_OK) {
        return err;
    }
    *info = (struct rtp_payload_info){.is_start = descriptor.is_start && descriptor.spatial == 0};
    info->is_key = info->is_start && !descriptor.is_inter;
    if (descriptor.size_count > 0) {
        info->width = descriptor.sizes[descriptor.size_count - 1].width;
        info->height = descriptor.sizes[descriptor.size_count - 1].height;
    }
    return YODEL_OK;
}

void rtp_vp9_start(struct rtp_vp9_packetizer *packetizer, struct bytes frame,
    const struct rtp_vp9_descriptor *descriptor)
{
    *packetizer = (struct rtp_vp9_packetizer){frame, *descriptor};
    packetizer->descriptor.is_start = true;
}

bool rtp_vp9_emit(struct rtp_vp9_packetizer *packetizer, struct writer *w, bool *is_last)
{
    struct rtp_vp9_descriptor *descriptor = &packetizer->descriptor;
    struct bytes *left = &packetizer->left;

    YODEL_ASSERT(writer_left(w) >= RTP_PAYLOAD_ROOM_MIN);
    if (left->len == 0) {
        return false;
    }
    size_t at = w->len;
    descriptor->is_end = false;
    rtp_vp9_put_descriptor(w, descriptor);
    struct bytes part = bytes_sub(*left, 0, writer_left(w));
    put_bytes(w, part);
    *left = bytes_sub(*left, part.len, SIZE_MAX);
    *is_last = left->len == 0;
    w->start[at] |= *is_last ? END : 0;
    descriptor->is_start = false;
    descriptor->size_count = 0;
    return true;
}
