// Our checks: sending them, and what their answers mean.
//
// Implements  RFC 8445 §7.2 (STUN client procedures), §14 (retransmission)

#ifndef ICE_CHECKS_H
#define ICE_CHECKS_H

#include "base/addr.h"
#include "base/bytes.h"
#include "base/time.h"
#include "stun/msg.h"

struct ice;
struct ice_pair;

void ice_checks_recv(
    struct ice *ice, const struct yodel_path *path, const struct stun_msg *msg, yodel_time now);

void ice_checks_fail(struct ice_pair *pair);

// Checks that nobody answered fail.
void ice_checks_tick(struct ice *ice, yodel_time now);

// A check that is to be repeated now; 0 when there is none.
size_t ice_checks_emit_repeat(
    struct ice *ice, struct span room, struct yodel_path *path, yodel_time now);

// Begins the check whose turn it is; 0 when there is none.
size_t ice_checks_emit_next(
    struct ice *ice, struct span room, struct yodel_path *path, yodel_time now);

#endif
