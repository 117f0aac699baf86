// A virtual path: see link_fixture.h.

#include "cc/link_fixture.h"

#include <string.h>

#define STEP YODEL_MS(1)
#define PACKET 1200
#define PADDING 600
#define AUDIO 110 // Bytes each 20 ms: 44 kbit/s with its headers.
#define AUDIO_BPS 44000
#define SEGMENT 1500
#define FEEDBACK_EVERY YODEL_MS(50)
#define PEER_CLOCK 77777777777u // The peer's clock is another one.

struct world world;

// ---- chance (xorshift)

static double chance(void)
{
    world.chance ^= world.chance << 13;
    world.chance ^= world.chance >> 7;
    world.chance ^= world.chance << 17;
    return (double)(world.chance >> 11) / 9007199254740992.0;
}

static size_t slot(void)
{
    return (size_t)(world.now / YODEL_MS(100));
}

// ---- links

static yodel_duration time_on_link(const struct link *link, size_t bytes)
{
    return (yodel_duration)(bytes * 8 * 1000000 / link->bps);
}

static void flight_put(struct flight *flight, const struct link_packet *packet, yodel_time arrival)
{
    uint64_t last = flight->tail - 1;

    if (flight->tail > flight->head && arrival < flight->arrivals[last % WORLD_RING]) {
        arrival = flight->arrivals[last % WORLD_RING];
    }
    flight->packets[flight->tail % WORLD_RING] = *packet;
    flight->arrivals[flight->tail++ % WORLD_RING] = arrival;
}

static bool flight_take(struct flight *flight, struct link_packet *packet, yodel_time *arrival)
{
    if (flight->head == flight->tail || flight->arrivals[flight->head % WORLD_RING] > world.now) {
        return false;
    }
    *packet = flight->packets[flight->head % WORLD_RING];
    *arrival = flight->arrivals[flight->head++ % WORLD_RING];
    return true;
}

static void link_put(struct link *link, const struct link_packet *packet)
{
    if (time_on_link(link, link->bytes) > link->queue_max) {
        return;
    }
    if (link->head == link->tail) {
        link->finish = world.now + time_on_link(link, packet->size);
    }
    struct link_packet *place = &link->queue[link->tail++ % WORLD_RING];
    *place = *packet;
    place->queued = world.now;
    link->bytes += packet->size;
}

static void link_leave(const struct link *link, const struct link_packet *packet)
{
    struct flow *flow = &world.flows[packet->flow];
    yodel_duration waited = link->finish - packet->queued;
    yodel_time arrival =
        link->finish + flow->delay + (yodel_duration)(chance() * (double)flow->jitter);

    if (chance() < link->loss) {
        return;
    }
    switch (packet->kind) {
    case LINK_MEDIA:
        if (waited > flow->queued[slot()]) {
            flow->queued[slot()] = waited;
        }
        flight_put(&flow->media, packet, arrival);
        break;
    case LINK_FEEDBACK:
        flight_put(&flow->feedback, packet, arrival);
        break;
    case LINK_TCP:
        flight_put(&world.tcp.segments, packet, link->finish + YODEL_MS(50));
        break;
    }
}

static void link_run(struct link *link)
{
    while (link->head < link->tail && link->finish <= world.now) {
        struct link_packet *packet = &link->queue[link->head++ % WORLD_RING];
        link->bytes -= packet->size;
        link_leave(link, packet);
        if (link->head < link->tail) {
            link->finish += time_on_link(link, link->queue[link->head % WORLD_RING].size);
        }
    }
}

// ---- media, sending

static void send_packet(struct flow *flow, enum cc_pacer_kind kind, uint32_t size)
{
    uint32_t probe = cc_pacer_sent(&flow->pacer, kind, size, world.now);
    struct link_packet packet = {.kind = LINK_MEDIA,
        .flow = (uint32_t)(flow - world.flows),
        .seq = ++flow->seq,
        .size = size};

    cc_gcc_sent(&flow->gcc, &(struct cc_sent){flow->seq, size, probe}, world.now);
    flow->sent[slot()] += size;
    link_put(&world.links[flow->link], &packet);
}

static void encode(struct flow *flow)
{
    uint64_t bps = flow->stream.bps < flow->video_cap_bps ? flow->stream.bps : flow->video_cap_bps;
    size_t left = (size_t)((double)bps / 240 * (0.8 + 0.4 * chance()));

    while (left > 0) {
        uint32_t size = left > PACKET ? PACKET : (uint32_t)left;
        flow->waiting_sizes[flow->waiting_tail % WORLD_RING] = size;
        flow->waiting_since[flow->waiting_tail++ % WORLD_RING] = world.now;
        flow->waiting_bytes += size;
        left -= size;
    }
}

