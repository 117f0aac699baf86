// Connectivity checks: the messages, built and read, without any state.
//
// Implements  RFC 8445 §7.1 (attributes), §7.2.2 (credentials), RFC 8489 §9.1 (short-term ones)
// Not here    when they are sent and what follows from them
// Ownership   what is read borrows from the datagram
// Limits      ICE_MESSAGE_UNKNOWN_MAX attribute types in an answer

#ifndef ICE_MESSAGE_H
#define ICE_MESSAGE_H

#include "base/addr.h"
#include "stun/msg.h"

#define ICE_MESSAGE_UNKNOWN_MAX 4

struct ice_check {
    uint8_t id[STUN_ID_SIZE];
    struct bytes local_ufrag;  // Of who sends it.
    struct bytes remote_ufrag; // Of who receives it.
    uint32_t priority;
    bool has_role; // Always written; peers have been seen to leave it out.
    bool is_controlling;
    uint64_t tie_breaker;
    bool use_candidate;
    uint32_t unknown_count; // Only read.
    uint16_t unknown[ICE_MESSAGE_UNKNOWN_MAX];
};

struct ice_reply {
    struct yodel_path path;
    uint8_t id[STUN_ID_SIZE];
    uint32_t error;   // 0: success.
    bool is_previous; // With the password before the restart.
    uint32_t unknown_count;
    uint16_t unknown[ICE_MESSAGE_UNKNOWN_MAX];
};

// Reads what a request says; the caller checks its integrity. False where an attribute that must be
// there is not.
bool ice_message_read(struct ice_check *check, const struct stun_msg *msg);

// The user fragment of who is to receive the request in `datagram`: by it a socket that serves many
// agents finds the right one. False for all that is not a connectivity check.
bool ice_message_peek(struct bytes *ufrag, struct bytes datagram);

void ice_message_put(struct writer *w, const struct ice_check *check, struct bytes pwd);
void ice_message_put_reply(struct writer *w, const struct ice_reply *reply, struct bytes pwd);

#endif
