// Codecs, from within: the table of those that this library was built with, and what all of them share.
//
// Not here    the interface itself (yodel/codec.h); which codecs are offered, and how (peer/)
// Ownership   the table is static

#ifndef MEDIA_CODEC_H
#define MEDIA_CODEC_H

#include "base/port.h"
#include "yodel/codec.h"

#define MEDIA_VIDEO_CLOCK 90000
#define MEDIA_VIDEO_BPS_MIN 30000u // Below it no encoder makes pictures of use.
#define MEDIA_VIDEO_BPS_MAX 100000000u
#define MEDIA_FRAME_RATE_MAX 120u
#define MEDIA_THREADS_MAX 8u

// The configuration that these get has its defaults filled in.
typedef enum yodel_err media_encoder_maker(enum yodel_codec codec,
    const struct yodel_encoder_config *config, struct yodel_encoder **encoder);
typedef enum yodel_err media_decoder_maker(enum yodel_codec codec,
    const struct yodel_decoder_config *config, struct yodel_decoder **decoder);

struct media_codec {
    uint32_t clock_rate;
    media_encoder_maker *encoder_new; // NULL: it cannot encode.
    media_decoder_maker *decoder_new;
};

// In codecs.c, or codecs_plain.c where there are no media libraries.
extern const struct media_codec media_codecs[YODEL_CODEC_COUNT];

enum yodel_media_kind media_kind(enum yodel_codec codec);

// Keeps the sentence and returns `err`.
enum yodel_err media_encoder_fail(
    struct yodel_encoder *encoder, enum yodel_err err, const char *format, ...) YODEL_PRINTF(3, 4);
enum yodel_err media_decoder_fail(
    struct yodel_decoder *decoder, enum yodel_err err, const char *format, ...) YODEL_PRINTF(3, 4);

// Whether a decoder takes a picture of that size; TOO_LARGE with its sentence, or MALFORMED for none at all.
YODEL_MUST_USE enum yodel_err media_check_size(
    struct yodel_decoder *decoder, uint32_t max_pixels, uint32_t width, uint32_t height);

// How long a picture is shown, in units of MEDIA_VIDEO_CLOCK: the distance from the one before, or, where
// that says nothing, what the frame rate says.
uint32_t media_duration(uint64_t before, uint64_t timestamp, uint32_t frame_rate);

// What was made is given once: false, where `kept` is without a length, or without samples.
bool media_take_frame(struct yodel_frame *kept, struct yodel_frame *frame);
bool media_take_sound(struct yodel_raw *kept, struct yodel_raw *raw);

media_encoder_maker media_g711_encoder_new, media_opus_encoder_new, media_vpx_encoder_new,
    media_h264_encoder_new, media_av1_encoder_new;
media_decoder_maker media_g711_decoder_new, media_opus_decoder_new, media_vpx_decoder_new,
    media_h264_decoder_new, media_av1_decoder_new;

#endif
