// Video's codecs: what is encoded comes back, at the bitrate and in the size that was asked for.

#include <stdio.h>

#include "check.h"
#include "media/video_fixture.h"
#include "rtp/payload/h264.h"

static const enum yodel_codec codecs[] = {YODEL_VP8, YODEL_VP9, YODEL_H264, YODEL_AV1};
static struct video_fixture fixture;

static void pictures_come_back(void)
{
    for (size_t i = 0; i < COUNT(codecs); i++) {
        double sum = 0;
        uint32_t came = 0;
        fixture_init(&fixture, codecs[i], 600000);
        for (int n = 0; n < 30; n++) {
            struct yodel_raw raw;
            uint32_t number = 0;
            if (!fixture_encode(&fixture)) {
                continue;
            }
            CHECK_EQ(fixture.frame.is_key, came == 0);
            CHECK(fixture_decode(&fixture, &raw));
            CHECK(media_pattern_read(&raw.picture, &number));
            CHECK_EQ(number, fixture.number - 1);
            CHECK_EQ(raw.timestamp, (uint64_t)number * 3000);
            CHECK_EQ(raw.captured, number);
            sum += fixture_psnr(&raw.picture, &fixture.picture.view);
            came++;
        }
        fprintf(stderr, "%s: %u of 30, %.1f dB\n", fixture_name(codecs[i]), came, sum / came);
        CHECK(came >= 25);
        CHECK(sum / came > 30);
        fixture_deinit(&fixture);
    }
}

static void a_key_frame_comes_on_demand(void)
{
    for (size_t i = 0; i < COUNT(codecs); i++) {
        struct yodel_decoder *late;
        struct yodel_raw raw;
        fixture_init(&fixture, codecs[i], 800000);
        CHECK_EQ(yodel_decoder_new(codecs[i], NULL, &late), YODEL_OK);
        for (int n = 0; n < 12; n++) {
            fixture.is_key_wanted = n == 10;
            bool has = fixture_encode(&fixture);
            CHECK(has || (n != 0 && n != 10));
            CHECK_EQ(has && fixture.frame.is_key, n == 0 || n == 10);
            if (!has || n == 0) {
                continue;
            }
            // Who comes late is told to wait, and begins with it.
            enum yodel_err err = yodel_decoder_decode(late, &fixture.frame);
            CHECK_EQ(err, n < 10 ? YODEL_ERR_INVALID_STATE : YODEL_OK);
            CHECK_EQ(yodel_decoder_next(late, &raw), n >= 10);
        }
        yodel_decoder_free(late);
        fixture_deinit(&fixture);
    }
}

// Bits a second of `count` pictures.
static double rate_of(struct video_fixture *f, uint32_t count)
{
    size_t len = 0;

    for (uint32_t n = 0; n < count; n++) {
        fixture_encode(f);
        len += f->frame.len;
    }
    return (double)len * 8 * f->frame_rate / count;
}

static void the_bitrate_follows_its_target(void)
{
    for (size_t i = 0; i < COUNT(codecs); i++) {
        static const double targets[] = {160000, 60000, 120000};
        fixture_init(&fixture, codecs[i], (uint64_t)targets[0]);
        for (size_t t = 0; t < COUNT(targets); t++) {
            struct yodel_encoder_target target = {.bitrate = (uint64_t)targets[t]};
            yodel_encoder_set_target(fixture.encoder, &target);
            rate_of(&fixture, 12);
            double rate = rate_of(&fixture, 32);
            fprintf(stderr, "%s: %.0f of %.0f bit/s\n", fixture_name(codecs[i]), rate, targets[t]);
            CHECK(rate < targets[t] * 1.25);
            CHECK(rate > targets[t] * 0.5);
        }
        fixture_deinit(&fixture);
    }
}

// P14: a new size again and again.
static void the_resolution_changes_in_mid_stream(void)
{
    static const uint32_t sizes[][2] = {{320, 192}, {160, 96}, {322, 182}, {640, 360}, {64, 48}};

    for (size_t i = 0; i < COUNT(codecs); i++) {
        fixture_init(&fixture, codecs[i], 1000000);
        for (size_t s = 0; s < COUNT(sizes) * 3; s++) {
            struct yodel_raw raw;
            uint32_t number = 0;
            const uint32_t *size = sizes[s / 3];
            CHECK_EQ(media_picture_resize(&fixture.picture, size[0], size[1]), YODEL_OK);
            if (!fixture_encode(&fixture)) {
                CHECK(s % 3 != 0);
                continue;
            }
            CHECK_EQ(fixture.frame.is_key, s % 3 == 0);
            CHECK(fixture_decode(&fixture, &raw));
            CHECK_EQ(raw.picture.width, size[0]);
            CHECK_EQ(raw.picture.height, size[1]);
            CHECK(media_pattern_read(&raw.picture, &number));
            CHECK_EQ(number, fixture.number - 1);
        }
        fixture_deinit(&fixture);
    }
}

static void an_odd_size_goes_through(void)
{
    for (size_t i = 0; i < COUNT(codecs); i++) {
        struct yodel_raw raw;
        uint32_t cut = codecs[i] == YODEL_H264;
        fixture_init(&fixture, codecs[i], 1000000);
        CHECK_EQ(media_picture_resize(&fixture.picture, 177, 99), YODEL_OK);
        CHECK(fixture_encode(&fixture));
        CHECK(fixture_decode(&fixture, &raw));
        CHECK_EQ(raw.picture.width, 177 - cut);
        CHECK_EQ(raw.picture.height, 99 - cut);
        fixture_deinit(&fixture);
    }
}

