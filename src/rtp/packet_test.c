// RTP packets: what is written is read again, and what is not RTP is not taken for it.

#include "rtp/packet.h"

#include <stdio.h>

#include "check.h"

static uint8_t room[2048];

// RFC 5761 §4 and RFC 7983 §7.
static void two_bytes_tell_what_a_datagram_is(void)
{
    static const struct {
        uint8_t first, second;
        enum rtp_kind want;
    } rows[] = {
        {0x80, 0, RTP_KIND_RTP},
        {0xbf, 96, RTP_KIND_RTP},
        {0x80, 0x80 | 35, RTP_KIND_RTP},
        {0x80, 0x80 | 63, RTP_KIND_RTP},
        {0x80, 0x80 | 64, RTP_KIND_RTCP}, // R9: hence no payload type from 64 to 95.
        {0x80, 200, RTP_KIND_RTCP},
        {0x80, 223, RTP_KIND_RTCP},
        {0x80, 0x80 | 96, RTP_KIND_RTP},
        {0x7f, 200, RTP_KIND_FOREIGN},
        {0xc0, 200, RTP_KIND_FOREIGN},
        {0x16, 0xfe, RTP_KIND_FOREIGN},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t datagram[2] = {rows[i].first, rows[i].second};
        CHECK_EQ(rtp_packet_kind(bytes_of(datagram, 2)), rows[i].want);
        CHECK_EQ(rtp_packet_kind(bytes_of(datagram, 1)), RTP_KIND_FOREIGN);
    }
    CHECK_EQ(rtp_packet_kind((struct bytes){0}), RTP_KIND_FOREIGN);
}

#define FIXED "\1\2\0\0\0\5\xaa\xbb\xcc\xdd"

// Each row is one way a datagram can differ from a header alone (P1 to P3, R7).
static void parse_accepts_and_rejects(void)
{
    static const struct {
        const char *why;
        const char *bytes;
        size_t len;
        enum yodel_err want;
    } rows[] = {
        {"a header and nothing else", "\x80\x60" FIXED, 12, YODEL_OK},
        {"a payload", "\x80\x60" FIXED "x", 13, YODEL_OK},
        {"nothing", "", 0, YODEL_ERR_FOREIGN},
        {"a header cut short", "\x80\x60" FIXED, 11, YODEL_ERR_FOREIGN},
        {"version 1", "\x40\x60" FIXED, 12, YODEL_ERR_FOREIGN},
        {"a CSRC", "\x81\x60" FIXED "abcd", 16, YODEL_OK},
        {"15 CSRCs, of which one is there", "\x8f\x60" FIXED "abcd", 16, YODEL_ERR_MALFORMED},
        {"an empty extension", "\x90\x60" FIXED "\xbe\xde\0\0", 16, YODEL_OK},
        {"an extension cut in its frame", "\x90\x60" FIXED "\xbe\xde\0", 15, YODEL_ERR_MALFORMED},
        {"an extension beyond the end", "\x90\x60" FIXED "\xbe\xde\0\1abc", 19,
            YODEL_ERR_MALFORMED},
        {"an extension of 65535 words",
            "\x90\x60" FIXED "\xbe\xde\xff\xff"
            "abcd",
            20, YODEL_ERR_MALFORMED},
        {"padding alone", "\xa0\x60" FIXED "\0\0\3", 15, YODEL_OK},
        {"padding of 0", "\xa0\x60" FIXED "\0\0\0", 15, YODEL_ERR_MALFORMED},
        {"padding of 255", "\xa0\x60" FIXED "\0\0\xff", 15, YODEL_ERR_MALFORMED},
        {"padding of nothing", "\xa0\x60" FIXED, 12, YODEL_ERR_MALFORMED},
        {"padding that reaches into the header", "\xa0\x60" FIXED "\2", 13, YODEL_ERR_MALFORMED},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rtp_packet packet;
        enum yodel_err got = rtp_packet_parse(&packet, bytes_of(rows[i].bytes, rows[i].len));
        if (got != rows[i].want) {
            fprintf(stderr, "row %zu (%s): ", i, rows[i].why);
        }
        CHECK_EQ(got, rows[i].want);
    }
}

