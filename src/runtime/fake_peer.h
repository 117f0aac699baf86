// A peer for the runtime's tests: it says what it is told to, remembers what it hears, and speaks
// no
// protocol at all. It takes the place of yodel/peer.h's engine in a test's executable.

#ifndef RUNTIME_FAKE_PEER_H
#define RUNTIME_FAKE_PEER_H

#include "yodel/peer.h"

#define FAKE_ADDRS_MAX 32
#define FAKE_HEARD_MAX 256

struct yodel_peer {
    bool wants_addresses;   // Then GATHER comes.
    const char *wants_name; // Then RESOLVE comes.
    bool wants_stream;      // Then CONNECT comes, for this:
    struct yodel_path stream_path;
    enum yodel_framing stream_framing;
    const char *stream_host;
    bool wants_no_stream;    // Then DISCONNECT comes.
    uint32_t events_to_tell; // NEGOTIATION_NEEDED, so many times.
    struct yodel_path to;    // Where it speaks.
    uint32_t to_say;         // Datagrams; each holds `text`, and a number.
    bool says_without_end;
    const char *text;
    size_t size;        // Of a datagram; 0: that of `text`.
    yodel_time timeout; // YODEL_NEVER is 0 here: a zeroed fake sleeps.
    const char *ufrag;  // NULL: "".
    const char *old_ufrag;
    bool has_selected;
    struct yodel_path selected;

    uint32_t addr_count;
    struct yodel_addr addrs[FAKE_ADDRS_MAX];
    bool addrs_ended;
    struct yodel_addr named; // The last one.
    char name[64];
    uint32_t tcp_addr_count;
    struct yodel_addr tcp_addrs[FAKE_ADDRS_MAX];
    uint32_t removed_count;
    struct yodel_addr removed[FAKE_ADDRS_MAX];
    uint32_t connects;
    uint32_t disconnects;
    bool is_resolved;
    struct yodel_addr resolved;
    uint32_t heard;
    char last_heard[64];
    struct yodel_path last_path;
    uint32_t ticks;
    yodel_time ticked_at;
    uint32_t emits; // Calls, whatever came of them.
    void (*wake)(void *ctx);
    void *wake_ctx;
};

// Tells the loop, as the real one does after a call of its user's.
void fake_wake(yodel_peer *peer);

#endif
