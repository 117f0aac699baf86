// SDP parsing: what browsers write is read, and what nobody should write is refused with its line.

#include "sdp/sdp.h"

#include <stdio.h>

#include "check.h"
#include "sdp_parsed.h"

#define DATA "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
#define HEX_16 "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"
#define PRINT "a=fingerprint:sha-256 " HEX_16 ":" HEX_16 "\r\n"

// What Chromium 156 offers for one data channel, with two candidates.
static const char chromium_offer[] =
    "v=0\r\n"
    "o=- 3546004397921447048 2 IN IP4 127.0.0.1\r\n"
    "s=-\r\n"
    "t=0 0\r\n"
    "a=group:BUNDLE 0\r\n"
    "a=extmap-allow-mixed\r\n"
    "a=msid-semantic: WMS\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
    "c=IN IP4 0.0.0.0\r\n"
    "a=candidate:1467250027 1 udp 2122260223 192.0.2.1 46243 typ host generation 0\r\n"
    "a=candidate:435653019 1 tcp 1845501695 192.0.2.1 9 typ host tcptype active generation 0\r\n"
    "a=ice-ufrag:ETEn\r\n"
    "a=ice-pwd:OtSK0WpNtpUjkY4+86js7Z/l\r\n"
    "a=ice-options:trickle\r\n" PRINT "a=setup:actpass\r\n"
    "a=mid:0\r\n"
    "a=sctp-port:5000\r\n"
    "a=max-message-size:262144\r\n"
    "a=sctp-init:AQAAJA==\r\n";

static void a_chromium_offer_is_read_whole(void)
{
    struct parsed *p = parse(chromium_offer);
    const struct sdp_media *m = p->sdp.media;

    CHECK_EQ(p->err, YODEL_OK);
    check_text(p->sdp.session_id, "3546004397921447048");
    check_text(p->sdp.session_version, "2");
    CHECK(p->sdp.common.extmap_allow_mixed);
    CHECK_EQ(p->sdp.media_count, 1);
    CHECK_EQ(m->kind, SDP_APPLICATION);
    CHECK_EQ(m->port, 9);
    check_text(m->proto, "UDP/DTLS/SCTP");
    CHECK_EQ(m->formats.count, 1);
    check_text(m->formats.items[0], "webrtc-datachannel");
    check_text(m->mid, "0");
    check_text(m->common.ice_ufrag, "ETEn");
    check_text(m->common.ice_pwd, "OtSK0WpNtpUjkY4+86js7Z/l");
    CHECK_EQ(m->common.ice_options.count, 1);
    check_text(m->common.ice_options.items[0], "trickle");
    CHECK_EQ(m->common.fingerprint_count, 1);
    check_text(m->common.fingerprints[0].hash, "sha-256");
    CHECK_EQ(m->common.fingerprints[0].value.len, 32);
    CHECK_EQ(m->common.fingerprints[0].value.ptr[27], 0xbb);
    CHECK_EQ(m->common.setup, SDP_ACTPASS);
    CHECK_EQ(m->sctp_port, 5000);
    CHECK_EQ(m->max_message_size, 262144);
    CHECK_EQ(m->candidates.count, 2);
    check_text(m->candidates.items[0],
        "candidate:1467250027 1 udp 2122260223 192.0.2.1 46243 typ host generation 0");
    CHECK(!m->common.end_of_candidates);
    CHECK(sdp_find_group(&p->sdp, "BUNDLE", bytes_of_text("0")) == &p->sdp.groups[0]);
    CHECK(sdp_find_media(&p->sdp, bytes_of_text("0")) == m);
    CHECK(sdp_find_media(&p->sdp, bytes_of_text("")) == NULL);
    arena_deinit(&p->arena);
}

