// Streams: who needs which, and what an end of one means.
//
// Implements  RFC 6544 §7.1, §7.2, §8
// Departs     a path in use whose stream ends is not waited for: other pairs are tried at once, and
//             this one again, without a restart

#include "ice/stream.h"

#include "ice/checks.h"
#include "ice/ice.h"

static uint8_t index_of(const struct ice *ice, const struct yodel_path *path)
{
    for (uint8_t i = 0; i < ICE_STREAMS_MAX; i++) {
        const struct ice_stream *stream = &ice->streams[i];
        if (stream->state != ICE_STREAM_NONE && path_equal(&stream->path, path)) {
            return i;
        }
    }
    return ICE_NONE;
}

static struct ice_stream *find(struct ice *ice, const struct yodel_path *path)
{
    uint8_t at = index_of(ice, path);

    return at == ICE_NONE ? NULL : &ice->streams[at];
}

static struct ice_stream *add(struct ice *ice, const struct yodel_path *path)
{
    for (size_t i = 0; i < ICE_STREAMS_MAX; i++) {
        if (ice->streams[i].state == ICE_STREAM_NONE) {
            ice->streams[i] = (struct ice_stream){.path = *path};
            return &ice->streams[i];
        }
    }
    ice->stats.drops[ICE_DROP_LIMIT]++;
    return NULL;
}

static size_t count_in(const struct ice *ice, enum ice_stream_state state)
{
    size_t count = 0;

    for (size_t i = 0; i < ICE_STREAMS_MAX; i++) {
        count += ice->streams[i].state == state;
    }
    return count;
}

static enum ice_stream_state state_of(const struct ice *ice, const struct ice_pair *pair)
{
    struct yodel_path path = ice_pair_path(ice, pair);
    uint8_t at = index_of(ice, &path);

    return at == ICE_NONE ? ICE_STREAM_NONE : ice->streams[at].state;
}

bool ice_stream_is_open(const struct ice *ice, const struct ice_pair *pair)
{
    return !ice_pair_is_tcp(ice, pair) || state_of(ice, pair) == ICE_STREAM_OPEN;
}

bool ice_stream_accept(struct ice *ice, const struct yodel_path *path, yodel_time now)
{
    struct ice_stream *stream = find(ice, path);
    bool is_new = !stream && path->local.port != ICE_ACTIVE_PORT;

    stream = is_new ? add(ice, path) : stream;
    if (!stream) {
        return false;
    }
    if (is_new) {
        stream->state = ICE_STREAM_OPEN;
        stream->keep_until = time_after(now, ICE_STREAM_GRACE);
    }
    return stream->state == ICE_STREAM_OPEN;
}

void ice_stream_judge(struct ice *ice, const struct yodel_path *path)
{
    bool is_turn = path->local.port == 0;
    bool is_strange = path->transport == YODEL_TCP && !is_turn && !find(ice, path);
    struct ice_stream *stream = is_strange ? add(ice, path) : NULL;

    if (stream) {
        stream->state = ICE_STREAM_UNWANTED;
    }
}

// ---- What is needed.

static bool is_needed(struct ice *ice, const struct ice_stream *stream)
{
    uint8_t pair = ice_pair_find_path(ice, &stream->path);

    return (pair != ICE_NONE && ice->pairs[pair].state != ICE_PAIR_FAILED) ||
           (ice->selected.is_used && path_equal(&ice->selected.path, &stream->path));
}

static void give_back(struct ice *ice, yodel_time now)
{
    for (size_t i = 0; i < ICE_STREAMS_MAX; i++) {
        struct ice_stream *stream = &ice->streams[i];

        if (stream->state == ICE_STREAM_NONE) {
            continue;
        }
        bool is_kept = is_needed(ice, stream);
        if (is_kept || now >= stream->keep_until) {
            stream->keep_until = 0;
        }
        if (!is_kept && stream->keep_until == 0) {
            stream->state =
                stream->state == ICE_STREAM_ASKED ? ICE_STREAM_NONE : ICE_STREAM_UNWANTED;
        }
    }
}

