// TURN messages: values come back as they went, and ChannelData is never longer than its datagram.

#include "turn/msg.h"

#include "check.h"

static const uint8_t id[STUN_ID_SIZE] = "abcdefghijkl";

static void values_come_back(void)
{
    uint8_t room[256], transport = 0, even = 0;
    uint16_t channel = 0;
    struct writer w = writer_of(span_of(room, sizeof room));
    struct stun_msg msg;

    stun_msg_put_header(&w, TURN_ALLOCATE, id);
    turn_msg_put_byte(&w, TURN_ATTR_REQUESTED_TRANSPORT, TURN_PROTOCOL_UDP);
    turn_msg_put_byte(&w, TURN_ATTR_EVEN_PORT, 0x80);
    turn_msg_put_channel(&w, 0x4abc);
    CHECK_EQ(stun_msg_parse(&msg, writer_bytes(&w)), YODEL_OK);
    CHECK(turn_msg_read_byte(&msg, TURN_ATTR_REQUESTED_TRANSPORT, &transport));
    CHECK(turn_msg_read_byte(&msg, TURN_ATTR_EVEN_PORT, &even));
    CHECK(turn_msg_read_channel(&msg, &channel));
    CHECK_EQ(transport, TURN_PROTOCOL_UDP);
    CHECK_EQ(even, 0x80);
    CHECK_EQ(channel, 0x4abc);
}

static void values_of_another_length_do_not_come(void)
{
    static const uint16_t types[] = {TURN_ATTR_REQUESTED_TRANSPORT, TURN_ATTR_EVEN_PORT,
        TURN_ATTR_REQUESTED_ADDRESS_FAMILY, TURN_ATTR_ADDITIONAL_ADDRESS_FAMILY};

    for (size_t i = 0; i < COUNT(types); i++) {
        for (size_t len = 0; len < 8; len++) {
            uint8_t room[64], value = 7;
            struct writer w = writer_of(span_of(room, sizeof room));
            struct stun_msg msg;

            stun_msg_put_header(&w, TURN_ALLOCATE, id);
            stun_msg_put_attr(&w, types[i], bytes_of("12345678", len));
            CHECK_EQ(stun_msg_parse(&msg, writer_bytes(&w)), YODEL_OK);
            bool is_right = len == (types[i] == TURN_ATTR_EVEN_PORT ? 1 : 4);
            CHECK_EQ(turn_msg_read_byte(&msg, types[i], &value), is_right);
            CHECK_EQ(value, is_right ? '1' : 7);
        }
    }
}

// Case T7, and the channels of T6.
static void channel_data_is_within_its_datagram_and_its_numbers(void)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool want;
        size_t data_len;
    } rows[] = {
        {"\x40\x00\x00\x03"
         "abc",
            7, true, 3},
        {"\x4f\xff\x00\x03"
         "abc\0",
            8, true, 3}, // Padded.
        {"\x40\x01\x00\x00", 4, true, 0},
        {"\x40\x00\x00\x04"
         "abc",
            7, false, 0}, // Longer than it is.
        {"\x40\x00\xff\xff", 4, false, 0},
        {"\x40\x00\x00", 3, false, 0},
        {"\x3f\xff\x00\x01"
         "a",
            5, false, 0},
        {"\x7f\xff\x00\x01"
         "a",
            5, true, 1}, // RFC 5766's last.
        {"\x80\x00\x00\x01"
         "a",
            5, false, 0},
        {"\xff\xff\x00\x01"
         "a",
            5, false, 0},
        {"", 0, false, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct turn_channel_data got = {0};

        CHECK_EQ(
            turn_msg_read_channel_data(&got, bytes_of(rows[i].bytes, rows[i].len)), rows[i].want);
        CHECK_EQ(got.data.len, rows[i].data_len);
    }
}

static void a_header_that_is_written_reads_the_same(void)
{
    uint8_t room[TURN_CHANNEL_HEADER_SIZE + 5] = {0};
    struct writer w = writer_of(span_of(room, sizeof room));
    struct turn_channel_data got;

    turn_msg_put_channel_header(&w, 0x4123, 5);
    put_text(&w, "hello");
    CHECK(turn_msg_read_channel_data(&got, writer_bytes(&w)));
    CHECK_EQ(got.channel, 0x4123);
    CHECK_BYTES(got.data, bytes_of_text("hello"));
    turn_msg_put_channel_header(&w, 0x4123, 65536);
    CHECK(w.failed);
}

TEST_MAIN(TEST(values_come_back), TEST(values_of_another_length_do_not_come),
    TEST(channel_data_is_within_its_datagram_and_its_numbers),
    TEST(a_header_that_is_written_reads_the_same))
