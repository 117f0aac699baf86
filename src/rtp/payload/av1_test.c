// AV1 in RTP: temporal units come back, sequences are known, payloads that lie are malformed.

#include "rtp/payload/av1.h"

#include "check.h"
#include "rtp/payload/payload_fixture.h"

static uint8_t unit[40000], out[40000], other[40000];
static uint64_t noise = 1;

static bool emit(void *packetizer, struct writer *w, bool *is_last)
{
    return rtp_av1_emit(packetizer, w, is_last);
}

static void put_obu(struct writer *w, uint8_t type, bool is_extended, size_t len)
{
    put_u8(w, (uint8_t)(type << 3 | (is_extended ? 4 : 0) | 2));
    if (is_extended) {
        put_u8(w, 0x28);
    }
    rtp_av1_put_leb128(w, (uint32_t)len);
    uint8_t *at = put_room(w, len);
    CHECK(at);
    payload_fixture_fill(&noise, span_of(at, len));
}

static void units_of_any_obus_come_back_whatever_the_room(void)
{
    struct payload_fixture fixture = {.codec = RTP_CODEC_AV1, .emit = emit};
    struct rtp_av1_packetizer packetizer;

    for (uint32_t i = 0; i < 500; i++) {
        struct writer w = writer_of(span_of(unit, sizeof unit));
        bool is_key = i % 5 == 0;
        put_u16(&w, 0x1200); // A temporal delimiter, which is not sent.
        if (is_key) {
            put_obu(&w, 1, false, 11);
        }
        for (size_t obus = 1 + payload_fixture_draw(&noise, 6); obus > 0; obus--) {
            size_t most = payload_fixture_draw(&noise, 2) == 0 ? 40 : 5000;
            put_obu(
                &w, 6, payload_fixture_draw(&noise, 2) == 0, payload_fixture_draw(&noise, most));
        }
        fixture.room = RTP_PAYLOAD_ROOM_MIN + payload_fixture_draw(&noise, 700);
        fixture.spread = payload_fixture_draw(&noise, 700);
        rtp_av1_start(&packetizer, writer_bytes(&w));
        struct bytes got = payload_fixture_run(&fixture, &packetizer, span_of(out, sizeof out));
        CHECK_BYTES(got, bytes_sub(writer_bytes(&w), 2, SIZE_MAX));
        CHECK_EQ(fixture.is_key, is_key);
    }
}

// AV1 RTP §5.
static void layers_have_payloads_of_their_own(void)
{
    // One of no layer, two of one, one of another.
    static const uint8_t layers[] = "\x32\1a\x36\x28\1b\x36\x28\1c\x36\x48\1d";
    struct rtp_av1_packetizer packetizer;
    struct writer w = writer_of(span_of(out, 100));
    bool is_last = true;

    rtp_av1_start(&packetizer, bytes_of(layers, sizeof layers - 1));
    CHECK(rtp_av1_emit(&packetizer, &w, &is_last));
    CHECK(!is_last);
    CHECK_BYTES(writer_bytes(&w), bytes_of("\0\2\x30"
                                           "a\3\x34\x28"
                                           "b\3\x34\x28"
                                           "c",
                                      12));
    w = writer_of(span_of(out, 100));
    CHECK(rtp_av1_emit(&packetizer, &w, &is_last));
    CHECK(is_last);
    CHECK_BYTES(writer_bytes(&w), bytes_of("\0\3\x34\x48"
                                           "d",
                                      5));
}

static void leb128_is_read_in_any_length_but_not_too_much(void)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool is_right;
        uint32_t want;
    } rows[] = {
        {"\0", 1, true, 0},
        {"\x7f", 1, true, 127},
        {"\x80\1", 2, true, 128},
        {"\xff\xff\xff\xff\x0f", 5, true, UINT32_MAX},
        {"\xff\xff\xff\xff\x1f", 5, false, 0},
        {"\x85\x80\x80\x80\x80\x80\x80\0", 8, true, 5},      // Longer than need be.
        {"\x80\x80\x80\x80\x80\x80\x80\x80\0", 9, false, 0}, // P12.
        {"\x80", 1, false, 0},
        {"", 0, false, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reader r = reader_of(bytes_of(rows[i].bytes, rows[i].len));
        CHECK_EQ(rtp_av1_read_leb128(&r), rows[i].want);
        CHECK_EQ(reader_at_end(&r), rows[i].is_right);
    }
}

