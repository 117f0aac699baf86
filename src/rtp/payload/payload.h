// Payload formats: what one payload says about the frame that it is a part of, for whatever codec.
//
// A packetizer is a codec's own (rtp/payload/vp8.h and its neighbours); all have the same shape:
// `start` borrows a frame, `emit` writes one payload, as much as the writer has room for, and says
// whether it was the last: that one's packet has the marker.
//
// Not here    the frames themselves, which are opaque but for their headers
// Ownership   borrows
// Limits      RTP_PAYLOAD_ROOM_MIN bytes of room are enough for every payload

#ifndef RTP_PAYLOAD_PAYLOAD_H
#define RTP_PAYLOAD_PAYLOAD_H

#include "base/bytes.h"
#include "base/err.h"

#define RTP_PAYLOAD_ROOM_MIN 64
#define RTP_PAYLOAD_PICTURE_MASK 0x7fff

enum rtp_codec { RTP_CODEC_VP8, RTP_CODEC_VP9, RTP_CODEC_H264, RTP_CODEC_AV1, RTP_CODEC_COUNT };

// Where a frame ends, the packet's marker says, in all of them.
struct rtp_payload_info {
    bool is_start;  // A frame begins here; H.264 and AV1 cannot say it, and it may be true.
    bool is_key;    // The frame depends on nothing before; any payload of it may say so.
    uint16_t width; // Of a key frame, where the payload says it; else 0.
    uint16_t height;
};

YODEL_MUST_USE enum yodel_err rtp_payload_inspect(
    struct rtp_payload_info *info, enum rtp_codec codec, struct bytes payload);

// Putting a frame together: its payloads in order, the first of which is a start. `state` is zeroed
// before each frame.
struct rtp_payload_state {
    bool is_open;  // A unit is under way, of which parts are to come;
    size_t opened; // it begins there in the frame.
};

// Appends what `payload` brings. MALFORMED: the frame is of no use. TOO_LARGE: no room in `frame`.
YODEL_MUST_USE enum yodel_err rtp_payload_append(struct rtp_payload_state *state,
    enum rtp_codec codec, struct bytes payload, struct writer *frame);

// The last payload was appended: whether the frame is whole.
bool rtp_payload_is_whole(const struct rtp_payload_state *state);

// A picture's number, as VP8 and VP9 have it: 7 bits or, behind a one, 15.
uint16_t rtp_payload_read_picture_id(struct reader *r, bool *is_long);
void rtp_payload_put_picture_id(struct writer *w, uint16_t picture_id, bool is_long);

#endif
