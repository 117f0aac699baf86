// F13, F15 to F17, F21 and F22 for media: what changes on the way of a call that stands.
//
//   build/sim_media_change | grep '^|'        prints what was measured, as in docs/BENCHMARKS.md

#include <stdio.h>

#include "check.h"
#include "peer/media_pair.h"
#include "place.h"
#include "show.h"

static struct show show;

static void begin_at(uint64_t seed, enum place a, enum place b)
{
    memset(&show, 0, sizeof show);
    place_init(&show.sim, seed, (const enum place[2]){a, b});
}

static void start(void)
{
    show_start(&show);
    show_play(&show, YODEL_SECONDS(5));
}

static void begin(uint64_t seed)
{
    begin_at(seed, PLACE_PORT_RESTRICTED, PLACE_RESTRICTED);
    start();
}

// Sound and pictures are back within `patience` of now, and stay.
static void check_resumes(yodel_duration patience)
{
    show_play(&show, patience);
    uint32_t seen = show.seen, heard = show.heard;
    show_play(&show, YODEL_SECONDS(3));
    SIM_CHECK(&show.sim, show.heard - heard > 140);
    SIM_CHECK(&show.sim, show.seen - seen > 80);
    show_end(&show);
}

static void tell_silence(const char *name, const char *what)
{
    printf("| %s | %s | silent for %.2f s |\n", name, what, (double)show.longest_silence / 1e6);
}

// Of either side, to another port or another address; the other one lets it in.
static void f13_a_rebinding_is_got_over_in_a_second(void)
{
    static const char *const whats[] = {"who sends is rebound, port", "who receives is, port",
        "who sends is, address", "who receives is, address"};

    for (int i = 0; i < 4; i++) {
        begin_at((uint64_t)(1300 + i), i % 2 == 0 ? PLACE_PORT_RESTRICTED : PLACE_PUBLIC,
            i % 2 == 1 ? PLACE_PORT_RESTRICTED : PLACE_PUBLIC);
        start();
        struct nat *nat = place_nat(&show.sim, i % 2);
        nat->config.outside.ip[3] = i < 2 ? nat->config.outside.ip[3] : 99;
        nat_rebind(nat);
        show_forget(&show);
        show_play(&show, YODEL_SECONDS(4));
        tell_silence("F13", whats[i]);
        SIM_CHECK(&show.sim, show.longest_silence < YODEL_SECONDS(1));
        check_resumes(0);
    }
}

static void begin_with_two_interfaces(uint64_t seed, int side)
{
    begin_at(seed, PLACE_PORT_RESTRICTED, PLACE_RESTRICTED);
    place_add_second(&show.sim, side);
    start();
}

static void set_cut(int side, int interface)
{
    int link = show.sim.sides[side].interfaces[interface].link;

    show.sim.network.links[link].is_cut_in = show.sim.network.links[link].is_cut_out = true;
}

static void f15_a_black_path_is_left_for_another(void)
{
    for (int side = 0; side < 2; side++) {
        begin_with_two_interfaces((uint64_t)(1500 + side), side);
        set_cut(side, 0);
        show_forget(&show);
        show_play(&show, YODEL_SECONDS(4));
        tell_silence(
            "F15", side == 0 ? "who sends: its path turns black" : "who receives: the same");
        SIM_CHECK(&show.sim, show.longest_silence < YODEL_SECONDS(2));
        check_resumes(0);
    }
}

static void f15_an_interface_that_goes_is_replaced_and_flapping_survived(void)
{
    for (int side = 0; side < 2; side++) {
        begin_with_two_interfaces((uint64_t)(1510 + side), side);
        show_forget(&show);
        for (int i = 0; i < 5; i++) {
            sim_set_up(&show.sim, side, 0, false);
            show_play(&show, YODEL_SECONDS(1));
            sim_set_up(&show.sim, side, 0, true);
            show_play(&show, YODEL_SECONDS(1));
        }
        show_play(&show, YODEL_SECONDS(2));
        tell_silence("F15", side == 0 ? "who sends: an interface flaps" : "who receives: the same");
        SIM_CHECK(&show.sim, show.longest_silence < YODEL_SECONDS(2));
        check_resumes(0);
    }
}

