// Candidate pairs: forming them, ordering them, choosing the next to check.
//
// Implements  RFC 8445 §6.1.2.2 (forming), §6.1.2.3 (priority), §6.1.2.5 (the limit),
//             §6.1.2.6 and §6.1.4.2 (states and turns); RFC 6544 §6.2

#include "ice/pair.h"

#include "ice/ice.h"

bool ice_pair_is_sensible(const struct yodel_addr *base, const struct yodel_addr *remote)
{
    bool is_v6 = base->family == YODEL_ADDR_V6;

    if (base->family != remote->family || addr_is_loopback(base) != addr_is_loopback(remote)) {
        return false;
    }
    if (is_v6 && addr_is_link_local(base) != addr_is_link_local(remote)) {
        return false; // §6.1.2.2.
    }
    return !(addr_same_ip(base, remote) && base->port == remote->port); // Not to ourselves.
}

static bool is_transport_right(
    const struct ice *ice, const struct ice_local *local, const struct ice_remote *remote)
{
    switch (local->tcp_type) {
    case ICE_TCP_NONE:
        return remote->tcp_type == ICE_TCP_NONE;
    case ICE_TCP_ACTIVE: // Not to ourselves.
        return remote->tcp_type == ICE_TCP_PASSIVE &&
               ice_local_find_base(ice, YODEL_TCP, &remote->addr) == ICE_NONE;
    case ICE_TCP_PASSIVE:
        return remote->tcp_type == ICE_TCP_ACTIVE;
    case ICE_TCP_SO:
        break;
    }
    return false;
}

// RFC 6544 §6.2: who listens opens no stream. With whom a stream came, a check along it tells.
static bool is_formed(const struct ice *ice, uint8_t local, uint8_t remote)
{
    return ice->locals[local].tcp_type != ICE_TCP_PASSIVE &&
           ice->remotes[remote].tcp_type != ICE_TCP_ACTIVE;
}

bool ice_pair_is_tcp(const struct ice *ice, const struct ice_pair *pair)
{
    return ice->locals[pair->local].tcp_type != ICE_TCP_NONE;
}

struct yodel_path ice_pair_path(const struct ice *ice, const struct ice_pair *pair)
{
    struct yodel_path path = {.local = ice->locals[pair->local].addr,
        .remote = ice->remotes[pair->remote].addr,
        .transport = ice_local_transport(&ice->locals[pair->local])};

    path.remote.scope_id = path.local.scope_id; // A link-local peer is on our link.
    return path;
}

// §6.1.2.3: min over max, and who controls breaks the tie.
static uint64_t priority_of(const struct ice *ice, uint32_t ours, uint32_t theirs)
{
    uint64_t controlling = ice->is_controlling ? ours : theirs;
    uint64_t controlled = ice->is_controlling ? theirs : ours;
    uint64_t least = controlling < controlled ? controlling : controlled;
    uint64_t most = controlling < controlled ? controlled : controlling;

    return (least << 32) + 2 * most + (controlling > controlled ? 1 : 0);
}

// An active candidate is to the peer what comes from a port that nobody told it of, with the priority
// that the check says (RFC 6544 §7.2). Both ends have one order alone if it counts as that here too.
static uint32_t local_priority(const struct ice *ice, const struct ice_pair *pair)
{
    const struct ice_local *mapped = &ice->locals[pair->mapped];

    return mapped->tcp_type == ICE_TCP_ACTIVE ? ice_local_check_priority(mapped) : mapped->priority;
}

static void update_priority(const struct ice *ice, struct ice_pair *pair)
{
    pair->priority =
        priority_of(ice, local_priority(ice, pair), ice->remotes[pair->remote].priority);
}

void ice_pair_update_priorities(struct ice *ice)
{
    for (size_t i = 0; i < ice->pair_end; i++) {
        if (ice->pairs[i].is_used) {
            update_priority(ice, &ice->pairs[i]);
        }
    }
}

bool ice_pair_is_live(const struct ice_pair *pair)
{
    return pair->is_used && pair->state != ICE_PAIR_SUCCEEDED && pair->state != ICE_PAIR_FAILED;
}

bool ice_pair_any_checked(const struct ice *ice)
{
    for (size_t i = 0; i < ice->pair_end && !ice->config.is_lite; i++) {
        if (ice_pair_is_live(&ice->pairs[i])) {
            return true;
        }
    }
    return false;
}

