// Decoders against others of the same formats: the same pictures, byte by byte, and nearly the same sound.

#include <libavcodec/avcodec.h>
#include <stdio.h>
#include <wels/codec_api.h>

#include "base/bytes.h"
#include "check.h"
#include "media/tone.h"
#include "media/video_fixture.h"

static struct video_fixture fixture;

static bool is_same(const struct yodel_picture *a, uint8_t *const *planes, const int *strides)
{
    for (int i = 0; i < 3; i++) {
        for (uint32_t y = 0; y < media_plane_height(a, i); y++) {
            if (memcmp(a->planes[i] + (size_t)y * a->strides[i],
                    planes[i] + (size_t)y * (size_t)strides[i], media_plane_width(a, i)) != 0) {
                return false;
            }
        }
    }
    return true;
}

static AVCodecContext *open_oracle(const char *name)
{
    const AVCodec *codec = avcodec_find_decoder_by_name(name);
    AVCodecContext *context = avcodec_alloc_context3(codec);

    CHECK(codec && context);
    CHECK_EQ(avcodec_open2(context, codec, NULL), 0);
    return context;
}

static void send_to(AVCodecContext *context, struct bytes data)
{
    AVPacket *packet = av_packet_alloc();

    CHECK_EQ(av_new_packet(packet, (int)data.len), 0);
    memcpy(packet->data, data.ptr, data.len);
    CHECK_EQ(avcodec_send_packet(context, packet), 0);
    av_packet_free(&packet);
}

static void vp8_and_vp9_are_decoded_as_ffmpeg_does(void)
{
    static const struct {
        enum yodel_codec codec;
        const char *name;
    } rows[] = {{YODEL_VP8, "vp8"}, {YODEL_VP9, "vp9"}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        AVCodecContext *oracle = open_oracle(rows[i].name);
        AVFrame *want = av_frame_alloc();
        uint32_t compared = 0;
        fixture_init(&fixture, rows[i].codec, 400000);
        for (int n = 0; n < 20; n++) {
            struct yodel_raw raw;
            fixture.is_key_wanted = n == 12;
            if (!fixture_encode(&fixture)) {
                continue;
            }
            CHECK(fixture_decode(&fixture, &raw));
            send_to(oracle, bytes_of(fixture.data, fixture.frame.len));
            CHECK_EQ(avcodec_receive_frame(oracle, want), 0);
            CHECK(is_same(&raw.picture, want->data, want->linesize));
            compared++;
        }
        CHECK(compared >= 15);
        av_frame_free(&want);
        avcodec_free_context(&oracle);
        fixture_deinit(&fixture);
    }
}

static void h264_is_decoded_as_openh264_does(void)
{
    SDecodingParam settings = {.uiTargetDqLayer = 255, .eEcActiveIdc = ERROR_CON_DISABLE};
    ISVCDecoder *oracle;
    uint32_t compared = 0;

    settings.sVideoProperty.eVideoBsType = VIDEO_BITSTREAM_AVC;
    CHECK_EQ(WelsCreateDecoder(&oracle), 0);
    CHECK_EQ((*oracle)->Initialize(oracle, &settings), 0);
    fixture_init(&fixture, YODEL_H264, 400000);
    for (int n = 0; n < 20; n++) {
        struct yodel_raw raw;
        uint8_t *planes[3] = {NULL};
        SBufferInfo info = {0};
        fixture.is_key_wanted = n == 12;
        if (!fixture_encode(&fixture)) {
            continue;
        }
        CHECK(fixture_decode(&fixture, &raw));
        CHECK_EQ((*oracle)->DecodeFrameNoDelay(
                     oracle, fixture.data, (int)fixture.frame.len, planes, &info),
            0);
        CHECK_EQ(info.iBufferStatus, 1);
        const int *strides = info.UsrData.sSystemBuffer.iStride;
        CHECK(is_same(&raw.picture, planes, (int[]){strides[0], strides[1], strides[1]}));
        compared++;
    }
    CHECK(compared >= 15);
    (*oracle)->Uninitialize(oracle);
    WelsDestroyDecoder(oracle);
    fixture_deinit(&fixture);
}

// FFmpeg decodes Opus to floats, each plane a channel, of which it leaves out nothing; the tone must be there.
static void opus_sounds_as_ffmpeg_decodes_it(void)
{
    static int16_t ours[48000], theirs[48000];
    AVCodecContext *oracle = open_oracle("opus");
    AVFrame *want = av_frame_alloc();
    struct media_tone tone = {.hz = 1000, .rate = 48000, .amplitude = 0.5};
    struct media_tone_heard a, b;
    struct yodel_encoder *encoder;
    struct yodel_decoder *decoder;
    uint32_t our_count = 0, their_count = 0;

    CHECK_EQ(yodel_encoder_new(YODEL_OPUS, NULL, &encoder), YODEL_OK);
    CHECK_EQ(yodel_decoder_new(YODEL_OPUS, NULL, &decoder), YODEL_OK);
    for (int n = 0; n < 20; n++) {
        int16_t samples[960];
        struct yodel_raw raw = {.kind = YODEL_AUDIO, .sound = {48000, 1, 960, samples}};
        struct yodel_frame frame;
        media_tone_make(&tone, 1, samples, 960);
        CHECK_EQ(yodel_encoder_encode(encoder, &raw, false), YODEL_OK);
        CHECK(yodel_encoder_next(encoder, &frame));
        CHECK_EQ(yodel_decoder_decode(decoder, &frame), YODEL_OK);
        CHECK(yodel_decoder_next(decoder, &raw));
        memcpy(ours + our_count, raw.sound.samples, raw.sound.count * sizeof ours[0]);
        our_count += raw.sound.count;
        send_to(oracle, bytes_of(frame.data, frame.len));
        while (avcodec_receive_frame(oracle, want) == 0) {
            const float *values = (const float *)(const void *)want->data[0];
            CHECK_EQ(want->format, AV_SAMPLE_FMT_FLTP);
            for (int i = 0; i < want->nb_samples; i++) {
                theirs[their_count++] = (int16_t)lrintf(values[i] * 32767);
            }
        }
    }
    CHECK(media_tone_hear(&(struct yodel_sound){48000, 1, 4800, ours + our_count - 4800}, &a));
    CHECK(media_tone_hear(&(struct yodel_sound){48000, 1, 4800, theirs + their_count - 4800}, &b));
    CHECK(fabs(a.hz - b.hz) < 0.5);
    CHECK(fabs(a.amplitude - b.amplitude) < 0.01);
    CHECK(fabs(a.hz - 1000) < 1);
    yodel_encoder_free(encoder);
    yodel_decoder_free(decoder);
    av_frame_free(&want);
    avcodec_free_context(&oracle);
}

TEST_MAIN(TEST(vp8_and_vp9_are_decoded_as_ffmpeg_does), TEST(h264_is_decoded_as_openh264_does),
    TEST(opus_sounds_as_ffmpeg_decodes_it))
