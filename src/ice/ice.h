// The ICE agent: finds a path to the peer through whatever is between, and watches over it.
//
// One component of one stream (BUNDLE and rtcp-mux), full agent, UDP and TCP over IPv4 and IPv6, and
// through TURN servers, which are reached by UDP, TCP or TLS.
//
// Implements  RFC 8445, RFC 6544 (TCP), RFC 8838 (trickle), RFC 7675 (consent), RFC 8863 (patience)
// Not here    SDP (sdp/), sockets and interfaces (net/), names (ICE_EVENT_RESOLVE), what is said to
//             TURN servers (turn/)
// Ownership   the caller owns the agent; it borrows the env; events borrow from the agent until the
//             next call. Relays are allocated (ice/relay.h), nothing else is
// Threads     none
// Time        user calls take none: they take effect at the next tick, recv or emit
// Limits      named in local.h, remote.h, pair.h and here; beyond them, what is new is dropped

#ifndef ICE_ICE_H
#define ICE_ICE_H

#include "base/env.h"
#include "base/time.h"
#include "ice/candidate.h"
#include "ice/consent.h"
#include "ice/lite.h"
#include "ice/local.h"
#include "ice/message.h"
#include "ice/pair.h"
#include "ice/relay.h"
#include "ice/remote.h"
#include "ice/stream.h"

#define ICE_DATAGRAM_MAX 704 // With what goes before it to a relay.
#define ICE_REPLIES_MAX 16
#define ICE_LOCAL_UFRAG_LEN 8                    // 48 bits of randomness.
#define ICE_LOCAL_PWD_LEN 24                     // 144 bits.
#define ICE_PACE YODEL_MS(20)                    // Ta: between transactions.
#define ICE_NOMINATE_WAIT YODEL_MS(100)          // For a better pair,
#define ICE_NOMINATE_WAIT_RELAY YODEL_SECONDS(1) // or for one without a relay, over UDP.
#define ICE_NOMINATE_WINDOW YODEL_SECONDS(5)
#define ICE_PATIENCE YODEL_SECONDS(30) // While the peer may yet tell of candidates.
#define ICE_PATIENCE_ENDED                                                                         \
    YODEL_SECONDS(15) // RFC 8863: and when it will not, of peer-reflexive ones.

// Of the W3C's RTCIceTransportState and RTCIceGatheringState.
enum ice_state {
    ICE_NEW,
    ICE_CHECKING,
    ICE_CONNECTED,
    ICE_COMPLETED,
    ICE_DISCONNECTED,
    ICE_FAILED,
    ICE_CLOSED,
};
enum ice_gathering { ICE_GATHERING_NEW, ICE_GATHERING_GATHERING, ICE_GATHERING_COMPLETE };

enum ice_event_type {
    ICE_EVENT_LOCAL_CANDIDATE, // Tell the peer of `candidate`.
    ICE_EVENT_GATHERING_STATE, // `gathering`; after COMPLETE no candidate comes.
    ICE_EVENT_SELECTED,        // `path` is the one to send along from now on.
    ICE_EVENT_STATE,           // `state`.
    ICE_EVENT_RESOLVE,         // Call ice_resolved with what `name` is, when it is known.
    ICE_EVENT_CONNECT,         // Open a stream along `path` to the host `name`, with `framing`.
    ICE_EVENT_DISCONNECT,      // That along `path` is not needed any more.
};

struct ice_event {
    enum ice_event_type type;
    enum ice_state state;
    enum ice_gathering gathering;
    struct yodel_path path;
    struct ice_candidate candidate;
    const char *name;
    enum yodel_framing framing;
};

enum ice_revival {
    ICE_REVIVAL_NONE,
    ICE_REVIVAL_ANSWERED, // There was doubt, and then an answer.
    ICE_REVIVAL_MOVED,    // It fell silent, and was left for another.
};

enum ice_drop {
    ICE_DROP_MALFORMED,   // Not STUN, or broken.
    ICE_DROP_FINGERPRINT, // Wrong.
    ICE_DROP_TYPE,        // Neither a Binding request nor an answer to one; indications too.
    ICE_DROP_USERNAME,    // Not for this agent, or for one before a restart.
    ICE_DROP_INTEGRITY,   // Not by who has the password.
    ICE_DROP_TRANSACTION, // Answers nothing that was asked.
    ICE_DROP_PATH,        // Came by an unknown base, or from where nothing was asked.
    ICE_DROP_LIMIT,       // Too many of them.
    ICE_DROP_CANDIDATE, // A remote candidate of no use: transport, component, address, generation.
    ICE_DROP_COUNT,
};

