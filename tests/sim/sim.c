// The simulator.

#include "sim.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/addr.h"
#include "peer/peer.h"
#include "virtual_clock.h"

#define MEMORY_MAX (64u << 20) // Of one side, at any time.
#define EMITS_MAX 200000       // In one turn: more is an engine that never falls silent.
#define CONSENT_MAX YODEL_SECONDS(31)

void sim_fail(const struct sim *sim, const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: %s does not hold at %.6f s\n%s\n", file, line, what,
        (double)sim->now / 1e6, sim->again);
    abort();
}

// ---- memory that is counted

struct header {
    size_t len;
    size_t pad; // Keeps what follows aligned.
};

static void *resize(struct alloc *alloc, void *ptr, size_t len)
{
    struct sim_alloc *memory = CONTAINER_OF(alloc, struct sim_alloc, alloc);
    struct header *old = ptr ? (struct header *)ptr - 1 : NULL;
    size_t old_len = old ? old->len : 0;

    if (len == 0) {
        memory->in_use -= old_len;
        free(old);
        return NULL;
    }
    if (memory->fail_at != 0 && ++memory->count == memory->fail_at) {
        return NULL;
    }
    struct header *made = realloc(old, sizeof *made + len);
    made->len = len;
    memory->in_use += len - old_len;
    memory->most = memory->in_use > memory->most ? memory->in_use : memory->most;
    return made + 1;
}

static void random_bytes(void *ctx, struct span out)
{
    struct sim_side *side = ctx;

    for (size_t i = 0; i < out.len; i++) {
        out.ptr[i] = (uint8_t)prng_next(&side->sim->prng);
    }
}

// ---- making

void sim_init_empty(struct sim *sim, uint64_t seed)
{
    *sim = (struct sim){.seed = seed, .now = YODEL_SECONDS(1), .signal = {.delay = YODEL_MS(20)}};
    (void)snprintf(sim->again, sizeof sim->again, "make sim SEED=0x%llx", (unsigned long long)seed);
    prng_init(&sim->prng, seed);
    virtual_clock_seed(seed);
    virtual_clock_set(sim->now);
    network_init(&sim->network, &sim->prng);
    stream_init(sim);
    sim->network.quality.delay = YODEL_MS(10);
}

void sim_add_side(struct sim *sim, int index, const struct yodel_peer_config *config)
{
    struct sim_side *side = &sim->sides[index];

    side->sim = sim;
    side->index = index;
    side->is_polite = index == 1;
    side->memory.alloc.resize = resize;
    side->env = (struct env){
        .alloc = &side->memory.alloc, .random = random_bytes, .ctx = side, .log_level = LOG_ERROR};
    enum yodel_err err = peer_new(&side->env, config, &side->peer);
    SIM_CHECK(sim, err == YODEL_OK);
}

void sim_make_lite(struct sim *sim, int index)
{
    struct sim_side *side = &sim->sides[index];

    yodel_peer_free(side->peer);
    enum yodel_err err =
        peer_new(&side->env, &(struct yodel_peer_config){.ice_lite = true}, &side->peer);
    SIM_CHECK(sim, err == YODEL_OK);
}

struct sim_interface *sim_add_interface(
    struct sim *sim, int index, int realm, const struct yodel_addr *ip)
{
    struct sim_side *side = &sim->sides[index];

    SIM_CHECK(sim, side->interface_count < SIM_INTERFACES_MAX);
    struct sim_interface *interface = &side->interfaces[side->interface_count];
    *interface = (struct sim_interface){
        .is_up = true, .link = network_attach(&sim->network, realm, ip, index), .addr = *ip};
    interface->addr.port = (uint16_t)(40000 + 10 * side->interface_count + index);
    side->interface_count++;
    return interface;
}

void sim_init(struct sim *sim, uint64_t seed)
{
    sim_init_empty(sim, seed);
    for (int i = 0; i < 2; i++) {
        struct yodel_addr ip = addr_v4(10, 0, 0, (uint8_t)(i + 1), 0);

        sim_add_side(sim, i, NULL);
        (void)sim_add_interface(sim, i, NETWORK_INTERNET, &ip);
    }
}

void sim_deinit(struct sim *sim)
{
    for (int i = 0; i < 2; i++) {
        yodel_peer_free(sim->sides[i].peer);
        SIM_CHECK(sim, sim->sides[i].memory.in_use == 0);
    }
    server_deinit(sim);
    signal_deinit(&sim->signal);
    stream_deinit(sim);
    network_deinit(&sim->network);
}

// ---- interfaces

