// Two connected peers for measurements, each in a runtime with a thread of its own, their signaling
// in memory.
//
// Ownership   a pair borrows its runtimes, and must be closed before they are freed
// Threads     the caller's own: these functions get to the runtimes' threads by themselves

#ifndef CLI_BENCH_PAIR_H
#define CLI_BENCH_PAIR_H

#include "yodel/runtime.h"

#define BENCH_TEXT_MAX 160

struct bench_end {
    yodel_runtime *runtime;
    struct bench_end *other;
    yodel_peer *peer; // On its runtime's thread only, as everything below.
    yodel_channel *channel;
    bool is_offerer;
    bool is_open;
    yodel_time opened_at;
    bool is_flooding;
    const uint8_t *payload;
    size_t payload_len;
    uint64_t received;
    char error[BENCH_TEXT_MAX];
};

struct bench_pair {
    struct bench_end ends[2]; // The first makes the offer and the channel.
};

// Connects; returns once the channel is open at both ends. Fails with TIMEOUT or with what a call
// failed with; pair->ends[…].error may say why. Close it in any case.
enum yodel_err bench_pair_open(
    struct bench_pair *pair, yodel_runtime *first, yodel_runtime *second);
void bench_pair_close(struct bench_pair *pair);

// The first end sends messages of `len` bytes as fast as the channel takes them, from now on.
enum yodel_err bench_pair_flood(struct bench_pair *pair, const uint8_t *payload, size_t len);
void bench_pair_rest(struct bench_pair *pair);

// Bytes that the second end has received so far.
uint64_t bench_pair_received(struct bench_pair *pair);

#endif
