// TURN peers that may be: all special addresses are refused, and an exception is only what it says.

#include "turn/rules.h"

#include "check.h"

static struct yodel_addr ip(const char *text)
{
    struct yodel_addr addr;

    CHECK_EQ(addr_parse_ip(&addr, bytes_of_text(text)), YODEL_OK);
    return addr;
}

static bool is_allowed(const struct turn_rules *rules, const char *text)
{
    struct yodel_addr addr = ip(text);

    return turn_rules_is_allowed(rules, &addr);
}

// Security property 1: the first and the last address of each range, and both neighbours where they
// are somebody's.
static void special_addresses_are_refused(void)
{
    static const char *const refused[] = {"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255",
        "100.64.0.0", "100.127.255.255", "127.0.0.0", "127.0.0.1", "127.255.255.255", "169.254.0.0",
        "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0",
        "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.88.99.0", "192.88.99.255", "192.168.0.0",
        "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.0", "198.51.100.255",
        "203.0.113.0", "203.0.113.255", "224.0.0.0", "239.255.255.255", "240.0.0.0",
        "255.255.255.254", "255.255.255.255", "::", "::1", "::2", "::ffff:0:0", "::ffff:8.8.8.8",
        "::ffff:127.0.0.1", "::8.8.8.8", "::127.0.0.1", "64:ff9b::808:808", "64:ff9b::7f00:1",
        "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "100::", "100::ffff:ffff:ffff:ffff",
        "2001::", "2001:0:808:808::f7f7:f7f7", "2001:10::", "2001:20::", "2001:1ff:ffff::",
        "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:808:808::1",
        "2002:7f00:1::1", "fc00::", "fd00::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "fe80::", "fe80::1", "febf:ffff::1", "fec0::", "feff::1", "ff00::", "ff02::1", "ffff::1"};
    static const char *const allowed[] = {"1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0",
        "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
        "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0",
        "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
        "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0",
        "223.255.255.255", "2001:200::", "2001:4860:4860::8888", "2001:db7::1",
        "2001:db9::", "2003::1", "2600::1", "3fff:ffff::1", "64:ff9a::1", "64:ff9b:2::1",
        "100:0:0:1::"};
    static const struct turn_rules none;

    for (size_t i = 0; i < COUNT(refused); i++) {
        CHECK(!is_allowed(&none, refused[i]));
    }
    for (size_t i = 0; i < COUNT(allowed); i++) {
        CHECK(is_allowed(&none, allowed[i]));
    }
    CHECK(!turn_rules_is_allowed(&none, &(struct yodel_addr){0}));
}

static void an_exception_makes_nothing_ordinary(void)
{
    struct turn_rules rules = {0};
    struct yodel_addr inside = ip("10.0.0.1"), own = ip("8.8.4.4"), other = ip("8.8.8.8");

    CHECK_EQ(turn_rules_allow(&rules, bytes_of_text("10.0.0.0/8")), YODEL_OK);
    CHECK_EQ(turn_rules_allow(&rules, bytes_of_text("8.0.0.0/8")), YODEL_OK);
    CHECK_EQ(turn_rules_add_own(&rules, &own), YODEL_OK);
    CHECK(turn_rules_is_allowed(&rules, &inside) && !turn_rules_is_ordinary(&rules, &inside));
    CHECK(turn_rules_is_allowed(&rules, &own) && !turn_rules_is_ordinary(&rules, &own));
    CHECK(turn_rules_is_allowed(&rules, &other) && turn_rules_is_ordinary(&rules, &other));
}

static void an_exception_is_what_it_says(void)
{
    static const struct {
        const char *rule, *peer;
        bool want;
    } rows[] = {
        {"127.0.0.0/8", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.2", false},
        {"10.1.2.3/16", "10.1.255.255", true}, // Bits behind the prefix do not count.
        {"10.1.0.0/16", "10.2.0.0", false},
        {"192.168.1.128/25", "192.168.1.128", true},
        {"192.168.1.128/25", "192.168.1.127", false},
        {"0.0.0.0/0", "10.0.0.1", true},
        {"0.0.0.0/0", "fd00::1", false},
        {"::1", "::1", true},
        {"::/0", "::1", true},
        {"fd00::/8", "fd12::1", true},
        {"fd00::/8", "fc00::1", false},
        {"fd00::/8", "10.0.0.1", false},
        // An IPv4 address in an IPv6 one has to be allowed as well.
        {"10.0.0.0/8", "::ffff:10.0.0.1", false},
        {"64:ff9b::/96", "64:ff9b::808:808", true},
        {"64:ff9b::/96", "64:ff9b::7f00:1", false},
        {"::ffff:0:0/96", "::ffff:8.8.8.8", true},
        {"::ffff:0:0/96", "::ffff:169.254.169.254", false},
        {"::/96", "::127.0.0.1", false},
        {"2002::/16", "2002:808:808::1", true},
        {"2002::/16", "2002:a00:1::1", false},
        {"2001::/32", "2001:0:808:808::f7f7:f7f7", true},  // 8.8.8.8, inverted.
        {"2001::/32", "2001:0:808:808::80ff:fffe", false}, // 127.0.0.1.
        {"64:ff9b:1::/48", "64:ff9b:1:808:8:800::", true},
        {"64:ff9b:1::/48", "64:ff9b:1:a00:0:100::", false},
        {"64:ff9b:1::/48", "64:ff9b:1:ffff::808:808", true},
        {"64:ff9b:1::/48", "64:ff9b:1:ffff::a00:1", false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct turn_rules rules = {0};

        CHECK_EQ(turn_rules_allow(&rules, bytes_of_text(rows[i].rule)), YODEL_OK);
        CHECK_EQ(is_allowed(&rules, rows[i].peer), rows[i].want);
    }
}

static void a_bad_rule_is_an_error(void)
{
    static const char *const bad[] = {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
        "10.0.0.0/8/8", "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0/8", "10.0.0.0/0x8", "::/129",
        "::/1000", "localhost", "example.org/8", "10.0.0.0:80/8", "[::1]/8", "all", "10.*"};
    struct turn_rules rules = {0};

    for (size_t i = 0; i < COUNT(bad); i++) {
        CHECK_EQ(turn_rules_allow(&rules, bytes_of_text(bad[i])), YODEL_ERR_SYNTAX);
    }
    CHECK_EQ(turn_rules_allow(&rules, bytes_of("10.0.0.1\0", 9)), YODEL_ERR_SYNTAX);
    CHECK_EQ(rules.allow_count, 0);
    for (size_t i = 0; i < TURN_RULES_ALLOW_MAX; i++) {
        CHECK_EQ(turn_rules_allow(&rules, bytes_of_text("10.0.0.1")), YODEL_OK);
    }
    CHECK_EQ(turn_rules_allow(&rules, bytes_of_text("10.0.0.1")), YODEL_ERR_TOO_LARGE);
}

static void own_addresses_are_refused_under_any_name(void)
{
    struct turn_rules rules = {0};
    struct yodel_addr own = ip("5.6.7.8");

    CHECK(is_allowed(&rules, "5.6.7.8"));
    own.port = 3478;
    CHECK_EQ(turn_rules_add_own(&rules, &own), YODEL_OK);
    CHECK_EQ(turn_rules_add_own(&rules, &own), YODEL_OK);
    CHECK_EQ(rules.own_count, 1);
    struct yodel_addr inside = ip("fe80::1");
    CHECK_EQ(
        turn_rules_add_own(&rules, &inside), YODEL_OK); // Refused in any case, it takes no place.
    CHECK_EQ(rules.own_count, 1);
    CHECK(!is_allowed(&rules, "5.6.7.8"));
    CHECK_EQ(turn_rules_allow(&rules, bytes_of_text("64:ff9b::/96")), YODEL_OK);
    CHECK(!is_allowed(&rules, "64:ff9b::506:708"));
    CHECK_EQ(turn_rules_allow(&rules, bytes_of_text("5.6.7.8/32")), YODEL_OK);
    CHECK(is_allowed(&rules, "5.6.7.8"));
}

static void own_addresses_are_so_many(void)
{
    struct turn_rules rules = {0};

    for (uint32_t i = 0; i <= TURN_RULES_OWN_MAX; i++) {
        struct yodel_addr own = addr_v4(5, 6, (uint8_t)(i >> 8), (uint8_t)i, 0);
        CHECK_EQ(turn_rules_add_own(&rules, &own),
            i < TURN_RULES_OWN_MAX ? YODEL_OK : YODEL_ERR_TOO_LARGE);
    }
    CHECK(!is_allowed(&rules, "5.6.0.255"));
}

TEST_MAIN(TEST(special_addresses_are_refused), TEST(an_exception_makes_nothing_ordinary),
    TEST(an_exception_is_what_it_says), TEST(a_bad_rule_is_an_error),
    TEST(own_addresses_are_refused_under_any_name), TEST(own_addresses_are_so_many))
