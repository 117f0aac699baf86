// The simulator's NATs, against the tables of RFC 4787.

#include "nat.h"

#include "base/addr.h"
#include "check.h"

#define AT YODEL_SECONDS(10)

static struct yodel_addr host(uint16_t port)
{
    return addr_v4(192, 168, 1, 2, port);
}

static struct yodel_addr outside(uint16_t port)
{
    return addr_v4(203, 0, 113, 1, port);
}

// RFC 4787's Y1 and Y2, each with the ports y1 and y2.
static struct yodel_addr server(uint8_t y, uint16_t port)
{
    return addr_v4(198, 51, 100, y, port);
}

static struct prng test_prng;

static void make(struct nat *nat, struct nat_config config)
{
    config.outside = outside(0);
    prng_init(&test_prng, 1);
    nat_init(nat, &config, &test_prng);
}

// Sends from X:x, and returns the port that the receiver sees; 0: nothing came.
static uint16_t send_out(
    struct nat *nat, struct yodel_addr from, struct yodel_addr to, yodel_time now)
{
    struct yodel_path path = {.local = from, .remote = to};

    if (!nat_out(nat, &path, now)) {
        return 0;
    }
    CHECK(addr_same_ip(&path.local, &nat->config.outside));
    CHECK(addr_equal(&path.remote, &to));
    return path.local.port;
}

// Sends to the NAT's `port`; whether X:x gets it.
static bool gets_in(struct nat *nat, struct yodel_addr from, uint16_t port, yodel_time now)
{
    struct yodel_path path = {.local = from, .remote = outside(port)};
    struct yodel_addr want = host(5000);

    if (!nat_in(nat, &path, now)) {
        return false;
    }
    CHECK(addr_equal(&path.remote, &want) && addr_equal(&path.local, &from));
    return true;
}

// §4.1: X1':x1' was got towards Y1:y1. Is it used again towards another?
static void a_mapping_is_used_again_as_its_kind_says(void)
{
    static const struct {
        enum nat_scope mapping;
        bool same, other_port, other_address;
    } rows[] = {
        {NAT_ENDPOINT_INDEPENDENT, true, true, true},
        {NAT_ADDRESS_DEPENDENT, true, true, false},
        {NAT_ADDRESS_AND_PORT_DEPENDENT, true, false, false},
    };

    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        struct nat nat;

        make(&nat,
            (struct nat_config){.mapping = rows[i / 2].mapping, .has_random_ports = i % 2 == 1});
        uint16_t first = send_out(&nat, host(5000), server(1, 1111), AT);
        CHECK_EQ(first == 5000, i % 2 == 0); // §4.2.1: port preservation, or not.
        CHECK_EQ(send_out(&nat, host(5000), server(1, 1111), AT + 1) == first, rows[i / 2].same);
        CHECK_EQ(
            send_out(&nat, host(5000), server(1, 2222), AT + 1) == first, rows[i / 2].other_port);
        CHECK_EQ(send_out(&nat, host(5000), server(2, 1111), AT + 1) == first,
            rows[i / 2].other_address);
        CHECK(send_out(&nat, host(5001), server(1, 1111), AT + 1) != first);
    }
}

// §5: X:x has sent to Y1:y1 alone. Who may answer?
static void who_may_send_in_is_as_the_filtering_says(void)
{
    static const struct {
        enum nat_scope filtering;
        bool same, other_port, other_address;
    } rows[] = {
        {NAT_ENDPOINT_INDEPENDENT, true, true, true},
        {NAT_ADDRESS_DEPENDENT, true, true, false},
        {NAT_ADDRESS_AND_PORT_DEPENDENT, true, false, false},
    };

    for (size_t mapping = 0; mapping < 3; mapping++) {
        for (size_t i = 0; i < COUNT(rows); i++) {
            struct nat nat;

            make(&nat, (struct nat_config){
                           .mapping = (enum nat_scope)mapping, .filtering = rows[i].filtering});
            CHECK(!gets_in(&nat, server(1, 1111), 5000, AT)); // Nothing went out yet.
            uint16_t port = send_out(&nat, host(5000), server(1, 1111), AT);
            CHECK_EQ(gets_in(&nat, server(1, 1111), port, AT + 1), rows[i].same);
            CHECK_EQ(gets_in(&nat, server(1, 2222), port, AT + 1), rows[i].other_port);
            CHECK_EQ(gets_in(&nat, server(2, 1111), port, AT + 1), rows[i].other_address);
            CHECK(!gets_in(&nat, server(1, 1111), (uint16_t)(port + 1), AT + 1));
        }
    }
}

