// JSEP: what two sides agree on, the W3C's state table, and what is read from a session.

#include "jsep_sides.h"

static void an_offer_and_its_answer_are_these_very_lines(void)
{
    setup();
    CHECK_TEXT(make(&a, YODEL_SDP_OFFER), first_offer);
    must(set_local(&a, YODEL_SDP_OFFER, first_offer));
    must(set_remote(&b, YODEL_SDP_OFFER, first_offer));
    CHECK_TEXT(make(&b, YODEL_SDP_ANSWER), first_answer);
    must(set_local(&b, YODEL_SDP_ANSWER, first_answer));
    must(set_remote(&a, YODEL_SDP_ANSWER, first_answer));
    CHECK_EQ(a.jsep.state, YODEL_SIGNALING_STABLE);
    CHECK_EQ(b.jsep.state, YODEL_SIGNALING_STABLE);
    check_text(a.jsep.current_local.text, first_offer);
    check_text(a.jsep.current_remote.text, first_answer);
    check_text(b.jsep.current_local.text, first_answer);
    check_text(b.jsep.current_remote.text, first_offer);
    CHECK(!a.jsep.pending_local.is_set && !a.jsep.pending_remote.is_set);
    CHECK(!b.jsep.pending_local.is_set && !b.jsep.pending_remote.is_set);
    teardown();
}

static void each_side_learns_the_other_and_the_roles_fit(void)
{
    setup();
    a.facts.candidates =
        (struct jsep_candidates){(struct bytes[]){bytes_of_text("candidate:1 x")}, 1, true};
    offer(&a, &b);
    CHECK(!a.change.is_negotiated && !a.change.has_data);
    CHECK(!b.change.is_negotiated && b.change.has_data);
    CHECK_EQ(b.change.dtls_role, JSEP_DTLS_CLIENT);
    CHECK_EQ(b.change.candidates.count, 1);
    check_text(b.change.candidates.items[0], "candidate:1 x");
    CHECK(b.change.end_of_candidates);
    answer(&b, &a);
    CHECK(a.change.is_negotiated && b.change.is_negotiated);
    CHECK_EQ(a.change.dtls_role, JSEP_DTLS_SERVER);
    CHECK_EQ(b.change.dtls_role, JSEP_DTLS_CLIENT);
    CHECK(a.change.is_controlling && !b.change.is_controlling);
    check_text(a.change.ufrag, "bbbb");
    check_text(b.change.ufrag, "aaaa");
    check_text(b.change.pwd, "aaaaaaaaaaaaaaaaaaaaaa");
    check_text(a.change.mid, "0");
    CHECK_EQ(a.change.fingerprint_count, 1);
    check_text(a.change.fingerprints[0].hash, "sha-256");
    CHECK_BYTES(a.change.fingerprints[0].value, bytes_of(print_b, sizeof print_b));
    CHECK_EQ(a.change.sctp_port, 5000);
    CHECK_EQ(a.change.max_message_size, 262144);
    CHECK(!a.change.is_restart && !a.change.is_ice_lite && !a.change.rolled_back);
    teardown();
}

static void an_answer_takes_the_role_that_the_offer_leaves(void)
{
    static const struct {
        const char *offered, *answered;
        enum jsep_role role;
    } rows[] = {
        {"a=setup:actpass", "a=setup:active", JSEP_DTLS_CLIENT},
        {"a=setup:passive", "a=setup:active", JSEP_DTLS_CLIENT},
        {"a=setup:active", "a=setup:passive", JSEP_DTLS_SERVER},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        setup();
        must(
            set_remote(&b, YODEL_SDP_OFFER, edit(first_offer, "a=setup:actpass", rows[i].offered)));
        CHECK_EQ(b.change.dtls_role, rows[i].role);
        make(&b, YODEL_SDP_ANSWER);
        CHECK(strstr(b.text, rows[i].answered) != NULL);
        must(set_local(&b, YODEL_SDP_ANSWER, ""));
        CHECK_EQ(b.change.dtls_role, rows[i].role);
        teardown();
    }
}

// ---- the states, W3C webrtc §4.3.1 and RFC 9429 §3.2

