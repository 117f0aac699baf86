// Opus in RTP: how long packets sound, and which are none.

#include "rtp/payload/opus.h"

#include <stdio.h>

#include "check.h"

static uint8_t packet[4096];

// Every configuration's frame, in microseconds, from RFC 6716 §3.1, table 2.
static void every_configuration_sounds_as_long_as_the_table_says(void)
{
    static const uint32_t want[32] = {10000, 20000, 40000, 60000, 10000, 20000, 40000, 60000, 10000,
        20000, 40000, 60000, 10000, 20000, 10000, 20000, 2500, 5000, 10000, 20000, 2500, 5000,
        10000, 20000, 2500, 5000, 10000, 20000, 2500, 5000, 10000, 20000};
    struct rtp_opus_info info;

    for (uint32_t config = 0; config < 32; config++) {
        packet[0] = (uint8_t)(config << 3);
        CHECK_EQ(rtp_opus_parse(&info, bytes_of(packet, 30)), YODEL_OK);
        CHECK_EQ(info.samples, want[config] * 48 / 1000);
        CHECK(info.frames == 1 && !info.is_stereo && !info.is_dtx);
    }
}

static void what_browsers_send_is_understood(void)
{
    struct rtp_opus_info info;

    packet[0] = 0x78 | 4; // CELT fullband or hybrid of 20 ms, stereo, one frame.
    CHECK_EQ(rtp_opus_parse(&info, bytes_of(packet, 80)), YODEL_OK);
    CHECK(info.samples == 960 && info.is_stereo && !info.is_dtx);
    CHECK_EQ(rtp_opus_parse(&info, bytes_of(packet, 1)), YODEL_OK);
    CHECK(info.samples == 960 && info.is_dtx); // RFC 7587 §3.1.3.
}

static void redundancy_lies_behind_the_bits_for_voice(void)
{
    static const struct {
        uint8_t toc, first;
        bool want;
    } rows[] = {
        {9 << 3, 0x40, true}, // 20 ms: a bit for voice, a bit for redundancy.
        {9 << 3, 0xbf, false}, {8 << 3, 0x40, true}, // 10 ms.
        {10 << 3, 0x20, true},                       // 40 ms: two for voice.
        {10 << 3, 0xdf, false},                      //
        {11 << 3, 0x10, true},                       // 60 ms: three.
        {13 << 3, 0x40, true},                       // Hybrid.
        {16 << 3, 0xff, false},                      // CELT has none.
        {9 << 3 | 4, 0x10, true},                    // Stereo: of the side.
        {9 << 3 | 4, 0xaf, false},                   //
        {11 << 3 | 4, 0x01, true},                   //
        {11 << 3 | 4, 0xee, false},                  //
        {9 << 3 | 1, 0xff, false},                   // Two frames: not told.
    };
    struct rtp_opus_info info;

    for (size_t i = 0; i < COUNT(rows); i++) {
        memset(packet, 0, 41);
        packet[0] = rows[i].toc;
        packet[1] = rows[i].first;
        CHECK_EQ(rtp_opus_parse(&info, bytes_of(packet, 41)), YODEL_OK);
        CHECK_EQ(info.has_fec, rows[i].want);
    }
    packet[0] = 9 << 3;
    CHECK_EQ(rtp_opus_parse(&info, bytes_of(packet, 1)), YODEL_OK);
    CHECK(!info.has_fec);
}

// P13. Each row is the beginning of a packet of `len` bytes, the rest of which is zero.
static void packets_that_break_a_rule_are_malformed(void)
{
    static const struct {
        const char *why;
        uint8_t start[4];
        size_t len;
        uint32_t samples; // 0: malformed.
    } rows[] = {
        {"R1: nothing", {0}, 0, 0},
        {"R2: 1275 bytes", {0x08}, 1276, 960},
        {"R2: 1276 bytes", {0x08}, 1277, 0},
        {"R3: two equal frames", {0x09}, 21, 1920},
        {"R3: an odd byte", {0x09}, 22, 0},
        {"two frames of nothing", {0x09}, 1, 1920},
        {"R4: a first length", {0x0a, 5}, 10, 1920},
        {"R4: a first length past the end", {0x0a, 9}, 10, 0},
        {"R4: a length of two bytes", {0x0a, 252, 1}, 300, 1920},
        {"R4: half a length", {0x0a, 252}, 2, 0},
        {"R4: no length", {0x0a}, 1, 0},
        {"R5: no frames", {0x0b, 0}, 10, 0},
        {"R5: 48 frames of 2.5 ms", {0x83, 48}, 50, 5760},
        {"R5: 48 frames of 20 ms", {0x0b, 48}, 50, 0},
        {"R5: 6 of 20 ms", {0x0b, 6}, 62, 5760},
        {"R5: 7 of 20 ms", {0x0b, 7}, 72, 0},
        {"R2: a frame of 1275 among equals", {0x0b, 1}, 1277, 960},
        {"R2: a frame of 1276 among equals", {0x0b, 1}, 1278, 0},
        {"R6: not a whole frame each", {0x0b, 3}, 63, 0},
        {"R6: padding", {0x0b, 0x43, 4}, 67, 2880},
        {"R6: more padding than there is", {0x0b, 0x43, 65}, 67, 0},
        {"R6: padding of 254 and 3", {0x0b, 0x43, 255, 3}, 264, 2880},
        {"R6: padding without an end", {0x0b, 0x43, 255}, 3, 0},
        {"R7: lengths of 2 and 0, and the rest", {0x0b, 0x83, 2}, 20, 2880},
        {"R7: lengths past the end", {0x0b, 0x82, 200}, 100, 0},
        {"R7: the last over 1275", {0x0b, 0x82, 0}, 1279, 0},
        {"R7: the longest length, 1275", {0x0b, 0x82, 255, 255}, 1290, 1920},
    };
    struct rtp_opus_info info;

    for (size_t i = 0; i < COUNT(rows); i++) {
        memset(packet, 0, sizeof packet);
        memcpy(packet, rows[i].start, sizeof rows[i].start);
        enum yodel_err got = rtp_opus_parse(&info, bytes_of(packet, rows[i].len));
        bool is_right = rows[i].samples == 0 ? got == YODEL_ERR_MALFORMED
                                             : got == YODEL_OK && info.samples == rows[i].samples;
        if (!is_right) {
            fprintf(stderr, "row %zu (%s): ", i, rows[i].why);
        }
        CHECK(is_right);
    }
}

TEST_MAIN(TEST(every_configuration_sounds_as_long_as_the_table_says),
    TEST(what_browsers_send_is_understood), TEST(redundancy_lies_behind_the_bits_for_voice),
    TEST(packets_that_break_a_rule_are_malformed))