static void tell_queue(struct flow *flow)
{
    bool is_empty = flow->waiting_head == flow->waiting_tail;
    yodel_time oldest =
        is_empty ? YODEL_NEVER : flow->waiting_since[flow->waiting_head % WORLD_RING];

    cc_pacer_set_queue(
        &flow->pacer, &(struct cc_pacer_queue){flow->waiting_bytes, oldest}, world.now);
}

static void send_video(struct flow *flow)
{
    while (flow->waiting_head < flow->waiting_tail &&
           cc_pacer_may_send(&flow->pacer, CC_PACER_VIDEO, world.now)) {
        uint64_t first = flow->waiting_head++ % WORLD_RING;
        yodel_duration waited = world.now - flow->waiting_since[first];
        flow->waiting_bytes -= flow->waiting_sizes[first];
        if (waited > flow->paced[slot()]) {
            flow->paced[slot()] = waited;
        }
        send_packet(flow, CC_PACER_VIDEO, flow->waiting_sizes[first]);
        tell_queue(flow);
    }
    while (cc_pacer_is_probing(&flow->pacer) &&
           cc_pacer_may_send(&flow->pacer, CC_PACER_PADDING, world.now)) {
        send_packet(flow, CC_PACER_PADDING, PADDING);
    }
}

static void follow_target(struct flow *flow)
{
    struct cc_target target = cc_gcc_target(&flow->gcc);
    struct cc_allocator_budget budget = {.target_bps = target.target_bps, .audio_bps = AUDIO_BPS};
    struct cc_probe probe;

    cc_allocator_split(&budget, &flow->stream, 1);
    cc_pacer_set_rates(&flow->pacer, target.pacing_bps, 0, world.now);
    if (!cc_pacer_is_probing(&flow->pacer) && cc_gcc_next_probe(&flow->gcc, &probe)) {
        cc_pacer_start_probe(&flow->pacer, &probe, world.now);
    }
    flow->target[slot()] = target.target_bps;
}

static void flow_speak(struct flow *flow)
{
    if (world.now >= cc_gcc_next_timeout(&flow->gcc)) {
        cc_gcc_tick(&flow->gcc, world.now);
    }
    cc_pacer_tick(&flow->pacer, world.now);
    follow_target(flow);
    if (flow->is_on && world.now >= flow->audio_due) {
        flow->audio_due = world.now + YODEL_MS(20);
        send_packet(flow, CC_PACER_AUDIO, AUDIO);
    }
    if (flow->is_on && world.now >= flow->frame_due) {
        flow->frame_due = world.now + YODEL_MS(33);
        encode(flow);
        tell_queue(flow);
    }
    if (flow->is_on) {
        send_video(flow);
    }
}

// ---- media, receiving

static void flow_hear(struct flow *flow)
{
    struct link_packet packet;
    yodel_time arrival;

    while (flight_take(&flow->media, &packet, &arrival)) {
        flow->arrivals[packet.seq % WORLD_RING] = arrival + PEER_CLOCK;
        flow->end = packet.seq + 1;
        flow->delivered[slot()] += packet.size;
    }
    if (flow->end > flow->told && world.now >= flow->feedback_due) {
        struct link_packet feedback = {.kind = LINK_FEEDBACK,
            .flow = (uint32_t)(flow - world.flows),
            .seq = flow->end,
            .size = (uint32_t)(60 + 2 * (flow->end - flow->told))};
        flow->told = flow->end;
        flow->feedback_due = world.now + FEEDBACK_EVERY;
        link_put(&world.links[1 - flow->link], &feedback);
    }
}

// What a feedback says is read from the receiver's memory: from where the last one that came ended.
// So a feedback that is lost is made up for by the next, as one that names what was not named is.
static void flow_learn(struct flow *flow)
{
    uint64_t *next = &flow->learnt;
    struct link_packet packet;
    yodel_time arrival;

    while (flight_take(&flow->feedback, &packet, &arrival)) {
        for (; *next < packet.seq; (*next)++) {
            uint64_t *when = &flow->arrivals[*next % WORLD_RING];
            struct cc_status status = {*next, *when != 0, *when};
            cc_gcc_recv_status(&flow->gcc, &status);
            *when = 0;
        }
        cc_gcc_feedback_end(&flow->gcc, world.now);
    }
}

// ---- TCP: a window that halves once in each flight of losses, and whatever data

static void tcp_ack(struct tcp *tcp, uint64_t seq)
{
    bool is_loss = seq > tcp->acked + 1;

    tcp->acked = seq;
    tcp->heard = world.now;
    if (is_loss && seq > tcp->recover) {
        tcp->threshold = tcp->window / 2 > 2 ? tcp->window / 2 : 2;
        tcp->window = tcp->threshold;
        tcp->recover = tcp->next;
    } else if (!is_loss) {
        tcp->window += tcp->window < tcp->threshold ? 1 : 1 / tcp->window;
    }
}

