// SRTP and SRTCP: the RFC's packets, both buffers, wraps, and that no nonce is used twice.

#include "srtp/srtp.h"

#include "base/hex.h"
#include "capped_alloc.h"
#include "srtp/fixture.h"

static struct bytes from_hex(struct span room, const char *text)
{
    size_t len = 0;

    CHECK_EQ(hex_parse(room, bytes_of_text(text), &len), YODEL_OK);
    return bytes_of(room.ptr, len);
}

// RFC 7714 §16: one packet, two keys.
static void the_packets_of_rfc_7714_hold(void)
{
    static const char packet[] = "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e697320646976"
                                 "69736120696e207061727465732074726573";
    static const struct {
        enum srtp_suite suite;
        const char *want;
    } rows[] = {
        {SRTP_AEAD_AES_128_GCM, "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd5"
                                "0d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee439"
                                "0cce"},
        {SRTP_AEAD_AES_256_GCM, "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab1801238"
                                "9a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a7"
                                "6c13"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct srtp_session_keys keys = {0};
        struct srtp_cipher cipher;
        uint8_t room[128], want[128];
        struct bytes wanted = from_hex(span_of(want, sizeof want), rows[i].want);
        for (size_t k = 0; k < SRTP_KEY_MAX; k++) {
            keys.cipher[k] = (uint8_t)k;
        }
        memcpy(keys.salt, "Quid pro quo", 12);
        srtp_cipher_init(&cipher, rows[i].suite, &keys, false);
        struct bytes plain = from_hex(span_of(room, sizeof room), packet);
        struct srtp_parts parts = {.ssrc = 0x5501a0b2,
            .index = 0xf17b,
            .packet = room,
            .header_len = 12,
            .text_len = plain.len - 12};
        srtp_cipher_seal(&cipher, &parts, room + 12, room + plain.len);
        CHECK_BYTES(bytes_of(room, plain.len + 16), wanted);
        CHECK(srtp_cipher_open(&cipher, &parts, room + plain.len));
        CHECK_BYTES(bytes_of(room + 12, 6), bytes_of_text("Gallia"));
        srtp_cipher_deinit(&cipher);
    }
}

static void what_one_protects_the_other_opens(void)
{
    EACH_SUITE(suite)
    {
        struct pair pair;
        pair_init(&pair, suite);
        for (uint64_t index = 100; index < 300; index++) {
            struct packet packet = rtp(&pair, 7, index, "payload");
            struct srtp_opened opened;
            CHECK(packet.len == 12 + 7 + srtp_suite_tag_size(suite));
            CHECK(memcmp(packet.data + 12, "payload", 7) != 0);
            CHECK(srtp_unprotect(&pair.to, span_of(packet.data, packet.len), &opened));
            CHECK_EQ(opened.index, index);
            CHECK_EQ(opened.header.len, 12);
            CHECK_BYTES(bytes_of_span(opened.payload), bytes_of_text("payload"));
        }
        for (uint32_t i = 0; i < 200; i++) {
            struct packet packet = rtcp(&pair, 7);
            size_t len = 0;
            CHECK(packet.len == 28 + 4 + srtp_suite_tag_size(suite));
            CHECK(srtp_unprotect_rtcp(&pair.to, span_of(packet.data, packet.len), &len));
            CHECK_EQ(len, 28);
            CHECK_EQ(packet.data[27], 27);
        }
        CHECK_EQ(pair.to.stats.packets, 200);
        CHECK_EQ(pair.to.stats.rtcp_packets, 200);
        pair_deinit(&pair);
    }
}

// A payload that many receivers get is sealed from where it is.
static void into_another_buffer_is_as_in_place(void)
{
    EACH_SUITE(suite)
    {
        struct pair pairs[2];
        uint8_t header[12] = {0x80, 96, 0, 9, [11] = 5}, payload[40] = "shared", apart[80];
        uint8_t place[80];
        size_t lens[2] = {0};
        pair_init(&pairs[0], suite);
        pair_init(&pairs[1], suite);
        memcpy(place, header, sizeof header);
        memcpy(place + sizeof header, payload, sizeof payload);
        CHECK_EQ(srtp_protect(&pairs[0].from, 9, bytes_of(header, sizeof header),
                     bytes_of(payload, sizeof payload), span_of(apart, sizeof apart), &lens[0]),
            YODEL_OK);
        CHECK_EQ(srtp_protect(&pairs[1].from, 9, bytes_of(place, sizeof header),
                     bytes_of(place + sizeof header, sizeof payload), span_of(place, sizeof place),
                     &lens[1]),
            YODEL_OK);
        CHECK_BYTES(bytes_of(apart, lens[0]), bytes_of(place, lens[1]));
        CHECK_TEXT((char *)payload, "shared");
        pair_deinit(&pairs[0]);
        pair_deinit(&pairs[1]);
    }
}

static void sequence_numbers_wrap_with_loss_and_reordering(void)
{
    EACH_SUITE(suite)
    {
        struct pair pair;
        struct srtp_opened opened;
        pair_init(&pair, suite);
        // Two wraps, a third lost, each pair of neighbours the other way round.
        for (uint64_t index = 30000; index < 30000 + 140000; index += 3) {
            struct packet first = rtp(&pair, 7, index, "a"), second = rtp(&pair, 7, index + 1, "b");
            CHECK(srtp_unprotect(&pair.to, span_of(second.data, second.len), &opened));
            CHECK_EQ(opened.index, index + 1);
            CHECK(srtp_unprotect(&pair.to, span_of(first.data, first.len), &opened));
            CHECK_EQ(opened.index, index);
        }
        pair_deinit(&pair);
    }
}

static void no_index_is_protected_twice(void)
{
    EACH_SUITE(suite)
    {
        struct pair pair;
        pair_init(&pair, suite);
        for (uint64_t index = 0; index < 3000; index++) {
            CHECK_EQ(try_rtp(&pair, 7, index), YODEL_OK);
            CHECK_EQ(try_rtp(&pair, 7, index), YODEL_ERR_EXISTS);
            CHECK_EQ(try_rtp(&pair, 7, index / 2), YODEL_ERR_EXISTS);
        }
        CHECK_EQ(try_rtp(&pair, 8, 5), YODEL_OK); // Of another stream.
        CHECK_EQ(try_rtp(&pair, 7, ((uint64_t)1 << 48) - 1), YODEL_OK);
        CHECK_EQ(try_rtp(&pair, 7, (uint64_t)1 << 48), YODEL_ERR_RANGE);
        pair.from.rtcp_index = 0x7fffffff;
        (void)rtcp(&pair, 7);
        uint8_t room[64] = {0x80, 200};
        size_t len = 0;
        CHECK_EQ(
            srtp_protect_rtcp(&pair.from, bytes_of(room, 28), span_of(room, sizeof room), &len),
            YODEL_ERR_RANGE);
        pair_deinit(&pair);
    }
}

static void what_has_no_room_is_refused_and_costs_no_index(void)
{
    EACH_SUITE(suite)
    {
        uint8_t header[12] = {0x80, 96, 0, 9, [11] = 5}, out[64];
        size_t len = 0, need = 12 + 1 + srtp_suite_tag_size(suite);
        struct pair pair;
        pair_init(&pair, suite);
        CHECK_EQ(srtp_protect(&pair.from, 9, bytes_of(header, 12), bytes_of("x", 1),
                     span_of(out, need - 1), &len),
            YODEL_ERR_TOO_LARGE);
        CHECK_EQ(srtp_protect(&pair.from, 9, bytes_of(header, 12), bytes_of("x", 1),
                     span_of(out, need), &len),
            YODEL_OK);
        CHECK_EQ(srtp_protect_rtcp(&pair.from, bytes_of(header, 8),
                     span_of(out, 8 + 4 + srtp_suite_tag_size(suite) - 1), &len),
            YODEL_ERR_TOO_LARGE);
        CHECK_EQ(pair.from.rtcp_index, 0);
        pair_deinit(&pair);
    }
}

// AES-CM's counter has 16 bits for the blocks of a packet: what is longer would repeat key stream.
static void what_is_longer_than_a_datagram_is_refused(void)
{
    static uint8_t room[SRTP_PACKET_MAX + 1];

    EACH_SUITE(suite)
    {
        struct srtp_opened opened;
        struct span out = span_of(room, sizeof room);
        size_t len = 0, most = SRTP_PACKET_MAX - srtp_suite_tag_size(suite);
        struct pair pair;
        pair_init(&pair, suite);
        memset(room, 0, sizeof room);
        room[0] = 0x80;
        CHECK_EQ(srtp_protect(
                     &pair.from, 0, bytes_of(room, 12), bytes_of(room + 12, most - 11), out, &len),
            YODEL_ERR_TOO_LARGE);
        CHECK_EQ(srtp_protect_rtcp(&pair.from, bytes_of(room, most - 3), out, &len),
            YODEL_ERR_TOO_LARGE);
        CHECK(!srtp_unprotect(&pair.to, out, &opened));
        CHECK(!srtp_unprotect_rtcp(&pair.to, out, &len));
        CHECK_EQ(pair.to.stats.drops[SRTP_DROP_MALFORMED], 2);
        CHECK_EQ(srtp_protect(
                     &pair.from, 0, bytes_of(room, 12), bytes_of(room + 12, most - 12), out, &len),
            YODEL_OK);
        CHECK_EQ(len, SRTP_PACKET_MAX);
        CHECK(srtp_unprotect(&pair.to, span_of(room, len), &opened));
        pair_deinit(&pair);
    }
}

static void sources_and_extensions_stay_readable(void)
{
    // Two contributing sources, and an extension of two words.
    static const uint8_t header[32] = {
        0x92, 96, 0, 9, [11] = 5, [15] = 6, [19] = 7, [20] = 0xbe, 0xde, 0, 2, 0x10, 1};

    EACH_SUITE(suite)
    {
        uint8_t packet[80];
        struct srtp_opened opened;
        size_t len = 0;
        struct pair pair;
        pair_init(&pair, suite);
        CHECK_EQ(srtp_protect(&pair.from, 9, bytes_of(header, sizeof header),
                     bytes_of_text("payload"), span_of(packet, sizeof packet), &len),
            YODEL_OK);
        CHECK_BYTES(bytes_of(packet, sizeof header), bytes_of(header, sizeof header));
        packet[25] ^= 1; // Readable by all, and to be changed by none.
        CHECK(!srtp_unprotect(&pair.to, span_of(packet, len), &opened));
        CHECK_EQ(srtp_protect(&pair.from, 10, bytes_of((uint8_t[]){0x80, 96, 0, 10, [11] = 5}, 12),
                     bytes_of_text(""), span_of(packet, sizeof packet), &len),
            YODEL_OK);
        CHECK(srtp_unprotect(&pair.to, span_of(packet, len), &opened)); // Without a payload.
        CHECK_EQ(opened.payload.len, 0);
        pair_deinit(&pair);
    }
}

static void a_stream_that_begins_at_the_wrap_is_followed(void)
{
    EACH_SUITE(suite)
    {
        // What was lost at first comes late, and the wrap before the last of the turn.
        static const uint64_t order[] = {65534, 65536, 65530, 65535, 65537, 65533};
        struct packet copies[COUNT(order)];
        struct srtp_opened opened;
        struct pair pair;
        pair_init(&pair, suite);
        for (size_t i = 0; i < COUNT(order); i++) {
            struct packet packet = copies[i] = rtp(&pair, 7, order[i], "x");
            CHECK(srtp_unprotect(&pair.to, span_of(packet.data, packet.len), &opened));
            CHECK_EQ(opened.index, order[i]);
        }
        for (size_t i = 0; i < COUNT(order); i++) { // On both sides of the wrap.
            CHECK(!srtp_unprotect(&pair.to, span_of(copies[i].data, copies[i].len), &opened));
        }
        CHECK_EQ(pair.to.stats.drops[SRTP_DROP_REPLAYED], COUNT(order));
        CHECK_EQ(try_rtp(&pair, 8, 65536), YODEL_ERR_RANGE); // Nobody could open it.
        CHECK_EQ(try_rtp(&pair, 8, 65535), YODEL_OK);
        pair_deinit(&pair);
    }
}

static void without_memory_a_stream_is_refused_and_later_taken(void)
{
    struct capped_alloc memory = capped_alloc(SIZE_MAX);
    struct pair pair;
    struct srtp_opened opened;

    pair_init(&pair, SRTP_AEAD_AES_128_GCM);
    struct env env = pair.env;
    env.alloc = &memory.alloc;
    pair.from.env = pair.to.env = &env;
    memory.allowed = 0;
    CHECK_EQ(try_rtp(&pair, 7, 1), YODEL_ERR_NO_MEMORY);
    memory.allowed = SIZE_MAX;
    struct packet packet = rtp(&pair, 7, 1, "x"), copy = packet;
    memory.allowed = 0;
    CHECK(!srtp_unprotect(&pair.to, span_of(copy.data, copy.len), &opened));
    CHECK_EQ(pair.to.stats.drops[SRTP_DROP_STREAMS], 1);
    memory.allowed = SIZE_MAX;
    CHECK(srtp_unprotect(&pair.to, span_of(packet.data, packet.len), &opened));
    pair_deinit(&pair);
    CHECK_EQ(memory.held, 0);
}

TEST_MAIN(TEST(the_packets_of_rfc_7714_hold), TEST(what_one_protects_the_other_opens),
    TEST(into_another_buffer_is_as_in_place), TEST(sequence_numbers_wrap_with_loss_and_reordering),
    TEST(no_index_is_protected_twice), TEST(what_has_no_room_is_refused_and_costs_no_index),
    TEST(what_is_longer_than_a_datagram_is_refused), TEST(sources_and_extensions_stay_readable),
    TEST(a_stream_that_begins_at_the_wrap_is_followed),
    TEST(without_memory_a_stream_is_refused_and_later_taken))