// Brings `a` to a state, with `b` on the other side.
static void enter(enum yodel_signaling_state state)
{
    setup();
    b.facts.has_data = true;
    switch (state) {
    case YODEL_SIGNALING_STABLE:
        break;
    case YODEL_SIGNALING_HAVE_LOCAL_OFFER:
        offer(&a, &b);
        break;
    case YODEL_SIGNALING_HAVE_REMOTE_OFFER:
        offer(&b, &a);
        break;
    case YODEL_SIGNALING_HAVE_LOCAL_PRANSWER:
        offer(&b, &a);
        CHECK(make(&a, YODEL_SDP_PRANSWER) != NULL);
        must(set_local(&a, YODEL_SDP_PRANSWER, ""));
        break;
    case YODEL_SIGNALING_HAVE_REMOTE_PRANSWER:
        offer(&a, &b);
        CHECK(make(&b, YODEL_SDP_PRANSWER) != NULL);
        must(set_remote(&a, YODEL_SDP_PRANSWER, b.text));
        break;
    case YODEL_SIGNALING_CLOSED:
        jsep_close(&a.jsep);
        break;
    }
    CHECK_EQ(a.jsep.state, state);
}

#define REFUSED -1

static void every_description_in_every_state_does_what_the_table_says(void)
{
    enum { ST, LO, RO, LP, RP, CL };
    static const struct {
        bool is_local;
        enum yodel_sdp_type type;
        int want[6];
    } rows[] = {
        // From stable, have-local-offer, have-remote-offer, -local-pranswer, -remote-pranswer,
        // closed.
        {true, YODEL_SDP_OFFER, {LO, LO, REFUSED, REFUSED, REFUSED, REFUSED}},
        {true, YODEL_SDP_PRANSWER, {REFUSED, REFUSED, LP, LP, REFUSED, REFUSED}},
        {true, YODEL_SDP_ANSWER, {REFUSED, REFUSED, ST, ST, REFUSED, REFUSED}},
        {true, YODEL_SDP_ROLLBACK, {REFUSED, ST, ST, ST, ST, REFUSED}},
        {false, YODEL_SDP_OFFER,
            {RO, RO, RO, RO, RO, REFUSED}}, // Where it does not fit, it rolls back.
        {false, YODEL_SDP_PRANSWER, {REFUSED, RP, REFUSED, REFUSED, RP, REFUSED}},
        {false, YODEL_SDP_ANSWER, {REFUSED, ST, REFUSED, REFUSED, ST, REFUSED}},
        {false, YODEL_SDP_ROLLBACK, {REFUSED, ST, ST, ST, ST, REFUSED}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int state = 0; state < 6; state++) {
            enter((enum yodel_signaling_state)state);
            bool is_offer = rows[i].type == YODEL_SDP_OFFER;
            const char *text = is_offer ? first_offer : first_answer;
            if (rows[i].is_local) {
                make(&a, is_offer ? YODEL_SDP_OFFER : YODEL_SDP_ANSWER); // May be refused too.
                text = "";
            }
            enum yodel_err err = rows[i].is_local ? set_local(&a, rows[i].type, text)
                                                  : set_remote(&a, rows[i].type, text);
            int want = rows[i].want[state];
            if ((err == YODEL_OK) != (want != REFUSED)) {
                fprintf(stderr, "row %zu in state %d: %s\n", i, state, jsep_error_text(&a.jsep));
            }
            CHECK_EQ(err, want == REFUSED ? YODEL_ERR_INVALID_STATE : YODEL_OK);
            CHECK_EQ(a.jsep.state, want == REFUSED ? state : want);
            teardown();
        }
    }
}

