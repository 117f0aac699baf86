// Audio payloads, fuzzed: Opus packets sound for at most 120 ms, and RED that parses is written the
// same.

#include "fuzz.h"
#include "rtp/payload/opus.h"
#include "rtp/payload/red.h"

FUZZ(input)
{
    static uint8_t room[70000];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct rtp_opus_info info;
    struct rtp_red red;

    if (rtp_opus_parse(&info, input) == YODEL_OK) {
        FUZZ_CHECK(info.samples > 0 && info.samples <= RTP_OPUS_SAMPLES_MAX);
        FUZZ_CHECK(input.len > 0);
    }
    if (rtp_red_parse(&red, input, 63) == YODEL_OK) {
        rtp_red_put(&w, &red);
        FUZZ_CHECK(bytes_equal(writer_bytes(&w), input));
    }
}
