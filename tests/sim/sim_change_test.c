// F12 to F17, F24: what changes on the way of a connection that stands, or is about to.

#include "base/addr.h"
#include "check.h"
#include "peer/recovery.h"
#include "place.h"
#include "sim.h"
#include <stdlib.h>

// A transfer that lasts some 40 seconds each way, unless something is in its way.
#define RATE_BPS 1000000
#define MESSAGES 2000
#define MESSAGE_MAX 4000

// Silence for 0.4 s, questions for as long or two round trips, which a full queue makes of 0.2 s
// each, and checks of what else there is.
#define RESUMED YODEL_SECONDS(2)

static void start(struct sim *sim)
{
    sim->network.quality.rate_bps = RATE_BPS;
    sim_exchange(sim, MESSAGES, MESSAGE_MAX);
    SIM_CHECK(sim, sim_run(sim, sim_is_connected, sim->now + YODEL_SECONDS(3)));
    sim_wait(sim, YODEL_SECONDS(2));
}

static void connect(struct sim *sim, uint64_t seed, enum place a, enum place b)
{
    place_init(sim, seed, (const enum place[2]){a, b});
    start(sim);
}

// The transfer goes on within `patience` of now, and ends whole.
static void check_resumes(struct sim *sim, yodel_duration patience)
{
    sim_check_resumes(sim, patience);
    sim_deinit(sim);
}

// What was on its way has arrived.
static void drain(struct sim *sim)
{
    sim_wait(sim, YODEL_MS(100));
}

// F12: a NAT that forgets soon, and nobody has anything to say for ten minutes.
static void an_idle_connection_outlives_short_mappings(void)
{
    static const yodel_duration timeouts[] = {YODEL_SECONDS(20), YODEL_SECONDS(30)};

    for (size_t i = 0; i < 2 * COUNT(timeouts); i++) {
        struct sim sim;
        bool is_symmetric = i % 2 == 1;

        place_init(&sim, i,
            (const enum place[2]){
                is_symmetric ? PLACE_SYMMETRIC : PLACE_PORT_RESTRICTED, PLACE_RESTRICTED});
        for (int side = 0; side < 2; side++) {
            place_nat(&sim, side)->config.timeout = timeouts[i / 2];
        }
        sim_add_flow(&sim, 0, NULL, 10, 1000);
        sim_offer(&sim, 0);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(3)));
        uint32_t changes = sim.sides[0].changes + sim.sides[1].changes;
        sim_wait(&sim, YODEL_SECONDS(600));
        SIM_CHECK(&sim, sim.sides[0].changes + sim.sides[1].changes == changes);
        sim.flows[0].count += 10;
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(1)));
        sim_deinit(&sim);
    }
}

// F12, with less than the time between two checks: each time the path is validated anew.
static void a_mapping_that_ends_between_two_checks_is_made_again(void)
{
    struct sim sim;

    place_init(&sim, 1, (const enum place[2]){PLACE_FULL_CONE, PLACE_PUBLIC});
    place_nat(&sim, 0)->config.timeout = YODEL_SECONDS(3);
    place_nat(&sim, 0)->config.has_random_ports = true;
    sim_add_flow(&sim, 0, NULL, 10, 1000);
    sim_offer(&sim, 0);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(3)));
    for (int i = 0; i < 20; i++) {
        sim_wait(&sim, YODEL_SECONDS(30));
        SIM_CHECK(&sim, sim.sides[0].connection != YODEL_CONNECTION_FAILED);
        sim.flows[0].count += 10;
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(10)));
    }
    sim_deinit(&sim);
}

static void move(struct sim *sim, int side, bool has_other_ip)
{
    struct nat *nat = place_nat(sim, side);

    if (has_other_ip) {
        nat->config.outside.ip[3] = 99;
    }
    nat_rebind(nat);
}

static void rebind(struct sim *sim, int side, bool has_other_ip)
{
    move(sim, side, has_other_ip);
    drain(sim);
}

// The longest that nothing arrived in six seconds from now, either way, of what has yet to.
static yodel_duration longest_gap(struct sim *sim)
{
    uint32_t seen[2] = {sim->flows[0].received, sim->flows[1].received};
    yodel_time last[2] = {sim->now, sim->now};
    yodel_duration longest = 0;

    for (int i = 0; i < 600; i++) {
        sim_wait(sim, YODEL_MS(10));
        for (int f = 0; f < 2; f++) {
            const struct sim_flow *flow = &sim->flows[f];
            yodel_duration gap = flow->received < flow->count ? sim->now - last[f] : 0;

            longest = gap > longest ? gap : longest;
            last[f] = flow->received == seen[f] ? last[f] : sim->now;
            seen[f] = flow->received;
        }
    }
    return longest;
}

