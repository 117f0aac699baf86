// Verdicts: a line for each thing that was looked at.

#include "doctor/verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"
#include "stun/attr.h"
#include "turn/msg.h"

#define CLOCK_TOLERANCE_S 30
#define CLOCK_WRONG_S 86400 // From here on certificates look expired, or not yet valid.
#define ENDS_SOON_S (14 * 86400)

const char *doctor_verdict_name(enum doctor_verdict verdict)
{
    static const char *const names[] = {"ok", "warn", "fail"};

    return names[verdict];
}

// ---- composing

static void say(struct doctor_line *line, const char *format, ...) YODEL_PRINTF(2, 3);
static void fix(struct doctor_line *line, enum doctor_verdict verdict, const char *format, ...)
    YODEL_PRINTF(3, 4);

// Appends to the detail.
static void say(struct doctor_line *line, const char *format, ...)
{
    size_t len = strlen(line->detail);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line->detail + len, sizeof line->detail - len, format, args);
    va_end(args);
}

// Something is to be changed; the worst verdict stands, and so does the first remedy for it.
static void fix(struct doctor_line *line, enum doctor_verdict verdict, const char *format, ...)
{
    va_list args;

    if (verdict > line->verdict || line->fix[0] == '\0') {
        va_start(args, format);
        (void)vsnprintf(line->fix, sizeof line->fix, format, args);
        va_end(args);
    }
    line->verdict = verdict > line->verdict ? verdict : line->verdict;
}

// "2026-11-25", of seconds since 1970.
static const char *date_text(int64_t seconds, char room[32])
{
    int64_t z = seconds / 86400 + 719468, era = z / 146097, doe = z % 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;

    (void)snprintf(room, 32, "%04" PRId64 "-%02" PRId64 "-%02" PRId64,
        yoe + era * 400 + (month <= 2), month, doy - (153 * mp + 2) / 5 + 1);
    return room;
}

static const char *duration_text(int64_t seconds, char room[32])
{
    int64_t value = seconds < 0 ? -seconds : seconds;
    const char *unit = value < 120 ? "s" : value < 7200 ? "min" : value < 172800 ? "h" : "days";
    int64_t size = value < 120 ? 1 : value < 7200 ? 60 : value < 172800 ? 3600 : 86400;

    (void)snprintf(room, 32, "%" PRId64 " %s", value / size, unit);
    return room;
}

static double ms_of(yodel_duration duration)
{
    return (double)duration / 1000.0;
}

static bool is_public(const struct yodel_addr *addr)
{
    return addr->family != YODEL_ADDR_NONE && !addr_is_private(addr) && !addr_is_loopback(addr) &&
           !addr_is_link_local(addr) && !addr_is_any(addr) && !addr_is_multicast(addr);
}

// ---- this machine

struct doctor_line doctor_verdict_interfaces(const struct doctor_interfaces *facts)
{
    struct doctor_line line = {.check = "interfaces"};

    if (facts->count == 0) {
        say(&line, "this machine has no network address");
        fix(&line, DOCTOR_FAIL, "connect it to a network");
        return line;
    }
    say(&line, "%s", facts->list);
    if (facts->is_loopback_only) {
        fix(&line, DOCTOR_WARN, "connect it to a network: now only this machine can be reached");
    }
    return line;
}

struct doctor_line doctor_verdict_ipv6(const struct doctor_ipv6 *facts)
{
    struct doctor_line line = {.check = "ipv6"};

    if (!facts->has_address) {
        say(&line, "no global IPv6 address here; IPv4 is used");
    } else if (!facts->has_server_address) {
        say(&line, "this machine has IPv6, the server has not; IPv4 is used");
    } else if (facts->connect == DOCTOR_CONNECT_OK) {
        say(&line, "the server is reached over IPv6");
    } else {
        say(&line, "the server has an IPv6 address, but is not reached by it");
        fix(&line, DOCTOR_WARN,
            "open the same ports for IPv6 in the server's firewall, or remove its AAAA record");
    }
    return line;
}

// ---- the way to the server

struct doctor_line doctor_verdict_dns(const struct doctor_dns *facts)
{
    struct doctor_line line = {.check = "dns"};

