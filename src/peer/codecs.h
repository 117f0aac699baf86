// Codecs: which ones a peer offers, with which payload types and parameters, and whether what the
// other side offers is one of them.
//
// Implements  RFC 9429 §5.2.1, §5.3.1 (codecs of a section); RFC 7587 §7 (Opus), RFC 7741 §6 (VP8),
//             RFC 9628 §6 (VP9), RFC 6184 §8.2.2 (H.264), RTP Payload Format for AV1 §7; RFC 4588 §8.6
//             (RTX), RFC 2198 §5 (RED)
// Not here    encoding and decoding
// Limits      the table: a payload type of each, from the dynamic range where it has no static one

#ifndef PEER_CODECS_H
#define PEER_CODECS_H

#include "sdp/sdp.h"
#include "yodel/transceiver.h"

struct peer_codec {
    enum sdp_kind kind;
    const char *mime_type; // "video/VP8".
    uint32_t clock_rate;
    uint8_t channels;
    uint8_t payload_type; // In our offers,
    uint8_t rtx;          // of its RTX,
    uint8_t red;          // and of RED with it inside; 0: none.
    const char *fmtp;     // What we can receive; "": nothing to say.
};

const struct peer_codec *peer_codecs_get(enum yodel_codec codec);
const char *peer_codecs_name(enum yodel_codec codec); // In a=rtpmap.

// All of a kind, in our order of preference.
size_t peer_codecs_all(enum sdp_kind kind, enum yodel_codec all[YODEL_CODEC_COUNT]);

// Whether a payload type of the other side's is this codec, with parameters that we understand.
bool peer_codecs_is(enum yodel_codec codec, const struct sdp_codec *offered);

#endif
