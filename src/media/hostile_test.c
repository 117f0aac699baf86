// Decoders against what a peer may send: cut, bent, made up, too large. Letters and numbers are those of
// docs/HOSTILE.md.

#include <stdio.h>

#include "check.h"
#include "media/video_fixture.h"

static const enum yodel_codec codecs[] = {YODEL_VP8, YODEL_VP9, YODEL_H264, YODEL_AV1};
static struct video_fixture fixture;

// Looks at every pixel, so that a sanitizer sees where one is not.
static uint32_t look_at(const struct yodel_picture *picture)
{
    uint32_t sum = 0;

    for (int i = 0; i < 3; i++) {
        for (uint32_t y = 0; y < media_plane_height(picture, i); y++) {
            for (uint32_t x = 0; x < media_plane_width(picture, i); x++) {
                sum += picture->planes[i][(size_t)y * picture->strides[i] + x];
            }
        }
    }
    return sum;
}

// Whatever becomes of it: no crash, a sentence where it fails, and a picture that is one.
static enum yodel_err give(struct video_fixture *f, const uint8_t *data, size_t len, bool is_key)
{
    struct yodel_frame frame = {
        .data = data, .len = len, .codec = f->decoder->codec, .is_key = is_key};
    struct yodel_raw raw;
    enum yodel_err err = yodel_decoder_decode(f->decoder, &frame);

    CHECK_EQ(f->decoder->is_key_needed, err != YODEL_OK);
    CHECK_EQ(f->decoder->error_text[0] != 0, err != YODEL_OK);
    if (yodel_decoder_next(f->decoder, &raw)) {
        CHECK_EQ(err, YODEL_OK);
        look_at(&raw.picture);
    }
    return err;
}

// After any harm, a key frame is enough to go on.
static void check_that_it_goes_on(struct video_fixture *f)
{
    struct yodel_raw raw;
    uint32_t number = 0;

    f->is_key_wanted = true;
    CHECK(fixture_encode(f));
    CHECK(f->frame.is_key);
    CHECK(fixture_decode(f, &raw));
    CHECK(media_pattern_read(&raw.picture, &number));
    CHECK_EQ(number, f->number - 1);
}

static void frames_that_are_cut_do_no_harm(void)
{
    for (size_t i = 0; i < COUNT(codecs); i++) {
        fixture_init(&fixture, codecs[i], 300000);
        CHECK_EQ(media_picture_resize(&fixture.picture, 96, 64), YODEL_OK);
        for (int n = 0; n < 2; n++) {
            check_that_it_goes_on(&fixture);
            CHECK(n == 0 || fixture_encode(&fixture));
            bool is_key = n == 0;
            size_t len = fixture.frame.len, step = len / 60 + 1;
            for (size_t cut = 1; cut < len; cut += step) {
                fixture.decoder->is_key_needed = false; // Try it in any case.
                (void)give(&fixture, fixture.data, cut, is_key);
            }
        }
        check_that_it_goes_on(&fixture);
        fixture_deinit(&fixture);
    }
}

static void frames_whose_bits_flip_do_no_harm(void)
{
    for (size_t i = 0; i < COUNT(codecs); i++) {
        fixture_init(&fixture, codecs[i], 300000);
        CHECK_EQ(media_picture_resize(&fixture.picture, 96, 64), YODEL_OK);
        for (int n = 0; n < 2; n++) {
            check_that_it_goes_on(&fixture);
            CHECK(n == 0 || fixture_encode(&fixture));
            bool is_key = n == 0;
            // The headers bit by bit, the rest here and there.
            for (size_t bit = 0; bit < fixture.frame.len * 8; bit += bit < 400 ? 1 : 97) {
                fixture.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
                fixture.decoder->is_key_needed = false;
                (void)give(&fixture, fixture.data, fixture.frame.len, is_key);
                fixture.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            }
        }
        check_that_it_goes_on(&fixture);
        fixture_deinit(&fixture);
    }
}