    if (facts->is_literal) {
        say(&line, "%s is an address: no name is looked up", facts->host);
    } else if (facts->v4_count + facts->v6_count > 0) {
        say(&line, "%s has %" PRIu32 " IPv4 and %" PRIu32 " IPv6 %s, in %" PRIu32 " ms",
            facts->host, facts->v4_count, facts->v6_count,
            facts->v4_count + facts->v6_count == 1 ? "address" : "addresses", facts->ms);
    } else if (facts->is_late) {
        say(&line, "no answer about the name %s", facts->host);
        fix(&line, DOCTOR_FAIL, "look at this machine's name servers (/etc/resolv.conf)");
    } else {
        say(&line, "%s has no address%s%s", facts->host, facts->error ? ": " : "",
            facts->error ? facts->error : "");
        fix(&line, DOCTOR_FAIL, "correct the name, or add an A or AAAA record for it");
    }
    return line;
}

struct doctor_line doctor_verdict_tcp(const struct doctor_tcp *facts)
{
    struct doctor_line line = {.check = "tcp"};
    char addr[ADDR_TEXT_MAX];

    addr_text(&facts->addr, addr);
    switch (facts->state) {
    case DOCTOR_CONNECT_OK:
        say(&line, "connected to %s in %" PRIu32 " ms", addr, facts->ms);
        break;
    case DOCTOR_CONNECT_REFUSED:
        say(&line, "nothing listens at %s", addr);
        fix(&line, DOCTOR_FAIL,
            "start `yodel serve` there, or correct the address; its line would be: listen = :%u",
            (unsigned)facts->addr.port);
        break;
    case DOCTOR_CONNECT_SILENT:
        say(&line, "no answer from %s", addr);
        fix(&line, DOCTOR_FAIL, "open TCP %u in the server's firewall", (unsigned)facts->addr.port);
        break;
    case DOCTOR_CONNECT_UNREACHABLE:
    case DOCTOR_CONNECT_NONE:
        say(&line, "there is no way to %s", addr);
        fix(&line, DOCTOR_FAIL, "look at this machine's network and at its routes");
        break;
    }
    return line;
}

static void judge_chain(struct doctor_line *line, const struct doctor_certificate *facts)
{
    const struct doctor_tls *tls = facts->tls;
    enum doctor_verdict bad = facts->is_insecure ? DOCTOR_WARN : DOCTOR_FAIL;
    const struct doctor_tls_faults *faults = &tls->faults;
    char date[32], text[DOCTOR_TLS_TEXT_MAX];

    date_text(tls->ends, date);
    if (faults->is_expired) {
        say(line, "; it ended");
        fix(line, bad, "the certificate ended on %s: renew it, and give it to tls-cert", date);
    }
    if (faults->is_not_yet_valid) {
        say(line, "; it is not valid yet");
        fix(line, bad, "look at this machine's clock and the server's");
    }
    if (faults->is_self_signed) {
        say(line, "; nobody vouches for it");
        fix(line, bad,
            "get one from an authority that browsers trust (Let's Encrypt): tls-cert = FILE, "
            "tls-key = FILE");
    } else if (faults->is_incomplete) {
        say(line, "; its issuer is not known here");
        fix(line, bad,
            "tls-cert has to hold the whole chain: the certificate, then the "
            "intermediate ones (fullchain.pem)");
    }
    if (faults->is_of_another_name) {
        say(line, "; it is not for %s", facts->host);
        fix(line, bad, "get a certificate that names %s, or use the name that it has (%.60s)",
            facts->host, tls->subject);
    }
    if (faults->is_other) {
        (void)snprintf(text, sizeof text, "%s", tls->text);
        say(line, "; %s", text);
        fix(line, bad, "renew the certificate");
    }
}

struct doctor_line doctor_verdict_certificate(const struct doctor_certificate *facts)
{
    struct doctor_line line = {.check = "certificate"};
    const struct doctor_tls *tls = facts->tls;
    char date[32];

