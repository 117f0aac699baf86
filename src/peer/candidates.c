// The candidates of a peer.
//
// Implements  RFC 8839 §5.1, W3C webrtc §4.4.2 (addIceCandidate)

#include "peer/candidates.h"

#include "peer/peer.h"

void peer_candidates_init(struct peer_candidates *candidates, struct alloc *alloc)
{
    *candidates = (struct peer_candidates){.alloc = alloc};
}

void peer_candidates_clear(struct peer_candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++) {
        alloc_free(candidates->alloc, (void *)(uintptr_t)candidates->lines[i].ptr);
    }
    candidates->count = 0;
    candidates->has_ended = false;
}

void peer_candidates_add(struct peer_candidates *candidates, struct bytes line)
{
    if (candidates->count == PEER_CANDIDATES_MAX) {
        return;
    }
    uint8_t *copy = alloc_new(candidates->alloc, line.len);
    if (!copy) {
        return; // It is trickled all the same.
    }
    memcpy(copy, line.ptr, line.len);
    candidates->lines[candidates->count++] = bytes_of(copy, line.len);
}

struct jsep_candidates peer_candidates_lines(const struct peer_candidates *candidates)
{
    return (struct jsep_candidates){candidates->lines, candidates->count, candidates->has_ended};
}

enum yodel_err peer_candidates_take_remote(yodel_peer *peer, struct bytes line, struct bytes ufrag)
{
    struct ice_candidate candidate;
    enum yodel_err err = ice_candidate_parse(&candidate, line);

    if (err == YODEL_ERR_NOT_SUPPORTED) {
        return YODEL_OK;
    }
    if (err) {
        return peer_fail(peer, YODEL_ERR_OPERATION, "a candidate does not parse");
    }
    if (ufrag.len > 0 && ufrag.len < sizeof candidate.ufrag) {
        memcpy(candidate.ufrag, ufrag.ptr, ufrag.len);
        candidate.ufrag[ufrag.len] = '\0';
    }
    ice_add_remote(&peer->ice, &candidate);
    return YODEL_OK;
}
