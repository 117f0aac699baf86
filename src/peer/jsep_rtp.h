// JSEP, what media sections say: the codecs, extensions and streams that we offer, what of theirs we
// answer with, and what both have agreed on.
//
// Implements  RFC 9429 §5.2.1 (offers), §5.3.1 (answers), §5.8.3; RFC 8834, RFC 8285 §6 (extensions),
//             RFC 8830 (msid), RFC 5576 (ssrc), RFC 4588 §8 (RTX), RFC 2198 §5 (RED of sound)
// Not here    directions (peer/jsep_transceiver.h), the transport of a section
// Ownership   what is made lives in `arena` and borrows the transceiver and the offer; what was
//             agreed on borrows the descriptions
// Departs     a section without a=rtcp-mux is rejected (RFC 8834 §4.5 asks us to take it)

#ifndef PEER_JSEP_RTP_H
#define PEER_JSEP_RTP_H

#include "peer/jsep_transceiver.h"

// RFC 8866 §6.7: none is sendrecv.
enum sdp_direction jsep_rtp_direction(const struct sdp *sdp, const struct sdp_media *media);

// Whether we could answer the section with anything but a rejection.
bool jsep_rtp_is_acceptable(const struct jsep *jsep, const struct sdp_media *media);

// All but the transport and the mid. False: no memory.
YODEL_MUST_USE bool jsep_rtp_fill_offer(const struct jsep *jsep,
    const struct yodel_transceiver *transceiver, struct arena *arena, struct sdp_media *media);
YODEL_MUST_USE bool jsep_rtp_fill_answer(const struct jsep *jsep,
    const struct yodel_transceiver *transceiver, const struct sdp *offer,
    const struct sdp_media *offered, struct arena *arena, struct sdp_media *media);

// Whether a codec is left of the offered ones that the transceiver's user wants.
bool jsep_rtp_has_codec(
    const struct yodel_transceiver *transceiver, const struct sdp_media *offered);

// What is in force, or, of an answer that is provisional, proposed. False: nothing is.
bool jsep_rtp_find(
    const struct jsep *jsep, const struct yodel_transceiver *transceiver, struct jsep_rtp *agreed);

#endif
