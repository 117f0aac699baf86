// The ICE agent: its life, its inputs and outputs.
//
// Implements  RFC 8445 §9 (restarts), §14.2 (pacing), RFC 8839 §5.4 (credentials)

#include "ice/ice.h"

#include <stdio.h>

#include "base/assert.h"
#include "crypto/secret.h"
#include "ice/checks.h"
#include "ice/nominate.h"
#include "ice/relay.h"
#include "ice/request.h"
#include "stun/auth.h"

// ---- Life.

// Six bits of randomness a character: RFC 8445 §5.3 wants 24 in the fragment, 128 in the password.
static void make_text(const struct env *env, char *room, size_t len)
{
    static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t random[ICE_LOCAL_PWD_LEN];

    YODEL_ASSERT(len <= sizeof random);
    env_random(env, span_of(random, len));
    for (size_t i = 0; i < len; i++) {
        room[i] = chars[random[i] & 63];
    }
    room[len] = '\0';
}

static void make_credentials(struct ice *ice)
{
    make_text(ice->env, ice->local.ufrag, ICE_LOCAL_UFRAG_LEN);
    make_text(ice->env, ice->local.pwd, ICE_LOCAL_PWD_LEN);
}

static void begin_generation(struct ice *ice)
{
    ice->checking_since = YODEL_NEVER;
    ice->valid_since = YODEL_NEVER;
    ice->nominated_since = YODEL_NEVER;
    ice->is_failed = false;
    ice->consent.is_expired = false;
}

void ice_init(struct ice *ice, const struct env *env, const struct ice_config *config)
{
    *ice = (struct ice){.env = env, .config = *config};
    if (ice->config.pace == 0) {
        ice->config.pace = ICE_PACE;
    }
    ice->is_controlling = config->is_controlling && !config->is_lite;
    ice->tie_breaker = env_random_u64(env);
    ice->selected.pair = ICE_NONE;
    make_credentials(ice);
    begin_generation(ice);
}

void ice_deinit(struct ice *ice)
{
    ice_relay_deinit(ice);
    secret_wipe_span(span_of(ice, sizeof *ice));
}

void ice_close(struct ice *ice)
{
    ice->is_closed = true;
    ice->selected = (struct ice_selected){.pair = ICE_NONE};
    ice->reply_count = 0;
}

// ---- The user's calls.

// There may be something to do at once.
static void touch(struct ice *ice)
{
    ice->is_dirty = true;
    ice->quiet_until = 0;
}

void ice_add_server(struct ice *ice, const struct yodel_addr *stun_server)
{
    ice_local_add_server(ice, stun_server);
    touch(ice);
}

void ice_add_turn_server(struct ice *ice, const struct ice_turn_server *server)
{
    ice_relay_add_server(ice, server);
    touch(ice);
}

void ice_add_local(struct ice *ice, const struct yodel_addr *base, uint16_t preference)
{
    if (!ice_local_add_host(ice, base, preference)) {
        ice->stats.drops[ICE_DROP_CANDIDATE]++;
    }
    touch(ice);
}

void ice_add_local_tcp(struct ice *ice, const struct yodel_addr *listening)
{
    if (!ice_local_add_passive(ice, listening)) {
        ice->stats.drops[ICE_DROP_CANDIDATE]++;
    }
    touch(ice);
}

void ice_remove_local(struct ice *ice, const struct yodel_addr *base)
{
    ice_local_remove_host(ice, base);
    touch(ice);
}

void ice_end_local(struct ice *ice)
{
    ice->has_ended_local = true;
    touch(ice);
}

void ice_await_local(struct ice *ice)
{
    ice->has_ended_local = false;
    touch(ice);
}

const char *ice_local_ufrag(const struct ice *ice)
{
    return ice->local.ufrag;
}

const char *ice_local_pwd(const struct ice *ice)
{
    return ice->local.pwd;
}

void ice_set_role(struct ice *ice, bool is_controlling)
{
    ice_nominate_switch_role(ice, is_controlling && ice_lite_may_control(ice));
    touch(ice);
}

void ice_set_remote_lite(struct ice *ice, bool is_lite)
{
    ice->is_remote_lite = is_lite;
    touch(ice);
}

bool ice_is_controlling(const struct ice *ice)
{
    return ice->is_controlling;
}

