// The candidates of a peer: our own as text, for descriptions, and the other side's on their way to
// ICE.
//
// Implements  RFC 8838 (trickle), RFC 8839 §5.1; draft-ietf-mmusic-mdns-ice-candidates §3.1 (names
//             that hide our addresses)
// Ownership   owns the texts
// Limits      PEER_CANDIDATES_MAX of ours in a description; what is more is only trickled.
//             PEER_CANDIDATES_NAMES_MAX addresses with a name; of one more no candidate is told

#ifndef PEER_CANDIDATES_H
#define PEER_CANDIDATES_H

#include "base/addr.h"
#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "peer/jsep.h"

#define PEER_CANDIDATES_MAX 32
#define PEER_CANDIDATES_NAMES_MAX 32
#define PEER_CANDIDATES_NAME_MAX 64

struct ice_candidate;

// An address of ours that candidates must not tell.
struct peer_local_name {
    struct yodel_addr addr;
    char text[PEER_CANDIDATES_NAME_MAX];
};

struct peer_candidates {
    struct bytes lines[PEER_CANDIDATES_MAX];
    size_t count;
    bool has_ended;
    struct alloc *alloc;
    struct peer_local_name *names; // NULL: none.
    size_t name_count;
    bool hides; // There is a name: no address of an interface is told.
};

void peer_candidates_init(struct peer_candidates *candidates, struct alloc *alloc);
void peer_candidates_deinit(struct peer_candidates *candidates);
void peer_candidates_clear(struct peer_candidates *candidates); // Of a generation that is over.
void peer_candidates_add(struct peer_candidates *candidates, struct bytes line);

// Candidates tell `name` in place of `ip` from now on. Without memory, or a place, they are not told.
void peer_candidates_name(
    struct peer_candidates *candidates, const struct yodel_addr *ip, const char *name);

// Puts names in place of addresses. False: this one is not to be told.
bool peer_candidates_hide(
    const struct peer_candidates *candidates, struct ice_candidate *candidate);

struct jsep_candidates peer_candidates_lines(const struct peer_candidates *candidates);

// Gives a line of the other side's to ICE; `ufrag` is its generation, where known. OPERATION for
// what is no candidate; one of a kind that we do not speak is taken and ignored.
enum yodel_err peer_candidates_take_remote(yodel_peer *peer, struct bytes line, struct bytes ufrag);

#endif
