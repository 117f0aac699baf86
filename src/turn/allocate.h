// TURN Allocate: a relay, or why not.
//
// Implements  RFC 8656 §7.2 (receiving an Allocate), §7.3 (its answer)

#ifndef TURN_ALLOCATE_H
#define TURN_ALLOCATE_H

#include "turn/auth.h"

// An authenticated Allocate. Nothing in `w`: the answer waits for the relays.
void turn_allocate_recv(struct turn_server *server, const struct turn_request *request,
    struct writer *w, yodel_time now);

// All relays of an allocation are known: the answer, for its client. The allocation may be over then.
void turn_allocate_finish(struct turn_server *server, struct turn_allocation *allocation,
    struct writer *w, yodel_time now);

#endif