// What was found out with the peer's credentials so far is set aside; the selected path works on.
static void set_aside(struct ice *ice)
{
    if (ice->has_remote) {
        ice->previous_remote = ice->remote;
        ice->remote = (struct ice_remote_credentials){0};
        ice->has_previous_remote = true;
        ice->has_remote = false;
        if (ice->selected.is_used && !ice->selected.is_previous) {
            ice->selected.is_previous = true;
            ice->selected.pair = ICE_NONE;
            ice->previous_path = ice->selected.path;
        }
    }
    ice_pair_clear(ice);
    ice->has_ended_remote = false;
    begin_generation(ice);
}

enum yodel_err ice_set_remote_credentials(struct ice *ice, const char *ufrag, const char *pwd)
{
    if (!ice_candidate_is_credential(bytes_of_text(ufrag), 4, ICE_UFRAG_MAX) ||
        !ice_candidate_is_credential(bytes_of_text(pwd), 22, ICE_PWD_MAX)) {
        return YODEL_ERR_SYNTAX;
    }
    bool is_restart = ice->has_remote &&
                      (strcmp(ice->remote.ufrag, ufrag) != 0 || strcmp(ice->remote.pwd, pwd) != 0);
    if (is_restart) {
        set_aside(ice);
    }
    ice_remote_keep(ice, ufrag, is_restart);
    (void)snprintf(ice->remote.ufrag, sizeof ice->remote.ufrag, "%s", ufrag);
    (void)snprintf(ice->remote.pwd, sizeof ice->remote.pwd, "%s", pwd);
    ice->has_remote = true;
    if (is_restart) {
        for (uint8_t i = 0; i < ICE_REMOTES_MAX; i++) {
            if (ice->remotes[i].is_used) {
                ice_pair_form_remote(ice, i);
            }
        }
    }
    touch(ice);
    return YODEL_OK;
}

void ice_add_remote(struct ice *ice, const struct ice_candidate *candidate)
{
    ice_remote_add(ice, candidate);
    touch(ice);
}

void ice_end_remote(struct ice *ice)
{
    ice->has_ended_remote = true;
    touch(ice);
}

void ice_resolved(struct ice *ice, const char *name, const struct yodel_addr *addr)
{
    ice_remote_resolved(ice, name, addr);
    touch(ice);
}

void ice_connected(struct ice *ice, const struct yodel_path *path)
{
    ice_relay_connected(ice, path);
    ice_stream_connected(ice, path);
    touch(ice);
}

void ice_disconnected(struct ice *ice, const struct yodel_path *path)
{
    ice_relay_disconnected(ice, path);
    ice_stream_disconnected(ice, path);
    touch(ice);
}

void ice_restart(struct ice *ice)
{
    if (ice->has_remote) {
        ice->previous_local = ice->local;
        ice->has_previous_local = true;
    }
    set_aside(ice);
    ice_remote_clear(ice);
    ice_local_restart(ice);
    ice_relay_restart(ice);
    ice->reply_count = 0;
    make_credentials(ice);
    ice->gathering_reported = ICE_GATHERING_NEW;
    touch(ice);
}

// ---- Time.

static bool is_stopped(const struct ice *ice)
{
    return ice->is_closed || ice->consent.is_expired;
}

static yodel_time patience_end(const struct ice *ice)
{
    bool is_all_known = ice->has_ended_remote && ice_local_is_gathered(ice);

    return time_after(ice->checking_since, is_all_known ? ICE_PATIENCE_ENDED : ICE_PATIENCE);
}

static bool is_hopeless(const struct ice *ice)
{
    return !ice->selected.is_used && !ice->is_failed && ice->checking_since != YODEL_NEVER &&
           !ice_pair_any_checked(ice);
}

// Relays alone may be used, and there is none to hope for: not even the peer can help.
static bool is_stranded(const struct ice *ice)
{
    return ice->config.is_relay_only && ice->has_ended_local && ice_relay_is_hopeless(ice);
}

static void run_checks(struct ice *ice, yodel_time now)
{
    if (ice->has_remote) {
        ice->checking_since = time_min(ice->checking_since, now);
    }
    ice_local_run(ice, now);
    ice_relay_run(ice, now);
    ice_checks_tick(ice, now);
    ice_consent_run(ice, now);
    if (is_stopped(ice)) {
        return;
    }
    ice_lite_run(ice, now);
    ice_nominate_run(ice, now);
    if (is_hopeless(ice) && (now >= patience_end(ice) || is_stranded(ice))) {
        ice->is_failed =
            true; // RFC 8863: not before, since the peer's checks may yet reveal a path.
    }
}

