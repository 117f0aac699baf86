// A member of a room: each rule of docs/SIGNALING.md, Calls, as a script.

#include "signaling/member_fixture.h"

#define CALL SIGNALING_CALL_ROLE_CALL
#define PUBLISH SIGNALING_CALL_ROLE_PUBLISH
#define PLAY SIGNALING_CALL_ROLE_PLAY

struct step {
    const char *in, *want;
};

static struct script script;

// From a link to the server that stands and has said hello, unless `is_early`.
static void play(enum signaling_call_role role, bool is_early, const struct step *steps)
{
    script_init(&script, role);
    if (!is_early) {
        script_step(&script, "link");
        CHECK_TEXT(script.out, "CONNECT");
        script_step(&script, "hello");
        CHECK_TEXT(script.out, "HELLO join");
    }
    for (size_t i = 0; steps[i].in; i++) {
        script_step(&script, steps[i].in);
        if (strcmp(script.out, steps[i].want) != 0) {
            print_error("step %zu: %s\n", i, steps[i].in);
        }
        CHECK_TEXT(script.out, steps[i].want);
    }
    script_deinit(&script);
}

#define PLAY_ROLE(role, ...) play(role, false, (const struct step[]){__VA_ARGS__, {NULL, NULL}})
#define PLAY_EARLY(...) play(CALL, true, (const struct step[]){__VA_ARGS__, {NULL, NULL}})

// Two that have agreed on connection 1, we being the first or the later one.
#define AS_FIRST                                                                                   \
    {"joined", "WAITING"}, {"p1 member b", "PARTNER 1 first p1:member()"},                         \
        {"offer 1", "p1:offer"}, {"p1 answer", "SIGNAL 1 answer"},                                 \
    {                                                                                              \
        "up 1", ""                                                                                 \
    }
#define AS_LATER                                                                                   \
    {"joined p1", "p1:member()"}, {"p1 member b", "PARTNER 1 polite"},                             \
        {"p1 offer", "SIGNAL 1 offer"}, {"answer 1", "p1:answer"},                                 \
    {                                                                                              \
        "up 1", ""                                                                                 \
    }

// ---- meeting

static void who_was_there_first_offers_and_who_came_later_is_polite(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"candidate 1", "p1:candidate"},
        {"p1 candidate", "SIGNAL 1 candidate"}, {"p1 end", "SIGNAL 1 end"});
    PLAY_ROLE(CALL, AS_LATER);
}

static void who_said_already_who_it_is_gets_no_second_answer(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"p1 member b", ""}, {"p1 member c", ""});
    PLAY_ROLE(CALL, AS_LATER, {"p1 member b", ""});
}

static void an_answer_that_comes_late_is_an_answer(void)
{
    PLAY_ROLE(CALL, {"joined p1", "p1:member()"}, {"wait 2000", "WAITING"},
        {"p1 member b", "PARTNER 1 polite"});
}

static void who_comes_while_we_wait_for_answers_is_answered_after_that(void)
{
    PLAY_ROLE(CALL, {"joined p1", "p1:member()"}, {"p2 member c", ""},
        {"wait 2000", "PARTNER 1 first p2:member()"});
    PLAY_ROLE(CALL, {"joined p1", "p1:member()"}, {"p2 member c", ""},
        {"p1 member b", "PARTNER 1 polite p2:full"});
    PLAY_ROLE(CALL, {"joined p1", "p1:member()"}, {"p2 member c", ""}, {"left p2", ""},
        {"left p1", "WAITING"});
}

static void of_two_that_answer_the_first_is_taken(void)
{
    PLAY_ROLE(CALL, {"joined p1 p2", "p1:member() p2:member()"},
        {"p2 member c", "PARTNER 1 polite"}, {"p1 member b", "p1:full"});
    // Nor is anybody there twice.
    PLAY_ROLE(CALL, {"joined p1 p2", "p1:member() p2:member()"},
        {"p2 member c", "PARTNER 1 polite"}, {"p1 member c", "p1:full"});
}

