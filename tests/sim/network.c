// The simulator's network.

#include "network.h"

#include "base/addr.h"
#include "base/assert.h"

#define QUEUE_MAX YODEL_MS(200)

struct flight {
    struct heap_entry at;
    int realm; // Where it flies, from its sender's last NAT to its receiver's first.
    struct network_arrival arrival;
};

// What is to be put on its way: `path` is as its sender sees it, in `realm`.
struct launch {
    int realm;
    int origin;
    bool is_relayed;
    struct yodel_path path;
    struct bytes datagram;
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

// ---- who is where

int network_add_nat(struct network *network, int outside, const struct nat_config *config)
{
    YODEL_ASSERT(network->nat_count < NETWORK_NATS_MAX && outside <= network->nat_count);
    struct network_nat *nat = &network->nats[network->nat_count++];
    nat->outside = outside;
    nat_init(&nat->nat, config, network->prng);
    return network->nat_count;
}

struct nat *network_nat(struct network *network, int realm)
{
    YODEL_ASSERT(realm > NETWORK_INTERNET && realm <= network->nat_count);
    return &network->nats[realm - 1].nat;
}

int network_attach(struct network *network, int realm, const struct yodel_addr *ip, int owner)
{
    YODEL_ASSERT(network->link_count < NETWORK_LINKS_MAX && realm <= network->nat_count);
    network->links[network->link_count] =
        (struct network_link){.realm = realm, .owner = owner, .ip = *ip};
    return network->link_count++;
}

int network_find(const struct network *network, int realm, const struct yodel_addr *remote)
{
    for (int i = 0; i < network->link_count; i++) {
        const struct network_link *link = &network->links[i];
        bool is_near = link->realm == realm || link->ip.family == YODEL_ADDR_V6;

        if (is_near && addr_same_ip(&link->ip, remote)) {
            return i;
        }
    }
    return -1;
}

// The NAT whose outside address this is, in `realm`; or NULL.
static struct network_nat *find_nat(
    struct network *network, int realm, const struct yodel_addr *remote)
{
    for (int i = 0; i < network->nat_count; i++) {
        struct network_nat *nat = &network->nats[i];

        if (nat->outside == realm && addr_same_ip(&nat->nat.config.outside, remote)) {
            return nat;
        }
    }
    return NULL;
}

// From `realm` outwards, to where the destination is. False: there is no way.
static bool climb(struct network *network, int *realm, struct yodel_path *path, yodel_time now)
{
    while (network_find(network, *realm, &path->remote) < 0 &&
           !find_nat(network, *realm, &path->remote)) {
        if (*realm == NETWORK_INTERNET) {
            return false;
        }
        struct network_nat *nat = &network->nats[*realm - 1];
        if (!nat_out(&nat->nat, path, now)) {
            return false;
        }
        *realm = nat->outside;
    }
    return true;
}

static bool is_blocked(const struct network_link *link, const struct yodel_path *path)
{
    return link->is_udp_blocked && path->transport == YODEL_UDP;
}

static bool is_let_in(const struct network_link *link, const struct yodel_path *path)
{
    return !link->is_cut_in && !is_blocked(link, path);
}

// From `realm` inwards, to the link with the destination's address, or -1.
static int descend(struct network *network, int realm, struct yodel_path *path, yodel_time now)
{
    for (;;) {
        int link = network_find(network, realm, &path->remote);
        struct network_nat *nat = find_nat(network, realm, &path->remote);

        if (link >= 0) {
            return is_let_in(&network->links[link], path) ? link : -1;
        }
        if (!nat || !nat_in(&nat->nat, path, now)) {
            return -1;
        }
        realm = (int)(nat - network->nats) + 1;
    }
}

// ---- sending

static void add_hash(struct network *network, const void *ptr, size_t len)
{
    const uint8_t *bytes = ptr;

    for (size_t i = 0; i < len; i++) {
        network->hash = (network->hash ^ bytes[i]) * 1099511628211u;
    }
}

// When the last bit has left the link, or YODEL_NEVER where its queue is full.
static yodel_time leaves_at(
    const struct network *network, struct network_link *link, size_t len, yodel_time now)
{
    if (network->quality.rate_bps == 0) {
        return now;
    }
    yodel_time start = link->free_at > now ? link->free_at : now;
    if (start - now > (network->quality.queue > 0 ? network->quality.queue : QUEUE_MAX)) {
        return YODEL_NEVER;
    }
    link->free_at = start + (len + 28) * 8000000 / network->quality.rate_bps;
    return link->free_at;
}

static struct flight *put(struct network *network, const struct launch *launch, yodel_time at)
{
    struct flight *flight = alloc_new(alloc_system(), sizeof *flight);

