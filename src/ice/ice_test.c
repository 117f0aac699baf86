// The agent: two of them find each other, whatever is lost, and notice when they lose each other.

#include "ice/ice.h"

#include <stdio.h>

#include "check.h"
#include "ice/world.h"

static struct ice_world world;

static void start_plain(uint64_t seed)
{
    ice_world_init(&world, seed);
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    ice_world_add_local(&world, 1, "192.0.2.2:6000");
    for (size_t i = 0; i < 2; i++) {
        ice_end_local(&world.agents[i].ice);
    }
}

static enum ice_state state_of(size_t agent)
{
    return ice_state(&world.agents[agent].ice);
}

static void two_agents_connect_and_nominate_the_same_pair(void)
{
    start_plain(1);
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(3), ice_world_both_nominated);

    CHECK(ice_world_both_nominated(&world));
    CHECK(world.now - YODEL_SECONDS(1) <= YODEL_MS(100));
    struct yodel_path a, b;
    CHECK(ice_selected(&world.agents[0].ice, &a) && ice_selected(&world.agents[1].ice, &b));
    CHECK(addr_equal(&a.local, &b.remote) && addr_equal(&a.remote, &b.local));
    ice_world_run(&world, YODEL_SECONDS(4), NULL);
    CHECK_EQ(state_of(0), ICE_COMPLETED);
    CHECK_EQ(state_of(1), ICE_COMPLETED);
    CHECK_EQ(ice_stats(&world.agents[0].ice)->rtt, YODEL_MS(20));
}

// Every combination of losses among the first twelve datagrams.
static void no_twelve_losses_prevent_the_connection(void)
{
    for (uint64_t mask = 0; mask < 4096; mask++) {
        start_plain(mask);
        world.loss_mask = mask;
        ice_world_signal(&world);
        ice_world_run(&world, YODEL_SECONDS(20), ice_world_both_nominated);
        if (!ice_world_both_nominated(&world)) {
            print_error("mask %#llx\n", (unsigned long long)mask);
        }
        CHECK(ice_world_both_nominated(&world));
    }
}

static void a_third_of_all_datagrams_may_be_lost(void)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        start_plain(seed);
        world.loss_percent = 30;
        ice_world_signal(&world);
        ice_world_run(&world, YODEL_SECONDS(11), ice_world_both_nominated);
        if (!ice_world_both_nominated(&world)) {
            print_error("seed %llu\n", (unsigned long long)seed);
        }
        CHECK(ice_world_both_nominated(&world));
    }
}

static void families_are_not_mixed_and_both_work(void)
{
    static const char *const rows[][2] = {
        {"[2001:db8::1]:5000", "[2001:db8::2]:6000"},
        {"[fe80::1]:5000", "[fe80::2]:6000"},
        {"127.0.0.1:5000", "127.0.0.1:6000"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        ice_world_init(&world, i);
        ice_world_add_local(&world, 0, "192.0.2.1:5000");
        ice_world_add_local(&world, 0, rows[i][0]);
        ice_world_add_local(&world, 1, rows[i][1]);
        ice_world_signal(&world);
        // The world strips scopes, as a wire does; a socket would put them on again.
        if (i == 1) {
            ice_world_run(&world, YODEL_SECONDS(1), NULL);
            struct ice *ice = &world.agents[0].ice;
            CHECK_EQ(ice->pair_end, 1);
            CHECK_EQ(ice_pair_path(ice, &ice->pairs[0]).remote.scope_id, 2);
            continue;
        }
        ice_world_run(&world, YODEL_SECONDS(3), ice_world_both_nominated);
        CHECK(ice_world_both_nominated(&world));
        CHECK_EQ(world.agents[0].ice.pair_end, 1);
    }
}

static void candidates_may_come_before_credentials_and_late(void)
{
    start_plain(1);
    world.agents[1].is_quiet = true;
    ice_world_run(&world, YODEL_SECONDS(2), NULL);
    CHECK_EQ(world.sent_count, 0); // Nobody can be asked yet.
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(22), NULL);
    // Agent 1 knows of agent 0, which learns from its checks and cannot know that this is all.
    CHECK_EQ(state_of(0), ICE_CONNECTED);
    CHECK_EQ(state_of(1), ICE_COMPLETED);
    CHECK(ice_world_both_nominated(&world));
}

