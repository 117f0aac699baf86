// H.264 in RTP: byte streams come back, key frames are known with their sizes, payloads that lie
// are malformed.

#include "rtp/payload/h264.h"

#include <stdio.h>

#include "check.h"
#include "rtp/payload/payload_fixture.h"

static uint8_t frame[40000], out[40000];
static uint64_t noise = 1;

static bool emit(void *packetizer, struct writer *w, bool *is_last)
{
    return rtp_h264_emit(packetizer, w, is_last);
}

static void put_unit(struct writer *w, uint8_t head, size_t len)
{
    put_u32(w, 1);
    uint8_t *at = put_room(w, len);
    CHECK(at);
    payload_fixture_fill(&noise, span_of(at, len));
    at[0] = head;
}

static void streams_of_any_units_come_back_whatever_the_room(void)
{
    static const uint8_t heads[] = {0x67, 0x68, 0x06, 0x65, 0x41, 0x01, 0x09};
    struct payload_fixture fixture = {.codec = RTP_CODEC_H264, .emit = emit};
    struct rtp_h264_packetizer packetizer;

    for (uint32_t i = 0; i < 500; i++) {
        struct writer w = writer_of(span_of(frame, sizeof frame));
        size_t units = 1 + payload_fixture_draw(&noise, 8);
        bool is_key = false;
        for (size_t unit = 0; unit < units; unit++) {
            uint8_t head = heads[payload_fixture_draw(&noise, COUNT(heads))];
            size_t most = payload_fixture_draw(&noise, 2) == 0 ? 40 : 4000;
            put_unit(&w, head, 1 + payload_fixture_draw(&noise, most));
            is_key = is_key || head == 0x65;
        }
        fixture.room = RTP_PAYLOAD_ROOM_MIN + payload_fixture_draw(&noise, 700);
        fixture.spread = payload_fixture_draw(&noise, 700);
        rtp_h264_start(&packetizer, writer_bytes(&w), false);
        struct bytes got = payload_fixture_run(&fixture, &packetizer, span_of(out, sizeof out));
        CHECK_BYTES(got, writer_bytes(&w));
        CHECK_EQ(fixture.is_key, is_key);
    }
}

// RFC 6184 §5.7.1: small units travel together, with the highest NRI and any F.
static void small_units_are_gathered(void)
{
    static const uint8_t stream[] = {
        0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x06, 4, 0, 0, 0};
    struct rtp_h264_packetizer packetizer;
    struct writer w = writer_of(span_of(out, 100));
    bool is_last = false;

    rtp_h264_start(&packetizer, bytes_of(stream, sizeof stream), false);
    CHECK(rtp_h264_emit(&packetizer, &w, &is_last));
    CHECK(is_last);
    CHECK_BYTES(writer_bytes(&w), bytes_of("\x78\0\3\x67\1\2\0\2\x68\3\0\2\x06\4", 14));
    CHECK(!rtp_h264_emit(&packetizer, &w, &is_last));
}

// §6.2: mode 0 has neither.
static void a_unit_is_a_payload_in_mode_0(void)
{
    static const uint8_t stream[] = {0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3};
    struct rtp_h264_packetizer packetizer;
    struct writer w = writer_of(span_of(out, 100));
    bool is_last = true;

    rtp_h264_start(&packetizer, bytes_of(stream, sizeof stream), true);
    CHECK(rtp_h264_emit(&packetizer, &w, &is_last));
    CHECK(!is_last);
    CHECK_BYTES(writer_bytes(&w), bytes_of("\x67\1\2", 3));
    w = writer_of(span_of(out, 100));
    CHECK(rtp_h264_emit(&packetizer, &w, &is_last));
    CHECK(is_last);
    CHECK_BYTES(writer_bytes(&w), bytes_of("\x68\3", 2));

    w = writer_of(span_of(frame, sizeof frame));
    put_unit(&w, 0x65, 200);
    rtp_h264_start(&packetizer, writer_bytes(&w), true);
    w = writer_of(span_of(out, 100));
    CHECK(rtp_h264_emit(&packetizer, &w, &is_last));
    CHECK(w.failed);
}

