// Local candidates: bases, what servers and peers see of them, and asking the servers.
//
// Implements  RFC 8445 §5.1.1.1 (host), §5.1.1.2 (server-reflexive and relayed), §5.1.1.4 (keeping them alive),
//             §5.1.3 (redundancy); RFC 6544 §4.5, §5.1 (host candidates over TCP)

#include "ice/local.h"

#include <stdio.h>

#include "ice/ice.h"
#include "stun/attr.h"

#define KEEP_ALIVE YODEL_SECONDS(15) // RFC 8445 §11.
#define ASK_AGAIN YODEL_SECONDS(1)   // Who gave no answer, while the peer is sought.

// Ends 5 s after it began (0, 0.5, 1.5, 3.5): gathering waits no longer for a dead server.
static const struct stun_txn_schedule gather_schedule = {YODEL_MS(500), 2, 4, 3};

bool ice_local_is_base(const struct ice_local *local)
{
    return local->is_used && (local->type == ICE_HOST || local->type == ICE_RELAY);
}

bool ice_local_is_udp_host(const struct ice_local *local)
{
    return local->is_used && local->type == ICE_HOST && local->tcp_type == ICE_TCP_NONE;
}

enum yodel_transport ice_local_transport(const struct ice_local *local)
{
    return ice_candidate_transport(local->tcp_type);
}

static uint32_t priority_as(enum ice_type type, const struct ice_local *local)
{
    return local->tcp_type == ICE_TCP_NONE
               ? ice_candidate_priority(type, local->preference, 1)
               : ice_candidate_tcp_priority(type, local->tcp_type, local->preference);
}

uint32_t ice_local_check_priority(const struct ice_local *local)
{
    return priority_as(ICE_PRFLX, local);
}

uint8_t ice_local_find_base(
    const struct ice *ice, enum yodel_transport transport, const struct yodel_addr *addr)
{
    for (uint8_t i = 0; i < ICE_LOCALS_MAX; i++) {
        const struct ice_local *local = &ice->locals[i];
        if (ice_local_is_base(local) && ice_local_transport(local) == transport &&
            addr_equal(&local->addr, addr)) {
            return i;
        }
    }
    return ICE_NONE;
}

static uint8_t free_slot(const struct ice *ice)
{
    for (uint8_t i = 0; i < ICE_LOCALS_MAX; i++) {
        if (!ice->locals[i].is_used) {
            return i;
        }
    }
    return ICE_NONE;
}

// §5.1.1.3: equal for the same type, base address (whatever its port), server and transport. An
// active and a passive candidate of one address have little in common, and differ too.
static uint8_t foundation_of(struct ice *ice, const struct ice_local *local)
{
    for (size_t i = 0; i < ICE_LOCALS_MAX; i++) {
        const struct ice_local *other = &ice->locals[i];
        if (other->is_used && other->type == local->type && other->tcp_type == local->tcp_type &&
            other->relay == local->relay && addr_same_ip(&other->base, &local->base) &&
            addr_same_ip(&other->server, &local->server)) {
            return other->foundation;
        }
    }
    return ++ice->foundation_count;
}

static uint8_t add(struct ice *ice, struct ice_local local, uint8_t at)
{
    if (at == ICE_NONE) {
        ice->stats.drops[ICE_DROP_LIMIT]++;
        return ICE_NONE;
    }
    local.is_used = true;
    local.priority = priority_as(local.type, &local);
    local.foundation = foundation_of(ice, &local);
    ice->locals[at] = local;
    return at;
}

static void add_gather(struct ice *ice, uint8_t local, uint8_t server)
{
    if (ice->config.is_relay_only || ice->config.is_lite ||
        !ice_pair_is_sensible(&ice->locals[local].addr, &ice->servers[server])) {
        return;
    }
    if (ice->gather_count == ICE_GATHERS_MAX) {
        ice->stats.drops[ICE_DROP_LIMIT]++;
        return;
    }
    ice->gathers[ice->gather_count++] = (struct ice_gather){.local = local, .server = server};
}

