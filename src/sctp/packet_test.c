// SCTP packets and chunks: what is written is read again, and no beginning of it is taken for the
// whole.

#include "sctp/packet.h"

#include "check.h"
#include "sctp/chunk.h"

static uint8_t room[2048];

static struct bytes sealed(const struct writer *w)
{
    CHECK(!w->failed);
    sctp_packet_seal(span_of(w->start, w->len));
    return bytes_of(w->start, w->len);
}

static struct writer begin(void)
{
    struct writer w = writer_of(span_of(room, sizeof room));

    sctp_packet_start(&w, &(struct sctp_header){1, 2, 0xabcdef01});
    return w;
}

// A packet that others have written: an INIT with its checksum little-endian, as RFC 9260 Appendix A has it.
static void the_checksum_lies_little_endian_on_the_wire(void)
{
    struct writer w = writer_of(span_of(room, sizeof room));
    struct sctp_header header;
    struct reader r;

    sctp_packet_start(&w, &(struct sctp_header){0, 0, 0});
    put_zeros(&w, 20); // 32 zero bytes in all: RFC 3720 B.4 says aa 36 91 8a.
    struct bytes packet = sealed(&w);
    CHECK_BYTES(bytes_sub(packet, 8, 4), bytes_of("\xaa\x36\x91\x8a", 4));
    CHECK_EQ(sctp_packet_open(packet, &header, &r), YODEL_OK);
}

static void header_and_chunks_come_back(void)
{
    struct sctp_header header;
    struct sctp_chunk chunk;
    struct reader r;
    struct writer w = begin();

    for (size_t len = 0; len < 9; len++) {
        size_t at = sctp_packet_begin_chunk(&w, (uint8_t)(10 + len), (uint8_t)len);
        put_bytes(&w, bytes_of("abcdefghi", len));
        sctp_packet_end_chunk(&w, at);
    }
    CHECK_EQ(sctp_packet_open(sealed(&w), &header, &r), YODEL_OK);
    CHECK_EQ(header.source_port, 1);
    CHECK_EQ(header.destination_port, 2);
    CHECK_EQ(header.tag, 0xabcdef01);
    for (size_t len = 0; len < 9; len++) {
        CHECK(sctp_packet_next_chunk(&r, &chunk));
        CHECK_EQ(chunk.type, 10 + len);
        CHECK_EQ(chunk.flags, len);
        CHECK_BYTES(chunk.value, bytes_of("abcdefghi", len));
    }
    CHECK(!sctp_packet_next_chunk(&r, &chunk) && !r.failed);
}

// §3.2: a chunk's length counts the padding between its parameters, and not that behind the last.
static void lengths_count_the_padding_they_should(void)
{
    struct writer w = begin();
    struct sctp_init init = {
        .tag = 1, .forward_tsn = true, .re_config = false, .cookie = bytes_of("12345", 5)};

    sctp_chunk_put_init(&w, SCTP_INIT_ACK, &init);
    // 20 of its own, 4 for FORWARD TSN, 5 and 3 of padding for the extensions, 9 for the cookie.
    CHECK_EQ(sctp_chunk_load_u16(room + SCTP_HEADER_SIZE + 2), 20 + 4 + 8 + 9);
    CHECK_EQ(w.len, SCTP_HEADER_SIZE + 44);
}

static void init_comes_back(void)
{
    struct writer w = begin();
    struct sctp_header header;
    struct sctp_chunk chunk;
    struct sctp_init got;
    struct reader r;
    struct sctp_init init = {.tag = 5,
        .a_rwnd = 6,
        .out_streams = 7,
        .in_streams = 8,
        .tsn = 9,
        .forward_tsn = true,
        .re_config = true,
        .cookie = bytes_of("cookie", 6)};

    sctp_chunk_put_init(&w, SCTP_INIT_ACK, &init);
    CHECK_EQ(sctp_packet_open(sealed(&w), &header, &r), YODEL_OK);
    CHECK(sctp_packet_next_chunk(&r, &chunk));
    CHECK_EQ(sctp_chunk_parse_init(&got, &chunk), YODEL_OK);
    CHECK_EQ(got.tag, 5);
    CHECK_EQ(got.a_rwnd, 6);
    CHECK_EQ(got.out_streams, 7);
    CHECK_EQ(got.in_streams, 8);
    CHECK_EQ(got.tsn, 9);
    CHECK(got.forward_tsn && got.re_config);
    CHECK_BYTES(got.cookie, init.cookie);
    for (size_t len = 0; len < chunk.value.len; len++) {
        struct sctp_chunk cut = chunk;
        cut.value.len = len;
        bool is_between_params = len == 16 || len == 20 || len == 28;
        CHECK_EQ(sctp_chunk_parse_init(&got, &cut) == YODEL_OK,
            is_between_params || len == 26 || len == 27); // Or within the last one's padding.
    }
}

static void data_and_sack_are_refused_when_cut_short(void)
{
    static const uint8_t sack[] = {0, 0, 0, 9, 0, 0, 1, 0, 0, 1, 0, 1, 0, 2, 0, 3, 0, 0, 0, 8};
    struct sctp_chunk chunk = {.value = {sack, sizeof sack}};
    struct sctp_sack got;
    struct sctp_data data;

    CHECK_EQ(sctp_chunk_parse_sack(&got, &chunk), YODEL_OK);
    CHECK_EQ(got.cumulative_tsn, 9);
    CHECK_EQ(got.a_rwnd, 256);
    CHECK_EQ(got.gap_count, 1);
    CHECK_EQ(sctp_chunk_load_u16(got.gaps), 2);
    for (chunk.value.len = 0; chunk.value.len < sizeof sack; chunk.value.len++) {
        CHECK_EQ(sctp_chunk_parse_sack(&got, &chunk), YODEL_ERR_MALFORMED);
        CHECK_EQ(sctp_chunk_parse_data(&data, &chunk) == YODEL_OK, chunk.value.len >= 12);
    }
}

TEST_MAIN(TEST(the_checksum_lies_little_endian_on_the_wire), TEST(header_and_chunks_come_back),
    TEST(lengths_count_the_padding_they_should), TEST(init_comes_back),
    TEST(data_and_sack_are_refused_when_cut_short))