// P10. Each row is two payloads of one frame, and what comes of them.
static void payloads_that_lie_are_malformed(void)
{
    static const struct payload_fixture_pair rows[] = {
        {"a unit, and another", "\x67x", 2, "\x68y", 2, "\0\0\0\1\x67x\0\0\0\1\x68y", 12},
        {"an empty payload", "", 0, "\x68y", 2, NULL, 0},
        {"type 0", "\x60x", 2, "\x68y", 2, NULL, 0},
        {"STAP-B", "\x79\0\0\0\1\x67", 6, "\x68y", 2, NULL, 0},
        {"type 31", "\x7fx", 2, "\x68y", 2, NULL, 0},
        {"an empty STAP-A", "\x78", 1, "\x68y", 2, NULL, 0},
        {"a STAP-A of one", "\x78\0\1\x67", 4, "\x68y", 2, "\0\0\0\1\x67\0\0\0\1\x68y", 11},
        {"a STAP-A's unit past the end", "\x78\0\2\x67", 4, "\x68y", 2, NULL, 0},
        {"a STAP-A's unit of 65535", "\x78\xff\xff\x67", 4, "\x68y", 2, NULL, 0},
        {"a STAP-A's unit of nothing", "\x78\0\0\0\1\x67", 6, "\x68y", 2, NULL, 0},
        {"half a size", "\x78\0\1\x67\0", 5, "\x68y", 2, NULL, 0},
        {"a STAP-A in a STAP-A", "\x78\0\1\x78", 4, "\x68y", 2, NULL, 0},
        {"two parts", "\x7c\x85x", 3, "\x7c\x45y", 3, "\0\0\0\1\x65xy", 7},
        {"a part without a beginning", "\x7c\x45y", 3, "\x68y", 2, NULL, 0},
        {"a beginning in a unit", "\x7c\x85x", 3, "\x7c\x85y", 3, NULL, 0},
        {"a unit in a unit", "\x7c\x85x", 3, "\x68y", 2, NULL, 0},
        {"a STAP-A in a unit", "\x7c\x85x", 3, "\x78\0\1\x67", 4, NULL, 0},
        {"beginning and end in one", "\x7c\xc5x", 3, "\x68y", 2, NULL, 0},
        {"a part of nothing", "\x7c\x85", 2, "\x7c\x45y", 3, NULL, 0},
        {"a part of a part", "\x7c\x9cx", 3, "\x7c\x5cy", 3, NULL, 0},
        {"a part without a head", "\x7c", 1, "\x68y", 2, NULL, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK(payload_fixture_is_right(RTP_CODEC_H264, &rows[i]));
    }
}

static void a_frame_over_its_room_is_refused(void)
{
    struct rtp_payload_state state = {0};
    struct writer w = writer_of(span_of(out, 5));

    CHECK_EQ(
        rtp_payload_append(&state, RTP_CODEC_H264, bytes_of("\x67x", 2), &w), YODEL_ERR_TOO_LARGE);
}

static void starts_and_keys_are_known(void)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool is_start, is_key;
    } rows[] = {
        {"\x65x", 2, true, true},
        {"\x41x", 2, true, false},
        {"\x78\0\1\x67\0\2\x65x", 8, true, true},
        {"\x78\0\1\x67\0\1\x68", 7, true, false},
        {"\x7c\x85x", 3, true, true},
        {"\x7c\x05x", 3, false, true},
        {"\x7c\x41x", 3, false, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rtp_payload_info info;
        CHECK_EQ(rtp_payload_inspect(&info, RTP_CODEC_H264, bytes_of(rows[i].bytes, rows[i].len)),
            YODEL_OK);
        CHECK_EQ(info.is_start, rows[i].is_start);
        CHECK_EQ(info.is_key, rows[i].is_key);
    }
}

// ---- sequence parameter sets, written here bit by bit

static uint8_t sps[256];
static size_t sps_bits;

static void put_bits(uint32_t value, uint32_t count)
{
    for (uint32_t i = count; i-- > 0; sps_bits++) {
        sps[sps_bits / 8] |= (uint8_t)((value >> i & 1) << (7 - sps_bits % 8));
    }
}

static void put_number(uint32_t value)
{
    uint32_t bits = 1;

    while ((value + 1) >> bits != 0) {
        bits++;
    }
    put_bits(0, bits - 1);
    put_bits(value + 1, bits);
}

struct sps {
    uint32_t profile, chroma, order, across, down, fields, crop[4];
    bool has_lists;
    uint32_t offset; // Of the picture order, whatever it is.
};

