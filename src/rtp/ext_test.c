// RTP header extensions: both forms, values that are written and read, and those that lie.

#include "rtp/ext.h"

#include <stdio.h>

#include "check.h"

static uint8_t room[2048];

static const struct rtp_ext_values all = {.present = (1u << RTP_EXT_KINDS) - 1,
    .mid = {(const uint8_t *)"0", 1},
    .rid = {(const uint8_t *)"hi", 2},
    .repaired_rid = {(const uint8_t *)"mid-res", 7},
    .audio_level = 127,
    .is_voice = true,
    .send_time = 0xabcdef,
    .time_offset = -2,
    .transport_seq = 0xfffe,
    .rotation = 270,
    .is_flipped = true,
    .playout_min_ms = 100,
    .playout_max_ms = 40950,
    .content_type = 1,
    .capture_time = 0x0123456789abcdef};

static struct rtp_ext_map map_from(uint32_t first_id)
{
    struct rtp_ext_map map = {.is_two_byte_allowed = true};

    for (enum rtp_ext_kind kind = 0; kind < RTP_EXT_KINDS; kind++) {
        uint32_t id = first_id + kind;
        CHECK_EQ(rtp_ext_map_set(&map, kind, id >= 15 && first_id < 15 ? id + 1 : id), YODEL_OK);
    }
    return map;
}

static struct rtp_packet written(
    struct writer *w, const struct rtp_ext_map *map, const struct rtp_ext_values *values)
{
    struct rtp_packet packet = {.ssrc = 5, .payload_type = 96};
    struct rtp_packet got;

    *w = writer_of(span_of(room, sizeof room));
    rtp_packet_put_header(w, &packet);
    rtp_ext_put(w, 0, map, values);
    put_text(w, "payload");
    CHECK_EQ(rtp_packet_parse(&got, writer_bytes(w)), YODEL_OK);
    CHECK_BYTES(got.payload, bytes_of_text("payload"));
    return got;
}

static void check_all(const struct rtp_packet *packet, const struct rtp_ext_map *map)
{
    struct rtp_ext_values got;

    rtp_ext_read(&got, packet, map);
    CHECK_EQ(got.present, all.present);
    CHECK_BYTES(got.mid, all.mid);
    CHECK_BYTES(got.rid, all.rid);
    CHECK_BYTES(got.repaired_rid, all.repaired_rid);
    CHECK(got.audio_level == 127 && got.is_voice);
    CHECK_EQ(got.send_time, 0xabcdef);
    CHECK_EQ(got.time_offset, -2);
    CHECK_EQ(got.transport_seq, 0xfffe);
    CHECK(got.rotation == 270 && got.is_flipped && !got.is_back_camera);
    CHECK(got.playout_min_ms == 100 && got.playout_max_ms == 40950);
    CHECK_EQ(got.content_type, 1);
    CHECK_EQ(got.capture_time, all.capture_time);
}

static void every_value_comes_back_in_both_forms(void)
{
    struct rtp_ext_map small = map_from(1), large = map_from(200);
    struct rtp_packet packet;
    struct writer w;

    packet = written(&w, &small, &all);
    CHECK_EQ(packet.ext_form, RTP_EXT_ONE_BYTE);
    check_all(&packet, &small);
    packet = written(&w, &large, &all);
    CHECK_EQ(packet.ext_form, RTP_EXT_TWO_BYTE);
    check_all(&packet, &large);
}

static void the_longer_form_is_used_only_where_needed_and_allowed(void)
{
    struct rtp_ext_map map = map_from(1);
    struct rtp_ext_values values = {
        .present = RTP_EXT_BIT(RTP_EXT_MID) | RTP_EXT_BIT(RTP_EXT_TRANSPORT_SEQ),
        .mid = bytes_of_text("a mid of seventee")};
    struct rtp_ext_values got;
    struct rtp_packet packet;
    struct writer w;

    packet = written(&w, &map, &values);
    CHECK_EQ(packet.ext_form, RTP_EXT_TWO_BYTE);
    values.mid.len = 16;
    packet = written(&w, &map, &values);
    CHECK_EQ(packet.ext_form, RTP_EXT_ONE_BYTE);
    values.mid.len = 17;
    map.is_two_byte_allowed = false;
    packet = written(&w, &map, &values);
    CHECK_EQ(packet.ext_form, RTP_EXT_ONE_BYTE);
    rtp_ext_read(&got, &packet, &map);
    CHECK_EQ(got.present, RTP_EXT_BIT(RTP_EXT_TRANSPORT_SEQ));
}