// Which flows there are, each through a full queue of 200 ms, over what distance, and for how long
// they may stand still: F13 asks for a second.
static const struct {
    bool has[2]; // From who is rebound, to it.
    yodel_duration delay;
    yodel_duration patience;
} traffics[] = {
    {{true, false}, YODEL_MS(5), YODEL_MS(950)},
    {{false, true}, YODEL_MS(5), YODEL_MS(950)},
    {{true, true}, YODEL_MS(5), YODEL_MS(1200)},
    {{true, true}, YODEL_MS(60), YODEL_MS(1500)},
};

// Through a relay it takes longer: it has to be asked for anew, and its pairs to be checked.
#define PATIENCE_RELAY YODEL_MS(600)

static void check_rebinding(
    struct sim *sim, int side, size_t traffic, bool has_other_ip, yodel_duration more)
{
    sim->network.quality.rate_bps = RATE_BPS;
    sim->network.quality.delay = traffics[traffic].delay;
    for (int i = 0; i < 2; i++) {
        bool has = traffics[traffic].has[i == side ? 0 : 1];
        sim_add_flow(sim, i, NULL, has ? MESSAGES / 2 : 0, MESSAGE_MAX);
    }
    sim_offer(sim, 0);
    SIM_CHECK(sim, sim_run(sim, sim_is_connected, sim->now + YODEL_SECONDS(3)));
    sim_wait(sim, YODEL_SECONDS(7));
    move(sim, side, has_other_ip);
    SIM_CHECK(sim, longest_gap(sim) <= traffics[traffic].patience + more);
    SIM_CHECK(sim, sim_run(sim, sim_is_delivered, sim->now + YODEL_SECONDS(200)));
    sim_deinit(sim);
}

static void a_rebinding_is_got_over_in_about_a_second(void)
{
    static const enum place rows[][2] = {{PLACE_FULL_CONE, PLACE_PUBLIC},
        {PLACE_PORT_RESTRICTED, PLACE_PUBLIC}, {PLACE_SYMMETRIC, PLACE_FULL_CONE},
        {PLACE_CARRIER, PLACE_FULL_CONE}};

    for (size_t i = 0; i < 16 * COUNT(rows); i++) {
        struct sim sim;
        int side = (int)(i % 2);

        place_init(&sim, i, (const enum place[2]){rows[i / 16][side], rows[i / 16][1 - side]});
        check_rebinding(&sim, side, i / 4 % 4, i % 4 >= 2, 0);
    }
}

// The other side's NAT does not let the new address in: a relay stands by.
static void a_filtered_rebinding_goes_on_through_a_relay(void)
{
    for (size_t i = 0; i < 8; i++) {
        struct sim sim;

        place_init_relayed(
            &sim, i, (const enum place[2]){PLACE_PORT_RESTRICTED, PLACE_PORT_RESTRICTED});
        check_rebinding(&sim, (int)(i % 2), i / 2, true, PATIENCE_RELAY);
    }
}

// F13: another port, and another address; of who controls, and of who does not.
static void a_rebinding_in_a_transfer_is_got_over(void)
{
    static const enum place rows[][2] = {{PLACE_FULL_CONE, PLACE_PUBLIC},
        {PLACE_PORT_RESTRICTED, PLACE_PUBLIC}, {PLACE_SYMMETRIC, PLACE_PUBLIC},
        {PLACE_CARRIER, PLACE_FULL_CONE}};

    for (size_t i = 0; i < 4 * COUNT(rows); i++) {
        struct sim sim;
        int side = (int)(i % 2);

        connect(&sim, i, rows[i / 4][side], rows[i / 4][1 - side]);
        rebind(&sim, side, i % 4 >= 2);
        check_resumes(&sim, RESUMED);
    }
}

// The other side's NAT does not let the new address in: only signaling can tell of it.
static void a_rebinding_behind_a_filter_takes_a_restart(void)
{
    for (int side = 0; side < 2; side++) {
        struct sim sim;

        connect(&sim, (uint64_t)side, PLACE_RESTRICTED, PLACE_RESTRICTED);
        sim.is_offering = true;
        rebind(&sim, side, true);
        sim_wait(&sim, YODEL_SECONDS(30)); // Of consent.
        check_resumes(&sim, YODEL_SECONDS(5));
    }
}

