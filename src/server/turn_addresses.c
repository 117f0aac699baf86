// STUN's and TURN's addresses, from options and from what the machine has.

#include "server/turn_addresses.h"

#include <stdio.h>

bool server_turn_addresses_is_public(const struct yodel_addr *addr)
{
    return !addr_is_private(addr) && !addr_is_loopback(addr) && !addr_is_link_local(addr);
}

static bool is_there(const struct yodel_addr *addr)
{
    return addr->family != YODEL_ADDR_NONE;
}

static int rank_of(const struct yodel_addr *addr)
{
    return !is_there(addr) ? -1 : addr_is_loopback(addr) ? 0 : addr_is_private(addr) ? 1 : 2;
}

// The best public address of this machine's, else the best of its network, else loopback, so that a machine
// alone works by itself; but not `except`.
static struct yodel_addr choose(
    const struct interface_list *all, enum yodel_family family, const struct yodel_addr *except)
{
    struct interface_list sorted;
    struct yodel_addr best = {0};

    interfaces_choose(&sorted, all,
        &(struct interfaces_policy){.loopback = YODEL_LOOPBACK_ALWAYS, .is_lasting = true});
    for (size_t i = 0; i < sorted.count; i++) {
        const struct yodel_addr *addr = &sorted.items[i].addr;
        if (addr->family == family && !addr_is_link_local(addr) && !addr_same_ip(addr, except) &&
            rank_of(addr) > rank_of(&best)) {
            best = *addr;
        }
    }
    return best;
}

// ---- relays

static void find_relays(struct turn_server_config *core, const struct yodel_addr *local,
    const struct interface_list *all)
{
    static const struct yodel_addr none;

    if (!addr_is_any(local)) {
        *(local->family == YODEL_ADDR_V4 ? &core->v4.bound : &core->v6.bound) = *local;
        return;
    }
    core->v4.bound = choose(all, YODEL_ADDR_V4, &none);
    if (local->family == YODEL_ADDR_V6) {
        core->v6.bound = choose(all, YODEL_ADDR_V6, &none);
        if (addr_is_loopback(&core->v6.bound) && !addr_is_loopback(&core->v4.bound)) {
            core->v6.bound = none; // There is no IPv6 to speak of.
        }
    }
}

// Takes the next of a list with commas off its front; empty after the last.
static struct bytes next_of_list(const char **list)
{
    *list += strspn(*list, ", ");
    struct bytes one = bytes_of(*list, strcspn(*list, ", "));
    *list += one.len;
    return one;
}

static enum yodel_err take_external(
    struct turn_server_config *core, const char *list, char why[SERVER_ERROR_MAX])
{
    const char *rest = list;
    struct bytes text;
    bool is_told[2] = {false, false}; // Of IPv4, and of IPv6.

    snprintf(why, SERVER_ERROR_MAX,
        "--turn-external wants an IP address, or one of each family with a comma between them, "
        "of families that the server listens on, not \"%.100s\"",
        list);
    while ((text = next_of_list(&rest)).len > 0) {
        struct yodel_addr addr;
        if (addr_parse_ip(&addr, text) != YODEL_OK) {
            return YODEL_ERR_SYNTAX;
        }
        struct turn_relay_address *relay = addr.family == YODEL_ADDR_V4 ? &core->v4 : &core->v6;
        bool *is_second = &is_told[addr.family == YODEL_ADDR_V6];
        if (!is_there(&relay->bound) || addr_is_any(&addr) || addr_is_multicast(&addr) ||
            *is_second) {
            return YODEL_ERR_SYNTAX;
        }
        relay->public_addr = addr;
        *is_second = true;
    }
    return YODEL_OK;
}

// ---- listeners

static void listen_at(struct turn_server_config *core, struct yodel_addr addr, uint16_t port)
{
    addr.port = port;
    for (size_t i = 0; i < core->listener_count; i++) {
        if (addr_equal(&core->listeners[i], &addr)) {
            return;
        }
    }
    core->listeners[core->listener_count++] = addr;
}

// All four places of a discovery are heard.
static void listen_to(struct turn_server_config *core, const struct turn_discovery *discovery,
    const struct yodel_addr *local)
{
    uint16_t ports[] = {discovery->first.port, discovery->second.port};

    for (size_t i = 0; i < COUNT(ports); i++) {
        if (addr_is_any(local)) {
            listen_at(core, *local, ports[i]);
        } else {
            listen_at(core, discovery->first, ports[i]);
            listen_at(core, discovery->second, ports[i]);
        }
    }
}

// ---- the second address

static uint16_t port_beside(const struct yodel_addr *local)
{
    return local->port == UINT16_MAX ? local->port - 1 : (uint16_t)(local->port + 1);
}

static struct turn_discovery *discovery_of(
    struct turn_server_config *core, enum yodel_family family)
{
    return family == YODEL_ADDR_V4 ? &core->discovery_v4 : &core->discovery_v6;
}

// What the world calls an address of ours.
static struct yodel_addr public_of(
    const struct turn_server_config *core, const struct yodel_addr *addr)
{
    const struct turn_relay_address *relay = addr->family == YODEL_ADDR_V4 ? &core->v4 : &core->v6;
    struct yodel_addr known_as = relay->public_addr;

    if (!is_there(&known_as) || !addr_same_ip(&relay->bound, addr)) {
        return (struct yodel_addr){0};
    }
    known_as.port = addr->port;
    return known_as;
}

