// RTCP packets: what is written is read again, what others write is understood, and what lies is
// passed over.

#include "rtp/rtcp.h"

#include <stdio.h>

#include "check.h"

static uint8_t room[2048];
static struct writer w;
static struct rtcp_reader reader;
static struct rtcp_block block;

static void begin(void)
{
    w = writer_of(span_of(room, sizeof room));
}

static void check_next(enum rtcp_kind kind, uint32_t sender, uint32_t ssrc)
{
    CHECK(rtcp_next(&reader, &block));
    CHECK_EQ(block.kind, kind);
    CHECK_EQ(block.sender, sender);
    CHECK_EQ(block.ssrc, ssrc);
}

static void check_end(void)
{
    CHECK(!rtcp_next(&reader, &block));
    CHECK(!rtcp_next(&reader, &block));
    CHECK_EQ(reader.malformed, 0);
    CHECK_EQ(reader.unknown, 0);
}

static const struct rtcp_report report = {.fraction_lost = 255,
    .lost = -3,
    .highest_seq = 0x1fffe,
    .jitter = 77,
    .echo = {0x11223344, 0x55667788}};

static void check_report(const struct rtcp_report *got)
{
    CHECK_EQ(got->fraction_lost, 255);
    CHECK_EQ(got->lost, -3);
    CHECK_EQ(got->highest_seq, 0x1fffe);
    CHECK_EQ(got->jitter, 77);
    CHECK_EQ(got->echo.last, 0x11223344);
    CHECK_EQ(got->echo.delay, 0x55667788);
}

static void everything_in_one_compound_comes_back(void)
{
    const struct rtcp_sender_info info = {0x0102030405060708, 9, 10, 11};
    const struct rtcp_echo echo = {12, 13};

    begin();
    rtcp_put_sr(&w, 1, &info);
    CHECK(rtcp_put_report(&w, 0, 2, &report));
    CHECK(rtcp_put_report(&w, 0, 3, &report));
    rtcp_put_cname(&w, 1, bytes_of_text("me@here"));
    rtcp_put_pli(&w, 1, 2);
    rtcp_put_fir(&w, 1, 3, 255);
    rtcp_put_remb(&w, 1, 1000000, (const uint32_t[]){2, 3}, 2);
    rtcp_put_rrtr(&w, 1, 0xfedcba9876543210);
    rtcp_put_dlrr(&w, 1, 2, &echo);
    rtcp_put_bye(&w, (const uint32_t[]){1, 7}, 2);

    CHECK_EQ(rtcp_open(&reader, writer_bytes(&w)), YODEL_OK);
    check_next(RTCP_SENDER_INFO, 1, 0);
    CHECK_EQ(block.sender_info.ntp, info.ntp);
    CHECK_EQ(block.sender_info.timestamp, 9);
    CHECK_EQ(block.sender_info.packets, 10);
    CHECK_EQ(block.sender_info.octets, 11);
    check_next(RTCP_REPORT, 1, 2);
    check_report(&block.report);
    check_next(RTCP_REPORT, 1, 3);
    check_report(&block.report);
    check_next(RTCP_CNAME, 1, 1);
    CHECK_BYTES(block.cname, bytes_of_text("me@here"));
    check_next(RTCP_PLI, 1, 2);
    check_next(RTCP_FIR, 1, 3);
    CHECK_EQ(block.fir_seq, 255);
    check_next(RTCP_REMB, 1, 0);
    CHECK_EQ(block.remb.rate_bps, 1000000);
    CHECK_BYTES(block.remb.ssrcs, bytes_of("\0\0\0\2\0\0\0\3", 8));
    check_next(RTCP_RRTR, 1, 0);
    CHECK_EQ(block.ntp, 0xfedcba9876543210);
    check_next(RTCP_DLRR, 1, 2);
    CHECK_EQ(block.echo.last, 12);
    CHECK_EQ(block.echo.delay, 13);
    check_next(RTCP_BYE, 1, 1);
    check_next(RTCP_BYE, 7, 7);
    check_end();
}

// RFC 3550 §6.5: a chunk ends with a zero at least, and at a border of words.
static void a_name_of_any_length_comes_back(void)
{
    static uint8_t name[RTCP_CNAME_MAX];

    memset(name, 0xff, sizeof name); // C4: whatever the bytes are.
    for (size_t len = 0; len <= sizeof name; len++) {
        begin();
        rtcp_put_cname(&w, 5, bytes_of(name, len));
        rtcp_put_rr(&w, 5);
        CHECK_EQ(w.len % 4, 0);
        CHECK_EQ(rtcp_open(&reader, writer_bytes(&w)), YODEL_OK);
        check_next(RTCP_CNAME, 5, 5);
        CHECK_BYTES(block.cname, bytes_of(name, len));
        check_end();
    }
}