// ---- full

static void a_third_one_is_told_that_the_call_is_full(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"p2 member c", "p2:full"}, {"p2 offer", ""}, {"p2 full", ""},
        {"p2 no-path", ""}, {"p1 candidate", "SIGNAL 1 candidate"});
}

static void who_got_full_and_nothing_else_says_so_and_leaves(void)
{
    PLAY_ROLE(CALL, {"joined p1 p2", "p1:member() p2:member()"}, {"p1 full", ""},
        {"p2 full", "FULL leave"}, {"p3 member d", ""}, {"wait 60000", ""});
    PLAY_ROLE(CALL, {"joined p1 p2", "p1:member() p2:member()"}, {"p1 full", ""}, {"wait 1999", ""},
        {"wait 1", "FULL leave"});
    PLAY_ROLE(CALL, {"joined p1 p2", "p1:member() p2:member()"}, {"p1 full", ""},
        {"p2 member b", "PARTNER 1 polite"}, {"wait 2000", ""});
}

static void who_plays_waits_on(void)
{
    PLAY_ROLE(PLAY, {"joined p1", "p1:member()"}, {"p1 full", "WAITING"},
        {"p2 member c publish", "PARTNER 1 first p2:member()"});
}

static void full_from_a_partner_takes_it_away_and_we_stay(void)
{
    PLAY_ROLE(CALL, {"joined", "WAITING"}, {"p1 member b", "PARTNER 1 first p1:member()"},
        {"offer 1", "p1:offer"}, {"p1 full", "GONE 1 refused"}, {"p1 answer", ""}, {"offer 1", ""},
        {"p2 member c", "PARTNER 2 first p2:member()"});
}

static void a_seat_is_free_once_its_partner_is_gone_from_the_server_and_from_its_path(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"left p1", ""}, {"p2 member c", "p2:full"}, {"lost 1", ""},
        {"p3 member d", "GONE 1 afresh PARTNER 2 first p3:member()"});
    // Also for us who come back while it does not, and our path stands.
    PLAY_ROLE(CALL, AS_LATER, {"down", ""}, {"wait 500", "CONNECT"}, {"link", ""},
        {"hello", "HELLO join"}, {"joined p2", "p2:member(b)"}, {"p2 member c", "p2:full"});
}

// ---- the same member again

static void a_member_whose_link_broke_is_known_again_and_its_connection_kept(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"left p1", ""}, {"p2 member b call me", "p2:member(b)"},
        {"candidate 1", "p2:candidate"}, {"p2 candidate", "SIGNAL 1 candidate"});
    // Its ghost is still there.
    PLAY_ROLE(CALL, AS_FIRST, {"p2 member b call me", "p2:member(b)"}, {"p1 candidate", ""},
        {"left p1", ""}, {"p2 candidate", "SIGNAL 1 candidate"});
}

static void when_the_server_comes_back_we_join_again_and_keep_what_stands(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"down", ""}, {"candidate 1", ""}, {"wait 500", "CONNECT"},
        {"link", ""}, {"hello", "HELLO join"}, {"joined p7", "p7:member(b)"},
        {"p7 member b call me", ""}, {"p7 offer", "SIGNAL 1 offer"});
    // What was first is now later: the offers meet the other way.
    PLAY_ROLE(CALL, AS_FIRST, {"down", ""}, {"wait 500", "CONNECT"}, {"link", ""},
        {"hello", "HELLO join"}, {"joined p7", "p7:member(b)"}, {"p7 member b call me", ""},
        {"offer 1", "p7:offer"}, {"p7 offer", "SIGNAL 1 offer"});
}

