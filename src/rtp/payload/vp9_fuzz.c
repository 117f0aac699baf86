// VP9 in RTP, fuzzed: payloads are put together or refused; a descriptor that was read is written
// with the same meaning.

#include "fuzz.h"
#include "rtp/payload/payload_fixture.h"
#include "rtp/payload/vp9.h"

static bool emit(void *packetizer, struct writer *w, bool *is_last)
{
    return rtp_vp9_emit(packetizer, w, is_last);
}

FUZZ(input)
{
    static uint8_t room[70000];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct rtp_vp9_descriptor descriptor, again;
    struct bytes rest, other;

    payload_fixture_append_all(RTP_CODEC_VP9, input);
    if (rtp_vp9_parse(&descriptor, input, &rest) != YODEL_OK) {
        return;
    }
    rtp_vp9_put_descriptor(&w, &descriptor);
    put_bytes(&w, rest);
    FUZZ_CHECK(rtp_vp9_parse(&again, writer_bytes(&w), &other) == YODEL_OK);
    FUZZ_CHECK(bytes_equal(rest, other) && again.picture_id == descriptor.picture_id);
    FUZZ_CHECK(again.is_end == descriptor.is_end && again.spatial == descriptor.spatial);
    FUZZ_CHECK(again.reference_count == descriptor.reference_count);
    FUZZ_CHECK(memcmp(again.sizes, descriptor.sizes, sizeof again.sizes) == 0);

    struct payload_fixture fixture = {
        .codec = RTP_CODEC_VP9, .emit = emit, .room = 64, .spread = input.len % 1400};
    struct rtp_vp9_packetizer packetizer;
    descriptor.spatial = 0;
    rtp_vp9_start(&packetizer, rest, &descriptor);
    struct bytes got = payload_fixture_run(&fixture, &packetizer, span_of(room, sizeof room));
    FUZZ_CHECK(bytes_equal(got, rest));
}