static void tell_interface(struct sim_side *side, const struct sim_interface *interface)
{
    if (interface->is_up && !interface->is_taken) {
        yodel_peer_add_local_address(side->peer, &interface->addr);
        if (interface->is_listening) {
            yodel_peer_add_local_tcp_address(side->peer, &interface->addr);
        }
    }
}

void sim_set_up(struct sim *sim, int side, int index, bool is_up)
{
    struct sim_interface *interface = &sim->sides[side].interfaces[index];

    SIM_CHECK(sim, interface->is_up != is_up);
    interface->is_up = is_up;
    struct network_link *link = &sim->network.links[interface->link];
    link->is_cut_in = link->is_cut_out = !is_up;
    if (sim->sides[side].has_gathered && is_up) {
        tell_interface(&sim->sides[side], interface);
    } else if (sim->sides[side].has_gathered) {
        yodel_peer_remove_local_address(sim->sides[side].peer, &interface->addr);
    }
}

static void gather(struct sim_side *side)
{
    side->has_gathered = true;
    for (int i = 0; i < side->interface_count; i++) {
        tell_interface(side, &side->interfaces[i]);
    }
    yodel_peer_end_local_addresses(side->peer);
}

const struct sim_interface *sim_find_interface(
    const struct sim_side *side, const struct yodel_addr *ip)
{
    for (int i = 0; i < side->interface_count; i++) {
        if (addr_same_ip(&side->interfaces[i].addr, ip)) {
            return &side->interfaces[i];
        }
    }
    return NULL;
}

const struct sim_interface *sim_find_address(
    const struct sim_side *side, const struct yodel_addr *addr)
{
    const struct sim_interface *interface = sim_find_interface(side, addr);

    return interface && interface->addr.port == addr->port ? interface : NULL;
}

// ---- events

// V9: a state is never told twice, nothing follows the last one, and who was connected is not new.
static void take_connection(struct sim_side *side)
{
    enum yodel_connection_state state = yodel_peer_connection_state(side->peer);

    SIM_CHECK(side->sim, state != side->connection);
    SIM_CHECK(side->sim, state != YODEL_CONNECTION_NEW || !side->has_connected);
    SIM_CHECK(side->sim, side->connection != YODEL_CONNECTION_CLOSED);
    side->connection = state;
    side->changes++;
    if (state == YODEL_CONNECTION_CONNECTED && !side->has_connected) {
        side->has_connected = true;
        side->connected_at = side->sim->now;
    }
}

// After the first offer, which is the scenario's.
static void negotiate(struct sim_side *side)
{
    struct yodel_description remote;

    if (side->sim->is_offering && yodel_peer_remote_description(side->peer, &remote)) {
        side->restarts++;
        sim_offer(side->sim, side->index);
    }
}

static void take_gathering(struct sim_side *side)
{
    if (yodel_peer_ice_gathering_state(side->peer) == YODEL_GATHERING_COMPLETE) {
        side->gathered_at = side->sim->now;
    }
}

static void take_event(struct sim_side *side, const struct yodel_event *event)
{
    switch (event->type) {
    case YODEL_EVENT_GATHER:
        gather(side);
        break;
    case YODEL_EVENT_RESOLVE:
        resolver_ask(side, event->name);
        break;
    case YODEL_EVENT_ICE_CANDIDATE:
        signal_candidate(side, &event->candidate);
        break;
    case YODEL_EVENT_ICE_GATHERING_STATE_CHANGE:
        take_gathering(side);
        break;
    case YODEL_EVENT_CONNECTION_STATE_CHANGE:
        take_connection(side);
        break;
    case YODEL_EVENT_CONNECT:
        stream_connect(side, event);
        break;
    case YODEL_EVENT_DISCONNECT:
        stream_disconnect(side, &event->stream.path);
        break;
    case YODEL_EVENT_NEGOTIATION_NEEDED:
        negotiate(side);
        break;
    case YODEL_EVENT_DATA_CHANNEL:
        flow_opened(side, event->channel);
        break;
    case YODEL_EVENT_CHANNEL_MESSAGE:
        flow_received(side->sim, event->channel, event->message.data, event->message.len);
        break;
    case YODEL_EVENT_CHANNEL_CLOSE:
        flow_closed(event->channel);
        break;
    case YODEL_EVENT_SIGNALING_STATE_CHANGE:
    case YODEL_EVENT_ICE_CONNECTION_STATE_CHANGE:
    case YODEL_EVENT_CHANNEL_OPEN:
    case YODEL_EVENT_CHANNEL_BUFFERED_AMOUNT_LOW:
    case YODEL_EVENT_CHANNEL_CLOSING:
    case YODEL_EVENT_CHANNEL_ERROR:
        break;
    case YODEL_EVENT_TRACK:
    case YODEL_EVENT_TRACK_MUTE:
    case YODEL_EVENT_TRANSCEIVER_STOPPED:
    case YODEL_EVENT_FRAME:
    case YODEL_EVENT_KEY_FRAME_NEEDED:
    case YODEL_EVENT_BITRATE:
        if (side->sim->on_media) {
            side->sim->on_media(side, event);
        }
        break;
    }
}

