// Codecs: what is the same for all of them is checked here, once.

#include "media/codec.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"

#define AUDIO_BPS 32000u
#define VIDEO_BPS 1000000u
#define FRAME_RATE 30u
#define CHANNELS_MAX 2u

static bool is_codec(enum yodel_codec codec)
{
    return (unsigned)codec < YODEL_CODEC_COUNT;
}

static uint32_t at_most(uint32_t number, uint32_t most)
{
    return number < most ? number : most;
}

enum yodel_media_kind media_kind(enum yodel_codec codec)
{
    return codec >= YODEL_VP8 ? YODEL_VIDEO : YODEL_AUDIO;
}

bool media_take_frame(struct yodel_frame *kept, struct yodel_frame *frame)
{
    bool has = kept->len > 0;

    if (has) {
        *frame = *kept;
        kept->len = 0;
    }
    return has;
}

bool media_take_sound(struct yodel_raw *kept, struct yodel_raw *raw)
{
    bool has = kept->sound.samples != NULL;

    if (has) {
        *raw = *kept;
        kept->sound.samples = NULL;
    }
    return has;
}

uint32_t media_duration(uint64_t before, uint64_t timestamp, uint32_t frame_rate)
{
    uint64_t distance = timestamp - before; // Of one that goes back it is huge.

    return distance > 0 && distance <= MEDIA_VIDEO_CLOCK ? (uint32_t)distance
                                                         : MEDIA_VIDEO_CLOCK / frame_rate;
}

// ---- failing

enum yodel_err media_encoder_fail(
    struct yodel_encoder *encoder, enum yodel_err err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(encoder->error_text, sizeof encoder->error_text, format, args);
    va_end(args);
    return err;
}

enum yodel_err media_decoder_fail(
    struct yodel_decoder *decoder, enum yodel_err err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(decoder->error_text, sizeof decoder->error_text, format, args);
    va_end(args);
    return err;
}

enum yodel_err media_check_size(
    struct yodel_decoder *decoder, uint32_t max_pixels, uint32_t width, uint32_t height)
{
    if (width == 0 || height == 0) {
        return media_decoder_fail(decoder, YODEL_ERR_MALFORMED, "a picture without a size");
    }
    if (width > YODEL_PICTURE_SIDE_MAX || height > YODEL_PICTURE_SIDE_MAX ||
        (uint64_t)width * height > max_pixels) {
        return media_decoder_fail(decoder, YODEL_ERR_TOO_LARGE,
            "a picture of %ux%u is refused: the limit is %u pixels, %d on a side", width, height,
            max_pixels, YODEL_PICTURE_SIDE_MAX);
    }
    return YODEL_OK;
}

// ---- encoders

static struct yodel_encoder_target target_of(
    enum yodel_codec codec, const struct yodel_encoder_target *asked)
{
    struct yodel_encoder_target target = *asked;
    bool is_video = media_kind(codec) == YODEL_VIDEO;

    if (target.bitrate == 0) {
        target.bitrate = is_video ? VIDEO_BPS : AUDIO_BPS;
    }
    if (is_video && target.bitrate < MEDIA_VIDEO_BPS_MIN) {
        target.bitrate = MEDIA_VIDEO_BPS_MIN;
    }
    if (target.bitrate > MEDIA_VIDEO_BPS_MAX) {
        target.bitrate = MEDIA_VIDEO_BPS_MAX;
    }
    target.frame_rate = at_most(target.frame_rate, MEDIA_FRAME_RATE_MAX);
    if (target.frame_rate == 0) {
        target.frame_rate = FRAME_RATE;
    }
    target.loss_percent = at_most(target.loss_percent, 100);
    return target;
}

YODEL_API enum yodel_err yodel_encoder_new(enum yodel_codec codec,
    const struct yodel_encoder_config *config, struct yodel_encoder **encoder)
{
    struct yodel_encoder_config used = config ? *config : (struct yodel_encoder_config){0};

    if (!yodel_codec_can_encode(codec)) {
        return YODEL_ERR_NOT_SUPPORTED;
    }
    used.channels = used.channels == 0 ? 1 : used.channels;
    used.threads = used.threads == 0 ? 1 : at_most(used.threads, MEDIA_THREADS_MAX);
    if (used.channels > CHANNELS_MAX) {
        return YODEL_ERR_RANGE;
    }
    used.target = target_of(codec, &used.target);
    return media_codecs[codec].encoder_new(codec, &used, encoder);
}

YODEL_API void yodel_encoder_free(struct yodel_encoder *encoder)
{
    if (encoder) {
        encoder->ops->free(encoder);
    }
}

static enum yodel_err check_raw(struct yodel_encoder *encoder, const struct yodel_raw *raw)
{
    const struct yodel_picture *picture = &raw->picture;