// P12. Each row is two payloads of one temporal unit, and what comes of them.
static void payloads_that_lie_are_malformed(void)
{
    static const struct payload_fixture_pair rows[] = {
        {"one element, and one", "\x10\x30x", 3, "\x10\x30y", 3, "\x32\1x\x32\1y", 6},
        {"two elements by W", "\x20\2\x30x\x30y", 6, "\x10\x30z", 3, "\x32\1x\x32\1y\x32\1z", 9},
        {"two elements by length", "\0\2\x30x\2\x30y", 7, "\x10\x30z", 3, "\x32\1x\x32\1y\x32\1z",
            9},
        {"an element in two", "\x50\x30x", 3, "\x90y", 2, "\x32\2xy", 4},
        {"a size of its own", "\x10\x32\1x", 4, "\x10\x30y", 3, "\x32\1x\x32\1y", 6},
        {"a wrong size of its own", "\x10\x32\2x", 4, "\x10\x30y", 3, NULL, 0},
        {"a delimiter", "\x10\x10", 2, "\x10\x30y", 3, "\x32\1y", 3},
        {"a tile list", "\x10\x40x", 3, "\x10\x30y", 3, "\x32\1y", 3},
        {"an OBU of a header alone", "\x10\x30", 2, "\x10\x30y", 3, "\x32\0\x32\1y", 5},
        {"an empty payload", "", 0, "\x10\x30y", 3, NULL, 0},
        {"no element", "\x10", 1, "\x10\x30y", 3, NULL, 0},
        {"three by W, two there", "\x30\2\x30x\2\x30y", 7, "\x10\x30y", 3, NULL, 0},
        {"an element past the end", "\0\3\x30x", 4, "\x10\x30y", 3, NULL, 0},
        {"an element of nothing", "\0\0\2\x30x", 5, "\x10\x30y", 3, NULL, 0},
        {"a length of nine bytes", "\0\x80\x80\x80\x80\x80\x80\x80\x80\0", 10, "\x10\x30y", 3, NULL,
            0},
        {"a length of 4 GiB", "\0\xff\xff\xff\xff\x0fx", 7, "\x10\x30y", 3, NULL, 0},
        {"it goes on from nothing", "\x90\x30x", 3, "\x10\x30y", 3, NULL, 0},
        {"it does not go on", "\x50\x30x", 3, "\x10\x30y", 3, NULL, 0},
        {"a sequence that goes on", "\x98\x30x", 3, "\x10\x30y", 3, NULL, 0},
        {"a sequence in the middle of an OBU", "\x50\x30x", 3, "\x98y", 2, NULL, 0},
        {"the forbidden bit", "\x10\xb0x", 3, "\x10\x30y", 3, NULL, 0},
        {"half a header", "\x10\x34", 2, "\x10\x30y", 3, NULL, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK(payload_fixture_is_right(RTP_CODEC_AV1, &rows[i]));
    }
}

// The size is put in behind the last part: in every amount of room it is there or refused.
static void a_unit_over_its_room_is_refused(void)
{
    static const uint8_t payload[] = "\x10\x30 the payload";

    for (size_t len = 0; len < sizeof payload + 1; len++) {
        struct rtp_payload_state state = {0};
        struct writer w = writer_of(span_of(other, len));
        enum yodel_err err =
            rtp_payload_append(&state, RTP_CODEC_AV1, bytes_of(payload, sizeof payload), &w);
        CHECK_EQ(err, len < sizeof payload ? YODEL_ERR_TOO_LARGE : YODEL_OK);
    }
}

static void what_is_no_obu_ends_the_unit(void)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {{"", 0}, {"\xb2\1x", 3}, {"\x32\5x", 3}, {"\x34", 1}, {"\x12\0", 2}};
    struct rtp_av1_packetizer packetizer;
    bool is_last;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct writer w = writer_of(span_of(out, 100));
        rtp_av1_start(&packetizer, bytes_of(rows[i].bytes, rows[i].len));
        CHECK(!rtp_av1_emit(&packetizer, &w, &is_last));
        CHECK_EQ(w.len, 0);
    }
}

TEST_MAIN(TEST(units_of_any_obus_come_back_whatever_the_room),
    TEST(layers_have_payloads_of_their_own), TEST(leb128_is_read_in_any_length_but_not_too_much),
    TEST(payloads_that_lie_are_malformed), TEST(a_unit_over_its_room_is_refused),
    TEST(what_is_no_obu_ends_the_unit))
