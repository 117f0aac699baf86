// Relays: TURN clients of the agent's, one for each base and server, and the datagrams that go
// through them.
//
// To the rest of the agent a relayed candidate is a base as any other, and a path from there has the
// relayed address as its local end. Only where datagrams come in and go out, here, does it become a
// path from the host's base to the server.
//
// Implements  RFC 8445 §5.1.1.2 (relayed candidates), §5.1.1.4 (keeping them)
// Not here    what is said to the server (turn/client.h), streams (ICE_EVENT_CONNECT asks for them)
// Ownership   a relay is allocated when its base and its server are known, and freed with either or
//             with the agent; what ice_turn_server points to outlives the agent
// Limits      ICE_TURN_SERVERS_MAX servers, ICE_RELAYS_MAX relays, ICE_RELAYS_PER_SERVER_MAX of one
//             server's

#ifndef ICE_RELAY_H
#define ICE_RELAY_H

#include "base/addr.h"
#include "base/bytes.h"
#include "base/time.h"
#include "turn/client.h"

#define ICE_TURN_SERVERS_MAX 8 // Four URLs, each with an address of both families.
#define ICE_RELAYS_MAX 8
#define ICE_RELAYS_PER_SERVER_MAX 4
#define ICE_RELAY_WAIT YODEL_SECONDS(5) // Gathering waits no longer for a relay.
#define ICE_RELAY_RETRY                                                                            \
    YODEL_SECONDS(1)            // One that was lost is asked for again, not sooner after it
#define ICE_RELAY_RETRIES_MAX 6 // came; then after twice as long, and so often in a row.

struct ice;
struct ice_event;
struct ice_pair;

struct ice_turn_server {
    struct yodel_addr addr;
    enum yodel_transport transport;
    const char *host; // For TLS: whose certificate it is.
    const char *url;  // For statistics.
    const char *username;
    const char *password;
};

struct ice_relay {
    uint8_t local;  // The base that sends to the server.
    uint8_t server; // In the agent's list.
    bool is_started;
    bool is_settled;     // Gathering waits for it no longer.
    bool has_candidates; // Its addresses are candidates.
    bool was_ready;      // It worked once, and is worth another try.
    const char *loss;    // Why it does not any more, or NULL.
    uint8_t retries;
    yodel_time settle_at, ready_at, retry_at;
    struct turn_client client;
};

void ice_relay_add_server(struct ice *ice, const struct ice_turn_server *server);
void ice_relay_add_base(struct ice *ice, uint8_t local);
void ice_relay_remove_base(struct ice *ice, uint8_t local);
void ice_relay_deinit(struct ice *ice);

// After a restart: no peer is known any more, and what had failed is tried again.
void ice_relay_restart(struct ice *ice);

void ice_relay_run(struct ice *ice, yodel_time now);
yodel_time ice_relay_next_timeout(const struct ice *ice);

// Gathering: whether there is a relay that was not asked for yet; whether all that were have
// answered or not; whether there is none to hope for.
bool ice_relay_has_unstarted(const struct ice *ice);
void ice_relay_start_next(struct ice *ice, yodel_time now);
bool ice_relay_is_gathered(const struct ice *ice);
bool ice_relay_is_hopeless(const struct ice *ice);
const char *ice_relay_failure(const struct ice *ice); // Of any of them, or NULL.
const char *ice_relay_loss(const struct ice *ice);    // Of one that worked.

// The selected path is silent: each relay is asked whether it still is one.
void ice_relay_doubt(struct ice *ice, yodel_time now);

// Requests to servers.
size_t ice_relay_emit(struct ice *ice, struct span room, struct yodel_path *path, yodel_time now);

// Whether `msg` answers one.
bool ice_relay_matches(const struct ice *ice, const struct stun_msg *msg);

// Whether checks may go along the pair: always, but from a relayed candidate whose server lets the
// remote one in.
bool ice_relay_is_open(const struct ice *ice, const struct ice_pair *pair);

bool ice_relay_next_stream(struct ice *ice, struct ice_event *event);
void ice_relay_connected(struct ice *ice, const struct yodel_path *path);
void ice_relay_disconnected(struct ice *ice, const struct yodel_path *path);

#endif
