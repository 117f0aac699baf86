// Codecs: see the header.

#include "peer/codecs.h"

#include <string.h>

#include "base/assert.h"
#include "base/port.h"
#include "rtp/payload/h264.h"

#define VIDEO_CLOCK 90000u

static const struct peer_codec codecs[YODEL_CODEC_COUNT] = {
    [YODEL_OPUS] = {SDP_AUDIO, "audio/opus", 48000, 2, 111, 0, 63, "minptime=10;useinbandfec=1"},
    [YODEL_PCMU] = {SDP_AUDIO, "audio/PCMU", 8000, 1, 0, 0, 0, ""},
    [YODEL_PCMA] = {SDP_AUDIO, "audio/PCMA", 8000, 1, 8, 0, 0, ""},
    [YODEL_VP8] = {SDP_VIDEO, "video/VP8", VIDEO_CLOCK, 0, 96, 97, 0, ""},
    [YODEL_VP9] = {SDP_VIDEO, "video/VP9", VIDEO_CLOCK, 0, 98, 99, 0, "profile-id=0"},
    [YODEL_H264] = {SDP_VIDEO, "video/H264", VIDEO_CLOCK, 0, 102, 103, 0,
        "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"},
    [YODEL_AV1] = {SDP_VIDEO, "video/AV1", VIDEO_CLOCK, 0, 104, 105, 0, "profile=0"},
};

const struct peer_codec *peer_codecs_get(enum yodel_codec codec)
{
    YODEL_ASSERT((unsigned)codec < YODEL_CODEC_COUNT);
    return &codecs[codec];
}

const char *peer_codecs_name(enum yodel_codec codec)
{
    return strchr(peer_codecs_get(codec)->mime_type, '/') + 1;
}

size_t peer_codecs_all(enum sdp_kind kind, enum yodel_codec all[YODEL_CODEC_COUNT])
{
    size_t count = 0;

    for (int i = 0; i < YODEL_CODEC_COUNT; i++) {
        if (codecs[i].kind == kind) {
            all[count++] = (enum yodel_codec)i;
        }
    }
    return count;
}

// RFC 6184 §8.2.2: mode and profile are the same on both sides; levels may differ.
static bool is_our_h264(const struct sdp_codec *offered)
{
    struct rtp_h264_profile_level level = {.profile = RTP_H264_BASELINE}; // §8.1: absent.
    struct bytes text;

    return sdp_find_number(offered->fmtp, "packetization-mode", 0) == 1 &&
           (!sdp_find_parameter(offered->fmtp, "profile-level-id", &text) ||
               rtp_h264_parse_profile(&level, text) == YODEL_OK) &&
           level.profile == RTP_H264_CONSTRAINED_BASELINE;
}

static bool has_our_parameters(enum yodel_codec codec, const struct sdp_codec *offered)
{
    switch (codec) {
    case YODEL_VP9:
        return sdp_find_number(offered->fmtp, "profile-id", 0) == 0; // RFC 9628 §6.1.
    case YODEL_AV1:
        return sdp_find_number(offered->fmtp, "profile", 0) == 0; // Its payload format, §7.2.1.
    case YODEL_H264:
        return is_our_h264(offered);
    case YODEL_OPUS:
    case YODEL_PCMU:
    case YODEL_PCMA:
    case YODEL_VP8:
    case YODEL_CODEC_COUNT:
        break;
    }
    return true;
}

bool peer_codecs_is(enum yodel_codec codec, const struct sdp_codec *offered)
{
    const struct peer_codec *ours = peer_codecs_get(codec);

    return sdp_is_codec(offered, peer_codecs_name(codec)) && offered->clock == ours->clock_rate &&
           (ours->kind == SDP_VIDEO || offered->channels == ours->channels) &&
           has_our_parameters(codec, offered);
}
