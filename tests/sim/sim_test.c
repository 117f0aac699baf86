// Scenarios of the simulator: scripted ones, every loss of a handshake, and a swarm of seeds.
//
//   sim             all of them; with SIM_FRESH=number in the environment, fresh seeds beside the fixed ones
//   sim 0x2a        one seed of the swarm again

#include "sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "place.h"

#define SEEDS_FIXED 60
#define SEEDS_FRESH 20
#define CONNECTED YODEL_SECONDS(300) // Ten generations of candidates, of which each may lose some.
#define PACKET 1100                  // Bytes of messages in it.
#define REORDERED 0.03               // What comes late counts as lost, so often.
#define LOSS_LEAST 0.003             // And bits that flip.

static void two_peers_connect_and_talk(void)
{
    struct sim sim;

    sim_init(&sim, 1);
    sim_add_flow(&sim, 0, NULL, 500, 3000);
    sim_offer(&sim, 0);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, YODEL_SECONDS(5)));
    // Signaling takes 20 ms a way and the network 10: ICE, two flights of DTLS, and SCTP's two
    // round trips.
    SIM_CHECK(&sim, sim.sides[0].connected_at < YODEL_SECONDS(1) + YODEL_MS(250));
    sim_deinit(&sim);
}

static void the_same_seed_is_the_same_run(void)
{
    uint64_t hashes[2];

    for (int i = 0; i < 2; i++) {
        struct sim sim;

        sim_init(&sim, 77);
        sim.network.quality = (struct network_quality){
            .delay = YODEL_MS(15), .jitter = YODEL_MS(30), .loss = 0.05, .duplication = 0.02};
        sim_add_flow(&sim, 0, NULL, 200, 20000);
        sim_offer(&sim, 0);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, YODEL_SECONDS(60)));
        hashes[i] = sim.network.hash;
        sim_deinit(&sim);
    }
    CHECK(hashes[0] == hashes[1]);
}

static void every_loss_in_a_handshake_is_survived(void)
{
    for (uint64_t mask = 0; mask < 4096; mask++) {
        struct sim sim;

        sim_init(&sim, mask);
        sim.network.mask = mask;
        sim.network.mask_count = 12;
        sim_add_flow(&sim, 0, NULL, 1, 100);
        sim_offer(&sim, 0);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, YODEL_SECONDS(40)));
        sim_deinit(&sim);
    }
}

static void both_may_offer_at_once(void)
{
    struct sim sim;

    sim_init(&sim, 3);
    sim_add_flow(&sim, 0, NULL, 50, 1000);
    sim_add_flow(&sim, 1, NULL, 50, 1000);
    sim_offer(&sim, 0);
    sim_offer(&sim, 1);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, YODEL_SECONDS(10)));
    sim_deinit(&sim);
}

static void signaling_may_die_once_connected(void)
{
    struct sim sim;

    sim_init(&sim, 4);
    sim_add_flow(&sim, 0, NULL, 2000, 2000);
    sim_offer(&sim, 0);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_connected, YODEL_SECONDS(5)));
    sim.signal.is_dead = true;
    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(20)));
    sim_deinit(&sim);
}

static void an_outage_is_survived(void)
{
    static const yodel_duration outages[] = {
        YODEL_SECONDS(1), YODEL_SECONDS(5), YODEL_SECONDS(15), YODEL_SECONDS(24)};

    for (size_t i = 0; i < COUNT(outages); i++) {
        struct sim sim;

        sim_init(&sim, 5 + i);
        sim.network.quality.rate_bps = 2000000;
        sim_add_flow(&sim, 0, NULL, 1000, 4000);
        sim_offer(&sim, 0);
        SIM_CHECK(&sim, sim_run(&sim, sim_is_connected, YODEL_SECONDS(5)));
        sim.network.is_cut = true;
        sim_wait(&sim, outages[i]);
        sim.network.is_cut = false;
        SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(60)));
        sim_deinit(&sim);
    }
}

// RFC 7675: without consent, silence within 30 seconds (and a check's last answer).
static void silence_ends_the_sending(void)
{
    struct sim sim;

    sim_init(&sim, 9);
    sim_add_flow(&sim, 0, NULL, 4000, 4000);
    sim.network.quality.rate_bps = 1000000;
    sim_offer(&sim, 0);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_connected, YODEL_SECONDS(5)));
    yodel_time cut_at = sim.now;
    sim.network.is_cut = true;
    sim_wait(&sim, YODEL_SECONDS(120));
    for (int i = 0; i < 2; i++) {
        SIM_CHECK(&sim, sim.sides[i].connection == YODEL_CONNECTION_FAILED);
        SIM_CHECK(&sim, yodel_peer_error_text(sim.sides[i].peer)[0] != '\0');
        SIM_CHECK(&sim, sim.sides[i].last_sent_at <= cut_at + YODEL_SECONDS(37));
    }
    sim_deinit(&sim);
}

