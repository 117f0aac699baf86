// STUN's and TURN's addresses: which two tell what a NAT does, and where clients are heard for it.

#include "server/turn_addresses.h"

#include <stdio.h>

#include "check.h"

static struct turn_server_config core;
static struct server_turn_options options;
static const char *others[2];
static char why[SERVER_ERROR_MAX];

static struct yodel_addr addr_of(const char *text)
{
    struct yodel_addr addr = {0};

    if (addr_parse_ip(&addr, bytes_of_text(text)) != YODEL_OK) {
        CHECK_EQ(addr_parse(&addr, bytes_of_text(text)), YODEL_OK);
    }
    return addr;
}

// A machine with these addresses (with commas between them), that listens at `local`.
static enum yodel_err find(const char *local, const char *addrs, const char *other)
{
    struct interface_list all = {0};
    struct yodel_addr listener = addr_of(local);
    char list[256];

    core = (struct turn_server_config){0};
    others[0] = other;
    options = (struct server_turn_options){.others = others, .other_count = other ? 1 : 0};
    (void)snprintf(list, sizeof list, "%s", addrs);
    for (char *one = strtok(list, ","); one; one = strtok(NULL, ",")) {
        struct interface *item = &all.items[all.count++];
        *item = (struct interface){.name = "eth0", .addr = addr_of(one)};
        item->is_internal = addr_is_loopback(&item->addr);
    }
    return server_turn_addresses_find(&core, &options, &listener, &all, why);
}

static bool is_at(const struct yodel_addr *addr, const char *text)
{
    struct yodel_addr want = text ? addr_of(text) : (struct yodel_addr){0};

    return addr_equal(addr, &want);
}

static bool discovers(const struct turn_discovery *discovery, const char *first, const char *second)
{
    return is_at(&discovery->first, first) && is_at(&discovery->second, second);
}

static bool hears(const char *const *listeners, size_t count)
{
    bool all = core.listener_count == count;

    for (size_t i = 0; i < count && all; i++) {
        all = is_at(&core.listeners[i], listeners[i]);
    }
    return all;
}
#define HEARS(...)                                                                                 \
    hears((const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__})))

static void two_public_addresses_are_told_by_themselves(void)
{
    CHECK_EQ(find("[::]:3478", "127.0.0.1,5.6.7.8,5.6.7.9,2001:db9::1", NULL), YODEL_OK);
    CHECK(discovers(&core.discovery_v4, "5.6.7.8:3478", "5.6.7.9:3479"));
    CHECK(discovers(&core.discovery_v6, NULL, NULL)); // There is one.
    CHECK(HEARS("[::]:3478", "[::]:3479"));
    CHECK_EQ(find("[::]:65535", "2001:db9::1,2001:db9::2", NULL), YODEL_OK);
    CHECK(discovers(&core.discovery_v6, "[2001:db9::1]:65535", "[2001:db9::2]:65534"));
    CHECK(HEARS("[::]:65535", "[::]:65534"));
}

static void what_nobody_may_reach_is_not_told(void)
{
    static const char *const machines[] = {"127.0.0.1,5.6.7.8", "5.6.7.8,10.0.0.1",
        "10.0.0.1,10.0.0.2", "127.0.0.1,127.0.0.2", "5.6.7.8,169.254.1.1"};

    for (size_t i = 0; i < COUNT(machines); i++) {
        CHECK_EQ(find("0.0.0.0:3478", machines[i], NULL), YODEL_OK);
        CHECK(discovers(&core.discovery_v4, NULL, NULL));
        CHECK(HEARS("0.0.0.0:3478"));
    }
    // Whoever listens on one address alone listens on no other unasked.
    CHECK_EQ(find("5.6.7.8:3478", "5.6.7.8,5.6.7.9", NULL), YODEL_OK);
    CHECK(HEARS("5.6.7.8:3478"));
    CHECK_EQ(find("0.0.0.0:3478", "5.6.7.8,5.6.7.9", "off"), YODEL_OK);
    CHECK(discovers(&core.discovery_v4, NULL, NULL) && HEARS("0.0.0.0:3478"));
}

