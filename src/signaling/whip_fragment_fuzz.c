// Fragments, fuzzed: an answer that one was put into has its credentials, and putting it in again
// changes nothing.

#include "fuzz.h"
#include "signaling/whip_fragment.h"

FUZZ(input)
{
    static uint8_t once[65536], twice[65536];
    const uint8_t *border = input.len > 0 ? memchr(input.ptr, '~', input.len) : NULL;
    size_t len = border ? (size_t)(border - input.ptr) : 0;
    struct bytes fragment = bytes_sub(input, 0, len), answer = bytes_sub(input, len + 1, input.len);
    struct writer w = writer_of(span_of(once, sizeof once));
    struct writer again = writer_of(span_of(twice, sizeof twice));

    if (signaling_whip_fragment_merge(&w, answer, fragment) != YODEL_OK) {
        return;
    }
    struct signaling_whip_ice had = signaling_whip_fragment_read(answer);
    struct signaling_whip_ice wanted = signaling_whip_fragment_read(fragment);
    struct signaling_whip_ice got = signaling_whip_fragment_read(writer_bytes(&w));
    FUZZ_CHECK(had.ufrag.len == 0 || bytes_equal(got.ufrag, wanted.ufrag));
    FUZZ_CHECK(had.pwd.len == 0 || bytes_equal(got.pwd, wanted.pwd));
    FUZZ_CHECK(signaling_whip_fragment_merge(&again, writer_bytes(&w), fragment) == YODEL_OK);
    FUZZ_CHECK(bytes_equal(writer_bytes(&w), writer_bytes(&again)));
}
