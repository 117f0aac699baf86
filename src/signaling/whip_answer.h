// What an endpoint's answer says of a session: where it is, in which state, with which ICE servers.
//
// Implements  RFC 9725 §4.2 (Location), §4.3.1 (ETag), §4.6 (Link)
// Not here    whether it is an answer to be used (signaling/whip.h)

#ifndef SIGNALING_WHIP_ANSWER_H
#define SIGNALING_WHIP_ANSWER_H

#include "signaling/whip.h"

bool signaling_whip_answer_is_sdp(const struct signaling_http_response *response);

// The target is the session's, from then on; false where the answer does not say where that is.
YODEL_MUST_USE bool signaling_whip_answer_take_location(
    struct signaling_whip *whip, const struct signaling_http_response *response);

void signaling_whip_answer_take_etag(
    struct signaling_whip *whip, const struct signaling_http_response *response);
void signaling_whip_answer_take_servers(
    struct signaling_whip *whip, const struct signaling_http_response *response);

#endif
