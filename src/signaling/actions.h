// What each message of a client's does.
//
// Implements  docs/SIGNALING.md, "Rooms" and "Rendezvous codes"

#ifndef SIGNALING_ACTIONS_H
#define SIGNALING_ACTIONS_H

#include "signaling/session.h"

void signaling_actions_run(struct signaling_core *core, struct signaling_client *client,
    const struct signaling_message *message, yodel_time now);

// The end of a connection: leaves its room, its pairs and its codes, and the others hear of it.
void signaling_actions_leave_all(
    struct signaling_core *core, struct signaling_client *client, yodel_time now);

#endif
