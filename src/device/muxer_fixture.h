// The muxer under test: real frames of the test pattern and of a tone that begins with one of its pictures, a folder for
// files, and libavformat and libavcodec to look at them with.

#ifndef DEVICE_MUXER_FIXTURE_H
#define DEVICE_MUXER_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "check.h"
#include "device/muxer.h"
#include "media/codec.h"
#include "media/pattern.h"
#include "media/tone.h"

#define CLIP_FRAMES_MAX 256
#define CLIP_SECONDS 4
#define CLIP_RATE 10 // Pictures a second.
#define CLIP_START YODEL_SECONDS(77)
#define CLIP_ONSET_PICTURE 20 // The tone begins with it; it is a key frame.
#define CLIP_PICTURE YODEL_MS(100)
#define CLIP_SOUND YODEL_MS(20)

struct clip {
    size_t count;
    struct yodel_frame frames[CLIP_FRAMES_MAX];
};

static inline void clip_keep(struct clip *clip, struct yodel_encoder *encoder)
{
    struct yodel_frame made;

    while (yodel_encoder_next(encoder, &made)) {
        CHECK(clip->count < CLIP_FRAMES_MAX);
        uint8_t *copy = malloc(made.len);
        CHECK(copy != NULL);
        memcpy(copy, made.data, made.len);
        made.data = copy;
        clip->frames[clip->count++] = made;
    }
}

// The picture `number` is the frame of index `number`; every CLIP_ONSET_PICTURE is a key frame.
static inline void clip_pictures(
    struct clip *clip, enum yodel_codec codec, uint32_t first, uint32_t count, uint32_t width)
{
    struct yodel_encoder_config config = {.target = {.bitrate = 400000, .frame_rate = CLIP_RATE}};
    struct yodel_encoder *encoder;
    struct media_picture picture;

    CHECK_EQ(yodel_encoder_new(codec, &config, &encoder), YODEL_OK);
    media_picture_init(&picture, alloc_system());
    CHECK_EQ(media_picture_resize(&picture, width, 96), YODEL_OK);
    for (uint32_t i = first; i < first + count; i++) {
        struct yodel_raw raw = {.kind = YODEL_VIDEO,
            .timestamp = 1000000 + (uint64_t)i * 90000 / CLIP_RATE,
            .captured = CLIP_START + i * CLIP_PICTURE};
        media_pattern_draw(&picture, i);
        raw.picture = picture.view;
        CHECK_EQ(yodel_encoder_encode(encoder, &raw, i % CLIP_ONSET_PICTURE == 0), YODEL_OK);
        clip_keep(clip, encoder);
    }
    yodel_encoder_free(encoder);
    media_picture_deinit(&picture);
}

static inline void clip_sound(struct clip *clip, enum yodel_codec codec)
{
    struct yodel_encoder *encoder;
    int16_t samples[960];
    uint32_t rate = media_codecs[codec].clock_rate, count = rate / 50;
    struct media_tone tone = {.hz = 1000, .rate = rate, .amplitude = 0.5};

    CHECK_EQ(yodel_encoder_new(codec, NULL, &encoder), YODEL_OK);
    for (uint32_t i = 0; i < CLIP_SECONDS * 50; i++) {
        struct yodel_raw raw = {.kind = YODEL_AUDIO,
            .timestamp = 777 + (uint64_t)i * count,
            .captured = CLIP_START + i * CLIP_SOUND,
            .sound = {rate, 1, count, samples}};
        memset(samples, 0, sizeof samples);
        if (i * CLIP_SOUND >= CLIP_ONSET_PICTURE * CLIP_PICTURE) {
            media_tone_make(&tone, 1, samples, count);
        }
        CHECK_EQ(yodel_encoder_encode(encoder, &raw, false), YODEL_OK);
        clip_keep(clip, encoder);
    }
    yodel_encoder_free(encoder);
}

// Made once for each codec.
static inline const struct clip *clip_of(enum yodel_codec codec)
{
    static struct clip clips[YODEL_CODEC_COUNT];
    struct clip *clip = &clips[codec];

    if (clip->count > 0) {
        return clip;
    }
    if (media_kind(codec) == YODEL_AUDIO) {
        clip_sound(clip, codec);
    } else {
        clip_pictures(clip, codec, 0, CLIP_SECONDS * CLIP_RATE, 160);
    }
    return clip;
}

// ---- files

static char fixture_folder[32]; // Empty: there is none.

static inline const char *fixture_path(const char *ending)
{
    static char path[64];

    if (!fixture_folder[0]) {
        memcpy(fixture_folder, "/tmp/yodel-muxer-XXXXXX", sizeof "/tmp/yodel-muxer-XXXXXX");
        CHECK(mkdtemp(fixture_folder) != NULL);
    }
    (void)snprintf(path, sizeof path, "%s/a%s", fixture_folder, ending);
    return path;
}

// The folder goes with its last file.
static inline void fixture_remove(const char *path)
{
    CHECK_EQ(unlink(path), 0);
    if (rmdir(fixture_folder) == 0) {
        fixture_folder[0] = '\0';
    }
}

static inline void fixture_open(
    struct device_muxer *muxer, const char *path, enum device_muxer_expects expects)
{
    struct device_muxer_config config = {.expects = expects, .overwrites = true};
    enum yodel_err err = device_muxer_open(muxer, path, &config);

    CHECK_TEXT(muxer->text, "");
    CHECK_EQ(err, YODEL_OK);
}

static inline void fixture_put(struct device_muxer *muxer, const struct yodel_frame *frame)
{
    enum yodel_err err = device_muxer_put(muxer, frame);

    CHECK_TEXT(muxer->text, "");
    CHECK_EQ(err, YODEL_OK);
}