// §4.3, REQ-6: what goes out keeps a mapping, what comes in does not.
static void a_mapping_lasts_as_long_as_something_goes_out(void)
{
    struct nat nat;

    make(&nat, (struct nat_config){.timeout = YODEL_SECONDS(30)});
    uint16_t port = send_out(&nat, host(5000), server(1, 1111), AT);
    CHECK(gets_in(&nat, server(2, 2222), port, AT + YODEL_SECONDS(29)));
    CHECK_EQ(send_out(&nat, host(5000), server(1, 1111), AT + YODEL_SECONDS(29)), port);
    CHECK(gets_in(&nat, server(2, 2222), port, AT + YODEL_SECONDS(58)));
    CHECK(!gets_in(&nat, server(2, 2222), port, AT + YODEL_SECONDS(59)));
}

// A filter forgets by itself: the mapping is kept by what goes to others.
static void a_permit_lasts_as_long_as_something_goes_to_it(void)
{
    struct nat nat;

    make(&nat,
        (struct nat_config){.filtering = NAT_ADDRESS_DEPENDENT, .timeout = YODEL_SECONDS(30)});
    uint16_t port = send_out(&nat, host(5000), server(1, 1111), AT);
    (void)send_out(&nat, host(5000), server(2, 1111), AT + YODEL_SECONDS(20));
    CHECK(gets_in(&nat, server(1, 1111), port, AT + YODEL_SECONDS(29)));
    CHECK(!gets_in(&nat, server(1, 1111), port, AT + YODEL_SECONDS(31)));
    CHECK(gets_in(&nat, server(2, 1111), port, AT + YODEL_SECONDS(31)));
}

// §6, REQ-9: from one host inside to another, by the outside address, which is what is seen.
static void a_hairpin_goes_out_and_in_where_there_is_one(void)
{
    for (int i = 0; i < 2; i++) {
        struct nat nat;
        struct yodel_addr other = addr_v4(192, 168, 1, 3, 7000);

        make(&nat, (struct nat_config){
                       .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT, .has_hairpin = i == 1});
        struct yodel_path path = {.local = other, .remote = outside(5000)};
        CHECK(nat_out(&nat, &path, AT));
        CHECK(!nat_in(&nat, &path, AT)); // The other has not opened its side.
        (void)send_out(&nat, host(5000), outside(path.local.port), AT);
        CHECK_EQ(gets_in(&nat, path.local, 5000, AT), i == 1);
    }
}

static void no_port_is_given_twice(void)
{
    for (int i = 0; i < 2; i++) {
        struct nat nat;
        bool is_seen[65536] = {false};

        make(&nat, (struct nat_config){
                       .mapping = NAT_ADDRESS_AND_PORT_DEPENDENT, .has_random_ports = i == 1});
        for (uint16_t port = 1; port <= NAT_MAPPINGS_MAX; port++) {
            uint16_t got = send_out(&nat, host(65530), server(1, port), AT);
            CHECK(got >= 1024 && !is_seen[got]);
            is_seen[got] = true;
        }
    }
}

