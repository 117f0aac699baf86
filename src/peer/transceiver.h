// Transceivers: what users of a peer do with them, and are told of them.
//
// Implements  W3C webrtc §5.1 (addTransceiver, addTrack), §5.4 (RTCRtpTransceiver)
// Not here    what descriptions do with them (peer/jsep_transceiver.h)
// Ownership   a transceiver is the peer's; after its STOPPED was told it lives until the next event

#ifndef PEER_TRANSCEIVER_H
#define PEER_TRANSCEIVER_H

#include "peer/peer.h"

bool transceiver_next_event(yodel_peer *peer, struct yodel_event *event);
void transceiver_free_departed(yodel_peer *peer);
void transceiver_free_streams(yodel_peer *peer); // Of all of them.

#endif