static inline void fixture_close(struct device_muxer *muxer)
{
    enum yodel_err err = device_muxer_close(muxer);

    CHECK_TEXT(muxer->text, "");
    CHECK_EQ(err, YODEL_OK);
}

// Both in the order of their capture; NULL: none. Calls `after` after each.
static inline void fixture_put_both(struct device_muxer *muxer, const struct clip *sound,
    const struct clip *video, void (*after)(struct device_muxer *muxer, yodel_time captured))
{
    size_t a = 0, v = 0;

    while (a < (sound ? sound->count : 0) || v < (video ? video->count : 0)) {
        bool is_sound =
            !video || v == video->count ||
            (sound && a < sound->count && sound->frames[a].captured <= video->frames[v].captured);
        const struct yodel_frame *frame = is_sound ? &sound->frames[a++] : &video->frames[v++];
        fixture_put(muxer, frame);
        if (after) {
            after(muxer, frame->captured);
        }
    }
}

// ---- what is in a file

#define SEEN_MAX 512

struct seen {
    bool opens;
    double duration; // What the file says; 0: nothing.
    struct {
        bool is_there;
        enum AVCodecID codec;
        size_t packets;
        double at[SEEN_MAX]; // In seconds.
    } tracks[2];
    size_t pictures;
    struct {
        double at;
        uint32_t number;
        int width;
    } shown[SEEN_MAX];
    double onset; // When the tone begins; below 0: it does not.
    double rotation;
    size_t wrong; // Pictures without a number.
};

static inline double sample_of(const AVFrame *frame, int i)
{
    return frame->format == AV_SAMPLE_FMT_S16
               ? ((const int16_t *)(const void *)frame->data[0])[i] / 32768.0
               : (double)((const float *)(const void *)frame->data[0])[i];
}

static inline void see_sound(struct seen *seen, const AVFrame *frame, double at)
{
    for (int i = 0; i < frame->nb_samples && seen->onset < 0; i++) {
        if (fabs(sample_of(frame, i)) > 0.05) {
            seen->onset = at + (double)i / frame->sample_rate;
        }
    }
}

static inline void see_picture(struct seen *seen, const AVFrame *frame, double at)
{
    struct yodel_picture view = {
        .width = (uint32_t)frame->width, .height = (uint32_t)frame->height};
    uint32_t number;

    for (int i = 0; i < 3; i++) {
        view.planes[i] = frame->data[i];
        view.strides[i] = (uint32_t)frame->linesize[i];
    }
    CHECK(seen->pictures < SEEN_MAX);
    if (!media_pattern_read(&view, &number)) {
        seen->wrong++;
        return;
    }
    seen->shown[seen->pictures].at = at;
    seen->shown[seen->pictures].number = number;
    seen->shown[seen->pictures++].width = frame->width;
}

static inline void see_decoded(struct seen *seen, AVCodecContext *decoder, AVRational base)
{
    AVFrame *frame = av_frame_alloc();

    while (avcodec_receive_frame(decoder, frame) == 0) {
        double at = (double)frame->pts * av_q2d(base);
        if (decoder->codec_type == AVMEDIA_TYPE_AUDIO) {
            see_sound(seen, frame, at);
        } else {
            see_picture(seen, frame, at);
        }
    }
    av_frame_free(&frame);
}

static inline AVCodecContext *decoder_of(const AVStream *stream)
{
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    AVCodecContext *decoder = avcodec_alloc_context3(codec);

    CHECK(decoder && avcodec_parameters_to_context(decoder, stream->codecpar) >= 0);
    decoder->pkt_timebase = stream->time_base;
    decoder->thread_count = 1;
    CHECK(avcodec_open2(decoder, codec, NULL) >= 0);
    return decoder;
}

static inline void see_packets(struct seen *seen, AVFormatContext *file)
{
    AVCodecContext *decoders[2] = {NULL, NULL};
    AVPacket *packet = av_packet_alloc();

    CHECK(file->nb_streams <= 2);
    for (unsigned i = 0; i < file->nb_streams; i++) {
        decoders[i] = decoder_of(file->streams[i]);
    }
    while (av_read_frame(file, packet) == 0) {
        AVStream *stream = file->streams[packet->stream_index];
        int kind = stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
        size_t n = seen->tracks[kind].packets++;
        CHECK(n < SEEN_MAX);
        seen->tracks[kind].is_there = true;
        seen->tracks[kind].codec = stream->codecpar->codec_id;
        seen->tracks[kind].at[n] = (double)packet->pts * av_q2d(stream->time_base);
        avcodec_send_packet(decoders[packet->stream_index], packet);
        see_decoded(seen, decoders[packet->stream_index], stream->time_base);
        av_packet_unref(packet);
    }
    for (unsigned i = 0; i < file->nb_streams; i++) {
        avcodec_send_packet(decoders[i], NULL);
        see_decoded(seen, decoders[i], file->streams[i]->time_base);
        avcodec_free_context(&decoders[i]);
    }
    av_packet_free(&packet);
}

static struct seen seen;

static inline void fixture_see(const char *path)
{
    AVFormatContext *file = NULL;

    av_log_set_level(AV_LOG_QUIET);
    seen = (struct seen){.onset = -1};
    if (avformat_open_input(&file, path, NULL, NULL) < 0) {
        return;
    }
    seen.opens = avformat_find_stream_info(file, NULL) >= 0;
    seen.duration = file->duration == AV_NOPTS_VALUE ? 0 : (double)file->duration / AV_TIME_BASE;
    see_packets(&seen, file);
    avformat_close_input(&file);
}

#endif
