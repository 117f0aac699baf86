// VP9 in RTP.
//
// Implements  RFC 9628 §4.2 (the payload descriptor, its scalability structure), §4.3 (cutting)
// Not here    which layers a receiver wants; the structure's pictures, which are read over
// Ownership   borrows the frame, or the payload
// Limits      RTP_VP9_SPATIAL_MAX layers and RTP_VP9_REFERENCES_MAX references, the format's own
// Departs     all spatial layers of a picture are one frame, cut and put together in their order

#ifndef RTP_PAYLOAD_VP9_H
#define RTP_PAYLOAD_VP9_H

#include "rtp/payload/payload.h"

#define RTP_VP9_SPATIAL_MAX 8
#define RTP_VP9_REFERENCES_MAX 3

struct rtp_vp9_descriptor {
    bool has_picture_id; // I.
    bool is_long_picture_id;
    bool is_inter;        // P: predicted from other pictures.
    bool has_layers;      // L.
    bool is_flexible;     // F: references are named here, not by a structure agreed on before.
    bool is_start;        // B, of a layer's frame.
    bool is_end;          // E.
    bool is_no_reference; // Z: no higher spatial layer refers to it.
    bool is_switch;       // U.
    bool is_inter_layer;  // D.
    uint16_t picture_id;
    uint8_t temporal;
    uint8_t spatial;
    uint8_t tl0_index;                          // With layers, where not flexible.
    uint8_t reference_count;                    // Flexible and inter: 1 at least.
    uint8_t references[RTP_VP9_REFERENCES_MAX]; // How many pictures before.
    uint8_t size_count; // V: 0 without sizes, else one for each spatial layer.
    struct rtp_vp9_size {
        uint16_t width;
        uint16_t height;
    } sizes[RTP_VP9_SPATIAL_MAX];
};

// `rest` becomes the part of the frame.
YODEL_MUST_USE enum yodel_err rtp_vp9_parse(
    struct rtp_vp9_descriptor *descriptor, struct bytes payload, struct bytes *rest);
void rtp_vp9_put_descriptor(struct writer *w, const struct rtp_vp9_descriptor *descriptor);

YODEL_MUST_USE enum yodel_err rtp_vp9_inspect(struct rtp_payload_info *info, struct bytes payload);

struct rtp_vp9_packetizer {
    struct bytes left;
    struct rtp_vp9_descriptor descriptor;
};

// `descriptor` is that of one layer's frame; sizes are said once, in its first payload.
void rtp_vp9_start(struct rtp_vp9_packetizer *packetizer, struct bytes frame,
    const struct rtp_vp9_descriptor *descriptor);
bool rtp_vp9_emit(struct rtp_vp9_packetizer *packetizer, struct writer *w, bool *is_last);

#endif
