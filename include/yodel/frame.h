// Encoded frames of sound and video: what transceivers carry, and what codecs make and take.
//
// Implements  W3C webrtc-encoded-transform §2 (encoded frames)
// Ownership   a frame borrows its data

#ifndef YODEL_FRAME_H
#define YODEL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yodel/time.h"

#ifdef __cplusplus
extern "C" {
#endif

enum yodel_media_kind { YODEL_AUDIO, YODEL_VIDEO };

// In the order of preference.
enum yodel_codec {
    YODEL_OPUS,
    YODEL_PCMU,
    YODEL_PCMA,
    YODEL_VP8,
    YODEL_VP9,
    YODEL_H264,
    YODEL_AV1,
    YODEL_CODEC_COUNT
};

// RTCEncodedVideoFrame and RTCEncodedAudioFrame. Of video, one picture: VP8's and VP9's frame, H.264
// as a byte stream with start codes, AV1's temporal unit of OBUs with their sizes. Of sound, what one
// packet carries: a packet of Opus, or samples of G.711.
struct yodel_frame {
    const uint8_t *data;
    size_t len; // In bytes; at least 1.
    enum yodel_codec codec;
    bool is_key; // It depends on none before it. Of sound each is.

    // RTP's, in units of the codec's clock. Received: it never wraps; it begins anywhere. To be sent:
    // only differences mean something, and the lowest 32 bits count.
    uint64_t timestamp;

    // When it was captured, in the peer's time; 0: not known. To be sent, what the other side's lip
    // sync is made with, all of one peer on one clock. Received, from its sender's reports (RFC 3550
    // §6.4.1): frames of sound and of video with one moment belong together. That is the moment when it
    // would have come without any delay but the least, so `arrival` less `captured` is how much later
    // it came.
    yodel_time captured;

    // What follows is 0 or false where it is not known.
    uint16_t rotation;    // Of video: to be turned by so many degrees clockwise to be shown.
    bool has_audio_level; // Of sound (RFC 6464):
    bool is_voice;
    uint8_t audio_level; // in -dBov: 0 is the loudest, 127 is silence.

    // Received ones only; not looked at where it is to be sent.
    uint16_t width; // Of video, where the stream says it: mostly with key frames.
    uint16_t height;
    uint64_t seq; // Number of its (first) packet. Sound: a gap is a loss, and one may come after a
                  // later one.
    bool is_copy; // Of sound: its packet was lost, and a later one brought a copy (RFC 2198).
    yodel_time arrival;   // Of the packet that came last.
    uint64_t capture_ntp; // `captured` by its sender's clock, in 2^-32 seconds (RFC 3550 §4).
};

#ifdef __cplusplus
}
#endif
#endif