static const struct rtp_packet whole = {.marker = true,
    .payload_type = 111,
    .seq = 0xfffe,
    .timestamp = 0x80000001,
    .ssrc = 0xdeadbeef,
    .csrcs = {(const uint8_t *)"abcdefgh", 8},
    .ext_form = RTP_EXT_ONE_BYTE,
    .ext_profile = RTP_PACKET_ONE_BYTE_PROFILE,
    .exts = {(const uint8_t *)"\x11mi\0", 4},
    .payload = {(const uint8_t *)"payload", 7},
    .padding_len = 5};

static void a_packet_comes_back(void)
{
    struct writer w = writer_of(span_of(room, sizeof room));
    struct rtp_packet got;

    rtp_packet_put(&w, &whole);
    CHECK_EQ(w.len, 12 + 8 + 8 + 7 + 5);
    CHECK_EQ(rtp_packet_parse(&got, writer_bytes(&w)), YODEL_OK);
    CHECK(got.marker);
    CHECK_EQ(got.payload_type, 111);
    CHECK_EQ(got.seq, 0xfffe);
    CHECK_EQ(got.timestamp, 0x80000001);
    CHECK_EQ(got.ssrc, 0xdeadbeef);
    CHECK_BYTES(got.csrcs, whole.csrcs);
    CHECK_EQ(got.ext_form, RTP_EXT_ONE_BYTE);
    CHECK_BYTES(got.exts, whole.exts);
    CHECK_BYTES(got.payload, whole.payload);
    CHECK_EQ(got.padding_len, 5);
}

static void the_marker_is_set_afterwards(void)
{
    struct rtp_packet packet = whole, got;
    struct writer w = writer_of(span_of(room, sizeof room));

    packet.marker = false;
    rtp_packet_put(&w, &packet);
    CHECK_EQ(rtp_packet_parse(&got, writer_bytes(&w)), YODEL_OK);
    CHECK(!got.marker);
    rtp_packet_store_marker(span_of(room, w.len));
    CHECK_EQ(rtp_packet_parse(&got, writer_bytes(&w)), YODEL_OK);
    CHECK(got.marker);
    CHECK_EQ(got.payload_type, 111);
}

static void a_packet_is_written_whole_or_not_at_all(void)
{
    for (size_t len = 0; len < 40; len++) {
        struct writer w = writer_of(span_of(room, len));
        rtp_packet_put(&w, &whole);
        CHECK(w.failed);
    }
}

static void profiles_are_told_apart(void)
{
    static const struct {
        uint16_t profile;
        enum rtp_ext_form want;
    } rows[] = {
        {0xbede, RTP_EXT_ONE_BYTE},
        {0x1000, RTP_EXT_TWO_BYTE},
        {0x100f, RTP_EXT_TWO_BYTE}, // RFC 8285 §4.3: the application's bits.
        {0x1010, RTP_EXT_OTHER},
        {0xbedf, RTP_EXT_OTHER},
        {0, RTP_EXT_OTHER},
    };
    uint8_t packet[16] = {0x90, 0x60};
    struct rtp_packet got;

    for (size_t i = 0; i < COUNT(rows); i++) {
        store_u16(packet + 12, rows[i].profile);
        CHECK_EQ(rtp_packet_parse(&got, bytes_of(packet, sizeof packet)), YODEL_OK);
        CHECK_EQ(got.ext_form, rows[i].want);
    }
}

TEST_MAIN(TEST(two_bytes_tell_what_a_datagram_is), TEST(parse_accepts_and_rejects),
    TEST(a_packet_comes_back), TEST(the_marker_is_set_afterwards),
    TEST(a_packet_is_written_whole_or_not_at_all), TEST(profiles_are_told_apart))
