// JSEP, checking: what browsers write is taken, and what makes no sense is refused with its reason.

#include "jsep_sides.h"
#include "sdp_vector.h"

// ---- browsers

static void offered_audio_and_video_are_rejected_and_the_data_is_accepted(void)
{
    setup();
    must(set_remote(&b, YODEL_SDP_OFFER, chromium_offer));
    CHECK(b.change.has_data);
    check_text(b.change.mid, "2");
    check_text(b.change.ufrag, "ETEn");
    CHECK_TEXT(make(&b, YODEL_SDP_ANSWER),
        ORIGIN(
            "1") "a=group:BUNDLE 2\r\n"
                 "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=inactive\r\n"
                 "m=video 0 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 "
                 "0.0.0.0\r\na=mid:1\r\na=inactive\r\n" DATA_LINE
                 "a=ice-ufrag:bbbb\r\na=ice-pwd:bbbbbbbbbbbbbbbbbbbbbb\r\na=ice-options:trickle\r\n"
                 "a=fingerprint:sha-256 B0:00:" ZEROS "\r\na=setup:active\r\na=mid:2\r\n" SCTP);
    must(set_local(&b, YODEL_SDP_ANSWER, ""));
    CHECK(b.change.is_negotiated && b.change.has_data);
    teardown();
}

// With the policy max-bundle, the data section has port 0, and the first one the transport.
static void a_bundle_only_section_uses_the_transport_of_the_tagged_one(void)
{
    static const char tagged_only[] =
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=candidate:7 "
        "z\r\na=end-of-candidates\r\n"
        "a=ice-ufrag:ETEn\r\na=ice-pwd:OtSK0WpNtpUjkY4+86js7Z/l\r\na=fingerprint:sha-256 "
        "A0:A1:" ZEROS "\r\n"
        "a=setup:passive\r\na=mid:0\r\n"
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 "
        "0.0.0.0\r\na=mid:1\r\na=bundle-only\r\n"
        "a=sctp-port:5001\r\n";
    bool is_ours = false;

    setup();
    must(set_remote(&b, YODEL_SDP_OFFER, tagged_only));
    CHECK(b.change.has_data && b.change.end_of_candidates);
    check_text(b.change.ufrag, "ETEn");
    check_text(b.change.candidates.items[0], "candidate:7 z");
    CHECK_EQ(b.change.sctp_port, 5001);
    CHECK_EQ(b.change.max_message_size, JSEP_MAX_MESSAGE_SIZE);
    CHECK_EQ(b.change.dtls_role, JSEP_DTLS_CLIENT);
    must(jsep_check_candidate(&b.jsep, bytes_of_text("0"), 0, bytes_of_text("ETEn"), &is_ours));
    CHECK(is_ours);
    make(&b, YODEL_SDP_ANSWER);
    CHECK(strstr(b.text, "a=group:BUNDLE 1\r\n") != NULL);
    CHECK(strstr(b.text, "m=application 9 ") != NULL);
    // Firefox writes credentials into it all the same; they mean nothing there.
    must(set_remote(&b, YODEL_SDP_OFFER,
        edit(tagged_only, "a=mid:1",
            "a=mid:1\r\na=ice-ufrag:xxxx\r\na=ice-pwd:xxxxxxxxxxxxxxxxxxxxxx")));
    check_text(b.change.ufrag, "ETEn");
    // J15: outside a group nobody carries it.
    must(set_remote(&b, YODEL_SDP_OFFER, edit(tagged_only, "BUNDLE 0 1", "BUNDLE 0")));
    CHECK(!b.change.has_data);
    must(set_remote(&b, YODEL_SDP_OFFER, edit(tagged_only, "a=bundle-only", "")));
    CHECK(!b.change.has_data);
    make(&b, YODEL_SDP_ANSWER);
    CHECK(strstr(b.text, "m=application 0 ") != NULL);
    CHECK(strstr(b.text, "a=group") == NULL);
    must(set_local(&b, YODEL_SDP_ANSWER, ""));
    CHECK(b.change.is_negotiated && !b.change.has_data);
    teardown();
}

// Firefox gives its fingerprint and options once, for the session.
static void what_the_session_gives_holds_for_its_sections(void)
{
    static const char firefox_offer[] =
        "v=0\r\no=mozilla...THIS_IS_SDPARTA-99.0 7361265187531812466 0 IN IP4 "
        "0.0.0.0\r\ns=-\r\nt=0 0\r\n"
        "a=fingerprint:sha-256 A0:A1:" ZEROS "\r\na=group:BUNDLE 0\r\na=ice-options:trickle\r\n"
        "a=msid-semantic:WMS *\r\n" DATA_LINE "a=sendrecv\r\na=extmap-allow-mixed\r\n"
        "a=ice-pwd:2d27e8d0a0e9f3b0ad9d1bcd1a9cbd5b\r\na=ice-ufrag:e4a5c9d2\r\na=mid:0\r\na=setup:"
        "actpass\r\n"
        "a=sctp-port:5000\r\na=max-message-size:1073741823\r\n";

    setup();
    must(set_remote(&b, YODEL_SDP_OFFER, firefox_offer));
    CHECK_EQ(b.change.fingerprint_count, 1);
    CHECK_EQ(b.change.fingerprints[0].value.ptr[1], 0xa1);
    CHECK_EQ(b.change.max_message_size, 1073741823);
    teardown();
}