static void what_is_not_understood_is_not_written(void)
{
    struct parsed *p = parse(chromium_offer);
    uint8_t room[4096];
    struct writer w = writer_of(span_of(room, sizeof room));

    CHECK_EQ(p->err, YODEL_OK);
    sdp_write(&p->sdp, &w);
    put_u8(&w, 0);
    CHECK(!w.failed);
    const char *text = (const char *)room;
    CHECK(strstr(text, "sctp-init") == NULL);
    CHECK(strstr(text, "msid-semantic") == NULL);
    CHECK(strstr(text, PRINT) != NULL);
    CHECK(strstr(text, "a=group:BUNDLE 0\r\n") != NULL);
    CHECK(strstr(text, "a=candidate:435653019 1 tcp ") != NULL);
    arena_deinit(&p->arena);
}

// Writes, reads and writes again: nothing may change, whatever attributes there are.
static void what_is_written_reads_back_the_same(void)
{
    static const char all[] = SESSION
        "a=group:BUNDLE 0 1\r\na=group:LS 0 1\r\na=ice-lite\r\na=extmap-allow-mixed\r\n"
        "a=ice-options:trickle ice2\r\n" PRINT "a=setup:passive\r\na=sendonly\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9\r\na=mid:0\r\na=recvonly\r\na=end-of-candidates\r\n"
        "a=tls-id:abcdefghij0123456789\r\na=setup:holdconn\r\n" DATA
        "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\na=mid:1\r\na=bundle-only\r\n"
        "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=sctp-port:65535\r\n"
        "a=max-message-size:18446744073709551615\r\na=inactive\r\n";
    struct parsed *p = parse(all);
    uint8_t first[4096], second[4096];
    struct writer w = writer_of(span_of(first, sizeof first));

    CHECK_EQ(p->err, YODEL_OK);
    sdp_write(&p->sdp, &w);
    CHECK(writer_bytes(&w).len > sizeof all - 10);
    arena_deinit(&p->arena);
    p = parse_bytes(writer_bytes(&w));
    CHECK_EQ(p->err, YODEL_OK);
    struct writer again = writer_of(span_of(second, sizeof second));
    sdp_write(&p->sdp, &again);
    CHECK_BYTES(writer_bytes(&again), writer_bytes(&w));
    arena_deinit(&p->arena);
}

static void lines_may_end_with_lf_and_the_last_with_nothing(void)
{
    struct parsed *p = parse("v=0\no=- 1 2 IN IP6 ::1\ns=-\nt=0 0\nm=audio 9 RTP/AVP 0\na=mid:x");

    CHECK_EQ(p->err, YODEL_OK);
    check_text(p->sdp.media[0].mid, "x");
    arena_deinit(&p->arena);
}

static void j1_broken_lines_are_refused(void)
{
    static const struct row rows[] = {
        {"", "line 1: v= is missing"},
        {"v=0", "line 2: o= is missing"},
        {"v=1\r\n", "line 1: v=: not version 0"},
        {"v=0\ro=- 1 2 IN IP4 0.0.0.0\rs=-\rt=0 0\r", "line 1: a NUL or CR inside"},
        {"garbage", "line 1: does not begin with a letter and ="},
        {"\r\n" SESSION, "line 1: does not begin with a letter and ="},
        {SESSION "\r\n", "line 5: does not begin with a letter and ="},
        {SESSION "a=x\rb\r\n", "line 5: a NUL or CR inside"},
        {SESSION "a=\r\n", "line 5: a=: no name"},
        {SESSION "a=:x\r\n", "line 5: a=: no name"},
        {SESSION "x=1\r\n", "line 5: a line that does not belong here"},
        {SESSION DATA "t=0 0\r\n", "line 7: a line that does not belong here"},
        {SESSION "\xff=1\r\n", "line 5: a line that does not belong here"},
        {SESSION "s=-\r\n", "line 5: out of order"},
        {"v=0\r\nv=0\r\n", "line 2: out of order"},
        {"v=0\r\ns=-\r\n", "line 2: o= is missing"},
        {"v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nm=audio 9 RTP/AVP 0\r\n",
            "line 4: t= is missing"},
        {"v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\n", "line 4: t= is missing"},
        {"v=0\r\no=- -1 2 IN IP4 0.0.0.0\r\n",
            "line 2: o=: a session id or version is not a number"},
        {"v=0\r\no=1 2 IN IP4 0.0.0.0\r\n", "line 2: o=: a session id or version is not a number"},
        {SESSION, NULL},
        {"v=0\no=- 1 2 IN IP4 h\ns=x\ni=a\nu=b\ne=c\np=d\nc=IN IP4 h\nb=AS:1\nt=0 0\nr=1\nt=1 "
         "2\nz=0\n"
         "k=x\na=y\n",
            NULL},
        {"v=0\no=- 1 2 IN IP4 h\ns=x\nb=AS\n", "line 4: b=: not a type and a number"},
        {"v=0\no=- 1 2 IN IP4 h\ns=x\nt=0\n", "line 4: t=: not two numbers"},
        {SESSION "a=<script>%n\r\n", "line 5: a=: no name"},
        {SESSION DATA "a=bundle-only \r\na=mid:0  \r\na=max-message-size:1 \r\n", NULL},
        {SESSION "a=x%n:<script>\r\n", NULL},
    };
    static const char nul[] = SESSION "a=mid\0:0\r\n";

    check_rows(rows, COUNT(rows));
    struct parsed *p = parse_bytes(bytes_of(nul, sizeof nul - 1));
    CHECK_TEXT(p->error.text, "line 5: a NUL or CR inside");
    arena_deinit(&p->arena);
}