static void what_only_one_holds_begins_afresh(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"left p1", ""},
        {"p2 member b", "GONE 1 afresh PARTNER 2 first p2:member(b)"});
    PLAY_ROLE(CALL, AS_FIRST, {"left p1", ""},
        {"p2 member b call x y", "GONE 1 afresh PARTNER 2 first p2:member(b)"});
    PLAY_ROLE(CALL, {"joined", "WAITING"}, {"p1 member b call me", "PARTNER 1 first p1:member()"});
    // We came back, and it is a page that was reloaded.
    PLAY_ROLE(CALL, AS_LATER, {"down", ""}, {"wait 500", "CONNECT"}, {"link", ""},
        {"hello", "HELLO join"}, {"joined p2", "p2:member(b)"},
        {"p2 member b", "GONE 1 afresh PARTNER 2 polite"});
}

static void a_connection_that_was_never_agreed_on_is_not_held(void)
{
    PLAY_ROLE(CALL, {"joined", "WAITING"}, {"p1 member b", "PARTNER 1 first p1:member()"},
        {"offer 1", "p1:offer"}, {"left p1", ""},
        {"p2 member b call me", "GONE 1 afresh PARTNER 2 first p2:member()"});
}

static void what_was_said_on_joining_counts_when_the_answer_comes(void)
{
    PLAY_ROLE(CALL, {"joined", "WAITING"}, {"p1 member b", "PARTNER 1 first p1:member()"},
        {"offer 1", "p1:offer"}, {"down", ""}, {"wait 500", "CONNECT"}, {"link", ""},
        {"hello", "HELLO join"}, {"joined p2", "p2:member()"},
        {"p2 member b call me", "GONE 1 afresh PARTNER 2 polite"});
}

static void an_offer_that_nobody_answered_is_rolled_back_when_both_are_there_again(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"offer 1", "p1:offer"}, {"left p1", ""},
        {"p2 member b call me", "ROLLBACK 1 p2:member(b)"}, {"p2 answer", ""});
    PLAY_ROLE(CALL, AS_FIRST, {"offer 1", "p1:offer"}, {"left p1", ""}, {"lost 1", ""},
        {"p2 member b call me", "ROLLBACK 1 RESTART 1 p2:member(b)"});
}

static void a_kept_connection_without_a_path_gets_new_credentials_from_who_is_first(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"left p1", ""}, {"lost 1", ""},
        {"p2 member b call me", "RESTART 1 p2:member(b)"}, {"wait 7999", ""},
        {"wait 1", "RESTART 1"});
    PLAY_ROLE(CALL, AS_LATER, {"lost 1", ""}, {"down", ""}, {"wait 500", "CONNECT"}, {"link", ""},
        {"hello", "HELLO join"}, {"joined p2", "p2:member(b)"}, {"p2 member b call me", ""},
        {"wait 3999", ""}, {"wait 1", "RESTART 1"});
}

// What is said to us before `joined` was for the one who has left.
static void nothing_is_heard_between_leaving_and_joining(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"closed 1", "GONE 1 closed"}, {"wait 3000", "leave join"},
        {"p1 member b", ""}, {"left p1", ""}, {"joined p1", "p1:member()"},
        {"p1 member b", "PARTNER 2 polite"});
}

// ---- roles

static void who_publishes_has_many_partners(void)
{
    PLAY_ROLE(PUBLISH, {"joined p1", "p1:member()"}, {"p1 member a play", "PARTNER 1 polite"},
        {"p2 member b play", "PARTNER 2 first p2:member()"},
        {"p3 member c call", "PARTNER 3 first p3:member()"}, {"p2 candidate", "SIGNAL 2 candidate"},
        {"p1 candidate", "SIGNAL 1 candidate"}, {"p1 full", "GONE 1 refused"},
        {"bye 2", "GONE 2 left"}, {"p3 candidate", "SIGNAL 3 candidate"}, {"p2 candidate", ""});
}