static void an_sr_holds_31_reports_and_no_more(void)
{
    begin();
    put_u32(&w, 0); // Something before it.
    rtcp_put_rr(&w, 1);
    for (uint32_t i = 0; i < RTCP_REPORTS_MAX; i++) {
        CHECK(rtcp_put_report(&w, 4, i, &report));
    }
    size_t len = w.len;
    CHECK(!rtcp_put_report(&w, 4, 31, &report));
    CHECK(!w.failed && w.len == len);
    CHECK_EQ(rtcp_open(&reader, bytes_of(room + 4, len - 4)), YODEL_OK);
    for (uint32_t i = 0; i < RTCP_REPORTS_MAX; i++) {
        check_next(RTCP_REPORT, 1, i);
    }
    check_end();
}

static void a_report_without_room_leaves_the_packet_as_it_was(void)
{
    w = writer_of(span_of(room, 8 + 24 + 23));
    rtcp_put_rr(&w, 1);
    CHECK(rtcp_put_report(&w, 0, 2, &report));
    CHECK(!rtcp_put_report(&w, 0, 3, &report));
    CHECK_EQ(rtcp_open(&reader, writer_bytes(&w)), YODEL_OK);
    check_next(RTCP_REPORT, 1, 2);
    check_end();
}

static void nacks_group_numbers_and_go_around_the_corner(void)
{
    static const uint64_t seqs[] = {0x1fffe, 0x1ffff, 0x20000, 0x2000e, 0x2000f, 0x30000};

    begin();
    CHECK_EQ(rtcp_put_nack(&w, 1, 2, seqs, COUNT(seqs)), COUNT(seqs));
    CHECK_EQ(rtcp_open(&reader, writer_bytes(&w)), YODEL_OK);
    check_next(RTCP_NACK, 1, 2);
    CHECK_EQ(block.nack.seq, 0xfffe);
    CHECK_EQ(block.nack.mask, 0x8003);
    check_next(RTCP_NACK, 1, 2);
    CHECK_EQ(block.nack.seq, 0xf);
    CHECK_EQ(block.nack.mask, 0);
    check_next(RTCP_NACK, 1, 2);
    CHECK_EQ(block.nack.seq, 0);
    check_end();
}

static void nacks_are_as_many_as_there_is_room_for(void)
{
    static const uint64_t seqs[] = {100, 200, 300};

    for (size_t len = 0; len < 28; len++) {
        w = writer_of(span_of(room, len));
        size_t want = len < 16 ? 0 : (len - 12) / 4;
        CHECK_EQ(rtcp_put_nack(&w, 1, 2, seqs, COUNT(seqs)), want < 3 ? want : 3);
        CHECK(!w.failed);
        CHECK_EQ(w.len, want == 0 ? 0 : 12 + 4 * (want < 3 ? want : 3));
    }
}

static void rates_round_down_and_saturate(void)
{
    static const struct {
        uint64_t rate, want;
    } rows[] = {
        {0, 0},
        {0x3ffff, 0x3ffff},
        {0x40000, 0x40000},
        {0x40001, 0x40000},
        {UINT64_MAX, 0xffffc00000000000},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin();
        rtcp_put_remb(&w, 1, rows[i].rate, NULL, 0);
        CHECK_EQ(rtcp_open(&reader, writer_bytes(&w)), YODEL_OK);
        check_next(RTCP_REMB, 1, 0);
        CHECK_EQ(block.remb.rate_bps, rows[i].want);
        check_end();
    }
    // C9: a mantissa shifted by 63.
    store_u32(room + 16, 0x00ffffff);
    CHECK_EQ(rtcp_open(&reader, writer_bytes(&w)), YODEL_OK);
    check_next(RTCP_REMB, 1, 0);
    CHECK_EQ(block.remb.rate_bps, UINT64_MAX);
    check_end();
}

#define S1 "\0\0\0\1"
#define S2 "\0\0\0\2"
#define WORD "abcd"
#define REPORT S2 WORD WORD WORD WORD WORD

