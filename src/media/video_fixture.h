// Video under test: an encoder and a decoder of one codec, and the test pattern between them.

#ifndef MEDIA_VIDEO_FIXTURE_H
#define MEDIA_VIDEO_FIXTURE_H

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "media/pattern.h"
#include "yodel/codec.h"

#define FIXTURE_FRAME_MAX (1u << 20)

struct video_fixture {
    struct yodel_encoder *encoder;
    struct yodel_decoder *decoder;
    struct media_picture picture; // That was encoded last.
    uint32_t number;              // Of the next one.
    uint32_t frame_rate;
    bool is_key_wanted;
    // What came of the last one.
    struct yodel_frame frame;        // Without a length: it was left out.
    uint8_t data[FIXTURE_FRAME_MAX]; // A copy, to be damaged.
};

static inline const char *fixture_name(enum yodel_codec codec)
{
    static const char *const names[] = {"Opus", "PCMU", "PCMA", "VP8", "VP9", "H.264", "AV1"};

    return names[codec];
}

static inline void fixture_init(struct video_fixture *f, enum yodel_codec codec, uint64_t bitrate)
{
    struct yodel_encoder_config config = {.target = {.bitrate = bitrate, .frame_rate = 30}};

    f->number = 1;
    f->frame_rate = 30;
    f->is_key_wanted = false;
    media_picture_init(&f->picture, alloc_system());
    YODEL_ASSERT(media_picture_resize(&f->picture, 320, 192) == YODEL_OK);
    YODEL_ASSERT(yodel_encoder_new(codec, &config, &f->encoder) == YODEL_OK);
    YODEL_ASSERT(yodel_decoder_new(codec, NULL, &f->decoder) == YODEL_OK);
}

static inline void fixture_deinit(struct video_fixture *f)
{
    yodel_encoder_free(f->encoder);
    yodel_decoder_free(f->decoder);
    media_picture_deinit(&f->picture);
}

// Draws and encodes the next picture; false: the encoder left it out.
static inline bool fixture_encode(struct video_fixture *f)
{
    struct yodel_raw raw = {.kind = YODEL_VIDEO,
        .timestamp = (uint64_t)f->number * 90000 / f->frame_rate,
        .captured = f->number};

    media_pattern_draw(&f->picture, f->number++);
    raw.picture = f->picture.view;
    YODEL_ASSERT(yodel_encoder_encode(f->encoder, &raw, f->is_key_wanted) == YODEL_OK);
    f->is_key_wanted = false;
    f->frame = (struct yodel_frame){0};
    struct yodel_frame made;
    while (yodel_encoder_next(f->encoder, &made)) {
        YODEL_ASSERT(f->frame.len == 0 && made.len > 0 && made.len <= sizeof f->data);
        YODEL_ASSERT(made.timestamp == raw.timestamp && made.captured == raw.captured);
        memcpy(f->data, made.data, made.len);
        f->frame = made;
        f->frame.data = f->data;
    }
    return f->frame.len > 0;
}

static inline bool fixture_decode(struct video_fixture *f, struct yodel_raw *raw)
{
    struct yodel_raw more;
    bool has = yodel_decoder_decode(f->decoder, &f->frame) == YODEL_OK &&
               yodel_decoder_next(f->decoder, raw);

    YODEL_ASSERT(!yodel_decoder_next(f->decoder, &more));
    return has;
}

// Of luma, in dB: 30 is fair, 40 is good, 100 is the same.
static inline double fixture_psnr(const struct yodel_picture *a, const struct yodel_picture *b)
{
    double sum = 0;

    YODEL_ASSERT(a->width == b->width && a->height == b->height);
    for (uint32_t y = 0; y < a->height; y++) {
        for (uint32_t x = 0; x < a->width; x++) {
            double distance = (double)a->planes[0][(size_t)y * a->strides[0] + x] -
                              (double)b->planes[0][(size_t)y * b->strides[0] + x];
            sum += distance * distance;
        }
    }
    double mean = sum / ((double)a->width * a->height);
    return mean < 6.5e-6 ? 100 : 10 * log10(255 * 255 / mean);
}

#endif
