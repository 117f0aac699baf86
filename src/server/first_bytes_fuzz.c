// First bytes: a decision never changes with what follows, and is made in time.

#include "server/first_bytes.h"

#include "fuzz.h"

FUZZ(input)
{
    enum server_first decided = SERVER_FIRST_MORE;

    for (size_t cut = 0; cut <= input.len; cut++) {
        enum server_first now = server_first_bytes_look(bytes_sub(input, 0, cut));
        FUZZ_CHECK(decided == SERVER_FIRST_MORE || now == decided);
        FUZZ_CHECK(now != SERVER_FIRST_MORE || cut < SERVER_FIRST_BYTES_MAX);
        FUZZ_CHECK(now != SERVER_FIRST_MORE || cut < SERVER_FIRST_PLAIN_MAX || input.ptr[0] == 22);
        FUZZ_CHECK(now < SERVER_FIRST_COUNT);
        decided = now;
    }
}
