// The agent: two of them find each other, whatever is lost, and notice when they lose each other.

#include "ice/ice.h"

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

TEST_MAIN(TEST(two_agents_connect_and_nominate_the_same_pair),
    TEST(no_twelve_losses_prevent_the_connection))
