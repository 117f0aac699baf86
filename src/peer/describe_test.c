// Descriptions and candidates at the peer connection: what each call takes, refuses and changes.

#include <stdio.h>

#include "check.h"
#include "peer/pair.h"

static struct peer_pair pair;
static char copy[16384];

static yodel_peer *peer(int side)
{
    return pair.side[side].peer;
}

static void add_channel(int side)
{
    yodel_channel *channel;

    CHECK_EQ(yodel_peer_create_data_channel(peer(side), "", NULL, &channel), YODEL_OK);
}

// A copy of a side's local description, which outlives the next call.
static struct yodel_description local_of(int side)
{
    struct yodel_description description;

    CHECK(yodel_peer_local_description(peer(side), &description));
    (void)snprintf(copy, sizeof copy, "%s", description.sdp);
    return (struct yodel_description){description.type, copy};
}

static void open_pair(uint64_t seed)
{
    peer_pair_open(&pair, seed);
    add_channel(0);
}

// ---- states

static void an_offer_and_an_answer_go_through_the_states(void)
{
    struct yodel_description description;

    open_pair(1);
    CHECK_EQ(yodel_peer_create_offer(peer(0), &description), YODEL_OK);
    CHECK_EQ(description.type, YODEL_SDP_OFFER);
    CHECK_EQ(yodel_peer_signaling_state(peer(0)), YODEL_SIGNALING_STABLE);
    CHECK_EQ(yodel_peer_set_local_description(peer(0), &description), YODEL_OK);
    CHECK_EQ(yodel_peer_signaling_state(peer(0)), YODEL_SIGNALING_HAVE_LOCAL_OFFER);
    CHECK(yodel_peer_pending_local_description(peer(0), &description));
    CHECK(!yodel_peer_current_local_description(peer(0), &description));
    CHECK_EQ(peer_pair_signal(&pair, 0), YODEL_OK);
    CHECK_EQ(yodel_peer_signaling_state(peer(1)), YODEL_SIGNALING_HAVE_REMOTE_OFFER);
    CHECK_EQ(yodel_peer_create_answer(peer(1), &description), YODEL_OK);
    CHECK_EQ(yodel_peer_set_local_description(peer(1), &description), YODEL_OK);
    CHECK_EQ(yodel_peer_signaling_state(peer(1)), YODEL_SIGNALING_STABLE);
    CHECK_EQ(peer_pair_signal(&pair, 1), YODEL_OK);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(yodel_peer_signaling_state(peer(i)), YODEL_SIGNALING_STABLE);
        CHECK(yodel_peer_current_local_description(peer(i), &description));
        CHECK_EQ(description.type, i == 0 ? YODEL_SDP_OFFER : YODEL_SDP_ANSWER);
        CHECK(yodel_peer_current_remote_description(peer(i), &description));
        CHECK_EQ(description.type, i == 0 ? YODEL_SDP_ANSWER : YODEL_SDP_OFFER);
        CHECK(!yodel_peer_pending_local_description(peer(i), &description));
        CHECK(!yodel_peer_pending_remote_description(peer(i), &description));
    }
    peer_pair_close(&pair);
}

