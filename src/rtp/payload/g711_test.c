// G.711: the tables' corners, and that nothing is lost that a byte can hold.

#include "rtp/payload/g711.h"

#include "check.h"

static int16_t decode(enum rtp_g711_law law, uint8_t byte)
{
    int16_t sample = 0;

    rtp_g711_decode(law, bytes_of(&byte, 1), &sample);
    return sample;
}

static uint8_t encode(enum rtp_g711_law law, int16_t sample)
{
    uint8_t byte = 0;
    struct writer w = writer_of(span_of(&byte, 1));

    rtp_g711_put(&w, law, &sample, 1);
    CHECK(!w.failed);
    return byte;
}

// G.711 tables 1a to 2b: silence, the smallest and the largest values of each sign.
static void the_corners_are_those_of_the_tables(void)
{
    static const struct {
        enum rtp_g711_law law;
        uint8_t byte;
        int16_t sample;
    } rows[] = {
        {RTP_G711_MU, 0xff, 0},
        {RTP_G711_MU, 0xfe, 8},
        {RTP_G711_MU, 0x80, 32124},
        {RTP_G711_MU, 0x00, -32124},
        {RTP_G711_A, 0xd5, 8},
        {RTP_G711_A, 0x55, -8},
        {RTP_G711_A, 0xaa, 32256},
        {RTP_G711_A, 0x2a, -32256},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(decode(rows[i].law, rows[i].byte), rows[i].sample);
        CHECK_EQ(encode(rows[i].law, rows[i].sample), rows[i].byte);
    }
    CHECK_EQ(encode(RTP_G711_MU, INT16_MAX), 0x80);
    CHECK_EQ(encode(RTP_G711_MU, INT16_MIN), 0x00);
    CHECK_EQ(encode(RTP_G711_A, INT16_MAX), 0xaa);
    CHECK_EQ(encode(RTP_G711_A, INT16_MIN), 0x2a);
}

static void every_byte_comes_back(void)
{
    for (enum rtp_g711_law law = RTP_G711_MU; law <= RTP_G711_A; law++) {
        for (int byte = 0; byte < 256; byte++) {
            int16_t sample = decode(law, (uint8_t)byte);
            CHECK_EQ(decode(law, encode(law, sample)), sample);
            CHECK(encode(law, sample) == byte || (law == RTP_G711_MU && byte == 0x7f)); // -0.
        }
    }
}

// Each value becomes one near it, within half a step of its exponent, and order is kept.
static void every_sample_stays_near(void)
{
    for (enum rtp_g711_law law = RTP_G711_MU; law <= RTP_G711_A; law++) {
        int32_t before = INT16_MIN;
        for (int32_t sample = INT16_MIN; sample <= INT16_MAX; sample++) {
            int32_t got = decode(law, encode(law, (int16_t)sample));
            int32_t size = sample < 0 ? -sample : sample;
            int32_t off = got > sample ? got - sample : sample - got;
            CHECK(got >= before);
            CHECK(off <= size / 32 + 8 || size > 32124);
            before = got;
        }
    }
}

TEST_MAIN(TEST(the_corners_are_those_of_the_tables), TEST(every_byte_comes_back),
    TEST(every_sample_stays_near))
