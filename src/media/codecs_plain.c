// The table of codecs, without media libraries: what needs none.

#include "media/codec.h"

const struct media_codec media_codecs[YODEL_CODEC_COUNT] = {
    [YODEL_OPUS] = {48000, NULL, NULL},
    [YODEL_PCMU] = {8000, media_g711_encoder_new, media_g711_decoder_new},
    [YODEL_PCMA] = {8000, media_g711_encoder_new, media_g711_decoder_new},
    [YODEL_VP8] = {MEDIA_VIDEO_CLOCK, NULL, NULL},
    [YODEL_VP9] = {MEDIA_VIDEO_CLOCK, NULL, NULL},
    [YODEL_H264] = {MEDIA_VIDEO_CLOCK, NULL, NULL},
    [YODEL_AV1] = {MEDIA_VIDEO_CLOCK, NULL, NULL},
};
