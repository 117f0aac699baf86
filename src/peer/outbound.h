// Outbound: a transceiver's frames on their way out, as packets of one stream and of the one that repairs it.
//
//     put ──► frames that wait ──► emit: a packet at a time, cut when it is sent ──► history ──► again: RTX
//
// A frame of video that cannot wait any more is refused, and so is every one after it until the next key frame, which
// is asked for: a decoder gets nothing that refers to what it never got.
//
// Implements  RFC 3550 §5.1 (random beginnings), RFC 8834 §4.4 (one stream a track); RFC 4588 §4 (RTX), RFC 8285
// Not here    encryption and when to send (peer/session.h), cutting (peer/cutter.h)
// Ownership   frames are copied, and freed when their last packet was sent
// Limits      OUTBOUND_FRAME_MAX bytes a frame, OUTBOUND_SOUND_MAX of sound; OUTBOUND_FRAMES_MAX frames and
//             OUTBOUND_BYTES_MAX bytes that wait; packets of OUTBOUND_PACKET_MAX bytes with all that SRTP adds;
//             OUTBOUND_HISTORY_SIZE bytes of OUTBOUND_HISTORY_PLACES packets can be sent again

#ifndef PEER_OUTBOUND_H
#define PEER_OUTBOUND_H

#include "base/env.h"
#include "base/list.h"
#include "peer/cutter.h"
#include "peer/jsep_transceiver.h"
#include "peer/redundancy.h"
#include "rtp/history.h"
#include "rtp/rtx.h"
#include "rtp/sender.h"

#define OUTBOUND_PACKET_MAX 1200
#define OUTBOUND_SOUND_MAX 1100  // In one packet, whatever its extensions.
#define OUTBOUND_RED_LOSS 0.03   // With more lost, a copy of the sound before goes along,
#define OUTBOUND_RED_LOSS_2 0.10 // and with more than this, two.
#define OUTBOUND_FRAME_MAX (1u << 20)
#define OUTBOUND_FRAMES_MAX 64u
#define OUTBOUND_BYTES_MAX (1u << 21)
#define OUTBOUND_HISTORY_SIZE (1u << 20)
#define OUTBOUND_HISTORY_PLACES 2048u

struct outbound_frame;

struct outbound {
    const struct env *env;
    bool is_video;
    uint32_t rtx_ssrc;
    struct rtp_sender sender;
    uint64_t seq,
        rtx_seq; // Of the next packet of each. They never begin anew, whatever is negotiated.
    uint32_t timestamp; // Where ours begin.
    uint16_t picture;
    struct list frames; // struct outbound_frame.
    size_t frame_count;
    size_t bytes; // In them, that were not sent.
    struct cutter cutter;
    bool is_cutting;              // The first of them.
    bool needs_key;               // A frame was refused, or none was put yet.
    double lost;                  // The average of reports, 0 to 1.
    struct redundancy redundancy; // Of sound,
    size_t distance;              // with so many copies of what came before; 0: none.
    struct rtp_history history;
    struct rtcp_report report; // The other side's last about us.
    bool has_report;
    uint64_t bps, told_bps; // This stream's part of the estimate.
    uint64_t frames_sent, key_frames_sent, frames_refused;
    uint64_t nacks, plis, firs;
    uint64_t header_octets, rtx_packets, rtx_octets;
};

// What only the moment of sending knows.
struct outbound_stamp {
    uint64_t transport_seq;
    yodel_time now;
};

struct outbound_packet {
    uint64_t seq;
    size_t header_len;
    bool has_transport_seq;
};

// NULL: no memory. `clock_rate` is the first codec's.
struct outbound *outbound_new(
    const struct env *env, const struct yodel_transceiver *transceiver, uint32_t clock_rate);
void outbound_free(struct outbound *out);

// Fails with TOO_LARGE, WOULD_BLOCK (too much waits, or a key frame is needed), NO_MEMORY.
YODEL_MUST_USE enum yodel_err outbound_put(
    struct outbound *out, const struct yodel_frame *frame, yodel_time now);
void outbound_clear(struct outbound *out); // What waits is not sent any more.

// When what waits longest was put; YODEL_NEVER: nothing waits.
yodel_time outbound_oldest(const struct outbound *out);

// What the other side says of this stream; up to `distance_max` copies of sound go along from now on.
void outbound_recv_report(
    struct outbound *out, const struct rtcp_report *report, size_t distance_max);
void outbound_choose_distance(struct outbound *out, size_t distance_max);

// Each writes one whole packet, not yet encrypted, with what was agreed on. False: there is none.
bool outbound_emit(struct outbound *out, const struct jsep_rtp *agreed,
    const struct outbound_stamp *stamp, struct writer *w, struct outbound_packet *packet);
bool outbound_emit_again(struct outbound *out, const struct jsep_rtp *agreed,
    const struct outbound_stamp *stamp, struct writer *w, struct outbound_packet *packet);
bool outbound_emit_padding(struct outbound *out, const struct jsep_rtp *agreed,
    const struct outbound_stamp *stamp, struct writer *w, struct outbound_packet *packet);

#endif