static void every_browsers_offer_is_answered(void)
{
    static const struct {
        const char *name, *mid, *bundle;
        size_t candidates;
        uint64_t max_message_size;
    } rows[] = {
        {"chromium_data_offer.sdp", "0", "a=group:BUNDLE 0\r\n", 2, 262144},
        {"chromium_all_offer_balanced.sdp", "2", "a=group:BUNDLE 2\r\n", 0, 262144},
        {"chromium_all_offer_max_bundle.sdp", "2", "a=group:BUNDLE 2\r\n", 0, 262144},
        {"chromium_call_offer.sdp", "4", "a=group:BUNDLE 4\r\n", 0, 262144},
        {"firefox_call_offer.sdp", "4", "a=group:BUNDLE 4\r\n", 0, 1073741823},
        {"firefox_data_offer.sdp", "0", "a=group:BUNDLE 0\r\n", 4, 1073741823},
        {"firefox_all_offer_balanced.sdp", "2", "a=group:BUNDLE 2\r\n", 0, 1073741823},
        {"firefox_all_offer_max_bundle.sdp", "2", "a=group:BUNDLE 2\r\n", 0, 1073741823},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        setup();
        must(set_remote(&b, YODEL_SDP_OFFER, vector(rows[i].name)));
        CHECK(b.change.has_data);
        check_text(b.change.mid, rows[i].mid);
        CHECK_EQ(b.change.candidates.count, rows[i].candidates);
        CHECK_EQ(b.change.max_message_size, rows[i].max_message_size);
        CHECK_EQ(b.change.dtls_role, JSEP_DTLS_CLIENT);
        make(&b, YODEL_SDP_ANSWER);
        CHECK(strstr(b.text, rows[i].bundle) != NULL);
        must(set_local(&b, YODEL_SDP_ANSWER, ""));
        CHECK(b.change.is_negotiated);
        teardown();
    }
}

static void every_browsers_answer_is_taken(void)
{
    static const char *const names[] = {"chromium_data_answer.sdp", "firefox_data_answer.sdp"};

    for (size_t i = 0; i < COUNT(names); i++) {
        setup();
        offer(&a, &b);
        must(set_remote(&a, YODEL_SDP_ANSWER, vector(names[i])));
        CHECK(a.change.is_negotiated && a.change.has_data);
        CHECK_EQ(a.change.dtls_role, JSEP_DTLS_SERVER);
        teardown();
    }
}

// ---- what is refused

static void offers_that_make_no_sense_are_refused(void)
{
    static const struct {
        const char *from, *to; // An edit of the first offer; an empty `to` takes the line out.
        const char *want;
        enum yodel_err err;
    } rows[] = {
        {"v=0", "v=1", "line 1: v=: not version 0", YODEL_ERR_SYNTAX},
        {"a=ice-ufrag:aaaa", "a=ice-ufrag:aaa",
            "line 8: a=ice-ufrag: not 4 to 256 letters and digits", YODEL_ERR_SYNTAX},
        {"a=ice-ufrag", "", "m-line 0: a=ice-ufrag or a=ice-pwd is missing",
            YODEL_ERR_INVALID_ACCESS},
        {"a=ice-pwd", "", "m-line 0: a=ice-ufrag or a=ice-pwd is missing",
            YODEL_ERR_INVALID_ACCESS},
        {"a=fingerprint", "", "m-line 0: a=fingerprint is missing", YODEL_ERR_INVALID_ACCESS},
        {"sha-256 A0:A1:" ZEROS, "md5 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff",
            "m-line 0: no a=fingerprint with SHA-256 or better", YODEL_ERR_INVALID_ACCESS},
        {"sha-256 A0:A1:" ZEROS,
            "sha-1 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33",
            "m-line 0: no a=fingerprint with SHA-256 or better", YODEL_ERR_INVALID_ACCESS},
        {"a=setup", "", "m-line 0: a=setup is missing", YODEL_ERR_INVALID_ACCESS},
        {"a=setup:actpass", "a=setup:holdconn", "m-line 0: a=setup:holdconn is not for WebRTC",
            YODEL_ERR_INVALID_ACCESS},
        {"a=sctp-port", "", "m-line 0: a=sctp-port is missing or 0", YODEL_ERR_INVALID_ACCESS},
        {"a=sctp-port:5000", "a=sctp-port:0", "m-line 0: a=sctp-port is missing or 0",
            YODEL_ERR_INVALID_ACCESS},
        {"BUNDLE 0", "BUNDLE 0 1", "a=group:BUNDLE names a mid that no m-line has",
            YODEL_ERR_INVALID_ACCESS},
        {"BUNDLE 0", "BUNDLE 0\r\na=group:BUNDLE 0", "two a=group:BUNDLE name the same mid",
            YODEL_ERR_INVALID_ACCESS},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        setup();
        const char *text = edit(first_offer, rows[i].from, rows[i].to);
        CHECK_EQ(set_remote(&b, YODEL_SDP_OFFER, text), rows[i].err);
        CHECK_TEXT(jsep_error_text(&b.jsep), rows[i].want);
        CHECK_EQ(b.jsep.state, YODEL_SIGNALING_STABLE);
        CHECK(jsep_remote(&b.jsep) == NULL);
        teardown();
    }
}

