// A small world for tests of the agent: sending, delivering, and the jumps of time.

#include "ice/world.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "stun/server.h"

static uint64_t next_random(struct ice_world *world)
{
    // splitmix64.
    uint64_t z = (world->seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void fill_random(void *ctx, struct span out)
{
    struct ice_world *world = ctx;

    for (size_t i = 0; i < out.len; i++) {
        out.ptr[i] = (uint8_t)next_random(world);
    }
}

struct yodel_addr ice_world_addr(const char *text)
{
    struct yodel_addr addr = {0};

    YODEL_ASSERT(addr_parse(&addr, bytes_of_text(text)) == YODEL_OK);
    return addr;
}

void ice_world_init(struct ice_world *world, uint64_t seed)
{
    *world = (struct ice_world){.seed = seed, .delay = YODEL_MS(10), .now = YODEL_SECONDS(1)};
    world->env = (struct env){.alloc = alloc_system(), .random = fill_random, .ctx = world};
    for (size_t i = 0; i < 2; i++) {
        struct ice_config config = {.is_controlling = i == 0};
        ice_init(&world->agents[i].ice, &world->env, &config);
    }
}

void ice_world_signal(struct ice_world *world)
{
    for (size_t i = 0; i < 2; i++) {
        const struct ice *other = &world->agents[1 - i].ice;
        YODEL_ASSERT(ice_set_remote_credentials(&world->agents[i].ice, ice_local_ufrag(other),
                         ice_local_pwd(other)) == YODEL_OK);
    }
}

void ice_world_add_local(struct ice_world *world, size_t agent, const char *addr)
{
    struct yodel_addr base = ice_world_addr(addr);

    if (addr_is_link_local(&base)) {
        base.scope_id = 2;
    }
    ice_add_local(&world->agents[agent].ice, &base, 65535);
}

void ice_world_listen(struct ice_world *world, size_t agent, const char *addr)
{
    struct yodel_addr listening = ice_world_addr(addr);

    ice_add_local_tcp(&world->agents[agent].ice, &listening);
}

void ice_world_add_nat(struct ice_world *world, const char *inside, const char *outside)
{
    YODEL_ASSERT(world->nat_count < ICE_WORLD_NATS_MAX);
    world->nats[world->nat_count++] = (struct ice_world_nat){
        .inside = ice_world_addr(inside), .outside = ice_world_addr(outside)};
}

static size_t index_of(const struct ice_world_nat *nat, const struct yodel_addr *addr)
{
    size_t i = 0;

    while (i < nat->sent_count && !addr_equal(&nat->sent_to[i], addr)) {
        i++;
    }
    return i;
}

// Going out: the source becomes what the NAT makes of it.
static void translate_source(
    struct ice_world *world, struct yodel_addr *source, const struct yodel_addr *target)
{
    for (size_t i = 0; i < world->nat_count; i++) {
        struct ice_world_nat *nat = &world->nats[i];
        if (!addr_equal(&nat->inside, source)) {
            continue;
        }
        size_t at = index_of(nat, target);
        if (at == nat->sent_count && at < ICE_WORLD_SENT_MAX) {
            nat->sent_to[nat->sent_count++] = *target;
        }
        *source = nat->outside;
        source->port = (uint16_t)(source->port + (nat->is_symmetric ? at : 0));
        return;
    }
}

// Coming in: the target becomes the inside; false: nobody is reached.
static bool translate_target(
    const struct ice_world *world, const struct yodel_addr *source, struct yodel_addr *target)
{
    for (size_t i = 0; i < world->nat_count; i++) {
        const struct ice_world_nat *nat = &world->nats[i];
        if (addr_equal(&nat->inside, target)) {
            return false; // A private address, from outside.
        }
        if (!addr_same_ip(&nat->outside, target)) {
            continue;
        }
        size_t at = index_of(nat, source);
        size_t port = nat->outside.port + (nat->is_symmetric ? at : 0);
        if (port == target->port && (at < nat->sent_count || !nat->is_strict)) {
            *target = nat->inside;
            return true;
        }
    }
    return true;
}

static void launch(struct ice_world *world, const struct yodel_path *path, struct bytes datagram)
{
    for (size_t i = 0; i < ICE_WORLD_FLIGHTS_MAX; i++) {
        struct ice_world_flight *flight = &world->flights[i];
        if (!flight->is_used && datagram.len <= sizeof flight->datagram) {
            *flight = (struct ice_world_flight){.is_used = true,
                .at = world->now + world->delay,
                .path = *path,
                .len = datagram.len};
            memcpy(flight->datagram, datagram.ptr, datagram.len);
            return;
        }
    }
}

void ice_world_inject(struct ice_world *world, const struct yodel_path *path, struct bytes datagram)
{
    struct yodel_addr source = path->local, target = path->remote;

    if (addr_equal(&source, &world->black) || addr_equal(&target, &world->black)) {
        return;
    }
    translate_source(world, &source, &target);
    if (!translate_target(world, &source, &target)) {
        return;
    }
    launch(world, &(struct yodel_path){.local = target, .remote = source}, datagram);
}

static bool is_lost(struct ice_world *world, size_t from, struct bytes datagram)
{
    size_t number = world->sent_count++;
    bool is_masked = number < 64 && (world->loss_mask >> number & 1) != 0;
    bool is_drawn = world->loss_percent > 0 && next_random(world) % 100 < world->loss_percent;

    return is_masked || is_drawn || world->is_down[from] ||
           (world->tap && !world->tap(world, from, datagram));
}

static void take(struct ice_world *world, struct ice *ice, struct ice_world_flight *flight)
{
    struct span datagram = span_of(flight->datagram, flight->len);
    struct yodel_path path = flight->path;

    if (ice_unwrap(ice, &path, &datagram, world->now)) {
        ice_recv(ice, &path, bytes_of_span(datagram), world->now);
    }
}

// What comes along a stream that has ended meanwhile is lost with it.
static void deliver_stream(struct ice_world *world, struct ice_world_flight *flight)
{
    struct yodel_path other;

    for (size_t i = 0; i < 2; i++) {
        if (ice_world_other_end(world, i, &flight->path, &other)) {
            take(world, &world->agents[i].ice, flight);
            return;
        }
    }
}

static void deliver(struct ice_world *world, struct ice_world_flight *flight)
{
    struct bytes datagram = bytes_of(flight->datagram, flight->len);

    flight->is_used = false;
    if (flight->path.transport == YODEL_TCP) {
        deliver_stream(world, flight);
        return;
    }
    if (addr_equal(&flight->path.local, &world->server)) {
        uint8_t room[STUN_SERVER_ANSWER_MAX];
        size_t len = stun_server_answer(datagram, &flight->path.remote, span_of(room, sizeof room));
        if (len > 0) {
            ice_world_inject(world, &flight->path, bytes_of(room, len));
        }
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        if (world->turns[i] && turn_element_owns(world->turns[i], &flight->path.local)) {
            turn_element_recv(world->turns[i], &flight->path, datagram, world->now);
            return;
        }
    }
    for (size_t i = 0; i < 2; i++) {
        struct ice *ice = &world->agents[i].ice;
        uint8_t base = ice_local_find_base(ice, YODEL_UDP, &flight->path.local);
        if (base != ICE_NONE && ice->locals[base].type == ICE_HOST) {
            take(world, ice, flight);
        }
    }
}

static void note_event(struct ice_world *world, size_t at, const struct ice_event *event)
{
    struct ice_world_agent *agent = &world->agents[at];

    switch (event->type) {
    case ICE_EVENT_LOCAL_CANDIDATE:
        agent->candidates[agent->candidate_count++ % ICE_LOCALS_MAX] = event->candidate;
        if (!agent->is_quiet) {
            ice_add_remote(&world->agents[1 - at].ice, &event->candidate);
        }
        break;
    case ICE_EVENT_GATHERING_STATE:
        agent->gathering = event->gathering;
        if (event->gathering == ICE_GATHERING_COMPLETE && !agent->is_quiet) {
            ice_end_remote(&world->agents[1 - at].ice);
        }
        break;
    case ICE_EVENT_SELECTED:
        agent->selected = event->path;
        agent->selected_count++;
        break;
    case ICE_EVENT_STATE:
        agent->states[agent->state_count++ % ICE_WORLD_STATES_MAX] = event->state;
        break;
    case ICE_EVENT_CONNECT:
        ice_world_connect(world, at, event);
        break;
    case ICE_EVENT_DISCONNECT:
        ice_world_disconnect(world, at, &event->path);
        break;
    case ICE_EVENT_RESOLVE:
        agent->resolve_count++;
        (void)snprintf(agent->resolve, sizeof agent->resolve, "%s", event->name);
        break;
    }
}

static void send(struct ice_world *world, size_t at, struct yodel_path path, struct bytes datagram)
{
    struct yodel_path other;

    path.local.scope_id = 0;
    path.remote.scope_id = 0;
    if (path.transport == YODEL_TCP) {
        if (ice_world_other_end(world, at, &path, &other)) {
            launch(world, &other, datagram);
        }
    } else if (!is_lost(world, at, datagram) && !world->is_udp_lost) {
        ice_world_inject(world, &path, datagram);
    }
}

// Everything that the agent has to say, and then nothing more until later.
static bool drain(struct ice_world *world, size_t at)
{
    struct ice *ice = &world->agents[at].ice;
    uint8_t room[ICE_DATAGRAM_MAX];
    struct ice_event event;
    struct yodel_path path;
    bool did_anything = false;
    size_t len;

    while ((len = ice_emit(ice, span_of(room, sizeof room), &path, world->now)) > 0) {
        did_anything = true;
        send(world, at, path, bytes_of(room, len));
    }
    while (ice_next_event(ice, &event)) {
        did_anything = true;
        note_event(world, at, &event);
    }
    return did_anything;
}

static yodel_time next_time(const struct ice_world *world)
{
    yodel_time next = ice_world_next_opening(world);

    for (size_t i = 0; i < 2; i++) {
        yodel_time timeout = ice_next_timeout(&world->agents[i].ice);
        YODEL_ASSERT(timeout > world->now); // Drained: no busy loop can hide.
        next = time_min(next, timeout);
    }
    for (size_t i = 0; i < 2; i++) {
        next = world->turns[i] ? time_min(next, turn_element_next_timeout(world->turns[i])) : next;
    }
    for (size_t i = 0; i < ICE_WORLD_FLIGHTS_MAX; i++) {
        if (world->flights[i].is_used) {
            next = time_min(next, world->flights[i].at);
        }
    }
    return next;
}

void ice_world_run(
    struct ice_world *world, yodel_time until, bool (*is_done)(const struct ice_world *world))
{
    for (;;) {
        while (drain(world, 0) || drain(world, 1)) {
        }
        if (is_done && is_done(world)) {
            return;
        }
        yodel_time next = next_time(world);
        if (next > until) {
            world->now = until > world->now ? until : world->now;
            return;
        }
        world->now = next > world->now ? next : world->now;
        ice_world_open_due(world);
        for (size_t i = 0; i < 2; i++) {
            if (world->turns[i]) {
                turn_element_tick(world->turns[i], world->now);
            }
        }
        for (size_t i = 0; i < ICE_WORLD_FLIGHTS_MAX; i++) {
            if (world->flights[i].is_used && world->flights[i].at <= world->now) {
                deliver(world, &world->flights[i]);
            }
        }
    }
}

bool ice_world_both_selected(const struct ice_world *world)
{
    struct yodel_path path;

    return ice_selected(&world->agents[0].ice, &path) && ice_selected(&world->agents[1].ice, &path);
}

static bool is_nominated(const struct ice *ice)
{
    return ice->selected.is_used && ice->selected.pair != ICE_NONE &&
           ice->pairs[ice->selected.pair].is_nominated;
}

bool ice_world_both_nominated(const struct ice_world *world)
{
    return is_nominated(&world->agents[0].ice) && is_nominated(&world->agents[1].ice);
}
