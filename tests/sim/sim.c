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
    fprintf(stderr, "%s:%d: %s does not hold at %.6f s\nmake sim SEED=0x%llx\n", file, line, what,
        (double)sim->now / 1e6, (unsigned long long)sim->seed);
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

static void init_side(struct sim *sim, int index)
{
    struct sim_side *side = &sim->sides[index];

    side->sim = sim;
    side->index = index;
    side->is_polite = index == 1;
    side->addr = addr_v4(10, 0, 0, (uint8_t)(index + 1), (uint16_t)(40000 + index));
    side->memory.alloc.resize = resize;
    side->env = (struct env){
        .alloc = &side->memory.alloc, .random = random_bytes, .ctx = side, .log_level = LOG_ERROR};
    enum yodel_err err = peer_new(&side->env, NULL, &side->peer);
    SIM_CHECK(sim, err == YODEL_OK);
}

void sim_init(struct sim *sim, uint64_t seed)
{
    *sim = (struct sim){.seed = seed, .now = YODEL_SECONDS(1), .signaling_delay = YODEL_MS(20)};
    prng_init(&sim->prng, seed);
    virtual_clock_seed(seed);
    virtual_clock_set(sim->now);
    network_init(&sim->network, &sim->prng);
    sim->network.quality.delay = YODEL_MS(10);
    init_side(sim, 0);
    init_side(sim, 1);
}

void sim_deinit(struct sim *sim)
{
    for (int i = 0; i < 2; i++) {
        yodel_peer_free(sim->sides[i].peer);
        SIM_CHECK(sim, sim->sides[i].memory.in_use == 0);
    }
    for (size_t i = 0; i < SIM_NOTES_MAX; i++) {
        free(sim->notes[i].text);
    }
    network_deinit(&sim->network);
}

// ---- signaling

static void send_note(struct sim_side *side, bool is_description, enum yodel_sdp_type type,
    const char *text, const char *mid)
{
    struct sim *sim = side->sim;

    for (size_t i = 0; i < SIM_NOTES_MAX && !sim->signaling_is_dead; i++) {
        struct sim_note *note = &sim->notes[i];

        if (!note->is_used) {
            *note = (struct sim_note){.is_used = true,
                .order = sim->notes_sent++,
                .to = 1 - side->index,
                .at = sim->now + sim->signaling_delay,
                .is_description = is_description,
                .type = type,
                .text = strdup(text)};
            (void)snprintf(note->mid, sizeof note->mid, "%s", mid);
            return;
        }
    }
    SIM_CHECK(sim, sim->signaling_is_dead);
}

static void send_description(struct sim_side *side)
{
    struct yodel_description description;

    bool has_one = yodel_peer_local_description(side->peer, &description);
    SIM_CHECK(side->sim, has_one);
    send_note(side, true, description.type, description.sdp, "");
}

void sim_offer(struct sim *sim, int side)
{
    enum yodel_err err = yodel_peer_set_local_description(sim->sides[side].peer, NULL);

    SIM_CHECK(sim, err == YODEL_OK);
    send_description(&sim->sides[side]);
}

// Perfect negotiation, as the W3C's example has it.
static void take_description(struct sim_side *side, const struct sim_note *note)
{
    struct yodel_description description = {note->type, note->text};
    bool is_glare = note->type == YODEL_SDP_OFFER &&
                    yodel_peer_signaling_state(side->peer) != YODEL_SIGNALING_STABLE;

    if (is_glare && !side->is_polite) {
        return;
    }
    enum yodel_err err = yodel_peer_set_remote_description(side->peer, &description);
    SIM_CHECK(side->sim, err == YODEL_OK);
    if (note->type == YODEL_SDP_OFFER) {
        err = yodel_peer_set_local_description(side->peer, NULL);
        SIM_CHECK(side->sim, err == YODEL_OK);
        send_description(side);
    }
}

