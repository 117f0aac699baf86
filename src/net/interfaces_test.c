// Interfaces: which of a machine's addresses are worth telling, and in what order.

#include <stdio.h>

#include "check.h"
#include "net/interfaces.h"
#include "own_network.h"

static struct interface_list list_of(const char *const *pairs, size_t count)
{
    struct interface_list list = {0};

    for (size_t i = 0; i < count && pairs[i]; i++) {
        struct interface *item = &list.items[list.count++];
        char name[16] = "";
        char ip[48] = "";
        CHECK_EQ(sscanf(pairs[i], "%15s %47s", name, ip), 2);
        (void)snprintf(item->name, sizeof item->name, "%s", name);
        item->is_internal = strcmp(name, "lo") == 0;
        CHECK_EQ(addr_parse_ip(&item->addr, bytes_of_text(ip)), YODEL_OK);
    }
    return list;
}

static void expect(const struct interface_list *chosen, const char *want)
{
    char got[512];
    struct writer w = writer_of(span_of(got, sizeof got));

    for (size_t i = 0; i < chosen->count; i++) {
        char text[ADDR_TEXT_MAX];
        put_format(&w, "%s ", addr_ip_text(&chosen->items[i].addr, text));
    }
    put_u8(&w, 0);
    CHECK_TEXT(got, want);
}

static void what_is_useful_comes_first_and_once(void)
{
    static const struct {
        const char *all[6];
        enum yodel_loopback loopback;
        const char *want;
    } rows[] = {
        {{"lo 127.0.0.1", "lo ::1", "docker0 172.17.0.1", "eth0 192.0.2.2", "eth0 2001:db8::2",
             "eth0 fe80::1"},
            YODEL_LOOPBACK_IF_ALONE, "2001:db8::2 192.0.2.2 "},
        {{"lo 127.0.0.1", "docker0 172.17.0.1", "veth12 fe80::1"}, YODEL_LOOPBACK_IF_ALONE,
            "172.17.0.1 "},
        {{"wg0 10.1.0.2", "tailscale0 100.64.0.1", "eth0 192.0.2.2", "wlan0 192.0.2.3"},
            YODEL_LOOPBACK_IF_ALONE, "192.0.2.2 192.0.2.3 10.1.0.2 100.64.0.1 "},
        {{"eth0 192.0.2.2", "eth0 192.0.2.3", "eth0 192.0.2.4", "eth0 2001:db8::2",
             "eth1 2001:db8::3"},
            YODEL_LOOPBACK_IF_ALONE, "2001:db8::2 192.0.2.2 2001:db8::3 192.0.2.3 192.0.2.4 "},
        {{"lo 127.0.0.1", "eth0 192.0.2.2"}, YODEL_LOOPBACK_ALWAYS, "192.0.2.2 127.0.0.1 "},
        {{"lo 127.0.0.1", "lo ::1", "eth0 192.0.2.2"}, YODEL_LOOPBACK_ONLY, "::1 127.0.0.1 "},
        {{"lo 127.0.0.1", "lo ::1"}, YODEL_LOOPBACK_IF_ALONE, "::1 127.0.0.1 "},
        {{"lo 127.0.0.1", "eth0 fe80::2", "eth1 169.254.1.1"}, YODEL_LOOPBACK_IF_ALONE,
            "fe80::2 169.254.1.1 "},
        {{"lo fe80::1", "lo 10.0.0.1", "eth0 192.0.2.2", "eth1 192.0.2.2", "eth2 0.0.0.0"},
            YODEL_LOOPBACK_IF_ALONE, "192.0.2.2 "},
        {{NULL}, YODEL_LOOPBACK_ALWAYS, ""},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct interface_list all = list_of(rows[i].all, COUNT(rows[i].all));
        struct interface_list chosen;
        struct interfaces_policy policy = {.loopback = rows[i].loopback};

        interfaces_choose(&chosen, &all, &policy);
        expect(&chosen, rows[i].want);
    }
}

