// Flows of the simulator's.

#include "flow.h"

#include <stdio.h>

#include "sim.h"

#define MESSAGE_MAX (1u << 18)
#define WAITING_MAX (1u << 20) // In a channel, before the next message is given to it.

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

void sim_exchange(struct sim *sim, uint32_t count, size_t size_max)
{
    sim_add_flow(sim, 0, NULL, count, size_max);
    sim_add_flow(sim, 1, NULL, count, size_max);
    sim_offer(sim, 0);
}

static uint32_t marks[2];

static bool has_moved(struct sim *sim)
{
    return sim->flows[0].received > marks[0] && sim->flows[1].received > marks[1];
}

void sim_check_resumes(struct sim *sim, yodel_duration patience)
{
    for (int i = 0; i < 2; i++) {
        marks[i] = sim->flows[i].received;
    }
    SIM_CHECK(sim, sim_run(sim, has_moved, sim->now + patience));
    SIM_CHECK(sim, sim_run(sim, sim_is_delivered, sim->now + YODEL_SECONDS(200)));
}

void flow_feed(struct sim *sim, struct sim_flow *flow)
{
    static uint8_t room[MESSAGE_MAX];

    while (flow->is_used && flow->from && flow->sent < flow->count &&
           yodel_channel_ready_state(flow->from) == YODEL_CHANNEL_OPEN &&
           yodel_channel_buffered_amount(flow->from) < WAITING_MAX) {
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

void flow_received(struct sim *sim, yodel_channel *channel, const uint8_t *data, size_t len)
{
    static uint8_t want[MESSAGE_MAX];
    struct sim_flow *flow = yodel_channel_user(channel);

    SIM_CHECK(sim, flow && len >= 8);
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

void flow_opened(struct sim_side *side, yodel_channel *channel)
{
    unsigned index;

    SIM_CHECK(side->sim, sscanf(yodel_channel_label(channel), "flow %u", &index) == 1);
    SIM_CHECK(side->sim, index < SIM_CHANNELS_MAX);
    struct sim_flow *flow = &side->sim->flows[index];
    flow->to = channel;
    yodel_channel_set_user(channel, flow);
    SIM_CHECK(side->sim, yodel_channel_ordered(channel) == !flow->options.unordered);
}

void flow_closed(yodel_channel *channel)
{
    struct sim_flow *flow = yodel_channel_user(channel);

    // It ends with the next event.
    if (flow && flow->from == channel) {
        flow->from = NULL;
    } else if (flow && flow->to == channel) {
        flow->to = NULL;
    }
}

bool flow_is_done(const struct sim_flow *flow)
{
    return flow->sent == flow->count && (!is_reliable(flow) || flow->received == flow->count) &&
           yodel_channel_buffered_amount(flow->from) == 0;
}

void flow_check_wire(struct sim *sim, const uint8_t *datagram, size_t len)
{
    // A run of the pattern that write_message makes: each byte 7 more than the one before.
    uint32_t run = 0;

    for (size_t i = 1; i < len; i++) {
        run = (uint8_t)(datagram[i] - datagram[i - 1]) == 7 ? run + 1 : 0;
        SIM_CHECK(sim, run < 12);
    }
}
