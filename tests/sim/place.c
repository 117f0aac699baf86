// Where a side of the simulator's is.
//
// Implements  RFC 5128 §3.3 (which NATs are traversed by hole punching)

#include "place.h"

#include <stdio.h>

#include "base/addr.h"
#include "base/assert.h"

// What a place's NATs do together: the strictest of each.
struct traits {
    const char *name;
    bool has_v4, has_v6;
    bool is_translated; // Its IPv4 address is NAT64's.
    bool is_udp_blocked;
    uint16_t only_port;
    bool has_random_ports;
    enum nat_scope mapping;
    enum nat_scope filtering;
};

static const struct traits traits[PLACE_COUNT] = {
    [PLACE_PUBLIC] = {.name = "public", .has_v4 = true},
    [PLACE_FULL_CONE] = {.name = "full cone", .has_v4 = true},
    [PLACE_RESTRICTED] = {.name = "restricted", .has_v4 = true, .filtering = NAT_ADDRESS_DEPENDENT},
    [PLACE_PORT_RESTRICTED] = {.name = "port restricted",
        .has_v4 = true,
        .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT},
    [PLACE_SYMMETRIC] = {.name = "symmetric",
        .has_v4 = true,
        .mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
        .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT},
    [PLACE_SYMMETRIC_RANDOM] = {.name = "symmetric, random ports",
        .has_v4 = true,
        .has_random_ports = true,
        .mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
        .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT},
    [PLACE_CARRIER] = {.name = "carrier",
        .has_v4 = true,
        .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT},
    [PLACE_DUAL] = {.name = "dual stack",
        .has_v4 = true,
        .has_v6 = true,
        .mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
        .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT},
    [PLACE_NAT64] = {.name = "NAT64", .has_v6 = true, .is_translated = true},
    [PLACE_NAT64_STRICT] = {.name = "strict NAT64",
        .has_v6 = true,
        .is_translated = true,
        .filtering = NAT_ADDRESS_DEPENDENT},
    [PLACE_BLOCKED] = {.name = "UDP blocked", .has_v4 = true, .is_udp_blocked = true},
    [PLACE_ONLY_443] = {.name = "only 443",
        .has_v4 = true,
        .is_udp_blocked = true,
        .only_port = SIM_SERVER_TLS},
};

const char *place_name(enum place place)
{
    return traits[place].name;
}

// Each side tries the other's address as the server saw it: one that differs towards others is found
// by a check from there, which the other side has to let in.
static bool is_punched(const struct traits *a, const struct traits *b)
{
    return (a->mapping == NAT_ENDPOINT_INDEPENDENT ||
               b->filtering != NAT_ADDRESS_AND_PORT_DEPENDENT) &&
           (b->mapping == NAT_ENDPOINT_INDEPENDENT ||
               a->filtering != NAT_ADDRESS_AND_PORT_DEPENDENT);
}

bool place_is_direct(enum place one, enum place other)
{
    const struct traits *a = &traits[one], *b = &traits[other];

    if (a->has_v6 && b->has_v6) {
        return true;
    }
    if (a->is_udp_blocked || b->is_udp_blocked) {
        return false;
    }
    // Behind NAT64 nobody knows how to send to an IPv4 address first, and so to open a filter.
    if ((a->is_translated && a->filtering != NAT_ENDPOINT_INDEPENDENT) ||
        (b->is_translated && b->filtering != NAT_ENDPOINT_INDEPENDENT)) {
        return false;
    }
    return is_punched(a, b);
}

static struct nat_config config_of(const struct traits *place, struct yodel_addr outside)
{
    return (struct nat_config){.outside = outside,
        .mapping = place->mapping,
        .filtering = place->filtering,
        .has_random_ports = place->has_random_ports,
        .is_udp_blocked = place->is_udp_blocked,
        .only_port = place->only_port,
        .is_nat64 = place->is_translated};
}

static void add_v6(struct sim *sim, int side, int realm)
{
    struct yodel_addr ip = {
        .family = YODEL_ADDR_V6, .ip = {0x2a, 0, 0, 1, 0, (uint8_t)side, [15] = 2}};

    (void)sim_add_interface(sim, side, realm, &ip);
}

static int add_carrier(struct sim *sim, uint8_t n)
{
    struct nat_config config = {
        .outside = addr_v4(20, 0, 1, n, 0), .filtering = NAT_ADDRESS_DEPENDENT};

    return network_add_nat(&sim->network, NETWORK_INTERNET, &config);
}

