// Remote candidates: judged, remembered, and forgotten.
//
// Implements  RFC 8838 §11, RFC 8445 §7.3.1.3, §7.2.5.3.1, RFC 6544 §6.2

#include "ice/remote.h"

#include <stdio.h>
#include <strings.h>

#include "ice/ice.h"

// FNV-1a; for telling texts apart, not against anybody.
static uint32_t hash_text(const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text; text++) {
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    }
    return hash ? hash : 1;
}

static bool is_sendable(const struct yodel_addr *addr)
{
    return addr->family != YODEL_ADDR_NONE && addr->port != 0 && !addr_is_any(addr) &&
           !addr_is_multicast(addr);
}

static bool is_of(const struct ice_remote *remote, enum yodel_transport transport)
{
    return remote->is_used && ice_candidate_transport(remote->tcp_type) == transport;
}

uint8_t ice_remote_find(
    const struct ice *ice, enum yodel_transport transport, const struct yodel_addr *addr)
{
    struct yodel_addr plain = *addr;

    plain.scope_id = 0;
    for (uint8_t i = 0; i < ICE_REMOTES_MAX; i++) {
        if (is_of(&ice->remotes[i], transport) && addr_equal(&ice->remotes[i].addr, &plain)) {
            return i;
        }
    }
    return ICE_NONE;
}

static uint8_t free_slot(const struct ice *ice)
{
    for (uint8_t i = 0; i < ICE_REMOTES_MAX; i++) {
        if (!ice->remotes[i].is_used) {
            return i;
        }
    }
    return ICE_NONE;
}

void ice_remote_remove(struct ice *ice, uint8_t index)
{
    ice_pair_remove_remote(ice, index);
    ice->remotes[index] = (struct ice_remote){0};
}

static void add_address(struct ice *ice, struct ice_remote remote)
{
    remote.addr = addr_unmap(&remote.addr);
    remote.addr.scope_id = 0;
    if (!is_sendable(&remote.addr)) {
        ice->stats.drops[ICE_DROP_CANDIDATE]++;
        return;
    }
    enum yodel_transport transport = ice_candidate_transport(remote.tcp_type);
    uint8_t at = ice_remote_find(ice, transport, &remote.addr);
    if (at != ICE_NONE) {
        // A check from there came first: now we know what the peer calls it.
        if (ice->remotes[at].type == ICE_PRFLX && remote.tcp_type == ICE_TCP_NONE) {
            remote.heard_at = ice->remotes[at].heard_at;
            ice->remotes[at] = remote;
            ice_pair_update_priorities(ice);
        }
        return;
    }
    at = free_slot(ice);
    if (at == ICE_NONE) {
        ice->stats.drops[ICE_DROP_LIMIT]++;
        return;
    }
    ice->remotes[at] = remote;
    ice_pair_form_remote(ice, at);
}

static void add_name(struct ice *ice, const char *name, const struct ice_remote *remote)
{
    for (size_t i = 0; i < ICE_NAMES_MAX; i++) {
        struct ice_name *slot = &ice->names[i];
        if (!slot->is_used) {
            *slot = (struct ice_name){.is_used = true, .remote = *remote};
            (void)snprintf(slot->name, sizeof slot->name, "%s", name);
            return;
        }
        if (strcasecmp(slot->name, name) == 0 && slot->remote.addr.port == remote->addr.port &&
            slot->remote.tcp_type == remote->tcp_type) {
            return;
        }
    }
    ice->stats.drops[ICE_DROP_LIMIT]++;
}

// The peer chooses whom we connect to, and what listens on a well-known port is not a peer: mail, for
// instance, takes commands from whoever comes. Browsers have the same rule.
static bool is_connectable(uint16_t port)
{
    return port >= 1024 || port == 80 || port == 443;
}

// Who opens streams comes by itself, from a port that nobody can tell before. Simultaneous open has no
// use left, where one side at least can listen, and no browser offers it.
static bool is_pairable(const struct ice *ice, const struct ice_candidate *candidate)
{
    if (candidate->transport == YODEL_UDP) {
        return true;
    }
    return ice->config.has_tcp && candidate->tcp_type == ICE_TCP_PASSIVE &&
           is_connectable(candidate->addr.port);
}

void ice_remote_add(struct ice *ice, const struct ice_candidate *candidate)
{
    bool is_other_generation =
        candidate->ufrag[0] && ice->has_remote && strcmp(candidate->ufrag, ice->remote.ufrag) != 0;

    if (candidate->component != 1 || !is_pairable(ice, candidate) || is_other_generation) {
        ice->stats.drops[ICE_DROP_CANDIDATE]++;
        return;
    }
    struct ice_remote remote = {
        .is_used = true,
        .type = candidate->type,
        .tcp_type = candidate->tcp_type,
        .addr = candidate->addr,
        .priority = candidate->priority,
        .foundation = hash_text(candidate->foundation),
        .ufrag = candidate->ufrag[0] ? hash_text(candidate->ufrag) : 0,
    };
    if (candidate->name[0]) {
        add_name(ice, candidate->name, &remote);
    } else {
        add_address(ice, remote);
    }
}