// An address that others can send to, and that says through which interface where it has to.
static bool is_bindable(const struct yodel_addr *addr)
{
    bool lacks_scope =
        addr->family == YODEL_ADDR_V6 && addr_is_link_local(addr) && addr->scope_id == 0;

    return addr->family != YODEL_ADDR_NONE && addr->port != 0 && !addr_is_any(addr) &&
           !addr_is_multicast(addr) && !lacks_scope;
}

static size_t count_of_tcp(const struct ice *ice, enum ice_tcp_type tcp_type)
{
    size_t count = 0;

    for (size_t i = 0; i < ICE_LOCALS_MAX; i++) {
        count += ice->locals[i].is_used && ice->locals[i].tcp_type == tcp_type;
    }
    return count;
}

// A candidate over TCP of the host's; an active one has the port that stands for any.
static bool add_tcp(
    struct ice *ice, const struct yodel_addr *addr, enum ice_tcp_type tcp_type, uint16_t preference)
{
    struct ice_local local = {.type = ICE_HOST,
        .tcp_type = tcp_type,
        .addr = *addr,
        .base = *addr,
        .preference = preference};

    // What is not relayed is told to nobody, and used for nothing, where relays alone may be.
    if (!ice->config.has_tcp || ice->config.is_relay_only ||
        count_of_tcp(ice, tcp_type) == ICE_LOCALS_TCP_MAX ||
        ice_local_find_base(ice, YODEL_TCP, addr) != ICE_NONE) {
        return false;
    }
    uint8_t at = add(ice, local, free_slot(ice));
    if (at != ICE_NONE) {
        ice_pair_form_local(ice, at);
    }
    return at != ICE_NONE;
}

static void add_active(struct ice *ice, const struct yodel_addr *base, uint16_t preference)
{
    struct yodel_addr addr = *base;

    addr.port = ICE_ACTIVE_PORT; // RFC 6544 §4.5.
    if (!ice->config.is_lite) {  // §5.2: who is lite is connected to.
        (void)add_tcp(ice, &addr, ICE_TCP_ACTIVE, preference);
    }
}

// As good as the interface that it belongs to.
static uint16_t preference_of(const struct ice *ice, const struct yodel_addr *ip)
{
    for (size_t i = 0; i < ICE_LOCALS_MAX; i++) {
        if (ice_local_is_udp_host(&ice->locals[i]) && addr_same_ip(&ice->locals[i].addr, ip)) {
            return ice->locals[i].preference;
        }
    }
    return 0;
}

bool ice_local_add_passive(struct ice *ice, const struct yodel_addr *listening)
{
    return is_bindable(listening) && listening->port != ICE_ACTIVE_PORT &&
           add_tcp(ice, listening, ICE_TCP_PASSIVE, preference_of(ice, listening));
}

bool ice_local_add_host(struct ice *ice, const struct yodel_addr *base, uint16_t preference)
{
    if (!is_bindable(base) || ice_local_find_base(ice, YODEL_UDP, base) != ICE_NONE) {
        return false;
    }
    struct ice_local local = {.type = ICE_HOST,
        .addr = *base,
        .base = *base,
        .preference = preference,
        .is_announced = ice->config.is_relay_only};
    uint8_t at = add(ice, local, free_slot(ice));
    if (at == ICE_NONE) {
        return false;
    }
    for (uint8_t server = 0; server < ice->server_count; server++) {
        add_gather(ice, at, server);
    }
    ice_relay_add_base(ice, at);
    ice_pair_form_local(ice, at);
    add_active(ice, base, preference);
    return true;
}

// §5.1.3: the same address of the same base is the same candidate, whoever told of it.
static uint8_t find_known(
    const struct ice *ice, const struct yodel_addr *base, const struct yodel_addr *addr)
{
    for (uint8_t i = 0; i < ICE_LOCALS_MAX; i++) {
        const struct ice_local *local = &ice->locals[i];
        if (local->is_used && local->tcp_type == ICE_TCP_NONE && addr_equal(&local->base, base) &&
            local->addr.port == addr->port &&
            memcmp(local->addr.ip, addr->ip, sizeof addr->ip) == 0) {
            return i;
        }
    }
    return ICE_NONE;
}