static bool is_to_open(const struct ice *ice, const struct ice_pair *pair)
{
    return pair->is_used && ice->locals[pair->local].tcp_type == ICE_TCP_ACTIVE &&
           ice_pair_is_due(ice, pair) && state_of(ice, pair) == ICE_STREAM_NONE;
}

// What is chosen already is better: a connection would be for nothing. Once that one is in doubt, all
// are tried again.
static bool is_superfluous(const struct ice *ice, const struct ice_pair *pair)
{
    uint8_t selected = ice->selected.is_used ? ice->selected.pair : ICE_NONE;

    return selected != ICE_NONE && ice->pairs[selected].is_nominated && !ice->consent.is_trying &&
           ice->pairs[selected].priority > pair->priority;
}

static void fail_superfluous(struct ice *ice)
{
    for (size_t i = 0; i < ice->pair_end; i++) {
        struct ice_pair *pair = &ice->pairs[i];

        if (ice_pair_is_live(pair) && ice->locals[pair->local].tcp_type == ICE_TCP_ACTIVE &&
            pair->state != ICE_PAIR_IN_PROGRESS && is_superfluous(ice, pair)) {
            ice_checks_fail(pair);
        }
    }
}

// ---- What works, and is not chosen.

// A pair is in use, and nobody doubts it.
static bool is_settled(const struct ice *ice)
{
    const struct ice_selected *selected = &ice->selected;

    return selected->is_used && selected->pair != ICE_NONE &&
           ice->pairs[selected->pair].is_nominated && !ice->consent.is_trying &&
           !ice->consent.is_doubted && !ice->consent.is_silent;
}

// When the stream of a pair is closed for that.
static yodel_time spare_until(const struct ice *ice, uint8_t index)
{
    const struct ice_pair *pair = &ice->pairs[index];
    bool is_spare = pair->is_used && pair->state == ICE_PAIR_SUCCEEDED &&
                    index != ice->selected.pair && ice_pair_is_tcp(ice, pair);

    yodel_time since =
        pair->succeeded_at > ice->selected.since ? pair->succeeded_at : ice->selected.since;
    return is_spare ? time_after(since, ICE_STREAM_SPARE) : YODEL_NEVER;
}

// Once its stream is gone: what can be connected to may be so again, in need.
static void give_up(struct ice *ice, uint8_t index)
{
    uint8_t remote = ice->pairs[index].remote;

    if (ice->remotes[remote].tcp_type == ICE_TCP_ACTIVE) {
        ice_remote_remove(ice, remote); // Its port leads nowhere any more.
    } else {
        ice_checks_fail(&ice->pairs[index]);
    }
}

static void give_up_spares(struct ice *ice, yodel_time now)
{
    for (uint8_t i = 0; i < ice->pair_end && is_settled(ice); i++) {
        if (now >= spare_until(ice, i)) {
            give_up(ice, i);
        }
    }
}

static yodel_time next_spare(const struct ice *ice)
{
    yodel_time earliest = YODEL_NEVER;

    for (uint8_t i = 0; i < ice->pair_end && is_settled(ice); i++) {
        earliest = time_min(earliest, spare_until(ice, i));
    }
    return earliest;
}

// ---- Opening.

// What is better and under way is waited for a little.
static void set_open_at(struct ice *ice, struct ice_pair *pair, yodel_time now)
{
    if (pair->open_at == 0) {
        bool has_better = ice_pair_may_better_follow(ice, pair->priority);
        pair->open_at = has_better ? time_after(now, ICE_STREAM_HEAD_START) : now;
    }
    pair->is_open_due = now >= pair->open_at;
}

static struct ice_pair *best_to_open(struct ice *ice, yodel_time now)
{
    struct ice_pair *best = NULL;

    for (size_t i = 0; i < ice->pair_end; i++) {
        struct ice_pair *pair = &ice->pairs[i];
        if (!is_to_open(ice, pair)) {
            continue;
        }
        set_open_at(ice, pair, now);
        if (pair->is_open_due && (!best || pair->priority > best->priority)) {
            best = pair;
        }
    }
    return best;
}

