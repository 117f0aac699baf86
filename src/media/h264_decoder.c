// H.264, decoded by libavcodec, which knows every profile that a browser sends.
//
// Ownership   a picture is libavcodec's, until the next call

#include <libavcodec/avcodec.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "media/codec.h"
#include "rtp/payload/h264.h"

#define FRAME_MAX (16u << 20)
#define TYPE_MASK 0x1f
#define TYPE_SPS 7
#define QUIET 100   // Added to the level of each line, so that none is written.
#define SPS_MAX 256 // With all that may be in one, about 200 are in use.

struct decoder {
    struct yodel_decoder base; // First, so that one is found from the other.
    struct yodel_decoder_config config;
    AVCodecContext *context; // NULL: the next frame begins anew.
    uint8_t sps[SPS_MAX];    // Of the stream that the context decodes.
    size_t sps_len;
    AVPacket *packet;
    AVFrame *picture;
    bool has_picture;
    uint8_t *copy; // libavcodec reads beyond the end.
    size_t room;
    yodel_time captured;
};

static enum yodel_err check_sps(struct decoder *d, struct bytes sps)
{
    uint16_t width, height;

    if (sps.len > SPS_MAX || !rtp_h264_size(sps, &width, &height)) {
        return media_decoder_fail(
            &d->base, YODEL_ERR_MALFORMED, "the sequence parameters are damaged, or say no size");
    }
    enum yodel_err err = media_check_size(&d->base, d->config.max_pixels, width, height);
    if (!err && !bytes_equal(sps, bytes_of(d->sps, d->sps_len))) {
        memcpy(d->sps, sps.ptr, sps.len);
        d->sps_len = sps.len;
        avcodec_free_context(&d->context);
    }
    return err;
}

static enum yodel_err check(struct decoder *d, struct bytes stream)
{
    struct bytes nal;
    enum yodel_err err = YODEL_OK;

    if (stream.len > FRAME_MAX) {
        return media_decoder_fail(
            &d->base, YODEL_ERR_TOO_LARGE, "a frame of %zu bytes", stream.len);
    }
    while (!err && (nal = rtp_h264_next_nal(&stream)).len > 0) {
        if ((nal.ptr[0] & TYPE_MASK) == TYPE_SPS) {
            err = check_sps(d, nal);
        }
    }
    return err;
}

static enum yodel_err copy(struct decoder *d, struct bytes stream)
{
    size_t len = stream.len + AV_INPUT_BUFFER_PADDING_SIZE;

    if (len > d->room) {
        uint8_t *larger = alloc_resize(alloc_system(), d->copy, len);
        if (!larger) {
            return YODEL_ERR_NO_MEMORY;
        }
        d->copy = larger;
        d->room = len;
    }
    struct writer w = writer_of(span_of(d->copy, d->room));
    put_bytes(&w, stream);
    put_zeros(&w, AV_INPUT_BUFFER_PADDING_SIZE);
    d->packet->data = d->copy;
    d->packet->size = (int)stream.len;
    return YODEL_OK;
}

static enum yodel_err fail(struct decoder *d, int failed)
{
    char text[AV_ERROR_MAX_STRING_SIZE];

    avcodec_free_context(&d->context);
    return media_decoder_fail(&d->base,
        failed == AVERROR(ENOMEM) ? YODEL_ERR_NO_MEMORY : YODEL_ERR_MALFORMED, "libavcodec: %s",
        av_make_error_string(text, sizeof text, failed));
}

static enum yodel_err take_picture(struct decoder *d)
{
    int failed = avcodec_receive_frame(d->context, d->picture);

    if (failed == AVERROR(EAGAIN)) {
        return YODEL_OK; // Parameters alone, or a picture that waits for its turn.
    }
    if (failed) {
        return fail(d, failed);
    }
    if (d->picture->decode_error_flags != 0 || (d->picture->flags & AV_FRAME_FLAG_CORRUPT) != 0) {
        return fail(d, AVERROR_INVALIDDATA);
    }
    if (d->picture->format != AV_PIX_FMT_YUV420P && d->picture->format != AV_PIX_FMT_YUVJ420P) {
        return media_decoder_fail(
            &d->base, YODEL_ERR_NOT_SUPPORTED, "a picture of another format than 8 bits, 4:2:0");
    }
    d->has_picture = true;
    return YODEL_OK;
}

// A context of its own for each stream: what another one, or a damaged one, said of delays stays for ever.
static bool open_context(struct decoder *d)
{
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_H264);

    if (d->context) {
        return true;
    }
    d->context = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!d->context) {
        return false;
    }
    d->context->thread_count = (int)d->config.threads;
    d->context->thread_type = FF_THREAD_SLICE; // Threads of frames would hold them back.
    d->context->flags |= AV_CODEC_FLAG_LOW_DELAY;
    d->context->err_recognition = AV_EF_EXPLODE;
    d->context->max_pixels = d->config.max_pixels;
    d->context->log_level_offset = QUIET;
    return avcodec_open2(d->context, codec, NULL) == 0;
}

static enum yodel_err decode(struct yodel_decoder *base, const struct yodel_frame *frame)
{
    struct decoder *d = (struct decoder *)base;
    struct bytes stream = bytes_of(frame->data, frame->len);

    d->has_picture = false;
    av_frame_unref(d->picture);
    enum yodel_err err = check(d, stream);
    if (!err) {
        err = copy(d, stream);
    }
    if (err) {
        return err;
    }
    if (!open_context(d)) {
        avcodec_free_context(&d->context);
        return media_decoder_fail(base, YODEL_ERR_NO_MEMORY, "libavcodec does not open");
    }
    d->packet->pts = (int64_t)frame->timestamp;
    d->captured = frame->captured;
    int failed = avcodec_send_packet(d->context, d->packet);
    return failed ? fail(d, failed) : take_picture(d);
}

static bool next(struct yodel_decoder *base, struct yodel_raw *raw)
{
    struct decoder *d = (struct decoder *)base;

    if (!d->has_picture) {
        return false;
    }
    d->has_picture = false;
    *raw = (struct yodel_raw){
        .kind = YODEL_VIDEO, .timestamp = (uint64_t)d->picture->pts, .captured = d->captured};
    raw->picture.width = (uint32_t)d->picture->width;
    raw->picture.height = (uint32_t)d->picture->height;
    for (int i = 0; i < 3; i++) {
        raw->picture.planes[i] = d->picture->data[i];
        raw->picture.strides[i] = (uint32_t)d->picture->linesize[i];
    }
    return true;
}

static void decoder_free(struct yodel_decoder *base)
{
    struct decoder *d = (struct decoder *)base;

    avcodec_free_context(&d->context);
    av_packet_free(&d->packet);
    av_frame_free(&d->picture);
    alloc_free(alloc_system(), d->copy);
    alloc_free(alloc_system(), d);
}

enum yodel_err media_h264_decoder_new(enum yodel_codec codec,
    const struct yodel_decoder_config *config, struct yodel_decoder **decoder)
{
    static const struct yodel_decoder_ops ops = {decode, NULL, next, decoder_free};
    struct decoder *d = alloc_new(alloc_system(), sizeof *d);

    if (!d) {
        return YODEL_ERR_NO_MEMORY;
    }
    d->base = (struct yodel_decoder){.ops = &ops, .codec = codec};
    d->config = *config;
    d->packet = av_packet_alloc();
    d->picture = av_frame_alloc();
    if (!d->packet || !d->picture || !open_context(d)) {
        decoder_free(&d->base);
        return YODEL_ERR_NO_MEMORY;
    }
    *decoder = &d->base;
    return YODEL_OK;
}
