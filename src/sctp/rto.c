// SCTP retransmission timeout: the estimator of RFC 9260 §6.3.1.

#include "sctp/rto.h"

#define CLOCK_GRANULARITY YODEL_MS(1)

static yodel_duration clamp(yodel_duration value, yodel_duration low, yodel_duration high)
{
    return value < low ? low : value > high ? high : value;
}

void sctp_rto_init(struct sctp_rto *rto)
{
    *rto = (struct sctp_rto){.estimate = SCTP_RTO_INITIAL, .rto = SCTP_RTO_INITIAL};
}

void sctp_rto_measure(struct sctp_rto *rto, yodel_duration rtt)
{
    rtt = clamp(rtt, 1, SCTP_RTO_MAX);
    if (rto->srtt == 0) {
        rto->srtt = rtt; // C2
        rto->rttvar = rtt / 2;
    } else {
        yodel_duration error = rtt > rto->srtt ? rtt - rto->srtt : rto->srtt - rtt;

        rto->rttvar = (3 * rto->rttvar + error) / 4; // C3, beta 1/4 and alpha 1/8.
        rto->srtt = (7 * rto->srtt + rtt) / 8;
    }
    if (rto->rttvar == 0) {
        rto->rttvar = CLOCK_GRANULARITY; // G1
    }
    rto->estimate = clamp(rto->srtt + 4 * rto->rttvar, SCTP_RTO_MIN, SCTP_RTO_MAX); // C6, C7
    rto->rto = rto->estimate;
}

void sctp_rto_back_off(struct sctp_rto *rto)
{
    yodel_duration most =
        rto->estimate > SCTP_RTO_BACKOFF_MAX ? rto->estimate : SCTP_RTO_BACKOFF_MAX;

    rto->rto = clamp(2 * rto->rto, SCTP_RTO_MIN, most); // E2
}

void sctp_rto_recover(struct sctp_rto *rto)
{
    rto->rto = rto->estimate;
}