static void a_peer_that_tells_no_candidates_is_found_when_it_asks(void)
{
    struct ice_candidate local, remote;

    start_plain(1);
    ice_world_add_nat(&world, "192.0.2.2:6000", "203.0.113.9:7777");
    world.agents[1].is_quiet = true;
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(3), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
    struct yodel_addr outside = ice_world_addr("203.0.113.9:7777");
    CHECK(addr_equal(&world.agents[0].selected.remote, &outside));
    CHECK(ice_selected_candidates(&world.agents[0].ice, &local, &remote));
    CHECK_EQ(remote.type, ICE_PRFLX);
    CHECK(ice_selected_candidates(&world.agents[1].ice, &local, &remote));
    CHECK_EQ(local.type, ICE_PRFLX); // The NAT is seen from inside too.
    CHECK(addr_equal(&local.addr, &outside));
}

static void start_behind_nats(uint64_t seed, bool is_strict, bool is_symmetric)
{
    ice_world_init(&world, seed);
    world.server = ice_world_addr("198.51.100.1:3478");
    ice_world_add_nat(&world, "10.0.0.1:5000", "203.0.113.1:5000");
    ice_world_add_nat(&world, "10.0.0.2:6000", "203.0.113.2:6000");
    world.nats[0].is_strict = true;
    world.nats[0].is_symmetric = is_symmetric;
    world.nats[1].is_strict = is_strict;
    for (size_t i = 0; i < 2; i++) {
        ice_add_server(&world.agents[i].ice, &world.server);
    }
    ice_world_add_local(&world, 0, "10.0.0.1:5000");
    ice_world_add_local(&world, 1, "10.0.0.2:6000");
    for (size_t i = 0; i < 2; i++) {
        ice_end_local(&world.agents[i].ice);
    }
}

static void nats_are_traversed_with_what_a_server_tells(void)
{
    start_behind_nats(1, true, false);
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(3), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
    CHECK_EQ(world.agents[0].candidate_count, 2);
    const struct ice_candidate *reflexive = &world.agents[0].candidates[1];
    CHECK_EQ(reflexive->type, ICE_SRFLX);
    struct yodel_addr want = ice_world_addr("203.0.113.1:5000");
    CHECK(addr_equal(&reflexive->addr, &want));
    want = ice_world_addr("10.0.0.1:5000");
    CHECK(addr_equal(&reflexive->related, &want));
    CHECK_EQ(world.agents[0].gathering, ICE_GATHERING_COMPLETE);
}

static void a_symmetric_nat_meets_one_that_is_open(void)
{
    start_behind_nats(1, false, true);
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(5), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
}

static void a_dead_server_holds_gathering_up_for_five_seconds_and_checks_not_at_all(void)
{
    start_plain(1);
    for (size_t i = 0; i < 2; i++) {
        struct yodel_addr server = ice_world_addr("198.51.100.1:3478");
        ice_add_server(&world.agents[i].ice, &server);
    }
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(2), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
    CHECK_EQ(world.agents[0].gathering, ICE_GATHERING_GATHERING);
    ice_world_run(&world, YODEL_SECONDS(6) + YODEL_MS(100), NULL);
    CHECK_EQ(world.agents[0].gathering, ICE_GATHERING_COMPLETE);
}

// RFC 8421 §4: addresses come as the loop has put them, families in turns (net/interfaces.h); so do
// the candidates' preferences, and with them the pairs.
static void families_take_turns_among_pairs(void)
{
    static const char *const ours[] = {
        "[2001:db8::1]:1", "192.0.2.1:1", "[2001:db8::2]:1", "192.0.2.2:1"};
    struct ice *ice = &world.agents[0].ice;
    static const char want[] = "64666444"; // The least preference of a pair's two counts.
    char turns[sizeof want] = "";

    ice_world_init(&world, 1);
    for (size_t i = 0; i < COUNT(ours); i++) {
        struct yodel_addr base = ice_world_addr(ours[i]);
        ice_add_local(ice, &base, (uint16_t)(UINT16_MAX - i));
    }
    for (size_t i = 0; i < COUNT(ours); i++) {
        struct ice_candidate candidate = {.foundation = "1",
            .component = 1,
            .priority = ice_candidate_priority(ICE_HOST, (uint16_t)(UINT16_MAX - i), 1),
            .addr = ice_world_addr(ours[i])};
        candidate.foundation[0] = (char)('1' + i);
        candidate.addr.ip[2 + 5 * (i % 2 == 0)]++; // Somebody else's.
        ice_add_remote(ice, &candidate);
    }
    CHECK_EQ(ice_set_remote_credentials(ice, "peer", "abcdefghijklmnopqrstuv"), YODEL_OK);
    for (size_t i = 0; i < strlen(want); i++) {
        uint8_t next = ice_pair_next(ice);
        CHECK(next != ICE_NONE);
        bool is_v4 = ice->locals[ice->pairs[next].local].addr.family == YODEL_ADDR_V4;
        turns[i] = is_v4 ? '4' : '6';
        ice->pairs[next].state = ICE_PAIR_FAILED;
    }
    CHECK_TEXT(turns, want);
}

