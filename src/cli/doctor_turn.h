// The doctor's allocation on a TURN server, by the client that ICE uses, over UDP, TCP or TLS.
//
// Implements  RFC 8656 through turn/client.h
// Ownership   the caller owns the struct, and keeps it until its handles are closed; borrows texts
// Limits      DOCTOR_TURN_MS in all

#ifndef CLI_DOCTOR_TURN_H
#define CLI_DOCTOR_TURN_H

#include <uv.h>

#include "net/stream.h"
#include "turn/client.h"
#include "turn/frame.h"

#define DOCTOR_TURN_MS 6000
#define DOCTOR_TURN_REQUEST_MAX 2560 // With the longest names.
#define DOCTOR_TURN_BUFFER 8192      // Of a stream: no answer to an Allocate is longer.

struct doctor_turn_options {
    const struct env *env;
    struct yodel_addr server;
    enum yodel_transport transport;
    const char *host; // For the certificate.
    const char *username;
    const char *password;
    struct ssl_ctx_st *tls;
    bool is_insecure;
    void (*on_done)(void *ctx);
    void *ctx;
};

struct doctor_turn_probe {
    struct doctor_turn_options options;
    uv_loop_t *loop;
    uv_timer_t timer;
    bool has_timer;
    uv_udp_t udp;
    bool has_udp;
    struct stream *stream; // NULL: none, or gone.
    struct turn_client client;
    bool has_client;
    yodel_time started, allocated; // 0: not yet.
    bool is_done;
    char why[160]; // It was not reached: a clause.
    uint8_t room[DOCTOR_TURN_BUFFER];
    size_t room_len; // Of a stream.
};

void doctor_turn_start(
    struct doctor_turn_probe *probe, uv_loop_t *loop, const struct doctor_turn_options *options);

// Gives the allocation back. on_done does not come any more.
void doctor_turn_close(struct doctor_turn_probe *probe);

#endif