static void offers_and_answers_are_made_where_the_w3c_lets_them(void)
{
    static const struct {
        bool offer, answer;
        enum yodel_sdp_type implied;
    } rows[] = {
        [YODEL_SIGNALING_STABLE] = {true, false, YODEL_SDP_OFFER},
        [YODEL_SIGNALING_HAVE_LOCAL_OFFER] = {true, false, YODEL_SDP_OFFER},
        [YODEL_SIGNALING_HAVE_REMOTE_OFFER] = {false, true, YODEL_SDP_ANSWER},
        [YODEL_SIGNALING_HAVE_LOCAL_PRANSWER] = {false, true, YODEL_SDP_ANSWER},
        [YODEL_SIGNALING_HAVE_REMOTE_PRANSWER] = {false, false, YODEL_SDP_OFFER},
        [YODEL_SIGNALING_CLOSED] = {false, false, YODEL_SDP_OFFER},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bytes text;
        enter((enum yodel_signaling_state)i);
        CHECK_EQ(jsep_implied_type(&a.jsep), rows[i].implied);
        CHECK_EQ(jsep_create_offer(&a.jsep, &a.facts, &text),
            rows[i].offer ? YODEL_OK : YODEL_ERR_INVALID_STATE);
        CHECK_EQ(jsep_create_answer(&a.jsep, &a.facts, &text),
            rows[i].answer ? YODEL_OK : YODEL_ERR_INVALID_STATE);
        teardown();
    }
}

static void an_offer_of_nothing_is_refused(void)
{
    struct bytes text;

    setup();
    CHECK_EQ(jsep_create_offer(&b.jsep, &b.facts, &text), YODEL_ERR_INVALID_ACCESS);
    CHECK_TEXT(jsep_error_text(&b.jsep), "there is nothing to offer yet");
    teardown();
}

static void only_what_was_created_last_may_be_set_locally(void)
{
    setup();
    CHECK_EQ(set_local(&a, YODEL_SDP_OFFER, ""), YODEL_ERR_INVALID_STATE);
    make(&a, YODEL_SDP_OFFER);
    const char *munged = edit(a.text, "a=setup:actpass", "a=setup:active");
    CHECK_EQ(set_local(&a, YODEL_SDP_OFFER, munged), YODEL_ERR_INVALID_MODIFICATION);
    CHECK_EQ(set_local(&a, YODEL_SDP_ANSWER, a.text), YODEL_ERR_INVALID_MODIFICATION);
    CHECK_EQ(a.jsep.state, YODEL_SIGNALING_STABLE);
    must(set_local(&a, YODEL_SDP_OFFER, a.text));
    must(set_local(&a, YODEL_SDP_OFFER, a.text)); // Again is no change.
    must(set_remote(&b, YODEL_SDP_OFFER, a.text));
    make(&b, YODEL_SDP_ANSWER);
    munged = edit(b.text, "a=mid:0", "a=mid:1");
    CHECK_EQ(set_local(&b, YODEL_SDP_ANSWER, munged), YODEL_ERR_INVALID_MODIFICATION);
    must(set_local(&b, YODEL_SDP_PRANSWER, b.text));
    must(set_local(&b, YODEL_SDP_ANSWER, b.text));
    teardown();
}

static void a_pranswer_is_in_force_until_the_answer(void)
{
    setup();
    offer(&a, &b);
    make(&b, YODEL_SDP_PRANSWER);
    must(set_local(&b, YODEL_SDP_PRANSWER, ""));
    must(set_remote(&a, YODEL_SDP_PRANSWER, b.text));
    CHECK(a.change.is_negotiated && b.change.is_negotiated);
    CHECK(!a.jsep.current_remote.is_set && a.jsep.pending_remote.is_set);
    CHECK_EQ(jsep_remote(&a.jsep)->type, YODEL_SDP_PRANSWER);
    b.facts.candidates =
        (struct jsep_candidates){(struct bytes[]){bytes_of_text("candidate:2 y")}, 1, false};
    answer(&b, &a);
    CHECK_EQ(a.change.candidates.count, 1);
    CHECK_EQ(jsep_remote(&a.jsep)->type, YODEL_SDP_ANSWER);
    CHECK(!a.jsep.pending_local.is_set && !a.jsep.pending_remote.is_set);
    teardown();
}

// ---- the rest