// §7.1: a connection is opened when the turn to be checked would be the pair's. False: there is none.
static bool open_next(struct ice *ice, yodel_time now)
{
    struct ice_pair *pair = ice->has_remote ? best_to_open(ice, now) : NULL;
    uint8_t next = pair ? ice_pair_next(ice) : ICE_NONE;
    size_t opening = count_in(ice, ICE_STREAM_ASKED) + count_in(ice, ICE_STREAM_OPENING);

    if (!pair || opening == ICE_STREAMS_OPENING_MAX ||
        (next != ICE_NONE && ice->pairs[next].priority > pair->priority)) {
        return false;
    }
    struct yodel_path path = ice_pair_path(ice, pair);
    struct ice_stream *stream = add(ice, &path);
    if (stream) {
        stream->state = ICE_STREAM_ASKED;
    } else {
        ice_checks_fail(pair);
    }
    return true;
}

void ice_stream_run(struct ice *ice, yodel_time now)
{
    if (!ice->config.has_tcp) {
        return;
    }
    fail_superfluous(ice);
    give_up_spares(ice, now);
    give_back(ice, now);
    bool may_open = !ice->is_closed && !ice->consent.is_expired;
    while (may_open && open_next(ice, now)) {
    }
}

yodel_time ice_stream_next_timeout(const struct ice *ice)
{
    yodel_time earliest = next_spare(ice);

    for (size_t i = 0; i < ICE_STREAMS_MAX; i++) {
        const struct ice_stream *stream = &ice->streams[i];
        if (stream->state != ICE_STREAM_NONE && stream->keep_until != 0) {
            earliest = time_min(earliest, stream->keep_until);
        }
    }
    for (size_t i = 0; i < ice->pair_end; i++) {
        const struct ice_pair *pair = &ice->pairs[i];
        bool is_waiting = pair->is_used && pair->open_at != 0 && !pair->is_open_due;
        if (is_waiting && ice_pair_is_due(ice, pair)) {
            earliest = time_min(earliest, pair->open_at);
        }
    }
    return earliest;
}

// ---- What the loop is told, and tells.

bool ice_stream_next_event(struct ice *ice, struct ice_event *event)
{
    for (size_t i = 0; i < ICE_STREAMS_MAX; i++) {
        struct ice_stream *stream = &ice->streams[i];
        bool opens = stream->state == ICE_STREAM_ASKED;

        if (!opens && stream->state != ICE_STREAM_UNWANTED) {
            continue;
        }
        stream->state = opens ? ICE_STREAM_OPENING : ICE_STREAM_NONE;
        *event = (struct ice_event){.type = opens ? ICE_EVENT_CONNECT : ICE_EVENT_DISCONNECT,
            .path = stream->path,
            .framing = YODEL_FRAMING_ICE};
        return true;
    }
    return false;
}

void ice_stream_connected(struct ice *ice, const struct yodel_path *path)
{
    struct ice_stream *stream = find(ice, path);

    if (stream && stream->state == ICE_STREAM_OPENING) {
        stream->state = ICE_STREAM_OPEN;
    }
}

// What failed is worth another try.
static void revive_all(struct ice *ice)
{
    for (size_t i = 0; i < ice->pair_end; i++) {
        struct ice_pair *pair = &ice->pairs[i];

        if (pair->is_used && pair->state == ICE_PAIR_FAILED) {
            pair->state = ICE_PAIR_WAITING;
            pair->is_peer_nominated = false;
        }
    }
}

void ice_stream_disconnected(struct ice *ice, const struct yodel_path *path)
{
    struct ice_stream *stream = find(ice, path);
    uint8_t pair = ice_pair_find_path(ice, path);
    bool was_selected = ice->selected.is_used && path_equal(&ice->selected.path, path);

    if (!stream) {
        return;
    }
    *stream = (struct ice_stream){0};
    if (pair != ICE_NONE) {
        give_up(ice, pair);
    }
    if (was_selected) {
        ice->selected = (struct ice_selected){.pair = ICE_NONE};
        ice->checking_since = YODEL_NEVER; // Patience begins anew.
        revive_all(ice);
    }
}
