// The peer connection and its data channels: RTCPeerConnection and RTCDataChannel in C.
//
// Whoever knows the browser's API knows this one: names, states, events and errors are the W3C's,
// and where a function says nothing else, the browser's documentation holds. What differs, differs
// for a reason:
//
// - Nothing here does input or output. A peer is fed datagrams and the time, and asked for
// datagrams, events and the
//   next deadline (the last section). Bring your own loop, or let yodel/runtime.h drive it.
// - Promises are return values: a call has done its work when it returns.
// - Calls that a user makes take no time: what they start begins at the next tick or emit.
//
// Implements  W3C webrtc §4 (peer-to-peer connections), §6 (peer-to-peer data); RFC 9429 (JSEP);
//             RFC 8831, 8832
// Ownership   a peer owns its channels and every text that it hands out. What an event points to
//             lives until the next yodel_peer_recv, yodel_peer_tick or yodel_peer_next_event on
//             that peer; sending does not end it.
// Threads     none: any thread may call, one at a time for each peer

#ifndef YODEL_PEER_H
#define YODEL_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yodel/addr.h"
#include "yodel/err.h"
#include "yodel/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yodel_peer yodel_peer;
typedef struct yodel_channel yodel_channel;
typedef struct yodel_transceiver yodel_transceiver; // yodel/transceiver.h.
typedef struct yodel_certificate yodel_certificate;

// ---- certificates (W3C webrtc §4.9)

#define YODEL_FINGERPRINT_TEXT_MAX 96 // 32 bytes as "AB:CD:…", and the NUL.

// Makes an ECDSA P-256 key and a self-signed certificate, valid from the day before `unix_seconds`
// to 30 days after; peers look at its fingerprint alone. Fails with NO_MEMORY, RANGE (a time before
// 1970, or too far ahead). The caller frees it, after the last peer that uses it.
enum yodel_err yodel_certificate_generate(int64_t unix_seconds, yodel_certificate **certificate);
void yodel_certificate_free(yodel_certificate *certificate);

// Writes the SHA-256 fingerprint, upper-case hexadecimal with colons and a NUL, as in SDP without
// "sha-256 ".
void yodel_certificate_fingerprint(
    const yodel_certificate *certificate, char text[YODEL_FINGERPRINT_TEXT_MAX]);

// ---- configuration (W3C webrtc §4.2)

// RTCIceServer. "stun:host", "stun:host:port", "stun:[v6]:port"; "turn:" likewise, over UDP, or with
// "?transport=tcp" over TCP; "turns:" over TLS, whose certificate is checked for the host. "stuns:"
// is NotSupportedError. A TURN server has a user name and a password. Of all servers together eight
// URLs are looked at, and four addresses of each kind asked: more make gathering slower and
// connections no better.
struct yodel_ice_server {
    const char *const *urls;
    size_t url_count;
    const char *username;
    const char *credential;
};

// RTCIceTransportPolicy. With RELAY no candidate but relayed ones is told to the other side, and
// nothing is sent to it, nor taken from it, but through a relay.
enum yodel_ice_transport_policy { YODEL_ICE_ALL, YODEL_ICE_RELAY };

// RTCConfiguration. Zeroed fields are the W3C's defaults. Borrowed during yodel_peer_new only, but
// for the certificate, which must outlive the peer.
struct yodel_peer_config {
    const struct yodel_ice_server *ice_servers;
    size_t ice_server_count;
    enum yodel_ice_transport_policy ice_transport_policy;
    uint8_t ice_candidate_pool_size; // Not 0: gathering begins at once, and its candidates are told
                                     // when there is a local description.
    yodel_certificate *certificate;  // NULL: the peer makes its own.

    // Not in the W3C's: the only remote fingerprint to accept ("AB:CD:…", SHA-256). A remote
    // description with another is refused with YODEL_ERR_UNAUTHENTIC. NULL: whatever the remote
    // description says.
    const char *pinned_fingerprint;
    // No candidates over TCP (RFC 6544). Without it the peer connects to addresses that the other side
    // listens on, where UDP does not get through, and tells of those that its loop listens on.
    bool no_ice_tcp;

