// H.264's sequence parameter set, as far as the picture's size (ITU-T H.264 §7.3.2.1.1).

#include "rtp/payload/h264.h"

#define TYPE_SPS 7
#define MACROBLOCK 16
#define LISTS 8 // Scaling lists, but for 4:4:4, which has LISTS_444.
#define LISTS_444 12
#define LIST_SMALL 6    // So many of 16 elements are first; the others have 64.
#define CYCLE_MAX 255   // num_ref_frames_in_pic_order_cnt_cycle.
#define EXPONENT_MAX 31 // Of an Exp-Golomb code; more is a lie (P10).
#define CHROMA_444 3

// Bits, with the bytes that only prevent start codes left out (ITU-T H.264 §7.4.1: 0, 0, 3).
struct bits {
    struct reader r;
    uint32_t zeros; // Zero bytes in a row, up to here.
    uint8_t byte;
    uint32_t left; // Bits of `byte` to come.
};

static uint32_t read_bit(struct bits *b)
{
    if (b->left == 0) {
        b->byte = read_u8(&b->r);
        if (b->zeros >= 2 && b->byte == 3) {
            b->byte = read_u8(&b->r);
            b->zeros = 0;
        }
        b->zeros = b->byte == 0 ? b->zeros + 1 : 0;
        b->left = 8;
    }
    b->left--;
    return (b->byte >> b->left) & 1;
}

static uint32_t read_bits(struct bits *b, uint32_t count)
{
    uint32_t value = 0;

    for (uint32_t i = 0; i < count; i++) {
        value = value << 1 | read_bit(b);
    }
    return value;
}

// ue(v), ITU-T H.264 §9.1.
static uint32_t read_number(struct bits *b)
{
    uint32_t zeros = 0;

    while (read_bit(b) == 0) {
        if (++zeros > EXPONENT_MAX || b->r.failed) {
            b->r.failed = true;
            return 0;
        }
    }
    return ((uint32_t)1 << zeros) - 1 + read_bits(b, zeros);
}

// se(v), ITU-T H.264 §9.1.1.
static int32_t read_signed(struct bits *b)
{
    uint32_t number = read_number(b);

    return (number & 1) != 0 ? (int32_t)(number / 2 + 1) : -(int32_t)(number / 2);
}

// ITU-T H.264 §7.3.2.1.1.1.
static void skip_list(struct bits *b, uint32_t size)
{
    int32_t last = 8, next = 8;

    for (uint32_t i = 0; i < size && !b->r.failed; i++) {
        if (next != 0) {
            next = (last + read_signed(b) % 256 + 256) % 256;
        }
        last = next == 0 ? last : next;
    }
}

static bool has_chroma(uint32_t profile)
{
    static const uint8_t profiles[] = {
        100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};

    return memchr(profiles, (int)profile, sizeof profiles) != NULL;
}

// Returns chroma_format_idc.
static uint32_t read_chroma(struct bits *b)
{
    uint32_t chroma = read_number(b);

    if (chroma == CHROMA_444) {
        read_bit(b);
    }
    read_number(b);
    read_number(b);
    read_bit(b);
    if (read_bit(b) != 0) {
        for (uint32_t i = 0; i < (chroma == CHROMA_444 ? LISTS_444 : LISTS); i++) {
            if (read_bit(b) != 0) {
                skip_list(b, i < LIST_SMALL ? 16 : 64);
            }
        }
    }
    b->r.failed = b->r.failed || chroma > CHROMA_444;
    return chroma;
}

static void skip_order(struct bits *b)
{
    uint32_t type = read_number(b);

    if (type == 0) {
        read_number(b);
    } else if (type == 1) {
        read_bit(b);
        read_signed(b);
        read_signed(b);
        uint32_t count = read_number(b);
        b->r.failed = b->r.failed || count > CYCLE_MAX;
        for (uint32_t i = 0; i < count && !b->r.failed; i++) {
            read_signed(b);
        }
    }
}

// One direction: `blocks` of it, less what is cropped off in steps of `unit`.
static bool size_of(uint64_t blocks, uint64_t cropped, uint64_t unit, uint16_t *size)
{
    uint64_t whole = blocks * MACROBLOCK;

    if (whole > RTP_H264_SIZE_MAX || cropped * unit >= whole) {
        return false;
    }
    *size = (uint16_t)(whole - cropped * unit);
    return true;
}

static bool read_size(struct bits *b, uint32_t chroma, uint16_t *width, uint16_t *height)
{
    uint64_t across = (uint64_t)read_number(b) + 1, down = (uint64_t)read_number(b) + 1;
    uint32_t fields = read_bit(b) == 0 ? 2 : 1; // frame_mbs_only_flag.
    uint64_t crop[4] = {0};                     // Left, right, top, bottom.

    if (fields == 2) {
        read_bit(b);
    }
    read_bit(b);
    if (read_bit(b) != 0) {
        for (size_t i = 0; i < 4; i++) {
            crop[i] = read_number(b);
        }
    }
    // ITU-T H.264 §7.4.2.1.1, CropUnitX and CropUnitY: 4:2:0 has half as much chroma each way,
    // 4:2:2 across.
    uint32_t unit_x = chroma == 1 || chroma == 2 ? 2 : 1;
    uint32_t unit_y = (chroma == 1 ? 2 : 1) * fields;
    return !b->r.failed && size_of(across, crop[0] + crop[1], unit_x, width) &&
           size_of(down * fields, crop[2] + crop[3], unit_y, height);
}

bool rtp_h264_size(struct bytes sps, uint16_t *width, uint16_t *height)
{
    struct bits b = {.r = reader_of(sps)};
    uint32_t type = read_bits(&b, 8) & 0x1f;
    uint32_t profile = read_bits(&b, 8);
    uint16_t size[2] = {0, 0};

    read_bits(&b, 16);
    read_number(&b);
    uint32_t chroma = has_chroma(profile) ? read_chroma(&b) : 1;
    read_number(&b);
    skip_order(&b);
    read_number(&b);
    read_bit(&b);
    if (type != TYPE_SPS || !read_size(&b, chroma, &size[0], &size[1])) {
        return false;
    }
    *width = size[0];
    *height = size[1];
    return true;
}
