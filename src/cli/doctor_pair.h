// The doctor's proof of a relay: two peers of this process that may use nothing but it, and a message
// each way through a data channel. It is the code that users run.
//
// Ownership   the caller owns the struct, its runtime, and the texts of the server
// Limits      DOCTOR_PAIR_MS until the message is back

#ifndef CLI_DOCTOR_PAIR_H
#define CLI_DOCTOR_PAIR_H

#include <uv.h>

#include "yodel/runtime.h"

#define DOCTOR_PAIR_MS 10000

struct doctor_pair;

struct doctor_pair_end {
    struct doctor_pair *pair;
    struct doctor_pair_end *other;
    yodel_peer *peer;
    yodel_channel *channel;
};

struct doctor_pair {
    yodel_runtime *runtime;
    uv_timer_t timer;
    bool has_timer;
    struct doctor_pair_end ends[2]; // The first makes the offer, and speaks first.
    yodel_time said_at;
    uint32_t round_trip_us; // 0: nothing came back.
    bool is_done;
    void (*on_done)(void *ctx);
    void *ctx;
};

// False where the peers cannot be made: then on_done does not come.
bool doctor_pair_start(struct doctor_pair *pair, uv_loop_t *loop, yodel_runtime *runtime,
    yodel_certificate *certificate, const struct yodel_ice_server *server,
    void (*on_done)(void *ctx), void *ctx);
void doctor_pair_close(struct doctor_pair *pair);

#endif
