// F1 to F9 for media: sound and video over networks that lose, reorder, repeat, change bits, and are slow or far.
//
//   build/sim_media | grep '^|'        prints what was measured, as in docs/BENCHMARKS.md

#include <stdio.h>

#include "check.h"
#include "peer/media_pair.h"
#include "show.h"

#define MBPS 1000000u
#define INTELLIGIBLE 0.03 // Of the sound made up, of which nothing is lost that matters.

static struct show show;

static void begin(uint64_t seed, const struct network_quality *quality)
{
    show_init(&show, seed);
    show.sim.network.quality = *quality;
    show_start(&show);
}

// Played for so long after three seconds in which it finds its rate, and told.
static struct show_figures run(const char *name, const char *what, unsigned seconds)
{
    show_play(&show, YODEL_SECONDS(3));
    show_forget(&show);
    show_play(&show, YODEL_SECONDS(seconds));
    return show_tell(&show, name, what);
}

static void f1_losses_freeze_little(void)
{
    static const double losses[] = {0, 0.01, 0.05, 0.1, 0.3};

    for (size_t i = 0; i < COUNT(losses); i++) {
        char what[32];

        begin(100 + i, &(struct network_quality){.delay = YODEL_MS(40), .loss = losses[i]});
        (void)snprintf(what, sizeof what, "loss %.0f %%", 100 * losses[i]);
        struct show_figures f = run("F1", what, 20);
        SIM_CHECK(&show.sim, losses[i] > 0.05 || (f.frozen < 0.05 && f.seen > 0.995));
        SIM_CHECK(&show.sim, losses[i] > 0.1 || (f.concealed < INTELLIGIBLE && f.seen > 0.9));
        SIM_CHECK(&show.sim, f.concealed < 0.15);
        // RFC 3611 §4.4: who only looks and listens knows the round trip, too.
        yodel_duration rtt = show.sim.sides[1].peer->session->rtt;
        SIM_CHECK(&show.sim, rtt > YODEL_MS(75) && rtt < YODEL_MS(90));
        show_end(&show);
    }
}

static void f1_losses_do_not_hinder_connecting(void)
{
    static const struct {
        double loss;
        yodel_time until;
    } rows[] = {{0.1, YODEL_SECONDS(2)}, {0.3, YODEL_SECONDS(10)}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (uint64_t seed = 0; seed < 10; seed++) {
            begin(150 + 20 * i + seed,
                &(struct network_quality){.delay = YODEL_MS(40), .loss = rows[i].loss});
            SIM_CHECK(&show.sim, show.sim.sides[0].connected_at <= rows[i].until);
            show_end(&show);
        }
    }
}

static void f2_bursts_are_repaired(void)
{
    static const struct {
        double loss, burst;
    } rows[] = {{0.01, 4}, {0.05, 3}, {0.05, 10}, {0.1, 5}, {0.1, 20}, {0.02, 50}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        char what[48];

        begin(200 + i, &(struct network_quality){
                           .delay = YODEL_MS(40), .loss = rows[i].loss, .burst = rows[i].burst});
        (void)snprintf(what, sizeof what, "loss %.0f %%, in bursts of %.0f", 100 * rows[i].loss,
            rows[i].burst);
        struct show_figures f = run("F2", what, 30);
        SIM_CHECK(&show.sim, rows[i].burst > 10 || f.seen > 0.995);
        SIM_CHECK(&show.sim, rows[i].burst > 10 || (f.frozen < 0.05 && f.concealed < rows[i].loss));
        SIM_CHECK(&show.sim, f.frozen < 0.25 && f.seen > 0.85 && f.concealed < 0.15);
        show_end(&show);
    }
}

static void f2_short_outages_are_made_up_for(void)
{
    begin(250, &(struct network_quality){.delay = YODEL_MS(30)});
    show_forget(&show);
    for (int i = 0; i < 20; i++) {
        show_play(&show, YODEL_MS(900));
        show.sim.network.is_cut = true;
        show_play(&show, YODEL_MS(60));
        show.sim.network.is_cut = false;
    }
    struct show_figures f = show_tell(&show, "F2", "60 ms of nothing each second");
    SIM_CHECK(&show.sim, f.frozen < 0.05 && f.seen > 0.9);
    show_end(&show);
}

static void f3_another_order_is_no_loss(void)
{
    static const double shares[] = {0.1, 0.5};

    for (size_t i = 0; i < COUNT(shares); i++) {
        char what[48];

        begin(300 + i, &(struct network_quality){
                           .delay = YODEL_MS(40), .jitter = YODEL_MS(100), .reordered = shares[i]});
        (void)snprintf(what, sizeof what, "%.0f %% up to 100 ms late", 100 * shares[i]);
        struct show_figures f = run("F3", what, 20);
        SIM_CHECK(&show.sim, f.again < 0.1);
        SIM_CHECK(&show.sim, f.frozen < 0.05 && f.seen > 0.99 && f.concealed < INTELLIGIBLE);
        show_end(&show);
    }
}