static void listen_to(struct sim_side *side)
{
    struct yodel_event event;

    while (!side->is_deaf && yodel_peer_next_event(side->peer, &event)) {
        take_event(side, &event);
    }
}

// ---- who was heard, and whom data goes to

// In ChannelData it is what is inside that counts (RFC 8656 §12.4).
static bool is_data(const uint8_t *datagram)
{
    return datagram[datagram[0] >> 6 == 1 ? 4 : 0] >= 4;
}

static struct sim_heard *find_heard(struct sim_side *side, const struct yodel_path *path)
{
    for (size_t i = 0; i < SIM_HEARD_MAX; i++) {
        if (path_equal(&side->heard[i].path, path)) {
            return &side->heard[i];
        }
    }
    return NULL;
}

static struct sim_heard *oldest_heard(struct sim_side *side)
{
    struct sim_heard *oldest = &side->heard[0];

    for (size_t i = 1; i < SIM_HEARD_MAX; i++) {
        oldest = side->heard[i].at < oldest->at ? &side->heard[i] : oldest;
    }
    return oldest;
}

static void note_heard(struct sim_side *side, const struct network_arrival *arrival)
{
    struct sim_heard *heard = find_heard(side, &arrival->path);

    if (arrival->origin == NETWORK_STRANGER) {
        return;
    }
    heard = heard ? heard : oldest_heard(side);
    *heard = (struct sim_heard){arrival->path, side->sim->now};
    if (arrival->origin != 1 - side->index) {
        return;
    }
    side->last_heard_at = side->sim->now;
    if (is_data(arrival->datagram)) {
        side->data_in = arrival->path;
        *(arrival->is_relayed ? &side->last_relayed_at : &side->last_direct_at) = side->sim->now;
    }
}

// Who opens a stream has any port.
static bool is_of_other(const struct sim_side *side, const struct yodel_path *path)
{
    const struct sim_side *other = &side->sim->sides[1 - side->index];

    return path->transport == YODEL_UDP ? sim_find_address(other, &path->remote) != NULL
                                        : sim_find_interface(other, &path->remote) != NULL;
}

// V7 and V8: data goes where the other side was heard from alone, and only while it is (RFC 7675).
static void check_consent(
    struct sim_side *side, const struct yodel_path *path, const uint8_t *datagram, size_t len)
{
    struct sim *sim = side->sim;
    bool is_known = is_of_other(side, path) || server_is_at(sim, &path->remote);

    side->stranger_bytes += is_known ? 0 : len;
    if (is_data(datagram)) {
        const struct sim_heard *heard = find_heard(side, path);

        SIM_CHECK(sim, sim->is_unchecked || (heard && sim->now - heard->at <= CONSENT_MAX));
        SIM_CHECK(sim, sim->is_unchecked || sim->now - side->last_heard_at <= CONSENT_MAX);
        side->last_data_at = sim->now;
        side->data_out = *path;
    }
}

bool sim_is_agreed(const struct sim *sim)
{
    return path_equal(&sim->sides[0].data_out, &sim->sides[0].data_in) &&
           path_equal(&sim->sides[1].data_out, &sim->sides[1].data_in);
}

// ---- a turn

static void send(
    struct sim_side *side, const struct yodel_path *path, const uint8_t *datagram, size_t len)
{
    struct sim *sim = side->sim;

    if (path->transport != YODEL_UDP) {
        stream_send(side, path, bytes_of(datagram, len));
        return;
    }
    const struct sim_interface *interface = sim_find_address(side, &path->local);
    SIM_CHECK(sim, interface && !interface->is_taken);
    if (interface->is_up) {
        network_send(&sim->network, interface->link, path, datagram, len, sim->now);
    }
}

static void let_speak(struct sim_side *side)
{
    struct sim *sim = side->sim;
    uint8_t room[YODEL_DATAGRAM_MAX];
    struct yodel_path path;
    size_t len;
    uint32_t count = 0;

    while ((len = yodel_peer_emit(side->peer, room, sizeof room, &path, sim->now)) > 0) {
        SIM_CHECK(sim, len <= sizeof room && ++count < EMITS_MAX);
        flow_check_wire(sim, room, len);
        check_consent(side, &path, room, len);
        send(side, &path, room, len);
        if (sim->attack) {
            sim->attack(sim, side->index, &path, room, len);
        }
        side->last_sent_at = sim->now;
        listen_to(side);
    }
}