    // Offered audio and video are rejected. Without it they are answered as in a browser, with
    // transceivers that receive (yodel/transceiver.h).
    bool no_media;

    // ICE-lite (RFC 8445 §2.5), for a server that everybody can reach: the other side's checks are
    // answered and none are sent, and no server is asked for addresses. The other side is a full agent.
    bool ice_lite;
    size_t max_message_size; // The largest message that we accept, in bytes; 0: 256 KiB.
    size_t receive_window;   // SCTP's, in bytes, and at least two messages; 0: 2 MiB.
    size_t send_buffer;      // Bytes that may wait in all channels together; 0: 16 MiB.
    void *user;              // Yours; see yodel_peer_user.
};

// Creates a peer; NULL is a configuration of zeros. Fails with SYNTAX (a URL), NOT_SUPPORTED (a
// URL's scheme), INVALID_ACCESS (a TURN server without a name or a password), TYPE (one that is over
// 508 or 512 bytes, or a fingerprint), NO_MEMORY.
enum yodel_err yodel_peer_new(const struct yodel_peer_config *config, yodel_peer **peer);

// Frees the peer and all its channels, at once and in silence: close first where the other side
// should be told.
void yodel_peer_free(yodel_peer *peer);
void *yodel_peer_user(const yodel_peer *peer);

// ---- states (each name function gives the W3C's token)

enum yodel_signaling_state {
    YODEL_SIGNALING_STABLE,
    YODEL_SIGNALING_HAVE_LOCAL_OFFER,
    YODEL_SIGNALING_HAVE_REMOTE_OFFER,
    YODEL_SIGNALING_HAVE_LOCAL_PRANSWER,
    YODEL_SIGNALING_HAVE_REMOTE_PRANSWER,
    YODEL_SIGNALING_CLOSED,
};
enum yodel_ice_gathering_state {
    YODEL_GATHERING_NEW,
    YODEL_GATHERING_GATHERING,
    YODEL_GATHERING_COMPLETE
};
enum yodel_ice_connection_state {
    YODEL_ICE_NEW,
    YODEL_ICE_CHECKING,
    YODEL_ICE_CONNECTED,
    YODEL_ICE_COMPLETED,
    YODEL_ICE_DISCONNECTED,
    YODEL_ICE_FAILED,
    YODEL_ICE_CLOSED,
};
enum yodel_connection_state {
    YODEL_CONNECTION_NEW,
    YODEL_CONNECTION_CONNECTING,
    YODEL_CONNECTION_CONNECTED,
    YODEL_CONNECTION_DISCONNECTED,
    YODEL_CONNECTION_FAILED,
    YODEL_CONNECTION_CLOSED,
};
enum yodel_channel_state {
    YODEL_CHANNEL_CONNECTING,
    YODEL_CHANNEL_OPEN,
    YODEL_CHANNEL_CLOSING,
    YODEL_CHANNEL_CLOSED,
};

enum yodel_signaling_state yodel_peer_signaling_state(const yodel_peer *peer);
enum yodel_ice_gathering_state yodel_peer_ice_gathering_state(const yodel_peer *peer);
enum yodel_ice_connection_state yodel_peer_ice_connection_state(const yodel_peer *peer);
enum yodel_connection_state yodel_peer_connection_state(const yodel_peer *peer);

const char *yodel_signaling_state_name(enum yodel_signaling_state state);
const char *yodel_ice_gathering_state_name(enum yodel_ice_gathering_state state);
const char *yodel_ice_connection_state_name(enum yodel_ice_connection_state state);
const char *yodel_connection_state_name(enum yodel_connection_state state);
const char *yodel_channel_state_name(enum yodel_channel_state state);

