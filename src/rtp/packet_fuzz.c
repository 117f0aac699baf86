// RTP packets, fuzzed: what parses is written the same, and its extensions are read, written and
// found again. P5: so it is with what is sent again.

#include "fuzz.h"
#include "rtp/rtx.h"

static struct rtp_ext_map map_of_all(void)
{
    struct rtp_ext_map map = {.is_two_byte_allowed = true};

    for (enum rtp_ext_kind kind = 0; kind < RTP_EXT_KINDS; kind++) {
        FUZZ_CHECK(rtp_ext_map_set(&map, kind, kind + 1u) == YODEL_OK);
    }
    return map;
}

static void check_values(const struct rtp_packet *packet)
{
    static uint8_t room[1024];
    struct rtp_ext_map map = map_of_all();
    struct writer w = writer_of(span_of(room, sizeof room));
    struct rtp_ext_values values, again;
    struct rtp_packet got;

    rtp_ext_read(&values, packet, &map);
    rtp_packet_put_header(&w, &(struct rtp_packet){0});
    rtp_ext_put(&w, 0, &map, &values);
    FUZZ_CHECK(rtp_packet_parse(&got, writer_bytes(&w)) == YODEL_OK);
    rtp_ext_read(&again, &got, &map);
    FUZZ_CHECK(again.present == values.present);
    FUZZ_CHECK(bytes_equal(again.mid, values.mid) && bytes_equal(again.rid, values.rid));
    FUZZ_CHECK(again.time_offset == values.time_offset && again.rotation == values.rotation);
    FUZZ_CHECK(again.capture_time == values.capture_time);
    for (enum rtp_ext_kind kind = 0; kind < RTP_EXT_KINDS; kind++) {
        struct span at = rtp_ext_find(span_of(room, w.len), &map, kind);
        FUZZ_CHECK((at.len > 0) == rtp_ext_has(&values, kind));
    }
}

static void check_sent_again(const struct rtp_packet *packet, struct bytes whole)
{
    static uint8_t room[140000];
    struct rtp_ext_map map = map_of_all();
    struct rtp_rtx rtx = {.ssrc = packet->ssrc + 1, .seq = 7, .payload_type = 97};
    struct writer w = writer_of(span_of(room, sizeof room));
    struct rtp_packet again = *packet;

    enum yodel_err err = rtp_rtx_unpack(&again, 1, 96); // As if it were one itself.
    FUZZ_CHECK((err == YODEL_OK) == (packet->payload.len >= RTP_RTX_OSN_SIZE));
    rtp_rtx_put(&w, whole, &rtx, &map);
    FUZZ_CHECK(rtp_packet_parse(&again, writer_bytes(&w)) == YODEL_OK);
    FUZZ_CHECK(rtp_rtx_unpack(&again, packet->ssrc, packet->payload_type) == YODEL_OK);
    FUZZ_CHECK(again.ssrc == packet->ssrc && again.seq == packet->seq);
    FUZZ_CHECK(again.timestamp == packet->timestamp && again.marker == packet->marker);
    FUZZ_CHECK(bytes_equal(again.payload, packet->payload));
}

FUZZ(input)
{
    static uint8_t room[70000];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct rtp_packet packet, again;

    if (rtp_packet_parse(&packet, input) != YODEL_OK) {
        return;
    }
    FUZZ_CHECK(rtp_packet_kind(input) != RTP_KIND_FOREIGN);
    rtp_packet_put(&w, &packet);
    FUZZ_CHECK(w.len == input.len); // But for what padding holds, the same.
    FUZZ_CHECK(memcmp(room, input.ptr, input.len - packet.padding_len) == 0);
    FUZZ_CHECK(rtp_packet_parse(&again, writer_bytes(&w)) == YODEL_OK);
    check_values(&packet);
    check_sent_again(&packet, input);
}
