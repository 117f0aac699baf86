// The peer connection: everything one remote browser is, minus sockets, clock and threads.
//
//                    recv ──► by first byte (RFC 7983) ──► ice | dtls ──► sctp ──► dcep
//                                                              | session (SRTP)
//                    emit ◄── ice, then dtls, then media, then sctp sealed by dtls, on the path that ice selected
//
// Implements  W3C webrtc §4, RFC 9429 (JSEP), RFC 7983 (demultiplexing), RFC 8261 (SCTP in DTLS)
// Not here    descriptions as text (peer/jsep.h), the protocols themselves
// Ownership   one allocation holds the peer and its engines; see yodel/peer.h for what callers
//             borrow
// Limits      PEER_CANDIDATES_MAX local candidates, PEER_SERVERS_MAX servers, PEER_NAMES_WAIT for
//             their names

#ifndef PEER_PEER_H
#define PEER_PEER_H

#include "base/env.h"
#include "base/list.h"
#include "dcep/dcep.h"
#include "dtls/dtls.h"
#include "ice/ice.h"
#include "peer/candidates.h"
#include "peer/early.h"
#include "peer/jsep.h"
#include "peer/recovery.h"
#include "peer/server_url.h"
#include "peer/session.h"
#include "sctp/sctp.h"
#include "yodel/peer.h"

#define PEER_SERVERS_MAX 8
#define PEER_ERROR_TEXT_MAX 256
#define PEER_NAMES_WAIT YODEL_SECONDS(5) // Longest, for servers' names, before gathering ends.
#define PEER_MESSAGE_SIZE (256u * 1024)  // What browsers announce; see yodel_peer_config.
#define PEER_CERTIFICATE_TIME 1767225600 // 2026-01-01; see take_config.
#define PEER_SCTP_PORT 5000
#define PEER_SCTP_PACKET_MAX ((DTLS_MTU - DTLS_SEAL_OVERHEAD) & ~3u)

struct peer_server {
    struct server_url url;
    char *text; // The URL, the name and the password, one behind the other; NULL: of STUN, unused.
    const char *username;
    const char *password;
    bool is_asked;     // Its name is being looked up,
    bool is_answered;  // and something was said.
    bool is_resolved;  // Or gathering waits for it no longer.
    uint32_t families; // A bit for each that it has an address of: each is a server of its own.
};

struct yodel_certificate {
    struct crypto_cert *cert;
    struct dtls_identity *identity;
};

// What the handler of events was last told, so that a change is an event by being a difference.
struct peer_told {
    enum yodel_signaling_state signaling;
    enum yodel_ice_gathering_state gathering;
    enum yodel_ice_connection_state ice;
    enum yodel_connection_state connection;
};

struct yodel_peer {
    const struct env *env;
    struct ice ice;
    struct dtls dtls;
    struct sctp sctp;
    struct dcep dcep;
    struct jsep jsep;
    struct session *session; // NULL: media were not agreed on yet, or there are no keys;
    struct early early;      // then what comes is kept for it.
    bool has_data;           // A data section was agreed on.
    yodel_certificate *certificate;
    bool owns_certificate;
    void *user;
    void (*wake)(void *ctx);
    void *wake_ctx;

    struct peer_server servers[PEER_SERVERS_MAX];
    uint32_t server_count;
    uint32_t servers_unresolved;
    yodel_time names_due; // When gathering ends without them; YODEL_NEVER: it does not wait.
    bool has_pinned;
    struct dtls_fingerprint pinned;
    uint64_t max_message_size;        // Ours.
    uint64_t remote_max_message_size; // Theirs; 0 before they said.

    struct peer_told told;
    enum yodel_ice_connection_state ice_state;
    enum yodel_ice_gathering_state gathering_state;
    yodel_time now; // The latest that was heard of.
    bool is_closed;
    bool is_muted;     // After close: the last words went out.
    bool has_failed;   // DTLS did.
    bool wants_gather; // YODEL_EVENT_GATHER is to be told.
    bool local_ended;  // The loop has given all its addresses.
    bool gathering_begun;
    bool is_pooling;    // It began before there was a local description, which candidates wait for.
    bool wants_restart; // restartIce was called, and no offer has answered it.
    bool asks_negotiation; // Whether one is needed may have changed.
    bool told_negotiation; // YODEL_EVENT_NEGOTIATION_NEEDED, for the present need.
    bool has_restarted;    // And an offer with new credentials was made.
    struct peer_recovery recovery;
    bool is_dtls_client;
    struct dtls_fingerprint promised[DTLS_FINGERPRINTS_MAX];
    size_t promised_count; // 0: nothing was negotiated yet.
    uint32_t local_count;  // Addresses that the loop gave.
    struct peer_candidates candidates;

    struct list channels;            // struct yodel_channel.
    struct yodel_channel **by_index; // By the low half of dcep's handles.
    uint32_t by_index_room;
    uint32_t channels_made;
    bool tells_channel_errors; // The association failed.
    uint64_t channels_opened, channels_closed;
    uint64_t packets_sent, packets_received;
    uint64_t bytes_sent, bytes_received;
    struct yodel_channel *announced; // Its OPEN is to be told.
    struct yodel_channel *departed;  // Its CLOSE was told; it ends with the next event.
    yodel_transceiver *departed_transceiver;
    char error_text[PEER_ERROR_TEXT_MAX];
    char *description; // The last one made.
    char candidate_text[ICE_CANDIDATE_TEXT_MAX];
    char candidate_mid[SDP_MID_MAX + 1];
};

struct yodel_channel {
    struct list_node node;
    yodel_peer *peer;
    uint32_t handle; // dcep's.
    uint32_t number; // Of its kind on this peer, for statistics.
    enum yodel_channel_state state;
    bool has_error; // Told.
    size_t low_threshold;
    void *user;
    uint64_t messages_sent, messages_received;
    uint64_t bytes_sent, bytes_received;
};

// As yodel_peer_new, with an environment of the caller's: the simulator's door.
YODEL_MUST_USE enum yodel_err peer_new(
    const struct env *env, const struct yodel_peer_config *config, yodel_peer **peer);

// The environment of yodel_peer_new: the system's memory and entropy, and silence.
const struct env *peer_env(void);

// Stores a sentence for yodel_peer_error_text and returns `err`.
enum yodel_err peer_fail(yodel_peer *peer, enum yodel_err err, const char *format, ...)
    YODEL_PRINTF(3, 4);

// Lets ICE use the server, which is at `addr` (whatever its port).
void peer_use_server(yodel_peer *peer, struct peer_server *server, struct yodel_addr addr);

// Tells the loop that there is something to say or to tell.
void peer_wake(yodel_peer *peer);

// The same, after what may call for an offer.
void peer_changed(yodel_peer *peer);

// Begins the media session, where it is time.
void peer_open_session(yodel_peer *peer);

// Whether YODEL_EVENT_NEGOTIATION_NEEDED is true now.
bool peer_needs_negotiation(const yodel_peer *peer);

#endif
