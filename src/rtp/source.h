// RTP sources: what is known of one stream that we receive, from its packets and its sender's
// reports.
//
// Implements  RFC 3550 §6.4.1 (what a report says), §A.1 (sequence numbers), §A.3 (loss), §A.8
//             (jitter)
// Not here    which source a packet belongs to, buffers, repair (rtp/nack.h)
// Ownership   values
// Time        every `now` must be at least the one before it
// Limits      RTP_SOURCE_DROPOUT_MAX packets forward, RTP_SOURCE_MISORDER_MAX back; what is further
//             away begins anew once the next one follows it
// Departs     a source need not prove itself by two packets in sequence before its packets are
//             used: SRTP has done so. It is reported once it has

#ifndef RTP_SOURCE_H
#define RTP_SOURCE_H

#include "base/time.h"
#include "rtp/ntp.h"
#include "rtp/packet.h"

#define RTP_SOURCE_DROPOUT_MAX 3000  // §A.1: a minute of audio, seconds of video.
#define RTP_SOURCE_MISORDER_MAX 1000 // §A.1 has 100, which a burst of video exceeds.
#define RTP_SOURCE_SYNC_MAX_S 60     // So far from a sender's report its clock is carried.

// Where a packet lies, in numbers that never wrap.
struct rtp_place {
    uint64_t seq;
    uint64_t timestamp;
};

struct rtp_source {
    uint32_t ssrc;
    uint32_t clock_rate;
    bool is_started;
    bool is_valid;            // Two came in sequence.
    uint64_t base;            // The first number,
    uint64_t highest;         // the highest,
    uint64_t timestamp;       // and its timestamp; 0: none is known.
    uint64_t resume;          // After a leap: the number that would confirm it; 0: none.
    uint64_t received;        // Since `base`.
    uint64_t expected_before; // At the last report.
    uint64_t received_before;
    uint32_t transit; // Of the packet before, in timestamp units of an unknown beginning.
    uint32_t jitter;  // Times 16.
    struct rtcp_sender_info info; // The sender's last report,
    uint64_t info_timestamp;      // unwrapped,
    yodel_time info_arrival;      // and when it came.
    uint64_t packets;             // Ever.
    uint64_t octets;
    uint64_t leaps; // Packets dropped because their number is too far away.
};

// `clock_rate` is the payload format's, not 0.
void rtp_source_init(struct rtp_source *source, uint32_t ssrc, uint32_t clock_rate);

// A packet came, by itself. False: it is to be dropped.
bool rtp_source_recv(struct rtp_source *source, const struct rtp_packet *packet,
    struct rtp_place *place, yodel_time now);

// Where a repaired packet lies, which counts for nothing (RFC 4588 §4: RTX has reports of its own).
// False: nothing came by itself yet.
bool rtp_source_find(
    const struct rtp_source *source, const struct rtp_packet *packet, struct rtp_place *place);

// A report of its sender's came.
void rtp_source_recv_info(
    struct rtp_source *source, const struct rtcp_sender_info *info, yodel_time now);

// Whether anything came since the last report; and the report, which begins a new interval.
bool rtp_source_has_news(const struct rtp_source *source);
void rtp_source_report(struct rtp_source *source, struct rtcp_report *report, yodel_time now);

// When what carries `timestamp` was captured, by its sender's clock; false without a report.
bool rtp_source_captured(const struct rtp_source *source, uint64_t timestamp, uint64_t *ntp);

// The mean deviation of transit times (RFC 3550 §6.4.1).
yodel_duration rtp_source_jitter(const struct rtp_source *source);

#endif
