// Connectivity checks: STUN Binding messages with the attributes of ICE.
//
// Implements  RFC 8445 §7.1, §7.2.2, §7.3.1.1, RFC 8489 §9.1

#include "ice/message.h"

#include "stun/attr.h"
#include "stun/auth.h"

// RFC 8445 §7.2.2: the user fragment of who receives, a colon, that of who sends.
static bool split_username(struct ice_check *check, const struct stun_msg *msg)
{
    const struct stun_attr *username = stun_msg_find(msg, STUN_USERNAME);

    if (!username) {
        return false;
    }
    const uint8_t *colon =
        username->value.len > 0 ? memchr(username->value.ptr, ':', username->value.len) : NULL;
    if (!colon) {
        return false;
    }
    size_t at = (size_t)(colon - username->value.ptr);
    check->remote_ufrag = bytes_sub(username->value, 0, at);
    check->local_ufrag = bytes_sub(username->value, at + 1, username->value.len);
    return true;
}

static void read_role(struct ice_check *check, const struct stun_msg *msg)
{
    if (stun_attr_read_u64(msg, STUN_ICE_CONTROLLING, &check->tie_breaker)) {
        check->has_role = true;
        check->is_controlling = true;
    } else if (stun_attr_read_u64(msg, STUN_ICE_CONTROLLED, &check->tie_breaker)) {
        check->has_role = true;
    }
}

bool ice_message_read(struct ice_check *check, const struct stun_msg *msg)
{
    static const uint16_t known[] = {STUN_USERNAME, STUN_PRIORITY, STUN_USE_CANDIDATE};
    uint16_t unknown[STUN_ATTRS_MAX];
    struct ice_check read = {0};

    memcpy(read.id, msg->id, STUN_ID_SIZE);
    if (!split_username(&read, msg)) {
        return false;
    }
    read.unknown_count = (uint32_t)stun_msg_unknown(msg, known, COUNT(known), unknown);
    if (read.unknown_count > ICE_MESSAGE_UNKNOWN_MAX) {
        read.unknown_count = ICE_MESSAGE_UNKNOWN_MAX;
    }
    memcpy(read.unknown, unknown, read.unknown_count * sizeof unknown[0]);
    if (!stun_attr_read_u32(msg, STUN_PRIORITY, &read.priority)) {
        return false;
    }
    read.use_candidate = stun_msg_find(msg, STUN_USE_CANDIDATE) != NULL;
    read_role(&read, msg);
    *check = read;
    return true;
}

bool ice_message_peek(struct bytes *ufrag, struct bytes datagram)
{
    struct ice_check check = {0};
    struct stun_msg msg;

    if (stun_msg_parse(&msg, datagram) != YODEL_OK || msg.type != (STUN_BINDING | STUN_REQUEST) ||
        !split_username(&check, &msg)) {
        return false;
    }
    *ufrag = check.remote_ufrag;
    return true;
}

void ice_message_put(struct writer *w, const struct ice_check *check, struct bytes pwd)
{
    uint16_t role = check->is_controlling ? STUN_ICE_CONTROLLING : STUN_ICE_CONTROLLED;

    stun_msg_put_header(w, STUN_BINDING | STUN_REQUEST, check->id);
    uint8_t *name = stun_msg_put_attr_room(
        w, STUN_USERNAME, check->remote_ufrag.len + 1 + check->local_ufrag.len);
    if (name) {
        memcpy(name, check->remote_ufrag.ptr, check->remote_ufrag.len);
        name[check->remote_ufrag.len] = ':';
        memcpy(name + check->remote_ufrag.len + 1, check->local_ufrag.ptr, check->local_ufrag.len);
    }
    stun_attr_put_u32(w, STUN_PRIORITY, check->priority);
    stun_attr_put_u64(w, role, check->tie_breaker);
    if (check->use_candidate) {
        stun_msg_put_attr(w, STUN_USE_CANDIDATE, (struct bytes){0});
    }
    stun_auth_put_sha1(w, pwd);
    stun_auth_put_fingerprint(w);
}

static const char *reason_of(uint32_t error)
{
    return error == STUN_ROLE_CONFLICT ? "Role Conflict" : "Unknown Attribute";
}

void ice_message_put_reply(struct writer *w, const struct ice_reply *reply, struct bytes pwd)
{
    if (reply->error == 0) {
        stun_msg_put_header(w, STUN_BINDING | STUN_SUCCESS, reply->id);
        stun_attr_put_xor_addr(w, STUN_XOR_MAPPED_ADDRESS, &reply->path.remote);
    } else {
        stun_msg_put_header(w, STUN_BINDING | STUN_ERROR, reply->id);
        stun_attr_put_error(w, reply->error, reason_of(reply->error));
        if (reply->unknown_count > 0) {
            stun_attr_put_unknown(w, reply->unknown, reply->unknown_count);
        }
    }
    stun_auth_put_sha1(w, pwd);
    stun_auth_put_fingerprint(w);
}