uint8_t ice_local_add_reflexive(struct ice *ice, enum ice_type type, uint8_t base,
    const struct yodel_addr *addr, const struct yodel_addr *server)
{
    const struct ice_local *host = &ice->locals[base];
    struct ice_local local = {
        .type = type, .addr = *addr, .base = host->addr, .preference = host->preference};
    uint8_t at = find_known(ice, &host->addr, addr);

    if (server) {
        local.server = *server;
    }
    // §7.2.5.3.1: a peer-reflexive candidate is for us alone, until a server tells of it too.
    local.is_announced = type == ICE_PRFLX || ice->config.is_relay_only;
    if (at != ICE_NONE && (type == ICE_PRFLX || ice->locals[at].type != ICE_PRFLX)) {
        return at;
    }
    return add(ice, local, at == ICE_NONE ? free_slot(ice) : at);
}

void ice_local_add_mapped(
    struct ice *ice, uint8_t base, const struct yodel_addr *mapped, const struct yodel_addr *server)
{
    const struct yodel_addr *host = &ice->locals[base].addr;

    // An IPv6 base is seen by an IPv4 address where NAT64 is between (RFC 6146).
    bool is_family_odd = mapped->family == YODEL_ADDR_V6 && host->family == YODEL_ADDR_V4;

    // A server that lies could point the peer's checks anywhere; to ourselves at least it does not.
    if (is_family_odd || mapped->port == 0 || addr_is_any(mapped) || addr_is_multicast(mapped) ||
        (addr_is_loopback(mapped) && !addr_is_loopback(host))) {
        ice->stats.drops[ICE_DROP_CANDIDATE]++;
        return;
    }
    (void)ice_local_add_reflexive(ice, ICE_SRFLX, base, mapped, server);
}

// Relays over UDP before those over TCP, and those before TLS, whatever the interface; the type
// preference of 0 (RFC 8445 §5.1.2.2) leaves no room above this.
static uint16_t relay_preference(uint16_t host, enum yodel_transport transport)
{
    static const uint16_t ranks[] = {2u << 14, 1u << 14, 0};

    return (uint16_t)(ranks[transport] | host >> 2);
}

static struct yodel_addr related_to(
    const struct ice *ice, const struct yodel_addr *relayed, const struct yodel_addr *mapped)
{
    if (ice->config.is_relay_only || mapped->family != relayed->family) {
        return ice_candidate_hidden(relayed->family);
    }
    return *mapped;
}

void ice_local_add_relayed(struct ice *ice, uint8_t relay, const struct yodel_addr *relayed,
    const struct yodel_addr *mapped)
{
    const struct ice_relay *through = ice->relays[relay];
    struct ice_local local = {.type = ICE_RELAY,
        .addr = *relayed,
        .base = *relayed, // §5.1.1.2.
        .server = through->client.path.remote,
        .related = related_to(ice, relayed, mapped),
        .relay = relay,
        .preference = relay_preference(
            ice->locals[through->local].preference, through->client.path.transport)};

    if (ice_local_find_base(ice, YODEL_UDP, relayed) != ICE_NONE) {
        ice->stats.drops[ICE_DROP_CANDIDATE]++; // A server that gives an address twice lies.
        return;
    }
    uint8_t at = add(ice, local, free_slot(ice));
    if (at != ICE_NONE) {
        ice_pair_form_local(ice, at);
    }
}

void ice_local_add_server(struct ice *ice, const struct yodel_addr *server)
{
    if (ice->server_count == ICE_SERVERS_MAX || !is_bindable(server)) {
        ice->stats.drops[ICE_DROP_LIMIT]++;
        return;
    }
    ice->servers[ice->server_count++] = *server;
    for (uint8_t i = 0; i < ICE_LOCALS_MAX; i++) {
        if (ice_local_is_udp_host(&ice->locals[i])) {
            add_gather(ice, i, (uint8_t)(ice->server_count - 1));
        }
    }
}

