// SipHash: the authors' own vectors (key 00..0f, messages 00, 00 01, …).

#include "base/siphash.h"

#include "check.h"

static void the_authors_vectors_hold(void)
{
    static const struct {
        size_t len;
        uint64_t want;
    } rows[] = {
        {0, 0x726fdb47dd0e0e31},
        {1, 0x74f839c593dc67fd},
        {7, 0xab0200f58b01d137},
        {8, 0x93f5f5799a932462},
        {15, 0xa129ca6149be45e5},
    };
    static const struct siphash_key key = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};
    uint8_t message[16];

    for (size_t i = 0; i < sizeof message; i++) {
        message[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(siphash(&key, bytes_of(message, rows[i].len)), rows[i].want);
    }
}

TEST_MAIN(TEST(the_authors_vectors_hold))
