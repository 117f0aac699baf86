// Verdicts: from facts to a line, by tables.

#include "doctor/verdict.h"

#include "check.h"

#define NOW INT64_C(1800000000)

static void check_line(struct doctor_line line, const char *check, enum doctor_verdict verdict,
    const char *detail, const char *fix)
{
    CHECK_TEXT(line.check, check);
    if (line.verdict != verdict || !strstr(line.detail, detail) || !strstr(line.fix, fix)) {
        print_message("%s: %s / %s\n", doctor_verdict_name(line.verdict), line.detail, line.fix);
    }
    CHECK_EQ(line.verdict, verdict);
    CHECK(strstr(line.detail, detail) != NULL);
    CHECK(strstr(line.fix, fix) != NULL);
    CHECK((line.fix[0] == '\0') == (verdict == DOCTOR_OK)); // Who complains says what to do.
    CHECK(line.detail[0] != '\0');
}

static void names_and_ports(void)
{
    static const struct {
        struct doctor_dns facts;
        enum doctor_verdict verdict;
        const char *detail, *fix;
    } dns[] = {
        {{.host = "a.example", .v4_count = 1, .v6_count = 2, .ms = 7}, DOCTOR_OK, "1 IPv4 and 2",
            ""},
        {{.host = "192.0.2.1", .is_literal = true}, DOCTOR_OK, "is an address", ""},
        {{.host = "a.example", .error = "unknown name"}, DOCTOR_FAIL, "unknown name", "A or AAAA"},
        {{.host = "a.example", .is_late = true}, DOCTOR_FAIL, "no answer", "resolv.conf"},
    };
    static const struct {
        enum doctor_connect state;
        enum doctor_verdict verdict;
        const char *detail, *fix;
    } tcp[] = {
        {DOCTOR_CONNECT_OK, DOCTOR_OK, "in 3 ms", ""},
        {DOCTOR_CONNECT_REFUSED, DOCTOR_FAIL, "nothing listens", "listen = :8080"},
        {DOCTOR_CONNECT_SILENT, DOCTOR_FAIL, "no answer", "open TCP 8080"},
        {DOCTOR_CONNECT_UNREACHABLE, DOCTOR_FAIL, "no way", "routes"},
    };

    for (size_t i = 0; i < COUNT(dns); i++) {
        check_line(
            doctor_verdict_dns(&dns[i].facts), "dns", dns[i].verdict, dns[i].detail, dns[i].fix);
    }
    for (size_t i = 0; i < COUNT(tcp); i++) {
        struct doctor_tcp facts = {addr_v4(192, 0, 2, 1, 8080), tcp[i].state, 3};
        check_line(doctor_verdict_tcp(&facts), "tcp", tcp[i].verdict, tcp[i].detail, tcp[i].fix);
    }
}

