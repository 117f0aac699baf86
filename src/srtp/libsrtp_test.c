// libsrtp2 as an oracle: what either seals the other opens.

#include "libsrtp.h"
#include "srtp/fixture.h"

static struct libsrtp *theirs_new(enum srtp_suite suite, bool is_sender)
{
    static uint8_t master[SRTP_MASTER_MAX];

    (void)fixture_master(suite, master);
    struct libsrtp *theirs = libsrtp_new((uint16_t)suite, master, is_sender);
    CHECK(theirs != NULL);
    return theirs;
}

static void ours_opens_there(void)
{
    EACH_SUITE(suite)
    {
        struct pair pair;
        pair_init(&pair, suite);
        struct libsrtp *theirs = theirs_new(suite, false);
        for (uint64_t index = 32000; index < 32000 + 70000; index += 7) { // Over a wrap.
            struct packet packet = rtp(&pair, 7, index, "payload"), report = rtcp(&pair, 8);
            int len = (int)packet.len;
            CHECK(libsrtp_unprotect(theirs, false, packet.data, &len));
            CHECK_BYTES(bytes_of(packet.data + 12, (size_t)len - 12), bytes_of_text("payload"));
            len = (int)report.len;
            CHECK(libsrtp_unprotect(theirs, true, report.data, &len));
            CHECK_EQ(len, 28);
        }
        libsrtp_free(theirs);
        pair_deinit(&pair);
    }
}

static void theirs_opens_here(void)
{
    EACH_SUITE(suite)
    {
        struct pair pair;
        struct srtp_opened opened;
        size_t left = 0;
        pair_init(&pair, suite);
        struct libsrtp *theirs = theirs_new(suite, true);
        for (uint64_t index = 32000; index < 32000 + 70000; index += 7) {
            // With a contributing source, and an extension of one word.
            uint8_t packet[96] = {0x91, 96, [11] = 7, [16] = 0xbe, 0xde, 0, 1, 0x10, 1};
            uint8_t report[96] = {0x80, 200, 0, 6, [7] = 8};
            store_u16(packet + 2, (uint16_t)index);
            memcpy(packet + 24, "payload", 7);
            int len = 31;
            CHECK(libsrtp_protect(theirs, false, packet, &len));
            CHECK(srtp_unprotect(&pair.to, span_of(packet, (size_t)len), &opened));
            CHECK_EQ(opened.index, index);
            CHECK_EQ(opened.header.len, 24);
            CHECK_BYTES(bytes_of_span(opened.payload), bytes_of_text("payload"));
            len = 28;
            CHECK(libsrtp_protect(theirs, true, report, &len));
            CHECK(srtp_unprotect_rtcp(&pair.to, span_of(report, (size_t)len), &left));
            CHECK_EQ(left, 28);
        }
        libsrtp_free(theirs);
        pair_deinit(&pair);
    }
}

TEST_MAIN(TEST(ours_opens_there), TEST(theirs_opens_here))
