// JSEP, negotiating again: what stays, what may change, and what a rollback leaves.

#include "jsep_sides.h"

// ---- negotiating again

static void a_second_offer_keeps_sections_mids_and_roles(void)
{
    setup();
    must(set_remote(&b, YODEL_SDP_OFFER, chromium_offer));
    make(&b, YODEL_SDP_ANSWER);
    must(set_local(&b, YODEL_SDP_ANSWER, ""));

    b.facts.has_data = true; // There is a section already: none is added.
    CHECK_TEXT(make(&b, YODEL_SDP_OFFER),
        ORIGIN(
            "2") "a=group:BUNDLE 2\r\n"
                 "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=inactive\r\n"
                 "m=video 0 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 "
                 "0.0.0.0\r\na=mid:1\r\na=inactive\r\n" DATA_LINE
                 "a=ice-ufrag:bbbb\r\na=ice-pwd:bbbbbbbbbbbbbbbbbbbbbb\r\na=ice-options:trickle\r\n"
                 "a=fingerprint:sha-256 B0:00:" ZEROS "\r\na=setup:actpass\r\na=mid:2\r\n" SCTP);
    teardown();
}

static void roles_stay_when_the_other_side_offers_next(void)
{
    setup();
    agree(&a, &b); // b is the DTLS client, a controls.
    agree(&b, &a);
    CHECK(strstr(a.text, "a=setup:passive") != NULL);
    CHECK_EQ(a.change.dtls_role, JSEP_DTLS_SERVER);
    CHECK_EQ(b.change.dtls_role, JSEP_DTLS_CLIENT);
    CHECK(a.change.is_controlling && !b.change.is_controlling);

    make(&b, YODEL_SDP_OFFER); // To be the server now would take a new association.
    CHECK_EQ(set_remote(&a, YODEL_SDP_OFFER, edit(b.text, "actpass", "passive")),
        YODEL_ERR_INVALID_ACCESS);
    CHECK_TEXT(jsep_error_text(&a.jsep), "m-line 0: a=setup changed its role during the session");
    CHECK_EQ(set_remote(&a, YODEL_SDP_OFFER, edit(b.text, "B0:00:", "B0:01:")),
        YODEL_ERR_INVALID_ACCESS);
    CHECK_TEXT(jsep_error_text(&a.jsep), "m-line 0: a=fingerprint changed during the session");
    must(set_remote(&a, YODEL_SDP_OFFER, edit(b.text, "actpass", "active")));
    teardown();
}

static void the_version_grows_with_what_changed_only(void)
{
    setup();
    make(&a, YODEL_SDP_OFFER);
    CHECK_TEXT(make(&a, YODEL_SDP_OFFER), first_offer);
    a.facts.sctp_port = 5001;
    make(&a, YODEL_SDP_OFFER);
    CHECK(strstr(a.text, "o=- 126595302466634177 2 ") != NULL);
    CHECK_TEXT(a.text, edit(edit(first_offer, "177 1 ", "177 2 "), "5000", "5001"));
    teardown();
}

static void new_credentials_restart_ice_on_both_sides(void)
{
    setup();
    agree(&a, &b);
    a.facts.ufrag = bytes_of_text("AAAA");
    CHECK(jsep_needs_negotiation(&a.jsep, &a.facts));
    offer(&a, &b);
    CHECK(b.change.is_restart);
    check_text(b.change.ufrag, "AAAA");
    b.facts.ufrag = bytes_of_text("BBBB");
    answer(&b, &a);
    CHECK(a.change.is_restart && b.change.is_restart);
    CHECK(!jsep_needs_negotiation(&a.jsep, &a.facts));
    offer(&b, &a);
    CHECK(!a.change.is_restart);
    b.facts.pwd = bytes_of_text("cccccccccccccccccccccccc");
    offer(&b, &a);
    CHECK(a.change.is_restart);
    teardown();
}

