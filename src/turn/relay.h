// TURN data: from clients to peers and back, without a copy.
//
// Implements  RFC 8656 §11 (Send and Data), §12 (ChannelData), §9 (permissions); the special-address
//             rule when sending
// Limits      TURN_RELAY_DATA_MAX: more fits in no datagram; of a stream TURN_RELAY_PACKET bytes count as a packet

#ifndef TURN_RELAY_H
#define TURN_RELAY_H

#include "turn/state.h"

#define TURN_RELAY_DATA_MAX 65507 // UDP's, over IPv4.
#define TURN_RELAY_PACKET 1200u

// ChannelData from a client, and a Send indication.
bool turn_relay_recv_channel(struct turn_server *server, const struct turn_client_id *from,
    struct bytes datagram, struct turn_output *out, yodel_time now);
bool turn_relay_recv_send(struct turn_server *server, const struct turn_client_id *from,
    const struct stun_msg *msg, struct turn_output *out, yodel_time now);

// A datagram from a peer.
bool turn_relay_recv_peer(struct turn_server *server, struct turn_relay *relay,
    const struct yodel_addr *peer, struct bytes datagram, struct span room, struct turn_output *out,
    yodel_time now);

// Whether there may be a permission for an address: the rules allow it, or it is where our own
// relays are. Which port is asked when something is sent.
bool turn_relay_may_permit(const struct turn_server *server, const struct yodel_addr *peer);

// Whether somebody's connection is let in by a relay for TCP; `peer` becomes the address that its client
// knows (RFC 6062 §5.3).
bool turn_relay_may_accept(
    struct turn_server *server, struct turn_relay *relay, struct yodel_addr *peer, yodel_time now);

// Whether a relay for TCP may connect to `peer`, and what to connect to then.
bool turn_relay_may_connect(const struct turn_server *server, const struct turn_relay *relay,
    const struct yodel_addr *peer, struct yodel_addr *way);

// Counts bytes of a connection; until when no more are to be taken.
yodel_time turn_relay_carry(struct turn_server *server, struct turn_allocation *allocation,
    bool to_client, size_t len, yodel_time now);

#endif
