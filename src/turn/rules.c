// TURN peers that may be: the table of special addresses, and what IPv6 may carry.
//
// Implements  the registries of RFC 6890 (by their RFCs, in the table); RFC 6052 §2.2, RFC 3056 §2,
//             RFC 4380 §4 (where an IPv4 address lies in an IPv6 address)

#include "turn/rules.h"

#define V4 YODEL_ADDR_V4
#define V6 YODEL_ADDR_V6

static const struct turn_rules_prefix special[] = {
    {V4, 8, {0}},                                   // This network: RFC 791 §3.2.
    {V4, 8, {10}},                                  // Private: RFC 1918.
    {V4, 10, {100, 64}},                            // Shared, behind carriers' NATs: RFC 6598.
    {V4, 8, {127}},                                 // Loopback: RFC 1122 §3.2.1.3.
    {V4, 16, {169, 254}},                           // Link-local, and clouds' metadata: RFC 3927.
    {V4, 12, {172, 16}},                            // Private: RFC 1918.
    {V4, 24, {192, 0, 0}},                          // Protocol assignments: RFC 6890 §2.1.
    {V4, 24, {192, 0, 2}},                          // Documentation: RFC 5737.
    {V4, 24, {192, 88, 99}},                        // 6to4's relays, once: RFC 7526.
    {V4, 16, {192, 168}},                           // Private: RFC 1918.
    {V4, 15, {198, 18}},                            // Benchmarking: RFC 2544.
    {V4, 24, {198, 51, 100}},                       // Documentation: RFC 5737.
    {V4, 24, {203, 0, 113}},                        // Documentation: RFC 5737.
    {V4, 4, {224}},                                 // Multicast: RFC 5771.
    {V4, 4, {240}},                                 // Reserved, and broadcast: RFC 1112 §4.
    {V6, 96, {0}},                                  // ::, ::1 and IPv4-compatible: RFC 4291 §2.5.
    {V6, 96, {[10] = 0xff, 0xff}},                  // IPv4-mapped: RFC 4291 §2.5.5.2.
    {V6, 96, {0x00, 0x64, 0xff, 0x9b}},             // NAT64: RFC 6052.
    {V6, 48, {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}}, // NAT64 of one's own: RFC 8215.
    {V6, 64, {0x01}},                               // Discard: RFC 6666.
    {V6, 23, {0x20, 0x01}},                         // Teredo, ORCHID and others: RFC 2928.
    {V6, 32, {0x20, 0x01, 0x0d, 0xb8}},             // Documentation: RFC 3849.
    {V6, 16, {0x20, 0x02}},                         // 6to4: RFC 3056.
    {V6, 7, {0xfc}},                                // Unique local: RFC 4193.
    {V6, 10, {0xfe, 0x80}},                         // Link-local: RFC 4291 §2.5.6.
    {V6, 10, {0xfe, 0xc0}},                         // Site-local, once: RFC 3879.
    {V6, 8, {0xff}},                                // Multicast: RFC 4291 §2.7.
};

static bool has_prefix(const struct yodel_addr *addr, const struct turn_rules_prefix *prefix)
{
    size_t whole = prefix->bits / 8;
    uint8_t mask = (uint8_t)(0xff00u >> prefix->bits % 8);

    return addr->family == prefix->family && memcmp(addr->ip, prefix->ip, whole) == 0 &&
           (mask == 0 || ((addr->ip[whole] ^ prefix->ip[whole]) & mask) == 0);
}

static bool is_among(
    const struct yodel_addr *addr, const struct turn_rules_prefix *prefixes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (has_prefix(addr, &prefixes[i])) {
            return true;
        }
    }
    return false;
}

static bool is_own(const struct turn_rules *rules, const struct yodel_addr *addr)
{
    for (size_t i = 0; i < rules->own_count; i++) {
        if (rules->own[i].family == addr->family &&
            memcmp(rules->own[i].ip, addr->ip, sizeof addr->ip) == 0) {
            return true;
        }
    }
    return false;
}

// RFC 6052 §2.2: behind a prefix of 48 bits the address lies around the byte that is zero, behind
// one of 96 at the end.
static void read_nat64_of_ones_own(uint8_t v4[4], const uint8_t ip[16])
{
    static const uint8_t none[5];

    if (memcmp(ip + 11, none, sizeof none) == 0) {
        memcpy(v4, ip + 6, 2);
        memcpy(v4 + 2, ip + 9, 2);
    } else {
        memcpy(v4, ip + 12, 4);
    }
}