static void negotiation_is_needed_for_the_first_channel_and_in_stable_only(void)
{
    setup();
    CHECK(jsep_needs_negotiation(&a.jsep, &a.facts));
    CHECK(!jsep_needs_negotiation(&b.jsep, &b.facts));
    offer(&a, &b);
    CHECK(!jsep_needs_negotiation(&a.jsep, &a.facts));
    b.facts.has_data = true;
    CHECK(!jsep_needs_negotiation(&b.jsep, &b.facts));
    answer(&b, &a);
    CHECK(!jsep_needs_negotiation(&a.jsep, &a.facts));
    CHECK(!jsep_needs_negotiation(&b.jsep, &b.facts));
    jsep_close(&a.jsep);
    CHECK(!jsep_needs_negotiation(&a.jsep, &a.facts));
    teardown();
}

static void gathered_candidates_are_merged_into_their_generation(void)
{
    struct bytes lines[] = {bytes_of_text("candidate:1 x"), bytes_of_text("candidate:2 y")};
    struct jsep_candidates candidates = {lines, 1, false};
    uint8_t room[8192];

    setup();
    a.facts.candidates = candidates; // The first is in the offer already.
    offer(&a, &b);
    candidates = (struct jsep_candidates){lines, 2, true};
    struct writer w = writer_of(span_of(room, sizeof room));
    jsep_write_description(&a.jsep, jsep_local(&a.jsep), a.facts.ufrag, &candidates, &w);
    const char *want =
        edit(a.text, "262144\r\n", "262144\r\na=candidate:2 y\r\na=end-of-candidates\r\n");
    CHECK_BYTES(writer_bytes(&w), bytes_of_text(want));

    w = writer_of(span_of(room, sizeof room));
    jsep_write_description(&a.jsep, jsep_local(&a.jsep), bytes_of_text("gone"), &candidates, &w);
    CHECK_BYTES(writer_bytes(&w), bytes_of_text(a.text));
    teardown();

    setup(); // Into the data section, wherever it is, even if its last line has no end.
    size_t len = strlen(chromium_offer) - 2;
    must(jsep_set_remote(&b.jsep, YODEL_SDP_OFFER, bytes_of(chromium_offer, len), &b.change));
    w = writer_of(span_of(room, sizeof room));
    jsep_write_description(&b.jsep, jsep_remote(&b.jsep), bytes_of_text("ETEn"), &candidates, &w);
    CHECK_BYTES(bytes_sub(writer_bytes(&w), 0, len), bytes_of(chromium_offer, len));
    check_text(bytes_sub(writer_bytes(&w), len, 1000),
        "\r\na=candidate:1 x\r\na=candidate:2 y\r\na=end-of-candidates\r\n");
    teardown();
}

static void candidates_are_for_the_data_section_of_this_generation(void)
{
    static const struct {
        const char *mid;
        unsigned index;
        const char *ufrag;
        enum yodel_err err;
        bool is_ours;
    } rows[] = {
        {"2", 0, "", YODEL_OK, true},
        {"2", 9, "ETEn", YODEL_OK, true},
        {"", 2, "", YODEL_OK, true},
        {"2", 0, "gone", YODEL_OK, false},
        {"0", 0, "", YODEL_OK, false}, // Another transport's, by its credentials.
        {"1", 0, "", YODEL_OK, true},  // The same transport's: it is bundled.
        {"", 1, "ETEn", YODEL_OK, true},
        {"3", 0, "", YODEL_ERR_OPERATION, false},
        {"", 3, "", YODEL_ERR_OPERATION, false},
    };
    setup();
    bool is_ours = false;
    CHECK_EQ(jsep_check_candidate(&b.jsep, bytes_of_text("0"), 0, bytes_of_text(""), &is_ours),
        YODEL_ERR_INVALID_STATE);
    must(set_remote(&b, YODEL_SDP_OFFER, edit(chromium_offer, "ETEn", "ETEx")));
    for (size_t i = 0; i < COUNT(rows); i++) {
        is_ours = false;
        CHECK_EQ(jsep_check_candidate(&b.jsep, bytes_of_text(rows[i].mid), rows[i].index,
                     bytes_of_text(rows[i].ufrag), &is_ours),
            rows[i].err);
        CHECK_EQ(is_ours, rows[i].is_ours);
    }
    teardown();
}

