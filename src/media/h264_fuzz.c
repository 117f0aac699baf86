// H.264's decoder, fuzzed.

#include "media/decoder_fixture.h"

FUZZ(input)
{
    fixture_decode_all(YODEL_H264, input);
}
