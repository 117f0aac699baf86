// VP9 in RTP: frames come back, descriptors with all that they may hold are read, and those that
// lie are malformed.

#include "rtp/payload/vp9.h"

#include <stdio.h>

#include "check.h"
#include "rtp/payload/payload_fixture.h"

static uint8_t frame[20000], out[20000];
static uint64_t noise = 1;

static bool emit(void *packetizer, struct writer *w, bool *is_last)
{
    return rtp_vp9_emit(packetizer, w, is_last);
}

static void frames_of_any_size_come_back_whatever_the_room(void)
{
    struct payload_fixture fixture = {.codec = RTP_CODEC_VP9, .emit = emit};
    struct rtp_vp9_packetizer packetizer;

    for (uint32_t i = 0; i < 500; i++) {
        bool is_key = i % 5 == 0;
        struct rtp_vp9_descriptor descriptor = {.has_picture_id = true,
            .is_long_picture_id = true,
            .picture_id = (uint16_t)i,
            .is_flexible = true,
            .is_inter = !is_key,
            .reference_count = is_key ? 0 : 1,
            .references = {1},
            .size_count = is_key ? 1 : 0,
            .sizes = {{1280, 720}}};
        size_t len = 1 + payload_fixture_draw(&noise, sizeof frame);
        payload_fixture_fill(&noise, span_of(frame, len));
        fixture.room = RTP_PAYLOAD_ROOM_MIN + payload_fixture_draw(&noise, 700);
        fixture.spread = payload_fixture_draw(&noise, 700);
        rtp_vp9_start(&packetizer, bytes_of(frame, len), &descriptor);
        struct bytes got = payload_fixture_run(&fixture, &packetizer, span_of(out, sizeof out));
        CHECK_BYTES(got, bytes_of(frame, len));
        CHECK_EQ(fixture.is_key, is_key);
    }
}

static void a_frame_says_its_start_its_end_and_its_size_once(void)
{
    struct rtp_vp9_descriptor descriptor = {.size_count = 1, .sizes = {{640, 360}}}, got;
    struct rtp_vp9_packetizer packetizer;
    struct bytes rest;
    bool is_last = false;

    rtp_vp9_start(&packetizer, bytes_of(frame, 150), &descriptor);
    for (int i = 0; i < 3; i++) {
        struct writer w = writer_of(span_of(out, 64));
        CHECK(rtp_vp9_emit(&packetizer, &w, &is_last));
        CHECK_EQ(rtp_vp9_parse(&got, writer_bytes(&w), &rest), YODEL_OK);
        CHECK_EQ(got.is_start, i == 0);
        CHECK_EQ(got.is_end, i == 2);
        CHECK_EQ(is_last, i == 2);
        CHECK_EQ(got.size_count, i == 0 ? 1 : 0);
    }
    CHECK_EQ(got.sizes[0].width, 0);
}

#define SIZE_0 "\0\0\0\0"
#define SIZE_MAX_EACH "\xff\xff\xff\xff"

// P9, and each part alone.
static void descriptors_are_read_or_malformed(void)
{
    static const struct {
        const char *why;
        const char *bytes;
        size_t len;
        bool is_right, is_start, is_key;
        uint16_t width, height;
    } rows[] = {
        {"nothing", "", 0, false, false, false, 0, 0},
        {"no payload", "\x08", 1, false, false, false, 0, 0},
        {"a key frame", "\x08x", 2, true, true, true, 0, 0},
        {"an inter frame", "\x48x", 2, true, true, false, 0, 0},
        {"its second part", "\x40x", 2, true, false, false, 0, 0},
        {"a short picture id", "\x88\x7fx", 3, true, true, true, 0, 0},
        {"a long picture id", "\x88\xff\xffx", 4, true, true, true, 0, 0},
        {"half a long picture id", "\x88\xff", 2, false, false, false, 0, 0},
        {"layers and TL0PICIDX", "\x28\xe0\5x", 4, true, true, true, 0, 0},
        {"an upper spatial layer", "\x28\x02\5x", 4, true, false, false, 0, 0},
        {"layers without TL0PICIDX", "\x28\xe0", 2, false, false, false, 0, 0},
        {"flexible: layers without it", "\x38\xe0x", 3, true, true, true, 0, 0},
        {"three references", "\x58\3\3\2x", 5, true, true, false, 0, 0},
        {"four references", "\x58\3\3\3\2x", 6, false, false, false, 0, 0},
        {"references without an end", "\x58\3\3", 3, false, false, false, 0, 0},
        {"a structure of one size", "\x0a\x10\5\0\2\xd0x", 7, true, true, true, 1280, 720},
        {"a size of 0 by 0", "\x0a\x10" SIZE_0 "x", 7, true, true, true, 0, 0},
        {"a size of 65535 by 65535", "\x0a\x10" SIZE_MAX_EACH "x", 7, true, true, true, 65535,
            65535},
        {"eight layers",
            "\x0a\xf0" SIZE_0 SIZE_0 SIZE_0 SIZE_0 SIZE_0 SIZE_0 SIZE_0 "\0\x10\0\x20x", 35, true,
            true, true, 16, 32},
        {"eight layers, seven there", "\x0a\xf0" SIZE_0 SIZE_0 SIZE_0 SIZE_0 SIZE_0 SIZE_0 SIZE_0,
            30, false, false, false, 0, 0},
        {"two pictures", "\x0a\x08\2\4\1\x0c\1\2\3x", 10, true, true, true, 0, 0},
        {"255 pictures", "\x0a\x08\xff\4\1\x0c\1\2\3x", 10, false, false, false, 0, 0},
        {"a structure of nothing", "\x0a\0x", 3, true, true, true, 0, 0},
        {"no structure", "\x0a", 1, false, false, false, 0, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rtp_payload_info info = {0};
        enum yodel_err got =
            rtp_payload_inspect(&info, RTP_CODEC_VP9, bytes_of(rows[i].bytes, rows[i].len));
        bool is_right = (got == YODEL_OK) == rows[i].is_right &&
                        info.is_start == rows[i].is_start && info.is_key == rows[i].is_key &&
                        info.width == rows[i].width && info.height == rows[i].height;
        if (!is_right) {
            fprintf(stderr, "row %zu (%s): ", i, rows[i].why);
        }
        CHECK(is_right);
    }
}

TEST_MAIN(TEST(frames_of_any_size_come_back_whatever_the_room),
    TEST(a_frame_says_its_start_its_end_and_its_size_once), TEST(descriptors_are_read_or_malformed))
