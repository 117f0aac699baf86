// SCTP state cookie: what INIT agreed on, given to the peer to carry, so that we remember nothing
// for it until it returns.
//
// Implements  RFC 9260 §5.1.3 (making one), §5.1.5 (checking it)
// Not here    what to do with a good one (sctp/assoc.h)
// Limits      good for SCTP_COOKIE_LIFETIME

#ifndef SCTP_COOKIE_H
#define SCTP_COOKIE_H

#include "base/time.h"
#include "sctp/chunk.h"

#define SCTP_COOKIE_LIFETIME YODEL_SECONDS(60)
#define SCTP_COOKIE_KEY_SIZE 32
#define SCTP_COOKIE_SIZE 74

struct sctp_cookie {
    yodel_time made_at;
    uint32_t our_tag;
    uint32_t our_tsn;
    uint32_t tie_ours; // The tags of the association that existed when it was made, or 0. §5.2.2
    uint32_t tie_theirs;
    struct sctp_init peer; // But for the parameters.
};

void sctp_cookie_write(
    const struct sctp_cookie *cookie, struct bytes key, uint8_t out[SCTP_COOKIE_SIZE]);

// UNAUTHENTIC: not one of ours. TIMEOUT: it was, and `cookie` is set, but it is too old.
YODEL_MUST_USE enum yodel_err sctp_cookie_parse(
    struct sctp_cookie *cookie, struct bytes key, struct bytes wire, yodel_time now);

#endif
