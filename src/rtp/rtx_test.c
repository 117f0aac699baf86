// RTX: a packet that is sent again is, unpacked, the packet that was sent.

#include "rtp/rtx.h"

#include "check.h"

static uint8_t first[1500], second[1500];

static struct rtp_ext_map map_of(void)
{
    struct rtp_ext_map map = {0};

    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_MID, 1), YODEL_OK);
    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_RID, 2), YODEL_OK);
    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_REPAIRED_RID, 3), YODEL_OK);
    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_TRANSPORT_SEQ, 4), YODEL_OK);
    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_ORIENTATION, 5), YODEL_OK);
    return map;
}

static struct bytes original(const struct rtp_ext_map *map)
{
    struct writer w = writer_of(span_of(first, sizeof first));
    struct rtp_packet packet = {
        .marker = true, .payload_type = 96, .seq = 0xfffe, .timestamp = 9000, .ssrc = 1};
    struct rtp_ext_values values = {.present = RTP_EXT_BIT(RTP_EXT_RID) |
                                               RTP_EXT_BIT(RTP_EXT_TRANSPORT_SEQ) |
                                               RTP_EXT_BIT(RTP_EXT_ORIENTATION),
        .rid = bytes_of_text("hi"),
        .rotation = 90};

    rtp_packet_put_header(&w, &packet);
    rtp_ext_put(&w, 0, map, &values);
    put_text(&w, "the payload");
    rtp_packet_put_padding(&w, 0, 4);
    return writer_bytes(&w);
}

static void what_is_unpacked_is_what_was_sent(void)
{
    struct rtp_ext_map map = map_of();
    struct rtp_rtx rtx = {.ssrc = 2, .seq = 77, .payload_type = 97, .mid = bytes_of_text("0")};
    struct writer w = writer_of(span_of(second, sizeof second));
    struct rtp_ext_values values;
    struct rtp_packet packet;

    rtp_rtx_put(&w, original(&map), &rtx, &map);
    CHECK_EQ(rtp_packet_parse(&packet, writer_bytes(&w)), YODEL_OK);
    CHECK(packet.ssrc == 2 && packet.seq == 77 && packet.payload_type == 97);
    CHECK(packet.marker && packet.timestamp == 9000); // RFC 4588 §4.
    rtp_ext_read(&values, &packet, &map);
    CHECK(!rtp_ext_has(&values, RTP_EXT_RID));
    CHECK_BYTES(values.repaired_rid, bytes_of_text("hi"));
    CHECK_BYTES(values.mid, bytes_of_text("0"));
    CHECK(rtp_ext_has(&values, RTP_EXT_TRANSPORT_SEQ)); // Its place is there, for a new value.
    CHECK_EQ(values.rotation, 90);

    CHECK_EQ(rtp_rtx_unpack(&packet, 1, 96), YODEL_OK);
    CHECK(packet.ssrc == 1 && packet.seq == 0xfffe && packet.payload_type == 96);
    CHECK_BYTES(packet.payload, bytes_of_text("the payload"));
}

// P5, and the padding that browsers probe with.
static void half_a_number_is_malformed_and_padding_is_nothing(void)
{
    struct rtp_packet packet = {.payload = bytes_of("x", 1)};

    CHECK_EQ(rtp_rtx_unpack(&packet, 1, 96), YODEL_ERR_MALFORMED);
    packet.payload = (struct bytes){0};
    CHECK_EQ(rtp_rtx_unpack(&packet, 1, 96), YODEL_ERR_NOT_FOUND);
    packet.payload = bytes_of("\1\2", 2); // An original without a payload.
    CHECK_EQ(rtp_rtx_unpack(&packet, 1, 96), YODEL_OK);
    CHECK_EQ(packet.payload.len, 0);
    CHECK_EQ(packet.seq, 0x0102);
}

static void without_room_nothing_is_sent(void)
{
    struct rtp_ext_map map = map_of();
    struct rtp_rtx rtx = {.ssrc = 2};

    for (size_t len = 0; len < 37; len++) {
        struct writer w = writer_of(span_of(second, len));
        rtp_rtx_put(&w, original(&map), &rtx, &map);
        CHECK(w.failed);
    }
}

TEST_MAIN(TEST(what_is_unpacked_is_what_was_sent),
    TEST(half_a_number_is_malformed_and_padding_is_nothing), TEST(without_room_nothing_is_sent))
