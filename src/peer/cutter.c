// The cutter: see the header.

#include "peer/cutter.h"

#include "base/assert.h"

// RFC 7741 §4.2, RFC 9628 §4.2: pictures are numbered, so that a receiver sees which one is missing. Layers are not
// told of, for an encoded frame does not say them.
static void start_vp8(struct cutter *cutter, const struct cutter_frame *frame)
{
    struct rtp_vp8_descriptor descriptor = {.has_picture_id = true,
        .is_long_picture_id = true,
        .picture_id = frame->picture & RTP_PAYLOAD_PICTURE_MASK};

    rtp_vp8_start(&cutter->vp8, frame->data, &descriptor);
}

static void start_vp9(struct cutter *cutter, const struct cutter_frame *frame)
{
    struct rtp_vp9_descriptor descriptor = {.has_picture_id = true,
        .is_long_picture_id = true,
        .picture_id = frame->picture & RTP_PAYLOAD_PICTURE_MASK,
        .is_inter = !frame->is_key};

    rtp_vp9_start(&cutter->vp9, frame->data, &descriptor);
}

void cutter_start(struct cutter *cutter, const struct cutter_frame *frame)
{
    *cutter = (struct cutter){.codec = frame->codec};
    switch (frame->codec) {
    case YODEL_OPUS:
    case YODEL_PCMU:
    case YODEL_PCMA:
        cutter->sound = frame->data;
        break;
    case YODEL_VP8:
        start_vp8(cutter, frame);
        break;
    case YODEL_VP9:
        start_vp9(cutter, frame);
        break;
    case YODEL_H264:
        rtp_h264_start(&cutter->h264, frame->data, false);
        break;
    case YODEL_AV1:
        rtp_av1_start(&cutter->av1, frame->data);
        break;
    case YODEL_CODEC_COUNT:
        YODEL_ASSERT(false);
    }
}

static bool emit_sound(struct cutter *cutter, struct writer *w, bool *is_last)
{
    bool is_left = cutter->sound.len > 0;

    put_bytes(w, cutter->sound);
    cutter->sound = (struct bytes){0};
    *is_last = true;
    return is_left;
}

bool cutter_emit(struct cutter *cutter, struct writer *w, bool *is_last)
{
    switch (cutter->codec) {
    case YODEL_OPUS:
    case YODEL_PCMU:
    case YODEL_PCMA:
        return emit_sound(cutter, w, is_last);
    case YODEL_VP8:
        return rtp_vp8_emit(&cutter->vp8, w, is_last);
    case YODEL_VP9:
        return rtp_vp9_emit(&cutter->vp9, w, is_last);
    case YODEL_H264:
        return rtp_h264_emit(&cutter->h264, w, is_last);
    case YODEL_AV1:
        return rtp_av1_emit(&cutter->av1, w, is_last);
    case YODEL_CODEC_COUNT:
        break;
    }
    return false;
}

enum rtp_codec cutter_payload_of(enum yodel_codec codec)
{
    switch (codec) {
    case YODEL_VP8:
        return RTP_CODEC_VP8;
    case YODEL_VP9:
        return RTP_CODEC_VP9;
    case YODEL_H264:
        return RTP_CODEC_H264;
    case YODEL_AV1:
        return RTP_CODEC_AV1;
    case YODEL_OPUS:
    case YODEL_PCMU:
    case YODEL_PCMA:
    case YODEL_CODEC_COUNT:
        break;
    }
    return RTP_CODEC_COUNT;
}
