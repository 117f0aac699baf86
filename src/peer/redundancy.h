// Redundancy: sound's last payloads, which go along with the next ones, so that a packet that is lost is heard all the
// same.
//
//   |payload n-2|payload n-1|payload n|  in one packet, RED, where the other side says that it loses many
//
// Implements  RFC 2198 §2, §4
// Not here    when it pays (peer/outbound.h), and the receiving side (peer/inbound.h)
// Ownership   copies what it keeps
// Limits      REDUNDANCY_MAX payloads of at most REDUNDANCY_COPY_MAX bytes, none of which was captured more than
//             RTP_RED_OFFSET_MAX units before

#ifndef PEER_REDUNDANCY_H
#define PEER_REDUNDANCY_H

#include "rtp/payload/red.h"

#define REDUNDANCY_MAX 2u
#define REDUNDANCY_COPY_MAX 400u

struct redundancy_copy {
    uint32_t timestamp;
    size_t len; // 0: it is too long to be sent again.
    uint8_t data[REDUNDANCY_COPY_MAX];
};

struct redundancy {
    struct redundancy_copy copies[REDUNDANCY_MAX]; // Of the packets before, the latest first.
    size_t count;
};

// Writes the payload with up to `distance` before it, as far as `room` bytes hold them.
void redundancy_put(const struct redundancy *redundancy, struct writer *w, size_t room,
    size_t distance, uint8_t payload_type, uint32_t timestamp, struct bytes payload);

// The payload was sent, with or without others.
void redundancy_keep(struct redundancy *redundancy, uint32_t timestamp, struct bytes payload);

#endif
