// RTP header extensions: small values that travel in front of the payload, by ids that the two
// sides agreed on.
//
// Implements  RFC 8285 §4.2, §4.3 (the two forms); RFC 9143 §15.1 (MID), RFC 8852 §3 (RID, repaired
//             RID), RFC 6464 (audio level), RFC 5450 (transmission time offset), 3GPP TS 26.114,
//             7.4.5 (video orientation); and of WebRTC: abs-send-time, transport-wide-cc-01,
//             playout-delay, video-content-type, abs-capture-time
// Not here    the extension's frame (rtp/packet.h); the dependency descriptor is passed over
// Ownership   a parsed value's texts borrow from the datagram
// Limits      texts of RTP_EXT_TEXT_MAX bytes; what is longer, or no text, is as if it were absent

#ifndef RTP_EXT_H
#define RTP_EXT_H

#include "base/time.h"
#include "rtp/packet.h"

#define RTP_EXT_TEXT_MAX 64
#define RTP_EXT_IDS 256
#define RTP_EXT_ONE_BYTE_ID_MAX 14

enum rtp_ext_kind {
    RTP_EXT_MID,
    RTP_EXT_RID,
    RTP_EXT_REPAIRED_RID,
    RTP_EXT_AUDIO_LEVEL,
    RTP_EXT_SEND_TIME,
    RTP_EXT_TRANSPORT_SEQ,
    RTP_EXT_TIME_OFFSET,
    RTP_EXT_ORIENTATION,
    RTP_EXT_PLAYOUT_DELAY,
    RTP_EXT_CONTENT_TYPE,
    RTP_EXT_CAPTURE_TIME,
    RTP_EXT_KINDS,
};

// What the two sides agreed on. Zeroed, nothing is.
struct rtp_ext_map {
    uint8_t ids[RTP_EXT_KINDS]; // 0: not agreed on.
    uint8_t kinds[RTP_EXT_IDS]; // One more than the kind; 0: an id of nobody.
    bool is_two_byte_allowed;   // `a=extmap-allow-mixed`, RFC 8285 §6. Both forms are read always.
};

struct rtp_ext_values {
    uint32_t present; // RTP_EXT_BIT of each that has a value.
    struct bytes mid;
    struct bytes rid;
    struct bytes repaired_rid;
    uint8_t audio_level; // In -dBov: 0 is the loudest, 127 is silence.
    bool is_voice;
    uint32_t send_time;  // 24 bits, 6.18 seconds: rtp_ext_send_time.
    int32_t time_offset; // In units of the RTP timestamp, 24 bits.
    uint16_t transport_seq;
    uint16_t rotation; // In degrees clockwise: 0, 90, 180 or 270.
    bool is_flipped;   // Horizontally, before it was rotated.
    bool is_back_camera;
    uint16_t playout_min_ms; // Both in steps of 10, below 40960.
    uint16_t playout_max_ms;
    uint8_t content_type;  // 1: a screen.
    uint64_t capture_time; // By the NTP clock of the capturer.
};

#define RTP_EXT_BIT(kind) (1u << (kind))

static inline bool rtp_ext_has(const struct rtp_ext_values *values, enum rtp_ext_kind kind)
{
    return (values->present & RTP_EXT_BIT(kind)) != 0;
}

// The name in `a=extmap`, and the kind that a name stands for; KINDS for a name of nobody.
const char *rtp_ext_uri(enum rtp_ext_kind kind);
enum rtp_ext_kind rtp_ext_kind_of(struct bytes uri);

// Agrees on an id from 1 to 255, of which 15 is never one (§4.2). RANGE, or EXISTS: it is
// another's.
YODEL_MUST_USE enum yodel_err rtp_ext_map_set(
    struct rtp_ext_map *map, enum rtp_ext_kind kind, uint32_t id);

// Reads all that is known and well-formed. Of a kind that is there twice, the first counts (P2).
void rtp_ext_read(
    struct rtp_ext_values *values, const struct rtp_packet *packet, const struct rtp_ext_map *map);

// Writes all values that were agreed on behind the header that begins at `at` and was put without
// any. Two-byte form only where one value needs it and it is allowed; else that one is left out.
void rtp_ext_put(struct writer *w, size_t at, const struct rtp_ext_map *map,
    const struct rtp_ext_values *values);

// The place of a value in a packet that is written, to put another of the same length in; empty
// where there is none.
struct span rtp_ext_find(struct span packet, const struct rtp_ext_map *map, enum rtp_ext_kind kind);

// Put what only the moment of sending knows. Nothing happens where no place is reserved.
void rtp_ext_store_send_time(struct span packet, const struct rtp_ext_map *map, yodel_time now);
void rtp_ext_store_transport_seq(
    struct span packet, const struct rtp_ext_map *map, uint64_t transport_seq);

// abs-send-time's form of `now`; it wraps after 64 seconds.
uint32_t rtp_ext_send_time(yodel_time now);

// One element after the other, known or not.
struct rtp_ext {
    uint8_t id;
    struct bytes value;
};

// False at the end, and where what is left is not well-formed.
bool rtp_ext_next(struct reader *r, enum rtp_ext_form form, struct rtp_ext *ext);

#endif
