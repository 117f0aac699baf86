// Verdicts: what the doctor says of what was found, and what to change.
//
// Pure: facts in, one line out. Texts of servers' stay as they came; who shows a line makes them
// harmless.
//
// Not here    finding out (doctor/nat.h, mtu.h, tls.h, http.h; cli/doctor_….h), writing (cli/)
// Ownership   a line is a value
// Limits      DOCTOR_TEXT_MAX bytes a text; what is longer is cut

#ifndef DOCTOR_VERDICT_H
#define DOCTOR_VERDICT_H

#include "doctor/nat.h"
#include "doctor/tls.h"
#include "yodel/addr.h"

#define DOCTOR_TEXT_MAX 512
#define DOCTOR_DATAGRAM_NEEDED 1200 // What Yodel and browsers send at most.

enum doctor_verdict { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor_line {
    const char *check; // "turn-tls": scripts rely on these names.
    enum doctor_verdict verdict;
    char detail[DOCTOR_TEXT_MAX];
    char fix[DOCTOR_TEXT_MAX]; // "" where nothing is to be done.
};

const char *doctor_verdict_name(enum doctor_verdict verdict); // "ok", "warn", "fail".

// Each begins with the zeroed line that it fills.

struct doctor_interfaces {
    const char *list; // "eth0 192.0.2.1, …", as ICE would use them.
    uint32_t count;
    bool is_loopback_only;
};
struct doctor_line doctor_verdict_interfaces(const struct doctor_interfaces *facts);

struct doctor_dns {
    const char *host;
    bool is_literal; // An address: there is nothing to look up.
    uint32_t v4_count, v6_count;
    const char *error; // Of the system's, or NULL.
    bool is_late;
    uint32_t ms;
};
struct doctor_line doctor_verdict_dns(const struct doctor_dns *facts);

enum doctor_connect {
    DOCTOR_CONNECT_NONE, // Not tried: there is no address of that family, or none here.
    DOCTOR_CONNECT_OK,
    DOCTOR_CONNECT_REFUSED,
    DOCTOR_CONNECT_SILENT,
    DOCTOR_CONNECT_UNREACHABLE,
};
struct doctor_tcp {
    struct yodel_addr addr; // Which was tried, or tried first.
    enum doctor_connect state;
    uint32_t ms;
};
struct doctor_line doctor_verdict_tcp(const struct doctor_tcp *facts);

struct doctor_certificate {
    const char *host;
    bool is_secure;               // The URL wants TLS.
    bool is_local;                // And where not: it is this machine.
    bool is_insecure;             // --insecure: faults are known, and warnings.
    const struct doctor_tls *tls; // NULL without TLS, or where nothing came.
    int64_t now;                  // Seconds since 1970.
};
struct doctor_line doctor_verdict_certificate(const struct doctor_certificate *facts);

struct doctor_web {
    bool is_http;
    uint32_t status;
    bool is_late;
};
struct doctor_line doctor_verdict_http(const struct doctor_web *facts);

// `ahead`: the server's clock minus ours, in seconds.
struct doctor_line doctor_verdict_clock(bool is_known, int64_t ahead);

struct doctor_signaling {
    bool has_hello;
    const char *server; // "yodel/0.1.0", of its own word.
    const char *why;    // Where there was no hello.
    uint32_t ms;
};
struct doctor_line doctor_verdict_signaling(const struct doctor_signaling *facts);

struct doctor_stun {
    const char *url; // NULL: the server offers none.
    uint16_t port;
    bool is_resolved, is_answered;
    uint32_t error;
    struct yodel_addr mapped;
    yodel_duration rtt;
};
struct doctor_line doctor_verdict_stun(const struct doctor_stun *facts);

// Over all servers: how many were asked by UDP, and how many answered.
struct doctor_line doctor_verdict_udp(uint32_t asked, uint32_t answered, bool does_tcp_work);

struct doctor_line doctor_verdict_nat(const struct doctor_nat_facts *facts);
struct doctor_line doctor_verdict_hairpin(const struct doctor_nat_facts *facts);
struct doctor_line doctor_verdict_mtu(size_t passed, size_t lost, bool is_v6);

struct doctor_ipv6 {
    bool has_address;        // A global one, here.
    bool has_server_address; // AAAA.
    enum doctor_connect connect;
};
struct doctor_line doctor_verdict_ipv6(const struct doctor_ipv6 *facts);

struct doctor_turn {
    const char *url; // NULL: there is none.
    enum yodel_transport transport;
    uint16_t port;
    const char *username;
    bool is_resolved;
    bool is_answered; // By something that speaks TURN.
    bool is_allocated;
    uint32_t error;      // The server refused with this, or 0.
    const char *failure; // A clause, or NULL: why it was not reached.
    struct yodel_addr server, relayed;
    uint32_t ms;            // Until the allocation stood.
    bool is_data_tested;    // Two peers were to meet through it.
    bool is_data_carried;   // A message each way.
    uint32_t round_trip_us; // Of the message.
    int64_t now;            // Seconds since 1970, for time-limited names.
};
// "turn-udp", "turn-tcp" or "turn-tls"; "turn" where there is no server.
struct doctor_line doctor_verdict_turn(const struct doctor_turn *facts);
struct doctor_line doctor_verdict_external(const struct doctor_turn *facts);

// `takes_wrong`: an invented password was accepted; known only where `is_wrong_tried`.
struct doctor_line doctor_verdict_credentials(
    const struct doctor_turn *facts, bool is_wrong_tried, bool takes_wrong);

#endif