    if (!facts->is_secure) {
        say(&line, "none: the address begins with http");
        if (!facts->is_local) {
            fix(&line, DOCTOR_WARN, "serve HTTPS: tls-cert = FILE, tls-key = FILE");
        }
        return line;
    }
    if (!tls || tls->state != DOCTOR_TLS_OPEN) {
        say(&line, "no TLS: %s", tls && tls->why[0] ? tls->why : "the server said nothing");
        fix(&line, DOCTOR_FAIL,
            "if the server speaks plain HTTP, use http://; else look at tls-cert and tls-key");
        return line;
    }
    say(&line, "%s, for %s, by %s, valid until %s", tls->version, tls->subject, tls->issuer,
        date_text(tls->ends, date));
    judge_chain(&line, facts);
    if (line.verdict == DOCTOR_OK && tls->ends - facts->now < ENDS_SOON_S) {
        fix(&line, DOCTOR_WARN, "the certificate ends on %s: renew it", date);
    }
    return line;
}

struct doctor_line doctor_verdict_http(const struct doctor_web *facts)
{
    struct doctor_line line = {.check = "http"};

    if (facts->is_late) {
        say(&line, "connected, but nothing is answered");
        fix(&line, DOCTOR_FAIL, "look at what runs at this port; a Yodel server answers at once");
    } else if (!facts->is_http) {
        say(&line, "what answers is not HTTP");
        fix(&line, DOCTOR_FAIL, "correct the port, or http:// and https://");
    } else if (facts->status != 200) {
        say(&line, "/healthz is answered with %" PRIu32, facts->status);
        fix(&line, DOCTOR_FAIL,
            "no Yodel server answers here: correct the address, or let the proxy pass everything "
            "on to it");
    } else {
        say(&line, "/healthz is answered");
    }
    return line;
}

struct doctor_line doctor_verdict_clock(bool is_known, int64_t ahead)
{
    struct doctor_line line = {.check = "clock"};
    int64_t off = ahead < 0 ? -ahead : ahead;
    char text[32];

    if (!is_known) {
        say(&line, "the server does not tell its time");
    } else if (off <= CLOCK_TOLERANCE_S) {
        say(&line, "the server's agrees with this machine's within %s", duration_text(off, text));
    } else {
        say(&line, "the server's is %s %s of this machine's", duration_text(off, text),
            ahead > 0 ? "ahead" : "behind");
        fix(&line, off < CLOCK_WRONG_S ? DOCTOR_WARN : DOCTOR_FAIL,
            "set the clock that is wrong: timedatectl set-ntp true");
    }
    return line;
}

struct doctor_line doctor_verdict_signaling(const struct doctor_signaling *facts)
{
    struct doctor_line line = {.check = "signaling"};

    if (facts->has_hello) {
        say(&line, "%s said hello over WebSocket in %" PRIu32 " ms", facts->server, facts->ms);
    } else {
        say(&line, "%s", facts->why);
        fix(&line, DOCTOR_FAIL,
            "a proxy before the server has to pass WebSocket on (Upgrade) for /signal");
    }
    return line;
}

// ---- STUN, and what it tells

struct doctor_line doctor_verdict_stun(const struct doctor_stun *facts)
{
    struct doctor_line line = {.check = "stun"};
    char addr[ADDR_TEXT_MAX];

    if (!facts->url) {
        say(&line, "the server offers no STUN");
        fix(&line, DOCTOR_WARN, "remove the line: udp = off");
    } else if (!facts->is_resolved) {
        say(&line, "%s: its name has no address", facts->url);
        fix(&line, DOCTOR_FAIL, "correct the name in the line: ice-servers = …");
    } else if (!facts->is_answered) {
        say(&line, "%s does not answer", facts->url);
        fix(&line, DOCTOR_FAIL, "open UDP %u in the server's firewall, and out of this network",
            (unsigned)facts->port);
    } else if (facts->mapped.family == YODEL_ADDR_NONE) {
        say(&line, "%s answers without an address (error %" PRIu32 ")", facts->url, facts->error);
        fix(&line, DOCTOR_FAIL, "look at what answers at this port: it is no STUN server");
    } else {
        say(&line, "%s answers in %.1f ms: this machine is %s", facts->url, ms_of(facts->rtt),
            addr_text(&facts->mapped, addr));
    }
    return line;
}