static void who_publishes_keeps_each_that_stands(void)
{
    PLAY_ROLE(PUBLISH, {"joined", "WAITING"}, {"p1 member a play", "PARTNER 1 first p1:member()"},
        {"p1 offer", "SIGNAL 1 offer"}, {"answer 1", "p1:answer"}, {"up 1", ""},
        {"p2 member b play", "PARTNER 2 first p2:member()"}, {"p2 offer", "SIGNAL 2 offer"},
        {"answer 2", "p2:answer"}, {"up 2", ""}, {"down", ""}, {"wait 500", "CONNECT"},
        {"link", ""}, {"hello", "HELLO join"}, {"joined q1 q2", "q1:member(a b) q2:member(a b)"},
        {"q2 member b play me", ""}, {"q1 member a play", "GONE 1 afresh PARTNER 3 polite"});
}

static void who_publishes_does_not_leave_the_others_for_one_that_is_gone(void)
{
    PLAY_ROLE(PUBLISH, {"joined", "WAITING"}, {"p1 member a play", "PARTNER 1 first p1:member()"},
        {"p2 member b play", "PARTNER 2 first p2:member()"}, {"closed 1", "GONE 1 closed"},
        {"wait 3000", ""}, {"closed 2", "GONE 2 closed"}, {"wait 3000", "leave join"});
}

static void two_that_both_only_send_or_only_play_do_not_answer_each_other(void)
{
    PLAY_ROLE(PUBLISH, {"joined", "WAITING"}, {"p1 member b publish", ""});
    PLAY_ROLE(PUBLISH, {"joined p1", "p1:member()"}, {"p1 member b publish", "WAITING"});
    PLAY_ROLE(PLAY, {"joined", "WAITING"}, {"p1 member b play", ""});
    PLAY_ROLE(CALL, {"joined", "WAITING"}, {"p1 member b call", "PARTNER 1 first p1:member()"});
    PLAY_ROLE(PLAY, {"joined", "WAITING"}, {"p1 member b call", "PARTNER 1 first p1:member()"});
    PLAY_ROLE(PUBLISH, {"joined", "WAITING"}, {"p1 member b sing", "PARTNER 1 first p1:member()"});
}

static void who_plays_has_one_partner(void)
{
    PLAY_ROLE(PLAY, {"joined", "WAITING"}, {"p1 member b publish", "PARTNER 1 first p1:member()"},
        {"p2 member c publish", "p2:full"}, {"p3 member d play", ""});
}

// ---- perfect negotiation

static void where_two_offers_meet_the_polite_ones_is_rolled_back(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"offer 1", "p1:offer"}, {"p1 offer", ""}, {"p1 candidate", ""},
        {"p1 answer", "SIGNAL 1 answer"}, {"p1 candidate", "SIGNAL 1 candidate"});
    PLAY_ROLE(CALL, AS_LATER, {"offer 1", "p1:offer"}, {"p1 offer", "SIGNAL 1 offer"},
        {"answer 1", "p1:answer"}, {"p1 answer", ""});
}

static void an_answer_to_nothing_is_not_heard(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"p1 answer", ""});
    PLAY_ROLE(
        CALL, {"joined p1", "p1:member()"}, {"p1 member b", "PARTNER 1 polite"}, {"p1 answer", ""});
}

static void what_is_no_description_is_not_heard(void)
{
    PLAY_ROLE(CALL, AS_FIRST,
        {"raw "
         "{\"type\":\"signal\",\"from\":\"p1\",\"data\":{\"description\":{\"type\":\"pranswer\","
         "\"sdp\":\"\"}}}",
            ""},
        {"raw "
         "{\"type\":\"signal\",\"from\":\"p1\",\"data\":{\"description\":{\"type\":\"offer\"}}}",
            ""},
        {"raw {\"type\":\"signal\",\"from\":\"p1\",\"data\":[]}", ""},
        {"raw {\"type\":\"signal\",\"from\":7,\"data\":{}}", ""}, {"raw []", ""}, {"raw {", ""},
        {"p1 offer", "SIGNAL 1 offer"});
}

