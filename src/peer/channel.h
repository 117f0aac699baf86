// Data channels as the W3C sees them, over dcep's.
//
// Implements  W3C webrtc §6.2
// Ownership   a channel is the peer's; after its CLOSE was told it lives until the next event

#ifndef PEER_CHANNEL_H
#define PEER_CHANNEL_H

#include "peer/peer.h"

// The next event of a channel's, and what became of the association.
bool channel_next_event(yodel_peer *peer, struct yodel_event *event);

void channel_free_departed(yodel_peer *peer);
void channel_close_all(yodel_peer *peer); // At once, and in silence on the wire.
void channel_free_all(yodel_peer *peer);

#endif