static void take_note(struct sim *sim, struct sim_note *note)
{
    struct sim_side *side = &sim->sides[note->to];

    if (note->is_description) {
        take_description(side, note);
    } else {
        struct yodel_ice_candidate candidate = {.candidate = note->text, .sdp_mid = note->mid};
        // A candidate of an offer that was ignored has nowhere to go.
        (void)yodel_peer_add_ice_candidate(side->peer, &candidate);
    }
    free(note->text);
    *note = (struct sim_note){0};
}

static void take_notes(struct sim *sim)
{
    for (;;) {
        struct sim_note *first = NULL;

        for (size_t i = 0; i < SIM_NOTES_MAX; i++) {
            struct sim_note *note = &sim->notes[i];

            if (note->is_used && note->at <= sim->now &&
                sim->now >= sim->sides[note->to].paused_until &&
                (!first || note->order < first->order)) {
                first = note;
            }
        }
        if (!first) {
            return;
        }
        take_note(sim, first);
    }
}

// ---- flows: message i is its number, its length, and bytes that follow from both.

static size_t message_len(const struct sim_flow *flow, uint32_t number)
{
    uint64_t state = number * 2654435761u + 1;

    return 8 + (size_t)(prng_splitmix(&state) % (flow->size_max > 8 ? flow->size_max - 7 : 1));
}

static void write_message(uint8_t *room, size_t len, uint32_t number)
{
    store_u32(room, number);
    store_u32(room + 4, (uint32_t)len);
    for (size_t i = 8; i < len; i++) {
        room[i] = (uint8_t)(number * 31 + i * 7);
    }
}

struct sim_flow *sim_add_flow(struct sim *sim, int side,
    const struct yodel_channel_options *options, uint32_t count, size_t size_max)
{
    static const struct yodel_channel_options reliable;

    for (size_t i = 0; i < SIM_CHANNELS_MAX; i++) {
        struct sim_flow *flow = &sim->flows[i];
        char label[16];

        if (flow->is_used) {
            continue;
        }
        SIM_CHECK(sim, count <= SIM_MESSAGES_MAX);
        *flow = (struct sim_flow){.is_used = true,
            .options = options ? *options : reliable,
            .side = side,
            .count = count,
            .size_max = size_max};
        (void)snprintf(label, sizeof label, "flow %zu", i);
        enum yodel_err err = yodel_peer_create_data_channel(
            sim->sides[side].peer, label, &flow->options, &flow->from);
        SIM_CHECK(sim, err == YODEL_OK);
        yodel_channel_set_user(flow->from, flow);
        return flow;
    }
    sim_fail(sim, "there is room for a flow", __FILE__, __LINE__);
}

static void feed(struct sim *sim, struct sim_flow *flow)
{
    static uint8_t room[1 << 18];

    while (flow->is_used && flow->from && flow->sent < flow->count &&
           yodel_channel_ready_state(flow->from) == YODEL_CHANNEL_OPEN &&
           yodel_channel_buffered_amount(flow->from) < (1u << 20)) {
        size_t len = message_len(flow, flow->sent);
        write_message(room, len, flow->sent);
        enum yodel_err err = yodel_channel_send(flow->from, room, len);
        if (err == YODEL_ERR_WOULD_BLOCK) {
            return;
        }
        SIM_CHECK(sim, err == YODEL_OK);
        flow->sent++;
    }
}

static bool is_reliable(const struct sim_flow *flow)
{
    return !flow->options.has_max_retransmits && !flow->options.has_max_packet_life_time;
}

// V1 to V3: whole, once, in order where that was promised, and without a gap where reliable.
static void take_message(struct sim *sim, struct sim_flow *flow, const uint8_t *data, size_t len)
{
    static uint8_t want[1 << 18];

    SIM_CHECK(sim, len >= 8);
    struct reader r = reader_of(bytes_of(data, len));
    uint32_t number = read_u32(&r);
    SIM_CHECK(sim, number < flow->sent);
    SIM_CHECK(sim, len == message_len(flow, number));
    write_message(want, len, number);
    SIM_CHECK(sim, memcmp(want, data, len) == 0);
    SIM_CHECK(sim, !(flow->seen[number / 8] >> number % 8 & 1));
    flow->seen[number / 8] |= (uint8_t)(1u << number % 8);
    if (!flow->options.unordered) {
        SIM_CHECK(sim, number >= flow->next);
        SIM_CHECK(sim, !is_reliable(flow) || number == flow->next);
        flow->next = number + 1;
    }
    flow->received++;
}