static void candidates_without_end_are_not_heard(void)
{
    script_init(&script, CALL);
    const char *const steps[] = {"link", "hello", "joined p1", "p1 member b", "p1 offer"};
    size_t heard = 0;

    for (size_t i = 0; i < COUNT(steps); i++) {
        script_step(&script, steps[i]);
    }
    for (size_t i = 0; i < 10000; i++) {
        script_step(&script, "p1 candidate");
        heard += script.out[0] != '\0';
    }
    CHECK_EQ(heard, SIGNALING_MEMBER_PARTNER_CANDIDATES_MAX);
    script_step(&script, "p1 offer");
    script_step(&script, "p1 candidate");
    CHECK_TEXT(script.out, "SIGNAL 1 candidate");
    script_deinit(&script);
}

// ---- holding on

static void a_path_that_breaks_is_restarted_by_the_first_after_1_s_and_by_the_other_after_4(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"lost 1", ""}, {"wait 999", ""}, {"wait 1", "RESTART 1"},
        {"wait 7999", ""}, {"wait 1", "RESTART 1"}, {"wait 8000", "RESTART 1"}, {"up 1", ""},
        {"wait 60000", ""});
    PLAY_ROLE(CALL, AS_LATER, {"lost 1", ""}, {"wait 3999", ""}, {"wait 1", "RESTART 1"},
        {"wait 7999", ""}, {"wait 1", "RESTART 1"});
}

static void nothing_is_restarted_while_the_other_is_not_there(void)
{
    PLAY_ROLE(
        CALL, AS_FIRST, {"down", ""}, {"wait 500", "CONNECT"}, {"lost 1", ""}, {"wait 30000", ""});
}

static void after_45_s_without_a_path_we_drop_it_leave_and_join_again(void)
{
    PLAY_ROLE(CALL, AS_LATER, {"lost 1", ""},
        {"wait 44999", "RESTART 1 RESTART 1 RESTART 1 RESTART 1 RESTART 1 RESTART 1"},
        {"wait 1", "GONE 1 lost"}, {"wait 2999", ""}, {"wait 1", "leave join"});
    // Also without a server, to which there is nothing to say then.
    PLAY_ROLE(CALL, AS_FIRST, {"down", ""}, {"wait 500", "CONNECT"}, {"lost 1", ""},
        {"wait 44999", ""}, {"wait 1", "GONE 1 lost"}, {"wait 10000", ""});
}

static void who_is_gone_from_the_server_and_from_its_path_is_gone_after_6_s(void)
{
    PLAY_ROLE(CALL, AS_LATER, {"left p1", ""}, {"wait 60000", ""}, {"lost 1", ""},
        {"wait 5999", ""}, {"wait 1", "GONE 1 lost"}, {"wait 3000", "leave join"});
    PLAY_ROLE(CALL, AS_LATER, {"lost 1", ""}, {"wait 3000", ""}, {"left p1", ""}, {"wait 5999", ""},
        {"wait 1", "GONE 1 lost"});
    // Who was never connected left: there is no reason to give.
    PLAY_ROLE(CALL, {"joined", "WAITING"}, {"p1 member b", "PARTNER 1 first p1:member()"},
        {"left p1", ""}, {"wait 6000", "GONE 1 lost"});
}

static void a_channel_that_closes_drops_it_and_we_stay(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"closed 1", "GONE 1 closed"}, {"wait 2000", ""},
        {"p2 member b", "PARTNER 2 first p2:member()"}, {"wait 40000", ""});
    PLAY_ROLE(CALL, AS_FIRST, {"bye 1", "GONE 1 left"}, {"wait 60000", ""});
}

