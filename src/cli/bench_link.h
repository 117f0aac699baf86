// The way between a client and a TURN server under load: a UDP socket, or a stream that is cut into messages.
//
// Everything is done at once or waited for: no loop, so that a load is one simple function.
//
// Not here    what is sent (cli/bench_turn.h), TURN itself (turn/client.h)
// Ownership   a link owns its socket
// Limits      BENCH_LINK_MESSAGE_MAX bytes of a message on a stream; BENCH_LINK_WAIT_MS until a stream that takes
//             nothing is given up

#ifndef CLI_BENCH_LINK_H
#define CLI_BENCH_LINK_H

#include "base/addr.h"
#include "base/bytes.h"
#include "net/stream_tls.h"

#define BENCH_LINK_MESSAGE_MAX 1500
#define BENCH_LINK_WAIT_MS 5000
#define BENCH_LINK_TRAIN 40 // Datagrams in one send.

struct bench_link {
    enum yodel_transport transport;
    int fd; // -1: closed.
    struct yodel_addr local;
    struct stream_tls tls;
    bool has_failed;                      // The stream ended, or took nothing.
    uint8_t rest[BENCH_LINK_MESSAGE_MAX]; // Of a stream: the beginning of a message.
    size_t rest_len;
};

// A UDP socket at `local`, which gets the port it has; with large buffers, and UDP_GRO.
bool bench_link_open_udp(struct bench_link *link, const struct yodel_addr *local);

// A link of any kind to a server, whose certificate may be any. `tls` is of stream_tls_new.
bool bench_link_open(struct bench_link *link, enum yodel_transport transport,
    const struct yodel_addr *local, const struct yodel_addr *server, struct ssl_ctx_st *tls);
void bench_link_close(struct bench_link *link);

// One message to `dest`, which a stream does not look at.
void bench_link_send(struct bench_link *link, const struct yodel_addr *dest, struct bytes message);

// BENCH_LINK_TRAIN times the same message: as one train or write, or each for itself.
void bench_link_send_train(
    struct bench_link *link, const struct yodel_addr *dest, struct bytes message, bool is_burst);

// One message within `wait_ms`; its length, or 0.
size_t bench_link_recv(struct bench_link *link, struct span room, int wait_ms);

// How many messages came, within `wait_ms` until the first of them.
uint64_t bench_link_count(struct bench_link *link, int wait_ms);

// ---- pure parts

// Takes whole messages off the front of a stream's bytes; returns how many.
uint64_t bench_link_cut(struct bytes *stream);

// How many datagrams a received train of `len` bytes is; `segment` 0: it is no train.
uint64_t bench_link_datagrams(size_t len, size_t segment);

#endif