bool sim_is_paused(const struct sim_side *side)
{
    return side->sim->now < side->paused_until;
}

static bool can_take(const struct sim_side *side, const struct network_arrival *arrival)
{
    const struct yodel_addr *local = &arrival->path.local;
    const struct sim_interface *interface =
        arrival->stream != 0 ? sim_find_interface(side, local) : sim_find_address(side, local);

    return interface && interface->is_up && !interface->is_taken && !sim_is_paused(side);
}

static void take_arrival(struct sim_side *side, struct network_arrival *arrival)
{
    if (!can_take(side, arrival)) {
        return;
    }
    note_heard(side, arrival);
    yodel_peer_recv(side->peer, &arrival->path, arrival->datagram, arrival->len, side->sim->now);
    listen_to(side);
}

void sim_take(struct sim *sim, struct network_arrival *arrival)
{
    int owner = sim->network.links[arrival->link].owner;

    if (owner >= SIM_SERVER_OWNER) {
        server_take(sim, arrival);
    } else if (owner != NETWORK_STRANGER) {
        take_arrival(&sim->sides[owner], arrival);
    }
}

static void take_arrivals(struct sim *sim)
{
    struct network_arrival arrival;

    while (network_next(&sim->network, &arrival, sim->now)) {
        if (arrival.path.transport == YODEL_UDP) {
            sim_take(sim, &arrival);
        } else {
            stream_take(sim, &arrival);
        }
    }
}

static void take_turn(struct sim_side *side)
{
    struct sim *sim = side->sim;

    yodel_peer_tick(side->peer, sim->now);
    listen_to(side);
    for (size_t i = 0; i < SIM_CHANNELS_MAX; i++) {
        if (sim->flows[i].side == side->index) {
            flow_feed(sim, &sim->flows[i]);
        }
    }
    let_speak(side);
    SIM_CHECK(sim, side->memory.in_use <= MEMORY_MAX);
    // Drained: whatever comes next is in the future.
    SIM_CHECK(sim, yodel_peer_next_timeout(side->peer) > sim->now);
}

static void turn(struct sim *sim)
{
    virtual_clock_set(sim->now);
    take_arrivals(sim);
    stream_run(sim);
    signal_deliver(sim);
    resolver_deliver(sim);
    server_tick(sim);
    for (int i = 0; i < 2; i++) {
        if (!sim_is_paused(&sim->sides[i])) {
            take_turn(&sim->sides[i]);
        }
    }
    sim->turns++;
}

static yodel_time next_at(const struct sim *sim)
{
    yodel_time at = time_min(network_next_at(&sim->network), signal_next_at(sim));

    at = time_min(at, time_min(resolver_next_at(sim), server_next_at(sim)));
    at = time_min(at, stream_next_at(sim));
    for (int i = 0; i < 2; i++) {
        const struct sim_side *side = &sim->sides[i];

        at = time_min(
            at, sim_is_paused(side) ? side->paused_until : yodel_peer_next_timeout(side->peer));
    }
    return at;
}

bool sim_run(struct sim *sim, bool (*done)(struct sim *sim), yodel_time until)
{
    for (;;) {
        turn(sim);
        if (done(sim)) {
            return true;
        }
        yodel_time at = next_at(sim);
        if (at > until) {
            sim->now = until;
            return false;
        }
        sim->now = at > sim->now ? at : sim->now + 1;
    }
}

static bool never(struct sim *sim)
{
    (void)sim;
    return false;
}

void sim_wait(struct sim *sim, yodel_duration duration)
{
    (void)sim_run(sim, never, sim->now + duration);
}

void sim_jump(struct sim *sim, yodel_duration duration)
{
    sim->now += duration;
    for (int i = 0; i < 2; i++) {
        struct sim_side *side = &sim->sides[i];

        side->last_heard_at = sim->now;
        for (size_t j = 0; j < SIM_HEARD_MAX; j++) {
            side->heard[j].at += duration;
        }
    }
}

bool sim_is_connected(struct sim *sim)
{
    return sim->sides[0].connection == YODEL_CONNECTION_CONNECTED &&
           sim->sides[1].connection == YODEL_CONNECTION_CONNECTED;
}

bool sim_is_delivered(struct sim *sim)
{
    for (size_t i = 0; i < SIM_CHANNELS_MAX; i++) {
        if (sim->flows[i].is_used && !flow_is_done(&sim->flows[i])) {
            return false;
        }
    }
    return sim_is_connected(sim);
}
