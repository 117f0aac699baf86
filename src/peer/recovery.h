// Recovery: a peer whose ICE has failed wants a restart by itself.
//
// The W3C leaves that to the application. Here it has only to make the offers that
// YODEL_EVENT_NEGOTIATION_NEEDED asks for, and to carry what both sides say: a network that was away
// while addresses were gathered, or for longer than consent lasts, is found again. One side goes
// first, so that there is one offer: who controls ICE. While a path is sought, servers whose names
// had no address are looked up again and again.
//
// Implements  RFC 8445 §9 (either side may restart), W3C webrtc §4.4.2 (restartIce)
// Not here    the restart itself (peer/describe.c), servers that are silent for a while (ice/local.h,
//             ice/relay.h)
// Limits      PEER_RECOVERY_TRIES_MAX in a row, no two within PEER_RECOVERY_PACE
// Departs     from the W3C, where a failed connection stays so until its user restarts it

#ifndef PEER_RECOVERY_H
#define PEER_RECOVERY_H

#include "base/time.h"
#include "yodel/peer.h"

#define PEER_RECOVERY_PACE YODEL_SECONDS(15)  // No sooner after the restart before.
#define PEER_RECOVERY_YIELD YODEL_SECONDS(10) // So long the other side may go first.
#define PEER_RECOVERY_TRIES_MAX 40            // Ten minutes at least; then it is the user's turn.
#define PEER_RECOVERY_NAMES YODEL_SECONDS(2)  // Between two look-ups of a name.

struct peer_recovery {
    yodel_time due; // Of the next restart; YODEL_NEVER: none is to come.
    yodel_time tried_at;
    uint32_t tries;       // Since there was a path, or a network came.
    yodel_time names_due; // To be looked up again; YODEL_NEVER: all have addresses.
};

void peer_recovery_init(struct peer_recovery *recovery);

// The loop gave an address after all others: what was in vain may not be now, and nobody is waited for.
void peer_recovery_network_came(yodel_peer *peer);

// A new generation of candidates begins: it waits for the servers that had no address once more.
void peer_recovery_await_names(yodel_peer *peer);

void peer_recovery_run(yodel_peer *peer, yodel_time now);
yodel_time peer_recovery_next_timeout(const yodel_peer *peer);

#endif