// ---- events

static void on_channel(struct sim_side *side, yodel_channel *channel)
{
    unsigned index;

    SIM_CHECK(side->sim, sscanf(yodel_channel_label(channel), "flow %u", &index) == 1);
    SIM_CHECK(side->sim, index < SIM_CHANNELS_MAX);
    struct sim_flow *flow = &side->sim->flows[index];
    flow->to = channel;
    yodel_channel_set_user(channel, flow);
    SIM_CHECK(side->sim, yodel_channel_ordered(channel) == !flow->options.unordered);
}

static void on_connection(struct sim_side *side)
{
    side->connection = yodel_peer_connection_state(side->peer);
    if (side->connection == YODEL_CONNECTION_CONNECTED && !side->has_connected) {
        side->has_connected = true;
        side->connected_at = side->sim->now;
    }
}

static void on_event(struct sim_side *side, const struct yodel_event *event)
{
    switch (event->type) {
    case YODEL_EVENT_GATHER:
        yodel_peer_add_local_address(side->peer, &side->addr);
        yodel_peer_end_local_addresses(side->peer);
        break;
    case YODEL_EVENT_ICE_CANDIDATE:
        send_note(side, false, YODEL_SDP_OFFER, event->candidate.candidate,
            event->candidate.sdp_mid ? event->candidate.sdp_mid : "");
        break;
    case YODEL_EVENT_CONNECTION_STATE_CHANGE:
        on_connection(side);
        break;
    case YODEL_EVENT_DATA_CHANNEL:
        on_channel(side, event->channel);
        break;
    case YODEL_EVENT_CHANNEL_MESSAGE:
        take_message(
            side->sim, yodel_channel_user(event->channel), event->message.data, event->message.len);
        break;
    case YODEL_EVENT_CHANNEL_CLOSE: {
        struct sim_flow *flow = yodel_channel_user(event->channel);
        if (flow && flow->from == event->channel) {
            flow->from = NULL;
        } else if (flow && flow->to == event->channel) {
            flow->to = NULL; // It ends with the next event.
        }
        break;
    }
    case YODEL_EVENT_RESOLVE:
        yodel_peer_resolved(side->peer, event->name, NULL);
        break;
    case YODEL_EVENT_CONNECT: // There are no streams in this world.
        yodel_peer_disconnected(side->peer, &event->stream.path);
        break;
    case YODEL_EVENT_DISCONNECT:
    case YODEL_EVENT_NEGOTIATION_NEEDED:
    case YODEL_EVENT_SIGNALING_STATE_CHANGE:
    case YODEL_EVENT_ICE_GATHERING_STATE_CHANGE:
    case YODEL_EVENT_ICE_CONNECTION_STATE_CHANGE:
    case YODEL_EVENT_CHANNEL_OPEN:
    case YODEL_EVENT_CHANNEL_BUFFERED_AMOUNT_LOW:
    case YODEL_EVENT_CHANNEL_CLOSING:
    case YODEL_EVENT_CHANNEL_ERROR:
        break;
    }
}

static void listen_to(struct sim_side *side)
{
    struct yodel_event event;

    while (!side->is_deaf && yodel_peer_next_event(side->peer, &event)) {
        on_event(side, &event);
    }
}

// ---- a turn

// The marker that every message carries must never be seen on the wire: no plain text.
static void check_wire(struct sim *sim, const uint8_t *datagram, size_t len)
{
    // A run of the pattern that write_message makes: each byte 7 more than the one before.
    uint32_t run = 0;

    for (size_t i = 1; i < len; i++) {
        run = (uint8_t)(datagram[i] - datagram[i - 1]) == 7 ? run + 1 : 0;
        SIM_CHECK(sim, run < 12);
    }
}

