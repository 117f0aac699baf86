// Lite agents: with a full peer, and with one another.

#include "check.h"
#include "ice/world.h"

static struct ice_world world;
static struct ice *const full = &world.agents[0].ice;
static struct ice *const lite = &world.agents[1].ice;
static size_t asked; // Requests that the lite agent sent.

static bool count_requests(struct ice_world *of, size_t from, struct bytes datagram)
{
    (void)of;
    asked += from == 1 && datagram.ptr[0] == 0 && datagram.ptr[1] == 1;
    return true;
}

static void prepare(uint64_t seed, bool are_both)
{
    struct ice_config config = {.is_lite = true, .is_controlling = true, .has_tcp = true};
    struct yodel_addr server = ice_world_addr("198.51.100.1:3478");

    ice_world_init(&world, seed);
    ice_init(lite, &world.env, &config);
    if (are_both) {
        ice_init(full, &world.env, &config);
    }
    full->config.has_tcp = true;
    asked = 0;
    world.tap = count_requests;
    ice_add_server(lite, &server);
    ice_add_turn_server(
        lite, &(struct ice_turn_server){.addr = server, .username = "u", .password = "p"});
    ice_set_remote_lite(full, true);
    ice_set_remote_lite(lite, are_both);
}

static void start(uint64_t seed, bool are_both)
{
    prepare(seed, are_both);
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    ice_world_add_local(&world, 1, "192.0.2.2:6000");
    ice_end_local(full);
    ice_end_local(lite);
    ice_world_signal(&world);
}

