// RFC 8445 §2.5: a lite agent, which everybody can reach, and full ones wherever they are.

#include "base/addr.h"
#include "check.h"
#include "place.h"
#include "sim.h"

#define SEEDS 10
#define MESSAGE_MAX 4000
#define CONNECTED YODEL_SECONDS(3)
#define RESUMED YODEL_SECONDS(3)

// Side 0 offers; either may be lite. Lite is the server, on the open internet.
static void begin(struct sim *sim, uint64_t seed, int lite, enum place place)
{
    enum place places[] = {place, place};

    places[lite] = PLACE_PUBLIC;
    place_init(sim, seed, places);
    sim_make_lite(sim, lite);
}

static int lite_side;

// It answers, and never asks.
static void check_asks_nothing(
    struct sim *sim, int from, const struct yodel_path *path, const uint8_t *datagram, size_t len)
{
    (void)path;
    SIM_CHECK(sim, from != lite_side || len < 2 || datagram[0] != 0 || datagram[1] != 1);
}

// Nothing but the full one's checks opens a path: who cannot send to the server first is out.
static bool is_reached(enum place place)
{
    return place_is_direct(place, PLACE_PUBLIC) && place != PLACE_NAT64;
}

static void check_fails(struct sim *sim)
{
    sim_wait(sim, YODEL_SECONDS(60));
    for (int i = 0; i < 2; i++) {
        SIM_CHECK(sim, sim->sides[i].connection == YODEL_CONNECTION_FAILED);
        SIM_CHECK(sim, yodel_peer_error_text(sim->sides[i].peer)[0] != '\0');
        SIM_CHECK(sim, sim->sides[i].last_data_at == 0);
    }
}

static void who_can_send_to_it_connects_in_both_roles(void)
{
    for (int seed = 0; seed < 2 * PLACE_COUNT; seed++) {
        enum place place = (enum place)(seed / 2);
        struct sim sim;

        lite_side = seed % 2;
        begin(&sim, (uint64_t)seed, lite_side, place);
        sim.attack = check_asks_nothing;
        sim_exchange(&sim, 20, MESSAGE_MAX);
        if (is_reached(place)) {
            SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + CONNECTED));
            sim_wait(&sim, YODEL_SECONDS(120));
            SIM_CHECK(&sim, sim_is_connected(&sim) && sim_is_agreed(&sim));
        } else {
            check_fails(&sim);
        }
        sim_deinit(&sim);
    }
}

// RFC 6544 §5.2: it listens, if anything.
static void who_has_no_udp_reaches_it_by_a_stream(void)
{
    for (int lite = 0; lite < 2; lite++) {
        struct sim sim;

        begin(&sim, 1, lite, PLACE_BLOCKED);
        sim.sides[lite].interfaces[0].is_listening = true;
        sim.sides[1 - lite].interfaces[0].is_listening = true;
        sim_exchange(&sim, 20, MESSAGE_MAX);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(5)));
        SIM_CHECK(&sim, sim.sides[lite].data_out.transport == YODEL_TCP);
        SIM_CHECK(&sim, sim.sides[1 - lite].data_out.local.port == 9);
        sim_wait(&sim, YODEL_SECONDS(120));
        SIM_CHECK(&sim, sim_is_connected(&sim));
        sim_deinit(&sim);
    }
}

static void losses_are_survived(void)
{
    for (uint64_t seed = 1; seed <= 2 * SEEDS; seed++) {
        struct sim sim;

        begin(&sim, seed, (int)(seed % 2), PLACE_PORT_RESTRICTED);
        sim.network.quality = (struct network_quality){
            .delay = YODEL_MS(30), .jitter = YODEL_MS(30), .loss = 0.2, .duplication = 0.1};
        sim_exchange(&sim, 50, MESSAGE_MAX);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_connected, sim.now + YODEL_SECONDS(20)));
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(120)));
        sim_deinit(&sim);
    }
}

static void check_resumes(struct sim *sim, yodel_duration patience)
{
    sim_wait(sim, YODEL_MS(100)); // What was on its way.
    sim_check_resumes(sim, patience);
}

static void start(struct sim *sim)
{
    sim->network.quality.rate_bps = 1000000;
    sim_exchange(sim, 2000, MESSAGE_MAX);
    SIM_CHECK(sim, sim_run(sim, sim_is_connected, sim->now + CONNECTED));
    sim_wait(sim, YODEL_SECONDS(2));
}

