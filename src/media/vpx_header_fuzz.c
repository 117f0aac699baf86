// VP8's and VP9's first bits, fuzzed: whatever they are, what is read lies inside.

#include "media/vpx_header.h"

#include "fuzz.h"

FUZZ(input)
{
    struct bytes frames[MEDIA_VPX_FRAMES_MAX];
    struct media_vpx_size size;
    size_t count = media_vpx_header_split(input, frames), len = 0;

    (void)media_vpx_header_vp8(input, &size);
    FUZZ_CHECK(size.width <= 0x3fff && size.height <= 0x3fff);
    (void)media_vpx_header_vp9(input, &size);
    FUZZ_CHECK(size.width <= 65536 && size.height <= 65536);
    for (size_t i = 0; i < count; i++) {
        len += frames[i].len;
        (void)media_vpx_header_vp9(frames[i], &size);
    }
    FUZZ_CHECK(len <= input.len);
}
