// H.264 in RTP.
//
// Implements  RFC 6184 §5.6 (one NAL unit), §5.7.1 (STAP-A), §5.8 (FU-A), §6.2, §6.3 (packetization
//             modes 0 and 1), §8.1 (profile-level-id); ITU-T H.264 Annex B (the byte stream),
//             §7.3.2.1 (what of a sequence parameter set says the picture's size)
// Not here    interleaving (mode 2), which no browser has
// Ownership   borrows the frame, or the payload
// Limits      a size of RTP_H264_SIZE_MAX each way; what says more has no size

#ifndef RTP_PAYLOAD_H264_H
#define RTP_PAYLOAD_H264_H

#include "rtp/payload/payload.h"

#define RTP_H264_SIZE_MAX 16384

YODEL_MUST_USE enum yodel_err rtp_h264_inspect(struct rtp_payload_info *info, struct bytes payload);

// Appends the payload's NAL units, each behind a start code of four bytes, as far as there is room.
YODEL_MUST_USE enum yodel_err rtp_h264_append(
    struct rtp_payload_state *state, struct bytes payload, struct writer *frame);

// The next NAL unit of a byte stream (Annex B), or an empty slice at its end.
struct bytes rtp_h264_next_nal(struct bytes *stream);

// The size that a sequence parameter set says, with its type byte in front. False: none.
bool rtp_h264_size(struct bytes sps, uint16_t *width, uint16_t *height);

struct rtp_h264_packetizer {
    struct bytes stream; // Behind the next unit.
    struct bytes next;
    struct bytes nal; // What is left of the present unit; of a fragmented one, without its type.
    bool is_single;   // Mode 0.
    bool is_fragmented;
    uint8_t head; // The fragmented unit's type byte.
};

// `frame` is a byte stream. In mode 0 (`is_single`) a unit that is larger than the room of a writer
// makes the writer fail: the encoder must have been told (RFC 6184 §6.2).
void rtp_h264_start(struct rtp_h264_packetizer *packetizer, struct bytes frame, bool is_single);
bool rtp_h264_emit(struct rtp_h264_packetizer *packetizer, struct writer *w, bool *is_last);

// profile-level-id: six hexadecimal digits.
enum rtp_h264_profile {
    RTP_H264_CONSTRAINED_BASELINE,
    RTP_H264_BASELINE,
    RTP_H264_MAIN,
    RTP_H264_EXTENDED,
    RTP_H264_CONSTRAINED_HIGH,
    RTP_H264_HIGH,
    RTP_H264_HIGH_444_PREDICTIVE,
};

#define RTP_H264_LEVEL_1B 9 // Between 10 and 11, whatever its number.

struct rtp_h264_profile_level {
    enum rtp_h264_profile profile;
    uint8_t level; // Ten times the level.
};

// SYNTAX, or NOT_SUPPORTED: a profile of nobody.
YODEL_MUST_USE enum yodel_err rtp_h264_parse_profile(
    struct rtp_h264_profile_level *parsed, struct bytes text);

#endif
