// The media session: what a peer sends and receives as RTP and RTCP, once DTLS has given the keys.
//
//    recv ──► unprotect ──► RTP:  demux ──► inbound ──► frames ──► next_event
//                      └──► RTCP: outbound (NACK, PLI, reports), rates (feedback), clocks
//    put  ──► outbound ──► pacer ──► emit: RTCP, sound, what was lost, video, padding ──► protect
//
// Implements  RFC 3711, RFC 5764 (SRTP with DTLS's keys), RFC 5761 (RTP and RTCP together); RFC 3550 §6, RFC 4585 §3.5,
//             RFC 5506 (when RTCP is sent, and in what size); RFC 8834
// Not here    datagrams that are not RTP, transceivers' negotiation (peer/jsep_transceiver.h)
// Ownership   the peer's, of which it borrows jsep and env; lives from the first keys until the peer is freed
// Limits      DEMUX_SOURCES_MAX streams each way; INBOUND_FRAME_ROOM bytes a frame
// Departs     reports are sent every SESSION_REPORT_INTERVAL whatever the bandwidth (RFC 3550 §6.2 has a share of 5 %,
//             which in a session of two is never reached); of all SSRCs of ours in one packet (RFC 8108 §5.2)

#ifndef PEER_SESSION_H
#define PEER_SESSION_H

#include "cc/allocator.h"
#include "cc/gcc.h"
#include "cc/pacer.h"
#include "peer/demux.h"
#include "peer/inbound.h"
#include "peer/jsep_rtp.h"
#include "peer/outbound.h"
#include "rtp/twcc.h"
#include "srtp/srtp.h"

#define SESSION_REPORT_INTERVAL YODEL_SECONDS(1) // Half of it to one and a half (RFC 3550 §6.3.1).
#define SESSION_BPS_MIN 50000
#define SESSION_BPS_START 500000
#define SESSION_VIDEO_BPS_MIN 30000
#define SESSION_VIDEO_BPS_MAX 4000000 // Of a stream whose user has not said.
#define SESSION_SOUND_BPS 64000       // What a stream of sound is taken to need, with its headers.

enum session_drop {
    SESSION_DROP_FOREIGN,   // Neither RTP nor RTCP, or not well-formed though authentic.
    SESSION_DROP_UNROUTED,  // For no transceiver that receives.
    SESSION_DROP_COLLISION, // Its SSRC is one of ours (RFC 3550 §8.2).
    SESSION_DROP_MEMORY,
    SESSION_DROPS,
};

// What waits to be sent, as far as anybody looked: nobody looks at all transceivers for each packet.
struct session_waiting {
    bool is_stale; // Something came since.
    bool has_left; // Something went since, or was found to be of no use.
    bool has_sound, has_video;
    bool has_wanted; // By the other side, again.
};

struct session_stats {
    uint64_t drops[SESSION_DROPS]; // Those of SRTP are counted there.
    uint64_t rtcp_malformed, rtcp_unknown;
    uint64_t byes;
    uint64_t protect_failures;
};

struct session {
    const struct env *env;
    struct jsep *jsep;
    struct srtp sending, receiving;
    struct demux demux;
    struct rtp_ext_map exts; // Of all sections, which share their ids (RFC 9143 §9.2).
    struct cc_gcc gcc;
    struct cc_pacer pacer;
    struct session_waiting waiting;
    uint64_t shared_bps;    // The target that was shared last; 0: it is to be shared anew,
    double shared_loss;     // with this loss.
    uint64_t transport_seq; // Of the last packet that had one.
    struct rtp_twcc_receiver twcc;
    struct rtp_twcc_clock twcc_clock;
    uint32_t heard_ssrc; // Of the last packet with a transport-wide number.
    bool is_reduced;     // RTCP of reduced size was agreed on.
    bool has_feedback;   // So was feedback for all of the transport.
    bool has_said_bye;
    struct rtp_ntp_clock clock; // The other side's.
    yodel_duration rtt;         // 0: not known.
    uint64_t rrtr_ntp; // The last that a receiver said of its clock; 0: nothing is to be answered.
    uint32_t rrtr_ssrc;
    yodel_time rrtr_arrival;
    yodel_time report_due;
    bool is_reporting;                     // Reports are being written,
    struct yodel_transceiver *report_next; // from this one on.
    struct yodel_transceiver *emitted;     // Who sent video last: the next one is asked first.
    uint8_t *frame_room;                   // NULL until a frame of video is whole.
    struct yodel_frame frame;              // That was told last.
    yodel_time now;                        // The latest that was heard of.
    struct session_stats stats;
};

// Keys of DTLS (RFC 5764 §4.2), wiped by the caller. NULL: no memory.
struct session *session_new(const struct env *env, struct jsep *jsep, enum srtp_suite suite,
    struct bytes sending, struct bytes receiving, yodel_time now);
void session_free(struct session *session);

// What was agreed on may have changed. `session` may be NULL: the transceivers learn it all the same.
void session_agree(struct session *session, struct jsep *jsep);

// Whether anything was agreed on that needs a session.
bool session_is_needed(const struct jsep *jsep);

// Its streams end. `session` may be NULL.
void session_forget(struct session *session, struct yodel_transceiver *transceiver);

// Inputs. The datagram is decrypted in place.
void session_recv(struct session *session, struct span datagram, yodel_time now);
void session_tick(struct session *session, yodel_time now);

// As yodel_transceiver_send_frame.
YODEL_MUST_USE enum yodel_err session_put(struct session *session,
    struct yodel_transceiver *transceiver, const struct yodel_frame *frame);

// Outputs. `room` has OUTBOUND_PACKET_MAX bytes at least; 0: nothing is to be sent now.
size_t session_emit(struct session *session, struct span room, yodel_time now);
bool session_next_event(struct session *session, struct yodel_event *event);
yodel_time session_next_timeout(const struct session *session);

// The last word: BYE, once; else 0.
size_t session_emit_bye(struct session *session, struct span room);

// ---- of its other files

// Whether this is an SSRC of ours, of media or of RTX.
bool session_owns(const struct session *session, uint32_t ssrc);

// RTCP that came, decrypted; and what is due, into `room`, encrypted. 0: nothing is.
void session_rtcp_recv(struct session *session, struct bytes packet, yodel_time now);
size_t session_rtcp_emit(struct session *session, struct span room, yodel_time now);
yodel_time session_rtcp_next_timeout(const struct session *session);

// Rates: limits from what may be sent, shares of the estimate, the pacer's queue. An update costs little while nothing
// has changed, and does not see what has left since something came: session_rate_rest does, when no more can leave.
void session_rate_agree(struct session *session);
void session_rate_update(struct session *session, yodel_time now);
void session_rate_rest(struct session *session, yodel_time now);
void session_rate_sent(
    struct session *session, enum cc_pacer_kind kind, size_t size, bool is_counted, yodel_time now);

#endif