static void j1_and_j3_what_is_too_long_is_refused_at_once(void)
{
    struct parsed *p = parse_bytes(repeat("a=x\r\n", 1 << 20));
    CHECK_TEXT(p->error.text, "line 1: the description is too long");
    arena_deinit(&p->arena);

    p = parse_bytes(repeat("x", SDP_TEXT_MAX - 1));
    CHECK_TEXT(p->error.text, "line 5: too long");
    arena_deinit(&p->arena);

    p = parse_bytes(repeat("a=\r\n", SDP_TEXT_MAX - 4));
    CHECK_TEXT(p->error.text, "line 5: a=: no name");
    arena_deinit(&p->arena);

    p = parse_bytes(repeat("a=cname:x\r\n", SDP_TEXT_MAX - 16));
    CHECK_EQ(p->err, YODEL_OK);
    arena_deinit(&p->arena);
}

static void j2_wrong_media_lines_are_refused(void)
{
    static const struct row rows[] = {
        {SESSION "m=\r\n", "line 5: m=: the media or the protocol is not a token"},
        {SESSION "m=audio\r\n", "line 5: m=: the media or the protocol is not a token"},
        {SESSION "m=audio 9\r\n", "line 5: m=: the media or the protocol is not a token"},
        {SESSION "m=audio 9 RTP/AVP\r\n", "line 5: m=: a format is not a token"},
        {SESSION "m=audio 9 RTP//AVP 0\r\n",
            "line 5: m=: the media or the protocol is not a token"},
        {SESSION "m=audio 9 /RTP 0\r\n", "line 5: m=: the media or the protocol is not a token"},
        {SESSION "m=audio 9 RTP/ 0\r\n", "line 5: m=: the media or the protocol is not a token"},
        {SESSION "m=audio 65536 RTP/AVP 0\r\n", "line 5: m=: not a port"},
        {SESSION "m=audio -1 RTP/AVP 0\r\n", "line 5: m=: not a port"},
        {SESSION "m=audio 9/17 RTP/AVP 0\r\n", "line 5: m=: not a port"},
        {SESSION "m=audio 9/2 RTP/AVP 0\r\n", NULL},
        {SESSION "m=audio 9 RTP/AVP 128\r\n", "line 5: m=: a payload type is not 0 to 127"},
        {SESSION "m=audio 9 UDP/TLS/RTP/SAVPF x\r\n", "line 5: m=: a payload type is not 0 to 127"},
        {SESSION "m=audio 9 RTP/AVP 0 96 0\r\n", "line 5: m=: a format is given twice"},
        {SESSION "m=<script> 9 RTP/AVP 0\r\n",
            "line 5: m=: the media or the protocol is not a token"},
        {SESSION "m=message 9 TCP/MSRP *\r\n", NULL},
    };
    check_rows(rows, COUNT(rows));
}