// V7 and V8: data goes to the other side alone, and only while it is heard of (RFC 7675).
static void check_consent(
    struct sim_side *side, const struct yodel_path *path, const uint8_t *datagram, size_t len)
{
    struct sim *sim = side->sim;
    bool is_stranger = !addr_equal(&path->remote, &sim->sides[1 - side->index].addr);

    side->stranger_bytes += is_stranger ? len : 0;
    if (datagram[0] >= 4) {
        SIM_CHECK(sim, !is_stranger);
        SIM_CHECK(sim, sim->now - side->last_heard_at <= CONSENT_MAX);
        side->last_data_at = sim->now;
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
        SIM_CHECK(sim, addr_equal(&path.local, &side->addr));
        check_wire(sim, room, len);
        check_consent(side, &path, room, len);
        network_send(&sim->network, &path, room, len, sim->now);
        if (sim->attack) {
            sim->attack(sim, side->index, &path, room, len);
        }
        side->last_sent_at = sim->now;
        listen_to(side);
    }
}

static bool is_paused(const struct sim_side *side)
{
    return side->sim->now < side->paused_until;
}

static void take_arrivals(struct sim *sim)
{
    struct network_arrival arrival;

    while (network_next(&sim->network, &arrival, sim->now)) {
        for (int i = 0; i < 2; i++) {
            struct sim_side *side = &sim->sides[i];

            if (addr_equal(&side->addr, &arrival.path.local) && !is_paused(side)) {
                if (addr_equal(&arrival.path.remote, &sim->sides[1 - i].addr)) {
                    side->last_heard_at = sim->now;
                }
                yodel_peer_recv(side->peer, &arrival.path, arrival.datagram, arrival.len, sim->now);
                listen_to(side);
            }
        }
    }
}

static void turn(struct sim *sim)
{
    virtual_clock_set(sim->now);
    take_arrivals(sim);
    take_notes(sim);
    for (int i = 0; i < 2; i++) {
        struct sim_side *side = &sim->sides[i];

        if (is_paused(side)) {
            continue;
        }
        yodel_peer_tick(side->peer, sim->now);
        listen_to(side);
        for (size_t j = 0; j < SIM_CHANNELS_MAX; j++) {
            if (sim->flows[j].side == i) {
                feed(sim, &sim->flows[j]);
            }
        }
        let_speak(side);
        SIM_CHECK(sim, side->memory.in_use <= MEMORY_MAX);
        // Drained: whatever comes next is in the future.
        SIM_CHECK(sim, yodel_peer_next_timeout(side->peer) > sim->now);
    }
    sim->turns++;
}

static yodel_time next_at(const struct sim *sim)
{
    yodel_time at = network_next_at(&sim->network);

    for (int i = 0; i < 2; i++) {
        const struct sim_side *side = &sim->sides[i];

        at = time_min(
            at, is_paused(side) ? side->paused_until : yodel_peer_next_timeout(side->peer));
    }
    for (size_t i = 0; i < SIM_NOTES_MAX; i++) {
        if (sim->notes[i].is_used) {
            at = time_min(at, sim->notes[i].at);
        }
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

bool sim_is_connected(struct sim *sim)
{
    return sim->sides[0].connection == YODEL_CONNECTION_CONNECTED &&
           sim->sides[1].connection == YODEL_CONNECTION_CONNECTED;
}

bool sim_is_delivered(struct sim *sim)
{
    for (size_t i = 0; i < SIM_CHANNELS_MAX; i++) {
        const struct sim_flow *flow = &sim->flows[i];

        if (flow->is_used &&
            (flow->sent < flow->count || (is_reliable(flow) && flow->received < flow->count) ||
                yodel_channel_buffered_amount(flow->from) > 0)) {
            return false;
        }
    }
    return sim_is_connected(sim);
}
