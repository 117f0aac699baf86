// SCTP retransmission timeout: how long to wait for an acknowledgement on this path.
//
// Implements  RFC 9260 §6.3.1 (the estimate), §6.3.3 (backing off)
// Departs     RTO.Min is 250 ms, not 1 s: above the 200 ms for which a peer may hold an
// acknowledgement back, and small
//             enough for a live channel. Backing off stops at SCTP_RTO_BACKOFF_MAX or the estimate,
//             whichever is longer, not at 60 s: after an outage data must flow again within a
//             second, and a packet a second is no load. Who decides that a path is dead is ICE
//             consent.
// Time        every `now` must be at least the one before it

#ifndef SCTP_RTO_H
#define SCTP_RTO_H

#include "base/time.h"

#define SCTP_RTO_INITIAL YODEL_MS(500)
#define SCTP_RTO_MIN YODEL_MS(250)
#define SCTP_RTO_MAX YODEL_SECONDS(60)
#define SCTP_RTO_BACKOFF_MAX YODEL_SECONDS(1)

struct sctp_rto {
    yodel_duration srtt; // 0: nothing measured yet.
    yodel_duration rttvar;
    yodel_duration estimate;
    yodel_duration rto; // The estimate, backed off.
};

void sctp_rto_init(struct sctp_rto *rto);
void sctp_rto_measure(struct sctp_rto *rto, yodel_duration rtt);
void sctp_rto_back_off(struct sctp_rto *rto);

// Something new was acknowledged: the path lives, and backing off ends.
void sctp_rto_recover(struct sctp_rto *rto);

#endif