static void patterns_say_otherwise(void)
{
    static const char *const machine[] = {"lo 127.0.0.1", "eth0 192.0.2.2", "eth1 198.51.100.3",
        "docker0 172.17.0.1", "wg0 10.1.0.2"};
    static const struct {
        const char *patterns[3];
        const char *want;
    } rows[] = {
        {{"eth0"}, "192.0.2.2 "},
        {{"eth*"}, "192.0.2.2 198.51.100.3 "},
        {{"*"}, "192.0.2.2 198.51.100.3 172.17.0.1 10.1.0.2 "},
        {{"*", "!wg*"}, "192.0.2.2 198.51.100.3 172.17.0.1 "},
        {{"!eth1"}, "192.0.2.2 10.1.0.2 "}, // The rest is as ever.
        {{"!eth*", "!wg*"}, "172.17.0.1 "},
        {{"docker0", "wg0"}, "172.17.0.1 10.1.0.2 "},
        {{"198.51.*"}, "198.51.100.3 "},
        {{"*0"}, "192.0.2.2 172.17.0.1 10.1.0.2 "},
        {{"e*h*1"}, "198.51.100.3 "},
        {{"wlan0"}, "127.0.0.1 "}, // Nothing is left.
        {{""}, "127.0.0.1 "},
        {{"eth"}, "127.0.0.1 "},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct interface_list all = list_of(machine, COUNT(machine));
        struct interface_list chosen;
        struct interfaces_policy policy = {.patterns = rows[i].patterns};

        while (policy.pattern_count < 3 && rows[i].patterns[policy.pattern_count]) {
            policy.pattern_count++;
        }
        interfaces_choose(&chosen, &all, &policy);
        expect(&chosen, rows[i].want);
    }
}

static void an_address_has_its_time(void)
{
    static const char *const machine[] = {"eth0 2001:db8::1", "eth0 2001:db8::2",
        "eth0 2001:db8::3", "eth0 2001:db8::4", "eth1 2001:db8:1::1"};
    struct interface_list all = list_of(machine, COUNT(machine)), chosen;
    struct interfaces_policy policy = {.loopback = YODEL_LOOPBACK_IF_ALONE};

    all.items[1].is_temporary = all.items[2].is_temporary = true;
    all.items[1].is_deprecated = true;
    all.items[3].is_unusable = true;
    interfaces_choose(&chosen, &all, &policy);
    expect(&chosen, "2001:db8::3 2001:db8:1::1 2001:db8::2 ");
    policy.is_lasting = true;
    interfaces_choose(&chosen, &all, &policy);
    expect(&chosen, "2001:db8::1 2001:db8:1::1 ");
}

static void this_machine_has_an_interface(void)
{
    struct interface_list all, chosen;

    CHECK_EQ(interfaces_read(&all), YODEL_OK);
    interfaces_choose(
        &chosen, &all, &(struct interfaces_policy){.loopback = YODEL_LOOPBACK_ALWAYS});
    CHECK(chosen.count > 0);
}

struct visited {
    uint32_t count, found;
};

static void on_address(void *ctx, const struct yodel_addr *addr)
{
    struct visited *visited = ctx;

    visited->count++;
    visited->found += addr->family == YODEL_ADDR_V4 && addr->ip[0] == 45;
}

// More than a list has room for; one is where no cable is.
static void all_addresses_are_visited(void)
{
    struct visited visited = {0};

    if (!own_network_enter("ip link add yd0 type dummy && ip link set yd0 up && "
                           "ip link add yd1 type bridge && ip link set yd1 up && "
                           "ip addr add 45.1.0.1/32 dev yd1 && "
                           "for i in $(seq 40); do ip addr add 45.0.0.$i/32 dev yd0 || exit 1; "
                           "done")) {
        skip(); // Without the right to it, or without iproute2.
    }
    CHECK_EQ(interfaces_visit(on_address, &visited), YODEL_OK);
    CHECK_EQ(visited.found, 41);
    CHECK(visited.count >= visited.found);
}

TEST_MAIN(TEST(what_is_useful_comes_first_and_once), TEST(patterns_say_otherwise),
    TEST(an_address_has_its_time), TEST(this_machine_has_an_interface),
    TEST(all_addresses_are_visited))
