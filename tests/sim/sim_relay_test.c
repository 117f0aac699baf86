// F11, F14, F20: relays that forget, run out, send elsewhere or are told to end it, and neighbours
// behind one NAT.

#include "base/addr.h"
#include "check.h"
#include "place.h"
#include "sim.h"

static const enum place symmetric[2] = {PLACE_SYMMETRIC, PLACE_SYMMETRIC};

static void begin(struct sim *sim, uint32_t count)
{
    sim_exchange(sim, count, 1000);
}

static void connect(struct sim *sim, uint64_t seed)
{
    place_init_relayed(sim, seed, symmetric);
    begin(sim, 10);
    SIM_CHECK(sim, sim_run(sim, sim_is_delivered, sim->now + YODEL_SECONDS(3)));
    SIM_CHECK(sim, sim->sides[0].last_direct_at == 0);
}

static const struct turn_server_stats *stats_of(struct sim *sim, int server)
{
    return turn_server_stats(sim->servers[server].turn);
}

// Each time some data, and none of it late.
static void talk(struct sim *sim)
{
    sim->flows[0].count += 3;
    sim->flows[1].count += 3;
    SIM_CHECK(sim, sim_run(sim, sim_is_delivered, sim->now + YODEL_SECONDS(1)));
}

// F20: allocations last ten minutes, permissions five, channels ten and nonces thirty.
static void live(uint64_t seed, yodel_duration duration, yodel_duration pause)
{
    struct sim sim;

    connect(&sim, seed);
    uint32_t changes = sim.sides[0].changes + sim.sides[1].changes;
    uint64_t allocated = stats_of(&sim, 1)->allocated + stats_of(&sim, 2)->allocated;
    yodel_time until = sim.now + duration;
    while (sim.now < until) {
        sim_wait(&sim, pause);
        talk(&sim);
    }
    SIM_CHECK(&sim, sim.sides[0].changes + sim.sides[1].changes == changes);
    for (int i = 1; i <= 2; i++) {
        const struct turn_server_stats *stats = stats_of(&sim, i);

        SIM_CHECK(&sim, stats->errors[TURN_ERROR_438] > 0);  // The nonce was refused, and
        SIM_CHECK(&sim, stats->errors[TURN_ERROR_437] == 0); // what it was for came through.
        SIM_CHECK(&sim, stats->ended[TURN_END_EXPIRED] == 0);
        SIM_CHECK(&sim, stats->drops[TURN_DROP_NO_PERMISSION] == 0);
        SIM_CHECK(&sim, stats->drops[TURN_DROP_NO_CHANNEL] == 0);
        SIM_CHECK(&sim, stats->drops[TURN_DROP_NO_ALLOCATION] == 0);
        allocated -= stats->allocated;
    }
    SIM_CHECK(&sim, allocated == 0);
    sim_deinit(&sim);
}

static void what_a_relay_grants_is_refreshed_for_hours(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        live(seed, YODEL_SECONDS(2 * 3600), YODEL_SECONDS(60 + 397 * (seed - 1)));
    }
}

static void and_for_a_day(void)
{
    live(4, YODEL_SECONDS(24 * 3600), YODEL_SECONDS(3600));
}

// F14: there is one port on each server, and each side wants four.
static void a_relay_without_ports_is_left_for_another(void)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct sim sim;
        struct turn_limits limits = {.port_min = 50000, .port_max = 50000};

        place_init_relayed(&sim, seed, symmetric);
        for (int i = 1; i <= 2; i++) {
            server_limit(&sim.servers[i], &limits);
        }
        begin(&sim, 10);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(4)));
        SIM_CHECK(&sim, stats_of(&sim, 1)->errors[TURN_ERROR_508] > 0);
        SIM_CHECK(&sim, stats_of(&sim, 1)->ports <= 1 && stats_of(&sim, 2)->ports <= 1);
        sim_deinit(&sim);
    }
}

static void no_relay_with_a_port_is_a_failure_with_a_reason(void)
{
    struct sim sim;

    place_init_relayed(&sim, 1, symmetric);
    turn_server_drain(sim.servers[1].turn);
    turn_server_drain(sim.servers[2].turn);
    begin(&sim, 10);
    sim_wait(&sim, YODEL_SECONDS(60));
    for (int i = 0; i < 2; i++) {
        SIM_CHECK(&sim, sim.sides[i].connection == YODEL_CONNECTION_FAILED);
        SIM_CHECK(&sim, yodel_peer_error_text(sim.sides[i].peer)[0] != '\0');
    }
    sim_deinit(&sim);
}

// F14: the NAT has no port left for checks once the servers were asked.
static void a_nat_without_ports_goes_by_what_it_has(void)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct sim sim;

        place_init_relayed(&sim, seed, symmetric);
        place_nat(&sim, 0)->config.mappings_max = 5;
        begin(&sim, 10);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(4)));
        SIM_CHECK(&sim, place_nat(&sim, 0)->refused > 0);
        sim_deinit(&sim);
    }
}

// ---- 300