static void mappings_are_kept_open_until_the_answer_comes(void)
{
    start_behind_nats(1, true, false);
    ice_world_run(&world, YODEL_SECONDS(61), NULL);
    CHECK(world.nats[0].sent_count == 1);
    CHECK(world.sent_count >= 2 * 4 && world.sent_count <= 2 * 6);
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(64), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
}

static void a_silent_peer_is_given_up_after_half_a_minute_and_not_before(void)
{
    start_plain(1);
    world.is_down[1] = true;
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(15), NULL);
    CHECK_EQ(state_of(0), ICE_CHECKING);
    ice_world_run(&world, YODEL_SECONDS(32), NULL);
    CHECK_EQ(state_of(0), ICE_FAILED);
    CHECK_EQ(world.agents[0].states[0], ICE_CHECKING);
    CHECK_EQ(ice_next_timeout(&world.agents[0].ice), YODEL_NEVER);
}

static void nothing_to_check_fails_too_but_a_late_candidate_revives(void)
{
    start_plain(1);
    for (size_t i = 0; i < 2; i++) {
        world.agents[i].is_quiet = true;
    }
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(29), NULL);
    CHECK_EQ(state_of(0), ICE_NEW);
    ice_world_run(&world, YODEL_SECONDS(32), NULL);
    CHECK_EQ(state_of(0), ICE_FAILED);
    ice_add_remote(&world.agents[0].ice, &world.agents[1].candidates[0]);
    ice_world_run(&world, YODEL_SECONDS(35), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
}

static void new_checks_keep_the_pace(void)
{
    struct ice *ice = &world.agents[0].ice;
    uint8_t room[ICE_DATAGRAM_MAX];
    struct yodel_path path;
    yodel_time last = 0;

    ice_world_init(&world, 1);
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    CHECK_EQ(ice_set_remote_credentials(ice, "abcd", "abcdefghijklmnopqrstuv"), YODEL_OK);
    for (uint16_t i = 0; i < 20; i++) {
        struct ice_candidate c = {.foundation = "1",
            .component = 1,
            .priority = 1000u + i,
            .addr = addr_v4(192, 0, 2, 2, (uint16_t)(6000 + i)),
            .type = ICE_HOST};
        (void)snprintf(c.foundation, sizeof c.foundation, "%u", i);
        ice_add_remote(ice, &c);
    }
    CHECK_EQ(ice_next_timeout(ice), 0);
    for (uint16_t i = 0; i < 20; i++) {
        CHECK(ice_emit(ice, span_of(room, sizeof room), &path, world.now) > 0);
        CHECK_EQ(path.remote.port, 6019 - i); // The best first.
        CHECK(i == 0 || world.now - last == ICE_PACE);
        CHECK_EQ(ice_emit(ice, span_of(room, sizeof room), &path, world.now), 0);
        last = world.now;
        world.now = ice_next_timeout(ice);
    }
    CHECK(world.now >= last + YODEL_MS(100)); // Then they wait; longer for being many.
}

static void of_one_foundation_one_is_checked_first(void)
{
    struct ice *ice = &world.agents[0].ice;

    ice_world_init(&world, 1);
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    for (uint16_t i = 0; i < 3; i++) {
        struct ice_candidate c = {.foundation = "7",
            .component = 1,
            .priority = 1000u + i,
            .addr = addr_v4(192, 0, 2, 2, (uint16_t)(6000 + i)),
            .type = ICE_HOST};
        ice_add_remote(ice, &c);
    }
    CHECK_EQ(ice->pairs[0].state, ICE_PAIR_WAITING);
    CHECK_EQ(ice->pairs[1].state, ICE_PAIR_FROZEN);
    CHECK_EQ(ice->pairs[2].state, ICE_PAIR_FROZEN);
    ice_pair_unfreeze(ice, &ice->pairs[0]);
    CHECK_EQ(ice->pairs[2].state, ICE_PAIR_WAITING);
}

static void the_better_path_wins_even_if_it_answers_later(void)
{
    // Over IPv4 the network is fast; the preference says that the other interface is better.
    ice_world_init(&world, 1);
    struct yodel_addr good = ice_world_addr("192.0.2.1:5000"),
                      bad = ice_world_addr("192.0.2.7:5000");
    ice_add_local(&world.agents[0].ice, &bad, 100);
    ice_world_add_local(&world, 1, "192.0.2.2:6000");
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(2), NULL);
    CHECK(addr_equal(&world.agents[0].selected.local, &bad));
    ice_add_local(&world.agents[0].ice, &good, 65535);
    ice_world_run(&world, YODEL_SECONDS(4), NULL);
    CHECK(addr_equal(&world.agents[0].selected.local, &good));
    CHECK(addr_equal(&world.agents[1].selected.remote, &good));
    CHECK(ice_world_both_nominated(&world));
}

