// Opus in RTP: one packet of Opus is one payload; what is looked at is how long it sounds, and
// whether it is well-formed at all.
//
// Implements  RFC 7587 §4.2 (the payload), §3.1.3 (DTX); RFC 6716 §3.1, §3.2, §3.4 (the packet, its
//             rules R1 to R7), §4.2.3 (whether it has low bit-rate redundancy)
// Not here    the sound
// Ownership   borrows nothing
// Limits      RTP_OPUS_SAMPLES_MAX a packet, 1275 bytes a frame: Opus's own

#ifndef RTP_PAYLOAD_OPUS_H
#define RTP_PAYLOAD_OPUS_H

#include "base/bytes.h"
#include "base/err.h"

#define RTP_OPUS_CLOCK_RATE 48000 // RFC 7587 §4.1: whatever the sound's own rate.
#define RTP_OPUS_SAMPLES_MAX 5760 // 120 ms.

struct rtp_opus_info {
    uint32_t samples; // In all frames, at RTP_OPUS_CLOCK_RATE.
    uint32_t frames;
    bool is_stereo;
    bool is_dtx;  // Nobody speaks: at most two bytes, and none may follow for a while.
    bool has_fec; // It repeats the packet before, roughly. Only of one frame it is told.
};

YODEL_MUST_USE enum yodel_err rtp_opus_parse(struct rtp_opus_info *info, struct bytes payload);

#endif
