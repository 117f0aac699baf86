// The doctor's lines, each from what its examination found.

#include "cli/doctor_lines.h"

#include "net/clock.h"

#define LIST_MAX 400

static void add(struct doctor_run *run, struct doctor_line line)
{
    doctor_report_add(&run->report, &line);
}

void doctor_lines_interfaces(struct doctor_run *run)
{
    const struct interfaces_policy policy = {.loopback = YODEL_LOOPBACK_IF_ALONE};
    struct interface_list all;
    struct doctor_interfaces facts = {0};
    char list[LIST_MAX], addr[ADDR_TEXT_MAX];
    struct writer w = writer_of(span_of(list, sizeof list - 1));

    if (interfaces_read(&all) == YODEL_OK) {
        interfaces_choose(&run->interfaces, &all, &policy);
    }
    facts.count = (uint32_t)run->interfaces.count;
    facts.is_loopback_only = facts.count > 0;
    for (size_t i = 0; i < run->interfaces.count; i++) {
        const struct interface *item = &run->interfaces.items[i];
        struct writer before = w;
        facts.is_loopback_only = facts.is_loopback_only && addr_is_loopback(&item->addr);
        put_format(&w, "%s%s %s", i > 0 ? ", " : "", item->name, addr_ip_text(&item->addr, addr));
        w = w.failed ? before : w;
    }
    list[w.len] = '\0';
    facts.list = list;
    add(run, doctor_verdict_interfaces(&facts));
}

static bool has_global_v6(const struct doctor_run *run)
{
    for (size_t i = 0; i < run->interfaces.count; i++) {
        const struct yodel_addr *addr = &run->interfaces.items[i].addr;
        if (addr->family == YODEL_ADDR_V6 && !addr_is_loopback(addr) && !addr_is_link_local(addr) &&
            !addr_is_private(addr)) {
            return true;
        }
    }
    return false;
}

// The way that TLS and HTTP took; else the first that was tried.
static const struct doctor_tcp *way_of(const struct doctor_web_probe *web)
{
    const struct doctor_tcp *v4 = &web->ways[0].facts, *v6 = &web->ways[1].facts;

    return web->taken ? &web->taken->facts : v4->addr.family != YODEL_ADDR_NONE ? v4 : v6;
}

static void report_certificate(struct doctor_run *run)
{
    const struct doctor_web_probe *web = &run->web;
    struct doctor_certificate facts = {
        .host = run->url.host,
        .is_secure = run->url.is_secure,
        .is_local = addr_is_loopback(&way_of(web)->addr),
        .is_insecure = run->is_insecure,
        .tls = web->has_tls ? &web->tls : NULL,
        .now = clock_wall_seconds(),
    };

    add(run, doctor_verdict_certificate(&facts));
}

static void report_web(struct doctor_run *run)
{
    const struct doctor_web_probe *web = &run->web;
    struct doctor_ipv6 ipv6 = {has_global_v6(run), web->dns.v6_count > 0, web->ways[1].facts.state};

    add(run, doctor_verdict_ipv6(&ipv6));
    add(run, doctor_verdict_dns(&web->dns));
    if (web->dns.v4_count + web->dns.v6_count == 0) {
        return;
    }
    add(run, doctor_verdict_tcp(way_of(web)));
    if (!web->taken) {
        return;
    }
    report_certificate(run);
    if (run->url.is_secure && (!web->has_tls || web->tls.state != DOCTOR_TLS_OPEN)) {
        return; // Nothing goes through what does not stand.
    }
    add(run, doctor_verdict_http(&web->web));
    if (web->web.is_http) {
        add(run, doctor_verdict_clock(web->http.has_date, web->http.date - web->answered_at));
    }
}

static void report_signaling(struct doctor_run *run)
{
    struct doctor_signaling facts = {run->has_hello, run->server_name, run->why, run->hello_ms};

    if (!run->has_hello && !run->web.taken) {
        return; // The lines above say why already.
    }
    if (!run->has_hello && !run->why[0]) {
        facts.why = "no hello came over WebSocket";
    }
    add(run, doctor_verdict_signaling(&facts));
}

static void report_stun(struct doctor_run *run)
{
    struct doctor_stun none = {0};

    for (size_t i = 0; i < run->stun_count; i++) {
        const struct doctor_run_stun *stun = &run->stuns[i];
        struct doctor_stun facts = {
            .url = stun->text, .port = stun->url.port, .is_resolved = stun->has_probe};
        if (stun->has_probe) {
            struct doctor_nat_facts nat = doctor_nat_facts(&stun->probe.nat);
            facts.is_answered = nat.is_answered;
            facts.error = nat.error;
            facts.mapped = nat.mapped;
            facts.rtt = nat.rtt;
        }
        add(run, doctor_verdict_stun(&facts));
    }
    if (run->has_hello && run->stun_count == 0) {
        add(run, doctor_verdict_stun(&none));
    }
}

static void report_udp(struct doctor_run *run)
{
    uint32_t asked = 0, answered = 0;

    for (size_t i = 0; i < run->stun_count; i++) {
        const struct doctor_run_stun *stun = &run->stuns[i];
        asked += stun->has_probe;
        answered += stun->has_probe && doctor_nat_facts(&stun->probe.nat).is_answered;
    }
    for (size_t i = 0; i < run->relay_count; i++) {
        bool is_udp = doctor_relay_is_udp(&run->relays[i]);
        asked += is_udp;
        answered += is_udp && doctor_relay_is_answered(&run->relays[i]);
    }
    if (asked > 0) {
        add(run, doctor_verdict_udp(asked, answered, run->web.taken != NULL));
    }
}

// Of the server that can tell the most.
static void report_nat(struct doctor_run *run)
{
    const struct doctor_run_stun *best = NULL;
    int most = -1;

    for (size_t i = 0; i < run->stun_count; i++) {
        const struct doctor_run_stun *stun = &run->stuns[i];
        if (stun->has_probe) {
            struct doctor_nat_facts facts = doctor_nat_facts(&stun->probe.nat);
            int tells =
                facts.is_answered + 2 * (facts.mapping != DOCTOR_NAT_UNKNOWN) + 2 * facts.has_other;
            best = tells > most ? stun : best;
            most = tells > most ? tells : most;
        }
    }
    if (!best) {
        return;
    }
    struct doctor_nat_facts facts = doctor_nat_facts(&best->probe.nat);
    add(run, doctor_verdict_nat(&facts));
    if (facts.is_answered) {
        add(run, doctor_verdict_hairpin(&facts));
    }
    if (best->probe.has_sized) {
        add(run, doctor_verdict_mtu(doctor_mtu_passed(&best->probe.mtu),
                     doctor_mtu_lost(&best->probe.mtu), best->addr.family == YODEL_ADDR_V6));
    }
}

static void report_turn(struct doctor_run *run)
{
    struct doctor_turn none = {0};

    for (size_t i = 0; i < run->relay_count; i++) {
        doctor_relay_report(&run->relays[i], &run->report);
    }
    if (run->has_hello && run->relay_count == 0) {
        add(run, doctor_verdict_turn(&none));
    }
}

void doctor_lines_all(struct doctor_run *run)
{
    report_web(run);
    report_signaling(run);
    report_stun(run);
    report_udp(run);
    report_nat(run);
    report_turn(run);
}
