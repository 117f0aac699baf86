// A NAT of the simulator's.

#include "nat.h"

#include <string.h>

#include "base/addr.h"
#include "base/assert.h"

#define PORT_FIRST 1024u
#define PORT_COUNT (65536 - PORT_FIRST)

static const uint8_t nat64_prefix[12] = {0x00, 0x64, 0xff, 0x9b}; // 64:ff9b::/96.

void nat_init(struct nat *nat, const struct nat_config *config, struct prng *prng)
{
    *nat = (struct nat){.config = *config, .prng = prng};
    if (nat->config.timeout == 0) {
        nat->config.timeout = NAT_TIMEOUT;
    }
    if (nat->config.mappings_max == 0) {
        nat->config.mappings_max = NAT_MAPPINGS_MAX;
    }
    YODEL_ASSERT(nat->config.mappings_max <= NAT_MAPPINGS_MAX);
}

void nat_rebind(struct nat *nat)
{
    memset(nat->mappings, 0, sizeof nat->mappings);
    nat->port_shift = (uint16_t)(nat->port_shift + 1000);
}

// Whether two remote addresses are one, as far as `scope` looks.
static bool is_same(enum nat_scope scope, const struct yodel_addr *a, const struct yodel_addr *b)
{
    switch (scope) {
    case NAT_ENDPOINT_INDEPENDENT:
        return true;
    case NAT_ADDRESS_DEPENDENT:
        return addr_same_ip(a, b);
    case NAT_ADDRESS_AND_PORT_DEPENDENT:
        return addr_equal(a, b);
    }
    return false;
}

// ---- NAT64: an IPv4 address stands in the last four bytes of an IPv6 one.

void nat_embed(struct yodel_addr *addr)
{
    struct yodel_addr v6 = {.family = YODEL_ADDR_V6, .port = addr->port};

    memcpy(v6.ip, nat64_prefix, sizeof nat64_prefix);
    memcpy(v6.ip + 12, addr->ip, 4);
    *addr = v6;
}

bool nat_extract(struct yodel_addr *addr)
{
    struct yodel_addr v4 = {.family = YODEL_ADDR_V4, .port = addr->port};

    if (addr->family != YODEL_ADDR_V6 || memcmp(addr->ip, nat64_prefix, sizeof nat64_prefix) != 0) {
        return false;
    }
    memcpy(v4.ip, addr->ip + 12, 4);
    *addr = v4;
    return true;
}

// ---- mappings

static bool is_recent(
    const struct nat *nat, const struct nat_mapping *mapping, yodel_time sent_at, yodel_time now)
{
    return time_since(now, sent_at) <
           (mapping->transport == YODEL_UDP ? nat->config.timeout : NAT_TIMEOUT_STREAM);
}

static bool is_live(const struct nat *nat, const struct nat_mapping *mapping, yodel_time now)
{
    return mapping->is_used && is_recent(nat, mapping, mapping->sent_at, now);
}

static struct nat_mapping *find_port(
    struct nat *nat, enum yodel_transport transport, uint16_t port, yodel_time now)
{
    for (size_t i = 0; i < nat->config.mappings_max; i++) {
        struct nat_mapping *mapping = &nat->mappings[i];

        if (is_live(nat, mapping, now) && mapping->transport == transport &&
            mapping->port == port) {
            return mapping;
        }
    }
    return NULL;
}

static struct nat_mapping *find_inside(
    struct nat *nat, const struct yodel_path *path, yodel_time now)
{
    for (size_t i = 0; i < nat->config.mappings_max; i++) {
        struct nat_mapping *mapping = &nat->mappings[i];

        if (is_live(nat, mapping, now) && mapping->transport == path->transport &&
            addr_equal(&mapping->inside, &path->local) &&
            is_same(nat->config.mapping, &mapping->remote, &path->remote)) {
            return mapping;
        }
    }
    return NULL;
}

// §4.2: the host's own port where it is free. There are fewer mappings than ports: one always is.
static uint16_t choose_port(struct nat *nat, const struct yodel_path *path, yodel_time now)
{
    uint64_t at = nat->config.has_random_ports
                      ? prng_below(nat->prng, PORT_COUNT)
                      : PORT_COUNT - PORT_FIRST + path->local.port + nat->port_shift;

    while (find_port(nat, path->transport, (uint16_t)(PORT_FIRST + at % PORT_COUNT), now)) {
        at++;
    }
    return (uint16_t)(PORT_FIRST + at % PORT_COUNT);
}