static void a_connection_that_never_stood_ends_with_no_path(void)
{
    PLAY_ROLE(CALL, {"joined p1", "p1:member()"}, {"p1 member b", "PARTNER 1 polite"},
        {"wait 45000", "GONE 1 no-path p1:no-path"}, {"wait 60000", ""});
    PLAY_ROLE(CALL, {"joined p1", "p1:member()"}, {"p1 member b", "PARTNER 1 polite"},
        {"fail 1", "GONE 1 no-path p1:no-path"});
    PLAY_ROLE(CALL, {"joined p1", "p1:member()"}, {"p1 member b", "PARTNER 1 polite"},
        {"p1 no-path", "GONE 1 no-path"});
    PLAY_ROLE(CALL, AS_FIRST, {"p1 no-path", ""}, {"p1 wrong-code", ""}, {"lost 1", ""},
        {"p1 no-path", ""});
    PLAY_ROLE(CALL, AS_FIRST, {"fail 1", ""}, {"wait 1000", "RESTART 1"}); // It stood.
}

static void what_is_said_of_a_connection_that_is_gone_changes_nothing(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"bye 1", "GONE 1 left"}, {"bye 1", ""}, {"up 1", ""}, {"lost 1", ""},
        {"fail 1", ""}, {"closed 1", ""}, {"offer 1", ""}, {"offer 0", ""}, {"wait 60000", ""});
}

// ---- the server

static void what_is_no_server_of_ours_fails_at_first_and_is_left_later(void)
{
    static const char *const rows[] = {"raw hi", "raw {}",
        "raw {\"type\":\"hello\",\"protocol\":2}", "raw {\"type\":\"joined\",\"peers\":[]}",
        "wait 5000"};

    for (size_t i = 0; i < COUNT(rows); i++) {
        PLAY_EARLY(
            {"link", "CONNECT"}, {rows[i], "FAILED not-ours"}, {"hello", ""}, {"wait 60000", ""});
        PLAY_EARLY({"link", "CONNECT"}, {"hello", "HELLO join"}, {"down", ""},
            {"wait 500", "CONNECT"}, {"link", ""}, {rows[i], "FOREIGN"}, {"hello", ""},
            {"wait 1000", "CONNECT"});
    }
}

static void a_server_that_refuses_us_ends_it_unless_something_stands(void)
{
    PLAY_ROLE(CALL, {"error join bad-room", "FAILED bad-room"}, {"joined", ""});
    PLAY_ROLE(CALL, {"error signal no-such-peer", ""}, {"joined", "WAITING"},
        {"error join too-many", ""});
    PLAY_ROLE(CALL, AS_FIRST, {"down", ""}, {"wait 500", "CONNECT"}, {"link", ""},
        {"hello", "HELLO join"}, {"error join too-many", ""}, {"wait 3000", "join"},
        {"joined p2", "p2:member(b)"});
}

static void a_link_that_does_not_come_about_is_tried_again_more_and_more_slowly(void)
{
    script_init(&script, CALL);
    yodel_duration last = 0;

    for (size_t i = 0; i < 20; i++) {
        script_step(&script, "down");
        yodel_duration wait = signaling_member_next_timeout(&script.member) - script.now;
        yodel_duration full =
            time_min(SIGNALING_MEMBER_RETRY_FIRST << time_min(i, 16), SIGNALING_MEMBER_RETRY_MAX);
        CHECK(wait >= full / 2 && wait <= full);
        last = wait;
        script_wait(&script, wait);
        CHECK_EQ(script.member.state, SIGNALING_MEMBER_CONNECTING);
    }
    CHECK(last >= SIGNALING_MEMBER_RETRY_MAX / 2);
    script_step(&script, "link");
    script_step(&script, "hello");
    script_step(&script, "down");
    CHECK(
        signaling_member_next_timeout(&script.member) - script.now <= SIGNALING_MEMBER_RETRY_FIRST);
    script_deinit(&script);
}

static void who_leaves_says_so_and_hears_nothing_more(void)
{
    PLAY_ROLE(CALL, AS_FIRST, {"quit", "leave"}, {"p2 member c", ""}, {"up 1", ""}, {"down", ""},
        {"wait 60000", ""});
    PLAY_EARLY({"quit", "CONNECT"}, {"link", ""}, {"hello", ""});
}