// F14: one of two interfaces is of no use, in one way or another.
static void an_interface_that_cannot_send_does_not_matter(void)
{
    for (int i = 0; i < 3; i++) {
        struct sim sim;

        place_init(
            &sim, (uint64_t)i, (const enum place[2]){PLACE_PORT_RESTRICTED, PLACE_RESTRICTED});
        place_add_second(&sim, 0);
        struct sim_interface *first = &sim.sides[0].interfaces[0];
        first->is_taken = i == 0;                                 // EADDRINUSE.
        sim.network.links[first->link].is_cut_out = i == 1;       // EPERM, ENOBUFS.
        place_nat(&sim, 0)->config.mappings_max = i == 2 ? 0 : 8; // No port is left.
        sim_add_flow(&sim, 0, NULL, 10, 1000);
        sim_offer(&sim, 0);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(1)));
        sim_deinit(&sim);
    }
}

static void set_cut(struct sim *sim, int side, int interface, bool is_cut)
{
    struct network_link *link = &sim->network.links[sim->sides[side].interfaces[interface].link];

    link->is_cut_in = link->is_cut_out = is_cut;
}

static void connect_two_interfaces(struct sim *sim, uint64_t seed, int side, bool has_second)
{
    place_init(sim, seed, (const enum place[2]){PLACE_PORT_RESTRICTED, PLACE_RESTRICTED});
    place_add_second(sim, side);
    if (!has_second) {
        sim_set_up(sim, side, 1, false);
    }
    start(sim);
    sim_wait(sim, YODEL_SECONDS(5));
}

// F15: the first interface falls silent, and nobody says so.
static void a_path_that_turns_black_is_left_for_another(void)
{
    for (int side = 0; side < 2; side++) {
        struct sim sim;

        connect_two_interfaces(&sim, (uint64_t)side, side, true);
        set_cut(&sim, side, 0, true);
        drain(&sim);
        check_resumes(&sim, RESUMED);
    }
}

// F15: it goes away, and the other was there before, or came two seconds earlier.
static void an_interface_that_goes_away_is_replaced(void)
{
    for (int i = 0; i < 4; i++) {
        struct sim sim;
        int side = i % 2;

        connect_two_interfaces(&sim, (uint64_t)i, side, i < 2);
        if (i >= 2) {
            sim_set_up(&sim, side, 1, true);
            sim_wait(&sim, YODEL_SECONDS(2));
        }
        sim_set_up(&sim, side, 0, false);
        drain(&sim);
        check_resumes(&sim, RESUMED);
    }
}

// F15: it comes and goes five times.
static void an_interface_that_flaps_is_survived(void)
{
    struct sim sim;

    connect_two_interfaces(&sim, 5, 0, true);
    for (int i = 0; i < 5; i++) {
        sim_set_up(&sim, 0, 0, false);
        sim_wait(&sim, YODEL_SECONDS(1));
        sim_set_up(&sim, 0, 0, true);
        sim_wait(&sim, YODEL_SECONDS(1));
    }
    check_resumes(&sim, RESUMED);
}

// F16: who is not heard, and who hears nothing, both learn it, and are silent in time.
static void an_outage_one_way_disconnects_both(void)
{
    for (int side = 0; side < 2; side++) {
        struct sim sim;

        connect(&sim, (uint64_t)side, PLACE_PORT_RESTRICTED, PLACE_RESTRICTED);
        yodel_time from = sim.now;
        sim.network.links[sim.sides[side].interfaces[0].link].is_cut_out = true;
        sim_wait(&sim, YODEL_MS(6500));
        for (int i = 0; i < 2; i++) {
            SIM_CHECK(&sim, sim.sides[i].connection == YODEL_CONNECTION_DISCONNECTED);
        }
        sim_wait(&sim, YODEL_SECONDS(60));
        for (int i = 0; i < 2; i++) {
            SIM_CHECK(&sim, sim.sides[i].last_data_at <= from + YODEL_SECONDS(31));
        }
        sim_deinit(&sim);
    }
}

// F17: consent's thirty seconds count from its last answer, which may be six seconds before.
static void an_outage_ends_with_a_second_and_no_restart_or_five_and_one(void)
{
    static const yodel_duration outages[] = {YODEL_SECONDS(1), YODEL_SECONDS(5), YODEL_SECONDS(15),
        YODEL_SECONDS(24), YODEL_SECONDS(29), YODEL_SECONDS(31), YODEL_SECONDS(120)};

    for (size_t i = 0; i < COUNT(outages); i++) {
        struct sim sim;
        bool is_short = outages[i] <= YODEL_SECONDS(24);

        connect(&sim, i, PLACE_PORT_RESTRICTED, PLACE_RESTRICTED);
        sim.is_offering = true;
        sim.network.is_cut = true;
        sim_wait(&sim, outages[i]);
        sim.network.is_cut = false;
        SIM_CHECK(&sim, (sim.sides[0].restarts + sim.sides[1].restarts == 0) || !is_short);
        check_resumes(&sim, is_short ? YODEL_MS(1100) : YODEL_SECONDS(5));
    }
}

