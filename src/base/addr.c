// Addresses: reading, writing and judging them.
//
// Implements  RFC 5952 through inet_ntop

#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

bool addr_same_ip(const struct yodel_addr *a, const struct yodel_addr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0 &&
           a->scope_id == b->scope_id;
}

bool addr_equal(const struct yodel_addr *a, const struct yodel_addr *b)
{
    return a->port == b->port && addr_same_ip(a, b);
}

bool path_equal(const struct yodel_path *a, const struct yodel_path *b)
{
    return a->transport == b->transport && addr_equal(&a->local, &b->local) &&
           addr_equal(&a->remote, &b->remote);
}

struct yodel_addr addr_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
    return (struct yodel_addr){.family = YODEL_ADDR_V4, .ip = {a, b, c, d}, .port = port};
}

enum yodel_err addr_parse_ip(struct yodel_addr *addr, struct bytes text)
{
    char room[INET6_ADDRSTRLEN + 1];
    struct yodel_addr parsed = {0};

    if (text.len == 0 || text.len >= sizeof room || memchr(text.ptr, '\0', text.len)) {
        return YODEL_ERR_SYNTAX;
    }
    memcpy(room, text.ptr, text.len);
    room[text.len] = '\0';
    if (inet_pton(AF_INET, room, parsed.ip) == 1) {
        parsed.family = YODEL_ADDR_V4;
    } else if (inet_pton(AF_INET6, room, parsed.ip) == 1) {
        parsed.family = YODEL_ADDR_V6;
    } else {
        return YODEL_ERR_SYNTAX;
    }
    *addr = parsed;
    return YODEL_OK;
}

static bool parse_port(uint16_t *port, struct bytes text)
{
    uint32_t value = 0;

    if (text.len == 0 || text.len > 5) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        value = value * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    if (value > UINT16_MAX) {
        return false;
    }
    *port = (uint16_t)value;
    return true;
}

enum yodel_err addr_parse(struct yodel_addr *addr, struct bytes text)
{
    struct yodel_addr parsed = {0};
    size_t colon = text.len;

    while (colon > 0 && text.ptr[colon - 1] != ':') {
        colon--;
    }
    if (colon < 2) {
        return YODEL_ERR_SYNTAX;
    }
    struct bytes ip = bytes_sub(text, 0, colon - 1);
    bool bracketed = ip.len > 2 && ip.ptr[0] == '[' && ip.ptr[ip.len - 1] == ']';
    if (bracketed) {
        ip = bytes_sub(ip, 1, ip.len - 2);
    }
    if (addr_parse_ip(&parsed, ip) != YODEL_OK || bracketed != (parsed.family == YODEL_ADDR_V6) ||
        !parse_port(&parsed.port, bytes_sub(text, colon, text.len))) {
        return YODEL_ERR_SYNTAX;
    }
    *addr = parsed;
    return YODEL_OK;
}

const char *addr_ip_text(const struct yodel_addr *addr, char room[ADDR_TEXT_MAX])
{
    int family = addr->family == YODEL_ADDR_V6 ? AF_INET6 : AF_INET;

    if (addr->family == YODEL_ADDR_NONE || !inet_ntop(family, addr->ip, room, ADDR_TEXT_MAX)) {
        (void)snprintf(room, ADDR_TEXT_MAX, "none");
    }
    return room;
}

const char *addr_text(const struct yodel_addr *addr, char room[ADDR_TEXT_MAX])
{
    char ip[ADDR_TEXT_MAX];
    bool is_v6 = addr->family == YODEL_ADDR_V6;

    addr_ip_text(addr, ip);
    (void)snprintf(room, ADDR_TEXT_MAX, is_v6 ? "[%.45s]:%u" : "%.45s:%u", ip, addr->port);
    return room;
}

bool addr_is_loopback(const struct yodel_addr *addr)
{
    static const uint8_t v6[16] = {[15] = 1};

    return addr->family == YODEL_ADDR_V4
               ? addr->ip[0] == 127
               : addr->family == YODEL_ADDR_V6 && memcmp(addr->ip, v6, sizeof v6) == 0;
}

bool addr_is_link_local(const struct yodel_addr *addr)
{
    if (addr->family == YODEL_ADDR_V4) {
        return addr->ip[0] == 169 && addr->ip[1] == 254;
    }
    return addr->family == YODEL_ADDR_V6 && addr->ip[0] == 0xfe && (addr->ip[1] & 0xc0) == 0x80;
}

bool addr_is_multicast(const struct yodel_addr *addr)
{
    static const uint8_t broadcast[4] = {255, 255, 255, 255};

    if (addr->family == YODEL_ADDR_V4) {
        return (addr->ip[0] & 0xf0) == 0xe0 || memcmp(addr->ip, broadcast, 4) == 0;
    }
    return addr->family == YODEL_ADDR_V6 && addr->ip[0] == 0xff;
}

bool addr_is_any(const struct yodel_addr *addr)
{
    static const uint8_t zero[16] = {0};

    return addr->family != YODEL_ADDR_NONE && memcmp(addr->ip, zero, sizeof zero) == 0;
}

bool addr_is_private(const struct yodel_addr *addr)
{
    const uint8_t *ip = addr->ip;

    if (addr->family == YODEL_ADDR_V4) {
        return ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xf0) == 16) ||
               (ip[0] == 192 && ip[1] == 168) || (ip[0] == 100 && (ip[1] & 0xc0) == 64);
    }
    return addr->family == YODEL_ADDR_V6 && (ip[0] & 0xfe) == 0xfc;
}

struct yodel_addr addr_unmap(const struct yodel_addr *addr)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    struct yodel_addr v4 = {.family = YODEL_ADDR_V4, .port = addr->port};

    if (addr->family != YODEL_ADDR_V6 || memcmp(addr->ip, prefix, sizeof prefix) != 0) {
        return *addr;
    }
    memcpy(v4.ip, addr->ip + 12, 4);
    return v4;
}

struct bytes addr_source(uint8_t key[ADDR_SOURCE_SIZE], const struct yodel_addr *addr)
{
    struct yodel_addr source = addr_unmap(addr);

    key[0] = (uint8_t)source.family;
    memcpy(key + 1, source.ip,
        ADDR_SOURCE_SIZE - 1); // All of IPv4 and zeros, or the first half of IPv6.
    return bytes_of(key, ADDR_SOURCE_SIZE);
}