static void set_discovery(struct turn_server_config *core, const struct yodel_addr *local,
    struct yodel_addr first, const struct yodel_addr *second,
    const struct yodel_addr *second_public)
{
    struct turn_discovery *discovery = discovery_of(core, second->family);

    first.port = local->port;
    *discovery = (struct turn_discovery){.first = first,
        .second = *second,
        .first_public = public_of(core, &first),
        .second_public = is_there(second_public) ? *second_public : public_of(core, second)};
    if (is_there(&discovery->second_public)) {
        discovery->second_public.port = second->port;
    }
    listen_to(core, discovery, local);
}

// A machine with two public addresses of a family tells both by itself. Of a private one it is not known
// whether who asks could reach it.
static void find_second(struct turn_server_config *core, enum yodel_family family,
    const struct yodel_addr *local, const struct interface_list *all)
{
    static const struct yodel_addr none;
    struct yodel_addr first = choose(all, family, &none);
    struct yodel_addr second = choose(all, family, &first);

    if (is_there(&second) && server_turn_addresses_is_public(&second)) {
        second.port = port_beside(local);
        set_discovery(core, local, first, &second, &none);
    }
}

// "IP", "IP:PORT"; with "/IP" behind it where the world calls it otherwise.
static bool parse_other(
    const char *text, uint16_t port_default, struct yodel_addr *addr, struct yodel_addr *known_as)
{
    const char *slash = strchr(text, '/');
    struct bytes own = bytes_of(text, slash ? (size_t)(slash - text) : strlen(text));

    *known_as = (struct yodel_addr){0};
    if (addr_parse_ip(addr, own) == YODEL_OK) {
        addr->port = port_default;
    } else if (addr_parse(addr, own) != YODEL_OK) {
        return false;
    }
    if (slash && (addr_parse_ip(known_as, bytes_of_text(slash + 1)) != YODEL_OK ||
                     known_as->family != addr->family || addr_is_any(known_as))) {
        return false;
    }
    return addr->port != 0 && !addr_is_any(addr);
}

static enum yodel_err take_other(struct turn_server_config *core, const char *text,
    const struct yodel_addr *local, const struct interface_list *all, char why[SERVER_ERROR_MAX])
{
    struct yodel_addr second, known_as, first = *local;

    if (!parse_other(text, port_beside(local), &second, &known_as) ||
        is_there(&discovery_of(core, second.family)->first)) {
        snprintf(why, SERVER_ERROR_MAX,
            "--stun-other wants an address of this machine, with a port and with what the world "
            "calls it if need be (IP, IP:PORT, IP/PUBLIC-IP), one of a family, or off, not "
            "\"%.100s\"",
            text);
        return YODEL_ERR_SYNTAX;
    }
    if (addr_is_any(local)) {
        first = choose(all, second.family, &second);
        first = rank_of(&first) < rank_of(&second) ? second : first; // Or another port of it.
    }
    if (!interfaces_has(all, &second) || second.port == local->port ||
        second.family != first.family ||
        (second.family == YODEL_ADDR_V6 && local->family == YODEL_ADDR_V4)) {
        snprintf(why, SERVER_ERROR_MAX,
            "--stun-other wants an address that this machine has, of a family that --udp listens "
            "on, and another port than it, not \"%.100s\"",
            text);
        return YODEL_ERR_NETWORK;
    }
    set_discovery(core, local, first, &second, &known_as);
    return YODEL_OK;
}

static enum yodel_err find_others(struct turn_server_config *core,
    const struct server_turn_options *options, const struct yodel_addr *local,
    const struct interface_list *all, char why[SERVER_ERROR_MAX])
{
    enum yodel_err err = YODEL_OK;

    if (options->other_count == 1 && strcmp(options->others[0], "off") == 0) {
        return YODEL_OK;
    }
    for (size_t i = 0; err == YODEL_OK && i < options->other_count; i++) {
        err = take_other(core, options->others[i], local, all, why);
    }
    if (options->other_count == 0 && addr_is_any(local)) {
        find_second(core, YODEL_ADDR_V4, local, all);
        if (local->family == YODEL_ADDR_V6) {
            find_second(core, YODEL_ADDR_V6, local, all);
        }
    }
    return err;
}

void server_turn_addresses_forget_others(struct turn_server_config *core)
{
    core->discovery_v4 = core->discovery_v6 = (struct turn_discovery){0};
    core->listener_count = 1;
}

// ---- all of it

enum yodel_err server_turn_addresses_find(struct turn_server_config *core,
    const struct server_turn_options *options, const struct yodel_addr *local,
    const struct interface_list *all, char why[SERVER_ERROR_MAX])
{
    enum yodel_err err = YODEL_OK;

    listen_at(core, *local, local->port);
    if (!options->is_off) {
        find_relays(core, local, all);
        err = options->external ? take_external(core, options->external, why) : YODEL_OK;
    }
    return err ? err : find_others(core, options, local, all, why);
}