static void run(struct ice *ice, yodel_time now)
{
    ice->is_dirty = false;
    if (!is_stopped(ice)) {
        run_checks(ice, now);
    }
    ice_stream_run(ice, now); // What is open is given back, whatever became of the agent.
}

void ice_tick(struct ice *ice, yodel_time now)
{
    if (now >= ice->quiet_until) {
        ice->quiet_until = 0;
        run(ice, now);
    }
}

static bool has_to_start(const struct ice *ice)
{
    return ice_local_has_unstarted(ice) || ice_relay_has_unstarted(ice) ||
           (ice->has_remote && ice_pair_next(ice) != ICE_NONE);
}

static yodel_time checks_next_timeout(const struct ice *ice)
{
    yodel_time earliest = YODEL_NEVER;

    for (size_t i = 0; i < ice->pair_end; i++) {
        if (ice->pairs[i].is_used) {
            earliest = time_min(earliest, stun_txn_next_timeout(&ice->pairs[i].txn));
        }
    }
    return earliest;
}

static yodel_time find_timeout(const struct ice *ice)
{
    if (is_stopped(ice)) {
        return YODEL_NEVER;
    }
    if (ice->is_dirty || ice->reply_count > 0) {
        return 0;
    }
    yodel_time earliest = time_min(ice_local_next_timeout(ice), checks_next_timeout(ice));
    earliest = time_min(earliest, ice_relay_next_timeout(ice));
    earliest = time_min(earliest, ice_stream_next_timeout(ice));
    earliest = time_min(earliest, ice_consent_next_timeout(ice));
    earliest = time_min(earliest, ice_nominate_next_timeout(ice));
    if (has_to_start(ice)) {
        earliest = time_min(earliest, ice->pace_at);
    }
    if (is_hopeless(ice)) {
        earliest = time_min(earliest, patience_end(ice));
    }
    return earliest;
}

yodel_time ice_next_timeout(const struct ice *ice)
{
    return ice->quiet_until ? ice->quiet_until : find_timeout(ice);
}

// ---- Datagrams.

void ice_recv(struct ice *ice, const struct yodel_path *path, struct bytes datagram, yodel_time now)
{
    struct stun_msg msg;

    if (is_stopped(ice)) {
        ice_stream_judge(ice, path);
        return;
    }
    ice->quiet_until = 0;
    run(ice, now);
    if (stun_msg_parse(&msg, datagram) != YODEL_OK) {
        ice->stats.drops[ICE_DROP_MALFORMED]++;
    } else if (stun_auth_check_fingerprint(&msg) == YODEL_ERR_UNAUTHENTIC) {
        ice->stats.drops[ICE_DROP_FINGERPRINT]++;
    } else if (stun_msg_method(&msg) != STUN_BINDING || stun_msg_class(&msg) == STUN_INDICATION) {
        ice->stats.drops[ICE_DROP_TYPE]++;
    } else if (stun_msg_class(&msg) == STUN_REQUEST) {
        ice_request_recv(ice, path, &msg, now);
    } else {
        ice_checks_recv(ice, path, &msg, now);
    }
    ice_stream_judge(ice, path);
    run(ice, now);
}

static size_t emit_gather(
    struct ice *ice, bool may_start, struct span room, struct yodel_path *path, yodel_time now)
{
    struct ice_gather *gather = ice_local_due(ice, may_start, now);
    struct writer w = writer_of(room);

    if (!gather) {
        if (may_start && ice_relay_has_unstarted(ice)) {
            ice_relay_start_next(ice, now);
            ice->pace_at = time_after(now, ice->config.pace); // A stream says nothing yet.
        }
        return ice_relay_emit(ice, room, path, now);
    }
    stun_msg_put_header(&w, STUN_BINDING | STUN_REQUEST, gather->txn.id);
    stun_auth_put_fingerprint(&w);
    *path = (struct yodel_path){.local = ice->locals[gather->local].addr,
        .remote = ice->servers[gather->server],
        .transport = YODEL_UDP};
    ice->stats.requests_sent++;
    return writer_bytes(&w).len;
}

static size_t emit_consent(
    struct ice *ice, struct span room, struct yodel_path *path, yodel_time now)
{
    const struct ice_selected *selected = &ice->selected;
    bool is_old = selected->is_previous;
    struct ice_check check = {
        .is_controlling = ice->is_controlling, .tie_breaker = ice->tie_breaker};