static void a_provisional_answer_connects_and_a_final_one_follows(void)
{
    struct yodel_description answer, provisional;

    open_pair(2);
    CHECK_EQ(yodel_peer_set_local_description(peer(0), NULL), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_EQ(peer_pair_signal(&pair, 0), YODEL_OK);
    CHECK_EQ(yodel_peer_create_answer(peer(1), &answer), YODEL_OK);
    provisional = (struct yodel_description){YODEL_SDP_PRANSWER, answer.sdp};
    CHECK_EQ(yodel_peer_set_local_description(peer(1), &provisional), YODEL_OK);
    CHECK_EQ(yodel_peer_signaling_state(peer(1)), YODEL_SIGNALING_HAVE_LOCAL_PRANSWER);
    peer_pair_settle(&pair);
    CHECK_EQ(peer_pair_signal(&pair, 1), YODEL_OK);
    CHECK_EQ(yodel_peer_signaling_state(peer(0)), YODEL_SIGNALING_HAVE_REMOTE_PRANSWER);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK(peer_pair_is_connected(&pair));
    CHECK_EQ(yodel_peer_set_local_description(peer(1), NULL), YODEL_OK);
    CHECK_EQ(peer_pair_signal(&pair, 1), YODEL_OK);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK(peer_pair_is_connected(&pair));
    CHECK_EQ(yodel_peer_signaling_state(peer(0)), YODEL_SIGNALING_STABLE);
    CHECK_EQ(yodel_peer_signaling_state(peer(1)), YODEL_SIGNALING_STABLE);
    peer_pair_close(&pair);
}

static void a_rollback_leads_back_and_the_connection_can_still_be_made(void)
{
    static const struct yodel_description rollback = {YODEL_SDP_ROLLBACK, NULL};
    struct yodel_description description;

    open_pair(3);
    CHECK_EQ(yodel_peer_set_local_description(peer(0), &rollback), YODEL_ERR_INVALID_STATE);
    CHECK_EQ(yodel_peer_set_local_description(peer(0), NULL), YODEL_OK);
    CHECK_EQ(peer_pair_signal(&pair, 0), YODEL_OK);
    CHECK_EQ(yodel_peer_set_local_description(peer(0), &rollback), YODEL_OK);
    CHECK_EQ(yodel_peer_set_remote_description(peer(1), &rollback), YODEL_OK);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(yodel_peer_signaling_state(peer(i)), YODEL_SIGNALING_STABLE);
        CHECK(!yodel_peer_local_description(peer(i), &description));
        CHECK(!yodel_peer_remote_description(peer(i), &description));
    }
    peer_pair_forget(&pair);
    peer_pair_listen(&pair.side[0]);
    CHECK_EQ(peer_pair_negotiate(&pair, 0), YODEL_OK);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK(peer_pair_is_connected(&pair));
    peer_pair_close(&pair);
}

static void calls_in_the_wrong_state_are_refused(void)
{
    struct yodel_description description, answer;

    peer_pair_open(&pair, 4);
    CHECK_EQ(yodel_peer_create_offer(peer(0), &description), YODEL_ERR_INVALID_ACCESS);
    CHECK_EQ(yodel_peer_set_local_description(peer(0), NULL), YODEL_ERR_INVALID_ACCESS);
    CHECK_EQ(yodel_peer_create_answer(peer(0), &description), YODEL_ERR_INVALID_STATE);
    add_channel(0);
    CHECK_EQ(yodel_peer_set_local_description(peer(0), NULL), YODEL_OK);
    CHECK_EQ(peer_pair_signal(&pair, 0), YODEL_OK);
    CHECK_EQ(yodel_peer_create_offer(peer(1), &description), YODEL_ERR_INVALID_STATE);
    CHECK(strlen(yodel_peer_error_text(peer(1))) > 0);
    answer = local_of(0);
    answer.type = YODEL_SDP_ANSWER;
    CHECK_EQ(yodel_peer_set_remote_description(peer(1), &answer), YODEL_ERR_INVALID_STATE);
    peer_pair_close(&pair);
}

static void only_what_was_created_can_be_set(void)
{
    struct yodel_description offer;
    char text[16384];

    open_pair(5);
    CHECK_EQ(yodel_peer_create_offer(peer(0), &offer), YODEL_OK);
    (void)snprintf(text, sizeof text, "%sa=x-mine:1\r\n", offer.sdp);
    offer.sdp = text;
    CHECK_EQ(yodel_peer_set_local_description(peer(0), &offer), YODEL_ERR_INVALID_MODIFICATION);
    CHECK_EQ(yodel_peer_signaling_state(peer(0)), YODEL_SIGNALING_STABLE);
    peer_pair_close(&pair);
}