bool ice_pair_may_better_follow(const struct ice *ice, uint64_t priority)
{
    for (size_t i = 0; i < ice->pair_end; i++) {
        if (ice_pair_is_live(&ice->pairs[i]) && ice->pairs[i].priority > priority) {
            return true;
        }
    }
    return false;
}

static bool has_same_foundation(
    const struct ice *ice, const struct ice_pair *a, const struct ice_pair *b)
{
    return ice->locals[a->local].foundation == ice->locals[b->local].foundation &&
           ice->remotes[a->remote].foundation == ice->remotes[b->remote].foundation;
}

// Whether a check of the pair's foundation waits or runs: then its own result is awaited first.
static bool is_held_back(const struct ice *ice, const struct ice_pair *pair)
{
    for (size_t i = 0; i < ice->pair_end; i++) {
        const struct ice_pair *other = &ice->pairs[i];
        if (other != pair && other->is_used &&
            (other->state == ICE_PAIR_WAITING || other->state == ICE_PAIR_IN_PROGRESS) &&
            has_same_foundation(ice, pair, other)) {
            return true;
        }
    }
    return false;
}

uint8_t ice_pair_find(const struct ice *ice, uint8_t local, uint8_t remote)
{
    for (uint8_t i = 0; i < ice->pair_end; i++) {
        const struct ice_pair *pair = &ice->pairs[i];
        if (pair->is_used && pair->local == local && pair->remote == remote) {
            return i;
        }
    }
    return ICE_NONE;
}

uint8_t ice_pair_find_path(const struct ice *ice, const struct yodel_path *path)
{
    uint8_t local = ice_local_find_base(ice, path->transport, &path->local);
    uint8_t remote = ice_remote_find(ice, path->transport, &path->remote);

    return local == ICE_NONE || remote == ICE_NONE ? ICE_NONE : ice_pair_find(ice, local, remote);
}

void ice_pair_remove(struct ice *ice, uint8_t index)
{
    if (ice->selected.is_used && ice->selected.pair == index) {
        ice->selected = (struct ice_selected){.pair = ICE_NONE};
    }
    ice->pairs[index] = (struct ice_pair){0};
}

void ice_pair_remove_remote(struct ice *ice, uint8_t remote)
{
    for (uint8_t i = 0; i < ice->pair_end; i++) {
        if (ice->pairs[i].is_used && ice->pairs[i].remote == remote) {
            ice_pair_remove(ice, i);
        }
    }
}

void ice_pair_clear(struct ice *ice)
{
    memset(ice->pairs, 0, sizeof ice->pairs);
    ice->trigger_count = 0;
    ice->pair_end = 0;
}

// How much a pair is worth keeping, when all places are taken; the selected one is never in question.
static uint32_t rank_of(const struct ice_pair *pair)
{
    if (pair->state == ICE_PAIR_FAILED) {
        return 0;
    }
    return pair->state == ICE_PAIR_SUCCEEDED ? 2 : 1;
}

// §6.1.2.5: a free place, or that of the least useful pair if `priority` is worth more.
static uint8_t make_room(struct ice *ice, uint64_t priority)
{
    uint8_t worst = ICE_NONE;

    for (uint8_t i = 0; i < ICE_PAIRS_MAX; i++) {
        const struct ice_pair *pair = &ice->pairs[i];
        if (!pair->is_used) {
            return i;
        }
        if (ice->selected.is_used && ice->selected.pair == i) {
            continue;
        }
        if (worst == ICE_NONE || rank_of(pair) < rank_of(&ice->pairs[worst]) ||
            (rank_of(pair) == rank_of(&ice->pairs[worst]) &&
                pair->priority < ice->pairs[worst].priority)) {
            worst = i;
        }
    }
    ice->stats.drops[ICE_DROP_LIMIT]++;
    if (rank_of(&ice->pairs[worst]) == 2 ||
        (rank_of(&ice->pairs[worst]) == 1 && ice->pairs[worst].priority >= priority)) {
        return ICE_NONE;
    }
    ice_pair_remove(ice, worst);
    return worst;
}

