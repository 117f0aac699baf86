// HTTP answers, fuzzed: in pieces they are what they are as a whole, and within their limits.

#include "fuzz.h"
#include "signaling/http_response.h"

FUZZ(input)
{
    static struct signaling_http_response whole, parts;
    size_t step = input.len > 0 ? input.ptr[0] % 61u + 1 : 1;

    input = bytes_sub(input, 1, input.len);
    signaling_http_response_init(&whole, alloc_system());
    signaling_http_response_init(&parts, alloc_system());
    signaling_http_response_recv(&whole, input);
    for (size_t at = 0; at < input.len; at += step) {
        signaling_http_response_recv(&parts, bytes_sub(input, at, step));
    }
    FUZZ_CHECK(whole.state == parts.state && whole.body_len == parts.body_len);
    signaling_http_response_end(&whole);
    signaling_http_response_end(&parts);
    FUZZ_CHECK(whole.state == parts.state);
    FUZZ_CHECK(whole.state == SIGNALING_HTTP_DONE || whole.state == SIGNALING_HTTP_FAILED);
    FUZZ_CHECK((whole.state == SIGNALING_HTTP_FAILED) == (whole.why != NULL));
    FUZZ_CHECK(whole.body_len <= SIGNALING_HTTP_BODY_MAX);
    if (whole.state == SIGNALING_HTTP_DONE) {
        FUZZ_CHECK(whole.status >= 200 && whole.status <= 599);
        FUZZ_CHECK(whole.status == parts.status && bytes_equal(whole.body, parts.body));
        for (uint32_t i = 0; i < whole.field_count; i++) {
            FUZZ_CHECK(bytes_equal(whole.fields[i].value, parts.fields[i].value));
        }
    }
    signaling_http_response_deinit(&whole);
    signaling_http_response_deinit(&parts);
}