static void a_second_address_is_heard_at_all_four_places(void)
{
    CHECK_EQ(find("10.0.0.1:3478", "10.0.0.1,10.0.0.2", "10.0.0.2:4000"), YODEL_OK);
    CHECK(discovers(&core.discovery_v4, "10.0.0.1:3478", "10.0.0.2:4000"));
    CHECK(HEARS("10.0.0.1:3478", "10.0.0.2:3478", "10.0.0.1:4000", "10.0.0.2:4000"));
    CHECK_EQ(find("0.0.0.0:3478", "10.0.0.1,10.0.0.2", "10.0.0.1"), YODEL_OK);
    CHECK(discovers(&core.discovery_v4, "10.0.0.2:3478", "10.0.0.1:3479"));
    CHECK(HEARS("0.0.0.0:3478", "0.0.0.0:3479"));
    CHECK_EQ(find("10.0.0.1:3478", "10.0.0.1", "10.0.0.1:4000"), YODEL_OK); // A port alone.
    CHECK(discovers(&core.discovery_v4, "10.0.0.1:3478", "10.0.0.1:4000"));
    CHECK(HEARS("10.0.0.1:3478", "10.0.0.1:4000"));
    CHECK_EQ(find("0.0.0.0:3478", "127.0.0.1,10.0.0.1", "10.0.0.1"), YODEL_OK);
    CHECK(discovers(&core.discovery_v4, "10.0.0.1:3478", "10.0.0.1:3479"));
}

static void the_world_s_names_are_told(void)
{
    CHECK_EQ(find("0.0.0.0:3478", "10.0.0.1,10.0.0.2", "10.0.0.2/5.6.7.9"), YODEL_OK);
    CHECK(is_at(&core.discovery_v4.second_public, "5.6.7.9:3479"));
    struct interface_list all = {
        .count = 2, .items = {{.addr = addr_of("10.0.0.1")}, {.addr = addr_of("10.0.0.2")}}};
    struct yodel_addr local = addr_of("0.0.0.0:3478");
    options.external = "5.6.7.8";
    core = (struct turn_server_config){0};
    CHECK_EQ(server_turn_addresses_find(&core, &options, &local, &all, why), YODEL_OK);
    CHECK(is_at(&core.discovery_v4.first_public, "5.6.7.8:3478"));
    CHECK(is_at(&core.discovery_v4.second_public, "5.6.7.9:3479"));
}

static void what_cannot_be_is_a_sentence(void)
{
    static const struct {
        const char *local, *other;
    } cases[] = {
        {"0.0.0.0:3478", "nowhere"},
        {"0.0.0.0:3478", ""},
        {"0.0.0.0:3478", "10.0.0.2/"},
        {"0.0.0.0:3478", "10.0.0.2/0.0.0.0"},
        {"0.0.0.0:3478", "10.0.0.2/2001:db9::1"},
        {"0.0.0.0:3478", "0.0.0.0:3479"},
        {"0.0.0.0:3478", "10.0.0.2:0"},
        {"0.0.0.0:3478", "10.0.0.2:3478"}, // The port that it has already.
        {"0.0.0.0:3478", "10.0.0.3"},      // Somebody else's.
        {"0.0.0.0:3478", "2001:db9::1"},   // Of a family that is not listened to.
        {"10.0.0.1:3478", "[2001:db9::1]:9"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        enum yodel_err err = find(cases[i].local, "10.0.0.1,10.0.0.2,2001:db9::1", cases[i].other);
        CHECK(err == YODEL_ERR_SYNTAX || err == YODEL_ERR_NETWORK);
        CHECK(strncmp(why, "--stun-other wants", 18) == 0);
    }
}

TEST_MAIN(TEST(two_public_addresses_are_told_by_themselves),
    TEST(what_nobody_may_reach_is_not_told), TEST(a_second_address_is_heard_at_all_four_places),
    TEST(the_world_s_names_are_told), TEST(what_cannot_be_is_a_sentence))
