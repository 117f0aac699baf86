// Early: media that came before there were keys.
//
// Who ended the handshake first speaks at once, while the last flight, which makes the other side's keys, may have been
// lost or overtaken; and who answers a new offer may speak before the answer is known. The beginning is what counts: a
// key frame is in it, and without it nothing that follows is of use.
//
// Not here    whether its sender may be heard at all: the engine keeps nothing of strangers
// Ownership   copies what it keeps, until it is given or cleared, with the allocator of its peer
// Limits      EARLY_PACKETS_MAX packets of EARLY_PACKET_SIZE bytes: the first ones; later ones are lost as on the way

#ifndef PEER_EARLY_H
#define PEER_EARLY_H

#include "base/alloc.h"
#include "peer/session.h"

#define EARLY_PACKETS_MAX 64u // A second's, at the rate with which senders begin.
#define EARLY_PACKET_SIZE 1500u

struct early {
    struct span packets[EARLY_PACKETS_MAX];
    size_t count;
    uint64_t dropped;
};

// Keeps an SRTP or SRTCP packet, if there is room and memory.
void early_keep(struct early *early, struct alloc *alloc, struct bytes datagram);

// Hands all to the session, in the order in which they came, as if they came now; keeps nothing.
void early_give(struct early *early, struct alloc *alloc, struct session *session, yodel_time now);

void early_clear(struct early *early, struct alloc *alloc);

#endif