static void re_offers_keep_what_there_was(void)
{
    setup();
    agree(&a, &b);
    make(&b, YODEL_SDP_OFFER);
    CHECK_EQ(set_remote(&a, YODEL_SDP_OFFER,
                 edit(edit(b.text, "a=mid:0", "a=mid:9"), "BUNDLE 0", "BUNDLE 9")),
        YODEL_ERR_INVALID_ACCESS);
    CHECK_TEXT(jsep_error_text(&a.jsep), "m-line 0: another mid than before");
    CHECK_EQ(set_remote(&a, YODEL_SDP_OFFER, edit(b.text, "m=application", "m=video")),
        YODEL_ERR_INVALID_ACCESS);
    CHECK_TEXT(jsep_error_text(&a.jsep), "m-line 0: another kind of media than before");
    CHECK_EQ(set_remote(&a, YODEL_SDP_OFFER, "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n"),
        YODEL_ERR_INVALID_ACCESS);
    CHECK_TEXT(jsep_error_text(&a.jsep), "the offer has 0 m-lines, and there were 1");
    CHECK_EQ(a.jsep.state, YODEL_SIGNALING_STABLE);
    teardown();
}

static void a_rejected_data_section_is_offered_again_in_its_place(void)
{
    setup();
    make(&a, YODEL_SDP_OFFER);
    must(set_local(&a, YODEL_SDP_OFFER, ""));
    must(set_remote(&a, YODEL_SDP_ANSWER,
        ORIGIN("1") "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 "
                    "0.0.0.0\r\n"));
    CHECK(a.change.is_negotiated && !a.change.has_data);
    CHECK(jsep_needs_negotiation(&a.jsep, &a.facts));
    make(&a, YODEL_SDP_OFFER);
    CHECK_TEXT(a.text, edit(edit(edit(first_offer, "177 1 ", "177 2 "), "a=mid:0", "a=mid:1"),
                           "BUNDLE 0", "BUNDLE 1"));
    must(set_local(&a, YODEL_SDP_OFFER, ""));
    must(set_remote(&a, YODEL_SDP_ANSWER,
        edit(edit(first_answer, "a=mid:0", "a=mid:1"), "BUNDLE 0", "BUNDLE 1")));
    CHECK(a.change.is_negotiated && a.change.has_data);
    CHECK(!jsep_needs_negotiation(&a.jsep, &a.facts));
    teardown();
}

static void the_other_side_may_use_a_rejected_section_again(void)
{
    setup();
    must(set_remote(&b, YODEL_SDP_OFFER, chromium_offer));
    make(&b, YODEL_SDP_ANSWER);
    must(set_local(&b, YODEL_SDP_ANSWER, ""));
    // The audio becomes a video with another mid.
    const char *again = edit(edit(edit(chromium_offer, "m=audio", "m=video"), "a=mid:0", "a=mid:7"),
        "BUNDLE 0", "BUNDLE 7");
    must(set_remote(&b, YODEL_SDP_OFFER, again));
    make(&b, YODEL_SDP_ANSWER);
    CHECK(strstr(b.text, "m=video 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:7\r\n") !=
          NULL);
    teardown();
}

static void an_answer_is_no_answer_to_a_later_offer(void)
{
    setup();
    must(set_remote(&b, YODEL_SDP_OFFER, chromium_offer)); // Two sections.
    make(&b, YODEL_SDP_ANSWER);
    must(set_remote(&b, YODEL_SDP_OFFER, first_offer)); // One.
    CHECK_EQ(set_local(&b, YODEL_SDP_ANSWER, b.text), YODEL_ERR_INVALID_MODIFICATION);
    CHECK_EQ(set_local(&b, YODEL_SDP_ANSWER, ""), YODEL_ERR_INVALID_STATE);
    make(&b, YODEL_SDP_ANSWER);
    must(set_local(&b, YODEL_SDP_ANSWER, b.text));
    CHECK_EQ(b.jsep.current_local.sdp.media_count, b.jsep.current_remote.sdp.media_count);
    teardown();
}

// ---- glare and rollback

static void an_offer_against_an_offer_rolls_the_local_one_back(void)
{
    setup();
    b.facts.has_data = true;
    offer(&a, &b);
    make(&a, YODEL_SDP_OFFER);
    jsep_deinit(&b.jsep);
    jsep_init(&b.jsep, &env, false);
    offer(&b, &a); // a is polite.
    CHECK(a.change.rolled_back && a.change.has_data);
    CHECK(!a.jsep.pending_local.is_set && !a.jsep.current_local.is_set);
    CHECK_EQ(set_local(&a, YODEL_SDP_OFFER, first_offer), YODEL_ERR_INVALID_MODIFICATION);
    answer(&a, &b);
    CHECK(b.change.is_controlling && !a.change.is_controlling);
    CHECK_EQ(a.change.dtls_role, JSEP_DTLS_CLIENT);
    teardown();
}