static void remove_gathers(struct ice *ice, uint8_t local)
{
    uint8_t kept = 0;

    for (uint8_t i = 0; i < ice->gather_count; i++) {
        if (ice->gathers[i].local != local) {
            ice->gathers[kept++] = ice->gathers[i];
        }
    }
    ice->gather_count = kept;
}

void ice_local_remove(struct ice *ice, uint8_t at)
{
    enum ice_tcp_type tcp_type = ice->locals[at].tcp_type;
    enum yodel_transport transport = ice_local_transport(&ice->locals[at]);
    struct yodel_addr base = ice->locals[at].addr;

    if (ice->selected.is_used && ice->selected.path.transport == transport &&
        addr_equal(&ice->selected.path.local, &base)) {
        ice->selected = (struct ice_selected){.pair = ICE_NONE};
        ice->checking_since = YODEL_NEVER; // Patience begins anew.
    }
    for (uint8_t i = 0; i < ice->pair_end; i++) {
        if (ice->pairs[i].is_used && ice->pairs[i].local == at) {
            ice_pair_remove(ice, i);
        }
    }
    for (uint8_t i = 0; i < ICE_LOCALS_MAX; i++) {
        if (ice->locals[i].is_used && ice->locals[i].tcp_type == tcp_type &&
            addr_equal(&ice->locals[i].base, &base)) {
            ice->locals[i] = (struct ice_local){0};
        }
    }
    remove_gathers(ice, at);
}

// Nothing is opened from an address that is gone.
static void remove_active(struct ice *ice, const struct yodel_addr *ip)
{
    struct yodel_addr addr = *ip;

    addr.port = ICE_ACTIVE_PORT;
    uint8_t at = ice_local_find_base(ice, YODEL_TCP, &addr);
    for (size_t i = 0; i < ICE_LOCALS_MAX; i++) {
        if (ice_local_is_udp_host(&ice->locals[i]) && addr_same_ip(&ice->locals[i].addr, ip)) {
            return;
        }
    }
    if (at != ICE_NONE) {
        ice_local_remove(ice, at);
    }
}

void ice_local_remove_host(struct ice *ice, const struct yodel_addr *base)
{
    uint8_t udp = ice_local_find_base(ice, YODEL_UDP, base);
    uint8_t tcp = ice_local_find_base(ice, YODEL_TCP, base);

    if (udp != ICE_NONE) {
        ice_relay_remove_base(ice, udp);
        ice_local_remove(ice, udp);
        remove_active(ice, base);
    }
    if (tcp != ICE_NONE) {
        ice_local_remove(ice, tcp);
    }
}

void ice_local_restart(struct ice *ice)
{
    for (size_t i = 0; i < ICE_LOCALS_MAX; i++) {
        struct ice_local *local = &ice->locals[i];
        if (ice_local_is_base(local)) {
            local->is_announced = local->type == ICE_HOST && ice->config.is_relay_only;
        } else {
            *local = (struct ice_local){0};
        }
    }
    for (uint8_t i = 0; i < ice->gather_count; i++) {
        struct ice_gather *gather = &ice->gathers[i];
        *gather = (struct ice_gather){.local = gather->local, .server = gather->server};
    }
}

struct ice_gather *ice_local_find_gather(struct ice *ice, const struct stun_msg *msg)
{
    for (uint8_t i = 0; i < ice->gather_count; i++) {
        if (stun_txn_matches(&ice->gathers[i].txn, msg)) {
            return &ice->gathers[i];
        }
    }
    return NULL;
}

static void finish(struct ice_gather *gather, bool is_silent, yodel_time now)
{
    gather->is_answered = true;
    gather->is_silent = is_silent;
    gather->finished_at = now;
}

void ice_local_answered(
    struct ice *ice, struct ice_gather *gather, const struct stun_msg *msg, yodel_time now)
{
    struct yodel_addr mapped;

