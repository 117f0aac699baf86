// JSEP, making the tree of an offer or an answer from the facts and the descriptions before.
//
// Implements  RFC 9429 §5.2 (offers), §5.3 (answers); RFC 9143 §7.2, 7.3 (BUNDLE)
// Ownership   the tree lives in `arena` and borrows the facts and the descriptions

#ifndef PEER_JSEP_MAKE_H
#define PEER_JSEP_MAKE_H

#include "peer/jsep.h"

#define JSEP_MAKE_MEMORY_MAX (1u << 19) // Of a made tree and its text.

// The o= line's version is `version`. Fail with NO_MEMORY; an offer of nothing has no sections.
YODEL_MUST_USE enum yodel_err jsep_make_offer(struct jsep *jsep, const struct jsep_facts *facts,
    uint64_t version, struct arena *arena, struct sdp *sdp);
YODEL_MUST_USE enum yodel_err jsep_make_answer(struct jsep *jsep, const struct jsep_facts *facts,
    uint64_t version, struct arena *arena, struct sdp *sdp);

#endif
