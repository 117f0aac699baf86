// Statistics: one visit to all objects, a member at a time.
//
// Implements  W3C webrtc-stats §6
// Ownership   a visit borrows its texts

#ifndef PEER_STATS_H
#define PEER_STATS_H

#include "peer/peer.h"

// Who is told, and about which object.
struct stats_visit {
    void (*call)(void *ctx, const struct yodel_stats_member *member);
    void *ctx;
    const char *id;
    const char *type;
};

void stats_tell(const struct stats_visit *visit, const char *name, const char *text, double number);

// Streams, what the other side says of them, and codecs.
void stats_visit_media(const yodel_peer *peer, struct stats_visit visit);

#endif
