// SDP: a session description as a tree, from text and back to text.
//
// Only what Yodel understands is in the tree. An attribute that is not is dropped, and so can never
// be echoed; what JSEP makes of the tree is peer/jsep.h's part.
//
// Implements  RFC 8866 (the lines), RFC 8839 and 8840 (ICE), RFC 8122 (fingerprint), RFC 4145 and
//             8842 (setup, tls-id), RFC 5888 and 9143 (mid, group, bundle-only), RFC 8841 (SCTP);
//             of RTP's sections what sdp/codec.h, sdp/media.h and sdp/simulcast.h name
// Not here    the grammar of a candidate (ice/candidate.h), whether a description makes sense
// Ownership   a tree borrows the text that it was parsed from, and lives in the caller's arena
// Limits      the constants below; what is over one is a syntax error, but for candidates, of which
//             the surplus is ignored

#ifndef SDP_SDP_H
#define SDP_SDP_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

#define SDP_TEXT_MAX 65536u
#define SDP_LINE_MAX 8192u
#define SDP_MEDIA_MAX 128u
#define SDP_FORMATS_MAX 128u // As many as there are RTP payload types.
#define SDP_GROUPS_MAX 8u
#define SDP_FINGERPRINTS_MAX 8u
#define SDP_CANDIDATES_MAX 100u
#define SDP_OPTIONS_MAX 16u // a=ice-options.
#define SDP_TOKEN_MAX 64u
#define SDP_MID_MAX 16u // What fits the RTP header extension.
#define SDP_PAYLOAD_TYPE_MAX 127u
#define SDP_EXTMAPS_MAX 64u
#define SDP_EXTMAP_ID_MAX 255u
#define SDP_MSIDS_MAX 16u
#define SDP_SSRCS_MAX 64u
#define SDP_CNAME_MAX 255u // RFC 3550 §6.5.
#define SDP_SSRC_GROUPS_MAX 32u
#define SDP_SSRC_GROUP_MAX 16u // The SSRCs of one.
#define SDP_RIDS_MAX 32u
#define SDP_RID_MAX 64u         // Letters and digits.
#define SDP_TREE_MAX (4u << 20) // Enough arena for any text that is within the limits.
#define SDP_ERROR_MAX 128u

enum sdp_kind { SDP_OTHER, SDP_AUDIO, SDP_VIDEO, SDP_APPLICATION };
enum sdp_setup { SDP_SETUP_NONE, SDP_ACTPASS, SDP_ACTIVE, SDP_PASSIVE, SDP_HOLDCONN };
enum sdp_direction { SDP_DIRECTION_NONE, SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

struct sdp_list {
    struct bytes *items;
    size_t count;
    size_t room;
};

struct sdp_fingerprint {
    struct bytes hash;  // "sha-256", in lower case.
    struct bytes value; // The bytes, not their text.
};

// a=group.
struct sdp_group {
    struct bytes semantics; // "BUNDLE".
    struct sdp_list mids;
};

// The attributes that a session may give for all its media sections, and each section for itself.
// Texts are empty where the attribute is absent.
struct sdp_common {
    struct bytes ice_ufrag;
    struct bytes ice_pwd;
    struct sdp_list ice_options;
    struct sdp_fingerprint *fingerprints;
    size_t fingerprint_count;
    struct bytes tls_id;
    enum sdp_setup setup;
    enum sdp_direction direction;
    bool extmap_allow_mixed;
    bool end_of_candidates;
};

// a=rtcp-fb, RFC 4585 §4.2, as far as it is understood.
enum sdp_feedback {
    SDP_NACK = 1,
    SDP_NACK_PLI = 2,
    SDP_CCM_FIR = 4,
    SDP_GOOG_REMB = 8,
    SDP_TRANSPORT_CC = 16,
};

// One payload type of an RTP section, with its a=rtpmap, a=fmtp and a=rtcp-fb; what stands there
// for "*" is spread over all of them. The name is empty where nothing tells it.
struct sdp_codec {
    uint8_t payload_type;
    uint8_t channels; // 1 where no number is given.
    uint8_t feedback; // Of enum sdp_feedback.
    uint32_t clock;
    struct bytes name; // "opus". Compared without regard to case: sdp_is_codec.
    struct bytes fmtp; // "minptime=10;useinbandfec=1": sdp_find_parameter.
};

// a=extmap, RFC 8285 §5.
struct sdp_extmap {
    uint8_t id;                   // Not 0. From 15 on only two-byte headers carry it.
    enum sdp_direction direction; // SDP_DIRECTION_NONE where none is given.
    struct bytes uri;
};

// a=msid, RFC 8830 §2. The track is empty where it is not told.
struct sdp_msid {
    struct bytes stream; // "-": none.
    struct bytes track;
};

// All a=ssrc lines of one SSRC, RFC 5576 §4.1.
struct sdp_ssrc {
    uint32_t ssrc;
    struct bytes cname;
    struct sdp_msid msid;
};

// a=ssrc-group: retransmission (RFC 5576 §4.2), simulcast as it was before RIDs, FlexFEC.
enum sdp_ssrc_semantics { SDP_FID, SDP_SIM, SDP_FEC_FR };

struct sdp_ssrc_group {
    enum sdp_ssrc_semantics semantics;
    uint32_t *ssrcs;
    size_t count;
};

// The restrictions of RFC 8851 §5 that are a whole number.
enum sdp_rid_limit {
    SDP_MAX_WIDTH,
    SDP_MAX_HEIGHT,
    SDP_MAX_FPS,
    SDP_MAX_FS,
    SDP_MAX_BR,
    SDP_MAX_PPS,
    SDP_RID_LIMITS,
};

// a=rid, RFC 8851 §4.
struct sdp_rid {
    struct bytes id;
    bool is_recv;           // Otherwise it is to be sent.
    uint8_t *payload_types; // Of the section's own; none means any.
    size_t payload_type_count;
    uint32_t limits[SDP_RID_LIMITS]; // 0: none. What does not fit is UINT32_MAX.
};

// One direction of a=simulcast, RFC 8853 §5.1. Each id has its a=rid, and stands there once.
struct sdp_layer {
    struct bytes rid;
    bool is_paused;
    bool is_alternative; // To the layer before it.
};

struct sdp_layers {
    struct sdp_layer *items;
    size_t count;
};

struct sdp_media {
    enum sdp_kind kind;
    struct bytes kind_text; // "audio".
    uint16_t port;
    struct bytes proto;      // "UDP/DTLS/SCTP".
    struct sdp_list formats; // Written only where there are no codecs.
    struct bytes mid;
    struct sdp_common common;
    struct sdp_list candidates; // "candidate:…", without "a=".
    bool bundle_only;
    bool has_sctp_port;
    bool has_max_message_size;
    uint16_t sctp_port;
    uint64_t max_message_size; // 0: no limit. What does not fit is UINT64_MAX.

