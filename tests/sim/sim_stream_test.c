// F32: sides that have nothing but streams, to relays, and what befalls those.

#include "base/addr.h"
#include "check.h"
#include "place.h"
#include "sim.h"

#define SEEDS 20
#define FALL_BACK YODEL_SECONDS(5)

static const enum place without_udp[][2] = {{PLACE_BLOCKED, PLACE_PUBLIC},
    {PLACE_ONLY_443, PLACE_SYMMETRIC}, {PLACE_BLOCKED, PLACE_ONLY_443},
    {PLACE_ONLY_443, PLACE_ONLY_443}, {PLACE_NAT64, PLACE_BLOCKED}};

static void begin(struct sim *sim, uint64_t seed, const enum place places[2], uint32_t count)
{
    place_init_relayed(sim, seed, places);
    sim_exchange(sim, count, 2000);
}

static void connect(struct sim *sim, uint64_t seed, const enum place places[2])
{
    begin(sim, seed, places, 2000);
    sim->network.quality.rate_bps = 1000000;
    SIM_CHECK(sim, sim_run(sim, sim_is_connected, sim->now + FALL_BACK));
    sim_wait(sim, YODEL_SECONDS(3));
}

static bool is_by_stream(const struct sim_side *side)
{
    return side->data_out.transport != YODEL_UDP;
}

static void who_has_only_streams_falls_back_to_them(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const enum place *places = without_udp[seed % COUNT(without_udp)];
        struct sim sim;

        begin(&sim, seed, places, 50);
        sim.network.quality = (struct network_quality){.delay = YODEL_MS(10 + seed * 5),
            .jitter = seed % 2 ? YODEL_MS(20) : 0,
            .loss = seed % 3 ? 0.02 : 0,
            .duplication = seed % 4 ? 0.05 : 0,
            .corruption = seed % 5 ? 0 : 0.002};
        SIM_CHECK(&sim, sim_run(&sim, sim_is_connected, sim.now + FALL_BACK));
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(20)));
        SIM_CHECK(&sim, is_by_stream(&sim.sides[0]) || is_by_stream(&sim.sides[1]));
        sim_deinit(&sim);
    }
}

// Nothing comes back along the route by which datagrams go out.
static void an_asymmetric_route_falls_back_to_streams(void)
{
    for (int side = 0; side < 2; side++) {
        struct sim sim;

        begin(&sim, (uint64_t)side, (const enum place[2]){PLACE_FULL_CONE, PLACE_FULL_CONE}, 50);
        place_nat(&sim, side)->config.is_udp_one_way = true;
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + FALL_BACK));
        SIM_CHECK(&sim, is_by_stream(&sim.sides[side]));
        SIM_CHECK(&sim, sim.sides[1 - side].last_direct_at == 0);
        sim_deinit(&sim);
    }
}

static struct sim_server *used_server(struct sim *sim)
{
    struct sim_server *server = &sim->servers[1];

    return addr_same_ip(&server->addr, &sim->sides[0].data_out.remote) ? server : server + 1;
}

static uint32_t mark;

static bool has_moved(struct sim *sim)
{
    return sim->flows[0].received > mark + 5;
}

// Something happened: what was on its way has come, and then, for a while, nothing more.
static void check_goes_on(struct sim *sim)
{
    sim_wait(sim, YODEL_MS(100));
    mark = sim->flows[0].received;
    SIM_CHECK(sim, sim_run(sim, has_moved, sim->now + FALL_BACK));
    SIM_CHECK(sim, sim_run(sim, sim_is_delivered, sim->now + YODEL_SECONDS(120)));
}

// F20 for streams: the program ends, and all its streams; or its machine does, without a word.
static void a_relay_that_goes_away_is_left_for_another(void)
{
    for (int is_silent = 0; is_silent < 2; is_silent++) {
        struct sim sim;

        connect(&sim, 1, (const enum place[2]){PLACE_BLOCKED, PLACE_PUBLIC});
        if (is_silent) {
            server_kill(&sim, used_server(&sim));
        } else {
            server_crash(&sim, used_server(&sim));
        }
        check_goes_on(&sim);
        sim_deinit(&sim);
    }
}

// F13 for streams: each of them is reset, and opened again.
static void a_rebinding_ends_streams_and_others_are_opened(void)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct sim sim;

        connect(&sim, seed, without_udp[seed % 2]);
        uint64_t opened = sim.streams.tcp.opened;
        nat_rebind(place_nat(&sim, 0));
        check_goes_on(&sim);
        SIM_CHECK(&sim, sim.streams.tcp.opened >= opened + 2);
        sim_deinit(&sim);
    }
}

// What a narrow link does not carry waits in the channels, not in the streams and not for ever.
static void a_narrow_link_holds_the_sender_back(void)
{
    struct sim sim;

    place_init_relayed(&sim, 5, (const enum place[2]){PLACE_ONLY_443, PLACE_PUBLIC});
    struct sim_flow *flow = sim_add_flow(&sim, 0, NULL, 600, 4000);
    sim.network.quality.rate_bps = 300000;
    sim_offer(&sim, 0);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_connected, sim.now + FALL_BACK));
    sim_wait(&sim, YODEL_SECONDS(10));
    SIM_CHECK(&sim, flow->received > 20 && flow->received < 200);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(120)));
    sim_deinit(&sim);
}

TEST_MAIN(TEST(who_has_only_streams_falls_back_to_them),
    TEST(an_asymmetric_route_falls_back_to_streams),
    TEST(a_relay_that_goes_away_is_left_for_another),
    TEST(a_rebinding_ends_streams_and_others_are_opened), TEST(a_narrow_link_holds_the_sender_back))
