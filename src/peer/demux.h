// Demultiplexing: which transceiver a packet is for, where all of them share one transport.
//
// Implements  RFC 9143 §9.2 (by MID, then by SSRC, then by payload type)
// Not here    decryption; what a stream makes of its packets (peer/inbound.h)
// Ownership   borrows the transceivers, until it is told to forget one
// Limits      DEMUX_SOURCES_MAX SSRCs are remembered; of one more the oldest is forgotten

#ifndef PEER_DEMUX_H
#define PEER_DEMUX_H

#include "peer/jsep_transceiver.h"

#define DEMUX_SOURCES_MAX 64u

struct demux_source {
    uint32_t ssrc;
    struct yodel_transceiver *transceiver; // NULL: the place is free.
};

struct demux {
    struct demux_source sources[DEMUX_SOURCES_MAX];
    size_t next; // The place to use next.
};

// NULL: it is for nobody, and to be dropped.
struct yodel_transceiver *demux_find(struct demux *demux, const struct jsep *jsep,
    const struct rtp_packet *packet, const struct rtp_ext_values *values);

void demux_forget(struct demux *demux, const struct yodel_transceiver *transceiver);

#endif
