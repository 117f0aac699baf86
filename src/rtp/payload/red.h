// RED: a payload that carries others, older ones in front of the newest, against loss.
//
// Implements  RFC 2198 §3
// Not here    what is in the blocks; which of them came already
// Ownership   blocks borrow from the payload
// Limits      RTP_RED_BLOCKS_MAX blocks; older ones lie at most RTP_RED_OFFSET_MAX before the
//             newest and are at most RTP_RED_LEN_MAX bytes

#ifndef RTP_PAYLOAD_RED_H
#define RTP_PAYLOAD_RED_H

#include "base/bytes.h"
#include "base/err.h"

#define RTP_RED_BLOCKS_MAX 8
#define RTP_RED_OFFSET_MAX 0x3fff
#define RTP_RED_LEN_MAX 0x3ff

struct rtp_red_block {
    uint8_t payload_type;
    uint32_t before; // The packet's timestamp less this one's.
    struct bytes payload;
};

struct rtp_red {
    size_t count; // At least 1; the last is the newest, and `before` is 0.
    struct rtp_red_block blocks[RTP_RED_BLOCKS_MAX];
};

// MALFORMED, too, is a block of `red_type`, the payload type of the packet: RED in RED (P6).
YODEL_MUST_USE enum yodel_err rtp_red_parse(
    struct rtp_red *red, struct bytes payload, uint8_t red_type);

// Writes all blocks; older ones must keep to the limits.
void rtp_red_put(struct writer *w, const struct rtp_red *red);

#endif