    if (!stun_txn_recv(&gather->txn, msg)) {
        ice->stats.drops[ICE_DROP_TRANSACTION]++;
        return;
    }
    finish(gather, false, now);
    if (stun_msg_class(msg) != STUN_SUCCESS ||
        (!stun_attr_read_addr(msg, STUN_XOR_MAPPED_ADDRESS, &mapped) &&
            !stun_attr_read_addr(msg, STUN_MAPPED_ADDRESS, &mapped))) {
        return;
    }
    mapped = addr_unmap(&mapped);
    ice_local_add_mapped(ice, gather->local, &mapped, &ice->servers[gather->server]);
}

void ice_local_run(struct ice *ice, yodel_time now)
{
    for (uint8_t i = 0; i < ice->gather_count; i++) {
        struct ice_gather *gather = &ice->gathers[i];

        stun_txn_tick(&gather->txn, now);
        if (gather->txn.state == STUN_TXN_TIMED_OUT) {
            finish(gather, true, now);
            gather->txn.state = STUN_TXN_IDLE;
        }
    }
}

bool ice_local_is_gathered(const struct ice *ice)
{
    for (uint8_t i = 0; i < ice->gather_count; i++) {
        if (!ice->gathers[i].is_answered) {
            return false;
        }
    }
    return ice->has_ended_local && ice_relay_is_gathered(ice);
}

// §5.1.1.4: what a NAT remembers of us must last until a pair is selected; checks do it then.
static bool needs_keep_alive(const struct ice *ice, const struct ice_gather *gather)
{
    return gather->is_answered && gather->txn.state != STUN_TXN_WAITING && !ice->selected.is_used &&
           !ice->is_failed;
}

// The network may have been away, and may come back.
static yodel_time again_at(const struct ice *ice, const struct ice_gather *gather)
{
    bool is_missed = gather->is_silent && ice_is_seeking(ice);

    return time_after(gather->finished_at, is_missed ? ASK_AGAIN : KEEP_ALIVE);
}

static bool is_to_start(const struct ice *ice, const struct ice_gather *gather, yodel_time now)
{
    return !gather->is_started || (needs_keep_alive(ice, gather) && now >= again_at(ice, gather));
}

struct ice_gather *ice_local_due(struct ice *ice, bool may_start, yodel_time now)
{
    for (uint8_t i = 0; i < ice->gather_count; i++) {
        struct ice_gather *gather = &ice->gathers[i];

        if (may_start && is_to_start(ice, gather, now)) {
            gather->is_started = true;
            stun_txn_start(&gather->txn, ice->env, &gather_schedule, now);
        } else if (gather->txn.sent == 0) {
            continue;
        }
        if (stun_txn_emit(&gather->txn, now)) {
            return gather;
        }
    }
    return NULL;
}

bool ice_local_has_unstarted(const struct ice *ice)
{
    for (uint8_t i = 0; i < ice->gather_count; i++) {
        if (!ice->gathers[i].is_started) {
            return true;
        }
    }
    return false;
}

yodel_time ice_local_next_timeout(const struct ice *ice)
{
    yodel_time earliest = YODEL_NEVER;

    for (uint8_t i = 0; i < ice->gather_count; i++) {
        const struct ice_gather *gather = &ice->gathers[i];

        earliest = time_min(earliest, stun_txn_next_timeout(&gather->txn));
        if (needs_keep_alive(ice, gather)) {
            yodel_time again = again_at(ice, gather);
            earliest = time_min(earliest, again > ice->pace_at ? again : ice->pace_at);
        }
    }
    return earliest;
}

struct ice_candidate ice_local_candidate(const struct ice *ice, const struct ice_local *local)
{
    struct ice_candidate candidate = {
        .component = 1,
        .transport = ice_local_transport(local),
        .priority = local->priority,
        .addr = local->addr,
        .type = local->type,
        .tcp_type = local->tcp_type,
    };

    (void)snprintf(candidate.foundation, sizeof candidate.foundation, "%u", local->foundation);
    (void)snprintf(candidate.ufrag, sizeof candidate.ufrag, "%s", ice->local.ufrag);
    if (local->type == ICE_RELAY) {
        candidate.related = local->related;
    } else if (local->type != ICE_HOST) {
        candidate.related = local->base;
    }
    candidate.addr.scope_id = 0;
    candidate.related.scope_id = 0;
    return candidate;
}
