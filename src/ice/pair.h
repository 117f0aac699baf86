// Candidate pairs: the check list, in what order it is worked through, and what became of each
// pair.
//
// Implements  RFC 8445 §6.1.2 (forming, priority, states), §6.1.4 (ordinary and triggered checks);
//             RFC 6544 §6.2 (over TCP, who opens streams is paired with who listens for them)
// Not here    messages (ice/message.h), answers (ice/checks.h), the choice among valid pairs
//             (ice/nominate.h)
// Limits      ICE_PAIRS_MAX; the least useful pair makes room, or the new one is not formed

#ifndef ICE_PAIR_H
#define ICE_PAIR_H

#include "base/addr.h"
#include "stun/txn.h"

#define ICE_PAIRS_MAX 100

struct ice;

//           no check of its foundation runs       its turn              answered
//   FROZEN --------------------------> WAITING ---------> IN_PROGRESS ----------> SUCCEEDED
//                                         ^                  | no answer, an error, asymmetry
//                                         +---- heard -------+--> FAILED
enum ice_pair_state {
    ICE_PAIR_FROZEN,
    ICE_PAIR_WAITING,
    ICE_PAIR_IN_PROGRESS,
    ICE_PAIR_SUCCEEDED,
    ICE_PAIR_FAILED,
};

struct ice_pair {
    bool is_used;
    uint8_t local; // Always a base (§6.1.2.4), so no pair is redundant.
    uint8_t remote;
    enum ice_pair_state state;
    uint8_t mapped;     // The local candidate that the peer sees, once valid; else the base.
    uint32_t triggered; // Place in the queue of triggered checks; 0: not in it.
    uint64_t priority;
    struct stun_txn txn;
    bool is_txn_controlling; // The role in which the check was begun.
    bool is_txn_nominating;  // The check carries USE-CANDIDATE.
    bool is_nominating;      // We, controlling, have chosen it; the peer has not answered yet.
    bool is_peer_nominated;  // The peer, controlling, has chosen it.
    bool is_nominated;       // Valid, and chosen.
    bool has_heard;          // An authentic request came along it.
    bool is_open_due;        // Of TCP: `open_at` has come.
    yodel_time open_at;      // When its stream may be opened; 0: not known yet.
    yodel_time succeeded_at;
    yodel_duration rtt; // 0: not measured.
};

// §6.1.2.2, and beyond it: whether a datagram from `base` could reach `remote` at all.
bool ice_pair_is_sensible(const struct yodel_addr *base, const struct yodel_addr *remote);

void ice_pair_form_local(struct ice *ice, uint8_t local);   // With every remote candidate.
void ice_pair_form_remote(struct ice *ice, uint8_t remote); // With every base.

// Index of the pair, formed where need be, or ICE_NONE.
uint8_t ice_pair_add(struct ice *ice, uint8_t local, uint8_t remote);
uint8_t ice_pair_find(const struct ice *ice, uint8_t local, uint8_t remote);
uint8_t ice_pair_find_path(const struct ice *ice, const struct yodel_path *path);
void ice_pair_remove(struct ice *ice, uint8_t index);
void ice_pair_remove_remote(struct ice *ice, uint8_t remote);
void ice_pair_clear(struct ice *ice);

bool ice_pair_is_tcp(const struct ice *ice, const struct ice_pair *pair);
struct yodel_path ice_pair_path(const struct ice *ice, const struct ice_pair *pair);

// A role or a candidate's priority changed.
void ice_pair_update_priorities(struct ice *ice);

// Puts the pair at the end of the queue of triggered checks.
void ice_pair_trigger(struct ice *ice, struct ice_pair *pair);

// §6.1.4.2: the pair whose turn it is, or ICE_NONE.
uint8_t ice_pair_next(const struct ice *ice);

// §7.2.5.3.3: what shares the foundation of a pair that succeeded is likely to succeed too.
void ice_pair_unfreeze(struct ice *ice, const struct ice_pair *pair);

// Whether it may be checked as far as its own state goes.
bool ice_pair_is_due(const struct ice *ice, const struct ice_pair *pair);

bool ice_pair_is_live(const struct ice_pair *pair); // Not SUCCEEDED, not FAILED.
bool ice_pair_any_checked(const struct ice *ice);   // Or yet to be: never by a lite agent.
bool ice_pair_may_better_follow(const struct ice *ice, uint64_t priority);

#endif