// That nothing comes twice is for show_end.
static void f4_doubles_add_nothing(void)
{
    begin(400, &(struct network_quality){.delay = YODEL_MS(30), .duplication = 0.5});
    struct show_figures f = run("F4", "50 % twice", 10);
    SIM_CHECK(&show.sim, f.frozen == 0 && f.concealed < 0.01 && f.again == 0);
    show_end(&show);
}

static void f5_delay_is_followed_both_ways(void)
{
    const struct network_quality calm = {.delay = YODEL_MS(30)};

    begin(500, &calm);
    (void)run("F5", "30 ms away", 10);
    yodel_duration target = playout_audio_target(&show.audio);
    show.sim.network.quality.jitter = YODEL_MS(300);
    struct show_figures f = run("F5", "up to 300 ms late", 20);
    SIM_CHECK(&show.sim, f.concealed < 0.1 && f.seen > 0.9);
    show.sim.network.quality = calm;
    show_play(&show, YODEL_SECONDS(20)); // The worst of it is remembered for so long.
    show_forget(&show);
    show_play(&show, YODEL_SECONDS(10));
    f = show_tell(&show, "F5", "30 ms away again");
    SIM_CHECK(&show.sim, playout_audio_target(&show.audio) <= target + YODEL_MS(20));
    SIM_CHECK(&show.sim, playout_audio_delay(&show.audio) < target + YODEL_MS(60));
    SIM_CHECK(&show.sim, f.frozen == 0);
    show_end(&show);
}

static void f5_a_spike_ends_nothing(void)
{
    begin(510, &(struct network_quality){.delay = YODEL_MS(30)});
    show_play(&show, YODEL_SECONDS(5));
    uint32_t changes = show.sim.sides[0].changes + show.sim.sides[1].changes;
    show.sim.network.quality.delay = YODEL_MS(4500);
    show_play(&show, YODEL_MS(100));
    show.sim.network.quality.delay = YODEL_MS(30);
    show_play(&show, YODEL_SECONDS(6));
    SIM_CHECK(&show.sim, show.sim.sides[0].changes + show.sim.sides[1].changes == changes);
    struct show_figures f = run("F5", "after a spike of 4.5 s", 10);
    SIM_CHECK(&show.sim, f.frozen == 0 && f.concealed < 0.01 && f.seen > 0.98);
    show_end(&show);
}

static void f6_by_satellite(void)
{
    begin(
        600, &(struct network_quality){.delay = YODEL_MS(300), .loss = 0.01, .rate_bps = 5 * MBPS});
    SIM_CHECK(&show.sim, show.sim.sides[0].connected_at < YODEL_SECONDS(5));
    show_play(&show, YODEL_SECONDS(10)); // Until it is known what a repair takes.
    struct show_figures f = run("F6", "300 ms away, loss 1 %, 5 Mbit/s", 30);
    SIM_CHECK(&show.sim, f.frozen < 0.1 && f.concealed < INTELLIGIBLE && f.seen > 0.98);
    show_end(&show);
}

// To a quarter within a second and a half. Until the queue is empty, sound is lost with all else.
static void f8_a_step_down_is_followed_at_once(void)
{
    static const struct {
        uint64_t from, to;
        yodel_duration patience;
        const char *what;
    } rows[] = {{2 * MBPS, MBPS, YODEL_MS(1500), "2 to 1 Mbit/s, the first 4 s"},
        {2 * MBPS, MBPS / 2, YODEL_MS(1500), "2 to 0.5 Mbit/s, the first 4 s"},
        {2 * MBPS, MBPS / 5, YODEL_MS(2500), "2 to 0.2 Mbit/s, the first 4 s"}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(800 + i, &(struct network_quality){.delay = YODEL_MS(30), .rate_bps = rows[i].from});
        show_play(&show, YODEL_SECONDS(15));
        show.sim.network.quality.rate_bps = rows[i].to;
        SIM_CHECK(&show.sim,
            show_wait_below(&show, rows[i].to * 11 / 10, YODEL_SECONDS(3)) <= rows[i].patience);
        (void)show_tell(&show, "F8", rows[i].what);
        struct show_figures f = run("F8", "… and then", 15);
        SIM_CHECK(&show.sim, f.heard > 0.98 && f.bps > 0.7 * (double)rows[i].to);
        SIM_CHECK(&show.sim, f.peak_bps < 1.15 * (double)rows[i].to && f.frozen < 0.05);
        show_end(&show);
    }
}

static void f8_a_step_up_is_found(void)
{
    begin(810, &(struct network_quality){.delay = YODEL_MS(30), .rate_bps = MBPS / 4});
    show_play(&show, YODEL_SECONDS(15));
    show.sim.network.quality.rate_bps = 5 * MBPS / 2;
    show_play(&show, YODEL_SECONDS(20));
    struct show_figures f = run("F8", "0.25 to 2.5 Mbit/s, after 23 s", 10);
    SIM_CHECK(&show.sim, f.bps > 0.6 * 2.5 * MBPS && f.frozen < 0.05);
    show_end(&show);
}

