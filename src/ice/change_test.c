// The agent while addresses come and go, after the connection stands.

#include "check.h"
#include "ice/world.h"

static struct ice_world world;

static void connect(uint64_t seed, bool has_second)
{
    ice_world_init(&world, seed);
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    if (has_second) {
        ice_world_add_local(&world, 0, "192.0.2.2:5000");
    }
    ice_world_add_local(&world, 1, "192.0.2.3:5000");
    ice_end_local(&world.agents[0].ice);
    ice_end_local(&world.agents[1].ice);
    ice_world_signal(&world);
    ice_world_run(&world, world.now + YODEL_SECONDS(8), NULL);
    CHECK(ice_world_both_nominated(&world));
}

// Both send, as a transfer does, until both agree on a path again.
static yodel_duration settle(yodel_duration longest)
{
    yodel_time start = world.now;

    while (time_since(world.now, start) < longest) {
        struct yodel_path ours, theirs;
        for (size_t i = 0; i < 2; i++) {
            if (ice_selected(&world.agents[i].ice, &ours)) {
                ice_sent(&world.agents[i].ice, world.now);
            }
        }
        ice_world_run(&world, world.now + YODEL_MS(20), NULL);
        if (ice_selected(&world.agents[0].ice, &ours) &&
            ice_selected(&world.agents[1].ice, &theirs) &&
            addr_equal(&ours.local, &theirs.remote) && addr_equal(&ours.remote, &theirs.local)) {
            break;
        }
    }
    return time_since(world.now, start);
}

// Case F15: the pair was found before.
static void an_interface_that_goes_is_left_for_another_within_two_seconds(void)
{
    for (size_t agent = 0; agent < 2; agent++) { // Who controls, and who does not.
        connect(50 + agent, true);
        ice_set_role(&world.agents[0].ice, agent == 0);
        ice_set_role(&world.agents[1].ice, agent != 0);
        struct ice *ice = &world.agents[0].ice;
        struct yodel_addr gone = ice->selected.path.local;
        world.black = gone;
        ice_remove_local(ice, &gone);
        ice_world_run(&world, world.now + YODEL_MS(1), NULL);
        CHECK(ice->selected.is_used && !addr_equal(&ice->selected.path.local, &gone));
        CHECK(settle(YODEL_SECONDS(5)) <= YODEL_SECONDS(2));
    }
}

static void an_interface_that_comes_is_told_of_and_used(void)
{
    connect(60, false);
    struct ice *ice = &world.agents[0].ice;
    struct yodel_addr gone = ice->selected.path.local;
    size_t told = world.agents[0].candidate_count;

    ice_world_add_local(&world, 0, "192.0.2.7:5000");
    ice_world_run(&world, world.now + YODEL_SECONDS(2), NULL);
    CHECK_EQ(world.agents[0].candidate_count, told + 1);
    CHECK(addr_equal(&ice->selected.path.local, &gone)); // What works is not left.
    world.black = gone;
    ice_remove_local(ice, &gone);
    CHECK(settle(YODEL_SECONDS(5)) <= YODEL_SECONDS(2));
    CHECK_EQ(ice->selected.path.local.ip[3], 7);
}

static void one_that_comes_after_the_only_one_went_brings_the_connection_back(void)
{
    connect(61, false);
    struct ice *ice = &world.agents[0].ice;
    struct yodel_addr gone = ice->selected.path.local;

    world.black = gone;
    ice_remove_local(ice, &gone);
    ice_world_run(&world, world.now + YODEL_SECONDS(10), NULL);
    CHECK(!ice->selected.is_used);
    CHECK(ice_state(ice) != ICE_FAILED);
    ice_world_add_local(&world, 0, "192.0.2.7:5000");
    CHECK(settle(YODEL_SECONDS(5)) <= YODEL_SECONDS(2));
}

TEST_MAIN(TEST(an_interface_that_goes_is_left_for_another_within_two_seconds),
    TEST(an_interface_that_comes_is_told_of_and_used),
    TEST(one_that_comes_after_the_only_one_went_brings_the_connection_back))
