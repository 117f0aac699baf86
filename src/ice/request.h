// Requests: the peer's checks, what they reveal, and their answers.
//
// Implements  RFC 8445 §7.3 (STUN server procedures)
// Limits      ICE_REPLIES_MAX answers wait to be sent; the peer repeats what was dropped

#ifndef ICE_REQUEST_H
#define ICE_REQUEST_H

#include "base/addr.h"
#include "base/bytes.h"
#include "base/time.h"
#include "stun/msg.h"

struct ice;

void ice_request_recv(
    struct ice *ice, const struct yodel_path *path, const struct stun_msg *msg, yodel_time now);

// Builds the next answer; 0 when there is none.
size_t ice_request_emit_reply(
    struct ice *ice, struct span room, struct yodel_path *path, yodel_time now);

#endif