static void nothing_to_say_costs_nothing(void)
{
    struct rtp_ext_map none = {0}, map = map_from(1);
    struct rtp_packet packet;
    struct writer w;

    packet = written(&w, &none, &all);
    CHECK_EQ(packet.ext_form, RTP_EXT_NONE);
    packet = written(&w, &map, &(struct rtp_ext_values){0});
    CHECK_EQ(packet.ext_form, RTP_EXT_NONE);
}

// P14: a MID of 256 bytes came from signaling; what cannot be written, or read by us, is left out.
static void a_text_over_the_limit_is_not_written(void)
{
    static uint8_t text[256];
    static const size_t lens[] = {0, RTP_EXT_TEXT_MAX + 1, sizeof text};
    struct rtp_ext_map map = map_from(1);
    struct rtp_ext_values values = all, got;

    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < COUNT(lens); i++) {
        struct writer w;
        struct rtp_ext ext;
        values.mid = bytes_of(text, lens[i]);
        struct rtp_packet packet = written(&w, &map, &values);
        struct reader r = reader_of(packet.exts);
        size_t count = 0;
        for (; rtp_ext_next(&r, packet.ext_form, &ext); count++) {
            CHECK(ext.id != map.ids[RTP_EXT_MID]);
        }
        CHECK_EQ(count, RTP_EXT_KINDS - 1);
        rtp_ext_read(&got, &packet, &map);
        CHECK_EQ(got.present, all.present & ~RTP_EXT_BIT(RTP_EXT_MID));
    }
}

static void what_is_reserved_is_overwritten_in_place(void)
{
    struct rtp_ext_map map = map_from(1), none = {0};
    struct rtp_packet packet;
    struct rtp_ext_values got;
    struct writer w;

    written(&w, &map, &all);
    struct span whole = span_of(room, w.len);
    rtp_ext_store_send_time(whole, &map, YODEL_SECONDS(65) + YODEL_MS(500));
    rtp_ext_store_transport_seq(whole, &map, 0x30007);
    CHECK_EQ(rtp_packet_parse(&packet, writer_bytes(&w)), YODEL_OK);
    rtp_ext_read(&got, &packet, &map);
    CHECK_EQ(got.send_time, (1 << 18) + (1 << 17)); // 1.5 s: it wraps after 64.
    CHECK_EQ(got.transport_seq, 7);
    CHECK_EQ(got.present, all.present);
    CHECK_EQ(rtp_ext_find(whole, &map, RTP_EXT_RID).len, 2);
    CHECK_EQ(rtp_ext_find(whole, &none, RTP_EXT_RID).len, 0);
    CHECK_EQ(rtp_ext_find(span_of(room, 11), &map, RTP_EXT_RID).len, 0);
}