// A sentence about the last yodel_peer_ call that failed here, or about why the connection failed:
// "m-line 2: no mid". Empty where nothing did, or where the error says it all (NO_MEMORY). The
// peer's; valid until the next call on it. Never NULL.
const char *yodel_peer_error_text(const yodel_peer *peer);

// ---- descriptions (W3C webrtc §4.4, §4.6)

enum yodel_sdp_type { YODEL_SDP_OFFER, YODEL_SDP_PRANSWER, YODEL_SDP_ANSWER, YODEL_SDP_ROLLBACK };

const char *yodel_sdp_type_name(enum yodel_sdp_type type);

// Reads "offer", "pranswer", "answer" or "rollback"; anything else is TYPE.
enum yodel_err yodel_sdp_type_parse(const char *name, enum yodel_sdp_type *type);

// RTCSessionDescription. `sdp` has a NUL at its end; it may be NULL for a rollback.
struct yodel_description {
    enum yodel_sdp_type type;
    const char *sdp;
};

// createOffer and createAnswer. The text is the peer's, valid until the next create or set. Fail
// with INVALID_STATE, NO_MEMORY, and, for an offer without a data channel, INVALID_ACCESS (there is
// nothing to offer yet).
enum yodel_err yodel_peer_create_offer(yodel_peer *peer, struct yodel_description *offer);
enum yodel_err yodel_peer_create_answer(yodel_peer *peer, struct yodel_description *answer);

// setLocalDescription. NULL makes and sets the offer or answer that the state asks for. Gathering
// starts. Fails with INVALID_STATE, INVALID_MODIFICATION (not what create gave), NO_MEMORY, and for
// NULL as creating does.
enum yodel_err yodel_peer_set_local_description(
    yodel_peer *peer, const struct yodel_description *description);

// setRemoteDescription. An offer in have-local-offer rolls the local one back first (perfect
// negotiation). Fails with INVALID_STATE, SYNTAX (also over 64 KiB), INVALID_ACCESS (it parses, and
// cannot be agreed to), UNAUTHENTIC (the pinned fingerprint), NO_MEMORY; nothing changes then.
enum yodel_err yodel_peer_set_remote_description(
    yodel_peer *peer, const struct yodel_description *description);

// localDescription, remoteDescription (pending before current) and their parts. Return false where
// the W3C's are null. A local description holds the candidates gathered so far. The text is the
// peer's, valid until the next call on it.
bool yodel_peer_local_description(yodel_peer *peer, struct yodel_description *description);
bool yodel_peer_remote_description(yodel_peer *peer, struct yodel_description *description);
bool yodel_peer_current_local_description(yodel_peer *peer, struct yodel_description *description);
bool yodel_peer_pending_local_description(yodel_peer *peer, struct yodel_description *description);
bool yodel_peer_current_remote_description(yodel_peer *peer, struct yodel_description *description);
bool yodel_peer_pending_remote_description(yodel_peer *peer, struct yodel_description *description);

// RTCIceCandidate. An empty `candidate` is the end of the candidates of its generation.
struct yodel_ice_candidate {
    const char *candidate;         // "candidate:…", without "a="; never NULL.
    const char *sdp_mid;           // NULL: see sdp_mline_index.
    int sdp_mline_index;           // Only where sdp_mid is NULL.
    const char *username_fragment; // NULL: any.
};

// addIceCandidate. NULL is the end of candidates. A candidate for a generation that is gone, or of
// a transport that we do not speak, is taken and ignored. Fails with INVALID_STATE (no remote
// description yet), OPERATION (malformed, or an unknown mid).
enum yodel_err yodel_peer_add_ice_candidate(
    yodel_peer *peer, const struct yodel_ice_candidate *candidate);

// restartIce: the next offer has new credentials; YODEL_EVENT_NEGOTIATION_NEEDED follows. A peer whose
// ICE has failed wants this by itself, some time after YODEL_CONNECTION_FAILED: who makes the offers that
// the event asks for, and carries them, has nothing else to do for a network that was away.
void yodel_peer_restart_ice(yodel_peer *peer);