uint8_t ice_pair_add(struct ice *ice, uint8_t local, uint8_t remote)
{
    struct ice_pair pair = {.is_used = true, .local = local, .mapped = local, .remote = remote};
    uint8_t at = ice_pair_find(ice, local, remote);

    if (at != ICE_NONE) {
        return at;
    }
    if (!is_transport_right(ice, &ice->locals[local], &ice->remotes[remote]) ||
        !ice_pair_is_sensible(&ice->locals[local].addr, &ice->remotes[remote].addr) ||
        (ice->config.is_relay_only && ice->locals[local].type != ICE_RELAY)) {
        return ICE_NONE;
    }
    update_priority(ice, &pair);
    at = make_room(ice, pair.priority);
    if (at == ICE_NONE) {
        return ICE_NONE;
    }
    pair.state = is_held_back(ice, &pair) ? ICE_PAIR_FROZEN : ICE_PAIR_WAITING;
    ice->pairs[at] = pair;
    ice->pair_end = at < ice->pair_end ? ice->pair_end : (uint8_t)(at + 1);
    ice->is_failed = false; // There is hope again.
    return at;
}

void ice_pair_form_local(struct ice *ice, uint8_t local)
{
    for (uint8_t i = 0; i < ICE_REMOTES_MAX; i++) {
        if (ice->remotes[i].is_used && is_formed(ice, local, i)) {
            (void)ice_pair_add(ice, local, i);
        }
    }
}

void ice_pair_form_remote(struct ice *ice, uint8_t remote)
{
    for (uint8_t i = 0; i < ICE_LOCALS_MAX; i++) {
        if (ice_local_is_base(&ice->locals[i]) && is_formed(ice, i, remote)) {
            (void)ice_pair_add(ice, i, remote);
        }
    }
}

void ice_pair_trigger(struct ice *ice, struct ice_pair *pair)
{
    if (pair->triggered == 0) {
        pair->triggered = ++ice->trigger_count;
    }
}

bool ice_pair_is_due(const struct ice *ice, const struct ice_pair *pair)
{
    return pair->state == ICE_PAIR_WAITING ||
           (pair->state == ICE_PAIR_FROZEN && !is_held_back(ice, pair));
}

// Whether there is a way to send a check along.
static bool is_open(const struct ice *ice, const struct ice_pair *pair)
{
    return ice_relay_is_open(ice, pair) && ice_stream_is_open(ice, pair);
}

// What worked once is asked before what never did.
static bool is_sooner(const struct ice_pair *pair, const struct ice_pair *best)
{
    bool has_worked = pair->succeeded_at != 0, has_best = best->succeeded_at != 0;

    return has_worked != has_best ? has_worked : pair->priority > best->priority;
}

static uint8_t best_in_state(const struct ice *ice, enum ice_pair_state state)
{
    uint8_t best = ICE_NONE;

    for (uint8_t i = 0; i < ice->pair_end; i++) {
        const struct ice_pair *pair = &ice->pairs[i];
        if (pair->is_used && pair->state == state && is_open(ice, pair) &&
            (best == ICE_NONE || is_sooner(pair, &ice->pairs[best])) &&
            ice_pair_is_due(ice, pair)) {
            best = i;
        }
    }
    return best;
}

static uint8_t first_triggered(const struct ice *ice)
{
    uint8_t first = ICE_NONE;

    for (uint8_t i = 0; i < ice->pair_end; i++) {
        const struct ice_pair *pair = &ice->pairs[i];
        if (pair->is_used && pair->triggered != 0 && is_open(ice, pair) &&
            (first == ICE_NONE || pair->triggered < ice->pairs[first].triggered)) {
            first = i;
        }
    }
    return first;
}

uint8_t ice_pair_next(const struct ice *ice)
{
    if (ice->config.is_lite) {
        return ICE_NONE; // RFC 8445 §2.5.
    }
    uint8_t next = first_triggered(ice);

    if (next == ICE_NONE) {
        next = best_in_state(ice, ICE_PAIR_WAITING);
    }
    return next != ICE_NONE ? next : best_in_state(ice, ICE_PAIR_FROZEN);
}

void ice_pair_unfreeze(struct ice *ice, const struct ice_pair *pair)
{
    for (size_t i = 0; i < ice->pair_end; i++) {
        struct ice_pair *other = &ice->pairs[i];
        if (other->is_used && other->state == ICE_PAIR_FROZEN &&
            has_same_foundation(ice, pair, other)) {
            other->state = ICE_PAIR_WAITING;
        }
    }
}
