// A track's head: what a file must say of a track before its first frame, read from that frame.
//
// Implements  ITU-T H.264 Annex B, §7.4.1.2.1 (parameter sets, which a key frame carries); AV1 Bitstream §5.3
//             (OBUs), §7.5 (a key frame follows its sequence header); RFC 7845 §5.1 (OpusHead)
// Ownership   values
// Limits      MUXER_HEAD_EXTRA_MAX; what says more cannot begin a track

#ifndef DEVICE_MUXER_HEAD_H
#define DEVICE_MUXER_HEAD_H

#include "base/bytes.h"
#include "yodel/frame.h"

#define MUXER_HEAD_EXTRA_MAX 2048
#define MUXER_HEAD_OPUS_CHANNELS 2u // RFC 7587 §7: of each stream, whatever its packets have.

struct muxer_head {
    enum yodel_codec codec;
    uint32_t rate; // Of the codec's clock.
    // Of video.
    uint32_t width;
    uint32_t height;
    uint16_t rotation; // In degrees, clockwise.
    size_t extra_len;
    uint8_t extra[MUXER_HEAD_EXTRA_MAX]; // As libavformat wants it.
};

// False: a track cannot begin with this frame, as it is no key frame, or does not say how large it is.
bool muxer_head_read(struct muxer_head *head, const struct yodel_frame *frame);

// Whether there is in a frame what files say the lengths of: units of H.264, OBUs of AV1. Of what is not, libavformat
// makes files that no reader opens.
bool muxer_head_is_whole(const struct yodel_frame *frame);

#endif
