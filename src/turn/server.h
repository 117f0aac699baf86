// TURN server: relays between clients and the peers that they name, and answers Binding requests.
//
// One input leads to at most one datagram out, given back at once in two pieces, so that nothing is
// copied. An Allocate leads to an event instead: a socket to open, and its answer comes when that
// was told.
//
// Implements  RFC 8656 (RFC 6156 within it), RFC 8489 §9.2 (long-term credentials), RFC 5780 §6.1
//             (CHANGE-REQUEST, OTHER-ADDRESS, RESPONSE-ORIGIN, with a second address); RFC 6062 (relays
//             for TCP, where the configuration has them)
// Not here    sockets, streams' framing (turn/frame.h); mobility, ICMP
// Ownership   borrows its configuration's env and credentials, and datagrams for the call; what an
//             output points to lives until the datagram or the room ends
// Time        every `now` must be at least the one before it
// Limits      those of struct turn_limits, TURN_SERVER_ROOM for what it writes, and the numbers of
//             connections below
// Departs     PASSWORD-ALGORITHMS and USERHASH are not offered (RFC 8489 §9.2.3): they would make a
//             challenge longer than 2.6 times what asked for it. MESSAGE-INTEGRITY-SHA256 is
//             understood, and answered in kind. A live channel lets its peer through by itself, for
//             as long as it lives. Channels up to 0x7FFF are granted, as RFC 5766 §11 had it

#ifndef TURN_SERVER_H
#define TURN_SERVER_H

#include "base/addr.h"
#include "base/bytes.h"
#include "base/env.h"
#include "base/list.h"
#include "turn/credentials.h"
#include "turn/rules.h"

#define TURN_SERVER_ROOM 1500 // Always enough for a head.
#define TURN_SERVER_LISTENERS_MAX 16
#define TURN_SERVER_LIFETIME 600u // Seconds: by default, and the least.
#define TURN_SERVER_LIFETIME_MAX 3600u
#define TURN_SERVER_CHALLENGES 10u                         // A second, by default.
#define TURN_SERVER_PERMISSION_LIFETIME YODEL_SECONDS(300) // RFC 8656 §9.
#define TURN_SERVER_CHANNEL_LIFETIME YODEL_SECONDS(600)    // §12.
#define TURN_SERVER_RESERVATION_LIFETIME YODEL_SECONDS(30) // §7.2.
#define TURN_SERVER_CONNECTIONS_PENDING 16u // Of an allocation, that no client has bound,
#define TURN_SERVER_CONNECTIONS 64u         // and with those that are;
#define TURN_SERVER_CONNECTIONS_PER_USER 256u
#define TURN_SERVER_CONNECTIONS_PER_ADDRESS 512u      // Of clients at one IPv4 address or IPv6 /64;
#define TURN_SERVER_CONNECTIONS_MAX 4096u             // in all.
#define TURN_SERVER_CONNECT_TIMEOUT YODEL_SECONDS(30) // RFC 6062 §5.2: at least,
#define TURN_SERVER_BIND_TIMEOUT YODEL_SECONDS(30)    // and as long to bind it.
#define TURN_SERVER_REVIEW                                                                         \
    YODEL_SECONDS(30) // How often each allocation's credentials are looked at.

struct turn_server;
struct turn_shared;

// Who a message is from, or for.
struct turn_client_id {
    struct yodel_addr addr;
    struct yodel_addr local;        // Where it reached us.
    enum yodel_transport transport; // From other than UDP, the source is sure.
    uint64_t stream;                // Of a connection, never used again; 0 over UDP.
};

enum turn_relay_state {
    TURN_RELAY_NONE,
    TURN_RELAY_WANTED,  // An OPEN waits to be told.
    TURN_RELAY_OPENING, // It was told.
    TURN_RELAY_OPEN,
    TURN_RELAY_CLOSING, // A CLOSE waits to be told.
    TURN_RELAY_CLOSED,
};