static void a_full_agent_controls_a_lite_one_which_asks_nothing(void)
{
    start(1, false);
    CHECK(!ice_is_controlling(lite));
    ice_set_role(lite, true); // As the offerer would.
    CHECK(!ice_is_controlling(lite));
    ice_world_run(&world, world.now + YODEL_SECONDS(3), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
    CHECK(path_equal(&world.agents[1].ice.selected.path,
        &(struct yodel_path){.local = ice_world_addr("192.0.2.2:6000"),
            .remote = ice_world_addr("192.0.2.1:5000")}));
    ice_world_run(&world, world.now + YODEL_SECONDS(60), NULL); // Consent for two periods.
    CHECK(ice_world_both_nominated(&world));
    CHECK_EQ(asked, 0);
    CHECK_EQ(ice_state(lite), ICE_COMPLETED);
}

static void a_lite_agent_offers_its_own_addresses_alone(void)
{
    prepare(1, false);
    ice_world_add_local(&world, 1, "192.0.2.2:6000");
    ice_world_listen(&world, 1, "192.0.2.2:6001");
    ice_end_local(lite);
    ice_world_run(&world, world.now + YODEL_SECONDS(10), NULL);
    CHECK_EQ(world.sent_count, 0);
    CHECK_EQ(world.agents[1].candidate_count, 2);
    CHECK_EQ(world.agents[1].candidates[1].tcp_type, ICE_TCP_PASSIVE);
    CHECK_EQ(world.agents[1].gathering, ICE_GATHERING_COMPLETE);
}

static void a_lite_agent_is_reached_over_tcp_too(void)
{
    start(1, false);
    ice_world_listen(&world, 1, "192.0.2.2:6001");
    world.is_udp_lost = true;
    ice_world_run(&world, world.now + YODEL_SECONDS(3), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
    CHECK_EQ(world.agents[1].selected.transport, YODEL_TCP);
    CHECK_EQ(asked, 0);
}

static void whoever_claims_to_be_controlled_by_a_lite_agent_is_told_otherwise(void)
{
    start(1, false);
    ice_set_role(full, false); // And its tie-breaker may be what it likes.
    ice_world_run(&world, world.now + YODEL_SECONDS(3), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
    CHECK(ice_is_controlling(full) && !ice_is_controlling(lite));
}

// RFC 7675 §5.1.
static void silence_ends_what_a_lite_agent_sends(void)
{
    struct yodel_path path;

    start(1, false);
    ice_world_run(&world, world.now + YODEL_SECONDS(10), NULL);
    CHECK(ice_world_both_nominated(&world));
    world.is_down[0] = true;
    ice_world_run(&world, world.now + YODEL_SECONDS(24), NULL);
    CHECK(ice_selected(lite, &path));
    ice_world_run(&world, world.now + YODEL_SECONDS(7), NULL);
    CHECK(!ice_selected(lite, &path));
    CHECK_EQ(ice_state(lite), ICE_FAILED);
    CHECK_EQ(asked, 0);
}

static void a_lite_agent_that_nobody_asks_fails_in_time(void)
{
    start(1, false);
    world.is_down[0] = true;
    ice_world_run(&world, world.now + YODEL_SECONDS(31), NULL);
    CHECK_EQ(ice_state(lite), ICE_FAILED);
    CHECK_EQ(ice_state(full), ICE_FAILED);
}

// RFC 8863 §4: the peer may have been told of us late.
static void a_check_after_half_a_minute_revives_a_lite_agent(void)
{
    prepare(1, false);
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    ice_world_add_local(&world, 1, "192.0.2.2:6000");
    CHECK_EQ(
        ice_set_remote_credentials(lite, ice_local_ufrag(full), ice_local_pwd(full)), YODEL_OK);
    ice_world_run(&world, world.now + YODEL_SECONDS(31), NULL);
    CHECK_EQ(ice_state(lite), ICE_FAILED);
    ice_world_signal(&world);
    ice_world_run(&world, world.now + YODEL_SECONDS(3), ice_world_both_nominated);
    CHECK(ice_world_both_nominated(&world));
    CHECK_EQ(ice_state(lite), ICE_CONNECTED);
}

static void the_address_of_a_full_peer_may_change(void)
{
    start(1, false);
    ice_world_run(&world, world.now + YODEL_SECONDS(6), NULL);
    ice_world_add_local(&world, 0, "192.0.2.3:5000");
    struct yodel_addr gone = ice_world_addr("192.0.2.1:5000");
    ice_remove_local(full, &gone);
    ice_world_run(&world, world.now + YODEL_SECONDS(5), NULL);
    CHECK(ice_world_both_nominated(&world));
    struct yodel_addr now_at = ice_world_addr("192.0.2.3:5000");
    CHECK(addr_equal(&lite->selected.path.remote, &now_at));
}

// Within the time in which a peer may nominate several.
static void the_address_of_a_full_peer_may_change_at_once(void)
{
    struct yodel_path path = {.local = ice_world_addr("192.0.2.2:6000"),
        .remote = ice_world_addr("192.0.2.3:5000"),
        .transport = YODEL_UDP};
    struct yodel_addr gone = ice_world_addr("192.0.2.1:5000");

    start(1, false);
    ice_world_run(&world, world.now + YODEL_MS(500), NULL);
    CHECK(ice_world_both_nominated(&world));
    ice_world_add_local(&world, 0, "192.0.2.3:5000");
    ice_heard(lite, &lite->selected.path, world.now);
    ice_remove_local(full, &gone);
    ice_world_run(&world, world.now + YODEL_MS(300), NULL);
    CHECK(addr_equal(&lite->selected.path.remote, &gone)); // Yet: it was heard just now.
    ice_world_run(&world, world.now + ICE_CONSENT_SILENCE, NULL);
    ice_heard(lite, &path, world.now);
    ice_world_run(&world, world.now + YODEL_MS(10), NULL);
    CHECK(path_equal(&lite->selected.path, &path));
}

// §6.1.1, §8.2.
static void two_lite_agents_agree_without_a_check(void)
{
    start(1, true);
    ice_set_role(full, true);
    ice_set_role(lite, false);
    CHECK(ice_is_controlling(full) && !ice_is_controlling(lite));
    ice_world_run(&world, world.now + YODEL_SECONDS(1), NULL);
    CHECK(ice_world_both_nominated(&world));
    CHECK(addr_equal(&full->selected.path.remote, &lite->selected.path.local));
    CHECK_EQ(world.sent_count, 0);
    for (int i = 0; i < 60; i++) { // While there is data, it goes on.
        ice_heard(full, &full->selected.path, world.now);
        ice_heard(lite, &lite->selected.path, world.now);
        ice_world_run(&world, world.now + YODEL_SECONDS(1), NULL);
    }
    CHECK(ice_world_both_nominated(&world));
    ice_world_run(&world, world.now + YODEL_SECONDS(31), NULL);
    CHECK_EQ(ice_state(full), ICE_FAILED);
    CHECK_EQ(world.sent_count, 0);
}

TEST_MAIN(TEST(a_full_agent_controls_a_lite_one_which_asks_nothing),
    TEST(a_lite_agent_offers_its_own_addresses_alone), TEST(a_lite_agent_is_reached_over_tcp_too),
    TEST(whoever_claims_to_be_controlled_by_a_lite_agent_is_told_otherwise),
    TEST(silence_ends_what_a_lite_agent_sends), TEST(a_lite_agent_that_nobody_asks_fails_in_time),
    TEST(a_check_after_half_a_minute_revives_a_lite_agent),
    TEST(the_address_of_a_full_peer_may_change),
    TEST(the_address_of_a_full_peer_may_change_at_once),
    TEST(two_lite_agents_agree_without_a_check))
