// Sound's decoders, fuzzed: all of them get the same.

#include "media/decoder_fixture.h"

FUZZ(input)
{
    fixture_decode_all(YODEL_OPUS, input);
    fixture_decode_all(YODEL_PCMU, input);
    fixture_decode_all(YODEL_PCMA, input);
}
