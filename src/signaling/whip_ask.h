// A WHIP client's requests: what stands in each, and where the token goes along.
//
// Implements  RFC 9725 §4 (methods), §4.7 (the token), RFC 6750 §2.1
// Not here    when which is made (signaling/whip.h)

#ifndef SIGNALING_WHIP_ASK_H
#define SIGNALING_WHIP_ASK_H

#include "signaling/whip.h"

// Each takes the place of the request before it, and goes to the target.
void signaling_whip_ask_options(struct signaling_whip *whip, yodel_time now);
void signaling_whip_ask_post(struct signaling_whip *whip, yodel_time now); // The offer.
void signaling_whip_ask_delete(struct signaling_whip *whip, yodel_time now);
void signaling_whip_ask_patch(
    struct signaling_whip *whip, const char *if_match, yodel_time now); // The fragment.

// The target is none that the token is for.
bool signaling_whip_ask_keeps_token(const struct signaling_whip *whip);

#endif
