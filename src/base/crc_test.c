// CRC: known answers, pieces, and the fast way against the portable one.

#include "base/crc.h"

#include "check.h"

static void the_check_values_are_the_published_ones(void)
{
    uint8_t zeros[32] = {0};
    uint8_t ones[32];
    uint8_t rising[32];

    memset(ones, 0xff, sizeof ones);
    for (size_t i = 0; i < sizeof rising; i++) {
        rising[i] = (uint8_t)i;
    }
    CHECK_EQ(crc_crc32(0, bytes_of_text("123456789")), 0xcbf43926);
    CHECK_EQ(crc_crc32c(0, bytes_of_text("123456789")), 0xe3069283);
    // RFC 3720 B.4.
    CHECK_EQ(crc_crc32c(0, bytes_of(zeros, sizeof zeros)), 0x8a9136aa);
    CHECK_EQ(crc_crc32c(0, bytes_of(ones, sizeof ones)), 0x62a8ab43);
    CHECK_EQ(crc_crc32c(0, bytes_of(rising, sizeof rising)), 0x46dd794e);
    CHECK_EQ(crc_crc32(0, bytes_of("", 0)), 0);
    CHECK_EQ(crc_crc32c(0, bytes_of("", 0)), 0);
}

// A check without tables or tricks, one bit at a time.
static uint32_t slow(uint32_t poly, struct bytes data)
{
    uint32_t state = UINT32_MAX;

    for (size_t i = 0; i < data.len; i++) {
        state ^= data.ptr[i];
        for (int bit = 0; bit < 8; bit++) {
            state = state >> 1 ^ (state & 1 ? poly : 0);
        }
    }
    return ~state;
}

static void every_length_agrees_with_the_slow_way(void)
{
    static uint8_t data[1600];
    uint32_t noise = 1;

    for (size_t i = 0; i < sizeof data; i++) {
        noise = noise * 1664525 + 1013904223;
        data[i] = (uint8_t)(noise >> 24);
    }
    for (size_t len = 0; len + 7 < sizeof data; len++) {
        struct bytes part = bytes_of(data + len % 7, len);

        CHECK_EQ(crc_crc32(0, part), slow(0xedb88320, part));
        CHECK_EQ(crc_crc32c(0, part), slow(0x82f63b78, part));
        CHECK_EQ(crc_crc32c_portable(0, part), slow(0x82f63b78, part));
    }
}

static void pieces_add_up_to_the_whole(void)
{
    uint8_t data[1200];

    memset(data, 0x5a, sizeof data);
    struct bytes whole = bytes_of(data, sizeof data);
    for (size_t cut = 0; cut <= sizeof data; cut += 13) {
        struct bytes head = bytes_sub(whole, 0, cut);
        struct bytes tail = bytes_sub(whole, cut, sizeof data);

        CHECK_EQ(crc_crc32c(crc_crc32c(0, head), tail), crc_crc32c(0, whole));
        CHECK_EQ(crc_crc32(crc_crc32(0, head), tail), crc_crc32(0, whole));
    }
}

TEST_MAIN(TEST(the_check_values_are_the_published_ones),
    TEST(every_length_agrees_with_the_slow_way), TEST(pieces_add_up_to_the_whole))
