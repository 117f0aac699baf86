// Payload formats: which codec's, by its name; and what two of them share.

#include "rtp/payload/payload.h"

#include "rtp/payload/av1.h"
#include "rtp/payload/h264.h"
#include "rtp/payload/vp8.h"
#include "rtp/payload/vp9.h"

#define LONG_PICTURE_ID 0x80

enum yodel_err rtp_payload_inspect(
    struct rtp_payload_info *info, enum rtp_codec codec, struct bytes payload)
{
    switch (codec) {
    case RTP_CODEC_VP8:
        return rtp_vp8_inspect(info, payload);
    case RTP_CODEC_VP9:
        return rtp_vp9_inspect(info, payload);
    case RTP_CODEC_H264:
        return rtp_h264_inspect(info, payload);
    case RTP_CODEC_AV1:
        return rtp_av1_inspect(info, payload);
    case RTP_CODEC_COUNT:
        break;
    }
    return YODEL_ERR_NOT_SUPPORTED;
}

// VP8's and VP9's frames are their parts, one behind the other.
static enum yodel_err append_vp8(struct bytes payload, struct writer *frame)
{
    struct rtp_vp8_descriptor descriptor;
    struct bytes part;

    enum yodel_err err = rtp_vp8_parse(&descriptor, payload, &part);
    if (err == YODEL_OK) {
        put_bytes(frame, part);
    }
    return err;
}

static enum yodel_err append_vp9(struct bytes payload, struct writer *frame)
{
    struct rtp_vp9_descriptor descriptor;
    struct bytes part;

    enum yodel_err err = rtp_vp9_parse(&descriptor, payload, &part);
    if (err == YODEL_OK) {
        put_bytes(frame, part);
    }
    return err;
}

static enum yodel_err append(struct rtp_payload_state *state, enum rtp_codec codec,
    struct bytes payload, struct writer *frame)
{
    switch (codec) {
    case RTP_CODEC_VP8:
        return append_vp8(payload, frame);
    case RTP_CODEC_VP9:
        return append_vp9(payload, frame);
    case RTP_CODEC_H264:
        return rtp_h264_append(state, payload, frame);
    case RTP_CODEC_AV1:
        return rtp_av1_append(state, payload, frame);
    case RTP_CODEC_COUNT:
        break;
    }
    return YODEL_ERR_NOT_SUPPORTED;
}

enum yodel_err rtp_payload_append(struct rtp_payload_state *state, enum rtp_codec codec,
    struct bytes payload, struct writer *frame)
{
    enum yodel_err err = append(state, codec, payload, frame);

    return err == YODEL_OK && frame->failed ? YODEL_ERR_TOO_LARGE : err;
}

bool rtp_payload_is_whole(const struct rtp_payload_state *state)
{
    return !state->is_open;
}

uint16_t rtp_payload_read_picture_id(struct reader *r, bool *is_long)
{
    uint16_t high = read_u8(r);

    *is_long = (high & LONG_PICTURE_ID) != 0;
    high &= LONG_PICTURE_ID - 1;
    return *is_long ? (uint16_t)(high << 8 | read_u8(r)) : high;
}

void rtp_payload_put_picture_id(struct writer *w, uint16_t picture_id, bool is_long)
{
    if (is_long) {
        put_u16(w, LONG_PICTURE_ID << 8 | (picture_id & RTP_PAYLOAD_PICTURE_MASK));
    } else {
        put_u8(w, picture_id & (LONG_PICTURE_ID - 1));
    }
}