static void only_who_passed_a_check_is_valid(void)
{
    start_plain(1);
    ice_world_signal(&world);
    struct yodel_path path = {
        .local = ice_world_addr("192.0.2.1:5000"), .remote = ice_world_addr("192.0.2.2:6000")};
    ice_world_run(&world, YODEL_SECONDS(1), NULL);
    CHECK(!ice_is_valid(&world.agents[0].ice, &path));
    ice_world_run(&world, YODEL_SECONDS(2), NULL);
    CHECK(ice_is_valid(&world.agents[0].ice, &path));
    path.remote.port++;
    CHECK(!ice_is_valid(&world.agents[0].ice, &path));
}

static void a_relay_only_agent_tells_and_asks_nothing_without_a_relay(void)
{
    struct ice_config config = {.is_controlling = true, .is_relay_only = true};

    start_behind_nats(1, false, false);
    ice_init(&world.agents[0].ice, &world.env, &config);
    ice_add_server(&world.agents[0].ice, &world.server);
    ice_world_add_local(&world, 0, "10.0.0.1:5000");
    ice_end_local(&world.agents[0].ice);
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(20), NULL);
    CHECK_EQ(world.agents[0].candidate_count, 0);
    CHECK_EQ(world.agents[0].ice.pair_end, 0);
    CHECK(!ice_world_both_selected(&world));
}

static void credentials_are_long_and_never_the_same(void)
{
    struct ice_config config = {0};
    static struct ice ice;
    bool seen[256] = {false};
    size_t kinds = 0;

    ice_world_init(&world, 1);
    for (int i = 0; i < 100; i++) {
        ice_init(&ice, &world.env, &config);
        CHECK_EQ(strlen(ice_local_ufrag(&ice)), 8);
        CHECK_EQ(strlen(ice_local_pwd(&ice)), 24);
        CHECK(strcmp(ice_local_ufrag(&ice), ice_local_ufrag(&world.agents[0].ice)) != 0);
        CHECK(strcmp(ice_local_pwd(&ice), ice_local_pwd(&world.agents[0].ice)) != 0);
        for (const char *c = ice_local_pwd(&ice); *c; c++) {
            kinds += !seen[(uint8_t)*c];
            seen[(uint8_t)*c] = true;
        }
    }
    CHECK_EQ(kinds, 64);
}

static void a_closed_agent_says_nothing(void)
{
    start_plain(1);
    ice_world_signal(&world);
    ice_world_run(&world, YODEL_SECONDS(2), NULL);
    ice_close(&world.agents[0].ice);
    CHECK_EQ(state_of(0), ICE_CLOSED);
    CHECK(!ice_world_both_selected(&world));
    size_t sent = ice_stats(&world.agents[0].ice)->requests_sent;
    ice_world_run(&world, YODEL_SECONDS(60), NULL);
    CHECK_EQ(ice_stats(&world.agents[0].ice)->requests_sent, sent);
    CHECK_EQ(ice_next_timeout(&world.agents[0].ice), YODEL_NEVER);
}

TEST_MAIN(TEST(two_agents_connect_and_nominate_the_same_pair),
    TEST(no_twelve_losses_prevent_the_connection), TEST(a_third_of_all_datagrams_may_be_lost),
    TEST(families_are_not_mixed_and_both_work),
    TEST(candidates_may_come_before_credentials_and_late),
    TEST(a_peer_that_tells_no_candidates_is_found_when_it_asks),
    TEST(nats_are_traversed_with_what_a_server_tells), TEST(a_symmetric_nat_meets_one_that_is_open),
    TEST(a_dead_server_holds_gathering_up_for_five_seconds_and_checks_not_at_all),
    TEST(families_take_turns_among_pairs), TEST(mappings_are_kept_open_until_the_answer_comes),
    TEST(a_silent_peer_is_given_up_after_half_a_minute_and_not_before),
    TEST(nothing_to_check_fails_too_but_a_late_candidate_revives), TEST(new_checks_keep_the_pace),
    TEST(of_one_foundation_one_is_checked_first),
    TEST(the_better_path_wins_even_if_it_answers_later), TEST(only_who_passed_a_check_is_valid),
    TEST(a_relay_only_agent_tells_and_asks_nothing_without_a_relay),
    TEST(credentials_are_long_and_never_the_same), TEST(a_closed_agent_says_nothing))
