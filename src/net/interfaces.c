// Interfaces: reading them through libuv, and choosing.

#include "net/interfaces.h"

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
    return YODEL_OK;
}

// Of bridges and containers: reachable by hardly anyone, but by these.
static bool is_virtual(const char *name)
{
    static const char *const prefixes[] = {"docker", "br-", "virbr", "veth", "lxc", "lxd", "cni",
        "flannel", "cali", "podman", "vmnet", "vboxnet", "bridge"};

    for (size_t i = 0; i < COUNT(prefixes); i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

enum kind { REAL, VIRTUAL, LINK_LOCAL, LOOPBACK, USELESS };

static enum kind kind_of(const struct interface *item)
{
    const struct yodel_addr *addr = &item->addr;

    if (addr_is_any(addr) || addr_is_multicast(addr)) {
        return USELESS;
    }
    if (addr_is_loopback(addr)) {
        return LOOPBACK;
    }
    if (item->is_internal) {
        return USELESS; // fe80::1 on a BSD's lo0.
    }
    if (addr_is_link_local(addr)) {
        return LINK_LOCAL;
    }
    return is_virtual(item->name) ? VIRTUAL : REAL;
}

static void add_kind(
    struct interface_list *chosen, const struct interface_list *all, enum kind kind)
{
    for (size_t i = 0; i < all->count; i++) {
        bool is_new = kind_of(&all->items[i]) == kind;

        for (size_t j = 0; j < chosen->count && is_new; j++) {
            is_new = !addr_same_ip(&chosen->items[j].addr, &all->items[i].addr);
        }
        if (is_new && chosen->count < INTERFACES_MAX) {
            chosen->items[chosen->count++] = all->items[i];
        }
    }
}

void interfaces_choose(
    struct interface_list *chosen, const struct interface_list *all, enum yodel_loopback loopback)
{
    chosen->count = 0;
    if (loopback != YODEL_LOOPBACK_ONLY) {
        add_kind(chosen, all, REAL);
        add_kind(chosen, all, VIRTUAL);
        if (chosen->count == 0) {
            add_kind(chosen, all, LINK_LOCAL);
        }
    }
    if (loopback != YODEL_LOOPBACK_IF_ALONE || chosen->count == 0) {
        add_kind(chosen, all, LOOPBACK);
    }
}