static void what_finds_no_free_mapping_does_not_go_out(void)
{
    struct nat nat;

    make(&nat, (struct nat_config){.mappings_max = 2, .timeout = YODEL_SECONDS(30)});
    CHECK(send_out(&nat, host(1), server(1, 1), AT) != 0);
    CHECK(send_out(&nat, host(2), server(1, 1), AT + YODEL_SECONDS(1)) != 0);
    CHECK_EQ(send_out(&nat, host(3), server(1, 1), AT + YODEL_SECONDS(2)), 0);
    CHECK_EQ(nat.refused, 1);
    CHECK(send_out(&nat, host(2), server(1, 2), AT + YODEL_SECONDS(2)) != 0);
    CHECK(send_out(&nat, host(3), server(1, 1), AT + YODEL_SECONDS(30)) != 0);
}

static void after_a_rebinding_all_is_new(void)
{
    struct nat nat;

    make(&nat, (struct nat_config){.mapping = NAT_ENDPOINT_INDEPENDENT});
    uint16_t port = send_out(&nat, host(5000), server(1, 1111), AT);
    nat_rebind(&nat);
    CHECK(!gets_in(&nat, server(1, 1111), port, AT));
    uint16_t other = send_out(&nat, host(5000), server(1, 1111), AT);
    CHECK(other != port && gets_in(&nat, server(1, 1111), other, AT));
}

static void a_firewall_lets_streams_out_alone(void)
{
    struct nat nat;
    struct yodel_path path = {.local = host(5000), .remote = server(1, 443)};

    make(&nat, (struct nat_config){.is_udp_blocked = true});
    CHECK(!nat_out(&nat, &path, AT));
    path.transport = YODEL_TCP;
    CHECK(nat_out(&nat, &path, AT));
    struct yodel_path back = {.local = path.remote, .remote = path.local, .transport = YODEL_TCP};
    CHECK(nat_in(&nat, &back, AT));
    // Whatever the filtering is of datagrams, nobody else is in this connection.
    back.local.port++, back.remote = path.local;
    CHECK(!nat_in(&nat, &back, AT));
}

// RFC 6052 §2.4's example prefix, RFC 6146 §1.2.2's walk.
static void nat64_translates_both_ways(void)
{
    struct nat nat;
    struct yodel_path path = {.local = {.port = 5000}, .remote = {.port = 1111}};
    struct yodel_addr inside, far, seen = outside(5000), y1 = server(1, 1111);

    CHECK_EQ(addr_parse_ip(&inside, bytes_of_text("2001:db8:1::2")), YODEL_OK);
    CHECK_EQ(addr_parse_ip(&far, bytes_of_text("64:ff9b::198.51.100.1")), YODEL_OK);
    inside.port = 5000, far.port = 1111;
    make(&nat, (struct nat_config){.is_nat64 = true});
    path.local = inside, path.remote = far;
    CHECK(nat_out(&nat, &path, AT));
    CHECK(addr_equal(&path.local, &seen) && addr_equal(&path.remote, &y1));
    struct yodel_path back = {.local = path.remote, .remote = path.local};
    CHECK(nat_in(&nat, &back, AT));
    CHECK(addr_equal(&back.local, &far) && addr_equal(&back.remote, &inside));
    // Another IPv6 address is nothing that it could translate.
    struct yodel_path elsewhere = {.local = inside, .remote = inside};
    CHECK(!nat_out(&nat, &elsewhere, AT));
}

TEST_MAIN(TEST(a_mapping_is_used_again_as_its_kind_says),
    TEST(who_may_send_in_is_as_the_filtering_says),
    TEST(a_mapping_lasts_as_long_as_something_goes_out),
    TEST(a_permit_lasts_as_long_as_something_goes_to_it),
    TEST(a_hairpin_goes_out_and_in_where_there_is_one), TEST(no_port_is_given_twice),
    TEST(what_finds_no_free_mapping_does_not_go_out), TEST(after_a_rebinding_all_is_new),
    TEST(a_firewall_lets_streams_out_alone), TEST(nat64_translates_both_ways))
