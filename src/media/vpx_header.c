// The first bits of VP8's and VP9's frames: see the header.

#include "media/vpx_header.h"

#define VP8_START_CODE 0x9d012au
#define VP8_SIZE_MASK 0x3fff
#define VP9_MARKER 2
#define VP9_SYNC_CODE 0x498342u
#define VP9_REFERENCES 3
#define COLOR_RGB 7
#define INDEX_MARKER 0xc0
#define INDEX_MARKER_MASK 0xe0

static uint32_t little(struct bytes b)
{
    uint32_t value = 0;

    for (size_t i = b.len; i > 0; i--) {
        value = value << 8 | b.ptr[i - 1];
    }
    return value;
}

//  0               1               2       RFC 6386 §9.1
// |0|ver  |s| length, 19 bits             | of a key frame: 9d 01 2a, width, height
bool media_vpx_header_vp8(struct bytes frame, struct media_vpx_size *size)
{
    struct reader r = reader_of(frame);
    uint8_t first = read_u8(&r);

    *size = (struct media_vpx_size){0};
    read_u16(&r);
    if (r.failed || (first & 1) != 0) {
        return !r.failed;
    }
    uint32_t code = read_u24(&r);
    size->is_said = true;
    size->width = little(read_bytes(&r, 2)) & VP8_SIZE_MASK;
    size->height = little(read_bytes(&r, 2)) & VP8_SIZE_MASK;
    return !r.failed && code == VP8_START_CODE;
}

// ---- VP9, bit by bit

struct bits {
    struct bytes data;
    size_t at;
    bool failed;
};

static uint32_t take(struct bits *b, uint32_t count)
{
    uint32_t value = 0;

    if (b->at + count > b->data.len * 8) {
        b->failed = true;
        return 0;
    }
    for (uint32_t i = 0; i < count; i++, b->at++) {
        value = value << 1 | (b->data.ptr[b->at / 8] >> (7 - b->at % 8) & 1u);
    }
    return value;
}

// VP9 Bitstream §6.2.2.
static void skip_color(struct bits *b, uint32_t profile)
{
    if (profile >= 2) {
        take(b, 1);
    }
    bool is_rgb = take(b, 3) == COLOR_RGB;
    if (!is_rgb) {
        take(b, 1);
    }
    if ((profile & 1) != 0) {
        take(b, is_rgb ? 1 : 3);
    }
}

// §6.2.3.
static void read_size(struct bits *b, struct media_vpx_size *size)
{
    size->is_said = true;
    size->width = take(b, 16) + 1;
    size->height = take(b, 16) + 1;
}

static void check_sync(struct bits *b)
{
    b->failed = take(b, 24) != VP9_SYNC_CODE || b->failed;
}

// §6.2.5: as one of three references, or said.
static void read_size_with_references(struct bits *b, struct media_vpx_size *size)
{
    take(b, 8 + VP9_REFERENCES * 4);
    for (int i = 0; i < VP9_REFERENCES; i++) {
        if (take(b, 1) != 0) {
            return;
        }
    }
    read_size(b, size);
}

static void read_inter(struct bits *b, uint32_t profile, bool is_shown, struct media_vpx_size *size)
{
    bool is_resilient = take(b, 1) != 0;
    bool is_intra = !is_shown && take(b, 1) != 0;

    take(b, is_resilient ? 0 : 2);
    if (!is_intra) {
        read_size_with_references(b, size);
        return;
    }
    check_sync(b);
    if (profile > 0) {
        skip_color(b, profile);
    }
    take(b, 8);
    read_size(b, size);
}

// §6.2.
bool media_vpx_header_vp9(struct bytes frame, struct media_vpx_size *size)
{
    struct bits b = {.data = frame};

    *size = (struct media_vpx_size){0};
    b.failed = take(&b, 2) != VP9_MARKER;
    uint32_t low = take(&b, 1), profile = take(&b, 1) << 1 | low;
    if (profile == 3) {
        take(&b, 1);
    }
    if (take(&b, 1) != 0) {
        return !b.failed; // show_existing_frame.
    }
    bool is_key = take(&b, 1) == 0, is_shown = take(&b, 1) != 0;
    if (!is_key) {
        read_inter(&b, profile, is_shown, size);
        return !b.failed;
    }
    take(&b, 1);
    check_sync(&b);
    skip_color(&b, profile);
    read_size(&b, size);
    return !b.failed;
}

// Annex B: |110 length-1 count-1| lengths, little-endian | the same byte again|
size_t media_vpx_header_split(struct bytes data, struct bytes frames[MEDIA_VPX_FRAMES_MAX])
{
    uint8_t last = data.len > 0 ? data.ptr[data.len - 1] : 0;
    size_t count = (size_t)(last & 7) + 1, width = (size_t)(last >> 3 & 3) + 1;
    size_t len = 2 + count * width;

    if ((last & INDEX_MARKER_MASK) != INDEX_MARKER || data.len < len ||
        data.ptr[data.len - len] != last) {
        return 0;
    }
    struct reader index = reader_of(bytes_sub(data, data.len - len + 1, len - 2));
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size = little(read_bytes(&index, width));
        frames[i] = bytes_sub(data, at, size);
        at += size;
    }
    return count;
}

void media_vpx_header_put_index(struct writer *w, uint32_t len)
{
    uint8_t marker = INDEX_MARKER | 3 << 3; // Four bytes of length, one frame.

    put_u8(w, marker);
    for (int i = 0; i < 4; i++) {
        put_u8(w, (uint8_t)(len >> 8 * i));
    }
    put_u8(w, marker);
}
