// Why an endpoint did not take an offer, in sentences that say what to do; and whether to try again.
//
// Implements  RFC 9725 §4.1 (what is answered), RFC 9110 §15 (what that means), §10.2.3 (Retry-After)
// Ownership   writes into the given room
// Limits      SIGNALING_WHIP_WHY_EXCERPT bytes of the endpoint's own words, of which only what is visible
//             ASCII is shown

#ifndef SIGNALING_WHIP_WHY_H
#define SIGNALING_WHIP_WHY_H

#include "base/time.h"
#include "signaling/http_response.h"

#define SIGNALING_WHIP_WHY_EXCERPT 120

enum signaling_whip_hope {
    SIGNALING_WHIP_HOPE_NONE,
    SIGNALING_WHIP_HOPE_ONCE_OPEN, // Where it had worked before.
    SIGNALING_WHIP_HOPE_SOON,
};

struct signaling_whip_verdict {
    enum signaling_whip_hope hope;
    const char
        *code; // For a script: "token", "not-there", "refused", "busy", "not-ours", "no-server".
};

struct signaling_whip_why_context {
    bool is_whep;
    bool has_token;
    bool is_token_kept; // From where the offer was redirected to.
    const char *host;   // That was asked.
};

// Of an answer that is none to an offer.
struct signaling_whip_verdict signaling_whip_why_refused(struct writer *why,
    const struct signaling_whip_why_context *context,
    const struct signaling_http_response *response);

// Of no answer; `clause` is the connection's.
struct signaling_whip_verdict signaling_whip_why_unanswered(
    struct writer *why, const struct signaling_whip_why_context *context, const char *clause);

// Seconds in a Retry-After field; 0 where there is none, or a date.
yodel_duration signaling_whip_why_retry_after(const struct signaling_http_response *response);

#endif
