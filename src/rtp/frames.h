// RTP frames: a stream's packets, in whatever order they come, become whole frames in the order in
// which they can be decoded.
//
//              a key frame is whole
//   WAITING ------------------------> FLOWING: each frame follows the one before without a gap, or
//      ^                                 |     is a key frame
//      +---------------------------------+
//        something is lost for good: missing too long, given up, no room, a decoder that failed
//
// Implements  RFC 3550 §5.1 (the marker, one timestamp a frame); RFC 4585 §6.3.1, RFC 8834 §5.1.2
//             (key frames are asked for when decoding cannot go on)
// Not here    when a frame is shown; asking for packets again (rtp/nack.h); layers: a frame is all
//             that has one timestamp
// Ownership   owns one allocation of `places` packets; frames are put in the caller's room
// Time        every `now` must be at least the one before it
// Limits      packets of RTP_FRAMES_PACKET_MAX bytes of payload, RTP_FRAMES_WAIT_MAX for one that
//             is missing; a key frame is asked for once in RTP_FRAMES_KEY_INTERVAL (C7, P14)

#ifndef RTP_FRAMES_H
#define RTP_FRAMES_H

#include "base/alloc.h"
#include "rtp/payload/payload.h"
#include "rtp/source.h"

#define RTP_FRAMES_PACKET_MAX 1500
#define RTP_FRAMES_WAIT_MAX YODEL_SECONDS(2)
#define RTP_FRAMES_KEY_FIRST YODEL_MS(200) // A stream begins with one, which may be on its way.
#define RTP_FRAMES_KEY_INTERVAL YODEL_MS(500)

struct rtp_frames_packet {
    struct rtp_place place;
    enum rtp_codec codec;
    bool is_last;         // The marker.
    struct bytes payload; // Empty: padding, as senders use to probe, between two frames.
};

struct rtp_frames_slot {
    bool is_used;
    bool is_last;
    uint16_t len;
    enum rtp_codec codec;
    struct rtp_place place;
    struct rtp_payload_info info;
    yodel_time arrival;
};

enum rtp_frames_drop {
    RTP_FRAMES_LATE,      // Its frame is behind us, or it came twice.
    RTP_FRAMES_MALFORMED, // Packets that are, and frames of them.
    RTP_FRAMES_LARGE,     // The same.
    RTP_FRAMES_DROPS,
};

struct rtp_frames {
    struct alloc *alloc;
    struct rtp_frames_slot *slots; // By number modulo `places`; the payloads lie behind them.
    uint8_t *payloads;
    uint64_t places;
    bool is_started;
    bool is_flowing;
    uint64_t next;    // The number that comes after all that was put out.
    uint64_t border;  // Where a frame begins for sure.
    uint64_t end;     // One more than the highest that came.
    size_t stored;    // Packets,
    size_t keys;      // and of key frames among them.
    yodel_time since; // When something was put out last, or came after that.
    bool is_key_wanted;
    yodel_time key_due;
    uint64_t frames;
    uint64_t key_frames;
    uint64_t key_requests;
    uint64_t losses; // How often flowing ended.
    uint64_t dropped[RTP_FRAMES_DROPS];
};

struct rtp_frame {
    struct bytes data; // In the room that was given.
    enum rtp_codec codec;
    bool is_key;
    uint16_t width; // Where the payloads say them; else 0.
    uint16_t height;
    uint64_t timestamp;
    uint64_t first; // Numbers of packets: what is below the first of a key frame is of no use.
    uint64_t last;
    yodel_time arrival; // Of the packet that came last.
};

YODEL_MUST_USE enum yodel_err rtp_frames_init(
    struct rtp_frames *frames, struct alloc *alloc, size_t places);
void rtp_frames_deinit(struct rtp_frames *frames);

// Another stream begins in its place: what waits is forgotten, and its first frame is a key frame.
void rtp_frames_restart(struct rtp_frames *frames);

void rtp_frames_recv(
    struct rtp_frames *frames, const struct rtp_frames_packet *packet, yodel_time now);

// Something will not come any more, or cannot be decoded: only a key frame helps.
void rtp_frames_lose(struct rtp_frames *frames, yodel_time now);
void rtp_frames_tick(struct rtp_frames *frames, yodel_time now);

// The next frame, put together in `room`; false where none is whole. A frame larger than the room
// is lost.
bool rtp_frames_next(
    struct rtp_frames *frames, struct span room, struct rtp_frame *frame, yodel_time now);

// Whether to ask the sender for a key frame now; true counts as having asked.
bool rtp_frames_take_request(struct rtp_frames *frames, yodel_time now);
yodel_time rtp_frames_next_timeout(const struct rtp_frames *frames);

#endif