// ---- limits

static void a_member_with_10_000_ids_costs_what_one_costs(void)
{
    static const enum signaling_call_role roles[] = {CALL, PUBLISH, PLAY};
    char step[128];

    for (size_t r = 0; r < COUNT(roles); r++) {
        script_init(&script, roles[r]);
        script_step(&script, "link");
        script_step(&script, "hello");
        script_step(&script, "joined q");
        for (unsigned i = 0; i < 10000; i++) {
            (void)snprintf(step, sizeof step, "p%u member m%u call me", i, i);
            script_step(&script, step);
            if (i == 5000) {
                script_step(&script, "wait 2000");
            }
            CHECK(json_object_size(script.member.waiting) <= SIGNALING_MEMBER_WAITING_MAX);
        }
        size_t places = roles[r] == PUBLISH ? SIGNALING_MEMBER_PARTNERS_MAX : 1;
        CHECK(signaling_member_find(&script.member, (uint32_t)places));
        CHECK(!signaling_member_find(&script.member, (uint32_t)places + 1));
        script_deinit(&script);
    }
}

static void a_server_that_lists_10_000_peers_is_heard_up_to_the_limit(void)
{
    script_init(&script, CALL);
    json_t *peers = json_array();
    char name[16];

    script_step(&script, "link");
    script_step(&script, "hello");
    for (unsigned i = 0; i < 4000; i++) {
        (void)snprintf(name, sizeof name, "p%u", i);
        (void)json_array_append_new(peers, json_string(name));
    }
    script_hear_json(&script, json_pack("{s:s, s:o}", "type", "joined", "peers", peers));
    CHECK_EQ(json_object_size(script.member.earlier), SIGNALING_MEMBER_PEERS_MAX);
    script_deinit(&script);
}

static void ids_have_a_length(void)
{
    char step[512];
    char longest[65], too_long[66];

    memset(longest, 'x', 64);
    memset(too_long, 'x', 65);
    longest[64] = too_long[65] = '\0';
    script_init(&script, CALL);
    script_step(&script, "link");
    script_step(&script, "hello");
    script_step(&script, "joined");
    (void)snprintf(step, sizeof step, "p1 member %s", too_long);
    script_step(&script, step);
    CHECK_TEXT(script.out, "");
    (void)snprintf(step, sizeof step, "%s member b", too_long); // The server's are limited as well.
    script_step(&script, step);
    CHECK_TEXT(script.out, "");
    (void)snprintf(step, sizeof step, "p1 member %s", longest);
    script_step(&script, step);
    CHECK_TEXT(script.out, "PARTNER 1 first p1:member()");
    script_deinit(&script);
}

// The server drops what is over 100 messages in a second.
static void what_we_say_stays_within_the_servers_rate(void)
{
    const struct signaling_member *member = &script.member;
    uint32_t said = 0;

    script_init(&script, PUBLISH);
    script_step(&script, "link");
    script_step(&script, "hello");
    script_step(&script, "joined p1");
    script_step(&script, "p1 member a");
    for (size_t i = 0; i < 400; i++) {
        signaling_member_signal(&script.member, 1, script_data("candidate"));
    }
    yodel_time begun = script.now;
    while (signaling_member_next_timeout(member) < begun + YODEL_SECONDS(1)) {
        script.now = signaling_member_next_timeout(member);
        script.now = script.now > begun ? script.now : begun;
        while (signaling_member_next_out(&script.member, script.now)) {
            said++;
        }
    }
    CHECK(said > 50 && said < SIGNALING_MESSAGES_A_SECOND);
    script_deinit(&script);
}

