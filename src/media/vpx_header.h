// The first bits of VP8's and VP9's frames: how large a picture is, before a decoder makes room for it.
//
// Implements  RFC 6386 §9.1 (VP8's frame header); VP9 Bitstream §6.2, §7.2 (the uncompressed header), Annex B
//             (superframes)
// Not here    everything behind the size
// Ownership   borrows the frame

#ifndef MEDIA_VPX_HEADER_H
#define MEDIA_VPX_HEADER_H

#include "base/bytes.h"

struct media_vpx_size {
    bool is_said; // Else the picture has the size of one before.
    uint32_t width;
    uint32_t height;
};

// False: the frame ends within its header, or is none.
bool media_vpx_header_vp8(struct bytes frame, struct media_vpx_size *size);
bool media_vpx_header_vp9(struct bytes frame, struct media_vpx_size *size);

#define MEDIA_VPX_FRAMES_MAX 8

// The frames of a VP9 superframe, where there is an index at its end; returns how many, 0 without one. Frames
// that would end outside are cut.
size_t media_vpx_header_split(struct bytes data, struct bytes frames[MEDIA_VPX_FRAMES_MAX]);

#define MEDIA_VPX_INDEX_LEN 6

// The index of a superframe that is one frame of so many bytes.
void media_vpx_header_put_index(struct writer *w, uint32_t len);

#endif
