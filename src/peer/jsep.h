// JSEP: the signaling state machine of a peer connection, and the descriptions it makes and takes.
//
// Text in, text out, and after each description that is set, what it means for the transport, of
// which a session has one. What it means for audio and video is asked for by transceiver
// (peer/jsep_rtp.h).
//
//                      set local offer ┌────────────────────┐ set remote answer
//          ┌──────────────────────────►│  have-local-offer  ├───────────────────────────┐
//          │                           └─────────┬──────────┘                           ▼
//     ┌────┴─────┐             set remote pranswer └──►[have-remote-pranswer]──────►┌──────────┐
//     │  stable  │                                                                  │  stable  │
//     └────┬─────┘             set local pranswer ┌───►[have-local-pranswer]───────►└──────────┘
//          │                           ┌─────────┴──────────┐                           ▲
//          └──────────────────────────►│ have-remote-offer  ├───────────────────────────┘
//                     set remote offer └────────────────────┘ set local answer
//
//     A rollback leads from any of the four back to stable; a remote offer where it does not fit
//     rolls back first (W3C webrtc §4.4.2, "perfect negotiation"); closed is the end.
//
// Implements  RFC 9429 §3.2, §4.1.7-4.1.11, §5.2-5.11; W3C webrtc §4.4.1.5 (setting a description),
//             §4.7.3 (is negotiation needed); RFC 9143 §7 (BUNDLE), RFC 8842 §5 (setup)
// Not here    transports: the caller makes facts from them, and of changes what they need
// Ownership   a jsep owns its descriptions; texts and changes borrow from it until the next call of
//             jsep_create_… or jsep_set_…
// Limits      those of sdp/sdp.h

#ifndef PEER_JSEP_H
#define PEER_JSEP_H

#include "base/arena.h"
#include "base/env.h"
#include "base/err.h"
#include "base/list.h"
#include "sdp/sdp.h"
#include "yodel/peer.h"

#define JSEP_ERROR_MAX 160u
#define JSEP_FINGERPRINT_SIZE 32u
#define JSEP_CNAME_SIZE 24u          // RFC 7022 §4.2: 96 random bits, as text.
#define JSEP_MAX_MESSAGE_SIZE 65536u // RFC 8841 §6.1: where the other side does not say.
#define JSEP_MAX_MESSAGE_NO_LIMIT UINT64_MAX

enum jsep_role { JSEP_ROLE_NONE, JSEP_DTLS_CLIENT, JSEP_DTLS_SERVER };

// Candidates to put into a description: the lines "candidate:…", and whether there are no more.
struct jsep_candidates {
    const struct bytes *lines;
    size_t count;
    bool end;
};

// What the caller knows about its own side, borrowed for the call.
struct jsep_facts {
    struct bytes ufrag; // New ones in an offer or an answer restart ICE.
    struct bytes pwd;
    struct bytes fingerprint; // SHA-256, JSEP_FINGERPRINT_SIZE bytes.
    const char *ice_options;  // "trickle"; NULL: none.
    uint16_t sctp_port;
    uint64_t max_message_size; // 0: no limit.
    struct jsep_candidates candidates;
    bool has_data; // A data channel was created: offers have a section for it.
};

// What a description that was set means for the transport.
struct jsep_change {
    bool rolled_back;   // What the pending descriptions said before is void.
    bool is_negotiated; // An answer (or pranswer) was set: the rest is in force, not just proposed.
    bool has_transport; // A section is accepted. Where there is none, nothing below is set.
    bool has_data;      // There is a data section.

    // From the remote description.
    struct bytes mid; // May be empty.
    struct bytes ufrag;
    struct bytes pwd;
    bool is_restart;  // The remote credentials are other than those in force before.
    bool is_ice_lite; // The remote side is.
    bool is_controlling;
    const struct sdp_fingerprint
        *fingerprints; // One of them must match; weak hashes are among them.
    size_t fingerprint_count;
    enum jsep_role dtls_role;  // Ours. For a remote offer, the one that our answer will give.
    uint16_t sctp_port;        // Of data.
    uint64_t max_message_size; // The same; at least 1, JSEP_MAX_MESSAGE_NO_LIMIT.
    struct sdp_list candidates;
    bool end_of_candidates;
};