static bool size_of(const struct sps *set, uint16_t *width, uint16_t *height)
{
    memset(sps, 0, sizeof sps);
    sps_bits = 0;
    put_bits(0x67, 8);
    put_bits(set->profile, 8);
    put_bits(0xff00 | 31, 16); // No three zeros in a row before the sizes.
    put_number(0);
    if (set->profile == 100) {
        put_number(set->chroma);
        put_bits(0, set->chroma == 3 ? 1 : 0);
        put_number(0);
        put_number(0);
        put_bits(0, 1);
        put_bits(set->has_lists, 1);
        for (uint32_t i = 0; set->has_lists && i < (set->chroma == 3 ? 12u : 8u); i++) {
            put_bits(i % 2, 1);
            for (uint32_t j = 0; i % 2 == 1 && j < (i < 6 ? 16u : 64u); j++) {
                put_number(j % 2); // Up by one, or the same.
            }
        }
    }
    put_number(4);
    put_number(set->order);
    if (set->order == 1) {
        put_bits(1, 1);
        put_number(5);
        put_number(6);
        put_number(2);
        put_number(7);
        put_number(set->offset);
    } else if (set->order == 0) {
        put_number(2);
    }
    put_number(1);
    put_bits(0, 1);
    put_number(set->across - 1);
    put_number(set->down - 1);
    put_bits(set->fields == 1, 1);
    put_bits(0, set->fields == 1 ? 0 : 1);
    put_bits(1, 1);
    bool is_cropped = (set->crop[0] | set->crop[1] | set->crop[2] | set->crop[3]) != 0;
    put_bits(is_cropped, 1);
    for (uint32_t i = 0; is_cropped && i < 4; i++) {
        put_number(set->crop[i]);
    }
    put_bits(0x80, 8);
    return rtp_h264_size(bytes_of(sps, sps_bits / 8 + 1), width, height);
}

