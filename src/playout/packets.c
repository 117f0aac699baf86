// Playout's packets of audio: a sorted list of places.

#include "playout/packets.h"

#include <string.h>

#include "base/assert.h"

enum yodel_err playout_packets_init(
    struct playout_packets *packets, struct alloc *alloc, size_t places)
{
    YODEL_ASSERT(places > 0 && places <= PLAYOUT_PACKETS_PLACES_MAX);
    size_t table = places * sizeof(struct playout_packet);
    size_t order = places * sizeof(uint16_t);
    uint8_t *block = alloc_new(alloc, table + order + places * PLAYOUT_PACKETS_LEN_MAX);

    if (!block) {
        return YODEL_ERR_NO_MEMORY;
    }
    *packets = (struct playout_packets){.alloc = alloc,
        .packets = (struct playout_packet *)(void *)block,
        .order = (uint16_t *)(void *)(block + table),
        .payloads = block + table + order,
        .places = places};
    for (size_t i = 0; i < places; i++) {
        packets->order[i] = (uint16_t)i;
    }
    return YODEL_OK;
}

void playout_packets_deinit(struct playout_packets *packets)
{
    alloc_free(packets->alloc, packets->packets);
    *packets = (struct playout_packets){0};
}

static struct playout_packet *at(const struct playout_packets *packets, size_t index)
{
    return &packets->packets[packets->order[index]];
}

static void store(
    struct playout_packets *packets, size_t place, const struct playout_packet *packet)
{
    uint8_t *payload = packets->payloads + place * PLAYOUT_PACKETS_LEN_MAX;

    YODEL_ASSERT(packet->payload.len <= PLAYOUT_PACKETS_LEN_MAX);
    if (packet->payload.len > 0) {
        memcpy(payload, packet->payload.ptr, packet->payload.len);
    }
    packets->packets[place] = *packet;
    packets->packets[place].payload = bytes_of(payload, packet->payload.len);
}

// Most come last: the search begins there. Returns how many are older.
static size_t count_older(const struct playout_packets *packets, uint64_t timestamp)
{
    size_t older = packets->count;

    while (older > 0 && at(packets, older - 1)->place.timestamp >= timestamp) {
        older--;
    }
    return older;
}

enum playout_packets_verdict playout_packets_put(
    struct playout_packets *packets, const struct playout_packet *packet)
{
    size_t older = count_older(packets, packet->place.timestamp);

    if (older < packets->count && at(packets, older)->place.timestamp == packet->place.timestamp) {
        if (!at(packets, older)->is_copy || packet->is_copy) {
            return PLAYOUT_PACKETS_TWICE;
        }
        store(packets, packets->order[older], packet);
        return PLAYOUT_PACKETS_STORED;
    }
    if (packets->count == packets->places) {
        return PLAYOUT_PACKETS_FULL;
    }
    uint16_t place = packets->order[packets->count];
    memmove(packets->order + older + 1, packets->order + older,
        (packets->count - older) * sizeof *packets->order);
    packets->order[older] = place;
    packets->count++;
    store(packets, place, packet);
    return PLAYOUT_PACKETS_STORED;
}

const struct playout_packet *playout_packets_first(const struct playout_packets *packets)
{
    return packets->count > 0 ? at(packets, 0) : NULL;
}

const struct playout_packet *playout_packets_second(const struct playout_packets *packets)
{
    return packets->count > 1 ? at(packets, 1) : NULL;
}

void playout_packets_drop_first(struct playout_packets *packets)
{
    YODEL_ASSERT(packets->count > 0);
    uint16_t place = packets->order[0];

    packets->count--;
    memmove(packets->order, packets->order + 1, packets->count * sizeof *packets->order);
    packets->order[packets->count] = place;
}

void playout_packets_clear(struct playout_packets *packets)
{
    packets->count = 0;
}
