// Payload formats: which codec's, by its name.

#include "rtp/payload/payload.h"

#include "rtp/payload/av1.h"
#include "rtp/payload/h264.h"
#include "rtp/payload/vp8.h"
#include "rtp/payload/vp9.h"

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