// P2 and P14: each row is the extension's bytes, and which kinds may be read from them. The ids are
// 1 and on.
static void what_lies_is_as_if_it_were_absent(void)
{
#define BIT(kind) RTP_EXT_BIT(RTP_EXT_##kind)
    static const struct {
        const char *why;
        const char *bytes;
        size_t len;
        enum rtp_ext_form form;
        uint32_t want;
    } rows[] = {
        {"two elements and padding", "\x10z\0\0\x61\0\2\0", 8, RTP_EXT_ONE_BYTE,
            BIT(MID) | BIT(TRANSPORT_SEQ)},
        {"id 15 ends it", "\xf0z\0\0\x61\0\2\0", 8, RTP_EXT_ONE_BYTE, 0},
        {"id 0 with a length ends it", "\x01z\0\0\x61\0\2\0", 8, RTP_EXT_ONE_BYTE, 0},
        {"a length past the end", "\x10z\x6f\1", 4, RTP_EXT_ONE_BYTE, BIT(MID)},
        {"a length past the end, long form", "\1\1z\6\xff\1\2\3", 8, RTP_EXT_TWO_BYTE, BIT(MID)},
        {"an id without a length", "\1\1z\6", 4, RTP_EXT_TWO_BYTE, BIT(MID)},
        {"an id of nobody", "\xc0z\x10z", 4, RTP_EXT_ONE_BYTE, BIT(MID)},
        {"id 255 of nobody", "\xff\1z\0\1\1z\0", 8, RTP_EXT_TWO_BYTE, BIT(MID)},
        {"an empty text", "\1\0\0\0", 4, RTP_EXT_TWO_BYTE, 0},
        {"a text with a NUL", "\x11z\0\0", 4, RTP_EXT_ONE_BYTE, 0},
        {"a text that is not ASCII", "\x11\xc3\xa4\0", 4, RTP_EXT_ONE_BYTE, 0},
        {"a number too short", "\x60\1\0\0", 4, RTP_EXT_ONE_BYTE, 0},
        {"a number too long", "\x43\1\2\3\4\0\0\0", 8, RTP_EXT_ONE_BYTE, 0},
        {"a least delay over the most", "\x92\0\x20\1", 4, RTP_EXT_ONE_BYTE, 0},
        {"a wrong one does not hide a right one", "\x10\1\x10z", 4, RTP_EXT_ONE_BYTE, BIT(MID)},
        {"another profile", "\x10z\0\0", 4, RTP_EXT_OTHER, 0},
    };
    struct rtp_ext_map map = map_from(1);
    struct rtp_ext_values got;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rtp_packet packet = {
            .ext_form = rows[i].form, .exts = bytes_of(rows[i].bytes, rows[i].len)};
        rtp_ext_read(&got, &packet, &map);
        if (got.present != rows[i].want) {
            fprintf(stderr, "row %zu (%s): ", i, rows[i].why);
        }
        CHECK_EQ(got.present, rows[i].want);
    }
}

// P2: repeated a hundred times; the first counts.
static void the_first_of_many_counts(void)
{
    static uint8_t bytes[200];
    struct rtp_ext_map map = map_from(1);
    struct rtp_packet packet = {.ext_form = RTP_EXT_ONE_BYTE, .exts = bytes_of(bytes, 200)};
    struct rtp_ext_values got;

    for (size_t i = 0; i < 100; i++) {
        bytes[2 * i] = 0x40;
        bytes[2 * i + 1] = (uint8_t)i;
    }
    bytes[1] = 77;
    rtp_ext_read(&got, &packet, &map);
    CHECK_EQ(got.audio_level, 77);
}

static void ids_are_agreed_on_once(void)
{
    struct rtp_ext_map map = {0};

    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_MID, 0), YODEL_ERR_RANGE);
    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_MID, 15), YODEL_ERR_RANGE);
    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_MID, 256), YODEL_ERR_RANGE);
    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_MID, 4), YODEL_OK);
    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_MID, 4), YODEL_OK);
    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_RID, 4), YODEL_ERR_EXISTS);
    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_MID, 5), YODEL_OK);
    CHECK_EQ(rtp_ext_map_set(&map, RTP_EXT_RID, 4), YODEL_OK);
}

static void every_kind_has_a_name_of_its_own(void)
{
    for (enum rtp_ext_kind kind = 0; kind < RTP_EXT_KINDS; kind++) {
        CHECK_EQ(rtp_ext_kind_of(bytes_of_text(rtp_ext_uri(kind))), kind);
    }
    CHECK_EQ(rtp_ext_kind_of(bytes_of_text("urn:ietf:params:rtp-hdrext:sdes:mi")), RTP_EXT_KINDS);
}

TEST_MAIN(TEST(every_value_comes_back_in_both_forms),
    TEST(the_longer_form_is_used_only_where_needed_and_allowed), TEST(nothing_to_say_costs_nothing),
    TEST(a_text_over_the_limit_is_not_written), TEST(what_is_reserved_is_overwritten_in_place),
    TEST(what_lies_is_as_if_it_were_absent), TEST(the_first_of_many_counts),
    TEST(ids_are_agreed_on_once), TEST(every_kind_has_a_name_of_its_own))
