// Inbound: packets of one transceiver's stream on their way in, which become frames again.
//
//     recv ──► the stream's own packets, and repaired ones (RTX) ──► video: nack, frames ──► next
//                                                                └─► sound: as they come ──► next
//
// A packet of sound that brings copies of earlier ones (RED) is as many frames as did not come before: its own, and behind
// it those of the packets that were lost, with their numbers and times. Each number becomes a frame once.
//
// One stream at a time: where the other side begins another (a new SSRC), it takes the place of the one before, whose
// late packets are dropped.
//
// Implements  RFC 3550 §6.4.1 (reports), §8.2 (SSRCs that change); RFC 4588 §8.6 (RTX goes with a payload type); RFC
//             4585 §6.2.1, §6.3.1; RFC 2198 §4 (a copy is of a packet before, one each)
// Not here    decryption, whose packet it is (peer/demux.h), jitter buffers
// Ownership   owns its buffers; a frame borrows from them, or from the caller's room, until the next call
// Limits      INBOUND_PLACES packets of video wait to become frames, INBOUND_SOUNDS packets of sound to be taken

#ifndef PEER_INBOUND_H
#define PEER_INBOUND_H

#include "base/env.h"
#include "peer/jsep_transceiver.h"
#include "rtp/frames.h"
#include "rtp/nack.h"
#include "rtp/ntp.h"
#include "rtp/source.h"

#define INBOUND_PLACES 1024u
#define INBOUND_SOUNDS 64u
#define INBOUND_HEARD                                                                              \
    64u // Of so many of the latest packets of sound it is known whether they came.
#define INBOUND_FRAME_ROOM ((size_t)INBOUND_PLACES * RTP_FRAMES_PACKET_MAX)

struct inbound_sound;

struct inbound {
    const struct env *env;
    bool is_video;
    bool is_begun;
    bool has_ended;  // BYE.
    uint32_t before; // The SSRC before; 0: none was.
    struct rtp_source source;
    enum yodel_codec codec; // Of the last packet.
    uint16_t rotation;      // The last that was told.
    struct rtp_nack nack;
    struct rtp_frames frames;     // Of video.
    struct inbound_sound *sounds; // A ring, of sound.
    size_t sound_first, sound_count;
    uint64_t heard_top, heard; // The latest number of sound, and a bit for it and for each before.
    uint8_t fir_seq;
    bool is_key_asked; // By the application.
    uint64_t frames_received, key_frames_received, bytes_received;
    uint64_t rtx_packets, rtx_octets, padding_packets, header_octets;
    uint64_t copies;             // Frames that RED brought back.
    uint64_t unknown, discarded; // Packets of no payload type that was agreed on, and of no use.
    uint64_t nacks, plis, firs;
    yodel_time last_packet;
};

// NULL: no memory.
struct inbound *inbound_new(const struct env *env, bool is_video);
void inbound_free(struct inbound *in);

void inbound_recv(struct inbound *in, const struct jsep_rtp *agreed, struct rtp_packet *packet,
    const struct rtp_ext_values *values, yodel_time now);
void inbound_tick(struct inbound *in, yodel_time now);

// The next frame; of video it is put together in `room`, of INBOUND_FRAME_ROOM bytes. False: none is whole.
bool inbound_next(struct inbound *in, const struct rtp_ntp_clock *clock, struct span room,
    struct yodel_frame *frame, yodel_time now);

// NACK, PLI or FIR, where one is due and was agreed on, as far as there is room. `sender` is ours.
void inbound_put_feedback(struct inbound *in, const struct jsep_rtp *agreed, uint32_t sender,
    struct writer *w, yodel_time now);

yodel_time inbound_next_timeout(const struct inbound *in);

#endif
