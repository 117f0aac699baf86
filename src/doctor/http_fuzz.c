// The head of an HTTP answer, fuzzed: more bytes never take back what fewer said.

#include "doctor/http.h"
#include "fuzz.h"

FUZZ(input)
{
    struct doctor_http whole = {0}, part = {0};

    enum yodel_err err = doctor_http_parse(&whole, input);
    FUZZ_CHECK(err != YODEL_OK || whole.status <= 999);
    FUZZ_CHECK(!whole.has_date || whole.date >= 0);
    for (size_t len = 0; len < input.len && len < 64; len++) {
        enum yodel_err early = doctor_http_parse(&part, bytes_sub(input, 0, len));
        FUZZ_CHECK(early != YODEL_OK || (err == YODEL_OK && part.status == whole.status));
        FUZZ_CHECK(early != YODEL_ERR_MALFORMED || err == YODEL_ERR_MALFORMED);
    }
}
