// RTP senders: what one stream of ours has sent, for the reports on it.
//
// Implements  RFC 3550 §6.4.1 (sender information)
// Not here    when a report is due
// Ownership   values

#ifndef RTP_SENDER_H
#define RTP_SENDER_H

#include "base/time.h"
#include "rtp/ntp.h"

struct rtp_sender {
    uint32_t ssrc;
    uint32_t clock_rate;
    uint32_t timestamp;  // Of the last packet,
    yodel_time captured; // and when what is in it was captured.
    uint64_t packets;
    uint64_t octets; // Of payloads, without padding.
};

// `clock_rate` is the payload format's, not 0.
void rtp_sender_init(struct rtp_sender *sender, uint32_t ssrc, uint32_t clock_rate);

void rtp_sender_sent(
    struct rtp_sender *sender, size_t payload_len, uint32_t timestamp, yodel_time captured);

// False: nothing was sent, and there is nothing to report.
bool rtp_sender_report(
    const struct rtp_sender *sender, struct rtcp_sender_info *info, yodel_time now);

#endif
