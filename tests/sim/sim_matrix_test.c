// F11: every network that people have against every other.

#include <stdio.h>

#include "base/addr.h"
#include "check.h"
#include "place.h"
#include "sim.h"

#define SEEDS 3

static void begin(struct sim *sim, uint64_t seed, enum place a, enum place b)
{
    place_init(sim, seed, (const enum place[2]){a, b});
    sim_add_flow(sim, 0, NULL, 20, 2000);
    sim_add_flow(sim, 1, NULL, 20, 2000);
    sim_offer(sim, 0);
}

static void check_direct(struct sim *sim)
{
    yodel_time from = sim->now;

    SIM_CHECK(sim, sim_run(sim, sim_is_delivered, sim->now + YODEL_SECONDS(3)));
    SIM_CHECK(sim, sim->sides[0].connected_at < from + YODEL_SECONDS(3));
    sim_wait(sim, YODEL_SECONDS(60));
    SIM_CHECK(sim, sim_is_connected(sim) && sim_is_agreed(sim));
    SIM_CHECK(sim, sim->sides[0].last_relayed_at == 0 && sim->sides[1].last_relayed_at == 0);
}

static void two_networks_connect_directly_where_theory_allows(void)
{
    for (enum place a = 0; a < PLACE_COUNT; a++) {
        for (enum place b = 0; b < PLACE_COUNT; b++) {
            for (uint64_t seed = 1; seed <= SEEDS && place_is_direct(a, b); seed++) {
                struct sim sim;

                begin(&sim, seed, a, b);
                check_direct(&sim);
                sim_deinit(&sim);
            }
        }
    }
}

// And only there: otherwise the theory above would be too modest. Both say why.
static void without_a_relay_the_others_fail_with_a_reason(void)
{
    for (enum place a = 0; a < PLACE_COUNT; a++) {
        for (enum place b = a; b < PLACE_COUNT; b++) {
            struct sim sim;

            if (place_is_direct(a, b)) {
                continue;
            }
            begin(&sim, 1, a, b);
            sim_wait(&sim, YODEL_SECONDS(60));
            for (int i = 0; i < 2; i++) {
                SIM_CHECK(&sim, sim.sides[i].connection == YODEL_CONNECTION_FAILED);
                SIM_CHECK(&sim, yodel_peer_error_text(sim.sides[i].peer)[0] != '\0');
                SIM_CHECK(&sim, sim.sides[i].last_data_at == 0);
            }
            sim_deinit(&sim);
        }
    }
}

// Through the real TURN server. Who lets no UDP out needs a stream to it, which this world has not.
static void with_a_relay_the_others_connect_in_three_seconds(void)
{
    for (enum place a = 0; a < PLACE_BLOCKED; a++) {
        for (enum place b = 0; b < PLACE_BLOCKED; b++) {
            struct sim sim;

            if (place_is_direct(a, b)) {
                continue;
            }
            place_init_relayed(&sim, 1, (const enum place[2]){a, b});
            sim_add_flow(&sim, 0, NULL, 20, 2000);
            sim_add_flow(&sim, 1, NULL, 20, 2000);
            sim_offer(&sim, 0);
            SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(3)));
            sim_wait(&sim, YODEL_SECONDS(60));
            SIM_CHECK(&sim, sim_is_connected(&sim));
            SIM_CHECK(&sim, sim.sides[0].last_relayed_at > 0 || sim.sides[1].last_relayed_at > 0);
            sim_deinit(&sim);
        }
    }
}

TEST_MAIN(TEST(two_networks_connect_directly_where_theory_allows),
    TEST(without_a_relay_the_others_fail_with_a_reason),
    TEST(with_a_relay_the_others_connect_in_three_seconds))