static void answers_that_do_not_fit_the_offer_are_refused(void)
{
    static const struct {
        const char *from, *to;
        const char *want; // NULL: accepted.
    } rows[] = {
        {"a=setup:active", "a=setup:passive", NULL},
        {"a=mid:0", "", "a=group:BUNDLE names a mid that no m-line has"},
        {"a=group", "", NULL},
        {"a=setup:active", "a=setup:actpass", "m-line 0: a=setup:actpass is for offers only"},
        {"a=setup:active", "a=setup:holdconn", "m-line 0: a=setup:holdconn is not for WebRTC"},
        {"a=setup", "", "m-line 0: a=setup is missing"},
        {"a=mid:0", "a=mid:1", "m-line 0: another mid than in the offer"},
        {"m=application", "m=audio", "m-line 0: another kind of media than in the offer"},
        {"UDP/DTLS/SCTP", "TCP/DTLS/SCTP",
            "m-line 0: another protocol or format than in the offer"},
        {"webrtc-datachannel", "other", "m-line 0: another protocol or format than in the offer"},
        {"m=application 9", "m=audio 0 RTP/AVP 0\r\nm=application 9",
            "the answer has 2 m-lines, and the offer 1"},
        {"m=application 9", "m=application 0",
            "a=group:BUNDLE begins with a section that is rejected"},
        {"a=fingerprint", "", "m-line 0: a=fingerprint is missing"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        setup();
        offer(&a, &b);
        enum yodel_err err =
            set_remote(&a, YODEL_SDP_ANSWER, edit(first_answer, rows[i].from, rows[i].to));
        CHECK_TEXT(jsep_error_text(&a.jsep), rows[i].want ? rows[i].want : "");
        CHECK_EQ(err, rows[i].want ? YODEL_ERR_INVALID_ACCESS : YODEL_OK);
        CHECK_EQ(
            a.jsep.state, rows[i].want ? YODEL_SIGNALING_HAVE_LOCAL_OFFER : YODEL_SIGNALING_STABLE);
        teardown();
    }
}

static void a_bundle_group_of_an_answer_is_part_of_the_offers(void)
{
    setup();
    make(&a, YODEL_SDP_OFFER);
    must(set_local(&a, YODEL_SDP_OFFER, ""));
    const char *other_group = edit(first_answer, "BUNDLE 0", "BUNDLE 0\r\na=group:LS 0");
    must(set_remote(&a, YODEL_SDP_ANSWER, other_group));
    teardown();

    setup(); // The second mid is known to the answer only where the offer has it too.
    must(set_remote(&b, YODEL_SDP_OFFER, edit(first_offer, "a=group", "")));
    make(&b, YODEL_SDP_ANSWER);
    CHECK(strstr(b.text, "a=group") == NULL);
    teardown();
}

// b has rejected audio and video before it offers itself.
static void an_answer_does_not_bring_back_what_the_offer_rejects(void)
{
    static const char *const rows[][3] = {
        {"m=audio 0", "m=audio 9", "m-line 0: accepted, though the offer has port 0"},
        {"BUNDLE 2", "BUNDLE 2 0", "a=group:BUNDLE names a mid that the offer did not bundle"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        setup();
        must(set_remote(&b, YODEL_SDP_OFFER, chromium_offer));
        make(&b, YODEL_SDP_ANSWER);
        must(set_local(&b, YODEL_SDP_ANSWER, ""));
        make(&b, YODEL_SDP_OFFER);
        must(set_local(&b, YODEL_SDP_OFFER, ""));
        const char *fits =
            edit(edit(edit(b.text, "a=ice-ufrag:bbbb", "a=ice-ufrag:ETEn"), "B0:00", "A0:A1"),
                "actpass", "passive");
        CHECK_EQ(set_remote(&b, YODEL_SDP_ANSWER, edit(fits, rows[i][0], rows[i][1])),
            YODEL_ERR_INVALID_ACCESS);
        CHECK_TEXT(jsep_error_text(&b.jsep), rows[i][2]);
        must(set_remote(&b, YODEL_SDP_ANSWER, fits));
        teardown();
    }
}

TEST_MAIN(TEST(offered_audio_and_video_are_rejected_and_the_data_is_accepted),
    TEST(a_bundle_only_section_uses_the_transport_of_the_tagged_one),
    TEST(what_the_session_gives_holds_for_its_sections), TEST(every_browsers_offer_is_answered),
    TEST(every_browsers_answer_is_taken), TEST(offers_that_make_no_sense_are_refused),
    TEST(answers_that_do_not_fit_the_offer_are_refused),
    TEST(a_bundle_group_of_an_answer_is_part_of_the_offers),
    TEST(an_answer_does_not_bring_back_what_the_offer_rejects))