// One relayed address: what a socket is bound to. The glue may hang something on it.
struct turn_relay {
    void *user;                    // The glue's, NULL at first.
    struct yodel_addr bound;       // To bind to.
    struct yodel_addr public_addr; // What the client and its peers know.
    bool is_tcp;                   // It listens for connections; else it is for datagrams.
    // The core's own:
    struct turn_allocation *allocation;
    struct list_node waiting; // To be told.
    enum turn_relay_state state;
    uint8_t tries; // Ports that could not be bound.
};

// How a request is answered: what its answer's integrity is made with.
struct turn_seal {
    struct stun_auth_key key; // len 0: none.
    bool is_sha256;
    bool has_fingerprint;
};

enum turn_connection_state {
    TURN_CONNECTION_WANTED,     // A CONNECT waits to be told.
    TURN_CONNECTION_CONNECTING, // It was told.
    TURN_CONNECTION_UNBOUND,    // It is there, and waits for its client's ConnectionBind.
    TURN_CONNECTION_BOUND,
    TURN_CONNECTION_CLOSING, // A HANG_UP waits to be told.
};

// A connection with a peer, of a relay for TCP. The glue may hang something on it.
struct turn_connection {
    void *user;               // The glue's, NULL at first.
    struct turn_relay *relay; // Whose address it has here; NULL: it is closing.
    struct yodel_addr remote; // To connect to: of another relay of ours, the bound address.
    struct yodel_addr peer;   // The same, as the client knows it.
    // The core's own:
    struct list_node of_allocation;
    struct list_node waiting; // To be told.
    struct list_node by_age;  // Where it is unbound.
    struct map_entry by_id;
    yodel_time expires; // Where it is unbound.
    enum turn_connection_state state;
    uint32_t id;                  // CONNECTION-ID: by chance, so that nobody guesses it.
    struct turn_seal seal;        // Of the Connect, while its answer waits.
    uint8_t txn_id[STUN_ID_SIZE]; // The same.
};

// One datagram to send: `head`, `body`, and `padding` zeros.
struct turn_output {
    struct turn_relay *relay;     // It leaves from here, to `peer`; NULL: it goes to `client`.
    struct turn_client_id client; // From client.local, which CHANGE-REQUEST may have changed.
    struct yodel_addr peer;       // An address to send to: another relay's is the bound one.
    struct bytes head;            // In the room that was given.
    struct bytes body;            // Borrows from the datagram that came in.
    size_t padding;
    bool dont_fragment; // The client asked for it (only where the configuration allows).
    // Behind this answer, the client's stream is this connection's bytes, both ways; NULL: it goes on as it was.
    struct turn_connection *joined;
};

// Where relayed addresses of one family come from. `bound.family` NONE: there are none of it.
struct turn_relay_address {
    struct yodel_addr bound;       // Ports do not count.
    struct yodel_addr public_addr; // NONE: the bound one.
};

// RFC 5780: a second address of one family, the port included. Where only the port differs, a
// client cannot ask for another IP address. `first` and `second` are local; a public one that is
// NONE is the same.
struct turn_discovery {
    struct yodel_addr first, second;
    struct yodel_addr first_public, second_public;
};

// 0 is the default, which stands beside it.
struct turn_limits {
    uint32_t allocations;             // 4096
    uint32_t allocations_per_user;    // 32. Reservations count, too.
    uint32_t allocations_per_address; // 128, of a client: an IPv4 address, an IPv6 /64.
    uint32_t permissions;             // 256, and as many channels, of an allocation.
    uint32_t peers_per_second;        // 10 new peer addresses of an allocation,
    uint32_t peers_burst;             // 64 at once.
    uint32_t packets_per_second;      // Of an allocation, each way; 0: without limit.
    uint32_t bytes_per_second;        // The same.
    uint32_t challenges_per_second;   // 10 answers to a UDP source that has not authenticated.
    uint32_t grant_max_s;             // 86400: how far ahead an expiry may be.
    uint16_t port_min, port_max;      // 49152 to 65535, of relayed addresses.
};

