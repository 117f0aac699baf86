// The cutter: an encoded frame becomes the payloads of packets, whatever its codec is.
//
// Implements  RFC 7587 §4.2, RFC 3551 §4.5.14 (one packet a frame of sound); the rest is the payload formats'
//             (rtp/payload/vp8.h and its neighbours)
// Not here    headers, and when a packet is sent
// Ownership   borrows the frame until its last payload
// Limits      RTP_PAYLOAD_ROOM_MIN bytes of room at least

#ifndef PEER_CUTTER_H
#define PEER_CUTTER_H

#include "rtp/payload/av1.h"
#include "rtp/payload/h264.h"
#include "rtp/payload/vp8.h"
#include "rtp/payload/vp9.h"
#include "yodel/transceiver.h"

struct cutter_frame {
    enum yodel_codec codec;
    struct bytes data;
    bool is_key;
    uint16_t picture; // Rises by one from frame to frame; 15 bits of it count.
};

struct cutter {
    enum yodel_codec codec;
    union {
        struct bytes sound;
        struct rtp_vp8_packetizer vp8;
        struct rtp_vp9_packetizer vp9;
        struct rtp_h264_packetizer h264;
        struct rtp_av1_packetizer av1;
    };
};

void cutter_start(struct cutter *cutter, const struct cutter_frame *frame);

// Writes one payload, as much as there is room for. False: nothing is left.
bool cutter_emit(struct cutter *cutter, struct writer *w, bool *is_last);

// What a payload of this codec is to who puts frames together; RTP_CODEC_COUNT for sound.
enum rtp_codec cutter_payload_of(enum yodel_codec codec);

#endif
