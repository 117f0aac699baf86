// Claims: whether a datagram on a shared socket, from an address not seen before, is this agent's.
//
// Implements  RFC 8445 §7.3 (by the user name of a request), RFC 8489 §6.3.4 (by the transaction of an answer)

#include "ice/ice.h"
#include "ice/message.h"

static bool has_transaction(const struct ice *ice, const struct stun_msg *msg)
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
    return false;
}

bool ice_claims(const struct ice *ice, struct bytes datagram)
{
    struct bytes ufrag;
    struct stun_msg msg;

    if (ice_message_peek(&ufrag, datagram)) {
        return bytes_equal(ufrag, bytes_of_text(ice->local.ufrag)) ||
            (ice->has_previous_local &&
                bytes_equal(ufrag, bytes_of_text(ice->previous_local.ufrag)));
    }
    return stun_msg_parse(&msg, datagram) == YODEL_OK && has_transaction(ice, &msg);
}

const char *ice_previous_ufrag(const struct ice *ice)
{
    return ice->has_previous_local ? ice->previous_local.ufrag : "";
}