struct turn_server_config {
    const struct env *env;
    const struct turn_credentials *credentials; // At least one realm.
    struct turn_rules rules;                    // The addresses below are own without being told.
    struct turn_relay_address v4, v6;
    struct yodel_addr listeners[TURN_SERVER_LISTENERS_MAX]; // Never peers, even where allowed.
    size_t listener_count;
    struct turn_discovery discovery_v4, discovery_v6; // `first.family` NONE: none.
    bool has_dont_fragment;                           // Relays can send with DF.
    bool has_tcp_relays;                              // RFC 6062; else 442.
    struct turn_limits limits;
    struct turn_shared *shared; // With others; NULL: alone. Its ports are used, not the limits'.
};

// Keeps others out of what is shared, while one is in it.
struct turn_lock {
    void (*enter)(void *ctx);
    void (*leave)(void *ctx);
    void *ctx;
};

// Why something was not done.
enum turn_drop {
    TURN_DROP_FOREIGN,      // No TURN, no STUN.
    TURN_DROP_MALFORMED,    // STUN that must be dropped; a Send without what it needs.
    TURN_DROP_UNANSWERABLE, // A source that nobody real has; an answer that would be too long.
    TURN_DROP_CHALLENGES,   // More than challenges_per_second.
    TURN_DROP_NO_ALLOCATION,
    TURN_DROP_NO_CHANNEL,
    TURN_DROP_NO_PERMISSION, // Either way.
    TURN_DROP_FORBIDDEN,     // The rules, when sending.
    TURN_DROP_RATE,          // packets_per_second, bytes_per_second.
    TURN_DROP_SIZE,          // More than a datagram holds.
    TURN_DROP_NO_ROOM,       // The caller's room was too small.
    TURN_DROP_CONNECTIONS,   // A peer's, over a limit.
    TURN_DROP_COUNT,
};

// Error answers by code, the last for any other.
enum turn_error {
    TURN_ERROR_400,
    TURN_ERROR_401,
    TURN_ERROR_403,
    TURN_ERROR_420,
    TURN_ERROR_437,
    TURN_ERROR_438,
    TURN_ERROR_440,
    TURN_ERROR_441,
    TURN_ERROR_442,
    TURN_ERROR_443,
    TURN_ERROR_446,
    TURN_ERROR_447,
    TURN_ERROR_486,
    TURN_ERROR_500,
    TURN_ERROR_508,
    TURN_ERROR_COUNT,
};

enum turn_end {       // Why an allocation ended.
    TURN_END_CLIENT,  // LIFETIME 0.
    TURN_END_EXPIRED, // Not refreshed.
    TURN_END_STREAM,  // Its connection closed.
    TURN_END_REVOKED, // The user, the secret or its time is gone.
    TURN_END_FAILED,  // No port could be bound.
    TURN_END_COUNT,
};

struct turn_traffic {
    uint64_t packets;
    uint64_t bytes; // Of data, without TURN's own.
};

struct turn_server_stats {
    uint32_t allocations; // Now.
    uint32_t ports;       // Taken now, reservations included.
    uint64_t allocated;   // Ever.
    uint32_t connections; // With peers, now.
    uint64_t connected;   // And ever.
    uint64_t ended[TURN_END_COUNT];
    uint64_t bindings; // Answered.
    uint64_t requests; // That were authenticated.
    uint64_t drops[TURN_DROP_COUNT];
    uint64_t errors[TURN_ERROR_COUNT];
    struct turn_traffic to_peers;
    struct turn_traffic to_clients;
};

// What several servers share that relay at the same addresses, each on a thread of its own: ports, and the counts of
// allocations that limits are about. 0 for the ports is the default. It is freed after the servers.
YODEL_MUST_USE enum yodel_err turn_shared_new(struct turn_shared **shared, const struct env *env,
    uint16_t port_min, uint16_t port_max, const struct turn_lock *lock);
void turn_shared_free(struct turn_shared *shared);

// Fails with NO_MEMORY, RANGE (limits that cannot be), INVALID_ACCESS (no realm).
YODEL_MUST_USE enum yodel_err turn_server_new(
    struct turn_server **server, const struct turn_server_config *config);
void turn_server_free(struct turn_server *server);