static void a_relay_that_sends_us_to_another_is_obeyed(void)
{
    struct yodel_addr third = addr_v4(30, 0, 0, 9, 3478);
    struct sim sim;

    place_init_relayed(&sim, 1, symmetric);
    (void)server_add_turn(&sim, &third);
    sim.servers[1].alternate = sim.servers[2].alternate = third;
    begin(&sim, 10);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(4)));
    SIM_CHECK(&sim, stats_of(&sim, 1)->allocated + stats_of(&sim, 2)->allocated == 0);
    SIM_CHECK(&sim, stats_of(&sim, 3)->allocated > 0);
    sim_deinit(&sim);
}

// Each of our eight clients follows twice, over streams too.
static void relays_that_send_us_to_each_other_are_given_up(void)
{
    struct sim sim;

    place_init_relayed(&sim, 2, symmetric);
    sim.servers[1].alternate = sim.servers[2].addr;
    sim.servers[2].alternate = sim.servers[1].addr;
    begin(&sim, 10);
    sim_wait(&sim, YODEL_SECONDS(60));
    SIM_CHECK(&sim, sim.sides[0].connection == YODEL_CONNECTION_FAILED);
    SIM_CHECK(&sim, sim.sides[0].gathered_at > 0);
    uint64_t redirected = sim.servers[1].redirected + sim.servers[2].redirected;
    SIM_CHECK(&sim, redirected >= 4 && redirected <= 8 * 3);
    sim_deinit(&sim);
}

static struct yodel_addr forbidden;

static void forbid(
    struct sim *sim, int from, const struct yodel_path *path, const uint8_t *datagram, size_t len)
{
    (void)from, (void)datagram, (void)len;
    SIM_CHECK(sim, !addr_same_ip(&path->remote, &forbidden));
}

static void a_relay_that_sends_us_to_ourselves_is_not_obeyed(void)
{
    const struct yodel_addr targets[] = {addr_v4(127, 0, 0, 1, 3478), addr_v4(0, 0, 0, 0, 3478),
        addr_v4(169, 254, 1, 1, 3478), addr_v4(224, 0, 0, 1, 3478), addr_v4(30, 0, 0, 8, 0)};

    for (size_t i = 0; i < COUNT(targets); i++) {
        struct sim sim;

        place_init_relayed(&sim, i, symmetric);
        forbidden = sim.servers[1].alternate = targets[i];
        sim.attack = forbid;
        begin(&sim, 10);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(4)));
        SIM_CHECK(&sim, sim.servers[1].redirected > 0);
        sim_deinit(&sim);
    }
}

// ---- revocation

static bool has_ended_all(struct sim *sim)
{
    return stats_of(sim, 1)->allocations + stats_of(sim, 2)->allocations == 0;
}

static bool has_failed(struct sim *sim)
{
    return sim->sides[0].connection == YODEL_CONNECTION_FAILED &&
           sim->sides[1].connection == YODEL_CONNECTION_FAILED;
}

// Whoever is not a user any more learns it as soon as nothing comes through.
static void a_revoked_user_is_out_within_a_minute_and_told_why(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct sim sim;
        struct turn_credentials nobody;

        connect(&sim, seed);
        turn_credentials_init(&nobody, &sim.servers[1].env);
        enum yodel_err err = turn_credentials_add_realm(&nobody, bytes_of_text("sim"));
        SIM_CHECK(&sim, err == YODEL_OK);
        for (int i = 1; i <= 2; i++) {
            turn_server_set_credentials(sim.servers[i].turn, &nobody);
        }
        SIM_CHECK(&sim, sim_run(&sim, has_ended_all, sim.now + YODEL_SECONDS(60)));
        SIM_CHECK(&sim, stats_of(&sim, 1)->ended[TURN_END_REVOKED] > 0);
        SIM_CHECK(&sim, sim_run(&sim, has_failed, sim.now + YODEL_SECONDS(60)));
        for (int i = 0; i < 2; i++) {
            const char *why = yodel_peer_error_text(sim.sides[i].peer);
            SIM_CHECK(&sim, strstr(why, "the TURN server refused the user name"));
        }
        sim_deinit(&sim);
        turn_credentials_deinit(&nobody);
    }
}

// ---- neighbours

// F11: each behind a NAT of its own, both within the carrier's.
static void neighbours_connect_directly_where_their_nat_hairpins(void)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        for (int has_hairpin = 0; has_hairpin < 2; has_hairpin++) {
            struct sim sim;

            place_init_neighbours(&sim, seed, has_hairpin);
            begin(&sim, 10);
            SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(3)));
            sim_wait(&sim, YODEL_SECONDS(10));
            talk(&sim);
            for (int i = 0; i < 2; i++) {
                bool is_direct = sim.sides[i].last_direct_at >= sim.now - YODEL_SECONDS(1);
                SIM_CHECK(&sim, is_direct == has_hairpin);
            }
            sim_deinit(&sim);
        }
    }
}

TEST_MAIN(TEST(what_a_relay_grants_is_refreshed_for_hours), TEST(and_for_a_day),
    TEST(a_relay_without_ports_is_left_for_another),
    TEST(no_relay_with_a_port_is_a_failure_with_a_reason),
    TEST(a_nat_without_ports_goes_by_what_it_has), TEST(a_relay_that_sends_us_to_another_is_obeyed),
    TEST(relays_that_send_us_to_each_other_are_given_up),
    TEST(a_relay_that_sends_us_to_ourselves_is_not_obeyed),
    TEST(a_revoked_user_is_out_within_a_minute_and_told_why),
    TEST(neighbours_connect_directly_where_their_nat_hairpins))
