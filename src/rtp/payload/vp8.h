// VP8 in RTP.
//
// Implements  RFC 7741 §4.2 (the payload descriptor), §4.3 (the payload header), §4.4 (where frames
//             are cut: anywhere, as one partition)
// Ownership   borrows the frame, or the payload
// Limits      pictures are numbered with 15 bits

#ifndef RTP_PAYLOAD_VP8_H
#define RTP_PAYLOAD_VP8_H

#include "rtp/payload/payload.h"

struct rtp_vp8_descriptor {
    bool is_start;       // S, and of the first partition.
    bool is_discardable; // N: no other frame refers to this one.
    bool has_picture_id;
    bool has_tl0_index;
    bool has_temporal;
    bool has_key_index;
    bool is_sync;        // Y: a switch to this layer is possible here.
    uint16_t picture_id; // Of 7 or 15 bits.
    bool is_long_picture_id;
    uint8_t tl0_index;
    uint8_t temporal; // The layer.
    uint8_t key_index;
};

// `rest` becomes the part of the frame.
YODEL_MUST_USE enum yodel_err rtp_vp8_parse(
    struct rtp_vp8_descriptor *descriptor, struct bytes payload, struct bytes *rest);
void rtp_vp8_put_descriptor(struct writer *w, const struct rtp_vp8_descriptor *descriptor);

YODEL_MUST_USE enum yodel_err rtp_vp8_inspect(struct rtp_payload_info *info, struct bytes payload);

struct rtp_vp8_packetizer {
    struct bytes left;
    struct rtp_vp8_descriptor descriptor; // Of the next payload.
};

void rtp_vp8_start(struct rtp_vp8_packetizer *packetizer, struct bytes frame,
    const struct rtp_vp8_descriptor *descriptor);

// False: the frame was done before. The writer has room for RTP_PAYLOAD_ROOM_MIN bytes or more.
bool rtp_vp8_emit(struct rtp_vp8_packetizer *packetizer, struct writer *w, bool *is_last);

#endif