// The IPv4 address that `addr` carries.
static bool find_embedded(const struct yodel_addr *addr, struct yodel_addr *v4)
{
    static const struct turn_rules_prefix at_the_end[] = {
        {V6, 96, {0}}, {V6, 96, {[10] = 0xff, 0xff}}, {V6, 96, {0x00, 0x64, 0xff, 0x9b}}};
    static const struct turn_rules_prefix nat64 = {V6, 48, {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}};
    static const struct turn_rules_prefix six_to_four = {V6, 16, {0x20, 0x02}};
    static const struct turn_rules_prefix teredo = {V6, 32, {0x20, 0x01}};

    *v4 = (struct yodel_addr){.family = V4};
    if (is_among(addr, at_the_end, COUNT(at_the_end))) {
        memcpy(v4->ip, addr->ip + 12, 4);
    } else if (has_prefix(addr, &nat64)) {
        read_nat64_of_ones_own(v4->ip, addr->ip);
    } else if (has_prefix(addr, &six_to_four)) {
        memcpy(v4->ip, addr->ip + 2, 4);
    } else if (has_prefix(addr, &teredo)) {
        for (size_t i = 0; i < 4; i++) {
            v4->ip[i] = addr->ip[12 + i] ^ 0xff; // RFC 4380 §4: the client's, inverted.
        }
    } else {
        return false;
    }
    return true;
}

// With the first `exceptions` of the allow-list.
static bool is_good_as_it_is(
    const struct turn_rules *rules, size_t exceptions, const struct yodel_addr *addr)
{
    return is_among(addr, rules->allow, exceptions) ||
           (!is_among(addr, special, COUNT(special)) && !is_own(rules, addr));
}

static bool is_good(
    const struct turn_rules *rules, size_t exceptions, const struct yodel_addr *addr)
{
    // ::1 lies in the range of IPv4-compatible addresses, and carries none.
    struct yodel_addr v4;

    if (addr->family == YODEL_ADDR_NONE || !is_good_as_it_is(rules, exceptions, addr)) {
        return false;
    }
    return addr_is_loopback(addr) || !find_embedded(addr, &v4) ||
           is_good_as_it_is(rules, exceptions, &v4);
}

bool turn_rules_is_allowed(const struct turn_rules *rules, const struct yodel_addr *peer)
{
    return is_good(rules, rules->allow_count, peer);
}

bool turn_rules_is_ordinary(const struct turn_rules *rules, const struct yodel_addr *peer)
{
    return is_good(rules, 0, peer);
}

enum yodel_err turn_rules_add_own(struct turn_rules *rules, const struct yodel_addr *addr)
{
    // What is special needs no second reason.
    if (is_own(rules, addr) || is_among(addr, special, COUNT(special))) {
        return YODEL_OK;
    }
    if (rules->own_count == TURN_RULES_OWN_MAX) {
        return YODEL_ERR_TOO_LARGE;
    }
    rules->own[rules->own_count++] = *addr;
    return YODEL_OK;
}

// "/24", or nothing for a whole address.
static bool parse_bits(uint8_t *bits, struct bytes text, uint8_t max)
{
    uint32_t value = 0;

    if (text.len == 0) {
        *bits = max;
        return true;
    }
    if (text.len < 2 || text.len > 4) {
        return false;
    }
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        value = value * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    if (value > max) {
        return false;
    }
    *bits = (uint8_t)value;
    return true;
}

enum yodel_err turn_rules_allow(struct turn_rules *rules, struct bytes text)
{
    const uint8_t *slash = text.len > 0 ? memchr(text.ptr, '/', text.len) : NULL;
    size_t ip_len = slash ? (size_t)(slash - text.ptr) : text.len;
    struct turn_rules_prefix prefix = {0};
    struct yodel_addr addr;

    if (addr_parse_ip(&addr, bytes_sub(text, 0, ip_len)) != YODEL_OK ||
        !parse_bits(
            &prefix.bits, bytes_sub(text, ip_len, text.len), addr.family == V4 ? 32 : 128)) {
        return YODEL_ERR_SYNTAX;
    }
    if (rules->allow_count == TURN_RULES_ALLOW_MAX) {
        return YODEL_ERR_TOO_LARGE;
    }
    prefix.family = addr.family;
    memcpy(prefix.ip, addr.ip, sizeof prefix.ip);
    rules->allow[rules->allow_count++] = prefix;
    return YODEL_OK;
}