static void a_room_and_an_id_of_ours_are_long_and_never_the_same(void)
{
    char first[SIGNALING_MEMBER_ROOM_SIZE], second[SIGNALING_MEMBER_ROOM_SIZE];
    struct signaling_member other;

    script_init(&script, CALL);
    signaling_member_make_room(&script.f.env, first);
    signaling_member_make_room(&script.f.env, second);
    CHECK(signaling_message_is_room(first) && strlen(first) == 22);
    CHECK(strcmp(first, second) != 0);
    struct signaling_member_options options = {.env = &script.f.env, .room = first};
    CHECK_EQ(signaling_member_init(&other, &options), YODEL_OK);
    CHECK_EQ(strlen(other.id), 32);
    signaling_member_deinit(&other);
    options.room = "a room";
    CHECK_EQ(signaling_member_init(&other, &options), YODEL_ERR_SYNTAX);
    options.room = first;
    options.id = "";
    CHECK_EQ(signaling_member_init(&other, &options), YODEL_ERR_SYNTAX);
    script_deinit(&script);
}

TEST_MAIN(TEST(who_was_there_first_offers_and_who_came_later_is_polite),
    TEST(who_said_already_who_it_is_gets_no_second_answer),
    TEST(an_answer_that_comes_late_is_an_answer),
    TEST(who_comes_while_we_wait_for_answers_is_answered_after_that),
    TEST(of_two_that_answer_the_first_is_taken), TEST(a_third_one_is_told_that_the_call_is_full),
    TEST(who_got_full_and_nothing_else_says_so_and_leaves), TEST(who_plays_waits_on),
    TEST(full_from_a_partner_takes_it_away_and_we_stay),
    TEST(a_seat_is_free_once_its_partner_is_gone_from_the_server_and_from_its_path),
    TEST(a_member_whose_link_broke_is_known_again_and_its_connection_kept),
    TEST(when_the_server_comes_back_we_join_again_and_keep_what_stands),
    TEST(what_only_one_holds_begins_afresh),
    TEST(a_connection_that_was_never_agreed_on_is_not_held),
    TEST(what_was_said_on_joining_counts_when_the_answer_comes),
    TEST(an_offer_that_nobody_answered_is_rolled_back_when_both_are_there_again),
    TEST(a_kept_connection_without_a_path_gets_new_credentials_from_who_is_first),
    TEST(nothing_is_heard_between_leaving_and_joining), TEST(who_publishes_has_many_partners),
    TEST(who_publishes_keeps_each_that_stands),
    TEST(who_publishes_does_not_leave_the_others_for_one_that_is_gone),
    TEST(two_that_both_only_send_or_only_play_do_not_answer_each_other),
    TEST(who_plays_has_one_partner), TEST(where_two_offers_meet_the_polite_ones_is_rolled_back),
    TEST(an_answer_to_nothing_is_not_heard), TEST(what_is_no_description_is_not_heard),
    TEST(candidates_without_end_are_not_heard),
    TEST(a_path_that_breaks_is_restarted_by_the_first_after_1_s_and_by_the_other_after_4),
    TEST(nothing_is_restarted_while_the_other_is_not_there),
    TEST(after_45_s_without_a_path_we_drop_it_leave_and_join_again),
    TEST(who_is_gone_from_the_server_and_from_its_path_is_gone_after_6_s),
    TEST(a_channel_that_closes_drops_it_and_we_stay),
    TEST(a_connection_that_never_stood_ends_with_no_path),
    TEST(what_is_said_of_a_connection_that_is_gone_changes_nothing),
    TEST(what_is_no_server_of_ours_fails_at_first_and_is_left_later),
    TEST(a_server_that_refuses_us_ends_it_unless_something_stands),
    TEST(a_link_that_does_not_come_about_is_tried_again_more_and_more_slowly),
    TEST(who_leaves_says_so_and_hears_nothing_more),
    TEST(a_member_with_10_000_ids_costs_what_one_costs),
    TEST(a_server_that_lists_10_000_peers_is_heard_up_to_the_limit), TEST(ids_have_a_length),
    TEST(what_we_say_stays_within_the_servers_rate),
    TEST(a_room_and_an_id_of_ours_are_long_and_never_the_same))
