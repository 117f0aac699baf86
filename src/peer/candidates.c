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

void peer_candidates_deinit(struct peer_candidates *candidates)
{
    peer_candidates_clear(candidates);
    alloc_free(candidates->alloc, candidates->names);
    candidates->names = NULL;
    candidates->name_count = 0;
}

static const struct peer_local_name *find_name(
    const struct peer_candidates *candidates, const struct yodel_addr *ip)
{
    for (size_t i = 0; i < candidates->name_count; i++) {
        if (addr_same_ip(&candidates->names[i].addr, ip)) {
            return &candidates->names[i];
        }
    }
    return NULL;
}

static struct peer_local_name *new_name(struct peer_candidates *candidates)
{
    if (!candidates->names) {
        candidates->names =
            alloc_new(candidates->alloc, PEER_CANDIDATES_NAMES_MAX * sizeof *candidates->names);
    }
    bool has_room = candidates->names && candidates->name_count < PEER_CANDIDATES_NAMES_MAX;
    return has_room ? &candidates->names[candidates->name_count++] : NULL;
}

void peer_candidates_name(
    struct peer_candidates *candidates, const struct yodel_addr *ip, const char *name)
{
    size_t len = strlen(name);

    candidates->hides = true;
    if (len == 0 || len >= PEER_CANDIDATES_NAME_MAX || find_name(candidates, ip)) {
        return;
    }
    struct peer_local_name *place = new_name(candidates);
    if (place) {
        place->addr = *ip;
        memcpy(place->text, name, len + 1);
    }
}

bool peer_candidates_hide(const struct peer_candidates *candidates, struct ice_candidate *candidate)
{
    if (!candidates->hides) {
        return true;
    }
    // §3.1.2.2: what a candidate is related to says as much as the candidate itself.
    if (candidate->related.family != YODEL_ADDR_NONE) {
        candidate->related = ice_candidate_hidden(candidate->related.family);
    }
    if (candidate->type != ICE_HOST || addr_is_loopback(&candidate->addr)) {
        return true;
    }
    const struct peer_local_name *name = find_name(candidates, &candidate->addr);
    if (name) {
        memcpy(candidate->name, name->text, sizeof name->text);
    }
    return name != NULL;
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
