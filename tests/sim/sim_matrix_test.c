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
    sim_exchange(sim, 20, 2000);
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

// Where no UDP gets out, the data goes by a stream; where only 443 is open, to that port.
static void check_transport(struct sim *sim, int side, enum place place)
{
    enum yodel_transport used = sim->sides[side].data_out.transport;

    SIM_CHECK(sim, place != PLACE_BLOCKED || used != YODEL_UDP);
    SIM_CHECK(sim, place != PLACE_ONLY_443 || used == YODEL_TLS);
    SIM_CHECK(sim, place >= PLACE_BLOCKED || used == YODEL_UDP);
}

static void check_relayed(uint64_t seed, enum place a, enum place b)
{
    struct sim sim;

    place_init_relayed(&sim, seed, (const enum place[2]){a, b});
    sim_exchange(&sim, 20, 2000);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(3)));
    sim_wait(&sim, YODEL_SECONDS(60));
    SIM_CHECK(&sim, sim_is_connected(&sim));
    SIM_CHECK(&sim, sim.sides[0].last_relayed_at > 0 || sim.sides[1].last_relayed_at > 0);
    check_transport(&sim, 0, a);
    check_transport(&sim, 1, b);
    sim_deinit(&sim);
}

// F11, F32: through the real TURN server; who lets no UDP out, by a stream to it.
static void with_a_relay_the_others_connect_in_three_seconds(void)
{
    for (enum place a = 0; a < PLACE_COUNT; a++) {
        for (enum place b = 0; b < PLACE_COUNT; b++) {
            for (uint64_t seed = 1; seed <= SEEDS && !place_is_direct(a, b); seed++) {
                check_relayed(seed, a, b);
            }
        }
    }
}

TEST_MAIN(TEST(two_networks_connect_directly_where_theory_allows),
    TEST(without_a_relay_the_others_fail_with_a_reason),
    TEST(with_a_relay_the_others_connect_in_three_seconds))
