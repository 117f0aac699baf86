// The table of codecs, with the media libraries.

#include "media/codec.h"

const struct media_codec media_codecs[YODEL_CODEC_COUNT] = {
    [YODEL_OPUS] = {48000, media_opus_encoder_new, media_opus_decoder_new},
    [YODEL_PCMU] = {8000, media_g711_encoder_new, media_g711_decoder_new},
    [YODEL_PCMA] = {8000, media_g711_encoder_new, media_g711_decoder_new},
    [YODEL_VP8] = {MEDIA_VIDEO_CLOCK, media_vpx_encoder_new, media_vpx_decoder_new},
    [YODEL_VP9] = {MEDIA_VIDEO_CLOCK, media_vpx_encoder_new, media_vpx_decoder_new},
    [YODEL_H264] = {MEDIA_VIDEO_CLOCK, media_h264_encoder_new, media_h264_decoder_new},
    [YODEL_AV1] = {MEDIA_VIDEO_CLOCK, media_av1_encoder_new, media_av1_decoder_new},
};
