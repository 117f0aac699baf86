// H.264 in RTP, fuzzed: payloads are put together or refused; whatever a byte stream holds, its
// units come back, and those again the same.

#include "fuzz.h"
#include "rtp/payload/h264.h"
#include "rtp/payload/payload_fixture.h"

static bool emit(void *packetizer, struct writer *w, bool *is_last)
{
    return rtp_h264_emit(packetizer, w, is_last);
}

static struct bytes round_trip(struct bytes stream, size_t spread, struct span room)
{
    struct payload_fixture fixture = {
        .codec = RTP_CODEC_H264, .emit = emit, .room = 64, .spread = spread};
    struct rtp_h264_packetizer packetizer;

    rtp_h264_start(&packetizer, stream, false);
    return payload_fixture_run(&fixture, &packetizer, room);
}

FUZZ(input)
{
    static uint8_t first[200000], second[200000]; // A start code may grow by a byte.
    struct rtp_h264_profile_level parsed;
    uint16_t width = 0, height = 0;

    (void)rtp_h264_parse_profile(&parsed, input);
    if (rtp_h264_size(input, &width, &height)) {
        FUZZ_CHECK(width > 0 && width <= RTP_H264_SIZE_MAX);
        FUZZ_CHECK(height > 0 && height <= RTP_H264_SIZE_MAX);
    }
    payload_fixture_append_all(RTP_CODEC_H264, input);
    struct bytes once = round_trip(input, input.len % 1400, span_of(first, sizeof first));
    struct bytes twice = round_trip(once, 0, span_of(second, sizeof second));
    FUZZ_CHECK(bytes_equal(once, twice));
}
