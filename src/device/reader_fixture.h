// Files under test, made in memory by libavformat: the test pattern, whose pictures carry their number, and a tone.

#ifndef DEVICE_READER_FIXTURE_H
#define DEVICE_READER_FIXTURE_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "media/pattern.h"
#include "media/tone.h"

#define FIXTURE_FRAME_RATE 25
#define FIXTURE_TONE_HZ 440

struct file_fixture {
    const char *format;
    enum AVCodecID video, audio; // AV_CODEC_ID_NONE: without.
    uint32_t width, height;      // 0: 320 x 240.
    uint32_t rate, channels;     // 0: 48000, 1.
    uint32_t pictures;           // How long it is, also in sound; 0: 25.
    uint32_t run;                // So many pictures follow each other, and then their sound; 0: 1.
    // What came of it.
    uint8_t *data;
    size_t len;
    // Meanwhile.
    AVFormatContext *context;
    AVCodecContext *coders[2];
    AVFrame *frame;
    AVPacket *packet;
};

static inline void fixture_check(int failed)
{
    YODEL_ASSERT(failed >= 0);
}

static inline AVCodecContext *fixture_coder(const struct file_fixture *f, enum AVCodecID id)
{
    const AVCodec *codec = avcodec_find_encoder(id);
    AVCodecContext *coder = codec ? avcodec_alloc_context3(codec) : NULL;

    YODEL_ASSERT(coder);
    coder->log_level_offset = 100;
    coder->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    if ((f->context->oformat->flags & AVFMT_GLOBALHEADER) != 0) {
        coder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    }
    if (codec->type == AVMEDIA_TYPE_VIDEO) {
        coder->width = (int)f->width;
        coder->height = (int)f->height;
        coder->time_base = (AVRational){1, FIXTURE_FRAME_RATE};
        coder->framerate = (AVRational){FIXTURE_FRAME_RATE, 1};
        coder->bit_rate = 1500000;
        coder->pix_fmt = codec->pix_fmts ? codec->pix_fmts[0] : AV_PIX_FMT_YUV420P;
        coder->color_range = id == AV_CODEC_ID_MJPEG ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    } else {
        coder->sample_rate = (int)f->rate;
        coder->time_base = (AVRational){1, (int)f->rate};
        coder->sample_fmt = codec->sample_fmts[0];
        av_channel_layout_default(&coder->ch_layout, (int)f->channels);
    }
    fixture_check(avcodec_open2(coder, codec, NULL));
    return coder;
}

static inline void fixture_add(struct file_fixture *f, int i, enum AVCodecID id)
{
    f->coders[i] = fixture_coder(f, id);
    AVStream *stream = avformat_new_stream(f->context, NULL);
    YODEL_ASSERT(stream);
    stream->time_base = f->coders[i]->time_base;
    stream->avg_frame_rate = f->coders[i]->framerate;
    fixture_check(avcodec_parameters_from_context(stream->codecpar, f->coders[i]));
    stream->id = i;
}

static inline void fixture_encode(struct file_fixture *f, int i, const AVFrame *frame)
{
    int index = i == 1 && f->coders[0] ? 1 : 0;

    fixture_check(avcodec_send_frame(f->coders[i], frame));
    while (avcodec_receive_packet(f->coders[i], f->packet) == 0) {
        f->packet->stream_index = index;
        av_packet_rescale_ts(
            f->packet, f->coders[i]->time_base, f->context->streams[index]->time_base);
        fixture_check(f->run > 1 ? av_write_frame(f->context, f->packet)
                                 : av_interleaved_write_frame(f->context, f->packet));
    }
}

static inline void fixture_picture(struct file_fixture *f, uint32_t number)
{
    struct media_picture picture;

    media_picture_init(&picture, alloc_system());
    YODEL_ASSERT(media_picture_resize(&picture, f->width, f->height) == YODEL_OK);
    media_pattern_draw(&picture, number);
    f->frame->format = f->coders[0]->pix_fmt;
    f->frame->width = (int)f->width;
    f->frame->height = (int)f->height;
    f->frame->pts = number;
    fixture_check(av_frame_get_buffer(f->frame, 0));
    for (int i = 0; i < 3; i++) {
        for (uint32_t y = 0; y < media_plane_height(&picture.view, i); y++) {
            memcpy(f->frame->data[i] + (size_t)y * (size_t)f->frame->linesize[i],
                picture.planes[i] + (size_t)y * picture.view.strides[i],
                media_plane_width(&picture.view, i));
        }
    }
    fixture_encode(f, 0, f->frame);
    av_frame_unref(f->frame);
    media_picture_deinit(&picture);
}

