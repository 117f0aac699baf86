// One TURN server's examination: an allocation, one with a wrong password, and two peers that meet
// through it; and what follows from it.
//
// Ownership   the caller owns the struct, and keeps it until its handles are closed
// Limits      those of cli/doctor_turn.h and cli/doctor_pair.h, one after the other

#ifndef CLI_DOCTOR_RELAY_H
#define CLI_DOCTOR_RELAY_H

#include "cli/doctor_pair.h"
#include "cli/doctor_report.h"
#include "cli/doctor_turn.h"
#include "cli/servers.h"
#include "net/dns.h"
#include "peer/server_url.h"

struct doctor_relay_options {
    uv_loop_t *loop;
    const struct env *env;
    const struct cli_server *server;
    bool is_first; // Of its host's with this name: tries a wrong password too.
    bool is_insecure;
    struct ssl_ctx_st *tls;
    yodel_certificate *certificate;
    void (*on_done)(void *ctx);
    void *ctx;
};

struct doctor_relay {
    struct doctor_relay_options options;
    struct server_url url;
    struct dns_query *query; // NULL: none under way.
    struct yodel_addr addr;
    bool is_late; // Time is up: what is not known stays so.
    struct doctor_turn_probe right, wrong;
    bool has_right, has_wrong;
    yodel_runtime *runtime;
    struct doctor_pair pair;
    bool has_pair;
    bool is_done;
};

// Fails with SYNTAX (the URL) and NO_MEMORY.
YODEL_MUST_USE enum yodel_err doctor_relay_start(
    struct doctor_relay *relay, const struct doctor_relay_options *options);
void doctor_relay_close(struct doctor_relay *relay);

// Whether it was asked over UDP, and whether anything came back.
bool doctor_relay_is_udp(const struct doctor_relay *relay);
bool doctor_relay_is_answered(const struct doctor_relay *relay);

void doctor_relay_report(const struct doctor_relay *relay, struct doctor_report *report);

#endif
