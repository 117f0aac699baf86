// The simulator's network.

#include "network.h"

#include "base/addr.h"
#include "base/assert.h"

#define QUEUE_MAX YODEL_MS(200)

struct flight {
    struct heap_entry at;
    struct network_arrival arrival;
};

void network_init(struct network *network, struct prng *prng)
{
    *network = (struct network){.prng = prng, .hash = 14695981039346656037u};
    heap_init(&network->flights, alloc_system());
}

void network_deinit(struct network *network)
{
    struct heap_entry *entry;

    while ((entry = heap_first(&network->flights))) {
        heap_remove(&network->flights, entry);
        alloc_free(alloc_system(), CONTAINER_OF(entry, struct flight, at));
    }
    heap_deinit(&network->flights);
}

static void add_hash(struct network *network, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        network->hash = (network->hash ^ bytes[i]) * 1099511628211u;
    }
}

// When the last bit has left a link of this rate, or YODEL_NEVER where its queue is full.
static yodel_time leaves_at(
    struct network *network, const struct yodel_path *path, size_t len, yodel_time now)
{
    yodel_time *free_at = &network->free_at[path->local.ip[3] & 1];

    if (network->quality.rate_bps == 0) {
        return now;
    }
    yodel_time start = *free_at > now ? *free_at : now;
    if (start - now > QUEUE_MAX) {
        return YODEL_NEVER;
    }
    *free_at = start + (len + 28) * 8000000 / network->quality.rate_bps;
    return *free_at;
}

static struct flight *new_flight(const struct yodel_path *path, const uint8_t *datagram, size_t len)
{
    struct flight *flight = alloc_new(alloc_system(), sizeof *flight);

    YODEL_ASSERT(flight);
    flight->arrival.path = (struct yodel_path){.local = path->remote, .remote = path->local};
    flight->arrival.len = len;
    memcpy(flight->arrival.datagram, datagram, len);
    return flight;
}

static void launch(struct network *network, const struct yodel_path *path, const uint8_t *datagram,
    size_t len, yodel_time at)
{
    struct flight *flight = new_flight(path, datagram, len);

    if (prng_chance(network->prng, network->quality.corruption)) {
        uint64_t bit = prng_below(network->prng, len * 8);
        flight->arrival.datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    at += network->quality.delay + prng_below(network->prng, network->quality.jitter + 1);
    enum yodel_err err = heap_set(&network->flights, &flight->at, at);
    YODEL_ASSERT(err == YODEL_OK);
}

static bool is_lost(struct network *network, const struct yodel_path *path)
{
    uint64_t index = network->sent;
    bool is_from_one = path->local.ip[3] & 1;

    if (index < network->mask_count && network->mask >> index & 1) {
        return true;
    }
    return network->is_cut || (network->is_cut_one_way && is_from_one) ||
           network->flights.count >= NETWORK_FLIGHT_MAX ||
           prng_chance(network->prng, network->quality.loss);
}

void network_send(struct network *network, const struct yodel_path *path, const void *datagram,
    size_t len, yodel_time now)
{
    add_hash(network, datagram, len);
    add_hash(network, (const uint8_t *)&now, sizeof now);
    bool lost = is_lost(network, path);
    network->sent++;
    yodel_time at = lost ? YODEL_NEVER : leaves_at(network, path, len, now);
    if (at == YODEL_NEVER) {
        network->lost++;
        return;
    }
    launch(network, path, datagram, len, at);
    if (prng_chance(network->prng, network->quality.duplication)) {
        launch(network, path, datagram, len, at);
    }
}

void network_inject(struct network *network, const struct yodel_path *path, const void *datagram,
    size_t len, yodel_time at)
{
    if (network->flights.count < NETWORK_FLIGHT_MAX) {
        struct flight *flight = new_flight(path, datagram, len);
        enum yodel_err err = heap_set(&network->flights, &flight->at, at);
        YODEL_ASSERT(err == YODEL_OK);
    }
}

bool network_next(struct network *network, struct network_arrival *arrival, yodel_time now)
{
    struct heap_entry *entry = heap_first(&network->flights);

    if (!entry || entry->key > now) {
        return false;
    }
    struct flight *flight = CONTAINER_OF(entry, struct flight, at);
    heap_remove(&network->flights, entry);
    *arrival = flight->arrival;
    alloc_free(alloc_system(), flight);
    network->delivered++;
    return true;
}

yodel_time network_next_at(const struct network *network)
{
    const struct heap_entry *entry = heap_first(&network->flights);

    return entry ? entry->key : YODEL_NEVER;
}