static void the_full_one_may_restart(void)
{
    for (int lite = 0; lite < 2; lite++) {
        const char *current, *previous;
        struct sim sim;

        begin(&sim, 1, lite, PLACE_PORT_RESTRICTED);
        start(&sim);
        sim.is_offering = true;
        yodel_peer_restart_ice(sim.sides[1 - lite].peer);
        check_resumes(&sim, RESUMED);
        yodel_peer_local_ufrags(sim.sides[lite].peer, &current, &previous);
        SIM_CHECK(&sim, previous[0] != '\0' && strcmp(current, previous) != 0);
        SIM_CHECK(&sim, sim_is_connected(&sim));
        sim_deinit(&sim);
    }
}

// F13: another port of the NAT's, or another address.
static void it_follows_a_rebinding(void)
{
    for (int i = 0; i < 4; i++) {
        int lite = i / 2;
        struct sim sim;

        begin(&sim, 1, lite, PLACE_PORT_RESTRICTED);
        start(&sim);
        struct nat *nat = place_nat(&sim, 1 - lite);
        nat->config.outside.ip[3] = i % 2 ? 99 : nat->config.outside.ip[3];
        nat_rebind(nat);
        check_resumes(&sim, RESUMED);
        sim_deinit(&sim);
    }
}

// F15: the full one's interface goes, or falls silent, and it has another.
static void it_follows_the_full_one_to_another_interface(void)
{
    for (int i = 0; i < 4; i++) {
        int lite = i / 2;
        struct sim sim;

        begin(&sim, 1, lite, PLACE_PORT_RESTRICTED);
        place_add_second(&sim, 1 - lite);
        start(&sim);
        if (i % 2) {
            sim_set_up(&sim, 1 - lite, 0, false);
        } else {
            int link = sim.sides[1 - lite].interfaces[0].link;
            sim.network.links[link].is_cut_in = sim.network.links[link].is_cut_out = true;
        }
        check_resumes(&sim, RESUMED);
        SIM_CHECK(&sim, addr_same_ip(&sim.sides[1 - lite].data_out.local,
                            &sim.sides[1 - lite].interfaces[1].addr));
        sim_deinit(&sim);
    }
}

static void init_both_lite(struct sim *sim, enum place place)
{
    place_init(sim, 1, (const enum place[2]){PLACE_PUBLIC, place});
    sim_make_lite(sim, 0);
    sim_make_lite(sim, 1);
    sim->is_unchecked = true;
}

// RFC 8445 §8.2: without checks, the best of what both have told.
static void two_lite_ones_connect_on_the_open_internet(void)
{
    struct sim sim;

    init_both_lite(&sim, PLACE_PUBLIC);
    sim_exchange(&sim, 20, MESSAGE_MAX);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + CONNECTED));
    sim_deinit(&sim);
}

static void nobody_finds_a_lite_one_behind_a_nat(void)
{
    struct sim sim;

    place_init(&sim, 1, (const enum place[2]){PLACE_PUBLIC, PLACE_PORT_RESTRICTED});
    sim_make_lite(&sim, 1);
    sim_exchange(&sim, 20, MESSAGE_MAX);
    check_fails(&sim);
    sim_deinit(&sim);
}

// Neither asks, so neither learns at once: what is never answered ends like any other path.
static void two_lite_ones_with_a_nat_between_them_fail(void)
{
    struct sim sim;

    init_both_lite(&sim, PLACE_PORT_RESTRICTED);
    sim_exchange(&sim, 20, MESSAGE_MAX);
    sim_wait(&sim, YODEL_SECONDS(60));
    for (int i = 0; i < 2; i++) {
        SIM_CHECK(&sim, sim.sides[i].connection == YODEL_CONNECTION_FAILED);
        SIM_CHECK(&sim, yodel_peer_error_text(sim.sides[i].peer)[0] != '\0');
        SIM_CHECK(&sim, !sim.sides[i].has_connected);
    }
    sim_deinit(&sim);
}

TEST_MAIN(TEST(who_can_send_to_it_connects_in_both_roles),
    TEST(who_has_no_udp_reaches_it_by_a_stream), TEST(losses_are_survived),
    TEST(the_full_one_may_restart), TEST(it_follows_a_rebinding),
    TEST(it_follows_the_full_one_to_another_interface),
    TEST(two_lite_ones_connect_on_the_open_internet), TEST(nobody_finds_a_lite_one_behind_a_nat),
    TEST(two_lite_ones_with_a_nat_between_them_fail))
