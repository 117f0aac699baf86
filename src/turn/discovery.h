// Behaviour discovery: Binding answered from another address of ours, so that a client learns what its
// NAT does.
//
// Such an answer names two addresses more and is longer than 1.6 times a short request: then it is
// one of the few that a source that has not authenticated gets (turn/challenges.h), at most 2.6 times
// what was asked; or else it names none, and RESPONSE-ORIGIN goes first.
//
// Implements  RFC 5780 §6.1 (processing a Binding), §7.2 to §7.4
// Not here    RESPONSE-PORT and PADDING, which help others against a third: 420
// Ownership   borrows everything for the call

#ifndef TURN_DISCOVERY_H
#define TURN_DISCOVERY_H

#include "turn/state.h"

// Whether a Binding that came to `local` is to be answered here.
const struct turn_discovery *turn_discovery_find(
    const struct turn_server *server, const struct turn_client_id *from);

// Builds the answer in `room` and returns its length, or 0; `from->local` becomes the address that it
// leaves from.
size_t turn_discovery_answer(struct turn_server *server, const struct turn_discovery *discovery,
    struct turn_client_id *from, struct bytes request, struct span room, yodel_time now);

#endif