static void certificates(void)
{
    static const struct {
        struct doctor_tls_faults faults;
        int64_t ends;
        bool is_insecure;
        enum doctor_verdict verdict;
        const char *detail, *fix;
    } cases[] = {
        {{0}, NOW + 90 * 86400, false, DOCTOR_OK, "valid until 2027-04-15", ""},
        {{0}, NOW + 5 * 86400, false, DOCTOR_WARN, "for a.example", "ends on 2027-01-20"},
        {{.is_expired = true}, NOW - 86400, false, DOCTOR_FAIL, "it ended", "ended on 2027-01-14"},
        {{.is_expired = true}, NOW - 86400, true, DOCTOR_WARN, "it ended", "renew"},
        {{.is_of_another_name = true}, NOW * 2, false, DOCTOR_FAIL, "not for x.example", "names x"},
        {{.is_self_signed = true}, NOW * 2, false, DOCTOR_FAIL, "nobody vouches", "Let's Encrypt"},
        {{.is_self_signed = true}, NOW * 2, true, DOCTOR_WARN, "nobody vouches", "Let's Encrypt"},
        {{.is_incomplete = true}, NOW * 2, false, DOCTOR_FAIL, "issuer", "whole chain"},
        {{.is_other = true}, NOW * 2, false, DOCTOR_FAIL, "key too small", "renew"},
        {{.is_not_yet_valid = true}, NOW * 2, false, DOCTOR_FAIL, "not valid yet", "clock"},
        {{.is_expired = true, .is_of_another_name = true}, NOW - 1, false, DOCTOR_FAIL,
            "it ended; it is not for", "ended on"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct doctor_tls tls = {.state = DOCTOR_TLS_OPEN,
            .faults = cases[i].faults,
            .text = "key too small",
            .subject = "a.example",
            .issuer = "An authority",
            .version = "TLSv1.3",
            .ends = cases[i].ends};
        struct doctor_certificate facts = {.host = "x.example",
            .is_secure = true,
            .is_insecure = cases[i].is_insecure,
            .tls = &tls,
            .now = NOW};
        check_line(doctor_verdict_certificate(&facts), "certificate", cases[i].verdict,
            cases[i].detail, cases[i].fix);
    }
    struct doctor_certificate none = {.is_local = true};
    check_line(doctor_verdict_certificate(&none), "certificate", DOCTOR_OK, "http", "");
    none.is_local = false;
    check_line(doctor_verdict_certificate(&none), "certificate", DOCTOR_WARN, "http", "tls-cert");
    none.is_secure = true;
    check_line(doctor_verdict_certificate(&none), "certificate", DOCTOR_FAIL, "no TLS", "http://");
}

static void the_server(void)
{
    static const struct {
        bool is_known;
        int64_t ahead;
        enum doctor_verdict verdict;
        const char *detail, *fix;
    } clocks[] = {
        {false, 0, DOCTOR_OK, "does not tell", ""},
        {true, -30, DOCTOR_OK, "within 30 s", ""},
        {true, 31, DOCTOR_WARN, "31 s ahead", "timedatectl"},
        {true, -7300, DOCTOR_WARN, "2 h behind", "timedatectl"},
        {true, 86400 * 400, DOCTOR_FAIL, "400 days ahead", "timedatectl"},
    };
    static const struct {
        struct doctor_web facts;
        enum doctor_verdict verdict;
        const char *detail, *fix;
    } webs[] = {
        {{.is_http = true, .status = 200}, DOCTOR_OK, "answered", ""},
        {{.is_http = true, .status = 404}, DOCTOR_FAIL, "with 404", "proxy"},
        {{0}, DOCTOR_FAIL, "not HTTP", "port"},
        {{.is_late = true}, DOCTOR_FAIL, "nothing is answered", "at once"},
    };
    struct doctor_signaling signaling = {.has_hello = true, .server = "yodel/1", .ms = 5};

    for (size_t i = 0; i < COUNT(clocks); i++) {
        check_line(doctor_verdict_clock(clocks[i].is_known, clocks[i].ahead), "clock",
            clocks[i].verdict, clocks[i].detail, clocks[i].fix);
    }
    for (size_t i = 0; i < COUNT(webs); i++) {
        check_line(doctor_verdict_http(&webs[i].facts), "http", webs[i].verdict, webs[i].detail,
            webs[i].fix);
    }
    check_line(doctor_verdict_signaling(&signaling), "signaling", DOCTOR_OK, "yodel/1", "");
    signaling = (struct doctor_signaling){.why = "it closed"};
    check_line(doctor_verdict_signaling(&signaling), "signaling", DOCTOR_FAIL, "closed", "Upgrade");
}

static void stun_and_udp(void)
{
    struct doctor_stun stun = {0};

    check_line(doctor_verdict_stun(&stun), "stun", DOCTOR_WARN, "offers no STUN", "udp = off");
    stun.url = "stun:a.example:3478";
    stun.port = 3478;
    check_line(doctor_verdict_stun(&stun), "stun", DOCTOR_FAIL, "no address", "ice-servers");
    stun.is_resolved = true;
    check_line(doctor_verdict_stun(&stun), "stun", DOCTOR_FAIL, "does not answer", "open UDP 3478");
    stun.is_answered = true;
    check_line(doctor_verdict_stun(&stun), "stun", DOCTOR_FAIL, "without an address", "no STUN");
    stun.mapped = addr_v4(203, 0, 113, 1, 40000);
    stun.rtt = YODEL_MS(12);
    check_line(doctor_verdict_stun(&stun), "stun", DOCTOR_OK, "12.0 ms: this machine is 203.", "");
    check_line(doctor_verdict_udp(2, 1, true), "udp", DOCTOR_OK, "both ways", "");
    check_line(doctor_verdict_udp(2, 0, true), "udp", DOCTOR_FAIL, "blocked", "TLS");
    check_line(doctor_verdict_udp(2, 0, false), "udp", DOCTOR_FAIL, "as over TCP", "other lines");
}

static void nat_and_mtu(void)
{
    static const struct {
        enum doctor_nat_rule mapping, filtering;
        enum doctor_verdict verdict;
        const char *detail, *fix;
    } cases[] = {
        {DOCTOR_NAT_INDEPENDENT, DOCTOR_NAT_ADDRESS, DOCTOR_OK, "filtering address-dependent", ""},
        {DOCTOR_NAT_ADDRESS, DOCTOR_NAT_UNKNOWN, DOCTOR_WARN, "easy to reach", "TURN"},
        {DOCTOR_NAT_ADDRESS_AND_PORT, DOCTOR_NAT_ADDRESS_AND_PORT, DOCTOR_WARN,
            "mapping address- and port-dependent", "full cone"},
        {DOCTOR_NAT_UNKNOWN, DOCTOR_NAT_UNKNOWN, DOCTOR_WARN, "mapping unknown", "ice-servers"},
    };
    struct doctor_nat_facts facts = {.is_answered = true,
        .is_translated = true,
        .local = addr_v4(192, 168, 1, 2, 5000),
        .mapped = addr_v4(203, 0, 113, 1, 40000)};

    for (size_t i = 0; i < COUNT(cases); i++) {
        facts.mapping = cases[i].mapping;
        facts.filtering = cases[i].filtering;
        check_line(
            doctor_verdict_nat(&facts), "nat", cases[i].verdict, cases[i].detail, cases[i].fix);
    }
    check_line(doctor_verdict_hairpin(&facts), "hairpin", DOCTOR_OK, "unknown", "");
    facts.is_hairpin_known = true;
    check_line(doctor_verdict_hairpin(&facts), "hairpin", DOCTOR_OK, "does not turn", "");
    facts.does_hairpin = true;
    check_line(doctor_verdict_hairpin(&facts), "hairpin", DOCTOR_OK, "the NAT turns", "");
    facts.is_translated = false;
    facts.filtering = DOCTOR_NAT_ADDRESS;
    check_line(doctor_verdict_hairpin(&facts), "hairpin", DOCTOR_OK, "not needed", "");
    check_line(doctor_verdict_nat(&facts), "nat", DOCTOR_OK, "a firewall lets in", "");
    facts.is_answered = false;
    check_line(doctor_verdict_nat(&facts), "nat", DOCTOR_WARN, "no STUN server", "stun lines");

    check_line(doctor_verdict_mtu(1472, 0, false), "mtu", DOCTOR_OK, "MTU 1500 or more", "");
    check_line(
        doctor_verdict_mtu(1232, 1372, true), "mtu", DOCTOR_OK, "MTU 1280), those of 1372", "");
    check_line(doctor_verdict_mtu(548, 1200, false), "mtu", DOCTOR_FAIL, "1200 do not", "to 1228");
    check_line(doctor_verdict_mtu(0, 548, false), "mtu", DOCTOR_FAIL, "not a datagram", "stun");
}

static void this_machine(void)
{
    struct doctor_interfaces interfaces = {"", 0, false};
    struct doctor_ipv6 ipv6 = {0};

    check_line(
        doctor_verdict_interfaces(&interfaces), "interfaces", DOCTOR_FAIL, "no network", "connect");
    interfaces = (struct doctor_interfaces){"lo 127.0.0.1", 1, true};
    check_line(
        doctor_verdict_interfaces(&interfaces), "interfaces", DOCTOR_WARN, "lo", "only this");
    interfaces = (struct doctor_interfaces){"eth0 192.0.2.1", 1, false};
    check_line(doctor_verdict_interfaces(&interfaces), "interfaces", DOCTOR_OK, "eth0", "");
    check_line(doctor_verdict_ipv6(&ipv6), "ipv6", DOCTOR_OK, "no global", "");
    ipv6.has_address = true;
    check_line(doctor_verdict_ipv6(&ipv6), "ipv6", DOCTOR_OK, "the server has not", "");
    ipv6.has_server_address = true;
    ipv6.connect = DOCTOR_CONNECT_SILENT;
    check_line(doctor_verdict_ipv6(&ipv6), "ipv6", DOCTOR_WARN, "not reached", "AAAA");
    ipv6.connect = DOCTOR_CONNECT_OK;
    check_line(doctor_verdict_ipv6(&ipv6), "ipv6", DOCTOR_OK, "over IPv6", "");
}

static void relays(void)
{
    struct doctor_turn turn = {.transport = YODEL_TLS, .port = 5349, .username = "u", .now = NOW};
    static const struct {
        uint32_t error;
        const char *detail, *fix;
    } errors[] = {{401, "not these", "credentials"}, {441, "not these", "credentials"},
        {486, "all that", "per-user"}, {508, "no relayed port", "turn-ports"},
        {403, "forbidden", "turn-allow"}, {440, "family", "family"}, {699, "(699)", "log"}};

    check_line(doctor_verdict_turn(&turn), "turn", DOCTOR_WARN, "offers no TURN", "turn = off");
    turn.url = "turns:a.example";
    check_line(doctor_verdict_turn(&turn), "turn-tls", DOCTOR_FAIL, "not reached", "name");
    turn.is_resolved = true;
    turn.failure = "no route";
    check_line(doctor_verdict_turn(&turn), "turn-tls", DOCTOR_FAIL, "no route", "turn-tls = :5349");
    turn.transport = YODEL_UDP;
    check_line(doctor_verdict_turn(&turn), "turn-udp", DOCTOR_FAIL, "no route", "open UDP 5349");
    turn.transport = YODEL_TCP;
    check_line(doctor_verdict_turn(&turn), "turn-tcp", DOCTOR_FAIL, "no route", "open TCP 5349");
    turn.is_answered = true;
    check_line(
        doctor_verdict_turn(&turn), "turn-tcp", DOCTOR_FAIL, "no relay: no route", "external");
    for (size_t i = 0; i < COUNT(errors); i++) {
        turn.error = errors[i].error;
        check_line(
            doctor_verdict_turn(&turn), "turn-tcp", DOCTOR_FAIL, errors[i].detail, errors[i].fix);
    }
    turn.error = 0;
    turn.is_allocated = true;
    check_line(doctor_verdict_turn(&turn), "turn-tcp", DOCTOR_OK, "a relayed address, in", "");
    turn.is_data_tested = true;
    check_line(doctor_verdict_turn(&turn), "turn-tcp", DOCTOR_FAIL, "nothing passes", "external");
    turn.is_data_carried = true;
    turn.round_trip_us = 2500;
    check_line(doctor_verdict_turn(&turn), "turn-tcp", DOCTOR_OK, "2.5 ms", "");
}

static void external_addresses(void)
{
    static const struct {
        struct yodel_addr server, relayed;
        bool is_tested, is_carried;
        enum doctor_verdict verdict;
        const char *detail, *fix;
    } cases[] = {
#define V4(a, b, c, d) {.family = YODEL_ADDR_V4, .ip = {a, b, c, d}}
        {V4(198, 51, 100, 7), V4(198, 51, 100, 7), true, true, DOCTOR_OK, "198.51.100.7", ""},
        {V4(198, 51, 100, 7), V4(172, 17, 0, 2), false, false, DOCTOR_FAIL, "nobody outside",
            "turn-external = 198.51.100.7"},
        {V4(198, 51, 100, 7), V4(203, 0, 113, 9), true, false, DOCTOR_FAIL, "nothing arrives",
            "turn-external = 198.51.100.7"},
        {V4(198, 51, 100, 7), V4(203, 0, 113, 9), true, true, DOCTOR_OK, "203.0.113.9", ""},
        {V4(10, 0, 0, 1), V4(10, 0, 0, 1), true, true, DOCTOR_OK, "10.0.0.1", ""},
        {V4(10, 0, 0, 1), V4(127, 0, 0, 1), true, true, DOCTOR_FAIL, "no address of its own",
            "turn-external = 10.0.0.1"},
        {V4(127, 0, 0, 1), V4(127, 0, 0, 1), true, true, DOCTOR_OK, "127.0.0.1", ""},
        {V4(10, 0, 0, 1), V4(0, 0, 0, 0), true, false, DOCTOR_FAIL, "no address of its own", "10."},
#undef V4
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct doctor_turn turn = {.url = "turn:a.example",
            .is_allocated = true,
            .server = cases[i].server,
            .relayed = cases[i].relayed,
            .is_data_tested = cases[i].is_tested,
            .is_data_carried = cases[i].is_carried};
        check_line(doctor_verdict_external(&turn), "external-address", cases[i].verdict,
            cases[i].detail, cases[i].fix);
    }
}

static void credentials(void)
{
    static const struct {
        const char *username;
        uint32_t error;
        bool is_wrong_tried, takes_wrong;
        enum doctor_verdict verdict;
        const char *detail, *fix;
    } cases[] = {
        {"u", 0, false, false, DOCTOR_OK, "takes these", ""},
        {"u", 0, true, false, DOCTOR_OK, "refuses a wrong", ""},
        {"u", 0, true, true, DOCTOR_FAIL, "anybody", "turn-user"},
        {"u", 401, true, false, DOCTOR_FAIL, "\"u\"", "turn-user"},
        {"u", 441, true, false, DOCTOR_FAIL, "\"u\"", "turn-user"},
        {"1799999000:u", 401, false, false, DOCTOR_FAIL, "expired 16 min ago", "clocks"},
        {"1800003600", 401, false, false, DOCTOR_FAIL, "does not take", "secret"},
        {"1800003600:u", 0, true, false, DOCTOR_OK, "end in 60 min", ""},
        {"1799999000x", 401, false, false, DOCTOR_FAIL, "does not take", "secret"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct doctor_turn turn = {.url = "turn:a.example",
            .username = cases[i].username,
            .error = cases[i].error,
            .now = NOW};
        check_line(doctor_verdict_credentials(&turn, cases[i].is_wrong_tried, cases[i].takes_wrong),
            "credentials", cases[i].verdict, cases[i].detail, cases[i].fix);
    }
}

static void what_is_too_long_is_cut(void)
{
    static char host[4 * DOCTOR_TEXT_MAX];
    struct doctor_dns dns = {.host = host, .error = host};

    memset(host, 'a', sizeof host - 1);
    struct doctor_line line = doctor_verdict_dns(&dns);
    CHECK_EQ(strlen(line.detail), DOCTOR_TEXT_MAX - 1);
}

TEST_MAIN(TEST(names_and_ports), TEST(certificates), TEST(the_server), TEST(stun_and_udp),
    TEST(nat_and_mtu), TEST(this_machine), TEST(relays), TEST(external_addresses),
    TEST(credentials), TEST(what_is_too_long_is_cut))
