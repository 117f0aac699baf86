// A track's head: see the header.

#include "device/muxer_head.h"

#include <dav1d/dav1d.h>

#include "media/codec.h"
#include "media/vpx_header.h"
#include "rtp/payload/av1.h"
#include "rtp/payload/h264.h"

#define NAL_MASK 0x1f
#define NAL_SPS 7
#define NAL_PPS 8
#define OBU_TYPE(header) ((header) >> 3 & 15)
#define OBU_SEQUENCE_HEADER 1
#define OBU_FRAME_HEADER 3
#define OBU_FRAME 6
#define OBU_FORBIDDEN 0x80
#define OBU_EXTENSION 0x04
#define OBU_SIZE 0x02

// RFC 7845 §5.1, in little-endian; without a pre-skip, as each packet's time is known.
static void put_opus(struct writer *w)
{
    static const uint8_t rate[] = {0x80, 0xbb, 0, 0}; // 48000.

    put_text(w, "OpusHead");
    put_u8(w, 1);
    put_u8(w, MUXER_HEAD_OPUS_CHANNELS);
    put_u16(w, 0);
    put_bytes(w, bytes_of(rate, sizeof rate));
    put_u16(w, 0); // Gain.
    put_u8(w, 0);
}

// The parameter sets, each behind a start code.
static bool read_h264(struct muxer_head *head, struct bytes stream, struct writer *w)
{
    uint16_t width = 0, height = 0;
    bool has_pps = false;
    struct bytes nal;

    while ((nal = rtp_h264_next_nal(&stream)).len > 0) {
        uint8_t type = nal.ptr[0] & NAL_MASK;
        if (type == NAL_SPS && !rtp_h264_size(nal, &width, &height)) {
            return false;
        }
        if (type == NAL_SPS || type == NAL_PPS) {
            put_u32(w, 1);
            put_bytes(w, nal);
            has_pps = has_pps || type == NAL_PPS;
        }
    }
    head->width = width;
    head->height = height;
    return has_pps;
}

// The next OBU with all its bytes; empty at the end, or where there is none.
static struct bytes next_obu(struct bytes *unit)
{
    struct reader r = reader_of(*unit);
    uint8_t header = read_u8(&r);

    read_bytes(&r, (header & OBU_EXTENSION) != 0 ? 1 : 0);
    read_bytes(&r, (header & OBU_SIZE) != 0 ? rtp_av1_read_leb128(&r) : r.left);
    struct bytes obu = r.failed ? (struct bytes){0} : bytes_of(unit->ptr, unit->len - r.left);
    *unit = bytes_of(r.pos, r.left);
    return obu;
}

// All of it, with a frame among it.
static bool is_av1(struct bytes unit)
{
    bool has_frame = false;

    while (unit.len > 0) {
        struct bytes obu = next_obu(&unit);
        if (obu.len == 0 || (obu.ptr[0] & (OBU_FORBIDDEN | OBU_SIZE)) != OBU_SIZE) {
            return false;
        }
        has_frame = has_frame || OBU_TYPE(obu.ptr[0]) == OBU_FRAME ||
                    OBU_TYPE(obu.ptr[0]) == OBU_FRAME_HEADER;
    }
    return has_frame;
}

static bool read_av1(struct muxer_head *head, struct bytes unit, struct writer *w)
{
    Dav1dSequenceHeader sequence;
    struct bytes obu;

    while ((obu = next_obu(&unit)).len > 0) {
        if (OBU_TYPE(obu.ptr[0]) == OBU_SEQUENCE_HEADER) {
            put_bytes(w, obu);
            break;
        }
    }
    if (obu.len == 0 || dav1d_parse_sequence_header(&sequence, obu.ptr, obu.len) != 0) {
        return false;
    }
    head->width = (uint32_t)sequence.max_width;
    head->height = (uint32_t)sequence.max_height;
    return true;
}

static bool read_vpx(struct muxer_head *head, struct bytes data)
{
    struct media_vpx_size size;
    bool is_read = head->codec == YODEL_VP8 ? media_vpx_header_vp8(data, &size)
                                            : media_vpx_header_vp9(data, &size);

    head->width = size.width;
    head->height = size.height;
    return is_read && size.is_said;
}

static bool read_video(struct muxer_head *head, const struct yodel_frame *frame, struct writer *w)
{
    struct bytes data = bytes_of(frame->data, frame->len);
    bool is_read = head->codec == YODEL_H264  ? read_h264(head, data, w)
                   : head->codec == YODEL_AV1 ? read_av1(head, data, w)
                                              : read_vpx(head, data);

    return frame->is_key && is_read && head->width > 0 && head->height > 0 &&
           head->width <= YODEL_PICTURE_SIDE_MAX && head->height <= YODEL_PICTURE_SIDE_MAX;
}

bool muxer_head_read(struct muxer_head *head, const struct yodel_frame *frame)
{
    struct writer w = writer_of(span_of(head->extra, sizeof head->extra));

    head->codec = frame->codec;
    head->rate = media_codecs[frame->codec].clock_rate;
    head->rotation = frame->rotation;
    if (media_kind(frame->codec) == YODEL_VIDEO && !read_video(head, frame, &w)) {
        return false;
    }
    if (frame->codec == YODEL_OPUS) {
        put_opus(&w);
    }
    head->extra_len = w.len;
    return !w.failed;
}

bool muxer_head_is_whole(const struct yodel_frame *frame)
{
    struct bytes data = bytes_of(frame->data, frame->len);

    return frame->codec == YODEL_H264  ? rtp_h264_next_nal(&data).len > 0
           : frame->codec == YODEL_AV1 ? is_av1(data)
                                       : true;
}