struct ice_stats {
    uint64_t drops[ICE_DROP_COUNT];
    uint64_t requests_sent; // Repetitions and consent checks included.
    uint64_t requests_received;
    uint64_t responses_sent;
    uint64_t responses_received;
    uint64_t consent_requests_sent;
    yodel_duration rtt; // Of the selected pair, latest; 0: not measured.
    yodel_duration rtt_total;
};

struct ice_config {
    bool is_controlling; // At first; a conflict may turn it.
    bool is_relay_only;  // Neither announce nor use host and reflexive candidates.
    bool has_tcp;        // The loop opens streams to peers.
    bool is_lite;        // Answers checks and sends none (ice/lite.h).
    yodel_duration pace; // 0: ICE_PACE.
};

struct ice_remote_credentials {
    char ufrag[ICE_UFRAG_MAX + 1];
    char pwd[ICE_PWD_MAX + 1];
};

struct ice_local_credentials {
    char ufrag[ICE_LOCAL_UFRAG_LEN + 1];
    char pwd[ICE_LOCAL_PWD_LEN + 1];
};

struct ice_selected {
    bool is_used;
    bool is_previous; // Of before a restart: with the credentials of then, and no pair.
    uint8_t pair;     // Or ICE_NONE.
    yodel_time since;
    struct yodel_path path;
};

struct ice {
    const struct env *env;
    struct ice_config config;
    bool is_controlling;
    uint64_t tie_breaker;
    bool is_dirty; // The user changed something: there is something to do at once.
    bool is_closed;
    yodel_time quiet_until; // Until then there is nothing to do; 0: not known.

    bool has_remote; // Credentials.
    bool is_remote_lite;
    bool has_previous_local, has_previous_remote;
    struct yodel_path previous_path; // The one selected before the restart.
    struct ice_local_credentials local, previous_local;
    struct ice_remote_credentials remote, previous_remote;

    bool has_ended_local, has_ended_remote;
    uint8_t server_count, gather_count, foundation_count;
    struct yodel_addr servers[ICE_SERVERS_MAX];
    struct ice_gather gathers[ICE_GATHERS_MAX];
    uint8_t turn_server_count;
    struct ice_turn_server turn_servers[ICE_TURN_SERVERS_MAX];
    struct ice_relay *relays[ICE_RELAYS_MAX]; // NULL: no such.
    struct ice_local locals[ICE_LOCALS_MAX];
    struct ice_remote remotes[ICE_REMOTES_MAX];
    struct ice_name names[ICE_NAMES_MAX];
    struct ice_stream streams[ICE_STREAMS_MAX];
    struct ice_pair pairs[ICE_PAIRS_MAX];
    uint8_t pair_end; // No pair at or behind it.
    uint32_t trigger_count;

    uint32_t reply_first, reply_count;
    struct ice_reply replies[ICE_REPLIES_MAX];

    bool is_gather_turn;        // Servers and pairs take turns.
    yodel_time pace_at;         // Of the next transaction to begin.
    yodel_time checking_since;  // YODEL_NEVER: not yet.
    yodel_time valid_since;     // The first valid pair; YODEL_NEVER: none.
    yodel_time nominated_since; // The first nomination of ours; YODEL_NEVER: none.
    bool is_failed;             // No path was found.

    struct ice_selected selected;
    struct ice_consent consent;

    bool has_selected_event;
    enum ice_revival revival;
    enum ice_state state_reported;
    enum ice_gathering gathering_reported;
    struct ice_stats stats;
};

void ice_init(struct ice *ice, const struct env *env, const struct ice_config *config);
void ice_deinit(struct ice *ice);

// The user's calls. Servers that come after a base serve it too.
void ice_add_server(struct ice *ice, const struct yodel_addr *stun_server);
void ice_add_turn_server(struct ice *ice, const struct ice_turn_server *server);
// `base` is what a socket is bound to; the higher the preference the better the interface.
void ice_add_local(struct ice *ice, const struct yodel_addr *base, uint16_t preference);
// On `listening` the loop listens for streams: after the base of the same interface.
void ice_add_local_tcp(struct ice *ice, const struct yodel_addr *listening);
void ice_remove_local(struct ice *ice, const struct yodel_addr *base); // The interface went away.
void ice_end_local(struct ice *ice);
// After the end: bases or servers are to be waited for again.
void ice_await_local(struct ice *ice);

const char *ice_local_ufrag(const struct ice *ice);
const char *ice_local_pwd(const struct ice *ice);
const char *ice_previous_ufrag(
    const struct ice *ice); // Of before a restart; "" where there is none.

// Whether a datagram on a socket that many agents share is this one's: a request with our user
// name, or the answer to a request of ours.
bool ice_claims(const struct ice *ice, struct bytes datagram);