static void threads_change_nothing(void)
{
    for (size_t i = 0; i < COUNT(codecs); i++) {
        struct yodel_encoder_config config = {.threads = 2, .target = {.bitrate = 2000000}};
        struct yodel_decoder_config receiving = {.threads = 2};
        fixture_init(&fixture, codecs[i], 0);
        yodel_encoder_free(fixture.encoder);
        yodel_decoder_free(fixture.decoder);
        CHECK_EQ(yodel_encoder_new(codecs[i], &config, &fixture.encoder), YODEL_OK);
        CHECK_EQ(yodel_decoder_new(codecs[i], &receiving, &fixture.decoder), YODEL_OK);
        CHECK_EQ(media_picture_resize(&fixture.picture, 640, 480), YODEL_OK);
        for (int n = 0; n < 4; n++) {
            struct yodel_raw raw;
            uint32_t number = 0;
            if (fixture_encode(&fixture)) {
                CHECK(fixture_decode(&fixture, &raw));
                CHECK(media_pattern_read(&raw.picture, &number));
                CHECK_EQ(number, fixture.number - 1);
            }
        }
        fixture_deinit(&fixture);
    }
}

static void a_screen_is_encoded_with_every_codec(void)
{
    for (size_t i = 0; i < COUNT(codecs); i++) {
        struct yodel_encoder_config config = {.is_screen = true, .target = {.frame_rate = 5}};
        fixture_init(&fixture, codecs[i], 0);
        yodel_encoder_free(fixture.encoder);
        CHECK_EQ(yodel_encoder_new(codecs[i], &config, &fixture.encoder), YODEL_OK);
        fixture.frame_rate = 5;
        for (int n = 0; n < 5; n++) {
            struct yodel_raw raw;
            CHECK(fixture_encode(&fixture));
            CHECK(fixture_decode(&fixture, &raw));
            CHECK(fixture_psnr(&raw.picture, &fixture.picture.view) > 30);
        }
        fixture_deinit(&fixture);
    }
}

// What descriptions promise: constrained baseline, and at most level 3.1 for 720p at 30.
static void h264_is_what_profile_level_id_says(void)
{
    fixture_init(&fixture, YODEL_H264, 1500000);
    CHECK_EQ(media_picture_resize(&fixture.picture, 1280, 720), YODEL_OK);
    CHECK(fixture_encode(&fixture));
    struct bytes stream = bytes_of(fixture.frame.data, fixture.frame.len), nal;
    bool is_seen = false;
    while ((nal = rtp_h264_next_nal(&stream)).len > 0) {
        if ((nal.ptr[0] & 0x1f) == 7) {
            struct rtp_h264_profile_level level;
            char text[7];
            snprintf(text, sizeof text, "%02x%02x%02x", nal.ptr[1], nal.ptr[2], nal.ptr[3]);
            CHECK_EQ(rtp_h264_parse_profile(&level, bytes_of_text(text)), YODEL_OK);
            CHECK_EQ(level.profile, RTP_H264_CONSTRAINED_BASELINE);
            CHECK(level.level <= 31);
            is_seen = true;
        }
    }
    CHECK(is_seen);
    fixture_deinit(&fixture);
}

static void a_caller_who_errs_is_told(void)
{
    struct yodel_sound sound = {.rate = 48000, .channels = 1, .count = 960};
    struct yodel_raw raw = {.kind = YODEL_AUDIO, .sound = sound};
    struct yodel_raw tiny = {.kind = YODEL_VIDEO, .picture = {.width = 8, .height = 8}};
    struct yodel_encoder *none;
    struct yodel_frame empty = {.codec = YODEL_VP8};

    CHECK_EQ(yodel_encoder_new(YODEL_CODEC_COUNT, NULL, &none), YODEL_ERR_NOT_SUPPORTED);
    fixture_init(&fixture, YODEL_VP8, 0);
    CHECK_EQ(yodel_encoder_encode(fixture.encoder, &raw, false), YODEL_ERR_TYPE);
    CHECK_EQ(yodel_encoder_encode(fixture.encoder, &tiny, false), YODEL_ERR_RANGE);
    CHECK_TEXT(
        fixture.encoder->error_text, "a picture of 8x8 cannot be encoded: a side is 16 to 8192");
    CHECK_EQ(yodel_decoder_decode(fixture.decoder, &empty), YODEL_ERR_TYPE);
    CHECK_EQ(yodel_decoder_conceal(fixture.decoder, NULL, 960), YODEL_ERR_NOT_SUPPORTED);
    fixture_deinit(&fixture);
}

TEST_MAIN(TEST(pictures_come_back), TEST(a_key_frame_comes_on_demand),
    TEST(the_bitrate_follows_its_target), TEST(the_resolution_changes_in_mid_stream),
    TEST(an_odd_size_goes_through), TEST(threads_change_nothing),
    TEST(a_screen_is_encoded_with_every_codec), TEST(h264_is_what_profile_level_id_says),
    TEST(a_caller_who_errs_is_told))
