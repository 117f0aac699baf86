// Pumps: HTTP that came inside TLS which we had to end goes to libwebsockets through a pair of sockets.
//
//   client === TLS ===> outer stream <--- pump ---> inner stream ---> socket pair ---> libwebsockets
//
// Whoever takes nothing holds the other end up: reading stops where much waits. The end of an answer is
// sent before its connection is closed.
//
// Not here    TLS and queues (net/stream.h), what came inside (server/inner.h)
// Ownership   a pump owns both its streams, and frees itself after both
// Limits      SERVER_PUMPS_MAX at a time; STREAM_QUEUE_MAX bytes wait each way

#ifndef SERVER_PUMP_H
#define SERVER_PUMP_H

#include <uv.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/env.h"
#include "base/list.h"

#define SERVER_PUMPS_MAX 16384

struct stream;

struct server_pumps {
    const struct env *env;
    uv_loop_t *loop;
    struct list all;
    size_t count;
    uint64_t refused; // Over the limit.

    // Who reads HTTP from `fd`, and owns it; it comes from `client`.
    void (*adopt)(void *ctx, int fd, const struct yodel_addr *client);
    void *adopt_ctx;
    void (*on_stopped)(void *ctx);
    void *ctx;
};

// Writes to `to` what `from` said. True: much waits there now, and `from` is paused until `to` has room.
bool server_pump_pass(struct stream *from, struct stream *to, struct bytes data);

void server_pumps_init(struct server_pumps *pumps, uv_loop_t *loop, const struct env *env,
    void (*adopt)(void *ctx, int fd, const struct yodel_addr *client), void *ctx);

// Takes `stream` over, and what it said already: `early`, and then `rest`.
void server_pump_start(
    struct server_pumps *pumps, struct stream *stream, struct bytes early, struct bytes rest);

// Closes all; `on_stopped` follows, at once where there are none.
void server_pumps_stop(struct server_pumps *pumps, void (*on_stopped)(void *ctx), void *ctx);

#endif