    YODEL_ASSERT(flight && launch->datagram.len <= YODEL_DATAGRAM_MAX);
    flight->realm = launch->realm;
    flight->arrival.path = launch->path;
    flight->arrival.origin = launch->origin;
    flight->arrival.is_relayed = launch->is_relayed;
    flight->arrival.len = launch->datagram.len;
    memcpy(flight->arrival.datagram, launch->datagram.ptr, launch->datagram.len);
    enum yodel_err err = heap_set(&network->flights, &flight->at, at);
    YODEL_ASSERT(err == YODEL_OK);
    return flight;
}

static void fly(struct network *network, const struct launch *launch, yodel_time at)
{
    uint64_t flips = prng_chance(network->prng, network->quality.corruption);
    uint64_t bit = flips ? prng_below(network->prng, launch->datagram.len * 8) : 0;

    at += network->quality.delay;
    if (network->quality.reordered == 0 || prng_chance(network->prng, network->quality.reordered)) {
        at += prng_below(network->prng, network->quality.jitter + 1);
    }
    struct flight *flight = put(network, launch, at);
    flight->arrival.datagram[bit / 8] ^= (uint8_t)(flips << bit % 8);
}

// In the bad state all is lost, in the good one nothing; on average `loss` of it all.
static bool is_unlucky(struct network *network, struct network_link *link)
{
    const struct network_quality *quality = &network->quality;

    if (quality->burst < 1) {
        return prng_chance(network->prng, quality->loss);
    }
    double leave = 1 / quality->burst, enter = leave * quality->loss / (1 - quality->loss);
    link->is_bad = prng_chance(network->prng, link->is_bad ? 1 - leave : enter);
    return link->is_bad;
}

static bool is_lost(struct network *network, struct network_link *link)
{
    uint64_t index = network->sent;

    if (index < network->mask_count && network->mask >> index & 1) {
        return true;
    }
    return network->is_cut || link->is_cut_out || network->flights.count >= NETWORK_FLIGHT_MAX ||
           is_unlucky(network, link);
}

static void send(struct network *network, int from, struct launch *launch, yodel_time now)
{
    struct network_link *link = &network->links[from];

    add_hash(network, launch->datagram.ptr, launch->datagram.len);
    add_hash(network, &now, sizeof now);
    bool lost = is_lost(network, link) || is_blocked(link, &launch->path);
    network->sent++;
    yodel_time at = lost ? YODEL_NEVER : leaves_at(network, link, launch->datagram.len, now);
    launch->realm = link->realm;
    if (at == YODEL_NEVER || !climb(network, &launch->realm, &launch->path, now)) {
        network->lost++;
        return;
    }
    fly(network, launch, at);
    if (prng_chance(network->prng, network->quality.duplication)) {
        fly(network, launch, at);
    }
}

void network_send(struct network *network, int link, const struct yodel_path *path,
    const void *datagram, size_t len, yodel_time now)
{
    struct launch launch = {
        .origin = network->links[link].owner, .path = *path, .datagram = bytes_of(datagram, len)};

    send(network, link, &launch, now);
}

void network_relay(struct network *network, int link, int origin, const struct yodel_path *path,
    struct bytes datagram, yodel_time now)
{
    struct launch launch = {
        .origin = origin, .is_relayed = true, .path = *path, .datagram = datagram};

    send(network, link, &launch, now);
}

void network_inject(struct network *network, const struct yodel_path *path, const void *datagram,
    size_t len, yodel_time at)
{
    struct launch launch = {
        .origin = NETWORK_STRANGER, .path = *path, .datagram = bytes_of(datagram, len)};

    if (network->flights.count < NETWORK_FLIGHT_MAX) {
        (void)put(network, &launch, at);
    }
}

// ---- arriving

static bool arrive(struct network *network, struct flight *flight, struct network_arrival *arrival)
{
    struct yodel_path path = flight->arrival.path;
    int link = descend(network, flight->realm, &path, flight->at.key);

    if (link < 0) {
        network->lost++;
        return false;
    }
    *arrival = flight->arrival;
    arrival->path = (struct yodel_path){
        .local = path.remote, .remote = path.local, .transport = path.transport};
    arrival->link = link;
    network->delivered++;
    return true;
}

bool network_next(struct network *network, struct network_arrival *arrival, yodel_time now)
{
    struct heap_entry *entry;

    while ((entry = heap_first(&network->flights)) && entry->key <= now) {
        struct flight *flight = CONTAINER_OF(entry, struct flight, at);
        bool has_arrived = arrive(network, flight, arrival);

        heap_remove(&network->flights, entry);
        alloc_free(alloc_system(), flight);
        if (has_arrived) {
            return true;
        }
    }
    return false;
}

yodel_time network_next_at(const struct network *network)
{
    const struct heap_entry *entry = heap_first(&network->flights);

    return entry ? entry->key : YODEL_NEVER;
}
