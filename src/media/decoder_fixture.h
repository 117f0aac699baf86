// Decoders, fuzzed: the input is a list of frames, each behind a byte of flags and two of length.

#ifndef MEDIA_DECODER_FIXTURE_H
#define MEDIA_DECODER_FIXTURE_H

#include "fuzz.h"
#include "media/picture.h"

#define FUZZ_PIXELS_MAX (256u * 256u)

// Kept, so that nothing is left out as being of no use.
static volatile uint32_t fixture_sum;

static inline void fixture_look_at(const struct yodel_raw *raw)
{
    uint32_t sum = 0;

    if (raw->kind == YODEL_AUDIO) {
        FUZZ_CHECK(raw->sound.count > 0 && raw->sound.count <= YODEL_SOUND_SAMPLES_MAX);
        for (uint32_t i = 0; i < raw->sound.count * raw->sound.channels; i++) {
            sum += (uint32_t)raw->sound.samples[i];
        }
        fixture_sum = sum;
        return;
    }
    const struct yodel_picture *picture = &raw->picture;
    FUZZ_CHECK(picture->width > 0 && picture->height > 0);
    FUZZ_CHECK((uint64_t)picture->width * picture->height <= FUZZ_PIXELS_MAX);
    for (int i = 0; i < 3; i++) {
        for (uint32_t y = 0; y < media_plane_height(picture, i); y++) {
            const uint8_t *line = picture->planes[i] + (size_t)y * picture->strides[i];
            sum += line[0] + line[media_plane_width(picture, i) - 1];
        }
    }
    fixture_sum = sum;
}

// Every frame is decoded or refused with a sentence, and what comes out is a picture or a sound.
static inline void fixture_decode_all(enum yodel_codec codec, struct bytes input)
{
    struct yodel_decoder_config config = {.max_pixels = FUZZ_PIXELS_MAX};
    struct yodel_decoder *decoder;
    struct reader r = reader_of(input);

    FUZZ_CHECK(yodel_decoder_new(codec, &config, &decoder) == YODEL_OK);
    while (r.left > 3 && !r.failed) {
        uint8_t flags = read_u8(&r);
        size_t len = read_u16(&r);
        struct bytes data = read_bytes(&r, len < r.left ? len : r.left);
        struct yodel_frame frame = {
            .data = data.ptr, .len = data.len, .codec = codec, .is_key = (flags & 1) != 0};
        struct yodel_raw raw;
        if ((flags & 2) != 0) {
            (void)yodel_decoder_conceal(decoder, (flags & 4) != 0 ? &frame : NULL, 960);
        } else {
            enum yodel_err err = yodel_decoder_decode(decoder, &frame);
            FUZZ_CHECK((err == YODEL_OK) == (decoder->error_text[0] == 0));
        }
        while (yodel_decoder_next(decoder, &raw)) {
            fixture_look_at(&raw);
        }
    }
    yodel_decoder_free(decoder);
}

#endif