static void noise_does_no_harm(void)
{
    static uint8_t noise[600];
    uint64_t state = 1;

    for (size_t i = 0; i < COUNT(codecs); i++) {
        fixture_init(&fixture, codecs[i], 300000);
        for (int n = 0; n < 200; n++) {
            for (size_t k = 0; k < sizeof noise; k++) {
                state = state * 6364136223846793005u + 1442695040888963407u;
                noise[k] = (uint8_t)(state >> 56);
            }
            (void)give(&fixture, noise, 1 + (size_t)n * 3 % sizeof noise, true);
        }
        check_that_it_goes_on(&fixture);
        fixture_deinit(&fixture);
    }
}

// P14: what follows a loss is not decoded, as it would show what was never sent.
static void behind_a_loss_only_a_key_frame_is_taken(void)
{
    for (size_t i = 0; i < COUNT(codecs); i++) {
        struct yodel_raw raw;
        fixture_init(&fixture, codecs[i], 300000);
        CHECK(fixture_encode(&fixture));
        CHECK(fixture_decode(&fixture, &raw));
        CHECK(give(&fixture, (const uint8_t *)"\xff\xff\xff", 3, true) != YODEL_OK);
        while (!fixture_encode(&fixture)) {
        }
        CHECK_EQ(yodel_decoder_decode(fixture.decoder, &fixture.frame), YODEL_ERR_INVALID_STATE);
        CHECK(!yodel_decoder_next(fixture.decoder, &raw));
        check_that_it_goes_on(&fixture);
        fixture_deinit(&fixture);
    }
}

// P9, P10: sizes that would cost gigabytes, or are none at all.
static void pictures_of_a_monstrous_size_are_refused(void)
{
    static const struct {
        const char *why;
        enum yodel_codec codec;
        const char *bytes;
        size_t len;
        enum yodel_err want;
        const char *text;
    } rows[] = {
        {"VP8 of 16383x16383", YODEL_VP8, "\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f\0\0", 12,
            YODEL_ERR_TOO_LARGE,
            "a picture of 16383x16383 is refused: the limit is 9437184 pixels, 8192 on a side"},
        {"VP8 of 0x0", YODEL_VP8, "\x10\0\0\x9d\x01\x2a\0\0\0\0\0\0", 12, YODEL_ERR_MALFORMED,
            "a picture without a size"},
        // Marker 2, profile 0, a key frame that is shown; sync code; color space 1; 65535, 65535.
        {"VP9 of 65536x65536", YODEL_VP9, "\x82\x49\x83\x42\x2f\xff\xff\xff\xf0\0", 10,
            YODEL_ERR_TOO_LARGE,
            "a picture of 65536x65536 is refused: the limit is 9437184 pixels, 8192 on a side"},
        // The same, second in a superframe, behind a frame that shows an old one.
        {"VP9, hidden in a superframe", YODEL_VP9,
            "\x88\0\x82\x49\x83\x42\x2f\xff\xff\xff\xf0\0\xc1\x02\x0a\xc1", 16, YODEL_ERR_TOO_LARGE,
            NULL},
        // Baseline, level 6.1, 1024 by 1024 macroblocks.
        {"H.264 of 16384x16384", YODEL_H264,
            "\0\0\0\x01\x67\x42\xc0\x3d\xda\x00\x10\x00\x00\x80\x19", 15, YODEL_ERR_TOO_LARGE,
            "a picture of 16384x16384 is refused: the limit is 9437184 pixels, 8192 on a side"},
        {"H.264, a size that no number holds", YODEL_H264,
            "\0\0\0\x01\x67\x42\xc0\x3d\xda\0\0\0\0\0\0\0\x01", 17, YODEL_ERR_MALFORMED, NULL},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        fixture_init(&fixture, rows[i].codec, 300000);
        enum yodel_err err = give(&fixture, (const uint8_t *)rows[i].bytes, rows[i].len, true);
        if (err != rows[i].want) {
            fprintf(stderr, "%s: %s: ", rows[i].why, fixture.decoder->error_text);
        }
        CHECK_EQ(err, rows[i].want);
        if (rows[i].text) {
            CHECK_TEXT(fixture.decoder->error_text, rows[i].text);
        }
        check_that_it_goes_on(&fixture);
        fixture_deinit(&fixture);
    }
}