// Each row is a datagram: whether it opens, and how many blocks, unknown and malformed things it
// has.
static void datagrams_are_believed_as_far_as_they_hold(void)
{
    static const struct {
        const char *why;
        const char *bytes;
        size_t len;
        enum yodel_err want;
        uint32_t blocks, unknown, malformed;
    } rows[] = {
        {"nothing", "", 0, YODEL_ERR_MALFORMED, 0, 0, 0},
        {"an empty RR", "\x80\xc9\0\1" S1, 8, YODEL_OK, 0, 0, 0},
        {"C1: one word too many announced", "\x80\xc9\0\2" S1, 8, YODEL_ERR_MALFORMED, 0, 0, 0},
        {"C1: 65535 words announced", "\x80\xc9\xff\xff" S1, 8, YODEL_ERR_MALFORMED, 0, 0, 0},
        {"a byte behind the last", "\x80\xc9\0\1" S1 "x", 9, YODEL_ERR_MALFORMED, 0, 0, 0},
        {"version 1 within", "\x80\xc9\0\1" S1 "\x40\xc9\0\1" S1, 16, YODEL_ERR_MALFORMED, 0, 0, 0},
        {"C2: BYE first", "\x81\xcb\0\1" S1 "\x80\xc9\0\1" S1, 16, YODEL_OK, 1, 0, 0},
        {"C2: a BYE of nobody", "\x80\xcb\0\0", 4, YODEL_OK, 0, 0, 0},
        {"C3: 31 reports, one there", "\x9f\xc9\0\7" S1 REPORT, 32, YODEL_OK, 0, 0, 1},
        {"a report and a profile's words", "\x81\xc9\0\x8" S1 REPORT WORD, 36, YODEL_OK, 1, 0, 0},
        {"an SR cut short", "\x80\xc8\0\5" S1 WORD WORD WORD WORD, 24, YODEL_OK, 0, 0, 1},
        {"an RR without a sender", "\x80\xc9\0\0", 4, YODEL_OK, 0, 0, 1},
        {"C4: an item past the end", "\x81\xca\0\2" S1 "\1\4me", 12, YODEL_OK, 0, 0, 1},
        {"C4: no zero", "\x81\xca\0\2" S1 "\1\2me", 12, YODEL_OK, 0, 0, 1},
        {"C4: no zeros to the border", "\x81\xca\0\2" S1 "\1\1m\0", 12, YODEL_OK, 1, 0, 0},
        {"a chunk without a CNAME", "\x81\xca\0\2" S1 "\2\1m\0", 12, YODEL_OK, 0, 0, 0},
        {"the second chunk's CNAME, behind a tool",
            "\x82\xca\0\6" S1 "\0\0\0\0" S2 "\6\1t\1\3you\0\0\0\0", 28, YODEL_OK, 1, 0, 0},
        {"two CNAMEs in a chunk", "\x81\xca\0\3" S1 "\1\1a\1\1b\0\0", 16, YODEL_OK, 1, 0, 0},
        {"more chunks announced", "\x82\xca\0\2" S1 "\1\1m\0", 12, YODEL_OK, 1, 0, 1},
        {"C5: a reason past the end", "\x81\xcb\0\2" S1 "\xffx\0\0", 12, YODEL_OK, 1, 0, 0},
        {"C5: more sources than there are", "\x82\xcb\0\1" S1, 8, YODEL_OK, 0, 0, 1},
        {"a NACK for nothing", "\x81\xcd\0\2" S1 S2, 12, YODEL_OK, 0, 0, 1},
        {"two NACKs", "\x81\xcd\0\4" S1 S2 WORD WORD, 20, YODEL_OK, 2, 0, 0},
        {"feedback about none", "\x81\xcd\0\1" S1, 8, YODEL_OK, 0, 0, 1},
        {"C11: TMMBR", "\x83\xcd\0\4" S1 S2 WORD WORD, 20, YODEL_OK, 0, 1, 0},
        {"FIR cut short", "\x84\xce\0\3" S1 S2 S2, 16, YODEL_OK, 0, 0, 1},
        {"two FIR", "\x84\xce\0\6" S1 S2 S2 WORD S1 WORD, 28, YODEL_OK, 2, 0, 0},
        {"an application's feedback", "\x8f\xce\0\4" S1 S2 "RIBS" WORD, 20, YODEL_OK, 0, 1, 0},
        {"C9: REMB for 255, of one", "\x8f\xce\0\5" S1 S2 "REMB\xff\0\0\1" S2, 24, YODEL_OK, 0, 1,
            1},
        {"C10: a block of 65535 words", "\x80\xcf\0\2" S1 "\5\0\xff\xff", 12, YODEL_OK, 0, 0, 1},
        {"C10: DLRR of no whole items", "\x80\xcf\0\5" S1 "\5\0\0\2" WORD WORD S1, 24, YODEL_OK, 0,
            1, 1},
        {"DLRR of two, and one of none",
            "\x80\xcf\0\x9" S1 "\5\0\0\0\5\0\0\6" WORD WORD WORD WORD WORD WORD, 40, YODEL_OK, 2, 0,
            0},
        {"RRTR of a wrong length", "\x80\xcf\0\3" S1 "\4\0\0\1" WORD, 16, YODEL_OK, 0, 1, 0},
        {"an XR block of nobody, then RRTR", "\x80\xcf\0\5" S1 "\6\0\0\0\4\0\0\2" WORD WORD, 24,
            YODEL_OK, 1, 1, 0},
        {"APP", "\x80\xcc\0\2" S1 WORD, 12, YODEL_OK, 0, 1, 0},
        {"padding", "\xa0\xc9\0\2" S1 "\0\0\0\4", 12, YODEL_OK, 0, 0, 0},
        {"padding of 0", "\xa0\xc9\0\2" S1 "\0\0\0\0", 12, YODEL_ERR_MALFORMED, 0, 0, 0},
        {"padding of no whole words", "\xa0\xc9\0\2" S1 "\0\0\0\3", 12, YODEL_OK, 0, 0, 0},
        {"padding of more than there is", "\xa0\xc9\0\2" S1 "\0\0\0\x0c", 12, YODEL_ERR_MALFORMED,
            0, 0, 0},
        {"padding before the last", "\xa0\xc9\0\2" S1 "\0\0\0\4\x80\xc9\0\1" S1, 20, YODEL_OK, 0, 0,
            0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint32_t blocks = 0;
        enum yodel_err got = rtcp_open(&reader, bytes_of(rows[i].bytes, rows[i].len));
        while (got == YODEL_OK && rtcp_next(&reader, &block)) {
            blocks++;
        }
        bool is_right = got == rows[i].want;
        if (is_right && got == YODEL_OK) {
            is_right = blocks == rows[i].blocks && reader.unknown == rows[i].unknown &&
                       reader.malformed == rows[i].malformed;
        }
        if (!is_right) {
            fprintf(stderr, "row %zu (%s): %d, %u blocks, %u unknown, %u malformed: ", i,
                rows[i].why, got, blocks, reader.unknown, reader.malformed);
        }
        CHECK(is_right);
    }
}

// C12: fifteen hundred bytes of packets that say nothing, and what follows them is still read.
static void packets_of_one_word_cost_nothing_but_their_reading(void)
{
    begin();
    for (size_t i = 0; i < 372; i++) {
        put_u32(&w, 0x80cb0000);
    }
    rtcp_put_pli(&w, 1, 2);
    CHECK_EQ(rtcp_open(&reader, writer_bytes(&w)), YODEL_OK);
    check_next(RTCP_PLI, 1, 2);
    check_end();
}

// A packet does not taint its neighbours: neither sender nor items nor whom it is about carry over.
static void packets_do_not_leak_into_each_other(void)
{
    begin();
    put_bytes(&w, bytes_of("\x80\xcf\0\5\0\0\0\x9\5\0\0\3abcdefghijkl", 24));
    rtcp_put_pli(&w, 1, 2);
    rtcp_put_sr(&w, 1, &(struct rtcp_sender_info){.ntp = 5});
    put_bytes(&w, bytes_of("\x9f\xc9\0\1\0\0\0\x9", 8));
    put_bytes(&w, bytes_of("\x80\xcf\0\1\0\0\0\x8", 8));
    rtcp_put_rrtr(&w, 3, 4);
    CHECK_EQ(rtcp_open(&reader, writer_bytes(&w)), YODEL_OK);
    check_next(RTCP_DLRR, 9, 0x61626364);
    check_next(RTCP_PLI, 1, 2);
    check_next(RTCP_SENDER_INFO, 1, 0);
    check_next(RTCP_RRTR, 3, 0);
    CHECK(!rtcp_next(&reader, &block));
    CHECK_EQ(reader.malformed, 1);
}

TEST_MAIN(TEST(everything_in_one_compound_comes_back), TEST(a_name_of_any_length_comes_back),
    TEST(an_sr_holds_31_reports_and_no_more),
    TEST(a_report_without_room_leaves_the_packet_as_it_was),
    TEST(nacks_group_numbers_and_go_around_the_corner),
    TEST(nacks_are_as_many_as_there_is_room_for), TEST(rates_round_down_and_saturate),
    TEST(datagrams_are_believed_as_far_as_they_hold),
    TEST(packets_of_one_word_cost_nothing_but_their_reading),
    TEST(packets_do_not_leak_into_each_other))
