// Clocks that jump, processes that stand still, applications that do not listen, and attackers on
// and off the path.

#include "base/addr.h"
#include "check.h"
#include "peer/peer.h"
#include "sim.h"

static void connect_with_flow(struct sim *sim, uint64_t seed, uint32_t count)
{
    sim_init(sim, seed);
    sim->network.quality.rate_bps = 4000000;
    sim_add_flow(sim, 0, NULL, count, 4000);
    sim_offer(sim, 0);
    SIM_CHECK(sim, sim_run(sim, sim_is_connected, YODEL_SECONDS(5)));
}

// ---- time

static void restart_and_deliver(struct sim *sim)
{
    yodel_peer_restart_ice(sim->sides[0].peer);
    sim_offer(sim, 0);
    SIM_CHECK(sim, sim_run(sim, sim_is_delivered, sim->now + YODEL_SECONDS(90)));
}

// F21: at the jump all deadlines have come, and each is met once.
static void a_clock_that_jumps_an_hour_starts_no_storm(void)
{
    struct sim sim;

    connect_with_flow(&sim, 21, 1000);
    uint64_t sent = sim.network.sent, turns = sim.turns;
    sim_jump(&sim, YODEL_SECONDS(3600));
    sim_wait(&sim, YODEL_MS(1));
    SIM_CHECK(&sim, sim.network.sent - sent < 200 && sim.turns - turns < 400);
    sim_wait(&sim, YODEL_SECONDS(1));
    if (sim.sides[0].connection != YODEL_CONNECTION_CONNECTED ||
        sim.sides[1].connection != YODEL_CONNECTION_CONNECTED) {
        restart_and_deliver(&sim);
    }
    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(90)));
    sim_deinit(&sim);
}

// F22: as an outage, but for the one who slept.
static void a_process_that_stood_still_goes_on(void)
{
    static const yodel_duration pauses[] = {
        YODEL_MS(100), YODEL_SECONDS(1), YODEL_SECONDS(5), YODEL_SECONDS(20), YODEL_SECONDS(60)};

    for (size_t i = 0; i < 2 * COUNT(pauses); i++) {
        struct sim sim;
        yodel_duration pause = pauses[i / 2];

        connect_with_flow(&sim, 22 + i, 1000);
        struct sim_side *side = &sim.sides[i % 2];
        side->paused_until = sim.now + pause;
        sim_wait(&sim, pause - 1);
        uint64_t sent = sim.network.sent;
        sim_wait(&sim, YODEL_MS(2));
        SIM_CHECK(&sim, sim.network.sent - sent < 200);
        if (pause > YODEL_SECONDS(30)) {
            sim_wait(&sim, YODEL_SECONDS(5));
            restart_and_deliver(&sim);
        }
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(90)));
        sim_deinit(&sim);
    }
}

// F23: the window closes, the sender waits, and nothing is lost or piled up.
static void an_application_that_does_not_listen_holds_the_sender_back(void)
{
    struct sim sim;

    sim_init(&sim, 23);
    struct sim_flow *flow = sim_add_flow(&sim, 0, NULL, 300, 60000);
    sim_offer(&sim, 0);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_connected, YODEL_SECONDS(5)));
    sim.sides[1].is_deaf = true;
    sim_wait(&sim, YODEL_SECONDS(40));
    SIM_CHECK(&sim, flow->sent < flow->count);
    SIM_CHECK(&sim, yodel_channel_buffered_amount(flow->from) > 0);
    SIM_CHECK(&sim, sim.sides[1].memory.in_use < (8u << 20));
    SIM_CHECK(&sim, yodel_peer_connection_state(sim.sides[0].peer) == YODEL_CONNECTION_CONNECTED);
    sim.sides[1].is_deaf = false;
    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(90)));
    sim_deinit(&sim);
}

// F16: who hears nothing back stops, though the other's requests still arrive.
static void a_one_way_outage_stops_both_sides(void)
{
    struct sim sim;

    connect_with_flow(&sim, 16, 4000);
    yodel_time cut_at = sim.now;
    sim.network.links[sim.sides[0].interfaces[0].link].is_cut_out = true;
    sim_wait(&sim, YODEL_SECONDS(120));
    for (int i = 0; i < 2; i++) {
        SIM_CHECK(&sim, sim.sides[i].connection == YODEL_CONNECTION_FAILED);
        SIM_CHECK(&sim, sim.sides[i].last_data_at <= cut_at + YODEL_SECONDS(31));
    }
    sim_deinit(&sim);
}

// ---- attackers

// F27: everything is sent again, later, by somebody on the path.
static void replays(
    struct sim *sim, int from, const struct yodel_path *path, const uint8_t *datagram, size_t len)
{
    (void)from;
    if (prng_chance(&sim->prng, 0.5)) {
        yodel_duration later = prng_below(&sim->prng, YODEL_SECONDS(4));

        network_inject(&sim->network, path, datagram, len, sim->now + later);
    }
}

