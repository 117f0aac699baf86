// Playout's packets of audio: those that came and were not played yet, in the order of their timestamps.
//
// Ownership   owns one allocation of `places` packets, into which payloads are copied; what first and
//             drop_first return lives until the next put
// Limits      payloads of PLAYOUT_PACKETS_LEN_MAX; `places` packets

#ifndef PLAYOUT_PACKETS_H
#define PLAYOUT_PACKETS_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "rtp/source.h"

#define PLAYOUT_PACKETS_LEN_MAX 1500
#define PLAYOUT_PACKETS_PLACES_MAX 1024

struct playout_packet {
    struct rtp_place place; // Of a copy, only the timestamp is its own.
    uint32_t samples;       // That it sounds for, in units of the timestamp.
    uint8_t payload_type;
    bool is_copy; // Of an older packet, that another brought along (RFC 2198).
    bool is_dtx;  // Silence follows, of which little or nothing is sent.
    bool has_fec; // The packet before can be made of it, roughly.
    struct bytes payload;
    yodel_time arrival; // Set as it comes.
};

enum playout_packets_verdict {
    PLAYOUT_PACKETS_STORED,
    PLAYOUT_PACKETS_TWICE, // There is one of this timestamp.
    PLAYOUT_PACKETS_FULL,
};

struct playout_packets {
    struct alloc *alloc;
    struct playout_packet *packets;
    uint8_t *payloads;
    uint16_t
        *order; // Places: of packets that are there, in their order, and then those that are free.
    size_t places;
    size_t count;
};

YODEL_MUST_USE enum yodel_err playout_packets_init(
    struct playout_packets *packets, struct alloc *alloc, size_t places);
void playout_packets_deinit(struct playout_packets *packets);

// The payload must be within its limit. An original takes the place of a copy.
enum playout_packets_verdict playout_packets_put(
    struct playout_packets *packets, const struct playout_packet *packet);

// The one of the least timestamp, or behind it the next; NULL where there is none.
const struct playout_packet *playout_packets_first(const struct playout_packets *packets);
const struct playout_packet *playout_packets_second(const struct playout_packets *packets);
void playout_packets_drop_first(struct playout_packets *packets);
void playout_packets_clear(struct playout_packets *packets);

#endif