// F20: the server that relays dies in the middle of a transfer, and there is another.
static void a_dead_relay_is_left_for_another(void)
{
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct sim sim;

        place_init_relayed(
            &sim, seed, (const enum place[2]){PLACE_SYMMETRIC, PLACE_PORT_RESTRICTED});
        start(&sim);
        for (int i = 1; i < 3; i++) {
            struct sim_server *server = &sim.servers[i];

            if (addr_same_ip(&server->addr, &sim.sides[0].data_out.remote) ||
                addr_same_ip(&server->addr, &sim.sides[1].data_out.remote)) {
                server_kill(&sim, server);
            }
        }
        SIM_CHECK(&sim, sim.servers[1].is_dead != sim.servers[2].is_dead);
        drain(&sim);
        check_resumes(&sim, YODEL_SECONDS(5));
    }
}

static bool has_gathered(struct sim *sim)
{
    return sim->sides[0].gathered_at && sim->sides[1].gathered_at;
}

// F24: a server that is dead, a name that is not there, or slow, or both: candidates of the host are
// not kept waiting, and gathering ends.
static void gathering_ends_without_its_server(void)
{
    for (int i = 0; i < 5; i++) {
        struct sim sim;

        place_init(&sim, (uint64_t)i, (const enum place[2]){PLACE_FULL_CONE, PLACE_PUBLIC});
        struct sim_name *name = &sim.resolver.names[0];
        if (i == 0) {
            server_kill(&sim, &sim.servers[0]);
        }
        if (i == 1 || i == 4) {
            name->addr.family = YODEL_ADDR_NONE; // NXDOMAIN.
        }
        name->delay = i == 2 ? YODEL_SECONDS(2) : i == 3 ? YODEL_SECONDS(60) : YODEL_MS(10);
        sim_add_flow(&sim, 0, NULL, 10, 1000);
        sim_offer(&sim, 0);
        yodel_time from = sim.now;
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, from + YODEL_SECONDS(1)));
        SIM_CHECK(&sim, sim_run(&sim, has_gathered, from + YODEL_MS(5100)));
        sim_deinit(&sim);
    }
}

// F25: none of one side's candidates arrives, all come twice, or in any order.
static void candidates_may_be_lost_doubled_and_reordered(void)
{
    for (int i = 0; i < 3; i++) {
        struct sim sim;

        place_init(&sim, (uint64_t)i, (const enum place[2]){PLACE_PORT_RESTRICTED, PLACE_PUBLIC});
        sim.signal.loss = i == 0 ? 0.3 : 0;
        sim.signal.duplication = i == 1 ? 1 : 0;
        sim.signal.jitter = i == 2 ? YODEL_SECONDS(2) : 0;
        sim.is_offering = true;
        sim_add_flow(&sim, 0, NULL, 10, 1000);
        sim_offer(&sim, 0);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(90)));
        sim_deinit(&sim);
    }
}

static uint32_t count_restarts(const struct sim *sim)
{
    return sim->sides[0].restarts + sim->sides[1].restarts;
}

// Between networks where checks alone find a path, where a server's answer has to come first, and where
// it takes a relay: for how long, after the network came back. Checks are repeated each second; servers
// that were silent are asked after 2.5 s, relays after 6 s, at the latest.
static const struct {
    enum place places[2];
    yodel_duration patience;
} aways[] = {
    {{PLACE_PUBLIC, PLACE_PUBLIC}, YODEL_MS(1500)},
    {{PLACE_PORT_RESTRICTED, PLACE_RESTRICTED}, YODEL_SECONDS(4)},
    {{PLACE_SYMMETRIC, PLACE_SYMMETRIC}, YODEL_MS(7500)},
};

// And a look-up that began too early fails first; the next waits a while.
#define NAMES_LATE (RESOLVER_TIMEOUT + YODEL_SECONDS(2))

// From 15.5 s on a check is only waited for; it fails after 23.5 s, and a restart begins the next.
#define CHECKED YODEL_MS(15500)
#define CHECKS_REST YODEL_SECONDS(8)