    if (raw->kind != media_kind(encoder->codec)) {
        return media_encoder_fail(encoder, YODEL_ERR_TYPE, "sound is no video, nor the reverse");
    }
    if (raw->kind == YODEL_AUDIO) {
        return raw->sound.rate == media_codecs[encoder->codec].clock_rate && raw->sound.samples
                   ? YODEL_OK
                   : media_encoder_fail(encoder, YODEL_ERR_TYPE,
                         "sound of %u samples a second, where %u are encoded", raw->sound.rate,
                         media_codecs[encoder->codec].clock_rate);
    }
    if (picture->width < YODEL_PICTURE_SIDE_MIN || picture->height < YODEL_PICTURE_SIDE_MIN ||
        picture->width > YODEL_PICTURE_SIDE_MAX || picture->height > YODEL_PICTURE_SIDE_MAX) {
        return media_encoder_fail(encoder, YODEL_ERR_RANGE,
            "a picture of %ux%u cannot be encoded: a side is %d to %d", picture->width,
            picture->height, YODEL_PICTURE_SIDE_MIN, YODEL_PICTURE_SIDE_MAX);
    }
    YODEL_ASSERT(picture->planes[0] && picture->planes[1] && picture->planes[2]);
    return YODEL_OK;
}

YODEL_API enum yodel_err yodel_encoder_encode(
    struct yodel_encoder *encoder, const struct yodel_raw *raw, bool is_key_wanted)
{
    encoder->error_text[0] = 0;
    enum yodel_err err = check_raw(encoder, raw);
    return err ? err : encoder->ops->encode(encoder, raw, is_key_wanted);
}

YODEL_API bool yodel_encoder_next(struct yodel_encoder *encoder, struct yodel_frame *frame)
{
    return encoder->ops->next(encoder, frame);
}

YODEL_API void yodel_encoder_set_target(
    struct yodel_encoder *encoder, const struct yodel_encoder_target *target)
{
    struct yodel_encoder_target used = target_of(encoder->codec, target);

    encoder->ops->set_target(encoder, &used);
}

// ---- decoders

YODEL_API enum yodel_err yodel_decoder_new(enum yodel_codec codec,
    const struct yodel_decoder_config *config, struct yodel_decoder **decoder)
{
    struct yodel_decoder_config used = config ? *config : (struct yodel_decoder_config){0};

    if (!yodel_codec_can_decode(codec)) {
        return YODEL_ERR_NOT_SUPPORTED;
    }
    used.channels = used.channels == 0 ? 1 : used.channels;
    used.threads = used.threads == 0 ? 1 : at_most(used.threads, MEDIA_THREADS_MAX);
    used.max_pixels = used.max_pixels == 0 ? YODEL_PICTURE_PIXELS_MAX : used.max_pixels;
    if (used.channels > CHANNELS_MAX) {
        return YODEL_ERR_RANGE;
    }
    enum yodel_err err = media_codecs[codec].decoder_new(codec, &used, decoder);
    if (!err) {
        (*decoder)->is_key_needed = media_kind(codec) == YODEL_VIDEO;
    }
    return err;
}

YODEL_API void yodel_decoder_free(struct yodel_decoder *decoder)
{
    if (decoder) {
        decoder->ops->free(decoder);
    }
}

YODEL_API enum yodel_err yodel_decoder_decode(
    struct yodel_decoder *decoder, const struct yodel_frame *frame)
{
    decoder->error_text[0] = 0;
    if (frame->codec != decoder->codec || frame->len == 0) {
        return media_decoder_fail(
            decoder, YODEL_ERR_TYPE, "an empty frame, or one of another codec");
    }
    if (decoder->is_key_needed && !frame->is_key) {
        return media_decoder_fail(decoder, YODEL_ERR_INVALID_STATE,
            "this frame depends on another that is missing: a key frame is needed");
    }
    enum yodel_err err = decoder->ops->decode(decoder, frame);
    decoder->is_key_needed = err != YODEL_OK && media_kind(decoder->codec) == YODEL_VIDEO;
    return err;
}

YODEL_API enum yodel_err yodel_decoder_conceal(
    struct yodel_decoder *decoder, const struct yodel_frame *following, uint32_t samples)
{
    uint32_t step = media_codecs[decoder->codec].clock_rate / 400; // 2.5 ms.

    decoder->error_text[0] = 0;
    if (!decoder->ops->conceal) {
        return media_decoder_fail(
            decoder, YODEL_ERR_NOT_SUPPORTED, "this decoder cannot make up what is missing");
    }
    if (samples == 0 || samples % step != 0 || samples > step * 48) {
        return media_decoder_fail(
            decoder, YODEL_ERR_RANGE, "%u samples cannot be made up at once", samples);
    }
    return decoder->ops->conceal(decoder, following, samples);
}

YODEL_API bool yodel_decoder_next(struct yodel_decoder *decoder, struct yodel_raw *raw)
{
    return decoder->ops->next(decoder, raw);
}

YODEL_API bool yodel_codec_can_encode(enum yodel_codec codec)
{
    return is_codec(codec) && media_codecs[codec].encoder_new;
}

YODEL_API bool yodel_codec_can_decode(enum yodel_codec codec)
{
    return is_codec(codec) && media_codecs[codec].decoder_new;
}
