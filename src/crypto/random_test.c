// Randomness: all of the room is filled, whatever its length.

#include "crypto/random.h"

#include "check.h"

static void every_byte_is_filled_and_no_other(void)
{
    static const size_t lens[] = {0, 1, 255, 256, 257, 1000};

    for (size_t i = 0; i < COUNT(lens); i++) {
        uint8_t room[1001] = {0}, seen[1001] = {0};

        // A byte is 0 once in 256 times, so one that stays 0 sixteen times was not written.
        for (int round = 0; round < 16; round++) {
            crypto_random(NULL, span_of(room, lens[i]));
            for (size_t at = 0; at < lens[i]; at++) {
                seen[at] |= room[at];
            }
        }
        for (size_t at = 0; at < lens[i]; at++) {
            CHECK(seen[at] != 0);
        }
        CHECK_EQ(room[lens[i]], 0);
    }
}

TEST_MAIN(TEST(every_byte_is_filled_and_no_other))
