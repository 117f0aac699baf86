// A partner's peer: perfect negotiation, candidates as they come, the call's channel, and what becomes of the path.
//
// Implements  docs/SIGNALING.md, Calls (Media, The channel); W3C webrtc-pc §10.7 (perfect negotiation)
// Not here    which descriptions may be taken (signaling/member_partner.h)
// Ownership   the room's

#ifndef CLI_ROOM_PEER_H
#define CLI_ROOM_PEER_H

#include "cli/room.h"

// `is_polite`: the other side makes the first offer. Fails as making a peer does, and as the command's on_peer.
YODEL_MUST_USE enum yodel_err cli_room_peer_begin(
    struct cli_room *room, uint32_t number, bool is_polite);
void cli_room_peer_end(struct cli_room *room, struct cli_room_partner *partner);

// NULL where it is gone.
struct cli_room_partner *cli_room_peer_find(struct cli_room *room, uint32_t number);

// What the member's events of the same names ask for.
void cli_room_peer_take_signal(
    struct cli_room *room, struct cli_room_partner *partner, const json_t *data);
void cli_room_peer_roll_back(struct cli_room_partner *partner);
void cli_room_peer_restart(struct cli_room_partner *partner);

// False where there is no open channel.
bool cli_room_peer_say(
    struct cli_room_partner *partner, const struct signaling_call_message *message);

#endif
