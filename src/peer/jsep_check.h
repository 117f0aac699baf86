// JSEP, what a remote description must be: its sections against those before, its transport whole.
//
// All sections share one transport (BUNDLE): that of the first that we accept. What is not in its
// group is rejected.
//
// Implements  RFC 9429 §5.8.3 (semantics verification), §5.10, 5.11 (applying); RFC 9143 §7.3 (the
//             tagged section), RFC 8842 §5.5 (keeping a DTLS association), RFC 8841 §5, 6
// Ownership   borrows the descriptions

#ifndef PEER_JSEP_CHECK_H
#define PEER_JSEP_CHECK_H

#include "peer/jsep.h"

// A section of a description, with what its BUNDLE group and the session lend it.
struct jsep_section {
    size_t index;
    const struct sdp_media *media;
    const struct sdp_media *tagged; // The one with its transport attributes; often itself.
    struct bytes ufrag;
    struct bytes pwd;
    const struct sdp_fingerprint *fingerprints;
    size_t fingerprint_count;
    enum sdp_setup setup;
    bool end_of_candidates;
};

// Notes a sentence about what is wrong, and returns `err`.
enum yodel_err jsep_check_fail(struct jsep *jsep, enum yodel_err err, const char *format, ...)
    YODEL_PRINTF(3, 4);

// A port of 0 rejects a section, but for a=bundle-only in an offer.
bool jsep_check_is_rejected(
    const struct sdp *sdp, enum yodel_sdp_type type, const struct sdp_media *media);

// The first section that is not rejected, of those that we understand; its transport carries the
// others. False where there is none.
bool jsep_check_find_transport(const struct jsep *jsep, const struct jsep_description *description,
    struct jsep_section *transport);

// Whether the transport carries a section, which we then accept.
bool jsep_check_is_accepted(const struct jsep *jsep, const struct jsep_description *description,
    const struct sdp_media *media);

// The first section for data that the transport carries; false where there is none.
bool jsep_check_find_data(
    const struct jsep *jsep, const struct jsep_description *description, struct jsep_section *data);

// The transport that both sides have agreed on, as the current remote description has it.
bool jsep_check_find_agreed(const struct jsep *jsep, struct jsep_section *transport);

// Whether candidates for `media` are for the transport, because it carries both.
bool jsep_check_is_carrier(
    const struct sdp *sdp, const struct jsep_section *transport, const struct sdp_media *media);

// The candidates of the transport: its section's own or, where it has none, those of a carrier.
const struct sdp_list *jsep_check_candidates(
    const struct sdp *sdp, const struct jsep_section *transport);

// The role that an answer of ours gives to an offer with this setup.
enum jsep_role jsep_check_answer_role(const struct jsep *jsep, enum sdp_setup offered);

// Fail with INVALID_ACCESS.
YODEL_MUST_USE enum yodel_err jsep_check_offer(
    struct jsep *jsep, const struct jsep_description *offer);
YODEL_MUST_USE enum yodel_err jsep_check_answer(
    struct jsep *jsep, const struct jsep_description *answer, const struct sdp *offer);

#endif