static void tcp_run(struct tcp *tcp)
{
    struct link_packet packet;
    yodel_time arrival;

    if (!tcp->is_on) {
        return;
    }
    while (flight_take(&tcp->segments, &packet, &arrival)) {
        tcp->delivered[slot()] += packet.size;
        flight_put(&tcp->acks, &packet, arrival + YODEL_MS(50));
    }
    while (flight_take(&tcp->acks, &packet, &arrival)) {
        tcp_ack(tcp, packet.seq);
    }
    if (tcp->next - tcp->acked > 0 && world.now - tcp->heard > YODEL_SECONDS(1)) {
        tcp->threshold = tcp->window / 2 > 2 ? tcp->window / 2 : 2;
        tcp->window = 2;
        tcp->acked = tcp->recover = tcp->next;
        tcp->heard = world.now;
    }
    while ((double)(tcp->next - tcp->acked) < tcp->window) {
        link_put(&world.links[0],
            &(struct link_packet){.kind = LINK_TCP, .seq = ++tcp->next, .size = SEGMENT});
    }
}

// ---- the world

void world_init(uint64_t bps, yodel_duration queue_max)
{
    memset(&world, 0, sizeof world);
    world.chance = 0x9e3779b97f4a7c15u;
    world.now = YODEL_MS(1);
    for (size_t i = 0; i < 2; i++) {
        world.links[i].bps = bps;
        world.links[i].queue_max = queue_max;
    }
}

struct flow *world_flow(uint32_t index, uint32_t link, yodel_duration delay, uint64_t max_bps)
{
    struct flow *flow = &world.flows[index];
    struct cc_gcc_limits limits = {50000, 300000, max_bps};

    flow->is_on = true;
    flow->link = link;
    flow->delay = delay;
    flow->video_cap_bps = max_bps;
    flow->stream = (struct cc_allocator_stream){.max_bps = max_bps};
    flow->frame_due = flow->audio_due = world.now;
    flow->told = flow->learnt = 1;
    cc_gcc_init(&flow->gcc, &limits);
    cc_pacer_init(&flow->pacer, limits.start_bps, world.now);
    return flow;
}

void world_tcp(void)
{
    world.tcp.is_on = true;
    world.tcp.window = 10;
    world.tcp.threshold = 1e9;
    world.tcp.heard = world.now;
}

void world_run(double seconds)
{
    yodel_time end = world.now + (yodel_duration)(seconds * 1e6);

    for (; world.now < end; world.now += STEP) {
        link_run(&world.links[0]);
        link_run(&world.links[1]);
        for (size_t i = 0; i < WORLD_FLOWS; i++) {
            if (world.flows[i].delay > 0) {
                flow_hear(&world.flows[i]);
                flow_learn(&world.flows[i]);
                flow_speak(&world.flows[i]);
            }
        }
        tcp_run(&world.tcp);
    }
}

// ---- looking back

static double rate(const uint32_t *slots, double from, double to)
{
    double bytes = 0;

    for (size_t i = (size_t)(from * 10); i < (size_t)(to * 10); i++) {
        bytes += slots[i];
    }
    return bytes * 8 / (to - from);
}

double world_sent(const struct flow *flow, double from, double to)
{
    return rate(flow->sent, from, to);
}

double world_delivered(const struct flow *flow, double from, double to)
{
    return rate(flow->delivered, from, to);
}

double world_tcp_delivered(double from, double to)
{
    return rate(world.tcp.delivered, from, to);
}

double world_target(const struct flow *flow, double from, double to)
{
    double sum = 0;

    for (size_t i = (size_t)(from * 10); i < (size_t)(to * 10); i++) {
        sum += (double)flow->target[i];
    }
    return sum / ((to - from) * 10);
}

double world_peak(uint32_t link, double from, double to)
{
    double peak = 0;

    for (double at = from; at + 1 <= to; at += 0.1) {
        double all = 0;
        for (size_t i = 0; i < WORLD_FLOWS; i++) {
            const struct flow *flow = &world.flows[i];
            all += flow->delay > 0 && flow->link == link ? world_sent(flow, at, at + 1) : 0;
        }
        peak = all > peak ? all : peak;
    }
    return peak;
}

yodel_duration world_queued_max(const struct flow *flow, double from, double to)
{
    yodel_duration longest = 0;

    for (size_t i = (size_t)(from * 10); i < (size_t)(to * 10); i++) {
        longest = flow->queued[i] > longest ? flow->queued[i] : longest;
    }
    return longest;
}

double world_queued(const struct flow *flow, double from, double to)
{
    double sum = 0;

    for (size_t i = (size_t)(from * 10); i < (size_t)(to * 10); i++) {
        sum += (double)flow->queued[i] / 1e3;
    }
    return sum / ((to - from) * 10);
}

double world_below(const struct flow *flow, double from, double bps)
{
    double at = from;

    while (at + 1 < WORLD_SECONDS && world_sent(flow, at, at + 1) >= bps) {
        at += 0.1;
    }
    return at;
}
