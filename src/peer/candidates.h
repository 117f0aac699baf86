// The candidates of a peer: our own as text, for descriptions, and the other side's on their way to
// ICE.
//
// Implements  RFC 8838 (trickle), RFC 8839 §5.1
// Ownership   owns the texts
// Limits      PEER_CANDIDATES_MAX of ours in a description; what is more is only trickled

#ifndef PEER_CANDIDATES_H
#define PEER_CANDIDATES_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "peer/jsep.h"

#define PEER_CANDIDATES_MAX 32

struct peer_candidates {
    struct bytes lines[PEER_CANDIDATES_MAX];
    size_t count;
    bool has_ended;
    struct alloc *alloc;
};

void peer_candidates_init(struct peer_candidates *candidates, struct alloc *alloc);
void peer_candidates_clear(struct peer_candidates *candidates); // Of a generation that is over.
void peer_candidates_add(struct peer_candidates *candidates, struct bytes line);
struct jsep_candidates peer_candidates_lines(const struct peer_candidates *candidates);

// Gives a line of the other side's to ICE; `ufrag` is its generation, where known. OPERATION for
// what is no candidate; one of a kind that we do not speak is taken and ignored.
enum yodel_err peer_candidates_take_remote(yodel_peer *peer, struct bytes line, struct bytes ufrag);

#endif
