// TURN over streams: messages come out as they went in, however the bytes are cut.

#include "turn/frame.h"

#include "check.h"
#include "turn/msg.h"

static void the_first_bytes_decide(void)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum turn_frame want;
    } rows[] = {
        {"", 0, TURN_FRAME_MORE},
        {"\x00", 1, TURN_FRAME_MORE},
        {"\x00\x01\x00\x00\x21\x12\xa4", 7, TURN_FRAME_MORE},
        {"\x00\x01\x00\x00\x21\x12\xa4\x42", 8, TURN_FRAME_MORE},
        {"\x00\x01\x00\x00\x21\x12\xa4\x43", 8, TURN_FRAME_FOREIGN}, // Another cookie.
        {"\x00\x01\x00\x02\x21\x12\xa4\x42", 8, TURN_FRAME_FOREIGN}, // No multiple of four.
        {"\x40", 1, TURN_FRAME_MORE},
        {"\x40\x00\x00\x01"
         "a",
            5, TURN_FRAME_MORE}, // Case T7: the padding is missing.
        {"\x40\x00\x00\x01"
         "a\0\0\0",
            8, TURN_FRAME_WHOLE},
        {"\x7f", 1, TURN_FRAME_MORE},
        {"\x16\x03\x01", 3, TURN_FRAME_MORE}, // TLS: the cookie will tell.
        {"\x16\x03\x01\x02\x00\x01\x00\x01", 8, TURN_FRAME_FOREIGN},
        {"\x80", 1, TURN_FRAME_FOREIGN},
        {"\xff", 1, TURN_FRAME_FOREIGN},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = 4711;

        CHECK_EQ(turn_frame_length(bytes_of(rows[i].bytes, rows[i].len), &len), rows[i].want);
        CHECK_EQ(len, rows[i].want == TURN_FRAME_WHOLE ? rows[i].len : 4711);
    }
}

// Case T15: a browser that asks for a page.
static void http_does_not_begin_as_a_client_does(void)
{
    CHECK(!turn_frame_is_stun(bytes_of_text("GET / HTTP/1.1")));
    CHECK(turn_frame_is_stun(bytes_of("\x00\x03", 2)));
    CHECK(turn_frame_is_stun((struct bytes){0}));
}

// Case T15: one byte at a time, and two messages in one piece.
static void however_the_stream_is_cut_the_messages_are_the_same(void)
{
    static const uint8_t id[STUN_ID_SIZE];
    uint8_t room[256];
    size_t ends[3], len = 0;
    struct writer w = writer_of(span_of(room, sizeof room));
    struct writer first = w;

    stun_msg_put_header(&first, TURN_ALLOCATE, id);
    turn_msg_put_byte(&first, TURN_ATTR_REQUESTED_TRANSPORT, TURN_PROTOCOL_UDP);
    w.len = ends[0] = first.len;
    turn_msg_put_channel_header(&w, 0x4000, 6);
    put_text(&w, "abcdef");
    put_zeros(&w, turn_frame_padding(6));
    ends[1] = w.len;
    turn_msg_put_channel_header(&w, 0x4001, 0);
    ends[2] = w.len;

    for (size_t i = 0, at = 0; i < COUNT(ends); at = ends[i++]) {
        for (size_t have = 0; at + have < w.len; have++) {
            struct bytes stream = bytes_of(room + at, have);
            enum turn_frame frame = turn_frame_length(stream, &len);

            CHECK_EQ(frame, at + have < ends[i] ? TURN_FRAME_MORE : TURN_FRAME_WHOLE);
            CHECK(frame == TURN_FRAME_MORE || at + len == ends[i]);
        }
    }
}

static void no_message_is_longer_than_the_limit(void)
{
    size_t longest = 0;

    for (uint32_t claimed = 0; claimed <= UINT16_MAX; claimed++) {
        static uint8_t room[TURN_FRAME_MAX];
        size_t len = 0;

        store_u16(room, TURN_CHANNEL_MIN);
        store_u16(room + 2, (uint16_t)claimed);
        CHECK_EQ(turn_frame_length(bytes_of(room, sizeof room), &len), TURN_FRAME_WHOLE);
        longest = len > longest ? len : longest;
        store_u16(room, TURN_SEND | STUN_INDICATION);
        store_u32(room + 4, STUN_COOKIE);
        enum turn_frame frame = turn_frame_length(bytes_of(room, sizeof room), &len);
        CHECK_EQ(frame, claimed % 4 == 0 ? TURN_FRAME_WHOLE : TURN_FRAME_FOREIGN);
        longest = len > longest ? len : longest;
    }
    CHECK(longest <= TURN_FRAME_MAX);
}

TEST_MAIN(TEST(the_first_bytes_decide), TEST(http_does_not_begin_as_a_client_does),
    TEST(however_the_stream_is_cut_the_messages_are_the_same),
    TEST(no_message_is_longer_than_the_limit))
