// Audio and video of a peer connection: RTCRtpTransceiver, with its sender and its receiver, in C.
//
// A transceiver here sends and receives encoded frames, as the W3C's encoded transforms see them.
// Whoever has a camera or a window encodes and decodes; whoever passes media on does neither.
//
// Implements  W3C webrtc §5 (RTP media API)
// Ownership   a peer owns its transceivers, for as long as it lives

#ifndef YODEL_TRANSCEIVER_H
#define YODEL_TRANSCEIVER_H

#include "yodel/peer.h"

#ifdef __cplusplus
extern "C" {
#endif

enum yodel_media_kind { YODEL_AUDIO, YODEL_VIDEO };

// RTCRtpTransceiverDirection.
enum yodel_direction {
    YODEL_SENDRECV,
    YODEL_SENDONLY,
    YODEL_RECVONLY,
    YODEL_INACTIVE,
    YODEL_STOPPED
};
const char *yodel_direction_name(enum yodel_direction direction);

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

// "audio/opus", "video/VP8", …
const char *yodel_codec_mime_type(enum yodel_codec codec);
bool yodel_codec_of_mime_type(const char *mime_type, enum yodel_codec *codec);

// RTCRtpTransceiverInit. Zeroed, it sends and receives, and belongs to no stream.
struct yodel_transceiver_init {
    enum yodel_direction direction;
    const char *stream_id; // Of the MediaStream on the other side; NULL: none.
    const char *track_id;  // NULL: one is made.
};

// addTransceiver. Fails with INVALID_STATE (closed), TYPE (stopped; an id that is no token, or over
// 64 bytes), RANGE (128 sections are taken), NO_MEMORY. An offer is needed then.
enum yodel_err yodel_peer_add_transceiver(yodel_peer *peer, enum yodel_media_kind kind,
    const struct yodel_transceiver_init *init, yodel_transceiver **transceiver);

// As addTrack: uses a transceiver that a remote offer has made and that never sent, or makes one.
enum yodel_err yodel_peer_add_track(yodel_peer *peer, enum yodel_media_kind kind,
    const struct yodel_transceiver_init *init, yodel_transceiver **transceiver);

// The one that is number `index`, from 0, in the order in which they were made, or NULL.
yodel_transceiver *yodel_peer_transceiver(const yodel_peer *peer, size_t index);

enum yodel_media_kind yodel_transceiver_kind(const yodel_transceiver *transceiver);
const char *yodel_transceiver_mid(const yodel_transceiver *transceiver); // NULL: no section yet.
enum yodel_direction yodel_transceiver_direction(const yodel_transceiver *transceiver);

// Takes effect with the next negotiation. Fails with INVALID_STATE (stopped), TYPE (STOPPED).
enum yodel_err yodel_transceiver_set_direction(
    yodel_transceiver *transceiver, enum yodel_direction direction);

// False where the W3C's is null: nothing was negotiated yet.
bool yodel_transceiver_current_direction(
    const yodel_transceiver *transceiver, enum yodel_direction *direction);

// It is stopped once that was negotiated.
void yodel_transceiver_stop(yodel_transceiver *transceiver);

// Only these are offered and answered, in this order; none: all. Fails with INVALID_MODIFICATION (a
// codec of another kind, or twice).
enum yodel_err yodel_transceiver_set_codec_preferences(
    yodel_transceiver *transceiver, const enum yodel_codec *codecs, size_t count);

// The codec that both sides prefer of those that were negotiated for sending; false before.
bool yodel_transceiver_codec(const yodel_transceiver *transceiver, enum yodel_codec *codec);

void yodel_transceiver_set_user(yodel_transceiver *transceiver, void *user);
void *yodel_transceiver_user(const yodel_transceiver *transceiver);

#ifdef __cplusplus
}
#endif
#endif