// close. The other side is told (SCTP ABORT, DTLS close_notify) by the next calls of
// yodel_peer_emit. Its channels are closed with it and, as in the browser, no event of theirs says
// so; they are the peer's until it is freed.
void yodel_peer_close(yodel_peer *peer);

// ---- data channels (W3C webrtc §6)

// RTCDataChannelInit. Zeroed fields are the W3C's defaults: ordered and reliable.
struct yodel_channel_options {
    bool unordered;
    bool has_max_packet_life_time; // At most one of the two.
    bool has_max_retransmits;
    uint16_t max_packet_life_time; // Milliseconds.
    uint16_t max_retransmits;
    const char *protocol; // NULL: "".
    bool negotiated;      // Both sides open it, with the same id.
    uint16_t id;          // Only where `negotiated`; at most 65534.
};

// createDataChannel. `label` and `protocol` are UTF-8 of at most 65535 bytes, and copied. The
// channel is the peer's. NULL are options of zeros. Fails with INVALID_STATE (closed, by the other
// side too), TYPE (text that is too long or not UTF-8, both limits of delivery, the id 65535),
// OPERATION (no id left, the id is taken, over 1024 channels or 4 MiB of labels), NO_MEMORY.
enum yodel_err yodel_peer_create_data_channel(yodel_peer *peer, const char *label,
    const struct yodel_channel_options *options, yodel_channel **channel);

// Sends one message; it is copied. YODEL_OK means that it will be delivered as the channel promises
// while the connection lives. Fails with INVALID_STATE (not open), TOO_LARGE (over
// yodel_peer_max_message_size; the channel stays usable), WOULD_BLOCK (the send buffer is full:
// wait for YODEL_EVENT_CHANNEL_BUFFERED_AMOUNT_LOW), TYPE (text that is not UTF-8), NO_MEMORY.
enum yodel_err yodel_channel_send(yodel_channel *channel, const void *data, size_t len);
enum yodel_err yodel_channel_send_text(yodel_channel *channel, const char *text, size_t len);

// close. What was sent before still goes out. YODEL_EVENT_CHANNEL_CLOSE follows; the channel ends
// with the call of yodel_peer_next_event after that one.
void yodel_channel_close(yodel_channel *channel);

enum yodel_channel_state yodel_channel_ready_state(const yodel_channel *channel);
const char *yodel_channel_label(const yodel_channel *channel);
const char *yodel_channel_protocol(const yodel_channel *channel);
bool yodel_channel_ordered(const yodel_channel *channel);
int yodel_channel_id(const yodel_channel *channel);                   // -1 while it has none.
int yodel_channel_max_packet_life_time(const yodel_channel *channel); // -1: null.
int yodel_channel_max_retransmits(const yodel_channel *channel);      // -1: null.
bool yodel_channel_negotiated(const yodel_channel *channel);
yodel_peer *yodel_channel_peer(const yodel_channel *channel);

// bufferedAmount: bytes that were sent with the calls above and have not left yet.
size_t yodel_channel_buffered_amount(const yodel_channel *channel);
void yodel_channel_set_buffered_amount_low_threshold(yodel_channel *channel, size_t bytes);
size_t yodel_channel_buffered_amount_low_threshold(const yodel_channel *channel);

void yodel_channel_set_user(yodel_channel *channel, void *user); // Yours.
void *yodel_channel_user(const yodel_channel *channel);

// RTCSctpTransport.maxMessageSize: the largest message that the other side takes, in bytes; 0
// before it said, SIZE_MAX for any.
size_t yodel_peer_max_message_size(const yodel_peer *peer);

// ---- statistics (W3C webrtc-stats)

