// Remote candidates: what signaling tells, what checks reveal, and names until they are addresses.
//
// Implements  RFC 8838 §11 (trickled candidates), RFC 8445 §7.3.1.3 (peer-reflexive ones); RFC 6544
//             §6.2 (of TCP, passive ones are connected to, active ones come to us)
// Not here    looking a name up: ICE_EVENT_RESOLVE asks the caller, who answers when it can
// Limits      ICE_REMOTES_MAX candidates, of which ICE_PRFLX_MAX peer-reflexive; ICE_NAMES_MAX
//             names

#ifndef ICE_REMOTE_H
#define ICE_REMOTE_H

#include "base/addr.h"
#include "base/time.h"
#include "ice/candidate.h"

#define ICE_REMOTES_MAX 100
#define ICE_PRFLX_MAX 16
#define ICE_NAMES_MAX 16

struct ice;

struct ice_remote {
    bool is_used;
    enum ice_type type;
    enum ice_tcp_type tcp_type; // NONE: of UDP. ACTIVE: the far end of a stream that came to us.
    struct yodel_addr addr;     // Without a scope: that is the base's.
    uint32_t priority;
    uint32_t foundation; // A hash of the text: it is only ever compared.
    uint32_t ufrag;      // A hash too; 0 where the candidate did not say.
    yodel_time heard_at; // Of the latest authentic request from there.
};

struct ice_name {
    bool is_used;
    bool is_asked;
    char name[ICE_NAME_MAX + 1];
    struct ice_remote remote; // All but the IP address.
};

void ice_remote_add(struct ice *ice, const struct ice_candidate *candidate);
void ice_remote_resolved(struct ice *ice, const char *name, const struct yodel_addr *addr);

// The candidate at `addr`, or ICE_NONE.
uint8_t ice_remote_find(
    const struct ice *ice, enum yodel_transport transport, const struct yodel_addr *addr);

// A peer-reflexive candidate, in place of the one unheard the longest where there are too many.
uint8_t ice_remote_add_reflexive(
    struct ice *ice, const struct yodel_path *path, uint32_t priority, yodel_time now);
void ice_remote_remove(struct ice *ice, uint8_t index); // And its pairs.

// Keeps what the user fragment `ufrag` may have signaled; where `only_named`, only what says so.
void ice_remote_keep(struct ice *ice, const char *ufrag, bool only_named);
void ice_remote_clear(struct ice *ice);

// The next name to resolve, or NULL; each is told once.
const char *ice_remote_next_name(struct ice *ice);

#endif