static void j2_sections_and_formats_are_limited(void)
{
    struct parsed *p = parse_bytes(repeat("m=audio 9 RTP/AVP 0\r\n", 512 * 21));
    CHECK_TEXT(p->error.text, "line 133: m=: too many media sections");
    arena_deinit(&p->arena);

    char text[8192];
    size_t at = (size_t)snprintf(text, sizeof text, "%s", SESSION "m=x 9 y");
    for (unsigned i = 0; i < 300; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, " %u", i);
    }
    p = parse_bytes(bytes_of(text, at));
    CHECK_TEXT(p->error.text, "line 5: m=: too many formats");
    arena_deinit(&p->arena);
}

static void j4_a_fingerprint_is_hex_of_its_hash_length(void)
{
    static const struct row rows[] = {
        {SESSION "a=fingerprint:\r\n", "line 5: a=fingerprint: no hash function"},
        {SESSION "a=fingerprint:sha-256\r\n", "line 5: a=fingerprint: odd hex digit"},
        {SESSION "a=fingerprint:sha-256 " HEX_16 ":0\r\n", "line 5: a=fingerprint: odd hex digit"},
        {SESSION "a=fingerprint:sha-256 " HEX_16 ":\r\n", "line 5: a=fingerprint: odd hex digit"},
        {SESSION "a=fingerprint:sha-256 " HEX_16 ":0g\r\n",
            "line 5: a=fingerprint: not a hex digit"},
        {SESSION "a=fingerprint:sha-256 00-11\r\n",
            "line 5: a=fingerprint: no colon between two bytes"},
        {SESSION "a=fingerprint:sha-256 " HEX_16 "\r\n",
            "line 5: a=fingerprint: not as long as the hash function's output"},
        {SESSION "a=fingerprint:SHA-256 " HEX_16 ":" HEX_16 ":00\r\n",
            "line 5: a=fingerprint: not as long as the hash function's output"},
        {SESSION "a=fingerprint:sha-1 " HEX_16 ":00:11:22:33\r\n", NULL},
        {SESSION "a=fingerprint:SHA-256 " HEX_16 ":" HEX_16 "\r\n", NULL},
        {SESSION "a=fingerprint:sha-256 00:aa:bb:cc:dd:ee:ff:77:88:99:aa:bb:cc:dd:ee:ff:" HEX_16
                 "\r\n",
            NULL},
        {SESSION "a=fingerprint:new-hash aa\r\n", NULL},
        {SESSION PRINT PRINT PRINT PRINT PRINT PRINT PRINT PRINT PRINT,
            "line 13: a=fingerprint: too many"},
    };
    check_rows(rows, COUNT(rows));
}

static void j5_credentials_have_their_length_and_characters(void)
{
    static char long_ufrag[512], longest[512];
    snprintf(long_ufrag, sizeof long_ufrag, "%sa=ice-ufrag:%0257d\r\n", SESSION, 1);
    snprintf(longest, sizeof longest, "%sa=ice-ufrag:%0256d\r\n", SESSION, 1);
    const struct row rows[] = {
        {SESSION "a=ice-ufrag\r\n", "line 5: a=ice-ufrag: not 4 to 256 letters and digits"},
        {SESSION "a=ice-ufrag:abc\r\n", "line 5: a=ice-ufrag: not 4 to 256 letters and digits"},
        {SESSION "a=ice-ufrag:ab cd\r\n", "line 5: a=ice-ufrag: not 4 to 256 letters and digits"},
        {SESSION "a=ice-ufrag:abc\xc3\xa9\r\n",
            "line 5: a=ice-ufrag: not 4 to 256 letters and digits"},
        {long_ufrag, "line 5: a=ice-ufrag: not 4 to 256 letters and digits"},
        {longest, NULL},
        {SESSION "a=ice-ufrag:abcd\r\na=ice-ufrag:abce\r\n", "line 6: a=ice-ufrag: given twice"},
        {SESSION "a=ice-pwd:abcdefghijklmnopqrstu\r\n",
            "line 5: a=ice-pwd: not 22 to 256 letters and digits"},
        {SESSION "a=ice-pwd:abcdefghijklmnopqrstuv\r\n", NULL},
        {SESSION "a=ice-options:trickle,ice2\r\n",
            "line 5: a=ice-options: an option is not letters and digits"},
        {SESSION "a=ice-options: trickle ice2 trickle\r\n", NULL},
        {SESSION "a=ice-options:a b c d e f g h i j k l m n o p\r\n", NULL},
        {SESSION "a=ice-options:a b c d e f g h i j k l m n o p q\r\n",
            "line 5: a=ice-options: too many"},
    };
    check_rows(rows, COUNT(rows));
}

