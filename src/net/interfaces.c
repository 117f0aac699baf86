// Interfaces: reading them through libuv, and choosing.

#include "net/interfaces.h"

#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>

#include <uv.h>

#include "net/sockaddr.h"

enum yodel_err interfaces_read(struct interface_list *list)
{
    uv_interface_address_t *found;
    int count;

    list->count = 0;
    int err = uv_interface_addresses(&found, &count); // Only those that are up.
    if (err < 0) {
        return err == UV_ENOMEM ? YODEL_ERR_NO_MEMORY : YODEL_ERR_NETWORK;
    }
    for (int i = 0; i < count && list->count < INTERFACES_MAX; i++) {
        struct yodel_addr addr = sockaddr_parse((const struct sockaddr *)&found[i].address);
        if (addr.family == YODEL_ADDR_NONE) {
            continue;
        }
        struct interface *item = &list->items[list->count++];
        *item = (struct interface){.addr = addr, .is_internal = found[i].is_internal != 0};
        (void)snprintf(item->name, sizeof item->name, "%s", found[i].name);
    }
    uv_free_interface_addresses(found, count);
    interfaces_read_flags(list);
    return YODEL_OK;
}

enum yodel_err interfaces_visit(void (*visit)(void *ctx, const struct yodel_addr *addr), void *ctx)
{
    struct ifaddrs *all; // Not libuv's, which leaves out what has no cable.

    if (getifaddrs(&all) != 0) {
        return errno == ENOMEM ? YODEL_ERR_NO_MEMORY : YODEL_ERR_NETWORK;
    }
    for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
        struct yodel_addr addr =
            one->ifa_addr ? sockaddr_parse(one->ifa_addr) : (struct yodel_addr){0};
        if (addr.family != YODEL_ADDR_NONE) {
            visit(ctx, &addr);
        }
    }
    freeifaddrs(all);
    return YODEL_OK;
}

// ---- kinds

enum kind { REAL, VPN, VIRTUAL, LINK_LOCAL, LOOPBACK, USELESS };

static bool begins_with_any(const char *name, const char *const *prefixes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

// Of bridges and containers: reachable by hardly anyone, but by these.
static bool is_virtual(const char *name)
{
    static const char *const prefixes[] = {"docker", "br-", "virbr", "veth", "lxc", "lxd", "cni",
        "flannel", "cali", "podman", "vmnet", "vboxnet", "bridge"};

    return begins_with_any(name, prefixes, COUNT(prefixes));
}

static bool is_vpn(const char *name)
{
    static const char *const prefixes[] = {
        "tun", "tap", "wg", "tailscale", "utun", "ppp", "ipsec", "zt"};

    return begins_with_any(name, prefixes, COUNT(prefixes));
}

// "*" stands for any text. Without recursion: on a mismatch the last star takes one more.
static bool matches(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

enum verdict { UNNAMED, NAMED, EXCLUDED };

static enum verdict judge(const struct interface *item, const struct interfaces_policy *policy)
{
    enum verdict verdict = UNNAMED;
    char ip[ADDR_TEXT_MAX];

    (void)addr_ip_text(&item->addr, ip);
    for (size_t i = 0; i < policy->pattern_count; i++) {
        bool is_not = policy->patterns[i][0] == '!';
        const char *pattern = policy->patterns[i] + is_not;
        bool is_meant = matches(pattern, item->name) || matches(pattern, ip);

        if (is_meant && is_not) {
            return EXCLUDED;
        }
        if (!is_not) { // There is a choice: who is not in it is out of it.
            verdict = is_meant || verdict == NAMED ? NAMED : EXCLUDED;
        }
    }
    return verdict;
}

static enum kind kind_of(const struct interface *item, const struct interfaces_policy *policy)
{
    const struct yodel_addr *addr = &item->addr;
    enum verdict verdict = judge(item, policy);

    if (addr_is_any(addr) || addr_is_multicast(addr) || item->is_unusable) {
        return USELESS;
    }
    if (addr_is_loopback(addr)) {
        return LOOPBACK;
    }
    if (item->is_internal || verdict == EXCLUDED) {
        return USELESS; // The former is fe80::1 on a BSD's lo0.
    }
    if (addr_is_link_local(addr)) {
        return LINK_LOCAL;
    }
    if (verdict == NAMED) {
        return REAL;
    }
    return is_virtual(item->name) ? VIRTUAL : is_vpn(item->name) ? VPN : REAL;
}

// ---- choosing

struct choice {
    const struct interface_list *all;
    const struct interfaces_policy *policy;
    struct interface_list *chosen;
};

bool interfaces_has(const struct interface_list *list, const struct yodel_addr *ip)
{
    for (size_t i = 0; i < list->count; i++) {
        if (addr_same_ip(&list->items[i].addr, ip)) {
            return true;
        }
    }
    return false;
}

// RFC 8981 §3.5: the interface has a temporary address, for connections.
static bool has_temporary(const struct choice *c, const struct interface *of)
{
    for (size_t i = 0; i < c->all->count; i++) {
        const struct interface *item = &c->all->items[i];
        if (item->is_temporary && !item->is_deprecated && !item->is_unusable &&
            strcmp(item->name, of->name) == 0) {
            return true;
        }
    }
    return false;
}

// Of an interface's temporary and stable addresses only the ones are used.
static bool is_passed_over(const struct choice *c, const struct interface *item)
{
    if (item->addr.family != YODEL_ADDR_V6) {
        return false;
    }
    return c->policy->is_lasting ? item->is_temporary
                                 : !item->is_temporary && has_temporary(c, item);
}

// The next of a family and kind that is not chosen yet; NULL: none is left.
static const struct interface *next_of(
    const struct choice *c, enum kind kind, enum yodel_family family, bool is_deprecated)
{
    for (size_t i = 0; i < c->all->count; i++) {
        const struct interface *item = &c->all->items[i];

        if (item->addr.family == family && item->is_deprecated == is_deprecated &&
            kind_of(item, c->policy) == kind && !interfaces_has(c->chosen, &item->addr) &&
            !is_passed_over(c, item)) {
            return item;
        }
    }
    return NULL;
}

static bool choose_one(struct choice *c, const struct interface *item)
{
    if (item && c->chosen->count < INTERFACES_MAX) {
        c->chosen->items[c->chosen->count++] = *item;
        return true;
    }
    return false;
}

// RFC 8421 §4: the families take turns, so that neither waits for all of the other's checks.
static void choose_kind(struct choice *c, enum kind kind)
{
    for (int is_deprecated = 0; is_deprecated < 2; is_deprecated++) {
        bool has_more = true;
        while (has_more) {
            has_more = choose_one(c, next_of(c, kind, YODEL_ADDR_V6, is_deprecated));
            has_more |= choose_one(c, next_of(c, kind, YODEL_ADDR_V4, is_deprecated));
        }
    }
}

void interfaces_choose(struct interface_list *chosen, const struct interface_list *all,
    const struct interfaces_policy *policy)
{
    static const enum kind resorts[] = {VIRTUAL, LINK_LOCAL};
    struct choice c = {.all = all, .policy = policy, .chosen = chosen};

    chosen->count = 0;
    if (policy->loopback != YODEL_LOOPBACK_ONLY) {
        choose_kind(&c, REAL);
        choose_kind(&c, VPN);
        for (size_t i = 0; i < COUNT(resorts) && chosen->count == 0; i++) {
            choose_kind(&c, resorts[i]);
        }
    }
    if (policy->loopback != YODEL_LOOPBACK_IF_ALONE || chosen->count == 0) {
        choose_kind(&c, LOOPBACK);
    }
}