// A lite agent controls only another one.
void ice_set_role(struct ice *ice, bool is_controlling);
void ice_set_remote_lite(struct ice *ice, bool is_lite); // The peer sends no checks.
bool ice_is_controlling(const struct ice *ice);

// YODEL_ERR_SYNTAX for what RFC 8839 §5.4 does not allow. Other credentials than before are the
// peer's restart: what it told earlier is forgotten, and the selected path works on meanwhile. Who
// restarts in turn calls ice_restart first, which forgets credentials too.
YODEL_MUST_USE enum yodel_err ice_set_remote_credentials(
    struct ice *ice, const char *ufrag, const char *pwd);

// Never fails: what is of no use is dropped and counted. Before the credentials too.
void ice_add_remote(struct ice *ice, const struct ice_candidate *candidate);
void ice_end_remote(struct ice *ice);

// The answer to ICE_EVENT_RESOLVE; NULL: there is none.
void ice_resolved(struct ice *ice, const char *name, const struct yodel_addr *addr);

// The answers to ICE_EVENT_CONNECT.
void ice_connected(struct ice *ice, const struct yodel_path *path);
void ice_disconnected(struct ice *ice, const struct yodel_path *path);

// RFC 8445 §9: new credentials of ours, and everything is found anew; the selected path works on until
// another is nominated.
void ice_restart(struct ice *ice);
void ice_close(struct ice *ice); // Nothing is sent or selected any more.

// What came along a path of the wire's from a TURN server is taken out of its wrapping, in place,
// and `path` becomes the agent's. False where it was for the agent itself, or nothing is left.
bool ice_unwrap(struct ice *ice, struct yodel_path *path, struct span *datagram, yodel_time now);

// And the other way: what goes along a path of the agent's lies ice_head in the room, and is wrapped
// there; `path` becomes the wire's. Returns the whole's length; 0: it cannot be sent.
size_t ice_head(const struct ice *ice, const struct yodel_path *path);
static inline struct span ice_inside(
    const struct ice *ice, struct span room, const struct yodel_path *path)
{
    return span_sub(room, ice_head(ice, path), room.len - TURN_CLIENT_HEAD_MAX);
}
size_t ice_wrap(
    struct ice *ice, struct span room, struct yodel_path *path, size_t len, yodel_time now);

// Input: STUN that came along `path`, unwrapped.
void ice_recv(
    struct ice *ice, const struct yodel_path *path, struct bytes datagram, yodel_time now);
void ice_tick(struct ice *ice, yodel_time now);

// Output, each until there is no more. `room` is at least ICE_DATAGRAM_MAX long.
size_t ice_emit(struct ice *ice, struct span room, struct yodel_path *path, yodel_time now);
bool ice_next_event(struct ice *ice, struct ice_event *event);

// Gives the relays back: after the last datagram, until it is 0.
size_t ice_emit_farewell(
    struct ice *ice, struct span room, struct yodel_path *path, yodel_time now);
yodel_time ice_next_timeout(const struct ice *ice);

// The path to send along, once there is one and while there is consent.
bool ice_selected(const struct ice *ice, struct yodel_path *path);

// Whether who is at the far end of `path` has shown that it has our password: others' datagrams go
// no further.
bool ice_is_valid(const struct ice *ice, const struct yodel_path *path);

// Something other than checks was sent along the selected path, or came along `path`, which is
// valid: who sends and hears nothing is about to lose its path.
void ice_sent(struct ice *ice, yodel_time now);
void ice_heard(struct ice *ice, const struct yodel_path *path, yodel_time now);

// What became, since the last time, of a path that may have swallowed what was sent.
enum ice_revival ice_take_revival(struct ice *ice);

enum ice_state ice_state(const struct ice *ice);
enum ice_gathering ice_gathering(const struct ice *ice);
const struct ice_stats *ice_stats(const struct ice *ice);
static inline bool ice_has_failed(const struct ice *ice)
{
    return ice->is_failed || ice->consent.is_expired;
}
// Checks are under way, and no path is there yet.
static inline bool ice_is_seeking(const struct ice *ice)
{
    return ice->has_remote && !ice->selected.is_used && !ice_has_failed(ice);
}
// Why the state is ICE_FAILED, as a clause for a person, or NULL.
const char *ice_failure(const struct ice *ice);
const char *ice_state_name(enum ice_state state); // The W3C's token.

// The selected candidates, for statistics; false without a pair of this generation.
bool ice_selected_candidates(
    const struct ice *ice, struct ice_candidate *local, struct ice_candidate *remote);

// The TURN server that the selected path goes through from our side, or NULL.
const struct ice_turn_server *ice_selected_server(const struct ice *ice);

#endif
