// Requests: judging the peer's checks, learning from them, answering them.
//
// Implements  RFC 8445 §7.3.1.1 (role conflicts), §7.3.1.3 (peer-reflexive candidates),
//             §7.3.1.4 (triggered checks), §7.3.1.5 (nomination)
// Departs     a stranger's request is dropped in silence, not answered with 400 or 401;
//             a check in progress that the peer's check meets is repeated at once, not replaced

#include "ice/request.h"

#include "ice/ice.h"
#include "ice/nominate.h"
#include "stun/attr.h"
#include "stun/auth.h"

static void queue_reply(
    struct ice *ice, const struct yodel_path *path, const struct ice_check *check, uint32_t error)
{
    if (ice->reply_count == ICE_REPLIES_MAX) {
        ice->stats.drops[ICE_DROP_LIMIT]++;
        return;
    }
    uint32_t at = (ice->reply_first + ice->reply_count++) % ICE_REPLIES_MAX;
    struct ice_reply *reply = &ice->replies[at];
    *reply = (struct ice_reply){.path = *path, .error = error};
    memcpy(reply->id, check->id, STUN_ID_SIZE);
    reply->is_previous = !bytes_equal(check->remote_ufrag, bytes_of_text(ice->local.ufrag));
    if (error == STUN_UNKNOWN_ATTRIBUTE) {
        reply->unknown_count = check->unknown_count;
        memcpy(reply->unknown, check->unknown, sizeof reply->unknown);
    }
}

size_t ice_request_emit_reply(
    struct ice *ice, struct span room, struct yodel_path *path, yodel_time now)
{
    if (ice->reply_count == 0) {
        return 0;
    }
    const struct ice_reply *reply = &ice->replies[ice->reply_first];
    const char *pwd = reply->is_previous ? ice->previous_local.pwd : ice->local.pwd;

    *path = reply->path;
    struct writer w = writer_of(ice_inside(ice, room, path));
    ice_message_put_reply(&w, reply, bytes_of_text(pwd));
    ice->reply_first = (ice->reply_first + 1) % ICE_REPLIES_MAX;
    ice->reply_count--;
    ice->stats.responses_sent++;
    return ice_wrap(ice, room, path, writer_bytes(&w).len, now);
}

// §7.3.1.1. Returns true where the peer has to change its mind; otherwise we have.
static bool has_conflict(struct ice *ice, const struct ice_check *check)
{
    bool is_ours_larger = ice->tie_breaker >= check->tie_breaker;

    if (!check->has_role || check->is_controlling != ice->is_controlling) {
        return false;
    }
    if (ice->config.is_lite) {
        return true; // §6.1.1: a full agent controls a lite one, whatever the numbers.
    }
    if (is_ours_larger == ice->is_controlling) {
        return true;
    }
    ice_nominate_switch_role(ice, !ice->is_controlling);
    return false;
}

// §7.3.1.4.
static void trigger_check(struct ice *ice, struct ice_pair *pair)
{
    if (pair->state == ICE_PAIR_SUCCEEDED || ice->config.is_lite) {
        return;
    }
    if (pair->state != ICE_PAIR_IN_PROGRESS) {
        pair->state = ICE_PAIR_WAITING;
    }
    ice_pair_trigger(ice, pair);
}

// §7.3.1.5.
static void be_nominated(struct ice_pair *pair)
{
    pair->is_peer_nominated = true;
    pair->is_nominated = pair->is_nominated || pair->state == ICE_PAIR_SUCCEEDED;
}

// Returns false where the request came along a path that we would not use.
static bool learn(struct ice *ice, uint8_t local, const struct yodel_path *path,
    const struct ice_check *check, yodel_time now)
{
    uint8_t remote = ice_remote_find(ice, path->transport, &path->remote);

    if (!ice_pair_is_sensible(&path->local, &path->remote)) {
        return false;
    }
    if (remote == ICE_NONE) {
        remote = ice_remote_add_reflexive(ice, path, check->priority, now);
    }
    uint8_t at = remote == ICE_NONE ? ICE_NONE : ice_pair_add(ice, local, remote);
    if (at == ICE_NONE) {
        return false;
    }
    struct ice_pair *pair = &ice->pairs[at];
    ice->remotes[remote].heard_at = now;
    ice->is_failed = false; // There is hope again.
    pair->has_heard = true;
    trigger_check(ice, pair);
    if (ice->selected.is_used && ice->selected.pair != at) {
        ice_consent_doubt(ice, now); // It may have another address than before, or another wish.
    } else if (ice->selected.is_used) {
        ice_consent_heard(ice, false, now);
    }
    if (ice->config.is_lite) {
        ice_lite_checked(ice, at, check->use_candidate, now);
    } else if (check->use_candidate && !ice->is_controlling) {
        be_nominated(pair); // What a controlled agent says about it is nothing to us.
    }
    return true;
}

// The peer may not know yet that we restarted: it is answered where it was, and nothing follows.
static void recv_previous(
    struct ice *ice, const struct yodel_path *path, const struct ice_check *check)
{
    if (!path_equal(path, &ice->previous_path)) {
        ice->stats.drops[ICE_DROP_USERNAME]++;
        return;
    }
    queue_reply(ice, path, check, 0);
}

static void recv_authentic(
    struct ice *ice, const struct yodel_path *path, const struct ice_check *check, yodel_time now)
{
    uint8_t local = ice_local_find_base(ice, path->transport, &path->local);

    ice->stats.requests_received++;
    // Where relays alone are used, who found out a host's address learns nothing from it.
    bool is_hidden =
        local != ICE_NONE && ice->config.is_relay_only && ice->locals[local].type != ICE_RELAY;
    bool is_stray = local == ICE_NONE || is_hidden || ice->consent.is_expired;
    if (is_stray || (path->transport != YODEL_UDP && !ice_stream_accept(ice, path, now))) {
        ice->stats.drops[ICE_DROP_PATH]++;
        return;
    }
    if (check->unknown_count > 0) {
        queue_reply(ice, path, check, STUN_UNKNOWN_ATTRIBUTE);
        return;
    }
    if (has_conflict(ice, check)) {
        queue_reply(ice, path, check, STUN_ROLE_CONFLICT);
        return;
    }
    if (!learn(ice, local, path, check, now)) {
        ice->stats.drops[ICE_DROP_PATH]++;
        return;
    }
    queue_reply(ice, path, check, 0);
}

void ice_request_recv(
    struct ice *ice, const struct yodel_path *path, const struct stun_msg *msg, yodel_time now)
{
    struct ice_check check;

    if (!ice_message_read(&check, msg)) {
        ice->stats.drops[ICE_DROP_MALFORMED]++;
        return;
    }
    bool is_current = bytes_equal(check.remote_ufrag, bytes_of_text(ice->local.ufrag));
    bool is_previous = ice->has_previous_local &&
                       bytes_equal(check.remote_ufrag, bytes_of_text(ice->previous_local.ufrag));
    if (!is_current && !is_previous) {
        ice->stats.drops[ICE_DROP_USERNAME]++;
        return;
    }
    const char *pwd = is_current ? ice->local.pwd : ice->previous_local.pwd;
    if (stun_auth_check(msg, bytes_of_text(pwd)) != YODEL_OK) {
        ice->stats.drops[ICE_DROP_INTEGRITY]++;
        return;
    }
    if (is_current) {
        recv_authentic(ice, path, &check, now);
    } else {
        recv_previous(ice, path, &check);
    }
}
