// SRTP and SRTCP in one direction: each packet is protected once, and accepted once.
//
//   RTP    header | payload          <->   header | sealed payload | tag
//   RTCP   8 bytes | rest            <->   8 bytes | sealed rest | tag | 1, index      AES-GCM
//                                    <->   8 bytes | sealed rest | 1, index | tag      AES-CM with HMAC-SHA-1
//
// What the index of a packet was is known by its stream (an SSRC); streams of the other side come to be when
// their first packet was authenticated, so that a stranger fills nothing.
//
// Implements  RFC 3711 §3.3, §3.4, §4, appendix A; RFC 7714 §8, §9; RFC 6188
// Not here    key agreement (dtls), what the packets say (rtp), telling RTP from RTCP (RFC 5761)
// Ownership   owns its keys and streams until deinit; borrows packets for the call
// Limits      the count of streams that init takes; 2^48 RTP packets of a stream and 2^31 RTCP packets under one
//             key, after which protecting fails; SRTP_PACKET_MAX bytes
// Departs     one row of RTCP indices for all SSRCs (RFC 3711 §3.2.1 has one each), which repeats none either;
//             no MKI, no key derivation rate, no unencrypted packets (RFC 8827 §6.5)

#ifndef SRTP_SRTP_H
#define SRTP_SRTP_H

#include "base/env.h"
#include "base/err.h"
#include "base/map.h"
#include "srtp/cipher.h"
#include "srtp/window.h"

#define SRTP_RTP_OVERHEAD_MAX 16  // A tag.
#define SRTP_RTCP_OVERHEAD_MAX 20 // A tag and an index.
#define SRTP_STREAMS_DEFAULT 64
#define SRTP_PACKET_MAX                                                                            \
    65535 // Protected, as UDP's longest. AES-CM would repeat key stream after 2^16 blocks.

enum srtp_drop {
    SRTP_DROP_MALFORMED, // No RTP or RTCP, too short for the suite, or too long.
    SRTP_DROP_REPLAYED,
    SRTP_DROP_OLD, // From before the window, or from before the stream began.
    SRTP_DROP_FORGED,
    SRTP_DROP_UNENCRYPTED,
    SRTP_DROP_STREAMS, // Authenticated, but of one stream too many, or without memory.
    SRTP_DROPS,
};

struct srtp_stats {
    uint64_t packets, rtcp_packets;
    uint64_t drops[SRTP_DROPS];
};

struct srtp_stream;

struct srtp {
    const struct env *env;
    struct srtp_cipher rtp, rtcp;
    struct map streams;
    size_t stream_count_max;
    struct srtp_stream *latest; // Packets come in bursts.
    uint32_t rtcp_index;        // Of the next to protect; one row for all SSRCs.
    struct srtp_stats stats;
};

// `master` is key and salt as DTLS exports them for one side (RFC 5764 §4.2), and is copied. Whoever sends makes one
// session of a DTLS connection's keys and keeps it as long as these, over ICE restarts and new descriptions: a second
// one would begin its indices anew, and so use nonces twice (RFC 3711 §9.1).
void srtp_init(struct srtp *srtp, const struct env *env, enum srtp_suite suite, struct bytes master,
    size_t stream_count_max);
void srtp_deinit(struct srtp *srtp);

// Writes the protected packet to `out`, which has room for SRTP_RTP_OVERHEAD_MAX more. `payload` may lie in `out`
// already, behind the room of `header`, which is copied there unless it is there; it is not touched otherwise, so that
// one payload serves many receivers. `index` is the 48-bit one: the sequence number that never wraps. A stream's first
// is below 2^16, as its receiver takes the roll-over counter to be 0; below 2^15 is better, for the first to get there
// may be after a wrap otherwise.
// YODEL_ERR_EXISTS where that index was protected already (its nonce must not repeat) or is too old to tell;
// YODEL_ERR_TOO_LARGE where there is no room, or over SRTP_PACKET_MAX; YODEL_ERR_RANGE after the last index or for such a first one; for a
// stream that cannot be added YODEL_ERR_NOT_SUPPORTED or YODEL_ERR_NO_MEMORY.
YODEL_MUST_USE enum yodel_err srtp_protect(struct srtp *srtp, uint64_t index, struct bytes header,
    struct bytes payload, struct span out, size_t *len);

// The same for a whole RTCP packet, with SRTP_RTCP_OVERHEAD_MAX more.
YODEL_MUST_USE enum yodel_err srtp_protect_rtcp(
    struct srtp *srtp, struct bytes packet, struct span out, size_t *len);

struct srtp_opened {
    uint64_t index; // The sequence number, unwrapped.
    struct bytes header;
    struct span payload; // With the padding that the header tells of.
};

// Opens in place. False, counted and nothing changed but the packet where it is not a new packet of the other side's.
YODEL_MUST_USE bool srtp_unprotect(
    struct srtp *srtp, struct span packet, struct srtp_opened *opened);

// The same for RTCP: sets `len` to what is left of the packet.
YODEL_MUST_USE bool srtp_unprotect_rtcp(struct srtp *srtp, struct span packet, size_t *len);

#endif
