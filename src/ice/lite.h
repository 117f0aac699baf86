// Lite: an agent that answers checks, sends none, and offers nothing but addresses of its own: for a server
// that everybody can reach.
//
// It is controlled by a full agent, whose nomination is its choice, and whose checks are its consent.
// Two lite ones check nothing: each uses the best pair of what both have told.
//
// Implements  RFC 8445 §2.5, §5.2 (candidates), §6.1.1 (roles), §7.3.2 (what a check means), §8.2 (choice),
//             RFC 6544 §5.2; RFC 7675 §5.1 (silence ends what is sent)
// Not here    a peer that is lite: a full agent controls it, and otherwise there is no difference
// Departs     without checks there is no consent: between two lite agents the peer's data stands for
//             it (RFC 7675 has no answer; RFC 8829 §3.5.1 keeps such agents out of WebRTC)

#ifndef ICE_LITE_H
#define ICE_LITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct ice;
struct yodel_path;

bool ice_lite_may_control(const struct ice *ice);

// An authentic check came along the pair.
void ice_lite_checked(struct ice *ice, uint8_t pair, bool is_nominated, yodel_time now);

// Data came along another path than the selected one: its sender may have left that one, soon after
// it chose it.
void ice_lite_heard_beside(struct ice *ice, const struct yodel_path *path, yodel_time now);

// Data came along the selected path.
void ice_lite_heard(struct ice *ice, yodel_time now);

// Where both are lite, the choice.
void ice_lite_run(struct ice *ice, yodel_time now);

#endif