static void f16_who_is_not_heard_stops_sending(void)
{
    for (int side = 0; side < 2; side++) {
        begin((uint64_t)(1600 + side));
        yodel_time from = show.sim.now;
        show.sim.network.links[show.sim.sides[side].interfaces[0].link].is_cut_out = true;
        show_play(&show, YODEL_MS(6500));
        for (int i = 0; i < 2; i++) {
            SIM_CHECK(&show.sim, show.sim.sides[i].connection == YODEL_CONNECTION_DISCONNECTED);
        }
        show_play(&show, YODEL_SECONDS(40));
        for (int i = 0; i < 2; i++) {
            SIM_CHECK(&show.sim, show.sim.sides[i].last_data_at <= from + YODEL_SECONDS(31));
        }
        show_end(&show);
    }
}

static void f17_after_an_outage_it_goes_on(void)
{
    static const unsigned outages[] = {1, 5, 15, 24, 29, 31, 120};

    for (size_t i = 0; i < COUNT(outages); i++) {
        bool is_short = outages[i] <= 24; // Consent's thirty seconds may have begun six before.
        char what[48];

        begin(1700 + i);
        show.sim.is_offering = true;
        show.sim.network.is_cut = true;
        show_play(&show, YODEL_SECONDS(outages[i]));
        show.sim.network.is_cut = false;
        SIM_CHECK(
            &show.sim, show.sim.sides[0].restarts + show.sim.sides[1].restarts == 0 || !is_short);
        yodel_time healed = show.sim.now;
        uint32_t heard = show.heard;
        while (show.heard == heard && show.sim.now < healed + YODEL_SECONDS(10)) {
            show_play(&show, YODEL_MS(10));
        }
        yodel_duration until_heard = show.sim.now - healed;
        (void)snprintf(what, sizeof what, "nothing for %u s", outages[i]);
        printf("| F17 | %s | sound again after %.2f s |\n", what, (double)until_heard / 1e6);
        SIM_CHECK(&show.sim, until_heard <= (is_short ? YODEL_MS(1100) : YODEL_SECONDS(5)));
        check_resumes(YODEL_SECONDS(2));
    }
}

static void f21_a_clock_that_jumps_starts_no_storm(void)
{
    begin(2100);
    uint64_t sent = show.sim.network.sent, turns = show.sim.turns;
    show.sim.is_offering = true;
    sim_jump(&show.sim, YODEL_SECONDS(3600));
    sim_wait(&show.sim, YODEL_MS(1));
    SIM_CHECK(&show.sim, show.sim.network.sent - sent < 200 && show.sim.turns - turns < 400);
    check_resumes(YODEL_SECONDS(5));
}

// Numbers and timestamps of both streams begin shortly before they wrap.
static void f21_what_wraps_is_not_noticed(void)
{
    begin_at(2110, PLACE_PUBLIC, PLACE_PUBLIC);
    show_start(&show);
    // The first frames are put, and nothing has left yet.
    (void)show_speak(&show);
    show.sound->out->seq = show.video->out->seq = show.video->out->rtx_seq = 0xfff0;
    show.sound->out->timestamp = show.video->out->timestamp = 0xffffff00u;
    show.sim.network.quality.loss = 0.02;
    show_play(&show, YODEL_SECONDS(20));
    struct show_figures f = show_tell(&show, "F21", "numbers that wrap, loss 2 %");
    SIM_CHECK(&show.sim, f.frozen < 0.01 && f.concealed < 0.02 && f.seen > 0.99);
    show_end(&show);
}

// As an outage, but for who slept.
static void f22_a_process_that_stood_still_goes_on(void)
{
    static const yodel_duration pauses[] = {
        YODEL_MS(100), YODEL_SECONDS(1), YODEL_SECONDS(5), YODEL_SECONDS(20)};

    for (size_t i = 0; i < 2 * COUNT(pauses); i++) {
        begin(2200 + i);
        show.sim.sides[i % 2].paused_until = show.sim.now + pauses[i / 2];
        show_play(&show, pauses[i / 2] - 1);
        uint64_t sent = show.sim.network.sent;
        show_play(&show, YODEL_MS(2));
        SIM_CHECK(&show.sim, show.sim.network.sent - sent < 200);
        check_resumes(YODEL_MS(1500));
    }
}

TEST_MAIN(TEST(f13_a_rebinding_is_got_over_in_a_second), TEST(f15_a_black_path_is_left_for_another),
    TEST(f15_an_interface_that_goes_is_replaced_and_flapping_survived),
    TEST(f16_who_is_not_heard_stops_sending), TEST(f17_after_an_outage_it_goes_on),
    TEST(f21_a_clock_that_jumps_starts_no_storm), TEST(f21_what_wraps_is_not_noticed),
    TEST(f22_a_process_that_stood_still_goes_on))
