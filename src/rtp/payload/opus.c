// Opus in RTP: the first bytes of a packet.

#include "rtp/payload/opus.h"

//  |  config       |s|  c  |     RFC 6716 §3.1; then, by c:
//
//  0   one frame
//  1   two frames of equal length
//  2   the first one's length, two frames
//  3   |v|p|  count      | padding's length | lengths, if v | frames | padding

#define FRAME_MAX 1275
#define LONG_LEN 252 // RFC 6716 §3.2.1: a second byte follows, worth four times as much.
#define DTX_LEN_MAX 2
#define CODE_MASK 3
#define STEREO 4
#define VARIABLE 0x80
#define PADDED 0x40
#define COUNT_MASK 0x3f
#define SILK_CONFIGS 16  // Of these, 12 to 15 are hybrid.
#define SILK_FRAME 960   // Of which there are up to three in one of Opus.
#define PADDING_MORE 255 // RFC 6716 §3.2.5: 254 bytes, and another length.

// RFC 6716 §3.1, table 2: samples of one frame at 48 kHz.
static uint32_t frame_samples(uint8_t config)
{
    static const uint16_t silk[] = {480, 960, 1920, 2880};
    static const uint16_t celt[] = {120, 240, 480, 960};

    if (config < 12) {
        return silk[config & 3];
    }
    return config < 16 ? silk[config & 1] : celt[config & 3];
}

// At most FRAME_MAX, by its form.
static size_t read_frame_len(struct reader *r)
{
    size_t len = read_u8(r);

    return len < LONG_LEN ? len : len + (size_t)4 * read_u8(r);
}

// What R2 demands of each frame.
static void skip_frame(struct reader *r, size_t len)
{
    if (len > FRAME_MAX) {
        r->failed = true;
    }
    read_bytes(r, len);
}

static size_t read_padding_len(struct reader *r)
{
    size_t len = 0;
    uint8_t more;

    do {
        more = read_u8(r);
        len += more == PADDING_MORE ? PADDING_MORE - 1 : more;
    } while (more == PADDING_MORE);
    return len;
}

// RFC 6716 §3.2.5. R6 and R7: lengths, frames and padding fill the packet.
static void skip_many(struct reader *r, uint8_t shape, uint32_t count)
{
    size_t padding = (shape & PADDED) != 0 ? read_padding_len(r) : 0;

    if (r->failed || padding > r->left || count == 0) {
        r->failed = true;
        return;
    }
    r->left -= padding;
    if ((shape & VARIABLE) == 0) {
        r->failed = r->left % count != 0 || r->left / count > FRAME_MAX;
        read_rest(r);
        return;
    }
    size_t all = 0;
    for (uint32_t i = 1; i < count; i++) {
        all += read_frame_len(r);
    }
    read_bytes(r, all);
    skip_frame(r, r->left);
}

// Reads all behind the first byte, and returns how many frames that is.
static uint32_t skip_frames(struct reader *r, uint8_t code)
{
    if (code == 0) {
        skip_frame(r, r->left);
        return 1;
    }
    if (code == 1) {
        r->failed = r->failed || r->left % 2 != 0; // R3.
        skip_frame(r, r->left / 2);
        skip_frame(r, r->left);
        return 2;
    }
    if (code == 2) {
        skip_frame(r, read_frame_len(r)); // R4.
        skip_frame(r, r->left);
        return 2;
    }
    uint8_t shape = read_u8(r);
    skip_many(r, shape, shape & COUNT_MASK);
    return shape & COUNT_MASK;
}

// RFC 6716 §4.2.3: the first bits of the range coder are as likely 0 as 1, and so lie plainly: for
// each channel a bit for each of SILK's frames, which tells of voice, and then one of redundancy.
static bool has_fec(uint8_t toc, struct bytes frame)
{
    uint32_t silk_frames = (frame_samples(toc >> 3) + SILK_FRAME - 1) / SILK_FRAME;
    uint32_t bits = 1u << (7 - silk_frames);

    if (toc >> 3 >= SILK_CONFIGS || (toc & CODE_MASK) != 0 || frame.len == 0) {
        return false;
    }
    bits |= (toc & STEREO) != 0 ? bits >> (silk_frames + 1) : 0;
    return (frame.ptr[0] & bits) != 0;
}

enum yodel_err rtp_opus_parse(struct rtp_opus_info *info, struct bytes payload)
{
    struct reader r = reader_of(payload);
    uint8_t toc = read_u8(&r);
    uint32_t frames = skip_frames(&r, toc & CODE_MASK);
    uint32_t samples = frames * frame_samples(toc >> 3);

    if (r.failed || samples > RTP_OPUS_SAMPLES_MAX) { // R1, R5.
        return YODEL_ERR_MALFORMED;
    }
    *info = (struct rtp_opus_info){.samples = samples,
        .frames = frames,
        .is_stereo = (toc & STEREO) != 0,
        .is_dtx = payload.len <= DTX_LEN_MAX,
        .has_fec = has_fec(toc, bytes_of(payload.ptr + 1, payload.len - 1))};
    return YODEL_OK;
}
