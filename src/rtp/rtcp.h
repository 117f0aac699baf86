// RTCP packets: what the receivers and senders of RTP tell each other, compound or in reduced size.
//
// The reader hands out one flat block after the other, a report, a name, a lost packet's number
// with its mask, whatever packet it was in, so that its user is one switch.
//
// Implements  RFC 3550 §6.4 to §6.6 (SR, RR, SDES, BYE); RFC 5506 (reduced size); RFC 4585 §6.2,
//             §6.3 (NACK, PLI); RFC 5104 §4.3.1 (FIR); RFC 3611 §4.4, §4.5 (RRTR, DLRR);
//             draft-alvestrand-rmcat-remb-03 (REMB)
// Not here    what is in transport-wide feedback (rtp/twcc.h); APP, TMMBR and other XR blocks,
//             which are passed over; the reason of a BYE, which is for people and not read
// Ownership   blocks borrow from the datagram
// Departs     any packet may be padded, by any number of bytes, not the last one alone by whole
//             words (RFC 3550 §6.4.1): so do browsers with transport-wide feedback
// Limits      what a packet of 65535 words can hold; work is linear in the datagram's length

#ifndef RTP_RTCP_H
#define RTP_RTCP_H

#include "base/bytes.h"
#include "base/err.h"

#define RTCP_REPORTS_MAX 31 // A packet's, also BYE's sources: five bits count them.
#define RTCP_CNAME_MAX 255

// What reader and writer know of the wire.
#define RTCP_VERSION 0x80 // 2, in the two highest bits of every packet.
#define RTCP_COUNT_MASK 0x1f
#define RTCP_SDES_CNAME 1
#define RTCP_XR_RRTR 4
#define RTCP_XR_DLRR 5
#define RTCP_REMB_NAME 0x52454d42 // "REMB".
#define RTCP_REMB_MANTISSA_BITS 18

enum rtcp_type {
    RTCP_TYPE_SR = 200,
    RTCP_TYPE_RR = 201,
    RTCP_TYPE_SDES = 202,
    RTCP_TYPE_BYE = 203,
    RTCP_TYPE_TRANSPORT = 205, // RTPFB, RFC 4585 §6.1.
    RTCP_TYPE_PAYLOAD = 206,   // PSFB.
    RTCP_TYPE_XR = 207,
};

enum rtcp_format {
    RTCP_FORMAT_NACK = 1, // Of RTCP_TYPE_TRANSPORT.
    RTCP_FORMAT_TWCC = 15,
    RTCP_FORMAT_PLI = 1, // Of RTCP_TYPE_PAYLOAD.
    RTCP_FORMAT_FIR = 4,
    RTCP_FORMAT_REMB = 15,
};

enum rtcp_kind {
    RTCP_SENDER_INFO,
    RTCP_REPORT,
    RTCP_CNAME,
    RTCP_BYE,
    RTCP_NACK,
    RTCP_TWCC,
    RTCP_PLI,
    RTCP_FIR,
    RTCP_REMB,
    RTCP_RRTR,
    RTCP_DLRR,
};

// RFC 3550 §6.4.1.
struct rtcp_sender_info {
    uint64_t ntp; // 32.32 seconds.
    uint32_t timestamp;
    uint32_t packets;
    uint32_t octets;
};

// When the last SR (or RRTR) of somebody came, and how long ago. 0: none came.
struct rtcp_echo {
    uint32_t last;  // The middle 32 bits of its NTP time: 16.16 seconds.
    uint32_t delay; // 16.16 seconds.
};

struct rtcp_report {
    uint8_t fraction_lost; // Of 256, since the last report.
    int32_t lost;          // Ever, 24 bits; negative after duplicates.
    uint32_t highest_seq;  // Its cycles in the upper half.
    uint32_t jitter;       // In units of the RTP timestamp.
    struct rtcp_echo echo;
};

struct rtcp_nack {
    uint16_t seq;
    uint16_t mask; // Bit n: `seq` + n + 1 too.
};

struct rtcp_remb {
    uint64_t rate_bps;
    struct bytes ssrcs; // Four bytes each.
};

struct rtcp_block {
    enum rtcp_kind kind;
    uint32_t sender; // Who sent it. Of a CNAME and a BYE, the same as `ssrc`.
    uint32_t ssrc;   // Whom it is about; 0 where it is about none: SENDER_INFO, REMB, RRTR.
    union {
        struct rtcp_sender_info sender_info;
        struct rtcp_report report;
        struct bytes cname; // Of 0 to 255 bytes, whatever they are.
        struct rtcp_nack nack;
        struct bytes twcc;
        uint8_t fir_seq;
        struct rtcp_remb remb;
        uint64_t ntp;          // RRTR.
        struct rtcp_echo echo; // DLRR.
    };
};

struct rtcp_reader {
    struct reader packets; // Those to come.
    struct reader body;    // What is left of the present one,
    struct reader items;   // and of the present block or chunk in it.
    uint8_t type;
    uint8_t count; // Items to come, or the format.
    bool is_first; // No block of the present packet was handed out yet.
    uint32_t sender;
    uint32_t ssrc;
    uint32_t unknown;   // Packets and blocks that were passed over,
    uint32_t malformed; // and those that ended before what they had announced.
};

// Checks the frame of the whole datagram. MALFORMED: nothing of it may be believed (C1).
YODEL_MUST_USE enum yodel_err rtcp_open(struct rtcp_reader *reader, struct bytes datagram);

// The next block that is known and well-formed; false at the end.
bool rtcp_next(struct rtcp_reader *reader, struct rtcp_block *block);

// ---- writing, one packet each; a writer that had not enough room has failed
//
// RFC 3550 §6.1 wants SR or RR first and a CNAME in each compound; RFC 5506 lifts that.

void rtcp_put_sr(struct writer *w, uint32_t sender, const struct rtcp_sender_info *info);

// Adds a block to the SR or RR that begins at `at`, and must end the writer. False: it is full.
void rtcp_put_rr(struct writer *w, uint32_t sender);
bool rtcp_put_report(struct writer *w, size_t at, uint32_t ssrc, const struct rtcp_report *report);

void rtcp_put_cname(struct writer *w, uint32_t ssrc, struct bytes cname);
void rtcp_put_bye(struct writer *w, const uint32_t *ssrcs, size_t count);

// `seqs` are unwrapped and rise. Returns how many were named, as far as there is room; the writer
// does not fail.
size_t rtcp_put_nack(
    struct writer *w, uint32_t sender, uint32_t ssrc, const uint64_t *seqs, size_t count);

void rtcp_put_pli(struct writer *w, uint32_t sender, uint32_t ssrc);
void rtcp_put_fir(struct writer *w, uint32_t sender, uint32_t ssrc, uint8_t fir_seq);
void rtcp_put_remb(
    struct writer *w, uint32_t sender, uint64_t rate_bps, const uint32_t *ssrcs, size_t count);
void rtcp_put_rrtr(struct writer *w, uint32_t sender, uint64_t ntp);
void rtcp_put_dlrr(struct writer *w, uint32_t sender, uint32_t ssrc, const struct rtcp_echo *echo);

// The frame, for what is written elsewhere. `at` is what the beginning returned.
size_t rtcp_put_header(struct writer *w, enum rtcp_type type, uint8_t count);
void rtcp_put_end(struct writer *w, size_t at);

#endif
