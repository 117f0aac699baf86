// SCTP acknowledgements: what a SACK from the peer does to what we sent.
//
// Implements  RFC 9260 §6.2.1 (processing), §6.3.1 (measuring), §7.2.4 (fast retransmission)
// Departs     §7.2.4 counts SACKs that report a chunk missing; one SACK of ours answers a whole
// batch, so each packet's
//             worth of bytes that is newly acknowledged above the hole counts, as RFC 6675 does for
//             TCP
// Time        `now` measures the round trip
// Limits      a SACK costs what it newly acknowledges, not what it repeats

#ifndef SCTP_SACK_H
#define SCTP_SACK_H

#include "sctp/tx.h"

// Returns false for a SACK that acknowledges what was never sent.
YODEL_MUST_USE bool sctp_sack_recv(
    struct sctp_tx *tx, const struct sctp_sack *sack, yodel_time now);

// The cumulative part alone, as SHUTDOWN carries it.
YODEL_MUST_USE bool sctp_sack_recv_cumulative(struct sctp_tx *tx, uint32_t wire, yodel_time now);

#endif
