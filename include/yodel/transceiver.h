// Audio and video of a peer connection: RTCRtpTransceiver, with its sender and its receiver, in C.
//
// A transceiver here sends and receives encoded frames, as the W3C's encoded transforms see them.
// Whoever has a camera or a window encodes and decodes; whoever passes media on does neither:
//
//   case YODEL_EVENT_TRACK:             yodel_transceiver_set_direction(event->transceiver, YODEL_SENDRECV); break;
//   case YODEL_EVENT_FRAME:             yodel_transceiver_send_frame(event->transceiver, event->frame); break;
//   case YODEL_EVENT_KEY_FRAME_NEEDED:  yodel_transceiver_request_key_frame(event->transceiver); break;
//
// Implements  W3C webrtc §5 (RTP media API), webrtc-encoded-transform §2 (encoded frames)
// Ownership   a peer owns its transceivers; one that was stopped ends with the event after
//             YODEL_EVENT_TRANSCEIVER_STOPPED
// Departs     there are no senders, receivers and tracks as objects of their own: a transceiver is one of each

#ifndef YODEL_TRANSCEIVER_H
#define YODEL_TRANSCEIVER_H

#include "yodel/frame.h"
#include "yodel/peer.h"

#ifdef __cplusplus
extern "C" {
#endif

// RTCRtpTransceiverDirection.
enum yodel_direction {
    YODEL_SENDRECV,
    YODEL_SENDONLY,
    YODEL_RECVONLY,
    YODEL_INACTIVE,
    YODEL_STOPPED
};
const char *yodel_direction_name(enum yodel_direction direction);

// "audio/opus", "video/VP8", …; "?" for what is none. The other way: false for a type of nobody's, and `codec` is
// left as it was.
const char *yodel_codec_mime_type(enum yodel_codec codec);
bool yodel_codec_of_mime_type(const char *mime_type, enum yodel_codec *codec);

// Units of an RTP timestamp in a second: 48000 for Opus (RFC 7587 §4.1), 8000 for G.711, 90000 for video.
uint32_t yodel_codec_clock_rate(enum yodel_codec codec);

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

// Sends a frame; it is copied. It leaves when the path has room for it: sound at once, video evenly. Any codec that was
// negotiated will do, in any frame. Fails with
//   INVALID_STATE   there is no connection yet, or sending was not negotiated: try a later one;
//   NOT_SUPPORTED   a codec that was not negotiated;
//   TYPE            an empty frame, a codec of another kind;
//   TOO_LARGE       over 1 MiB, or over 1100 bytes of sound;
//   WOULD_BLOCK     over 64 frames or 2 MiB wait to leave, or a key frame is needed and this is none;
//   NO_MEMORY.
// After a frame of video was refused in one of the last three ways, none but a key frame is taken, as no other could
// be decoded; YODEL_EVENT_KEY_FRAME_NEEDED asks for it.
enum yodel_err yodel_transceiver_send_frame(
    yodel_transceiver *transceiver, const struct yodel_frame *frame);

// The decoder cannot go on: nothing is received until the next key frame, which the other side is asked for at once, and
// again each half second (RFC 4585 §6.3.1). Nothing happens with sound, or before anything came.
void yodel_transceiver_request_key_frame(yodel_transceiver *transceiver);

// RTCRtpEncodingParameters.maxBitrate, in bit/s: more is of no use for what is sent (0: the default, 4 Mbit/s, for
// video). YODEL_EVENT_BITRATE is never above it.
void yodel_transceiver_set_max_bitrate(yodel_transceiver *transceiver, uint64_t bitrate);

// Of sound: up to so many earlier frames, 2 at most, go along in each packet while the other side reports losses, 3 % for
// one and 10 % for two, where both know RED (RFC 2198). 0, the default: none.
void yodel_transceiver_set_redundancy(yodel_transceiver *transceiver, unsigned frames);

// How much of what is sent the other side reports as lost lately, of 1.
double yodel_transceiver_loss(const yodel_transceiver *transceiver);

void yodel_transceiver_set_user(yodel_transceiver *transceiver, void *user);
void *yodel_transceiver_user(const yodel_transceiver *transceiver);

#ifdef __cplusplus
}
#endif
#endif