    // b=. What does not fit is UINT64_MAX.
    bool has_bandwidth_as;
    bool has_bandwidth_tias;
    uint64_t bandwidth_as;   // In kbit/s, with what lies below RTP.
    uint64_t bandwidth_tias; // In bit/s, without it.

    // Of RTP sections alone.
    struct sdp_codec *codecs; // One for each format, in their order.
    size_t codec_count;
    struct sdp_extmap *extmaps;
    size_t extmap_count;
    struct sdp_msid *msids;
    size_t msid_count;
    struct sdp_ssrc *ssrcs;
    size_t ssrc_count;
    struct sdp_ssrc_group *ssrc_groups;
    size_t ssrc_group_count;
    struct sdp_rid *rids;
    size_t rid_count;
    struct sdp_layers send_layers; // As the description's maker sees it.
    struct sdp_layers recv_layers;
    uint32_t ptime_ms; // 0: not given.
    uint32_t max_ptime_ms;
    bool rtcp_mux;
    bool rtcp_mux_only;
    bool rtcp_rsize;
};

struct sdp {
    struct bytes session_id;      // Digits, of any number.
    struct bytes session_version; // Digits.
    struct sdp_group groups[SDP_GROUPS_MAX];
    size_t group_count;
    bool ice_lite;
    struct sdp_common common;
    struct sdp_media *media;
    size_t media_count;
};

struct sdp_error {
    unsigned line;            // From 1.
    char text[SDP_ERROR_MAX]; // "line 7: a=fingerprint: odd hex digit".
};

// Reads a description; lines end with CRLF or LF. Fails with SYNTAX, and then fills `error`, and
// NO_MEMORY. `sdp` is written only on YODEL_OK; the arena is the caller's to free in any case.
YODEL_MUST_USE enum yodel_err sdp_parse(
    struct sdp *sdp, struct arena *arena, struct bytes text, struct sdp_error *error);

// Writes a description, with CRLF. What was parsed from it is the same tree.
void sdp_write(const struct sdp *sdp, struct writer *w);

// The media section with this mid, or NULL.
const struct sdp_media *sdp_find_media(const struct sdp *sdp, struct bytes mid);

// The group of these semantics ("BUNDLE") that `mid` is in, or NULL.
const struct sdp_group *sdp_find_group(
    const struct sdp *sdp, const char *semantics, struct bytes mid);

// The codec of this payload type, or NULL.
const struct sdp_codec *sdp_find_codec(const struct sdp_media *media, uint64_t payload_type);
bool sdp_is_codec(const struct sdp_codec *codec, const char *name);

// Finds a parameter of an a=fmtp by its name, in any case. `value` is empty where it has none, and
// written only where the parameter is there. The first of several holds.
bool sdp_find_parameter(struct bytes fmtp, const char *name, struct bytes *value);

// The same for one that is a number; `otherwise` where it is absent or no number. What does not fit
// is UINT64_MAX.
uint64_t sdp_find_number(struct bytes fmtp, const char *name, uint64_t otherwise);

// "sendrecv"; not for SDP_DIRECTION_NONE.
const char *sdp_direction_text(enum sdp_direction direction);

bool sdp_list_has(const struct sdp_list *list, struct bytes text);

// Adds to a list that lives in `arena`; false where there is no memory.
YODEL_MUST_USE bool sdp_list_add(struct sdp_list *list, struct arena *arena, struct bytes text);

#endif