// Chromium with the policy max-bundle gathers for the first section alone.
static void a_bundled_section_without_candidates_has_those_of_its_carrier(void)
{
    setup();
    must(set_remote(
        &b, YODEL_SDP_OFFER, edit(chromium_offer, "a=rtcp:9", "a=candidate:5 q\r\na=rtcp:9")));
    CHECK_EQ(b.change.candidates.count, 1);
    check_text(b.change.candidates.items[0], "candidate:5 q");
    const char *apart = edit(chromium_offer, "a=rtcp:9", "a=candidate:5 q\r\na=rtcp:9");
    must(set_remote(&b, YODEL_SDP_OFFER, edit(apart, "ETEn", "ETEx")));
    CHECK_EQ(b.change.candidates.count, 0);
    teardown();
}

static void message_sizes_have_their_special_values(void)
{
    static const struct {
        const char *to;
        uint64_t want;
    } rows[] = {
        {"a=max-message-size:0", JSEP_MAX_MESSAGE_NO_LIMIT},
        {"a=max-message-size:1", 1},
        {"a=max-message-size:99999999999999999999999", JSEP_MAX_MESSAGE_NO_LIMIT},
        {"a=other", JSEP_MAX_MESSAGE_SIZE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        setup();
        must(set_remote(
            &b, YODEL_SDP_OFFER, edit(first_offer, "a=max-message-size:262144", rows[i].to)));
        CHECK(b.change.max_message_size == rows[i].want);
        teardown();
    }
}

static void a_lite_side_is_controlled(void)
{
    setup();
    must(set_remote(&b, YODEL_SDP_OFFER, edit(first_offer, "a=group", "a=ice-lite\r\na=group")));
    CHECK(b.change.is_ice_lite && b.change.is_controlling);
    teardown();
}

static void of_two_lite_sides_who_offered_first_controls(void)
{
    setup();
    a.jsep.is_ice_lite = b.jsep.is_ice_lite = true;
    offer(&a, &b);
    answer(&b, &a);
    CHECK(a.change.is_ice_lite && a.change.is_controlling);
    CHECK(b.change.is_ice_lite && !b.change.is_controlling);
    offer(&b, &a);
    answer(&a, &b);
    CHECK(a.change.is_controlling && !b.change.is_controlling);
    teardown();
}

// Every allocation fails once; nothing is lost, and nothing changes by halves.
static void each_allocation_may_fail(void)
{
    for (size_t n = 0;; n++) {
        setup();
        memory.allowed = n;
        bool is_done =
            make(&a, YODEL_SDP_OFFER) && set_local(&a, YODEL_SDP_OFFER, "") == YODEL_OK &&
            set_remote(&b, YODEL_SDP_OFFER, a.text) == YODEL_OK && make(&b, YODEL_SDP_ANSWER) &&
            set_local(&b, YODEL_SDP_ANSWER, "") == YODEL_OK &&
            set_remote(&a, YODEL_SDP_ANSWER, b.text) == YODEL_OK;
        teardown();
        if (is_done) {
            CHECK(n > 8);
            return;
        }
    }
}

TEST_MAIN(TEST(an_offer_and_its_answer_are_these_very_lines),
    TEST(each_side_learns_the_other_and_the_roles_fit),
    TEST(an_answer_takes_the_role_that_the_offer_leaves),
    TEST(every_description_in_every_state_does_what_the_table_says),
    TEST(offers_and_answers_are_made_where_the_w3c_lets_them), TEST(an_offer_of_nothing_is_refused),
    TEST(only_what_was_created_last_may_be_set_locally),
    TEST(a_pranswer_is_in_force_until_the_answer),
    TEST(negotiation_is_needed_for_the_first_channel_and_in_stable_only),
    TEST(gathered_candidates_are_merged_into_their_generation),
    TEST(candidates_are_for_the_data_section_of_this_generation),
    TEST(a_bundled_section_without_candidates_has_those_of_its_carrier),
    TEST(message_sizes_have_their_special_values), TEST(a_lite_side_is_controlled),
    TEST(of_two_lite_sides_who_offered_first_controls), TEST(each_allocation_may_fail))