struct yodel_stats_member {
    const char *id; // Of the object, stable for the peer's life: "T", "D0".
    const char
        *type; // RTCStatsType: "peer-connection", "transport", "candidate-pair", "data-channel", …
    const char *name; // Of the member: "bytesSent".
    const char *text; // For a member that is text, else NULL.
    double number;    // For one that is not.
};

// getStats: calls `visit` once for each member of each object, those of one object in a row.
void yodel_peer_stats(const yodel_peer *peer,
    void (*visit)(void *ctx, const struct yodel_stats_member *member), void *ctx);

// The path in use; false while there is none. Through a relay of ours, `local` is the relayed
// address. `remote_type` and `local_type` get "host", "srflx",
// "prflx" or "relay".
bool yodel_peer_selected_path(const yodel_peer *peer, struct yodel_path *path,
    const char **local_type, const char **remote_type);

// ---- events

enum yodel_event_type {
    YODEL_EVENT_NEGOTIATION_NEEDED,
    YODEL_EVENT_SIGNALING_STATE_CHANGE,
    YODEL_EVENT_ICE_GATHERING_STATE_CHANGE,
    YODEL_EVENT_ICE_CONNECTION_STATE_CHANGE,
    YODEL_EVENT_CONNECTION_STATE_CHANGE,
    YODEL_EVENT_ICE_CANDIDATE, // `candidate`; an empty one ends its generation.
    YODEL_EVENT_DATA_CHANNEL,  // `channel`, which the other side opened.
    YODEL_EVENT_CHANNEL_OPEN,
    YODEL_EVENT_CHANNEL_MESSAGE, // `message`.
    YODEL_EVENT_CHANNEL_BUFFERED_AMOUNT_LOW,
    YODEL_EVENT_CHANNEL_CLOSING,
    YODEL_EVENT_CHANNEL_CLOSE,
    YODEL_EVENT_CHANNEL_ERROR,       // `text` says why; CLOSE follows.
    YODEL_EVENT_TRACK,               // `transceiver`: the other side begins to send with it.
    YODEL_EVENT_TRACK_MUTE,          // `transceiver`: it has said that it does not send any more.
    YODEL_EVENT_TRANSCEIVER_STOPPED, // `transceiver`, which is gone with the next event.
    YODEL_EVENT_FRAME,               // `transceiver` has received `frame`.
    YODEL_EVENT_KEY_FRAME_NEEDED, // The next frame that `transceiver` is to send should be a key frame.
    YODEL_EVENT_BITRATE, // `transceiver` should send about `bitrate` from now on; 0: nothing.

    // Not in the W3C's: what a loop must do for a peer. yodel/runtime.h answers these by itself.
    YODEL_EVENT_GATHER,     // Call yodel_peer_add_local_address for each, then
                            // yodel_peer_end_local_addresses.
    YODEL_EVENT_RESOLVE,    // Look `name` up (RFC 6762 where it ends with ".local"), then call
                            // yodel_peer_resolved.
    YODEL_EVENT_CONNECT,    // Open a stream along `stream.path` (from that IP, any port), then call
                            // yodel_peer_connected or yodel_peer_disconnected with that very path.
    YODEL_EVENT_DISCONNECT, // The stream along `stream.path` is not needed any more.
};

struct yodel_event {
    enum yodel_event_type type;
    yodel_channel *channel;         // For the events of a channel, else NULL.
    yodel_transceiver *transceiver; // For those of a transceiver.
    struct yodel_ice_candidate candidate;
    struct {
        const uint8_t *data; // The text has no NUL at its end, and is valid UTF-8.
        size_t len;
        bool is_text;
    } message;
    const struct yodel_frame *frame; // yodel/frame.h.
    uint64_t bitrate;                // In bit/s.
    const char *text;
    const char *name;
    struct {
        struct yodel_path path; // YODEL_TCP or YODEL_TLS; the local port is 0 or 9, and not meant.
        const char *host;       // The server's name, for TLS; NULL: it is a peer.
        enum yodel_framing framing;
    } stream;
};

// ---- the engine: for those who bring their own loop