struct doctor_line doctor_verdict_udp(uint32_t asked, uint32_t answered, bool does_tcp_work)
{
    struct doctor_line line = {.check = "udp"};

    YODEL_ASSERT(asked > 0);
    if (answered > 0) {
        say(&line, "datagrams go both ways");
    } else if (does_tcp_work) {
        say(&line, "TCP works and nothing comes back over UDP: it is blocked on the way");
        fix(&line, DOCTOR_FAIL,
            "open the server's UDP port in both firewalls; where that cannot be, TURN over TLS at "
            "port 443 passes");
    } else {
        say(&line, "nothing comes back, as over TCP");
        fix(&line, DOCTOR_FAIL, "see the other lines: the server is not reached at all");
    }
    return line;
}

static const char *rule_text(enum doctor_nat_rule rule)
{
    switch (rule) {
    case DOCTOR_NAT_UNKNOWN:
        break;
    case DOCTOR_NAT_INDEPENDENT:
        return "endpoint-independent";
    case DOCTOR_NAT_ADDRESS:
        return "address-dependent";
    case DOCTOR_NAT_ADDRESS_AND_PORT:
        return "address- and port-dependent";
    }
    return "unknown";
}

static void judge_mapping(struct doctor_line *line, const struct doctor_nat_facts *facts)
{
    char mapped[ADDR_TEXT_MAX], local[ADDR_TEXT_MAX];

    say(line, "%s becomes %s; mapping %s, filtering %s", addr_text(&facts->local, local),
        addr_text(&facts->mapped, mapped), rule_text(facts->mapping), rule_text(facts->filtering));
    if (facts->mapping == DOCTOR_NAT_ADDRESS || facts->mapping == DOCTOR_NAT_ADDRESS_AND_PORT) {
        say(line, ": direct connections come about only with those who are easy to reach");
        fix(line, DOCTOR_WARN,
            "have a TURN server (see the turn lines), or set the router's NAT to endpoint-"
            "independent (\"full cone\")");
    } else if (facts->mapping == DOCTOR_NAT_UNKNOWN) {
        fix(line, DOCTOR_WARN,
            "name a server that can tell: one with two addresses, or a second STUN server: "
            "ice-servers = stun:HOST:PORT");
    }
    if (addr_is_private(&facts->mapped) && !addr_is_private(&facts->local)) {
        say(line, "; the outside address is private");
    }
}

struct doctor_line doctor_verdict_nat(const struct doctor_nat_facts *facts)
{
    struct doctor_line line = {.check = "nat"};

    if (!facts->is_answered || facts->mapped.family == YODEL_ADDR_NONE) {
        say(&line, "unknown: no STUN server answers");
        fix(&line, DOCTOR_WARN, "see the stun lines");
    } else if (facts->is_translated) {
        judge_mapping(&line, facts);
    } else if (facts->filtering == DOCTOR_NAT_ADDRESS ||
               facts->filtering == DOCTOR_NAT_ADDRESS_AND_PORT) {
        say(&line, "none on the way to the server; a firewall lets in only who was spoken to");
    } else {
        say(&line, "none on the way to the server");
    }
    return line;
}

struct doctor_line doctor_verdict_hairpin(const struct doctor_nat_facts *facts)
{
    struct doctor_line line = {.check = "hairpin"};

    if (!facts->is_translated) {
        say(&line, "not needed: there is no NAT");
    } else if (!facts->is_hairpin_known) {
        say(&line, "unknown");
    } else if (facts->does_hairpin) {
        say(&line, "the NAT turns back what is meant for its own outside address");
    } else {
        say(&line, "the NAT does not turn back what is meant for its own outside address: two "
                   "machines behind it meet by their inner addresses, or through TURN");
    }
    return line;
}

struct doctor_line doctor_verdict_mtu(size_t passed, size_t lost, bool is_v6)
{
    struct doctor_line line = {.check = "mtu"};
    size_t headers = is_v6 ? 48 : 28;

