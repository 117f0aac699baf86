// RTX: a packet that is sent again, as a packet of a stream of its own.
//
// Implements  RFC 4588 §4 (the payload; the original's timestamp and marker); RFC 8852 §3.2 (the
//             RID becomes the repaired RID)
// Not here    when something is sent again (rtp/history.h)
// Ownership   what is unpacked borrows from the same datagram

#ifndef RTP_RTX_H
#define RTP_RTX_H

#include "rtp/ext.h"

#define RTP_RTX_OSN_SIZE 2 // The original sequence number, in front of the payload.

struct rtp_rtx {
    uint32_t ssrc;
    uint16_t seq;
    uint8_t payload_type;
    struct bytes mid; // Both are empty once the peer knows the stream; else they are put in.
    struct bytes repaired_rid;
};

// Packs `original`, a packet of ours, with the same extension values.
void rtp_rtx_put(struct writer *w, struct bytes original, const struct rtp_rtx *rtx,
    const struct rtp_ext_map *map);

// Turns a parsed RTX packet into the original one. NOT_FOUND: it is padding, as senders use to
// probe; MALFORMED: it has half a number (P5).
YODEL_MUST_USE enum yodel_err rtp_rtx_unpack(
    struct rtp_packet *packet, uint32_t ssrc, uint8_t payload_type);

#endif