// What the wall shows. Users by a shared secret are unknown before the first time; then it is told
// again at least every minute, since clocks are set.
void turn_server_set_clock(struct turn_server *server, uint64_t unix_s, yodel_time now);

// New ones, in place of the old. Who is not among the credentials any more, and peers that the rules do
// not allow any more, end within TURN_SERVER_REVIEW and at once.
void turn_server_set_credentials(
    struct turn_server *server, const struct turn_credentials *credentials);
YODEL_MUST_USE enum yodel_err turn_server_set_rules(
    struct turn_server *server, const struct turn_rules *rules);

// A relay of another server that shares with this one is open at `bound`, or will close: clients of ours may
// send there.
void turn_server_set_sibling(
    struct turn_server *server, const struct yodel_addr *bound, bool is_open);

// Input from a client: one whole STUN message or ChannelData. True: `out` is to be sent.
bool turn_server_recv(struct turn_server *server, const struct turn_client_id *from,
    struct bytes datagram, struct span room, struct turn_output *out, yodel_time now);

// Input from a peer, at a relay that is open.
bool turn_server_recv_peer(struct turn_server *server, struct turn_relay *relay,
    const struct yodel_addr *peer, struct bytes datagram, struct span room, struct turn_output *out,
    yodel_time now);

// A client's stream ended, and its allocation with it (RFC 8656 §5).
void turn_server_stream_closed(struct turn_server *server, const struct turn_client_id *client);

void turn_server_tick(struct turn_server *server, yodel_time now);
yodel_time turn_server_next_timeout(const struct turn_server *server);

// OPEN: bind `relay->bound`, then say how it went with turn_server_opened, which gives the answer to
// the client, or asks for another port by another OPEN. CLOSE: close what hangs on the relay, which
// is gone with the next call to turn_server_next_event. CONNECT and HANG_UP are the same for a connection
// with a peer: connect it to `remote` from where its relay is bound, and say how it went with
// turn_server_connected, within TURN_SERVER_CONNECT_TIMEOUT.
enum turn_server_event_type {
    TURN_SERVER_OPEN,
    TURN_SERVER_CLOSE,
    TURN_SERVER_CONNECT,
    TURN_SERVER_HANG_UP,
};
struct turn_server_event {
    enum turn_server_event_type type;
    struct turn_relay *relay;
    struct turn_connection *connection;
};
bool turn_server_next_event(struct turn_server *server, struct turn_server_event *event);
bool turn_server_opened(struct turn_server *server, struct turn_relay *relay, bool is_good,
    struct span room, struct turn_output *out, yodel_time now);

// What came of a CONNECT. True: `out` is the answer to the client.
bool turn_server_connected(struct turn_server *server, struct turn_connection *connection,
    bool is_good, struct span room, struct turn_output *out, yodel_time now);

// Somebody has connected to a relay that listens. NULL: it is to be closed at once; else `out` tells the
// client.
struct turn_connection *turn_server_accepted(struct turn_server *server, struct turn_relay *relay,
    const struct yodel_addr *remote, struct span room, struct turn_output *out, yodel_time now);

// A bound connection has brought so many bytes, which are passed on. Returns until when no more are to be
// taken from there: `now`, where the rate is kept.
yodel_time turn_server_carried(struct turn_server *server, struct turn_connection *connection,
    bool to_client, size_t len, yodel_time now);

// A connection ended, at the peer's end or the client's: its HANG_UP comes, if it has not yet.
void turn_server_disconnected(struct turn_server *server, struct turn_connection *connection);

// Something of ours listens there, over TCP: never a peer, even where allowed. There is room for
// TURN_SERVER_LISTENERS_MAX of them; false: there is none left.
YODEL_MUST_USE bool turn_server_add_listener(
    struct turn_server *server, const struct yodel_addr *listener);

// No new allocations from now on: 508. Those that are there go on.
void turn_server_drain(struct turn_server *server);

// Valid until the next call. `ports` is of all that share.
const struct turn_server_stats *turn_server_stats(struct turn_server *server);

// Adds all but `ports`.
void turn_server_stats_add(struct turn_server_stats *sum, const struct turn_server_stats *one);

#endif
