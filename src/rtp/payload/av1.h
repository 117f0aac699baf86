// AV1 in RTP.
//
// Implements  AV1 RTP §4.4 (the aggregation header), §4.5 (OBU elements), §5 (packetization):
//             AOMedia's payload format, version 1.0; AV1 Bitstream §5.3 (OBU headers), §4.10.5
//             (leb128)
// Not here    the dependency descriptor, an extension that is passed over; what is in an OBU
// Ownership   borrows the temporal unit, or the payload
// Limits      a unit's size is below 2^32, written in at most 8 bytes

#ifndef RTP_PAYLOAD_AV1_H
#define RTP_PAYLOAD_AV1_H

#include "rtp/payload/payload.h"

// Reads a number of leb128. A longer or larger one fails the reader.
uint32_t rtp_av1_read_leb128(struct reader *r);
void rtp_av1_put_leb128(struct writer *w, uint32_t value);

YODEL_MUST_USE enum yodel_err rtp_av1_inspect(struct rtp_payload_info *info, struct bytes payload);

// Appends the payload's OBUs, each with its size, as decoders and files want them, as far as there
// is room.
YODEL_MUST_USE enum yodel_err rtp_av1_append(
    struct rtp_payload_state *state, struct bytes payload, struct writer *frame);

struct rtp_av1_obu {
    uint8_t header[2]; // Without a size; the second byte is the extension's.
    size_t header_len; // 0: there is none.
    struct bytes payload;
};

struct rtp_av1_packetizer {
    struct bytes stream; // Behind the next OBU.
    struct rtp_av1_obu next;
    struct rtp_av1_obu obu; // The present one,
    size_t done;            // of which so many bytes were written.
    bool is_sequence;       // The first payload begins a coded video sequence: N.
};

// `unit` is a temporal unit, every OBU but the last with its size. What is no OBU ends it.
void rtp_av1_start(struct rtp_av1_packetizer *packetizer, struct bytes unit);
bool rtp_av1_emit(struct rtp_av1_packetizer *packetizer, struct writer *w, bool *is_last);

#endif