static struct nat_mapping *make_mapping(
    struct nat *nat, const struct yodel_path *path, yodel_time now)
{
    for (size_t i = 0; i < nat->config.mappings_max; i++) {
        struct nat_mapping *mapping = &nat->mappings[i];

        if (!is_live(nat, mapping, now)) {
            *mapping = (struct nat_mapping){.is_used = true,
                .transport = path->transport,
                .inside = path->local,
                .remote = path->remote,
                .port = choose_port(nat, path, now)};
            return mapping;
        }
    }
    nat->refused++;
    return NULL;
}

// ---- filtering

static void permit(struct nat_mapping *mapping, const struct yodel_addr *remote, yodel_time now)
{
    struct nat_permit *at = &mapping->permits[0];

    for (size_t i = 0; i < NAT_PERMITS_MAX; i++) {
        struct nat_permit *permit = &mapping->permits[i];

        if (addr_equal(&permit->remote, remote)) {
            at = permit;
            break;
        }
        if (permit->sent_at < at->sent_at) {
            at = permit;
        }
    }
    *at = (struct nat_permit){*remote, now};
}

static bool is_permitted(const struct nat *nat, const struct nat_mapping *mapping,
    const struct yodel_addr *remote, yodel_time now)
{
    // A stream's segments belong to a connection, whoever may open one.
    enum nat_scope scope =
        mapping->transport == YODEL_UDP ? nat->config.filtering : NAT_ADDRESS_AND_PORT_DEPENDENT;

    for (size_t i = 0; i < NAT_PERMITS_MAX; i++) {
        const struct nat_permit *permit = &mapping->permits[i];

        if (permit->remote.family != YODEL_ADDR_NONE &&
            is_recent(nat, mapping, permit->sent_at, now) &&
            is_same(scope, &permit->remote, remote)) {
            return true;
        }
    }
    return false;
}

// ---- datagrams

static bool is_blocked(const struct nat *nat, const struct yodel_path *path)
{
    return path->transport == YODEL_UDP && nat->config.is_udp_blocked;
}

static bool is_lost(const struct nat *nat, const struct yodel_path *path)
{
    return path->transport == YODEL_UDP && nat->config.is_udp_one_way;
}

// Nobody but servers of the web's, or of what passes for it.
static bool is_forbidden(const struct nat *nat, const struct yodel_path *path)
{
    return is_blocked(nat, path) || (path->transport != YODEL_UDP && nat->config.only_port != 0 &&
                                        path->remote.port != nat->config.only_port);
}

bool nat_out(struct nat *nat, struct yodel_path *path, yodel_time now)
{
    struct yodel_path outside = *path;

    if (is_forbidden(nat, path) || (nat->config.is_nat64 && !nat_extract(&outside.remote))) {
        return false;
    }
    if (outside.remote.family != nat->config.outside.family) {
        return false;
    }
    struct nat_mapping *mapping = find_inside(nat, &outside, now);
    if (!mapping) {
        mapping = make_mapping(nat, &outside, now);
    }
    if (!mapping) {
        return false;
    }
    mapping->sent_at = now; // §4.3, REQ-6: what goes out keeps a mapping; what comes in does not.
    permit(mapping, &outside.remote, now);
    outside.local = nat->config.outside;
    outside.local.port = mapping->port;
    *path = outside;
    return true;
}

bool nat_in(struct nat *nat, struct yodel_path *path, yodel_time now)
{
    struct nat_mapping *mapping = find_port(nat, path->transport, path->remote.port, now);
    bool is_hairpin = addr_same_ip(&path->local, &nat->config.outside);

    if (!mapping || is_blocked(nat, path) || is_lost(nat, path) ||
        !is_permitted(nat, mapping, &path->local, now) ||
        (is_hairpin && !nat->config.has_hairpin)) {
        return false;
    }
    path->remote = mapping->inside;
    if (nat->config.is_nat64) {
        nat_embed(&path->local);
    }
    return true;
}