static void an_ice_restart_brings_it_back(void)
{
    struct sim sim;

    sim_init(&sim, 10);
    sim_add_flow(&sim, 0, NULL, 1000, 2000);
    sim.network.quality.rate_bps = 4000000;
    sim_offer(&sim, 0);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_connected, YODEL_SECONDS(5)));
    sim.network.is_cut = true;
    sim_wait(&sim, YODEL_SECONDS(45));
    SIM_CHECK(&sim, sim.sides[0].connection == YODEL_CONNECTION_FAILED);
    sim.network.is_cut = false;
    yodel_peer_restart_ice(sim.sides[0].peer);
    sim_offer(&sim, 0);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_connected, sim.now + YODEL_SECONDS(5)));
    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + YODEL_SECONDS(60)));
    sim_deinit(&sim);
}

static bool is_closed_there(struct sim *sim)
{
    return !sim->flows[0].to;
}

static void a_close_is_told_to_the_other_side(void)
{
    struct sim sim;

    sim_init(&sim, 11);
    sim_add_flow(&sim, 0, NULL, 10, 100);
    sim_offer(&sim, 0);
    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, YODEL_SECONDS(5)));
    yodel_peer_close(sim.sides[0].peer);
    sim.flows[0].is_used = false;
    SIM_CHECK(&sim, sim_run(&sim, is_closed_there, sim.now + YODEL_MS(100)));
    sim_deinit(&sim);
}

// ---- the swarm

static struct yodel_channel_options draw_options(struct prng *prng)
{
    struct yodel_channel_options options = {.unordered = prng_chance(prng, 0.4)};
    uint64_t kind = prng_below(prng, 4);

    if (kind == 1) {
        options.has_max_retransmits = true;
        options.max_retransmits = (uint16_t)prng_below(prng, 4);
    } else if (kind == 2) {
        options.has_max_packet_life_time = true;
        options.max_packet_life_time = (uint16_t)prng_below(prng, 500);
    }
    return options;
}

static struct network_quality draw_quality(struct prng *prng)
{
    static const uint64_t rates[] = {0, 0, 300000, 2000000, 20000000};

    return (struct network_quality){
        .delay = prng_below(prng, YODEL_MS(150)),
        .jitter = prng_chance(prng, 0.5) ? prng_below(prng, YODEL_MS(100)) : 0,
        .loss = prng_chance(prng, 0.6) ? (double)prng_below(prng, 20) / 100 : 0,
        .duplication = prng_chance(prng, 0.3) ? (double)prng_below(prng, 30) / 100 : 0,
        .corruption = prng_chance(prng, 0.2) ? 0.002 : 0,
        .rate_bps = rates[prng_below(prng, COUNT(rates))],
    };
}

static struct network_link *link_of(struct sim *sim, int side)
{
    return &sim->network.links[sim->sides[side].interfaces[0].link];
}

// Some listen for streams too; on the open internet nothing else may get through.
static void draw_streams(struct sim *sim, struct prng *prng)
{
    bool is_callable = false;

    for (int i = 0; i < 2; i++) {
        sim->sides[i].interfaces[0].is_listening = prng_chance(prng, 0.3);
        is_callable = is_callable || sim->sides[i].interfaces[0].is_listening;
    }
    is_callable = is_callable && sim->network.nat_count == 0;
    link_of(sim, 0)->is_udp_blocked = is_callable && prng_chance(prng, 0.5);
}

// Half of the seeds on the open internet, the others in networks that reach each other directly.
static void init_places(struct sim *sim, uint64_t seed)
{
    struct prng prng;
    enum place places[2];

    prng_init(&prng, seed);
    do {
        places[0] = (enum place)prng_below(&prng, PLACE_COUNT);
        places[1] = (enum place)prng_below(&prng, PLACE_COUNT);
    } while (!place_is_direct(places[0], places[1]));
    if (prng_chance(&prng, 0.5)) {
        sim_init(sim, seed);
    } else {
        place_init(sim, seed, places);
    }
    draw_streams(sim, &prng);
    (void)snprintf(sim->again, sizeof sim->again, "make sim SEED=0x%llx", (unsigned long long)seed);
}

// Candidates get lost, come twice and overtake each other; then it may take a restart.
static void draw_signaling(struct sim *sim)
{
    sim->signal.delay = prng_below(&sim->prng, YODEL_MS(500));
    if (prng_chance(&sim->prng, 0.5)) {
        sim->signal.jitter = prng_below(&sim->prng, YODEL_SECONDS(3));
        sim->signal.loss = (double)prng_below(&sim->prng, 30) / 100;
        sim->signal.duplication = (double)prng_below(&sim->prng, 30) / 100;
    }
}

