// What `yodel doctor` knows while it examines: the examinations under way, and what they have found.
//
// Ownership   doctor.c makes and ends it; doctor_lines.c reads it
// Limits      CLI_SERVERS_MAX servers in all

#ifndef CLI_DOCTOR_RUN_H
#define CLI_DOCTOR_RUN_H

#include <uv.h>

#include "cli/connection.h"
#include "cli/doctor_relay.h"
#include "cli/doctor_report.h"
#include "cli/doctor_udp.h"
#include "cli/doctor_web.h"
#include "net/interfaces.h"

struct doctor_run;

struct doctor_run_stun {
    struct doctor_run *run;
    const char *text; // The URL.
    struct server_url url;
    struct dns_query *query;
    struct yodel_addr addr;
    struct doctor_udp_probe probe;
    bool has_probe;
};

struct doctor_run {
    uv_loop_t loop;
    uv_signal_t signals[2];
    uv_timer_t deadline, hello, progress;
    const struct env *env;
    const char *server;
    struct signaling_url url;
    struct doctor_report report;
    struct interface_list interfaces;

    struct doctor_web_probe web;
    struct signaling_link *link;
    bool has_heard, has_hello; // The signaling server; from it.
    uint64_t asked_at;
    uint32_t hello_ms;
    char server_name[64];
    char why[DOCTOR_TEXT_MAX]; // There was no hello.

    struct cli_servers servers; // Of the command line, then of the server.
    struct doctor_run_stun stuns[CLI_SERVERS_MAX];
    size_t stun_count, resolving;
    struct doctor_relay relays[CLI_SERVERS_MAX];
    size_t relay_count;
    struct ssl_ctx_st *tls;
    yodel_certificate *certificate;

    uint32_t pending; // Examinations under way.
    bool is_insecure; // A certificate that nobody vouches for is a warning only.
    bool is_interrupted;
};

#endif
