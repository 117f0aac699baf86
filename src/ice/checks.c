// Our checks: sending them, and what their answers mean.
//
// Implements  RFC 8445 §7.2.4 (sending), §7.2.5.1 (role conflict), §7.2.5.2 (failure),
//             §7.2.5.3 (success), §14.3 (retransmission timeout)
//             RFC 8489 §6.2.2 (over TCP nothing is repeated)
// Departs     repetitions are at most twice the RTO apart: a third of all datagrams may be lost

#include "ice/checks.h"

#include "ice/ice.h"
#include "ice/nominate.h"
#include "stun/attr.h"
#include "stun/auth.h"

// With an RTO of 500 ms: sent after 0, 0.5 and 1.5 s and then every second, failed after 23.5 s.
#define CHECK_DOUBLINGS 1
#define CHECK_RC 17
#define CHECK_RM 16
#define CHECK_RM_TCP 47 // As long as over UDP, so that no pair is waited for longer than others.

void ice_checks_fail(struct ice_pair *pair)
{
    pair->state = ICE_PAIR_FAILED;
    pair->is_nominating = false;
    pair->is_nominated = false;
    pair->triggered = 0;
    pair->txn.state = STUN_TXN_IDLE;
}

// ---- Answers.

static struct ice_pair *find_asked(struct ice *ice, const struct stun_msg *msg)
{
    for (size_t i = 0; i < ice->pair_end; i++) {
        struct ice_pair *pair = &ice->pairs[i];
        if (pair->is_used && stun_txn_matches(&pair->txn, msg)) {
            return pair;
        }
    }
    return NULL;
}

static void take_rtt(struct ice *ice, struct ice_pair *pair, yodel_time now)
{
    yodel_duration rtt = stun_txn_rtt(&pair->txn, now);

    if (rtt > 0) {
        pair->rtt = rtt;
    }
    if (ice->selected.is_used && ice->selected.pair == (size_t)(pair - ice->pairs)) {
        ice->stats.rtt = pair->rtt;
        ice_consent_answered(ice, now);
    }
}

// §7.2.5.3.1: as whom the peer sees us. Of a stream that is of no use: nobody else can come there.
static void learn_mapped(struct ice *ice, struct ice_pair *pair, const struct yodel_addr *mapped)
{
    if (ice_pair_is_tcp(ice, pair)) {
        return;
    }
    uint8_t local = ice_local_add_reflexive(ice, ICE_PRFLX, pair->local, mapped, NULL);

    if (local != ICE_NONE) {
        pair->mapped = local;
        ice_pair_update_priorities(ice);
    }
}

static void succeed(
    struct ice *ice, struct ice_pair *pair, const struct yodel_addr *mapped, yodel_time now)
{
    bool was_nominating = pair->is_txn_nominating && pair->is_txn_controlling;

    pair->state = ICE_PAIR_SUCCEEDED;
    pair->succeeded_at = now;
    take_rtt(ice, pair, now);
    learn_mapped(ice, pair, mapped);
    ice_pair_unfreeze(ice, pair);
    if ((ice->is_controlling && was_nominating && pair->is_nominating) ||
        (!ice->is_controlling && pair->is_peer_nominated)) {
        pair->is_nominated = true; // §8.1.1, §7.3.1.5.
    }
    if (was_nominating) {
        pair->is_nominating = false;
    }
}

static void recv_error(struct ice *ice, struct ice_pair *pair, const struct stun_msg *msg)
{
    uint32_t code = 0;

    if (!stun_attr_read_error(msg, &code) || code != STUN_ROLE_CONFLICT) {
        ice_checks_fail(pair);
        return;
    }
    // §7.2.5.1: we change, unless we have in the meantime; and draw anew, lest it goes on for ever.
    if (pair->is_txn_controlling == ice->is_controlling) {
        ice_nominate_switch_role(ice, !ice->is_controlling);
        ice->tie_breaker = env_random_u64(ice->env);
    }
    if (pair->state != ICE_PAIR_SUCCEEDED) {
        pair->state = ICE_PAIR_WAITING;
    }
    ice_pair_trigger(ice, pair);
}

static void recv_for_pair(struct ice *ice, struct ice_pair *pair, const struct yodel_path *path,
    const struct stun_msg *msg, yodel_time now)
{
    struct yodel_path want = ice_pair_path(ice, pair);
    bool is_success = stun_msg_class(msg) == STUN_SUCCESS;
    struct yodel_addr mapped;

    if (stun_auth_check(msg, bytes_of_text(ice->remote.pwd)) != YODEL_OK) {
        ice->stats.drops[ICE_DROP_INTEGRITY]++;
        return;
    }
    if (is_success && !stun_attr_read_addr(msg, STUN_XOR_MAPPED_ADDRESS, &mapped)) {
        ice->stats.drops[ICE_DROP_MALFORMED]++;
        return;
    }
    // Departs from §7.2.5.2.1, which fails the pair for what goes one way and comes another: so
    // could whoever sends a copy on faster than the network does. Unanswered, it fails in time.
    if (!path_equal(path, &want)) {
        ice->stats.drops[ICE_DROP_PATH]++;
        return;
    }
    if (!stun_txn_recv(&pair->txn, msg)) {
        ice->stats.drops[ICE_DROP_TRANSACTION]++;
        return;
    }
    ice->stats.responses_received++;
    if (is_success) {
        succeed(ice, pair, &mapped, now);
    } else {
        recv_error(ice, pair, msg);
    }
}