// Bytes a second that loss leaves to a flow of SCTP's: Mathis et al., "The macroscopic
// behavior of the TCP congestion avoidance algorithm", 1997.
static double speed_of(const struct network_quality *q, double rtt)
{
    double loss = q->loss + (q->jitter > 0 ? REORDERED : 0) + LOSS_LEAST;

    return PACKET / rtt * sqrt(1.5 / loss);
}

// Of the simulator's TCP, which repairs one loss a round trip. Meanwhile what is behind waits, and with it
// the answers to our checks: for more than five seconds at 14 % and 300 ms (0x407), so that states come
// and go.
static double stream_speed_of(const struct network_quality *q, double rtt)
{
    double losses = q->loss * TCP_ROOM / (TCP_SEGMENT_MAX / 2.0); // Segments are cut at will.

    return TCP_ROOM / (rtt * (1 + losses));
}

static double bytes_of_side(const struct sim *sim, int side)
{
    double bytes = 0;

    for (size_t i = 0; i < SIM_CHANNELS_MAX; i++) {
        const struct sim_flow *flow = &sim->flows[i];
        bytes += flow->is_used && flow->side == side ? flow->count * (double)flow->size_max / 2 : 0;
    }
    return bytes;
}

// Twice what theory says for the side that has more to send, and some time for what befalls it besides.
static yodel_duration delivery(struct sim *sim)
{
    const struct network_quality *q = &sim->network.quality;
    double rtt = (double)(2 * q->delay + q->jitter + YODEL_MS(20)) / YODEL_SECONDS(1);
    bool is_stream = link_of(sim, 0)->is_udp_blocked;
    double speed = is_stream ? stream_speed_of(q, rtt) : speed_of(q, rtt);
    double bytes = fmax(bytes_of_side(sim, 0), bytes_of_side(sim, 1));

    if (q->rate_bps > 0) {
        speed = fmin(speed, (double)q->rate_bps / 8);
    }
    if (is_stream) {
        speed /= 2; // What TCP holds up, SCTP takes for lost, and sends again.
    }
    return YODEL_SECONDS(90) + (yodel_duration)(2 * bytes / speed * YODEL_SECONDS(1));
}

static void run_seed(uint64_t seed)
{
    struct sim sim;

    init_places(&sim, seed);
    sim.network.quality = draw_quality(&sim.prng);
    double corruption = sim.network.quality.corruption;
    draw_signaling(&sim);
    uint64_t flows = 1 + prng_below(&sim.prng, 4);
    for (uint64_t i = 0; i < flows; i++) {
        struct yodel_channel_options options = draw_options(&sim.prng);
        int side = (int)prng_below(&sim.prng, 2);

        sim_add_flow(&sim, i == 0 ? 0 : side, &options, 1 + (uint32_t)prng_below(&sim.prng, 300),
            prng_chance(&sim.prng, 0.2) ? 100000 : 2000);
    }
    // DTLS's handshake is plain text: a bit that flips there, and that no checksum of UDP's noticed,
    // ends it.
    sim.network.quality.corruption = 0;
    sim.is_offering = true;
    sim_offer(&sim, 0);
    if (prng_chance(&sim.prng, 0.3)) {
        // An outage somewhere in the first seconds; liveness (V5) counts from its end.
        sim_wait(&sim, prng_below(&sim.prng, YODEL_SECONDS(8)));
        sim.network.is_cut = true;
        sim_wait(&sim, prng_below(&sim.prng, YODEL_SECONDS(8)));
        sim.network.is_cut = false;
    }
    SIM_CHECK(&sim, sim_run(&sim, sim_is_connected, sim.now + CONNECTED));
    sim.network.quality.corruption = corruption;
    SIM_CHECK(&sim, sim_run(&sim, sim_is_delivered, sim.now + delivery(&sim)));
    sim_deinit(&sim);
}

static void every_seed_of_the_swarm_delivers(void)
{
    const char *fresh = getenv("SIM_FRESH");
    uint64_t from = fresh ? strtoull(fresh, NULL, 0) << 20 : 0;

    for (uint64_t seed = 1; seed <= SEEDS_FIXED; seed++) {
        run_seed(seed);
    }
    for (uint64_t i = 0; fresh && i < SEEDS_FRESH; i++) {
        run_seed(from + i);
    }
}

int main(int argc, char **argv)
{
    struct test tests[] = {
        TEST(two_peers_connect_and_talk),
        TEST(the_same_seed_is_the_same_run),
        TEST(both_may_offer_at_once),
        TEST(signaling_may_die_once_connected),
        TEST(an_outage_is_survived),
        TEST(silence_ends_the_sending),
        TEST(an_ice_restart_brings_it_back),
        TEST(a_close_is_told_to_the_other_side),
        TEST(every_loss_in_a_handshake_is_survived),
        TEST(every_seed_of_the_swarm_delivers),
    };

    if (argc > 1) {
        run_seed(strtoull(argv[1], NULL, 0));
        return 0;
    }
    return check_run_all(tests, COUNT(tests));
}
