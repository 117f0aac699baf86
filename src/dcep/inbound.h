// What comes from the peer, translated into the W3C's events.
//
// Implements  RFC 8832 §6 (an OPEN message from the peer), RFC 8831 §6.7 (the peer closes), W3C
//             webrtc §6.2
// Not here    what the application does (dcep/dcep.h)

#ifndef DCEP_INBOUND_H
#define DCEP_INBOUND_H

#include "dcep/dcep.h"

// Returns whether there is something to tell.
bool dcep_inbound_translate(
    struct dcep *dcep, const struct sctp_event *from, struct dcep_event *event);

#endif
