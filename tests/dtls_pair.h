// Two DTLS engines with a wire between them that a test can watch, cut and bend, in virtual time.
//
// Ownership   a pair owns everything in it, from open to close

#ifndef TESTS_DTLS_PAIR_H
#define TESTS_DTLS_PAIR_H

#include "dtls/dtls.h"

#define PAIR_CLIENT 0
#define PAIR_SERVER 1

#define PAIR_DATAGRAM_MAX 2048

struct pair_side {
    struct dtls dtls;
    struct crypto_cert *cert;
    struct dtls_identity *identity;
    struct dtls_fingerprint fingerprint; // Its own.
    bool is_connected, is_closed;
    enum dtls_failure failure;
    uint8_t received[PAIR_DATAGRAM_MAX]; // The last message.
    size_t received_len;
    uint32_t received_count;
};

struct pair {
    struct env env;
    struct pair_side side[2];
    yodel_time now;
    uint32_t sent; // Datagrams so far, both ways.
    // Whether the datagram `index` from `from` arrives; it may change it, or send others. NULL: all
    // arrive.
    bool (*filter)(struct pair *pair, int from, uint32_t index, struct span *datagram);
    void *ctx;
    uint64_t lost; // For pair_lose: bit i loses datagram i.
};

void pair_open(struct pair *pair, uint64_t seed);
void pair_close(struct pair *pair);

// New engines at time 0, with the certificates of before.
void pair_reopen(struct pair *pair, uint64_t seed);

// Starts both sides, each with the other's fingerprint.
void pair_start(struct pair *pair);

// Delivers until nobody has anything to send, at this time.
void pair_exchange(struct pair *pair);

// Exchanges and lets time jump from deadline to deadline, until both are connected, somebody
// failed, or `limit` is reached.
void pair_run(struct pair *pair, yodel_time limit);
bool pair_is_connected(const struct pair *pair);

// Opens, starts and connects.
void pair_connect(struct pair *pair, uint64_t seed);

// Gives `datagram` to a side and takes its events.
void pair_deliver(struct pair *pair, int to, struct span datagram);

// Seals `message` at `from`; the record is at room.ptr. Returns its length.
size_t pair_seal(struct pair *pair, int from, struct bytes message, struct span room);

// Sends `message` and says whether it arrived unchanged.
bool pair_send(struct pair *pair, int from, struct bytes message);

// A filter: loses what `pair->lost` says.
bool pair_lose(struct pair *pair, int from, uint32_t index, struct span *datagram);

#endif