static void a_decoder_has_a_limit_of_its_own(void)
{
    struct yodel_decoder_config config = {.max_pixels = 320 * 192 - 1};

    for (size_t i = 0; i < COUNT(codecs); i++) {
        fixture_init(&fixture, codecs[i], 300000);
        yodel_decoder_free(fixture.decoder);
        CHECK_EQ(yodel_decoder_new(codecs[i], &config, &fixture.decoder), YODEL_OK);
        CHECK(fixture_encode(&fixture));
        CHECK_EQ(yodel_decoder_decode(fixture.decoder, &fixture.frame), YODEL_ERR_TOO_LARGE);
        CHECK_TEXT(fixture.decoder->error_text,
            "a picture of 320x192 is refused: the limit is 61439 pixels, 8192 on a side");
        fixture_deinit(&fixture);
    }
}

// P9: an inter frame may name a size, too.
static void a_size_is_looked_at_in_every_kind_of_frame(void)
{
    // Marker, profile 0, an inter frame that is not shown, intra-only; no reset; sync code; refresh; 65536².
    static const uint8_t intra_only[] = {
        0x84, 0x89, 0x30, 0x68, 0x5f, 0xff, 0xff, 0xff, 0xff, 0xe0, 0};

    fixture_init(&fixture, YODEL_VP9, 300000);
    check_that_it_goes_on(&fixture);
    CHECK_EQ(give(&fixture, intra_only, sizeof intra_only, false), YODEL_ERR_TOO_LARGE);
    check_that_it_goes_on(&fixture);
    // A second frame behind the first, without an index: libvpx would decode it, too.
    fixture.is_key_wanted = true;
    CHECK(fixture_encode(&fixture));
    size_t len = fixture.frame.len;
    memcpy(fixture.data + len, intra_only, sizeof intra_only);
    (void)give(&fixture, fixture.data, len + sizeof intra_only, true);
    check_that_it_goes_on(&fixture);
    fixture_deinit(&fixture);
}

// P13.
static void packets_of_sound_that_break_a_rule_are_refused(void)
{
    static uint8_t data[2000];
    static const struct {
        const char *why;
        enum yodel_codec codec;
        uint8_t first;
        uint8_t second;
        size_t len;
        enum yodel_err want;
    } rows[] = {
        {"48 frames of 60 ms", YODEL_OPUS, 0x1b, 48, 200, YODEL_ERR_MALFORMED},
        {"no frame at all", YODEL_OPUS, 0x1b, 0, 200, YODEL_ERR_MALFORMED},
        {"two frames of one size, in an odd length", YODEL_OPUS, 0x19, 0, 200, YODEL_ERR_MALFORMED},
        {"a frame of 1276 bytes", YODEL_OPUS, 0x18, 0, 1277, YODEL_ERR_MALFORMED},
        {"a length without the second byte", YODEL_OPUS, 0x1a, 252, 2, YODEL_ERR_MALFORMED},
        {"G.711 of an odd length", YODEL_PCMU, 0, 0, 161, YODEL_OK},
        {"G.711 for a quarter of a second", YODEL_PCMA, 0, 0, 2000, YODEL_ERR_TOO_LARGE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct yodel_decoder *decoder;
        struct yodel_raw raw;
        CHECK_EQ(yodel_decoder_new(rows[i].codec, NULL, &decoder), YODEL_OK);
        data[0] = rows[i].first;
        data[1] = rows[i].second;
        struct yodel_frame frame = {.data = data, .len = rows[i].len, .codec = rows[i].codec};
        enum yodel_err err = yodel_decoder_decode(decoder, &frame);
        if (err != rows[i].want) {
            fprintf(stderr, "%s: ", rows[i].why);
        }
        CHECK_EQ(err, rows[i].want);
        CHECK_EQ(yodel_decoder_next(decoder, &raw), err == YODEL_OK);
        yodel_decoder_free(decoder);
    }
}

TEST_MAIN(TEST(frames_that_are_cut_do_no_harm), TEST(frames_whose_bits_flip_do_no_harm),
    TEST(noise_does_no_harm), TEST(behind_a_loss_only_a_key_frame_is_taken),
    TEST(pictures_of_a_monstrous_size_are_refused), TEST(a_decoder_has_a_limit_of_its_own),
    TEST(a_size_is_looked_at_in_every_kind_of_frame),
    TEST(packets_of_sound_that_break_a_rule_are_refused))
