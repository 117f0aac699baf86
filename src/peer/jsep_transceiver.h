// JSEP, transceivers: which media section each belongs to, in which directions it goes, and whether
// that is yet to be negotiated.
//
//     made by the user ──► (no section) ── offer set, or an offer of theirs fits ──► proposed
//     made by an offer of theirs ─────────────────────────────────────────────────►    │
//           a rollback: back, or gone ◄────────────────────────────────────────────────┤
//     stopped: its section is rejected ◄─── in force ◄── answer set ───────────────────┘
//
// Implements  W3C webrtc §4.4.1.5 (setting a description), §4.7.3 (is negotiation needed), §5.4
//             (transceivers); RFC 9429 §5.2.1, §5.3.1, §5.9 to §5.11
// Not here    what a section says (peer/jsep_rtp.h), RTP itself
// Ownership   a jsep owns its transceivers; one that has ended is the caller's to free, by
//             jsep_transceiver_free
// Limits      SDP_MEDIA_MAX that have a section or want one; JSEP_SOURCES_MAX SSRCs that a section names,
//             more are learnt from their packets

#ifndef PEER_JSEP_TRANSCEIVER_H
#define PEER_JSEP_TRANSCEIVER_H

#include "peer/jsep.h"
#include "rtp/ext.h"
#include "yodel/transceiver.h"

#define JSEP_ID_MAX 64u // Of a stream, and of a track.
#define JSEP_NO_SECTION SIZE_MAX
#define JSEP_SOURCES_MAX 16u

// One codec that was agreed on.
struct jsep_codec {
    enum yodel_codec codec;
    uint8_t payload_type;
    bool has_rtx;
    uint8_t rtx;  // Its payload type.
    bool has_red; // And so of RED, with this codec inside,
    uint8_t red;
    bool prefers_red; // which the other side would rather have.
    uint8_t feedback; // Of enum sdp_feedback.
};

// A stream that the other side has announced.
struct jsep_source {
    uint32_t ssrc;
    uint32_t rtx_ssrc; // 0: none.
};

// What both sides' descriptions agree on for a section.
struct jsep_rtp {
    struct bytes mid;
    bool sends;
    bool receives;
    struct jsep_codec codecs[YODEL_CODEC_COUNT]; // The first is the one to send.
    size_t codec_count;
    struct rtp_ext_map exts;
    struct jsep_source sources[JSEP_SOURCES_MAX];
    size_t source_count;
    bool is_reduced_size;        // RTCP (RFC 5506).
    bool has_transport_feedback; // Of some codec, and its extension.
};

struct yodel_transceiver {
    struct list_node node;
    yodel_peer *peer; // Its owner's, for the public functions.
    void *user;
    enum sdp_kind kind;           // SDP_AUDIO or SDP_VIDEO.
    enum sdp_direction direction; // What its user wants.
    enum sdp_direction current;   // What is in force; NONE: nothing yet.
    size_t section;               // Its place among the sections of descriptions.
    size_t offered;               // The same, in the offer that was created last.
    char mid[SDP_MID_MAX + 1];
    bool is_proposed;   // Its section is in descriptions that a rollback takes back.
    bool is_theirs;     // An offer of theirs made it, and its user has not sent with it.
    bool may_be_reused; // addTrack made it, so that an offer of theirs may take it.
    bool is_stopping;
    bool is_stopped; // The end: it only waits to be told and freed.
    bool remote_sends;
    bool told_track; // Of that, by an event.
    enum yodel_codec codecs[YODEL_CODEC_COUNT];
    size_t codec_count;
    char stream_id[JSEP_ID_MAX + 1]; // "": none.
    char track_id[JSEP_ID_MAX + 1];
    uint32_t ssrc, rtx_ssrc; // Of what we send.

    // Of the engine (peer/session.h).
    bool is_agreed; // `agreed` is in force.
    struct jsep_rtp agreed;
    struct outbound *out; // NULL: nothing was sent yet.
    struct inbound *in;   // NULL: nothing came yet.
    uint64_t max_bps;     // 0: as much as is of use.
    size_t redundancy;    // Copies of sound that go along at most.
};

// Adds one that wants a section. Fails with NO_MEMORY and RANGE.
YODEL_MUST_USE enum yodel_err jsep_transceiver_new(
    struct jsep *jsep, enum sdp_kind kind, struct yodel_transceiver **transceiver);
void jsep_transceiver_free(struct jsep *jsep, struct yodel_transceiver *transceiver);
void jsep_transceiver_free_all(struct jsep *jsep);

// The one that `section` belongs to, or NULL.
struct yodel_transceiver *jsep_transceiver_find(const struct jsep *jsep, size_t section);

// The one after, or the first for NULL; of those that have not ended.
struct yodel_transceiver *jsep_transceiver_next(
    const struct jsep *jsep, const struct yodel_transceiver *transceiver);

// Memory for those that an offer of theirs may make, put into `spare`. Fails with NO_MEMORY.
YODEL_MUST_USE enum yodel_err jsep_transceiver_reserve(
    struct jsep *jsep, const struct sdp *offer, struct list *spare);

// What descriptions do with them. `spare` is used up.
void jsep_transceiver_set_remote_offer(
    struct jsep *jsep, const struct jsep_description *offer, struct list *spare);
void jsep_transceiver_set_local_offer(struct jsep *jsep, const struct sdp *offer);
void jsep_transceiver_set_answer(
    struct jsep *jsep, const struct jsep_description *answer, bool is_local);
void jsep_transceiver_roll_back(struct jsep *jsep);

// The direction of an answer to a section that was offered with `offered`.
enum sdp_direction jsep_transceiver_answer_direction(
    const struct yodel_transceiver *transceiver, enum sdp_direction offered);

// Whether what their users want differs from what is in force.
bool jsep_transceiver_needs_negotiation(const struct jsep *jsep);

static inline bool jsep_transceiver_sends(enum sdp_direction direction)
{
    return direction == SDP_SENDRECV || direction == SDP_SENDONLY;
}

static inline bool jsep_transceiver_receives(enum sdp_direction direction)
{
    return direction == SDP_SENDRECV || direction == SDP_RECVONLY;
}

#endif