struct jsep_description {
    bool is_set;
    enum yodel_sdp_type type;
    struct arena arena;
    struct bytes text; // With a NUL after it.
    struct sdp sdp;
};

// What create_offer or create_answer gave last.
struct jsep_created {
    struct arena arena;
    struct bytes text;
};

struct jsep {
    const struct env *env;
    bool is_ice_lite;         // We are.
    yodel_peer *owner;        // Of its transceivers; may be NULL.
    bool takes_media;         // Offered audio and video are rejected without.
    struct list transceivers; // struct yodel_transceiver, in the order in which they were made.
    char cname[JSEP_CNAME_SIZE + 1]; // "" until there is a transceiver.
    enum yodel_signaling_state state;
    struct jsep_description current_local, pending_local;
    struct jsep_description current_remote, pending_remote;
    struct jsep_created offer, answer;
    uint64_t session_id;
    uint64_t session_version;
    enum jsep_role dtls_role; // Of the association in force.
    bool is_role_known;       // `is_controlling` is decided, for the session's life.
    bool is_controlling;
    char error[JSEP_ERROR_MAX];
};

void jsep_init(struct jsep *jsep, const struct env *env, bool is_ice_lite);
void jsep_deinit(struct jsep *jsep);

// Nothing but jsep_deinit works afterwards; the descriptions stay readable.
void jsep_close(struct jsep *jsep);

// Make a description; the text has a NUL after it. Fail with INVALID_STATE, INVALID_ACCESS (an
// offer of nothing) and NO_MEMORY. An answer to an offer that restarts ICE needs new credentials in
// `facts`.
YODEL_MUST_USE enum yodel_err jsep_create_offer(
    struct jsep *jsep, const struct jsep_facts *facts, struct bytes *text);
YODEL_MUST_USE enum yodel_err jsep_create_answer(
    struct jsep *jsep, const struct jsep_facts *facts, struct bytes *text);

// The type that setLocalDescription() without a description means.
enum yodel_sdp_type jsep_implied_type(const struct jsep *jsep);

// Set what was created, or, where `text` is empty, what was created last. Fails with
// INVALID_MODIFICATION (another text), INVALID_STATE and NO_MEMORY; nothing has changed then.
// A rollback's text is ignored. `change` is written on YODEL_OK only.
YODEL_MUST_USE enum yodel_err jsep_set_local(
    struct jsep *jsep, enum yodel_sdp_type type, struct bytes text, struct jsep_change *change);

// Set what the other side sent. Fails with INVALID_STATE, SYNTAX (it does not parse),
// INVALID_ACCESS (it makes no sense, or not as an answer to the offer) and NO_MEMORY; nothing has
// changed then.
YODEL_MUST_USE enum yodel_err jsep_set_remote(
    struct jsep *jsep, enum yodel_sdp_type type, struct bytes text, struct jsep_change *change);

// Whether an offer is needed: for the first data channel, or for new ICE credentials. False while
// the state is not stable; ask again when it is.
bool jsep_needs_negotiation(const struct jsep *jsep, const struct jsep_facts *facts);

// localDescription and remoteDescription: pending before current. NULL where there is none.
const struct jsep_description *jsep_local(const struct jsep *jsep);
const struct jsep_description *jsep_remote(const struct jsep *jsep);

// Writes a description as it was set, and in its data section, where that is of the generation that
// `ufrag` names, the candidates that it lacks.
void jsep_write_description(const struct jsep *jsep, const struct jsep_description *description,
    struct bytes ufrag, const struct jsep_candidates *candidates, struct writer *w);

// addIceCandidate: is this one for the transport? `mid` empty: `index` counts. `ufrag` empty: any.
// A candidate of another section or generation is none of ours, and no mistake. Fails with
// INVALID_STATE (no remote description) and OPERATION (no such section).
YODEL_MUST_USE enum yodel_err jsep_check_candidate(
    struct jsep *jsep, struct bytes mid, unsigned index, struct bytes ufrag, bool *is_ours);

// The mid of the section whose transport the local description gives; empty where it has none.
struct bytes jsep_transport_mid(const struct jsep *jsep);

// A sentence about the last call that failed. Never NULL.
const char *jsep_error_text(const struct jsep *jsep);

#endif