static void a_pranswer_that_is_rolled_back_decides_no_role(void)
{
    setup();
    b.facts.has_data = true;
    offer(&a, &b);
    make(&b, YODEL_SDP_PRANSWER);
    must(set_remote(&a, YODEL_SDP_PRANSWER, b.text));
    CHECK(a.change.is_controlling);
    must(set_remote(&b, YODEL_SDP_ROLLBACK, ""));
    offer(&b, &a);
    CHECK(a.change.rolled_back && !a.change.is_controlling);
    teardown();
}

static void an_offer_that_is_refused_rolls_nothing_back(void)
{
    setup();
    offer(&a, &b);
    CHECK_EQ(set_remote(&a, YODEL_SDP_OFFER, edit(first_offer, "a=setup", "")),
        YODEL_ERR_INVALID_ACCESS);
    CHECK_EQ(a.jsep.state, YODEL_SIGNALING_HAVE_LOCAL_OFFER);
    CHECK(a.jsep.pending_local.is_set);
    teardown();
}

static void a_rollback_leaves_what_was_agreed(void)
{
    setup();
    agree(&a, &b);
    a.facts.ufrag = bytes_of_text("AAAA");
    offer(&a, &b);
    must(set_local(&a, YODEL_SDP_ROLLBACK, "whatever"));
    CHECK(a.change.rolled_back);
    must(set_remote(&b, YODEL_SDP_ROLLBACK, ""));
    check_text(a.jsep.current_local.text, first_offer);
    check_text(b.jsep.current_remote.text, first_offer);
    CHECK(!a.jsep.pending_local.is_set && !b.jsep.pending_remote.is_set);
    CHECK_EQ(a.jsep.dtls_role, JSEP_DTLS_SERVER);
    agree(&a, &b);
    CHECK(b.change.is_restart);
    teardown();
}

static void j17_a_thousand_negotiations_do_not_grow(void)
{
    size_t alive = 0;

    setup();
    b.facts.has_data = true;
    for (int i = 0; i < 1000; i++) {
        agree(i % 2 ? &a : &b, i % 2 ? &b : &a);
        offer(&a, &b);
        must(set_local(&a, YODEL_SDP_ROLLBACK, ""));
        must(set_remote(&b, YODEL_SDP_ROLLBACK, ""));
        alive = i == 0 ? memory.held : alive;
    }
    CHECK_EQ(memory.held, alive);
    CHECK_EQ(a.jsep.current_local.sdp.media_count, 1);
    teardown();
}

static void nothing_works_after_close(void)
{
    setup();
    agree(&a, &b);
    jsep_close(&a.jsep);
    CHECK_EQ(set_remote(&a, YODEL_SDP_OFFER, first_offer), YODEL_ERR_INVALID_STATE);
    CHECK_TEXT(jsep_error_text(&a.jsep), "a remote offer cannot be set in closed");
    CHECK(jsep_local(&a.jsep) != NULL);
    teardown();
}

TEST_MAIN(TEST(a_second_offer_keeps_sections_mids_and_roles),
    TEST(roles_stay_when_the_other_side_offers_next),
    TEST(the_version_grows_with_what_changed_only), TEST(new_credentials_restart_ice_on_both_sides),
    TEST(re_offers_keep_what_there_was),
    TEST(a_rejected_data_section_is_offered_again_in_its_place),
    TEST(the_other_side_may_use_a_rejected_section_again),
    TEST(an_answer_is_no_answer_to_a_later_offer),
    TEST(an_offer_against_an_offer_rolls_the_local_one_back),
    TEST(a_pranswer_that_is_rolled_back_decides_no_role),
    TEST(an_offer_that_is_refused_rolls_nothing_back), TEST(a_rollback_leaves_what_was_agreed),
    TEST(j17_a_thousand_negotiations_do_not_grow), TEST(nothing_works_after_close))
