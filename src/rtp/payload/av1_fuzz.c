// AV1 in RTP, fuzzed: payloads are put together or refused; whatever a temporal unit holds, its
// OBUs come back, and those again the same.

#include "fuzz.h"
#include "rtp/payload/av1.h"
#include "rtp/payload/payload_fixture.h"

static bool emit(void *packetizer, struct writer *w, bool *is_last)
{
    return rtp_av1_emit(packetizer, w, is_last);
}

static struct bytes round_trip(struct bytes unit, size_t spread, struct span room)
{
    struct payload_fixture fixture = {
        .codec = RTP_CODEC_AV1, .emit = emit, .room = 64, .spread = spread};
    struct rtp_av1_packetizer packetizer;

    rtp_av1_start(&packetizer, unit);
    return payload_fixture_run(&fixture, &packetizer, room);
}

FUZZ(input)
{
    static uint8_t first[140000], second[140000];

    payload_fixture_append_all(RTP_CODEC_AV1, input);
    struct bytes once = round_trip(input, input.len % 1400, span_of(first, sizeof first));
    struct bytes twice = round_trip(once, 0, span_of(second, sizeof second));
    FUZZ_CHECK(bytes_equal(once, twice));
}