static void recv_from_server(struct ice *ice, struct ice_gather *gather,
    const struct yodel_path *path, const struct stun_msg *msg, yodel_time now)
{
    if (!addr_equal(&path->local, &ice->locals[gather->local].addr) ||
        !addr_equal(&path->remote, &ice->servers[gather->server])) {
        ice->stats.drops[ICE_DROP_PATH]++;
        return;
    }
    ice_local_answered(ice, gather, msg, now);
}

void ice_checks_recv(
    struct ice *ice, const struct yodel_path *path, const struct stun_msg *msg, yodel_time now)
{
    struct ice_gather *gather = ice_local_find_gather(ice, msg);
    struct ice_pair *pair = find_asked(ice, msg);

    if (gather) {
        recv_from_server(ice, gather, path, msg, now);
    } else if (ice_consent_matches(ice, msg)) {
        ice_consent_recv(ice, path, msg, now);
    } else if (pair) {
        recv_for_pair(ice, pair, path, msg, now);
    } else {
        ice->stats.drops[ICE_DROP_TRANSACTION]++;
    }
}

void ice_checks_tick(struct ice *ice, yodel_time now)
{
    for (size_t i = 0; i < ice->pair_end; i++) {
        struct ice_pair *pair = &ice->pairs[i];

        stun_txn_tick(&pair->txn, now);
        if (pair->is_used && pair->txn.state == STUN_TXN_TIMED_OUT) {
            ice_checks_fail(pair);
        }
    }
}

// ---- Sending.

static size_t put_check(struct ice *ice, struct ice_pair *pair, struct span room,
    struct yodel_path *path, yodel_time now)
{
    struct ice_check check = {
        .local_ufrag = bytes_of_text(ice->local.ufrag),
        .remote_ufrag = bytes_of_text(ice->remote.ufrag),
        .priority = ice_local_check_priority(&ice->locals[pair->local]),
        .is_controlling = pair->is_txn_controlling,
        .tie_breaker = ice->tie_breaker,
        .use_candidate = pair->is_txn_nominating,
    };

    memcpy(check.id, pair->txn.id, STUN_ID_SIZE);
    *path = ice_pair_path(ice, pair);
    struct writer w = writer_of(ice_inside(ice, room, path));
    ice_message_put(&w, &check, bytes_of_text(ice->remote.pwd));
    ice->stats.requests_sent++;
    return ice_wrap(ice, room, path, writer_bytes(&w).len, now);
}

// §14.3: the more checks there are, the longer each waits, so that together they keep the pace.
static struct stun_txn_schedule schedule_of(const struct ice *ice, const struct ice_pair *of)
{
    yodel_duration busy = 0;

    if (ice_pair_is_tcp(ice, of)) {
        return (struct stun_txn_schedule){STUN_TXN_RTO, 0, 1, CHECK_RM_TCP};
    }
    for (size_t i = 0; i < ice->pair_end; i++) {
        const struct ice_pair *pair = &ice->pairs[i];
        if (pair->is_used &&
            (pair->state == ICE_PAIR_WAITING || pair->state == ICE_PAIR_IN_PROGRESS)) {
            busy += ice->config.pace;
        }
    }
    return (struct stun_txn_schedule){
        busy > STUN_TXN_RTO ? busy : STUN_TXN_RTO, CHECK_DOUBLINGS, CHECK_RC, CHECK_RM};
}

static void begin(struct ice *ice, struct ice_pair *pair, yodel_time now)
{
    bool is_same = pair->txn.state == STUN_TXN_WAITING &&
                   pair->is_txn_controlling == ice->is_controlling &&
                   pair->is_txn_nominating == pair->is_nominating;

    pair->triggered = 0;
    if (pair->state != ICE_PAIR_SUCCEEDED) {
        pair->state = ICE_PAIR_IN_PROGRESS;
    }
    if (is_same && ice_pair_is_tcp(ice, pair)) {
        return;
    }
    if (is_same) {
        stun_txn_repeat(&pair->txn, now);
        return;
    }
    struct stun_txn_schedule schedule = schedule_of(ice, pair);
    stun_txn_start(&pair->txn, ice->env, &schedule, now);
    pair->is_txn_controlling = ice->is_controlling;
    pair->is_txn_nominating = pair->is_nominating;
}

size_t ice_checks_emit_repeat(
    struct ice *ice, struct span room, struct yodel_path *path, yodel_time now)
{
    for (size_t i = 0; i < ice->pair_end; i++) {
        struct ice_pair *pair = &ice->pairs[i];

        if (pair->is_used && stun_txn_emit(&pair->txn, now)) {
            return put_check(ice, pair, room, path, now);
        }
    }
    return 0;
}

size_t ice_checks_emit_next(
    struct ice *ice, struct span room, struct yodel_path *path, yodel_time now)
{
    uint8_t next;
    size_t len = 0;

    // A check that is under way over TCP is not sent again: it is the next one's turn then.
    while (len == 0 && (next = ice_pair_next(ice)) != ICE_NONE) {
        begin(ice, &ice->pairs[next], now);
        len = ice_checks_emit_repeat(ice, room, path, now);
    }
    return len;
}
