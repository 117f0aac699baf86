// Claims: whether a datagram on a shared socket, from an address not seen before, is this agent's.
//
// Implements  RFC 8445 §7.3 (a request, by its user name), RFC 8489 §6.3 (an answer, by its id)

#include "ice/ice.h"
#include "ice/message.h"

static bool is_ours(const struct ice *ice, struct bytes ufrag)
{
    return bytes_equal(ufrag, bytes_of_text(ice->local.ufrag)) ||
           (ice->has_previous_local &&
               bytes_equal(ufrag, bytes_of_text(ice->previous_local.ufrag)));
}

static bool is_asked(const struct ice *ice, const struct stun_msg *msg)
{
    for (uint8_t i = 0; i < ice->gather_count; i++) {
        if (stun_txn_matches(&ice->gathers[i].txn, msg)) {
            return true;
        }
    }
    for (size_t i = 0; i < ice->pair_end; i++) {
        if (ice->pairs[i].is_used && stun_txn_matches(&ice->pairs[i].txn, msg)) {
            return true;
        }
    }
    return ice_consent_matches(ice, msg) || ice_relay_matches(ice, msg);
}

bool ice_claims(const struct ice *ice, struct bytes datagram)
{
    struct stun_msg msg;
    struct bytes ufrag;

    if (ice_message_peek(&ufrag, datagram)) {
        return is_ours(ice, ufrag);
    }
    return stun_msg_parse(&msg, datagram) == YODEL_OK && stun_msg_class(&msg) != STUN_REQUEST &&
           is_asked(ice, &msg);
}

const char *ice_previous_ufrag(const struct ice *ice)
{
    return ice->has_previous_local ? ice->previous_local.ufrag : "";
}
