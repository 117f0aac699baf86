// What a WHIP client changes of a session that stands: it adds candidates, and restarts ICE.
//
// Implements  RFC 9725 §4.3.2 (candidates), §4.3.3 (restarts)
// Not here    when, and what follows from a refusal (signaling/whip.h)

#ifndef SIGNALING_WHIP_PATCH_H
#define SIGNALING_WHIP_PATCH_H

#include "signaling/whip.h"

// Puts a candidate among those that wait, if the endpoint lacks it.
void signaling_whip_patch_add(
    struct signaling_whip *whip, const struct yodel_ice_candidate *candidate, yodel_time now);

// There are some that wait, and nothing stands in their way but batch_at.
bool signaling_whip_patch_is_ready(const struct signaling_whip *whip);
void signaling_whip_patch_send(struct signaling_whip *whip, yodel_time now);

// What came of it; 0: nothing.
void signaling_whip_patch_done(struct signaling_whip *whip, uint32_t status);

// Of ICE, as the new offer says.
YODEL_MUST_USE enum yodel_err signaling_whip_patch_restart(
    struct signaling_whip *whip, yodel_time now);
void signaling_whip_patch_restart_quoted(struct signaling_whip *whip, yodel_time now);

// Makes a new answer of a restart's fragment. False where none can be made.
YODEL_MUST_USE bool signaling_whip_patch_merge(struct signaling_whip *whip, struct bytes fragment);

#endif