// F27: everything is sent on changed, and arrives before the original. Only of a connection that
// stands: DTLS's handshake is plain text, and whoever changes it can end it.
static void modifies(
    struct sim *sim, int from, const struct yodel_path *path, const uint8_t *datagram, size_t len)
{
    uint8_t changed[YODEL_DATAGRAM_MAX];
    uint64_t bit = prng_below(&sim->prng, len * 8);

    (void)from;
    if (!sim_is_connected(sim)) {
        return;
    }
    memcpy(changed, datagram, len);
    changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    network_inject(&sim->network, path, changed, len, sim->now);
}

static struct yodel_path from_a_stranger(struct sim *sim, const struct yodel_path *path)
{
    struct yodel_path forged = *path;

    forged.local = addr_v4(10, 0, 0, 66, (uint16_t)(1024 + prng_below(&sim->prng, 1000)));
    return forged;
}

// F27: everything is sent again from another address, by somebody who saw it.
static void copies_from_elsewhere(
    struct sim *sim, int from, const struct yodel_path *path, const uint8_t *datagram, size_t len)
{
    struct yodel_path forged = from_a_stranger(sim, path);

    (void)from;
    network_inject(&sim->network, &forged, datagram, len, sim->now + YODEL_MS(5));
}

static void write_forgery(struct prng *prng, uint8_t *room, size_t *len)
{
    // STUN, a success of STUN's, DTLS with a ClientHello, an alert, sealed data; RTP; anything.
    static const uint8_t starts[][13] = {{0, 1, 0, 44, 0x21, 0x12, 0xa4, 0x42},
        {1, 1, 0, 44, 0x21, 0x12, 0xa4, 0x42}, {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 51},
        {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2},
        {23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 51}, {0x80, 96, 0, 1}};
    uint64_t kind = prng_below(prng, COUNT(starts) + 1);

    *len = 64;
    for (size_t i = 0; i < *len; i++) {
        room[i] = (uint8_t)prng_next(prng);
    }
    if (kind < COUNT(starts)) {
        memcpy(room, starts[kind], sizeof starts[kind]);
        *len = kind == 3 ? 15 : 64;
    }
}

// F28: forgeries by somebody who knows the addresses, and nothing else.
static void forges(
    struct sim *sim, int from, const struct yodel_path *path, const uint8_t *datagram, size_t len)
{
    struct yodel_path forged = prng_chance(&sim->prng, 0.5) ? *path : from_a_stranger(sim, path);
    uint8_t room[64];
    size_t room_len;

    (void)from, (void)datagram, (void)len;
    write_forgery(&sim->prng, room, &room_len);
    network_inject(&sim->network, &forged, room, room_len, sim->now);
}

static void deliver_under(void (*attack)(struct sim *sim, int from, const struct yodel_path *path,
                              const uint8_t *datagram, size_t len),
    bool may_answer)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct sim sim;

        sim_init(&sim, seed);
        sim.attack = attack;
        sim_add_flow(&sim, 0, NULL, 200, 3000);
        sim_add_flow(&sim, 1, &(struct yodel_channel_options){.unordered = true}, 200, 3000);
        sim_add_flow(
            &sim, 0, &(struct yodel_channel_options){.has_max_retransmits = true}, 100, 500);
        sim_offer(&sim, 0);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, YODEL_SECONDS(30)));
        sim_wait(&sim, YODEL_SECONDS(35));
        SIM_CHECK(&sim, sim_is_connected(&sim));
        for (int i = 0; i < 2; i++) {
            SIM_CHECK(&sim, may_answer || sim.sides[i].stranger_bytes == 0);
        }
        sim_deinit(&sim);
    }
}

static void a_replay_of_everything_changes_nothing(void)
{
    deliver_under(replays, false);
}

static void a_changed_copy_of_everything_changes_nothing(void)
{
    deliver_under(modifies, false);
}

// A request of the real peer's from elsewhere is one of ICE's own, whose sender may be there: it is
// answered and checked. No data goes there (check_consent), and the path stays.
static void a_copy_of_everything_from_elsewhere_gets_no_data(void)
{
    deliver_under(copies_from_elsewhere, true);
}

static void a_stranger_without_keys_gets_no_answer_and_does_no_harm(void)
{
    deliver_under(forges, false);
}

TEST_MAIN(TEST(a_clock_that_jumps_an_hour_starts_no_storm),
    TEST(a_process_that_stood_still_goes_on),
    TEST(an_application_that_does_not_listen_holds_the_sender_back),
    TEST(a_one_way_outage_stops_both_sides), TEST(a_replay_of_everything_changes_nothing),
    TEST(a_changed_copy_of_everything_changes_nothing),
    TEST(a_copy_of_everything_from_elsewhere_gets_no_data),
    TEST(a_stranger_without_keys_gets_no_answer_and_does_no_harm))
