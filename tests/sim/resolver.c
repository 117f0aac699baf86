// The simulator's names.
//
// Implements  RFC 6147 (DNS64), for sides that have IPv6 alone

#include "resolver.h"

#include <stdio.h>

#include "sim.h"

struct sim_name *resolver_add(struct sim *sim, const char *name, const struct yodel_addr *addr)
{
    SIM_CHECK(sim, sim->resolver.name_count < RESOLVER_NAMES_MAX);
    struct sim_name *added = &sim->resolver.names[sim->resolver.name_count++];
    *added = (struct sim_name){.name = name, .addr = *addr};
    return added;
}

static struct sim_name find(const struct sim *sim, const char *name)
{
    for (int i = 0; i < sim->resolver.name_count; i++) {
        if (strcmp(sim->resolver.names[i].name, name) == 0) {
            return sim->resolver.names[i];
        }
    }
    return (struct sim_name){0};
}

void resolver_ask(struct sim_side *side, const char *name)
{
    struct sim *sim = side->sim;
    struct sim_name found = find(sim, name);

    if (sim->network.is_cut) {
        found.addr.family = YODEL_ADDR_NONE;
        found.delay = RESOLVER_TIMEOUT;
    }

    for (size_t i = 0; i < RESOLVER_LOOKUPS_MAX; i++) {
        struct sim_lookup *lookup = &sim->resolver.lookups[i];

        if (!lookup->is_used) {
            *lookup = (struct sim_lookup){.is_used = true,
                .side = side->index,
                .at = sim->now + found.delay,
                .addr = found.addr};
            (void)snprintf(lookup->name, sizeof lookup->name, "%s", name);
            return;
        }
    }
    sim_fail(sim, "there is room for a look-up", __FILE__, __LINE__);
}

static void answer(struct sim *sim, struct sim_lookup *lookup)
{
    struct sim_lookup done = *lookup;
    struct sim_side *side = &sim->sides[lookup->side];
    bool is_there = done.addr.family != YODEL_ADDR_NONE;

    *lookup = (struct sim_lookup){0};
    if (is_there && side->is_v6_only) {
        nat_embed(&done.addr);
    }
    yodel_peer_resolved(side->peer, done.name, is_there ? &done.addr : NULL);
}

void resolver_deliver(struct sim *sim)
{
    for (size_t i = 0; i < RESOLVER_LOOKUPS_MAX; i++) {
        struct sim_lookup *lookup = &sim->resolver.lookups[i];

        if (lookup->is_used && lookup->at <= sim->now &&
            !sim_is_paused(&sim->sides[lookup->side])) {
            answer(sim, lookup);
        }
    }
}

yodel_time resolver_next_at(const struct sim *sim)
{
    yodel_time at = YODEL_NEVER;

    for (size_t i = 0; i < RESOLVER_LOOKUPS_MAX; i++) {
        const struct sim_lookup *lookup = &sim->resolver.lookups[i];

        if (lookup->is_used && !sim_is_paused(&sim->sides[lookup->side])) {
            at = time_min(at, lookup->at);
        }
    }
    return at;
}
