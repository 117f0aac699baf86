// Fragments of SDP for ICE: what WHIP's PATCH requests carry, in both directions.
//
//   a=ice-options:trickle ice2
//   a=group:BUNDLE 0 1
//   m=audio 9 UDP/TLS/RTP/SAVPF 111
//   a=mid:0
//   a=ice-ufrag:EsAw
//   a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
//   a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host
//   a=end-of-candidates
//
// Implements  RFC 8840 §9 (application/trickle-ice-sdpfrag), RFC 9725 §4.3.2, §4.3.3
// Not here    whether all this makes sense: the peer reads what comes of it as any description
// Ownership   borrows
// Limits      the room that is given

#ifndef SIGNALING_WHIP_FRAGMENT_H
#define SIGNALING_WHIP_FRAGMENT_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

// What a description or a fragment says of ICE, in its first section or before it. Whole lines without
// their ends, or empty.
struct signaling_whip_ice {
    struct bytes options, group, media, mid, ufrag, pwd;
};

struct signaling_whip_ice signaling_whip_fragment_read(struct bytes sdp);

// "EsAw" of "a=ice-ufrag:EsAw"; for a mid likewise.
struct bytes signaling_whip_fragment_value(struct bytes line);

// Of an offer of ours: with `candidates`, lines with their ends; or, for a restart, with its own.
void signaling_whip_fragment_put(struct writer *w, struct bytes offer, struct bytes candidates);
void signaling_whip_fragment_put_restart(struct writer *w, struct bytes offer);

// The answer that a restart makes of the one before it: with the fragment's credentials and candidates
// in place of its own. MALFORMED: the fragment has no credentials; TOO_LARGE.
YODEL_MUST_USE enum yodel_err signaling_whip_fragment_merge(
    struct writer *w, struct bytes answer, struct bytes fragment);

#endif