static void add_peer(struct sim *sim, int side, bool has_relay)
{
    static const char *const stun[] = {"stun:" PLACE_STUN};
    static const char *const turn[] = {"turn:" PLACE_TURN, "turn:" PLACE_TURN_SECOND,
        "turn:" PLACE_TURN "?transport=tcp", "turns:" PLACE_TURN_SECOND ":443"};
    static const struct yodel_ice_server servers[] = {{.urls = stun, .url_count = 1},
        {.urls = turn, .url_count = COUNT(turn), .username = "alice", .credential = "secret"}};

    sim_add_side(sim, side,
        &(struct yodel_peer_config){.ice_servers = servers, .ice_server_count = has_relay ? 2 : 1});
}

static void add_side(struct sim *sim, int side, enum place place, bool has_relay)
{
    const struct traits *is = &traits[place];
    uint8_t n = (uint8_t)(side + 1);
    struct yodel_addr lan = addr_v4(192, 168, n, 2, 0);
    struct yodel_addr public = addr_v4(20, 0, 0, n, 0);
    struct nat_config config = config_of(is, public);
    int realm = NETWORK_INTERNET;

    add_peer(sim, side, has_relay);
    if (place == PLACE_CARRIER) {
        realm = add_carrier(sim, n);
        config.outside = addr_v4(100, 64, n, 2, 0);
    }
    if (place == PLACE_PUBLIC) {
        lan = public;
    } else {
        realm = network_add_nat(&sim->network, realm, &config);
    }
    if (is->has_v6) {
        add_v6(sim, side, realm);
    }
    if (is->has_v4) {
        (void)sim_add_interface(sim, side, realm, &lan);
    }
    sim->sides[side].is_v6_only = !is->has_v4;
}

static void init(struct sim *sim, uint64_t seed, bool has_relay)
{
    struct yodel_addr stun = addr_v4(30, 0, 0, 1, 3478), turn = addr_v4(30, 0, 0, 2, 3478);

    sim_init_empty(sim, seed);
    (void)server_add(sim, &stun);
    (void)resolver_add(sim, PLACE_STUN, &stun);
    if (has_relay) {
        (void)server_add_turn(sim, &turn);
        (void)resolver_add(sim, PLACE_TURN, &turn);
        turn.ip[3]++;
        (void)server_add_turn(sim, &turn);
        (void)resolver_add(sim, PLACE_TURN_SECOND, &turn);
    }
}

static void init_at(struct sim *sim, uint64_t seed, const enum place places[2], bool has_relay)
{
    init(sim, seed, has_relay);
    (void)snprintf(sim->again, sizeof sim->again, "%s to %s, seed 0x%llx", place_name(places[0]),
        place_name(places[1]), (unsigned long long)seed);
    for (int i = 0; i < 2; i++) {
        add_side(sim, i, places[i], has_relay);
    }
}

void place_init_neighbours(struct sim *sim, uint64_t seed, bool has_hairpin)
{
    struct nat_config carrier = {.outside = addr_v4(20, 0, 1, 1, 0), .has_hairpin = has_hairpin};

    init(sim, seed, true);
    (void)snprintf(sim->again, sizeof sim->again, "neighbours%s, seed 0x%llx",
        has_hairpin ? " with a hairpin" : "", (unsigned long long)seed);
    int realm = network_add_nat(&sim->network, NETWORK_INTERNET, &carrier);
    for (int i = 0; i < 2; i++) {
        uint8_t n = (uint8_t)(i + 1);
        struct yodel_addr lan = addr_v4(192, 168, n, 2, 0);
        struct nat_config home = {
            .outside = addr_v4(100, 64, n, 2, 0), .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT};

        add_peer(sim, i, true);
        (void)sim_add_interface(sim, i, network_add_nat(&sim->network, realm, &home), &lan);
    }
}

void place_init(struct sim *sim, uint64_t seed, const enum place places[2])
{
    init_at(sim, seed, places, false);
}

void place_init_relayed(struct sim *sim, uint64_t seed, const enum place places[2])
{
    init_at(sim, seed, places, true);
}

struct nat *place_nat(struct sim *sim, int side)
{
    int link = sim->sides[side].interfaces[0].link;

    return network_nat(&sim->network, sim->network.links[link].realm);
}

void place_add_second(struct sim *sim, int side)
{
    uint8_t n = (uint8_t)(side + 1);
    struct yodel_addr ip = addr_v4(10, 0, n, 2, 0);
    struct nat_config config = {
        .outside = addr_v4(20, 0, 2, n, 0), .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT};
    int realm = network_add_nat(&sim->network, NETWORK_INTERNET, &config);

    (void)sim_add_interface(sim, side, realm, &ip);
}