// A name of the DNS is the peer's to choose, and so is what it resolves to: never our own host nor
// its link. Names of multicast DNS resolve on this link alone, which is what they are for.
static bool is_allowed(const char *name, const struct yodel_addr *addr)
{
    struct yodel_addr plain = addr_unmap(addr);

    return ice_candidate_is_local_name(name) ||
           (!addr_is_loopback(&plain) && !addr_is_link_local(&plain) && !addr_is_any(&plain));
}

void ice_remote_resolved(struct ice *ice, const char *name, const struct yodel_addr *addr)
{
    for (size_t i = 0; i < ICE_NAMES_MAX; i++) {
        struct ice_name *slot = &ice->names[i];

        if (!slot->is_used || strcasecmp(slot->name, name) != 0) {
            continue;
        }
        struct ice_remote remote = slot->remote;
        bool is_good = addr && is_allowed(slot->name, addr);
        *slot = (struct ice_name){0};
        if (!is_good) {
            ice->stats.drops[ICE_DROP_CANDIDATE]++;
            continue;
        }
        uint16_t port = remote.addr.port;
        remote.addr = *addr;
        remote.addr.port = port;
        add_address(ice, remote);
    }
}

static bool is_pair_precious(const struct ice *ice, uint8_t remote)
{
    uint8_t pair = ice->selected.is_used ? ice->selected.pair : ICE_NONE;

    return pair != ICE_NONE && ice->pairs[pair].remote == remote;
}

// The peer-reflexive candidate unheard the longest, once there are too many of them; else ICE_NONE.
static uint8_t oldest_reflexive(const struct ice *ice)
{
    uint8_t oldest = ICE_NONE;
    size_t count = 0;

    for (uint8_t i = 0; i < ICE_REMOTES_MAX; i++) {
        const struct ice_remote *remote = &ice->remotes[i];
        if (!remote->is_used || remote->type != ICE_PRFLX) {
            continue;
        }
        count++;
        if (!is_pair_precious(ice, i) &&
            (oldest == ICE_NONE || remote->heard_at < ice->remotes[oldest].heard_at)) {
            oldest = i;
        }
    }
    return count < ICE_PRFLX_MAX ? ICE_NONE : oldest;
}

uint8_t ice_remote_add_reflexive(
    struct ice *ice, const struct yodel_path *path, uint32_t priority, yodel_time now)
{
    uint8_t oldest = oldest_reflexive(ice);

    if (oldest != ICE_NONE) {
        ice_remote_remove(ice, oldest);
        ice->stats.drops[ICE_DROP_LIMIT]++;
    }
    uint8_t at = free_slot(ice);
    if (at == ICE_NONE) {
        ice->stats.drops[ICE_DROP_LIMIT]++;
        return ICE_NONE;
    }
    // §7.3.1.3: a foundation unlike all others.
    ice->remotes[at] = (struct ice_remote){.is_used = true,
        .type = ICE_PRFLX,
        .tcp_type = path->transport == YODEL_UDP ? ICE_TCP_NONE : ICE_TCP_ACTIVE,
        .addr = path->remote,
        .priority = priority,
        .foundation = (uint32_t)at << 24 | path->remote.port,
        .heard_at = now};
    ice->remotes[at].addr.scope_id = 0;
    return at;
}

void ice_remote_keep(struct ice *ice, const char *ufrag, bool only_named)
{
    uint32_t hash = hash_text(ufrag);

    for (uint8_t i = 0; i < ICE_REMOTES_MAX; i++) {
        const struct ice_remote *remote = &ice->remotes[i];
        bool is_unsaid = remote->ufrag == 0 && !only_named;
        if (remote->is_used && remote->ufrag != hash && !is_unsaid) {
            ice_remote_remove(ice, i);
        }
    }
    for (size_t i = 0; i < ICE_NAMES_MAX; i++) {
        uint32_t said = ice->names[i].remote.ufrag;
        if (ice->names[i].is_used && said != hash && (said != 0 || only_named)) {
            ice->names[i] = (struct ice_name){0};
        }
    }
}

void ice_remote_clear(struct ice *ice)
{
    for (uint8_t i = 0; i < ICE_REMOTES_MAX; i++) {
        if (ice->remotes[i].is_used) {
            ice_remote_remove(ice, i);
        }
    }
    memset(ice->names, 0, sizeof ice->names);
}

const char *ice_remote_next_name(struct ice *ice)
{
    for (size_t i = 0; i < ICE_NAMES_MAX; i++) {
        struct ice_name *slot = &ice->names[i];

        if (!slot->is_used || slot->is_asked) {
            continue;
        }
        for (size_t j = i; j < ICE_NAMES_MAX; j++) {
            if (ice->names[j].is_used && strcasecmp(ice->names[j].name, slot->name) == 0) {
                ice->names[j].is_asked = true;
            }
        }
        return slot->name;
    }
    return NULL;
}