static void check_away(uint64_t seed, size_t row, yodel_duration outage, bool has_names)
{
    struct sim sim;

    place_init_relayed(&sim, seed, aways[row].places);
    sim.is_offering = true;
    sim_add_flow(&sim, 0, NULL, 10, 1000);
    for (int i = 0; i < 2; i++) {
        set_cut(&sim, i, 0, true);
    }
    sim.network.is_cut = !has_names;
    sim_offer(&sim, 0);
    sim_wait(&sim, outage);
    for (int i = 0; i < 2; i++) {
        set_cut(&sim, i, 0, false);
    }
    sim.network.is_cut = false;
    yodel_duration patience =
        aways[row].patience + (has_names ? 0 : NAMES_LATE) + (outage > CHECKED ? CHECKS_REST : 0);

    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + patience));
    SIM_CHECK(&sim, (count_restarts(&sim) > 0) == (outage > YODEL_SECONDS(24)));
    sim_deinit(&sim);
}

// The network was away while addresses were gathered, signaling was not; names were known, or not.
static void a_network_that_was_away_from_the_start_is_found(void)
{
    static const yodel_duration outages[] = {YODEL_SECONDS(6), YODEL_SECONDS(10), YODEL_SECONDS(14),
        YODEL_SECONDS(60), YODEL_SECONDS(90), YODEL_SECONDS(200)};

    for (uint64_t seed = 0; seed < COUNT(aways) * COUNT(outages) * 10; seed++) {
        yodel_duration outage =
            outages[seed / COUNT(aways) % COUNT(outages)] + YODEL_MS(307) * seed / 18;

        check_away(seed, seed % COUNT(aways), outage, seed / 18 % 2 == 0);
    }
}

// One side has no interface when it gathers; after twenty minutes its peers ask for no restart any more.
static void an_interface_that_comes_late_is_used(void)
{
    static const yodel_duration lates[] = {
        YODEL_SECONDS(3), YODEL_SECONDS(20), YODEL_SECONDS(100), YODEL_SECONDS(3600)};

    for (size_t i = 0; i < 2 * COUNT(lates); i++) {
        int side = (int)(i % 2);
        struct sim sim;

        place_init(&sim, i, (const enum place[2]){PLACE_PORT_RESTRICTED, PLACE_RESTRICTED});
        sim.is_offering = true;
        sim_add_flow(&sim, 0, NULL, 10, 1000);
        sim_set_up(&sim, side, 0, false);
        sim_offer(&sim, 0);
        sim_wait(&sim, lates[i / 2]);
        SIM_CHECK(&sim, count_restarts(&sim) <= 2 * PEER_RECOVERY_TRIES_MAX);
        sim_set_up(&sim, side, 0, true);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(1)));
        sim_deinit(&sim);
    }
}

// And for longer than consent lasts.
static void an_interface_that_comes_back_is_used(void)
{
    static const yodel_duration aways_for[] = {
        YODEL_SECONDS(5), YODEL_SECONDS(40), YODEL_SECONDS(1800)};

    for (size_t i = 0; i < 2 * COUNT(aways_for); i++) {
        int side = (int)(i % 2);
        struct sim sim;

        connect(&sim, i, PLACE_PORT_RESTRICTED, PLACE_RESTRICTED);
        sim.is_offering = true;
        sim_set_up(&sim, side, 0, false);
        sim_wait(&sim, aways_for[i / 2]);
        sim_set_up(&sim, side, 0, true);
        check_resumes(&sim, YODEL_SECONDS(5));
    }
}

TEST_MAIN(TEST(an_idle_connection_outlives_short_mappings),
    TEST(a_mapping_that_ends_between_two_checks_is_made_again),
    TEST(a_rebinding_in_a_transfer_is_got_over), TEST(a_rebinding_is_got_over_in_about_a_second),
    TEST(a_filtered_rebinding_goes_on_through_a_relay),
    TEST(a_rebinding_behind_a_filter_takes_a_restart),
    TEST(an_interface_that_cannot_send_does_not_matter),
    TEST(a_path_that_turns_black_is_left_for_another),
    TEST(an_interface_that_goes_away_is_replaced), TEST(an_interface_that_flaps_is_survived),
    TEST(an_outage_one_way_disconnects_both),
    TEST(an_outage_ends_with_a_second_and_no_restart_or_five_and_one),
    TEST(a_dead_relay_is_left_for_another), TEST(gathering_ends_without_its_server),
    TEST(candidates_may_be_lost_doubled_and_reordered),
    TEST(a_network_that_was_away_from_the_start_is_found),
    TEST(an_interface_that_comes_late_is_used), TEST(an_interface_that_comes_back_is_used))