static void j6_setup_is_one_of_four(void)
{
    static const struct row rows[] = {
        {SESSION "a=setup:\r\n", "line 5: a=setup: not actpass, active, passive or holdconn"},
        {SESSION "a=setup:Active\r\n", "line 5: a=setup: not actpass, active, passive or holdconn"},
        {SESSION "a=setup:active\r\na=setup:active\r\n", "line 6: a=setup: given twice"},
        {SESSION "a=setup:holdconn\r\n", NULL},
    };
    check_rows(rows, COUNT(rows));
}

static void j7_mids_are_short_unique_tokens(void)
{
    static const struct row rows[] = {
        {SESSION DATA "a=mid:\r\n", "line 7: a=mid: not a token of at most 16 characters"},
        {SESSION DATA "a=mid:12345678901234567\r\n",
            "line 7: a=mid: not a token of at most 16 characters"},
        {SESSION DATA "a=mid:1234567890123456\r\n", NULL},
        {SESSION DATA "a=mid:a b\r\n", "line 7: a=mid: not a token of at most 16 characters"},
        {SESSION DATA "a=mid:0\r\na=mid:1\r\n", "line 8: a=mid: given twice"},
        {SESSION DATA "a=mid:0\r\n" DATA "a=mid:0\r\n",
            "line 10: a=mid: another section has the same"},
        {SESSION "a=group:BUNDLE 0 0\r\n", "line 5: a=group: a mid is named twice"},
        {SESSION "a=group:\r\n", "line 5: a=group: no semantics"},
        {SESSION "a=group:BUNDLE\r\n", NULL},
        {SESSION "a=group:BUNDLE 12345678901234567\r\n",
            "line 5: a=group: a mid is not a token of at most 16 characters"},
        {SESSION "a=group:A\r\na=group:A\r\na=group:A\r\na=group:A\r\na=group:A\r\na=group:A\r\n"
                 "a=group:A\r\na=group:A\r\na=group:A\r\n",
            "line 13: a=group: too many"},
        {SESSION "a=mid:%%%\r\n", NULL}, // At the wrong level: not understood.
    };
    check_rows(rows, COUNT(rows));
}

static void j14_sctp_numbers_stay_in_their_range(void)
{
    static const struct row rows[] = {
        {SESSION DATA "a=sctp-port:65536\r\n", "line 7: a=sctp-port: not a port"},
        {SESSION DATA "a=sctp-port:\r\n", "line 7: a=sctp-port: not a port"},
        {SESSION DATA "a=sctp-port:+5\r\n", "line 7: a=sctp-port: not a port"},
        {SESSION DATA "a=sctp-port:1\r\na=sctp-port:1\r\n", "line 8: a=sctp-port: given twice"},
        {SESSION DATA "a=max-message-size:1e9\r\n", "line 7: a=max-message-size: not a number"},
        {SESSION DATA "a=max-message-size:1\r\na=max-message-size:1\r\n",
            "line 8: a=max-message-size: given twice"},
    };
    check_rows(rows, COUNT(rows));

    struct parsed *p =
        parse(SESSION DATA "a=max-message-size:18446744073709551616\r\na=sctp-port:0\r\n");
    CHECK_EQ(p->err, YODEL_OK);
    CHECK(p->sdp.media[0].max_message_size == UINT64_MAX);
    CHECK(p->sdp.media[0].has_sctp_port);
    CHECK_EQ(p->sdp.media[0].sctp_port, 0);
    arena_deinit(&p->arena);
}