static void of_two_offers_at_once_the_polite_side_takes_its_own_back(void)
{
    open_pair(6);
    add_channel(1);
    CHECK_EQ(yodel_peer_set_local_description(peer(0), NULL), YODEL_OK);
    CHECK_EQ(yodel_peer_set_local_description(peer(1), NULL), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_EQ(peer_pair_signal(&pair, 0), YODEL_OK); // Side 1 is polite, and side 0 ignores.
    CHECK_EQ(yodel_peer_signaling_state(peer(1)), YODEL_SIGNALING_HAVE_REMOTE_OFFER);
    CHECK_EQ(yodel_peer_set_local_description(peer(1), NULL), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_EQ(peer_pair_signal(&pair, 1), YODEL_OK);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK(peer_pair_is_connected(&pair));
    CHECK_EQ(peer_pair_count(&pair.side[0], YODEL_EVENT_CHANNEL_OPEN), 2);
    CHECK_EQ(peer_pair_count(&pair.side[1], YODEL_EVENT_CHANNEL_OPEN), 2);
    peer_pair_close(&pair);
}

static void renegotiation_changes_nothing_that_works(void)
{
    yodel_channel *channels[2];

    peer_pair_open(&pair, 7);
    peer_pair_connect(&pair, NULL, channels);
    for (int i = 0; i < 200; i++) {
        CHECK_EQ(peer_pair_negotiate(&pair, i % 2), YODEL_OK);
        CHECK_EQ(yodel_channel_send(channels[i % 2], "x", 1), YODEL_OK);
        peer_pair_run(&pair, YODEL_MS(100));
        CHECK(peer_pair_is_connected(&pair));
        // J17: nothing grows.
        CHECK(pair.side[0].memory.held < 100 && pair.side[1].memory.held < 100);
    }
    CHECK_EQ(pair.side[0].message_count + pair.side[1].message_count, 200);
    peer_pair_close(&pair);
}

static void both_sides_may_restart_at_once(void)
{
    yodel_channel *channels[2];

    peer_pair_open(&pair, 8);
    peer_pair_connect(&pair, NULL, channels);
    yodel_peer_restart_ice(peer(0));
    yodel_peer_restart_ice(peer(1));
    CHECK_EQ(yodel_peer_set_local_description(peer(0), NULL), YODEL_OK);
    CHECK_EQ(yodel_peer_set_local_description(peer(1), NULL), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_EQ(peer_pair_signal(&pair, 0), YODEL_OK);
    CHECK_EQ(yodel_peer_set_local_description(peer(1), NULL), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_EQ(peer_pair_signal(&pair, 1), YODEL_OK);
    CHECK_EQ(yodel_channel_send(channels[0], "x", 1), YODEL_OK);
    peer_pair_run(&pair, YODEL_SECONDS(40));
    CHECK(peer_pair_is_connected(&pair));
    CHECK_EQ(pair.side[1].message_count, 1);
    peer_pair_close(&pair);
}

static void a_restart_waits_for_a_state_in_which_it_can_be_offered(void)
{
    struct yodel_description description;
    const char *current, *previous;
    yodel_channel *channels[2];
    char before[64];

    peer_pair_open(&pair, 9);
    peer_pair_connect(&pair, NULL, channels);
    yodel_peer_local_ufrags(peer(1), &current, &previous);
    (void)snprintf(before, sizeof before, "%s", current);
    CHECK_EQ(yodel_peer_set_local_description(peer(0), NULL), YODEL_OK);
    CHECK_EQ(peer_pair_signal(&pair, 0), YODEL_OK);
    yodel_peer_restart_ice(peer(1));
    CHECK_EQ(yodel_peer_create_offer(peer(1), &description), YODEL_ERR_INVALID_STATE);
    yodel_peer_local_ufrags(peer(1), &current, &previous);
    CHECK_TEXT(current, before); // RFC 8839 §4.4.1: an answer restarts only where the offer does.
    CHECK_EQ(yodel_peer_set_local_description(peer(1), NULL), YODEL_OK);
    CHECK_EQ(peer_pair_signal(&pair, 1), YODEL_OK);
    peer_pair_forget(&pair);
    peer_pair_listen(&pair.side[1]);
    CHECK_EQ(peer_pair_count(&pair.side[1], YODEL_EVENT_NEGOTIATION_NEEDED), 1);
    CHECK_EQ(peer_pair_negotiate(&pair, 1), YODEL_OK);
    yodel_peer_local_ufrags(peer(1), &current, &previous);
    CHECK(strcmp(current, before) != 0);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK(peer_pair_is_connected(&pair));
    peer_pair_close(&pair);
}

// ---- what a remote description may not be

static void check_refused(const char *sdp, enum yodel_err want)
{
    struct yodel_description offer = {YODEL_SDP_OFFER, sdp}, none;

    CHECK_EQ(yodel_peer_set_remote_description(peer(1), &offer), want);
    CHECK(strlen(yodel_peer_error_text(peer(1))) > 0);
    CHECK_EQ(yodel_peer_signaling_state(peer(1)), YODEL_SIGNALING_STABLE);
    CHECK(!yodel_peer_remote_description(peer(1), &none));
}

// The offer with the rest of the line that begins with `line` replaced.
static const char *with_line(const char *sdp, const char *line, const char *instead)
{
    static char text[16384];
    const char *at = strstr(sdp, line);

    CHECK(at != NULL);
    const char *end = strstr(at, "\r\n");
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - sdp), sdp, instead, end);
    return text;
}

static void a_bad_remote_description_is_refused_and_changes_nothing(void)
{
    static char long_ufrag[400] = "a=ice-ufrag:";

    open_pair(10);
    memset(long_ufrag + 12, 'x', 300);
    CHECK_EQ(yodel_peer_set_local_description(peer(0), NULL), YODEL_OK);
    struct yodel_description offer = local_of(0);
    check_refused("", YODEL_ERR_SYNTAX);
    check_refused("v=0", YODEL_ERR_SYNTAX);
    check_refused(with_line(offer.sdp, "a=ice-ufrag:", "a=ice-ufrag:abc"), YODEL_ERR_SYNTAX);
    check_refused(with_line(offer.sdp, "a=ice-ufrag:", "a=ice-ufrag:a b c d"), YODEL_ERR_SYNTAX);
    check_refused(with_line(offer.sdp, "a=ice-ufrag:", long_ufrag), YODEL_ERR_SYNTAX);
    check_refused(with_line(offer.sdp, "a=ice-pwd:", "a=ice-pwd:short"), YODEL_ERR_SYNTAX);
    check_refused(
        with_line(offer.sdp, "a=fingerprint:", "a=fingerprint:sha-256 AB:CG"), YODEL_ERR_SYNTAX);
    check_refused(with_line(offer.sdp, "a=fingerprint:", "a=x:y"), YODEL_ERR_INVALID_ACCESS);
    check_refused(with_line(offer.sdp, "a=setup:", "a=setup:holdconn"), YODEL_ERR_INVALID_ACCESS);
    CHECK_EQ(yodel_peer_set_remote_description(peer(1), &offer), YODEL_OK);
    peer_pair_close(&pair);
}

// ---- the pinned fingerprint

static void open_pinned(uint64_t seed, const char *pinned)
{
    struct yodel_peer_config config = {.pinned_fingerprint = pinned};

    peer_pair_open_with(&pair, seed, NULL, &config);
    add_channel(0);
    CHECK_EQ(yodel_peer_set_local_description(peer(0), NULL), YODEL_OK);
    peer_pair_settle(&pair);
}

#define OTHER_FINGERPRINT                                                                          \
    "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:"   \
    "EE:FF"

static void a_pinned_fingerprint_is_the_only_way_in(void)
{
    char pinned[YODEL_FINGERPRINT_TEXT_MAX], second[512];
    yodel_certificate *certificate;

    CHECK_EQ(yodel_certificate_generate(VIRTUAL_CLOCK_WALL, &certificate), YODEL_OK);
    yodel_certificate_fingerprint(certificate, pinned);
    struct yodel_peer_config ours = {.certificate = certificate};
    struct yodel_peer_config theirs = {.pinned_fingerprint = pinned};

    open_pinned(11, OTHER_FINGERPRINT);
    check_refused(local_of(0).sdp, YODEL_ERR_UNAUTHENTIC);
    peer_pair_close(&pair);

    peer_pair_open_with(&pair, 12, &ours, &theirs);
    add_channel(0);
    CHECK_EQ(yodel_peer_set_local_description(peer(0), NULL), YODEL_OK);
    struct yodel_description offer = local_of(0);
    (void)snprintf(second, sizeof second,
        "a=fingerprint:sha-256 %s\r\na=fingerprint:sha-256 " OTHER_FINGERPRINT, pinned);
    check_refused(with_line(offer.sdp, "a=fingerprint:", second), YODEL_ERR_UNAUTHENTIC);
    check_refused(
        with_line(offer.sdp, "a=fingerprint:", "a=fingerprint:sha-256 " OTHER_FINGERPRINT),
        YODEL_ERR_UNAUTHENTIC);
    check_refused(with_line(offer.sdp, "a=fingerprint:", "a=x:y"), YODEL_ERR_UNAUTHENTIC);
    check_refused("v=0", YODEL_ERR_SYNTAX);
    // And the right one connects.
    CHECK_EQ(yodel_peer_set_remote_description(peer(1), &offer), YODEL_OK);
    CHECK_EQ(yodel_peer_set_local_description(peer(1), NULL), YODEL_OK);
    peer_pair_settle(&pair);
    CHECK_EQ(peer_pair_signal(&pair, 1), YODEL_OK);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK(peer_pair_is_connected(&pair));
    peer_pair_close(&pair);
    yodel_certificate_free(certificate);
}

// A text that the check of the pin cannot read must not reach what does without it.
static void an_unreadable_description_does_not_slip_past_the_pin(void)
{
    open_pinned(13, OTHER_FINGERPRINT);
    struct yodel_description offer = local_of(0);
    for (uint64_t i = 1; i < 60; i++) {
        struct yodel_description none;

        pair.side[1].memory.count = 0;
        pair.side[1].memory.fail_at = i;
        enum yodel_err err = yodel_peer_set_remote_description(peer(1), &offer);
        CHECK(err == YODEL_ERR_UNAUTHENTIC || err == YODEL_ERR_NO_MEMORY);
        CHECK(!yodel_peer_remote_description(peer(1), &none));
    }
    peer_pair_close(&pair);
}

static void a_rollback_needs_no_fingerprint(void)
{
    static const struct yodel_description rollback = {YODEL_SDP_ROLLBACK, "whatever"};

    open_pinned(14, OTHER_FINGERPRINT);
    add_channel(1);
    CHECK_EQ(yodel_peer_set_local_description(peer(1), NULL), YODEL_OK);
    CHECK_EQ(yodel_peer_set_remote_description(peer(1), &rollback), YODEL_OK);
    CHECK_EQ(yodel_peer_signaling_state(peer(1)), YODEL_SIGNALING_STABLE);
    peer_pair_close(&pair);
}

// ---- candidates

static void candidates_are_taken_refused_or_ignored_as_the_w3c_says(void)
{
    static const char good[] = "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host";
    static const struct {
        const char *why;
        struct yodel_ice_candidate candidate;
        enum yodel_err want;
    } rows[] = {
        {"a good one", {.candidate = good, .sdp_mid = "0"}, YODEL_OK},
        {"by its index", {.candidate = good, .sdp_mline_index = 0}, YODEL_OK},
        {"an unknown mid", {.candidate = good, .sdp_mid = "nobody"}, YODEL_ERR_OPERATION},
        {"an unknown index", {.candidate = good, .sdp_mline_index = 7}, YODEL_ERR_OPERATION},
        {"malformed", {.candidate = "candidate:1 1 udp", .sdp_mid = "0"}, YODEL_ERR_OPERATION},
        {"no candidate at all", {.candidate = "xyz", .sdp_mid = "0"}, YODEL_ERR_OPERATION},
        {"another transport",
            {.candidate = "candidate:1 1 tcp 2130706431 192.0.2.1 9 typ host tcptype active",
                .sdp_mid = "0"},
            YODEL_OK},
        {"another generation", {.candidate = good, .sdp_mid = "0", .username_fragment = "gone"},
            YODEL_OK},
        {"the end", {.candidate = "", .sdp_mid = "0"}, YODEL_OK},
    };

    open_pair(15);
    CHECK_EQ(yodel_peer_add_ice_candidate(peer(1), &rows[0].candidate), YODEL_ERR_INVALID_STATE);
    CHECK_EQ(yodel_peer_add_ice_candidate(peer(1), NULL), YODEL_ERR_INVALID_STATE);
    CHECK_EQ(yodel_peer_set_local_description(peer(0), NULL), YODEL_OK);
    CHECK_EQ(peer_pair_signal(&pair, 0), YODEL_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum yodel_err err = yodel_peer_add_ice_candidate(peer(1), &rows[i].candidate);

        if (err != rows[i].want) {
            fprintf(stderr, "row %zu (%s): ", i, rows[i].why);
        }
        CHECK_EQ(err, rows[i].want);
    }
    CHECK_EQ(yodel_peer_add_ice_candidate(peer(1), NULL), YODEL_OK);
    peer_pair_close(&pair);
}

static void trickles(struct peer_pair_side *side, const struct yodel_event *event)
{
    if (event->type == YODEL_EVENT_ICE_CANDIDATE) {
        CHECK_TEXT(event->candidate.sdp_mid, "0");
        CHECK(strlen(event->candidate.username_fragment) >= 4);
        // Before the other side has a description it cannot take one; the description has it then.
        (void)yodel_peer_add_ice_candidate(
            side->pair->side[1 - side->index].peer, &event->candidate);
    }
}

static void trickled_candidates_connect(void)
{
    open_pair(16);
    pair.listener = trickles;
    CHECK_EQ(yodel_peer_set_local_description(peer(0), NULL), YODEL_OK);
    CHECK_EQ(peer_pair_signal(&pair, 0), YODEL_OK); // Without a candidate yet.
    CHECK_EQ(yodel_peer_set_local_description(peer(1), NULL), YODEL_OK);
    CHECK_EQ(peer_pair_signal(&pair, 1), YODEL_OK);
    peer_pair_run(&pair, YODEL_SECONDS(1));
    CHECK(peer_pair_is_connected(&pair));
    peer_pair_close(&pair);
}

// RFC 8839 §5.3; RFC 8445 §6.1.1: who is full controls, whoever offered.
static void a_lite_peer_says_so_and_is_controlled(void)
{
    static const struct yodel_peer_config lite = {.ice_lite = true}, full = {0};

    for (int offerer = 0; offerer < 2; offerer++) {
        yodel_channel *channels[2];

        peer_pair_open_with(
            &pair, 30 + (uint64_t)offerer, offerer ? &full : &lite, offerer ? &lite : &full);
        peer_pair_connect(&pair, NULL, channels);
        int is_lite = offerer;
        CHECK(strstr(local_of(is_lite).sdp, "\r\na=ice-lite\r\n") != NULL);
        CHECK(strstr(local_of(1 - is_lite).sdp, "a=ice-lite") == NULL);
        CHECK(!ice_is_controlling(&peer(is_lite)->ice));
        CHECK(ice_is_controlling(&peer(1 - is_lite)->ice));
        CHECK_EQ(ice_stats(&peer(is_lite)->ice)->requests_sent, 0);
        peer_pair_close(&pair);
    }
}

static void a_local_description_holds_what_was_gathered(void)
{
    struct yodel_description description;

    open_pair(17);
    CHECK_EQ(yodel_peer_set_local_description(peer(0), NULL), YODEL_OK);
    CHECK(yodel_peer_local_description(peer(0), &description));
    CHECK(strstr(description.sdp, "a=candidate:") == NULL);
    peer_pair_settle(&pair);
    CHECK(yodel_peer_local_description(peer(0), &description));
    CHECK(strstr(description.sdp, " 192.0.2.1 5000 typ host") != NULL);
    CHECK(strstr(description.sdp, "a=end-of-candidates\r\n") != NULL);
    CHECK(yodel_peer_pending_local_description(peer(0), &description));
    CHECK(strstr(description.sdp, "a=candidate:") != NULL);
    peer_pair_close(&pair);
}

TEST_MAIN(TEST(an_offer_and_an_answer_go_through_the_states),
    TEST(a_provisional_answer_connects_and_a_final_one_follows),
    TEST(a_rollback_leads_back_and_the_connection_can_still_be_made),
    TEST(calls_in_the_wrong_state_are_refused), TEST(only_what_was_created_can_be_set),
    TEST(of_two_offers_at_once_the_polite_side_takes_its_own_back),
    TEST(renegotiation_changes_nothing_that_works), TEST(both_sides_may_restart_at_once),
    TEST(a_restart_waits_for_a_state_in_which_it_can_be_offered),
    TEST(a_bad_remote_description_is_refused_and_changes_nothing),
    TEST(a_pinned_fingerprint_is_the_only_way_in),
    TEST(an_unreadable_description_does_not_slip_past_the_pin),
    TEST(a_rollback_needs_no_fingerprint),
    TEST(candidates_are_taken_refused_or_ignored_as_the_w3c_says),
    TEST(trickled_candidates_connect), TEST(a_lite_peer_says_so_and_is_controlled),
    TEST(a_local_description_holds_what_was_gathered))
