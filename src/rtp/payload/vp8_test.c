// VP8 in RTP: frames come back, key frames are known with their sizes, descriptors that lie are
// malformed.

#include "rtp/payload/vp8.h"

#include <stdio.h>

#include "check.h"
#include "rtp/payload/payload_fixture.h"

static uint8_t frame[20000], out[20000];
static uint64_t noise = 1;

static bool emit(void *packetizer, struct writer *w, bool *is_last)
{
    return rtp_vp8_emit(packetizer, w, is_last);
}

static void frames_of_any_size_come_back_whatever_the_room(void)
{
    struct payload_fixture fixture = {.codec = RTP_CODEC_VP8, .emit = emit};
    struct rtp_vp8_packetizer packetizer;

    for (uint32_t i = 0; i < 500; i++) {
        struct rtp_vp8_descriptor descriptor = {.has_picture_id = i % 2 == 0,
            .is_long_picture_id = i % 4 == 0,
            .picture_id = (uint16_t)(i % 4 == 0 ? i : i % 128),
            .has_temporal = i % 3 == 0};
        size_t len = 1 + payload_fixture_draw(&noise, sizeof frame);
        payload_fixture_fill(&noise, span_of(frame, len));
        frame[0] = (uint8_t)(frame[0] & 0xfe) | (i % 5 == 0 ? 0 : 1);
        fixture.room = RTP_PAYLOAD_ROOM_MIN + payload_fixture_draw(&noise, 700);
        fixture.spread = payload_fixture_draw(&noise, 700);
        rtp_vp8_start(&packetizer, bytes_of(frame, len), &descriptor);
        struct bytes got = payload_fixture_run(&fixture, &packetizer, span_of(out, sizeof out));
        CHECK_BYTES(got, bytes_of(frame, len));
        CHECK_EQ(fixture.is_key, i % 5 == 0);
    }
}

static void descriptors_come_back(void)
{
    for (uint32_t bits = 0; bits < 256; bits++) {
        struct rtp_vp8_descriptor want = {.is_start = (bits & 1) != 0,
            .is_discardable = (bits & 2) != 0,
            .has_picture_id = (bits & 4) != 0,
            .has_tl0_index = (bits & 8) != 0,
            .has_temporal = (bits & 16) != 0,
            .has_key_index = (bits & 32) != 0};
        want.is_long_picture_id = want.has_picture_id && (bits & 64) != 0;
        want.picture_id = want.is_long_picture_id ? 0x7fff : want.has_picture_id ? 0x7f : 0;
        want.tl0_index = want.has_tl0_index ? 255 : 0;
        bool has_layer = want.has_temporal || want.has_key_index;
        want.temporal = has_layer ? 3 : 0;
        want.is_sync = has_layer && (bits & 128) != 0;
        want.key_index = has_layer ? 31 : 0;
        struct writer w = writer_of(span_of(out, sizeof out));
        struct rtp_vp8_descriptor got;
        struct bytes rest;
        rtp_vp8_put_descriptor(&w, &want);
        put_u8(&w, 'x');
        CHECK_EQ(rtp_vp8_parse(&got, writer_bytes(&w), &rest), YODEL_OK);
        CHECK_BYTES(rest, bytes_of("x", 1));
        CHECK(got.is_start == want.is_start && got.is_discardable == want.is_discardable);
        CHECK(got.has_picture_id == want.has_picture_id && got.picture_id == want.picture_id);
        CHECK(got.has_tl0_index == want.has_tl0_index && got.tl0_index == want.tl0_index);
        CHECK(got.has_temporal == want.has_temporal && got.temporal == want.temporal);
        CHECK(got.has_key_index == want.has_key_index && got.key_index == want.key_index);
        CHECK(got.is_sync == want.is_sync && got.is_long_picture_id == want.is_long_picture_id);
        // P8: cut anywhere, it is malformed.
        for (size_t len = 0; len < w.len; len++) {
            CHECK_EQ(rtp_vp8_parse(&got, bytes_of(out, len), &rest), YODEL_ERR_MALFORMED);
        }
    }
}

// P14 and RFC 6386 §9.1.
static void key_frames_are_known_with_their_sizes(void)
{
    static const struct {
        const char *why;
        const char *bytes;
        size_t len;
        bool is_start, is_key;
        uint16_t width, height;
    } rows[] = {
        {"a key frame of 640 by 480", "\x10\x10\0\0\x9d\1\x2a\x80\2\xe0\1", 11, true, true, 640,
            480},
        {"sizes with scales", "\x10\x10\0\0\x9d\1\x2a\x80\x42\xe0\xc1", 11, true, true, 640, 480},
        {"an inter frame", "\x10\x11\0\0\x9d\1\x2a\x80\2\xe0\1", 11, true, false, 0, 0},
        {"not the start", "\0\x10\0\0\x9d\1\x2a\x80\2\xe0\1", 11, false, false, 0, 0},
        {"the start of another partition", "\x11\x10\0\0\x9d\1\x2a\x80\2\xe0\1", 11, false, false,
            0, 0},
        {"a wrong code", "\x10\x10\0\0\x9d\1\x2b\x80\2\xe0\1", 11, true, true, 0, 0},
        {"a size cut short", "\x10\x10\0\0\x9d\1\x2a\x80\2\xe0", 10, true, true, 0, 0},
        {"one byte", "\x10\x10", 2, true, true, 0, 0},
    };
    struct rtp_payload_info info;

    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ(rtp_payload_inspect(&info, RTP_CODEC_VP8, bytes_of(rows[i].bytes, rows[i].len)),
            YODEL_OK);
        bool is_right = info.is_start == rows[i].is_start && info.is_key == rows[i].is_key &&
                        info.width == rows[i].width && info.height == rows[i].height;
        if (!is_right) {
            fprintf(stderr, "row %zu (%s): ", i, rows[i].why);
        }
        CHECK(is_right);
    }
}

TEST_MAIN(TEST(frames_of_any_size_come_back_whatever_the_room), TEST(descriptors_come_back),
    TEST(key_frames_are_known_with_their_sizes))
