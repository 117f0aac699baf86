// TURN client: one allocation on one server, and the data that goes through it.
//
// Implements  RFC 8656 §5 to §12 from the client's side, RFC 8489 §9.2 (long-term credentials),
//             §10 (ALTERNATE-SERVER)
// Not here    streams and their framing: over TCP and TLS whole messages come and go, padded;
//             TCP allocations (RFC 6062); SHA-256 credentials, which no server insists on
// Ownership   borrows the env, the name and the password; data borrows from the datagram it came in
// Time        every `now` must be at least the one before it
// Memory      none is allocated, ever
// Limits      those of turn/grants.h, and here; one request is under way at a time
// Departs     an error answer without integrity is believed, but for 300: some servers send such,
//             and who can make one, could as well drop the request

#ifndef TURN_CLIENT_H
#define TURN_CLIENT_H

#include "base/env.h"
#include "stun/auth.h"
#include "stun/txn.h"
#include "turn/grants.h"
#include "turn/msg.h"

#define TURN_CLIENT_START_MAX YODEL_SECONDS(10) // From the start to an allocation, in all.
#define TURN_CLIENT_HOPS_MAX 2                  // Redirections that are followed.
#define TURN_CLIENT_STALE_MAX 3                 // Nonces that a request is tried with, in a row.
#define TURN_CLIENT_LIFETIME 600                // Seconds that are asked for,
#define TURN_CLIENT_LIFETIME_MIN 10             // and what a server may make of it.
#define TURN_CLIENT_LIFETIME_MAX 3600
#define TURN_CLIENT_KEEP_ALIVE YODEL_SECONDS(15) // RFC 8445 §11: NATs forget what is silent.
#define TURN_CLIENT_HEAD_MAX 48                  // What goes before the data, at most,
#define TURN_CLIENT_TAIL_MAX 3                   // and behind it.

//   NEW --> CONNECTING --> ALLOCATING --> READY --> CLOSED
//     start   |  ^ streams    |    |        |    close
//             |  +---300------+    |        |
//             +--------------------+--------+--> FAILED
enum turn_client_state {
    TURN_CLIENT_NEW,
    TURN_CLIENT_CONNECTING, // Its stream is being opened.
    TURN_CLIENT_ALLOCATING,
    TURN_CLIENT_READY,
    TURN_CLIENT_CLOSED, // The allocation is given back; the request for that may be still to send.
    TURN_CLIENT_FAILED,
};

enum turn_client_drop {
    TURN_CLIENT_DROP_MALFORMED,
    TURN_CLIENT_DROP_FINGERPRINT,
    TURN_CLIENT_DROP_INTEGRITY,
    TURN_CLIENT_DROP_TRANSACTION, // Answers nothing that was asked.
    TURN_CLIENT_DROP_PEER,        // From a peer or a channel that was not asked for.
    TURN_CLIENT_DROP_COUNT,
};

struct turn_client_config {
    struct yodel_path path; // From where to which server; the local port is 0 for streams.
    const char *username;
    const char *password;
};

struct turn_client_data {
    struct yodel_addr peer;
    struct yodel_addr relayed; // Where it was sent to.
    struct span payload;
};

struct turn_client {
    const struct env *env;
    struct turn_client_config config;
    enum turn_client_state state;
    const char *failure; // A clause for a person, once FAILED.
    uint32_t error;      // The last answer's error code, or 0.
    struct yodel_path path;
    struct yodel_addr tried[TURN_CLIENT_HOPS_MAX + 1];
    uint32_t hops;

    bool has_old_stream, has_new_stream; // To be told.
    struct yodel_path old_stream;
    bool is_connected;

    bool has_credentials;
    struct stun_auth_key key;
    uint16_t realm_len, nonce_len;
    uint8_t realm[STUN_AUTH_REALM_MAX], nonce[STUN_AUTH_REALM_MAX];

    uint16_t method; // Of the request under way.
    bool is_signed;  // It carries credentials.
    struct stun_txn txn;
    uint32_t stale_count;

    struct yodel_addr relayed[2]; // By family, IPv4 and IPv6; NONE: that was not given.
    struct yodel_addr mapped;     // As whom the server sees us.
    yodel_time give_up_at, refresh_at, ends_at, sent_at;
    bool is_farewell_due;
    struct turn_grants grants;
    uint64_t drops[TURN_CLIENT_DROP_COUNT];
};

void turn_client_init(
    struct turn_client *client, const struct env *env, const struct turn_client_config *config);
void turn_client_deinit(struct turn_client *client); // Wipes it.

void turn_client_start(struct turn_client *client, yodel_time now);
void turn_client_close(struct turn_client *client);

// Nothing comes through: does the server still know us? Its answer comes with the next refresh, which
// is due now.
void turn_client_doubt(struct turn_client *client, yodel_time now);

// Of a stream along `path`; others are nothing to this client.
void turn_client_connected(struct turn_client *client, const struct yodel_path *path);
void turn_client_disconnected(struct turn_client *client, const struct yodel_path *path);

// Streams to open and to close: false when there is none.
bool turn_client_next_stream(struct turn_client *client, struct yodel_path *path, bool *opens);

// Input: what came along the client's path. True where that is `data` from a peer.
bool turn_client_recv(struct turn_client *client, struct span datagram,
    struct turn_client_data *data, yodel_time now);
void turn_client_tick(struct turn_client *client, yodel_time now);

// Output: requests, along the client's path; 0 when there is none. With names so long that a
// request does not fit in `room`, the client fails.
size_t turn_client_emit(struct turn_client *client, struct span room, yodel_time now);
yodel_time turn_client_next_timeout(const struct turn_client *client);

// The relayed address from which `peer` is reached; false where there is none of its family.
bool turn_client_relayed(
    const struct turn_client *client, const struct yodel_addr *peer, struct yodel_addr *relayed);

// `peer` is to be reached, by a channel. Permissions may be asked for early: they wait.
enum turn_grant_state turn_client_permit(struct turn_client *client, const struct yodel_addr *peer);
void turn_client_bind(struct turn_client *client, const struct yodel_addr *peer);
void turn_client_release_all(struct turn_client *client); // No peer is to be reached any more.

// Data for `peer`: it lies at turn_client_head(peer) in `room`, `len` bytes of it, and what goes
// before and behind it is written around it. Returns the whole's length, 0 where it cannot be sent.
size_t turn_client_head(const struct turn_client *client, const struct yodel_addr *peer);
size_t turn_client_wrap(struct turn_client *client, struct span room, const struct yodel_addr *peer,
    size_t len, yodel_time now);

// Whether `msg` answers the request under way.
bool turn_client_matches(const struct turn_client *client, const struct stun_msg *msg);

#endif