static void j15_connection_addresses_match_their_type(void)
{
    static const struct row rows[] = {
        {SESSION "m=x 9 y z\r\nc=IN IP4 ::1\r\n", "line 6: c=: an address of the other family"},
        {SESSION "m=x 9 y z\r\nc=IN IP6 192.0.2.1\r\n",
            "line 6: c=: an address of the other family"},
        {SESSION "m=x 9 y z\r\nc=IN IP5 192.0.2.1\r\n", "line 6: c=: not IN IP4 or IN IP6"},
        {SESSION "m=x 9 y z\r\nc=\r\n", "line 6: c=: not IN IP4 or IN IP6"},
        {SESSION "m=x 9 y z\r\nc=IN IP4\r\n", "line 6: c=: not one address"},
        {SESSION "m=x 9 y z\r\nc=IN IP4 192.0.2.1 x\r\n", "line 6: c=: not one address"},
        {SESSION "m=x 9 y z\r\nc=IN IP4 0.0.0.0\r\n", NULL},
        {SESSION "m=x 9 y z\r\nc=IN IP4 host.example\r\n", NULL},
        {SESSION "m=x 9 y z\r\nc=IN IP4 224.2.1.1/127\r\n", NULL},
        {SESSION "m=x 9 y z\r\nc=IN IP6 2001:db8::1\r\n", NULL},
    };
    check_rows(rows, COUNT(rows));
}

static void candidates_over_the_limit_are_ignored(void)
{
    struct parsed *p = parse_bytes(repeat(DATA "a=candidate:\r\n", 100));
    CHECK_EQ(p->err, YODEL_OK);
    CHECK_EQ(p->sdp.media[0].candidates.count, 0);
    arena_deinit(&p->arena);

    static char text[SDP_TEXT_MAX];
    size_t at = (size_t)snprintf(text, sizeof text, "%s", SESSION DATA);
    while (at < sizeof text - 32) {
        at += (size_t)snprintf(text + at, sizeof text - at, "a=candidate:%zu\r\n", at);
    }
    p = parse_bytes(bytes_of(text, at));
    CHECK_EQ(p->err, YODEL_OK);
    CHECK_EQ(p->sdp.media[0].candidates.count, SDP_CANDIDATES_MAX);
    arena_deinit(&p->arena);
}

static void no_byte_changed_or_missing_does_harm(void)
{
    static char text[sizeof chromium_offer];

    for (size_t len = 0; len < sizeof chromium_offer; len++) {
        arena_deinit(&parse_bytes(bytes_of(chromium_offer, len))->arena);
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(text, chromium_offer, sizeof text);
            text[len] = (char)(text[len] ^ (1 << bit));
            struct parsed *p = parse_bytes(bytes_of(text, sizeof text - 1));
            CHECK_EQ(p->err == YODEL_OK, p->error.line == 0);
            arena_deinit(&p->arena);
        }
    }
}

TEST_MAIN(TEST(a_chromium_offer_is_read_whole), TEST(what_is_not_understood_is_not_written),
    TEST(what_is_written_reads_back_the_same),
    TEST(lines_may_end_with_lf_and_the_last_with_nothing), TEST(j1_broken_lines_are_refused),
    TEST(j1_and_j3_what_is_too_long_is_refused_at_once), TEST(j2_wrong_media_lines_are_refused),
    TEST(j2_sections_and_formats_are_limited), TEST(j4_a_fingerprint_is_hex_of_its_hash_length),
    TEST(j5_credentials_have_their_length_and_characters), TEST(j6_setup_is_one_of_four),
    TEST(j7_mids_are_short_unique_tokens), TEST(j14_sctp_numbers_stay_in_their_range),
    TEST(j15_connection_addresses_match_their_type), TEST(candidates_over_the_limit_are_ignored),
    TEST(no_byte_changed_or_missing_does_harm))