// A datagram that the peer builds is never longer.
#define YODEL_DATAGRAM_MAX 1500

// A turn of a loop: recv all that arrived, tick if the timeout has come, take events until there is
// none, emit until it returns 0, and ask for the timeout last. Any other order is legal too. `now`
// never goes back.

// Takes one datagram, which is decrypted in place. Bytes that make no sense are dropped and
// counted.
void yodel_peer_recv(
    yodel_peer *peer, const struct yodel_path *path, void *datagram, size_t len, yodel_time now);
void yodel_peer_tick(yodel_peer *peer, yodel_time now);

// Fills `event` and returns true, or returns false when there is none.
bool yodel_peer_next_event(yodel_peer *peer, struct yodel_event *event);

// Builds one datagram in `room`, at least YODEL_DATAGRAM_MAX long, and returns its length and where
// it goes, or 0.
size_t yodel_peer_emit(
    yodel_peer *peer, void *room, size_t room_len, struct yodel_path *path, yodel_time now);

// When to call yodel_peer_tick; YODEL_NEVER: only something that arrives can change anything.
yodel_time yodel_peer_next_timeout(const yodel_peer *peer);

// Answers to YODEL_EVENT_GATHER: an address that a UDP socket of the loop's is bound to, the best
// interface first. There is room for 32 candidates, servers' answers included; more are not used.
void yodel_peer_add_local_address(yodel_peer *peer, const struct yodel_addr *addr);
void yodel_peer_end_local_addresses(yodel_peer *peer);

// Before the address itself: its candidates shall tell this name, which the loop answers for by
// multicast DNS, and no candidate an address of an interface's without a name (loopback aside).
// Whoever gets our candidates learns nothing of our network then.
void yodel_peer_add_local_name(yodel_peer *peer, const struct yodel_addr *addr, const char *name);

// The interface went away: what was found from there is given up, streams included. What comes later, in its place or
// beside others, is given with yodel_peer_add_local_address, at any time.
void yodel_peer_remove_local_address(yodel_peer *peer, const struct yodel_addr *addr);

// An address that a listening TCP socket of the loop's is bound to (RFC 6544), after those of UDP.
// Streams that were opened to it have it as `local` in their path, with YODEL_FRAMING_ICE; the first
// message of one is a request that the peer claims. YODEL_EVENT_DISCONNECT ends those too. The first
// four addresses are told of.
void yodel_peer_add_local_tcp_address(yodel_peer *peer, const struct yodel_addr *listening);

// The answers to YODEL_EVENT_CONNECT. Along a connected path the peer emits whole messages, and
// takes whole ones; framing is the loop's work, but for the padding of ChannelData, which is there
// already. `disconnected`: it could not be opened, or it ended.
void yodel_peer_connected(yodel_peer *peer, const struct yodel_path *path);
void yodel_peer_disconnected(yodel_peer *peer, const struct yodel_path *path);

// The answer to YODEL_EVENT_RESOLVE; `addr` is NULL where the name has no address. Its port does
// not matter. A name with addresses of both families is answered twice, in the order of RFC 6724,
// before anything else is called.
void yodel_peer_resolved(yodel_peer *peer, const char *name, const struct yodel_addr *addr);

// `wake` is called whenever a call of the user's gave the peer something to say or to tell, so that
// a loop knows whom to serve. It must not call the peer.
void yodel_peer_set_wake(yodel_peer *peer, void (*wake)(void *ctx), void *ctx);

// For a loop with many peers on one socket: does this datagram, from an address not seen before,
// belong to this peer? By the ICE user name of a request, or the transaction of a response.
bool yodel_peer_claims(const yodel_peer *peer, const void *datagram, size_t len);

// The ICE user name fragment in use and, during a restart, the one before it ("" where there is
// none).
void yodel_peer_local_ufrags(const yodel_peer *peer, const char **current, const char **previous);

#ifdef __cplusplus
}
#endif
#endif