static void f8_queues_of_any_length_are_borne(void)
{
    static const struct {
        yodel_duration queue;
        const char *what;
        double delay_ms;
    } rows[] = {{YODEL_MS(40), "1 Mbit/s, a policer", 200},
        {YODEL_MS(200), "1 Mbit/s, 200 ms of queue", 250},
        {YODEL_SECONDS(2), "1 Mbit/s, 2 s of queue", 300}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(820 + i, &(struct network_quality){
                           .delay = YODEL_MS(30), .rate_bps = MBPS, .queue = rows[i].queue});
        show_play(&show, YODEL_SECONDS(5));
        struct show_figures f = run("F8", rows[i].what, 30);
        SIM_CHECK(&show.sim, f.bps > 0.6 * MBPS && f.peak_bps < 1.15 * MBPS);
        SIM_CHECK(&show.sim, f.delay_ms < rows[i].delay_ms && f.heard > 0.9 && f.frozen < 0.05);
        show_end(&show);
    }
}

static void f9_bits_that_flip_are_losses(void)
{
    begin(900, &(struct network_quality){.delay = YODEL_MS(30), .corruption = 0.04});
    struct show_figures f = run("F9", "a bit flips in 4 %", 20);
    SIM_CHECK(&show.sim, f.frozen < 0.05 && f.seen > 0.99 && f.concealed < INTELLIGIBLE);
    show_end(&show);
}

// With a peer that gives no feedback of packets, loss in reports is all that the rate can follow.
static void without_feedback_the_rate_follows_reports(void)
{
    show_init(&show, 8);
    show.sim.network.quality =
        (struct network_quality){.delay = YODEL_MS(30), .rate_bps = 3 * MBPS / 2};
    show.sim.signal.unknown = "transport-cc";
    show_start(&show);
    show_play(&show, YODEL_SECONDS(30));
    SIM_CHECK(&show.sim, show.bitrate > 900000 && show.bitrate < 1800000);
    show.sim.network.quality.rate_bps = 400000;
    show_play(&show, YODEL_SECONDS(10));
    SIM_CHECK(&show.sim, show.bitrate < 500000);
    struct show_figures f = run("F8", "1.5 to 0.4 Mbit/s, by reports alone", 10);
    SIM_CHECK(&show.sim, f.heard > 0.8);
    show_end(&show);
}

static void tamper(
    struct sim *sim, int from, const struct yodel_path *path, const uint8_t *datagram, size_t len)
{
    uint8_t copy[YODEL_DATAGRAM_MAX];
    uint64_t chance = prng_next(&sim->prng);

    if (from != 0 || datagram[0] < 128 || datagram[0] > 191) {
        return;
    }
    memcpy(copy, datagram, len);
    network_inject(&sim->network, path, copy, len, sim->now + YODEL_MS(chance % 50)); // F28: again,
    copy[chance / 64 % len] ^= (uint8_t)(1u << chance % 8);
    network_inject(&sim->network, path, copy, len, sim->now + YODEL_MS(1)); // changed,
    struct yodel_path other = *path;
    other.local.port++;
    network_inject(&sim->network, &other, datagram, len, sim->now); // and from elsewhere.
}

static void f28_strangers_add_nothing(void)
{
    begin(6, &(struct network_quality){.delay = YODEL_MS(10)});
    show.attack = tamper;
    show_play(&show, YODEL_SECONDS(10));
    show.attack = NULL;
    show_play(&show, YODEL_SECONDS(1));
    SIM_CHECK(&show.sim, show.heard > show.sounds - 10 && show.seen > show.pictures - 10);
    show_end(&show);
}

static void the_same_seed_is_the_same_run(void)
{
    uint64_t hashes[2];

    for (size_t i = 0; i < 2; i++) {
        begin(7, &(struct network_quality){.delay = YODEL_MS(20),
                     .jitter = YODEL_MS(10),
                     .loss = 0.03,
                     .burst = 3,
                     .rate_bps = MBPS});
        show_play(&show, YODEL_SECONDS(5));
        hashes[i] = show.sim.network.hash;
        show_end(&show);
    }
    CHECK(hashes[0] == hashes[1]);
}

TEST_MAIN(TEST(f1_losses_freeze_little), TEST(f1_losses_do_not_hinder_connecting),
    TEST(f2_bursts_are_repaired), TEST(f2_short_outages_are_made_up_for),
    TEST(f3_another_order_is_no_loss), TEST(f4_doubles_add_nothing),
    TEST(f5_delay_is_followed_both_ways), TEST(f5_a_spike_ends_nothing), TEST(f6_by_satellite),
    TEST(f8_a_step_down_is_followed_at_once), TEST(f8_a_step_up_is_found),
    TEST(f8_queues_of_any_length_are_borne), TEST(f9_bits_that_flip_are_losses),
    TEST(without_feedback_the_rate_follows_reports), TEST(f28_strangers_add_nothing),
    TEST(the_same_seed_is_the_same_run))