    if (passed == 0) {
        say(&line, "not a datagram of the sizes tried was answered");
        fix(&line, DOCTOR_FAIL, "see the stun lines");
        return line;
    }
    say(&line, "datagrams of %zu bytes pass whole (MTU %zu%s)", passed, passed + headers,
        lost > 0 ? "" : " or more");
    if (passed < DOCTOR_DATAGRAM_NEEDED) {
        say(&line, ", those of %zu do not", lost);
        fix(&line, DOCTOR_FAIL,
            "WebRTC sends %d: raise the MTU of the tunnel or VPN on the way to %zu",
            DOCTOR_DATAGRAM_NEEDED, DOCTOR_DATAGRAM_NEEDED + headers);
    } else if (lost > 0) {
        say(&line, ", those of %zu do not; WebRTC sends %d", lost, DOCTOR_DATAGRAM_NEEDED);
    }
    return line;
}

// ---- TURN

static const char *turn_check(const struct doctor_turn *facts)
{
    static const char *const names[] = {"turn-udp", "turn-tcp", "turn-tls"};

    return facts->url ? names[facts->transport] : "turn";
}

static void judge_unreached(struct doctor_line *line, const struct doctor_turn *facts)
{
    say(line, "%s %s%s%s", facts->url, facts->is_answered ? "gives no relay" : "is not reached",
        facts->failure ? ": " : "", facts->failure ? facts->failure : "");
    if (!facts->is_resolved) {
        fix(line, DOCTOR_FAIL, "correct the server's name");
    } else if (facts->is_answered) {
        fix(line, DOCTOR_FAIL,
            "look at the server's own address in its configuration: "
            "turn-external = ADDRESS");
    } else if (facts->transport == YODEL_UDP) {
        fix(line, DOCTOR_FAIL, "open UDP %u in the server's firewall, and out of this network",
            (unsigned)facts->port);
    } else {
        fix(line, DOCTOR_FAIL,
            "open TCP %u in the server's firewall; the server has to listen "
            "there: %s = :%u%s",
            (unsigned)facts->port, facts->transport == YODEL_TLS ? "turn-tls" : "turn-tcp",
            (unsigned)facts->port,
            facts->transport == YODEL_TLS ? ", with a certificate for its name" : "");
    }
}

// RFC 8656 §19, RFC 8489 §14.8.
static void judge_refusal(struct doctor_line *line, const struct doctor_turn *facts)
{
    say(line, "%s refuses (%" PRIu32 ")", facts->url, facts->error);
    switch (facts->error) {
    case STUN_UNAUTHENTICATED:
    case TURN_WRONG_CREDENTIALS:
        say(line, ": not these credentials");
        fix(line, DOCTOR_FAIL, "see the line about credentials");
        break;
    case TURN_QUOTA_REACHED:
        say(line, ": this user has all that it may have");
        fix(line, DOCTOR_FAIL, "raise it in the line: turn-allocations-per-user = N");
        break;
    case TURN_CAPACITY_REACHED:
        say(line, ": no relayed port is free");
        fix(line, DOCTOR_FAIL, "widen the range in the line: turn-ports = MIN-MAX");
        break;
    case TURN_FORBIDDEN:
        say(line, ": forbidden");
        fix(line, DOCTOR_FAIL, "allow the network in the line: turn-allow = CIDR");
        break;
    case TURN_FAMILY_UNSUPPORTED:
        say(line, ": it has no address of this family");
        fix(line, DOCTOR_FAIL, "give the server an address of that family");
        break;
    default:
        fix(line, DOCTOR_FAIL, "look at the server's log");
        break;
    }
}

struct doctor_line doctor_verdict_turn(const struct doctor_turn *facts)
{
    struct doctor_line line = {.check = turn_check(facts)};