static void sizes_are_read_from_parameter_sets(void)
{
    static const struct {
        struct sps set;
        uint16_t width, height; // 0: none.
    } rows[] = {
        {{66, 1, 2, 40, 30, 1, {0}, false, 8}, 640, 480},
        {{66, 1, 0, 120, 68, 1, {0, 0, 0, 4}, false, 8}, 1920, 1080},
        {{77, 1, 1, 120, 34, 2, {0, 0, 0, 2}, false, 8}, 1920,
            1080}, // Fields: steps of four lines.
        {{100, 1, 0, 80, 45, 1, {0}, true, 8}, 1280, 720},
        {{100, 3, 0, 80, 45, 1, {1, 2, 3, 4}, true, 8}, 1277, 713},
        {{100, 2, 0, 80, 45, 1, {1, 2, 3, 4}, false, 8}, 1274, 713},
        {{100, 0, 0, 80, 45, 1, {1, 2, 3, 4}, false, 8}, 1277, 713},
        {{100, 4, 0, 80, 45, 1, {0}, false, 8}, 0, 0},
        {{66, 1, 2, 1024, 1024, 1, {0}, false, 8}, 16384, 16384}, // P10: the limit,
        {{66, 1, 2, 1025, 1, 1, {0}, false, 8}, 0, 0},            // and beyond it.
        {{66, 1, 2, 1, 513, 2, {0}, false, 8}, 0, 0},
        {{66, 1, 2, 0x7fffffff, 1, 1, {0}, false, 8}, 0, 0},
        {{66, 1, 2, 4, 4, 1, {16, 16, 0, 0}, false, 8}, 0, 0}, // All is cropped off.
        {{66, 1, 2, 4, 4, 1, {0x7ffffffe, 0x7ffffffe, 0, 0}, false, 8}, 0, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint16_t width = 0, height = 0;
        bool is_found = size_of(&rows[i].set, &width, &height);
        if (is_found != (rows[i].width > 0) || width != rows[i].width || height != rows[i].height) {
            fprintf(stderr, "row %zu: %u by %u: ", i, width, height);
        }
        CHECK_EQ(is_found, rows[i].width > 0);
        CHECK(width == rows[i].width && height == rows[i].height);
    }
}

// P10: numbers that never end, and sets cut anywhere.
static void parameter_sets_cut_short_have_no_size(void)
{
    struct sps set = {66, 1, 2, 40, 30, 1, {0}, false, 8};
    uint16_t width = 0, height = 0;

    CHECK(size_of(&set, &width, &height));
    for (size_t len = 0; len < sps_bits / 8 - 1; len++) {
        CHECK(!rtp_h264_size(bytes_of(sps, len), &width, &height));
    }
    memset(sps, 0, sizeof sps);
    sps[0] = 0x67;
    CHECK(!rtp_h264_size(bytes_of(sps, sizeof sps), &width, &height));
    sps[0] = 0x68; // Not a sequence parameter set.
    CHECK(!rtp_h264_size(bytes_of(sps, sizeof sps), &width, &height));
}

// Puts a 3 behind each two zeros that a byte of 3 or less follows.
static size_t escape(uint8_t *escaped, const uint8_t *plain, size_t count)
{
    size_t len = 0, zeros = 0;

    for (size_t i = 0; i < count; i++) {
        if (zeros == 2 && plain[i] <= 3) {
            escaped[len++] = 3;
            zeros = 0;
        }
        zeros = plain[i] == 0 ? zeros + 1 : 0;
        escaped[len++] = plain[i];
    }
    return len;
}

// ITU-T H.264 §7.4.1: such a 3 is none of the set's bytes.
static void bytes_that_prevent_start_codes_are_left_out(void)
{
    for (uint32_t shift = 0; shift < 8; shift++) { // Numbers with many zeros, at every bit.
        struct sps set = {66, 1, 1, 40, 30, 1, {0}, false, 0x3fffffffu >> shift};
        uint8_t escaped[256];
        uint16_t width = 0, height = 0;
        CHECK(size_of(&set, &width, &height) && width == 640 && height == 480);
        size_t plain_len = sps_bits / 8 + 1;
        size_t len = escape(escaped, sps, plain_len);
        CHECK(len > plain_len);
        width = height = 0;
        CHECK(rtp_h264_size(bytes_of(escaped, len), &width, &height));
        CHECK(width == 640 && height == 480);
    }
}

// RFC 6184 §8.1, and what browsers offer.
static void profiles_are_told_by_their_bits(void)
{
    static const struct {
        const char *text;
        enum yodel_err want;
        enum rtp_h264_profile profile;
        uint8_t level;
    } rows[] = {
        {"42e01f", YODEL_OK, RTP_H264_CONSTRAINED_BASELINE, 31},
        {"42E034", YODEL_OK, RTP_H264_CONSTRAINED_BASELINE, 52},
        {"42001f", YODEL_OK, RTP_H264_BASELINE, 31},
        {"4d001f", YODEL_OK, RTP_H264_MAIN, 31},
        {"4d801f", YODEL_OK, RTP_H264_CONSTRAINED_BASELINE, 31},
        {"58001f", YODEL_OK, RTP_H264_EXTENDED, 31},
        {"58801f", YODEL_OK, RTP_H264_BASELINE, 31},
        {"58c01f", YODEL_OK, RTP_H264_CONSTRAINED_BASELINE, 31},
        {"640028", YODEL_OK, RTP_H264_HIGH, 40},
        {"640c28", YODEL_OK, RTP_H264_CONSTRAINED_HIGH, 40},
        {"f4001f", YODEL_OK, RTP_H264_HIGH_444_PREDICTIVE, 31},
        {"42f00b", YODEL_OK, RTP_H264_CONSTRAINED_BASELINE, RTP_H264_LEVEL_1B},
        {"42e00b", YODEL_OK, RTP_H264_CONSTRAINED_BASELINE, 11},
        {"42e11f", YODEL_ERR_NOT_SUPPORTED, 0, 0},
        {"000000", YODEL_ERR_NOT_SUPPORTED, 0, 0},
        {"", YODEL_ERR_SYNTAX, 0, 0},
        {"42e01", YODEL_ERR_SYNTAX, 0, 0},
        {"42e0", YODEL_ERR_SYNTAX, 0, 0},
        {"42e01f00", YODEL_ERR_SYNTAX, 0, 0},
        {"42e01g", YODEL_ERR_SYNTAX, 0, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rtp_h264_profile_level got = {0};
        CHECK_EQ(rtp_h264_parse_profile(&got, bytes_of_text(rows[i].text)), rows[i].want);
        CHECK(got.profile == rows[i].profile && got.level == rows[i].level);
    }
}

TEST_MAIN(TEST(streams_of_any_units_come_back_whatever_the_room), TEST(small_units_are_gathered),
    TEST(a_unit_is_a_payload_in_mode_0), TEST(payloads_that_lie_are_malformed),
    TEST(a_frame_over_its_room_is_refused), TEST(starts_and_keys_are_known),
    TEST(sizes_are_read_from_parameter_sets), TEST(parameter_sets_cut_short_have_no_size),
    TEST(bytes_that_prevent_start_codes_are_left_out), TEST(profiles_are_told_by_their_bits))