    if (!ice_consent_emit(ice, check.id, now)) {
        return 0;
    }
    const char *local =
        is_old && ice->has_previous_local ? ice->previous_local.ufrag : ice->local.ufrag;
    check.local_ufrag = bytes_of_text(local);
    check.remote_ufrag = bytes_of_text(is_old ? ice->previous_remote.ufrag : ice->remote.ufrag);
    uint8_t base = ice_local_find_base(ice, selected->path.transport, &selected->path.local);
    check.priority = base == ICE_NONE ? 1 : ice_local_check_priority(&ice->locals[base]);
    check.use_candidate = ice->is_controlling && selected->pair != ICE_NONE &&
                          ice->pairs[selected->pair].is_nominated;
    *path = selected->path;
    struct writer w = writer_of(ice_inside(ice, room, path));
    ice_message_put(&w, &check, bytes_of_text(is_old ? ice->previous_remote.pwd : ice->remote.pwd));
    ice->stats.requests_sent++;
    return ice_wrap(ice, room, path, writer_bytes(&w).len, now);
}

// Something new: servers and pairs take turns, and each keeps the others waiting for Ta (§14.2).
static size_t emit_start(struct ice *ice, struct span room, struct yodel_path *path, yodel_time now)
{
    size_t len = 0;

    if (now < ice->pace_at) {
        return 0;
    }
    ice->is_gather_turn = !ice->is_gather_turn;
    for (int turn = 0; turn < 2 && len == 0; turn++) {
        if (ice->is_gather_turn == (turn == 0)) {
            len = emit_gather(ice, true, room, path, now);
        } else if (ice->has_remote) {
            len = ice_checks_emit_next(ice, room, path, now);
        }
    }
    if (len > 0) {
        ice->pace_at = time_after(now, ice->config.pace);
    }
    return len;
}

// The first datagram that there is, in the order in which others wait for it.
static size_t emit_any(struct ice *ice, struct span room, struct yodel_path *path, yodel_time now)
{
    size_t len = ice_request_emit_reply(ice, room, path, now);

    if (len == 0) {
        len = emit_consent(ice, room, path, now);
    }
    if (len == 0) {
        len = ice_checks_emit_repeat(ice, room, path, now);
    }
    if (len == 0) {
        len = emit_gather(ice, false, room, path, now);
    }
    if (len == 0) {
        len = emit_start(ice, room, path, now);
    }
    return len;
}

size_t ice_emit(struct ice *ice, struct span room, struct yodel_path *path, yodel_time now)
{
    YODEL_ASSERT(room.len >= ICE_DATAGRAM_MAX);
    if (now < ice->quiet_until) {
        return 0; // On a path that carries media this is asked for every datagram.
    }
    ice->quiet_until = 0;
    run(ice, now);
    size_t len = is_stopped(ice) ? 0 : emit_any(ice, room, path, now);
    if (len == 0) {
        ice->quiet_until = find_timeout(ice);
    }
    return len;
}

// ---- The way of data.

bool ice_selected(const struct ice *ice, struct yodel_path *path)
{
    if (!ice->selected.is_used) {
        return false;
    }
    *path = ice->selected.path;
    return true;
}

bool ice_is_valid(const struct ice *ice, const struct yodel_path *path)
{
    if (is_stopped(ice)) {
        return false;
    }
    if (ice->selected.is_used && path_equal(&ice->selected.path, path)) {
        return true;
    }
    uint8_t at = ice_pair_find_path(ice, path);
    return at != ICE_NONE &&
           (ice->pairs[at].has_heard || ice->pairs[at].state == ICE_PAIR_SUCCEEDED);
}

void ice_sent(struct ice *ice, yodel_time now)
{
    ice_consent_sent(ice, now);
}

void ice_heard(struct ice *ice, const struct yodel_path *path, yodel_time now)
{
    if (ice->selected.is_used && path_equal(&ice->selected.path, path)) {
        ice_consent_heard(ice, true, now);
        ice_lite_heard(ice, now);
    } else {
        ice_lite_heard_beside(ice, path, now);
    }
}

enum ice_revival ice_take_revival(struct ice *ice)
{
    enum ice_revival revival = ice->revival;

    ice->revival = ICE_REVIVAL_NONE;
    return revival;
}
