// SDP: a session description as a tree, from text and back to text.
//
// Only what Yodel understands is in the tree. An attribute that is not is dropped, and so can never
// be echoed; what JSEP makes of the tree is peer/jsep.h's part.
//
// Implements  RFC 8866 (the lines), RFC 8839 and 8840 (ICE), RFC 8122 (fingerprint), RFC 4145 and
//             8842 (setup, tls-id), RFC 5888 and 9143 (mid, group, bundle-only), RFC 8841 (SCTP)
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
#define SDP_MID_MAX 16u         // What fits the RTP header extension.
#define SDP_TREE_MAX (1u << 20) // Enough arena for any text that is within the limits.
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

struct sdp_media {
    enum sdp_kind kind;
    struct bytes kind_text; // "audio".
    uint16_t port;
    struct bytes proto; // "UDP/DTLS/SCTP".
    struct sdp_list formats;
    struct bytes mid;
    struct sdp_common common;
    struct sdp_list candidates; // "candidate:…", without "a=".
    bool bundle_only;
    bool has_sctp_port;
    bool has_max_message_size;
    uint16_t sctp_port;
    uint64_t max_message_size; // 0: no limit. What does not fit is UINT64_MAX.
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

bool sdp_list_has(const struct sdp_list *list, struct bytes text);

// Adds to a list that lives in `arena`; false where there is no memory.
YODEL_MUST_USE bool sdp_list_add(struct sdp_list *list, struct arena *arena, struct bytes text);

#endif
