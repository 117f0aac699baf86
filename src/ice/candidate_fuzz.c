// Candidates, fuzzed: whatever is accepted is written, and read back as the same.

#include "base/assert.h"
#include "ice/candidate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t first[2 * ICE_CANDIDATE_TEXT_MAX], second[2 * ICE_CANDIDATE_TEXT_MAX];
    struct writer w = writer_of(span_of(first, sizeof first));
    struct writer again = writer_of(span_of(second, sizeof second));
    struct ice_candidate c;

    if (ice_candidate_parse(&c, bytes_of(data, len)) != YODEL_OK) {
        return 0;
    }
    ice_candidate_write(&w, &c);
    YODEL_ASSERT(!w.failed);
    YODEL_ASSERT(ice_candidate_parse(&c, writer_bytes(&w)) == YODEL_OK);
    ice_candidate_write(&again, &c);
    YODEL_ASSERT(bytes_equal(writer_bytes(&w), writer_bytes(&again)));
    return 0;
}