    if (!facts->url) {
        say(&line, "the server offers no TURN: where no direct way exists, nothing connects");
        fix(&line, DOCTOR_WARN, "remove the lines: udp = off, turn = off");
    } else if (facts->error != 0) {
        judge_refusal(&line, facts);
    } else if (!facts->is_allocated) {
        judge_unreached(&line, facts);
    } else if (facts->is_data_carried) {
        say(&line,
            "%s relays: a message each way, there and back in %.1f ms; set up in %" PRIu32 " ms",
            facts->url, (double)facts->round_trip_us / 1000.0, facts->ms);
    } else if (facts->is_data_tested) {
        say(&line, "%s gives a relayed address, but nothing passes through it", facts->url);
        fix(&line, DOCTOR_FAIL,
            "see the line about the external address; and open the relayed "
            "UDP ports in the server's firewall: turn-ports = MIN-MAX");
    } else {
        say(&line, "%s gives a relayed address, in %" PRIu32 " ms", facts->url, facts->ms);
    }
    return line;
}

struct doctor_line doctor_verdict_external(const struct doctor_turn *facts)
{
    struct doctor_line line = {.check = "external-address"};
    char relayed[ADDR_TEXT_MAX], server[ADDR_TEXT_MAX];

    YODEL_ASSERT(facts->is_allocated);
    addr_ip_text(&facts->relayed, relayed);
    addr_ip_text(&facts->server, server);
    if (is_public(&facts->server) && !is_public(&facts->relayed)) {
        say(&line, "%s relays from %s, which nobody outside can reach", facts->url, relayed);
        fix(&line, DOCTOR_FAIL, "add to the configuration: turn-external = %s", server);
    } else if (addr_is_loopback(&facts->relayed) != addr_is_loopback(&facts->server) ||
               addr_is_any(&facts->relayed)) {
        say(&line, "%s relays from %s, which is no address of its own", facts->url, relayed);
        fix(&line, DOCTOR_FAIL, "add to the configuration: turn-external = %s", server);
    } else if (facts->is_data_tested && !facts->is_data_carried &&
               !addr_same_ip(&facts->relayed, &facts->server)) {
        say(&line, "%s relays from %s, where nothing arrives; it is reached at %s", facts->url,
            relayed, server);
        fix(&line, DOCTOR_FAIL, "add to the configuration: turn-external = %s", server);
    } else {
        say(&line, "%s relays from %s", facts->url, relayed);
    }
    return line;
}

// Time-limited names are "EXPIRY" or "EXPIRY:NAME", the expiry in seconds since 1970.
static bool expiry_of(const char *username, int64_t *expiry)
{
    size_t digits = strspn(username, "0123456789");
    int64_t value = 0;

    if (digits < 9 || digits > 12 || (username[digits] != ':' && username[digits] != '\0')) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        value = value * 10 + (username[i] - '0');
    }
    *expiry = value;
    return true;
}

static void judge_refused_name(struct doctor_line *line, const struct doctor_turn *facts)
{
    int64_t expiry;
    char text[32];

    if (expiry_of(facts->username, &expiry) && expiry <= facts->now) {
        say(line, "%s: the credentials expired %s ago", facts->url,
            duration_text(facts->now - expiry, text));
        fix(line, DOCTOR_FAIL,
            "get new ones; if they are new, compare the clocks of both machines");
        return;
    }
    say(line, "%s does not take the credentials of \"%.100s\"", facts->url, facts->username);
    fix(line, DOCTOR_FAIL,
        "compare name and password with the server's line: turn-user = NAME:PASSWORD; for "
        "time-limited ones both sides need the same secret");
}

struct doctor_line doctor_verdict_credentials(
    const struct doctor_turn *facts, bool is_wrong_tried, bool takes_wrong)
{
    struct doctor_line line = {.check = "credentials"};
    int64_t expiry;
    char text[32];

    if (facts->error == STUN_UNAUTHENTICATED || facts->error == TURN_WRONG_CREDENTIALS) {
        judge_refused_name(&line, facts);
        return line;
    }
    say(&line, "%s takes these", facts->url);
    if (is_wrong_tried && takes_wrong) {
        say(&line, ", and any others too: anybody can relay through it");
        fix(&line, DOCTOR_FAIL, "let it ask for credentials: turn-user = NAME:PASSWORD");
    } else if (is_wrong_tried) {
        say(&line, " and refuses a wrong password");
    }
    if (expiry_of(facts->username, &expiry)) {
        say(&line, "; they end in %s", duration_text(expiry - facts->now, text));
    }
    return line;
}