// Samples of 16 bits or of floats, in turn or each channel by itself.
static inline void fixture_sound(struct file_fixture *f, struct media_tone *tone, int count)
{
    AVCodecContext *coder = f->coders[1];
    int16_t samples[16384];
    bool is_planar = av_sample_fmt_is_planar(coder->sample_fmt);
    enum AVSampleFormat packed = av_get_packed_sample_fmt(coder->sample_fmt);

    YODEL_ASSERT(count <= (int)COUNT(samples));
    YODEL_ASSERT(packed == AV_SAMPLE_FMT_S16 || packed == AV_SAMPLE_FMT_FLT);
    f->frame->format = coder->sample_fmt;
    f->frame->sample_rate = coder->sample_rate;
    f->frame->nb_samples = count;
    f->frame->pts = (int64_t)tone->at;
    fixture_check(av_channel_layout_copy(&f->frame->ch_layout, &coder->ch_layout));
    fixture_check(av_frame_get_buffer(f->frame, 0));
    media_tone_make(tone, 1, samples, (uint32_t)count);
    for (int i = 0; i < count * (int)f->channels; i++) {
        int sample = i / (int)f->channels, channel = i % (int)f->channels;
        uint8_t *plane = f->frame->data[is_planar ? channel : 0];
        int at = is_planar ? sample : i;
        if (packed == AV_SAMPLE_FMT_S16) {
            ((int16_t *)(void *)plane)[at] = samples[sample];
        } else {
            ((float *)(void *)plane)[at] = (float)samples[sample] / 32768;
        }
    }
    fixture_encode(f, 1, f->frame);
    av_frame_unref(f->frame);
}

static inline void fixture_fill(struct file_fixture *f)
{
    struct media_tone tone = {.hz = FIXTURE_TONE_HZ, .rate = f->rate, .amplitude = 0.5};
    int size = f->coders[1] && f->coders[1]->frame_size > 0 ? f->coders[1]->frame_size : 1000;

    for (uint32_t n = 0; n < f->pictures; n++) {
        uint64_t until = (uint64_t)(n + 1) * f->rate / FIXTURE_FRAME_RATE;
        if (f->coders[0]) {
            fixture_picture(f, n);
        }
        if (f->run > 1 && (n + 1) % f->run != 0) {
            continue;
        }
        while (f->coders[1] && tone.at < until) {
            fixture_sound(f, &tone, size);
        }
    }
}

static inline void fixture_make(struct file_fixture *f)
{
    f->width = f->width > 0 ? f->width : 320;
    f->height = f->height > 0 ? f->height : 240;
    f->rate = f->rate > 0 ? f->rate : 48000;
    f->channels = f->channels > 0 ? f->channels : 1;
    f->pictures = f->pictures > 0 ? f->pictures : 25;
    f->frame = av_frame_alloc();
    f->packet = av_packet_alloc();
    av_log_set_level(AV_LOG_QUIET);
    fixture_check(avformat_alloc_output_context2(&f->context, NULL, f->format, NULL));
    if (f->video != AV_CODEC_ID_NONE) {
        fixture_add(f, 0, f->video);
    }
    if (f->audio != AV_CODEC_ID_NONE) {
        fixture_add(f, 1, f->audio);
    }
    fixture_check(avio_open_dyn_buf(&f->context->pb));
    fixture_check(avformat_write_header(f->context, NULL));
    fixture_fill(f);
    for (int i = 0; i < 2; i++) {
        if (f->coders[i]) {
            fixture_encode(f, i, NULL);
        }
    }
    fixture_check(av_write_trailer(f->context));
    avcodec_free_context(&f->coders[0]);
    avcodec_free_context(&f->coders[1]);
    f->len = (size_t)avio_close_dyn_buf(f->context->pb, &f->data);
    av_frame_free(&f->frame);
    av_packet_free(&f->packet);
    avformat_free_context(f->context);
}

static inline void fixture_free(struct file_fixture *f)
{
    av_freep(&f->data);
}

#endif
