// Audio's playout, over a virtual path: what is missing is concealed and nothing else, the delay is what
// the path demands, and nothing that comes breaks it.

#include "playout/audio.h"

#include <math.h>

#include "capped_alloc.h"
#include "check.h"
#include "playout/path_fixture.h"

#define PI 3.14159265358979323846
#define RATE 48000
#define PIECE 480
#define PACKET 960
#define PACKET_US YODEL_MS(20)
#define PLACES 128
#define START YODEL_SECONDS(100)    // Of our clock,
#define FIRST_TIMESTAMP 0xffff0000u // and of the sender's, which wraps in the test.
#define FIRST_SEQ 0x1fff0u
#define AMPLITUDE 8000.0
#define TONE 440.0

// ---- the world: a sender of a tone, a path, and who pulls

static struct world {
    struct path path;
    double ppm; // The sender's clock is so much faster.
    bool has_fec, has_red;
    bool fails_fec;         // The decoder.
    uint64_t talk, silence; // Packets of each in turn; 0: always talking.
    yodel_duration batch;   // Who pulls takes so much at once.
    struct playout_audio audio;
    yodel_time now, due; // When who pulls comes next.
    uint64_t sent;       // Packets, of those that the sender's clock knows.
    uint64_t seq;        // Of the last that left.
    uint64_t pieces;
    double phase;     // Of the last that was made,
    int16_t last;     // the last sample that came out,
    int32_t steepest; // and what lay between two at most.
    double delay_sum, delay_max;
    uint64_t delays;
    uint64_t steps[PLAYOUT_AUDIO_COMFORT + 1];
} world;

static struct sent_packet {
    uint64_t seq, timestamp;
    bool is_dtx;
} sents[1 << 16];

static void begin(void)
{
    struct playout_audio_config config = {RATE, 1, PLACES};

    world = (struct world){.now = START, .batch = YODEL_MS(10), .seq = FIRST_SEQ};
    world.path.delay = YODEL_MS(30);
    world.due = START + YODEL_MS(3);
    CHECK_EQ(playout_audio_init(&world.audio, alloc_system(), &config), YODEL_OK);
}

static void end(void)
{
    playout_audio_deinit(&world.audio);
}

// When, by our clock, the sender's has `samples`.
static double moment_of(double samples)
{
    return (double)START + samples * 1e6 / RATE / (1 + world.ppm / 1e6);
}

static bool is_talking(uint64_t packet)
{
    return world.talk == 0 || packet % (world.talk + world.silence) < world.talk;
}

static void send_packets(void)
{
    while (moment_of((double)(world.sent * PACKET)) <= (double)world.now) {
        uint64_t packet = world.sent++;
        bool is_dtx = !is_talking(packet);
        if (is_dtx && !is_talking(packet - 1)) {
            continue; // Nothing, after one packet that says so.
        }
        uint64_t id = ++world.seq % COUNT(sents);
        sents[id] = (struct sent_packet){world.seq, FIRST_TIMESTAMP + packet * PACKET, is_dtx};
        path_send(&world.path, id, world.now);
    }
}

static void recv(const struct sent_packet *sent, bool is_copy, yodel_time now)
{
    struct playout_packet packet = {.place = {sent->seq, sent->timestamp},
        .samples = PACKET,
        .is_copy = is_copy,
        .is_dtx = sent->is_dtx,
        .has_fec = world.has_fec,
        .payload = bytes_of((const uint8_t *)&sent->timestamp, sizeof sent->timestamp)};

    playout_audio_recv(&world.audio, &packet, now);
}

static void receive(void)
{
    uint64_t id;
    yodel_time arrival;

    while (path_next(&world.path, &id, &arrival, world.now)) {
        recv(&sents[id], false, world.now);
        if (world.has_red) {
            recv(&sents[(id + COUNT(sents) - 1) % COUNT(sents)], true, world.now);
        }
    }
}

// A decoder: the tone as it was sent, and where something is missing, as it would have gone on.
static void make(const struct playout_audio_step *step)
{
    int16_t pcm[RATE / 1000 * PLAYOUT_AUDIO_PACKET_MS];
    uint64_t timestamp = 0;

    world.steps[step->action]++;
    if (step->payload.len > 0) {
        memcpy(&timestamp, step->payload.ptr, sizeof timestamp);
        timestamp -= step->action == PLAYOUT_AUDIO_DECODE_FEC ? PACKET : 0;
        world.phase = 2 * PI * TONE * (double)(timestamp % RATE) / RATE;
    }
    for (size_t i = 0; i < step->samples; i++) {
        bool is_silent = step->action == PLAYOUT_AUDIO_COMFORT;
        pcm[i] = is_silent ? 0 : (int16_t)lrint(AMPLITUDE * sin(world.phase));
        world.phase += 2 * PI * TONE / RATE;
    }
    bool fails = world.fails_fec && step->action == PLAYOUT_AUDIO_DECODE_FEC;
    playout_audio_put(&world.audio, pcm, fails ? 0 : step->samples);
}

static void look_at(const int16_t *out)
{
    for (size_t i = 0; i < PIECE; i++) {
        int32_t step = out[i] - world.last;
        world.last = out[i];
        world.steepest = step > world.steepest    ? step
                         : -step > world.steepest ? -step
                                                  : world.steepest;
    }
}

// How long ago what is played now was said.
static void measure(void)
{
    uint64_t timestamp;

    if (playout_audio_position(&world.audio, &timestamp)) {
        double delay = (double)world.now - moment_of((double)timestamp - (double)FIRST_TIMESTAMP);
        world.delay_sum += delay;
        world.delay_max = delay > world.delay_max ? delay : world.delay_max;
        world.delays++;
    }
}

static void pull(void)
{
    struct playout_audio_step step;
    int16_t out[PIECE];
    uint64_t bound = 0;

    while (playout_audio_next(&world.audio, &step, world.now)) {
        CHECK(step.samples > 0 && ++bound < 200);
        make(&step);
    }
    measure();
    playout_audio_take(&world.audio, out);
    look_at(out);
    world.pieces++;
}

static void run(double seconds)
{
    yodel_time until = world.now + (yodel_time)(seconds * 1e6);

    for (; world.now < until; world.now += YODEL_MS(1)) {
        send_packets();
        receive();
        for (; world.now >= world.due; world.due += world.batch) {
            for (yodel_duration taken = 0; taken < world.batch; taken += YODEL_MS(10)) {
                pull();
            }
        }
    }
}

// What is counted from here on.
static void forget(void)
{
    world.audio.stats = (struct playout_audio_stats){0};
    world.path.sent = world.path.lost = world.pieces = 0;
    world.delay_sum = world.delay_max = 0;
    world.delays = 0;
    world.steepest = 0;
}

static double mean_ms(void)
{
    return world.delay_sum / (double)world.delays / 1000;
}

static double concealed_ms(void)
{
    return (double)world.audio.stats.concealed_samples * 1000 / RATE;
}

static const struct playout_audio_stats *stats(void)
{
    return &world.audio.stats;
}

// A tone's steepest step, and what rounding and a blend may add.
static bool is_smooth(void)
{
    return world.steepest <= (int32_t)(AMPLITUDE * 2 * PI * TONE / RATE * 1.1) + 2;
}

// ---- even paths

static void an_even_path_costs_a_packet_and_a_piece(void)
{
    begin();
    run(3);
    forget();
    run(30);
    CHECK(mean_ms() < 30 + 52);
    CHECK_EQ(stats()->concealed_samples, 0);
    CHECK(stats()->packets_discarded == 0 && is_smooth());
    CHECK_EQ(stats()->total_samples_received, 30 * RATE);
    CHECK_EQ(stats()->jitter_buffer_emitted_count, 30 * RATE);
    end();
}

static void statistics_say_what_is_measured(void)
{
    begin();
    run(5);
    forget();
    run(20);
    double said =
        (double)stats()->jitter_buffer_delay / (double)stats()->jitter_buffer_emitted_count / 1000;
    double target = (double)stats()->jitter_buffer_target_delay /
                    (double)stats()->jitter_buffer_emitted_count / 1000;
    CHECK(fabs(said - (mean_ms() - 30)) < 6);
    CHECK(target >= 29 && target <= said + 5);
    CHECK_EQ(stats()->jitter_buffer_minimum_delay, stats()->jitter_buffer_target_delay);
    end();
}

static void the_application_may_ask_for_more(void)
{
    begin();
    playout_audio_set_asked(&world.audio, YODEL_MS(400));
    run(5);
    forget();
    run(10);
    CHECK(mean_ms() > 30 + 380 && mean_ms() < 30 + 420 + 52);
    CHECK(stats()->jitter_buffer_minimum_delay < stats()->jitter_buffer_target_delay / 8);
    playout_audio_set_asked(&world.audio, 0);
    run(5);
    forget();
    run(5);
    CHECK(mean_ms() < 30 + 60 && stats()->concealed_samples == 0);
    end();
}

static void who_pulls_in_batches_gets_all_of_it(void)
{
    begin();
    world.batch = YODEL_MS(160);
    run(5);
    forget();
    run(30);
    CHECK_EQ(stats()->concealed_samples, 0);
    CHECK(is_smooth() && mean_ms() < 30 + 80 + 80);
    end();
}

// ---- loss

static void what_is_lost_is_concealed_and_no_more(void)
{
    static const double losses[] = {0.01, 0.05, 0.10}, bursts[] = {0, 3};

    for (size_t i = 0; i < COUNT(losses) * COUNT(bursts); i++) {
        begin();
        run(3);
        forget();
        world.path.loss = losses[i / COUNT(bursts)];
        world.path.burst = bursts[i % COUNT(bursts)];
        run(60);
        world.path.loss = 0;
        run(1);
        CHECK(concealed_ms() <= (double)world.path.lost * 20);
        CHECK(concealed_ms() > (double)world.path.lost * 20 * 0.9);
        CHECK(stats()->concealment_events <= world.path.lost && stats()->concealment_events > 0);
        CHECK(mean_ms() < 30 + 55);
        end();
    }
}

static void what_the_next_packet_repeats_is_not_concealed(void)
{
    begin();
    world.path.loss = 0.05;
    world.has_fec = true;
    run(3);
    forget();
    run(60);
    CHECK(concealed_ms() < (double)world.path.lost * 20 * 0.12); // Two in a row, one of them.
    CHECK(is_smooth());
    end();
}

static void redundancy_that_cannot_be_decoded_is_no_loss_of_more(void)
{
    begin();
    world.has_fec = world.fails_fec = true;
    run(3);
    forget();
    world.path.loss = 0.05;
    run(30);
    world.path.loss = 0;
    run(1);
    CHECK(world.steps[PLAYOUT_AUDIO_DECODE_FEC] > 30 && stats()->recovered == 0);
    CHECK(concealed_ms() <= (double)world.path.lost * 20 && concealed_ms() > 0);
    end();
}

static void copies_that_red_brings_are_as_good(void)
{
    begin();
    world.path.loss = 0.05;
    world.has_red = true;
    run(3);
    forget();
    run(60);
    CHECK(concealed_ms() < (double)world.path.lost * 20 * 0.12);
    CHECK(is_smooth() && stats()->duplicates == 0 && stats()->packets_discarded == 0);
    CHECK(stats()->fec_packets_received > 2700);
    CHECK(stats()->fec_packets_discarded > stats()->fec_packets_received * 9 / 10);
    end();
}

// ---- jitter

static void jitter_is_met_by_delay(void)
{
    static const yodel_duration jitters[] = {YODEL_MS(20), YODEL_MS(60), YODEL_MS(200)};

    for (size_t i = 0; i < COUNT(jitters) * 2; i++) {
        begin();
        world.path.jitter = jitters[i / 2];
        world.path.is_reordering = i % 2 == 1;
        run(5);
        forget();
        run(60);
        CHECK(mean_ms() < 30 + (double)world.path.jitter / 1000 + 55);
        CHECK(concealed_ms() < 60000 * 0.005);
        end();
    }
}

static void more_jitter_is_learnt_and_less_is_too(void)
{
    begin();
    run(10);
    world.path.jitter = YODEL_MS(120);
    run(4);
    forget();
    run(20);
    CHECK(concealed_ms() < 20000 * 0.005);
    world.path.jitter = 0;
    run(25);
    forget();
    run(5);
    CHECK(mean_ms() < 30 + 55);
    CHECK_EQ(stats()->concealed_samples, 0);
    end();
}

static void doubles_are_no_harm(void)
{
    begin();
    world.path.doubled = 0.5;
    world.path.is_reordering = true;
    world.path.jitter = YODEL_MS(40);
    run(5);
    forget();
    run(30);
    CHECK(stats()->duplicates > 700);
    CHECK(concealed_ms() < 30000 * 0.005 && stats()->packets_discarded < 8);
    end();
}

static void what_was_played_is_no_loss_when_it_comes_again(void)
{
    begin();
    run(5);
    forget();
    world.path.loss = 1;
    run(0.2);
    for (uint64_t i = 0; i < 20; i++) {
        recv(&sents[(world.seq - 10 - i) % COUNT(sents)], false, world.now);
    }
    CHECK(stats()->duplicates == 20 && stats()->packets_discarded == 0);
    end();
}

static void copies_alone_begin_nothing(void)
{
    struct sent_packet early = {
        FIRST_SEQ, START / 1000 * 48, false}; // As old as the clock, by chance.

    begin();
    recv(&early, true, world.now);
    CHECK(stats()->fec_packets_discarded == 1 && world.audio.packets.count == 0);
    end();
}

// ---- clocks

static void clocks_that_drift_are_followed_for_minutes(void)
{
    static const double ppms[] = {200, -200};

    for (size_t i = 0; i < COUNT(ppms); i++) {
        begin();
        world.ppm = ppms[i];
        run(5);
        forget();
        run(300);
        int64_t change = (int64_t)stats()->removed_samples_for_acceleration -
                         (int64_t)stats()->inserted_samples_for_deceleration;
        CHECK(fabs((double)change - world.ppm * 300 * RATE / 1e6) < RATE / 50.0);
        CHECK_EQ(stats()->concealed_samples, 0);
        CHECK(world.delay_max < 1000 * (30 + 60));
        CHECK(is_smooth());
        end();
    }
}

// ---- silence, pauses, outages

static void silence_is_no_loss_and_gives_time(void)
{
    begin();
    world.talk = 50;
    world.silence = 75;
    world.path.jitter = YODEL_MS(30);
    run(5);
    forget();
    run(60);
    CHECK_EQ(stats()->concealed_samples, 0);
    CHECK(world.steps[PLAYOUT_AUDIO_COMFORT] > 2000);
    CHECK(mean_ms() < 30 + 30 + 55);
    end();
}

static void after_an_outage_all_is_as_before_within_ten_seconds(void)
{
    static const yodel_duration lengths[] = {YODEL_MS(300), YODEL_SECONDS(1), YODEL_SECONDS(5)};

    for (size_t i = 0; i < COUNT(lengths); i++) {
        begin();
        run(10);
        world.path.outage_begin = world.now;
        world.path.outage_end = world.now + lengths[i];
        forget();
        run((double)lengths[i] / 1e6 + 0.3);
        world.delay_sum = 0;
        world.delays = 0;
        run(0.5);
        double soon = mean_ms(), concealed = concealed_ms();
        run(1.2);
        CHECK(concealed < (double)lengths[i] / 1000 + 30);
        CHECK(lengths[i] < YODEL_SECONDS(1) || soon < 30 + 300); // What is too old was left out.
        forget();
        run(8);
        forget();
        run(5);
        CHECK(mean_ms() - 30 < 55 * 1.2);
        CHECK_EQ(stats()->concealed_samples, 0);
        end();
    }
}

// What conceals for long falls silent, and comes back without a click.
static void long_concealment_is_silence(void)
{
    begin();
    run(5);
    world.path.loss = 1;
    forget();
    run(2);
    CHECK(stats()->silent_concealed_samples > RATE * 3 / 2);
    CHECK_EQ(stats()->concealment_events, 1);
    CHECK(world.last == 0 && is_smooth());
    world.path.loss = 0;
    run(3);
    forget();
    run(5);
    CHECK_EQ(stats()->concealed_samples, 0);
    end();
}

// F22. Two seconds of packets are waiting then, or as many as there is room for.
static void who_stops_pulling_goes_on_where_the_sender_is(void)
{
    static const yodel_duration lengths[] = {YODEL_SECONDS(2), YODEL_SECONDS(60)};

    for (size_t i = 0; i < COUNT(lengths); i++) {
        begin();
        run(5);
        world.due += lengths[i];
        run((double)lengths[i] / 1e6 + 0.5);
        forget();
        run(5);
        CHECK(mean_ms() < 30 + 60);
        CHECK_EQ(stats()->concealed_samples, 0);
        end();
    }
}

// ---- hostile packets

static void inject(uint64_t seq, uint64_t timestamp, uint32_t samples, size_t len)
{
    static const uint8_t garbage[PLAYOUT_PACKETS_LEN_MAX + 1];
    struct playout_packet packet = {
        .place = {seq, timestamp}, .samples = samples, .payload = bytes_of(garbage, len)};

    playout_audio_recv(&world.audio, &packet, world.now);
}

static uint64_t now_said(void)
{
    return FIRST_TIMESTAMP + world.sent * PACKET;
}

// P4.
static void timestamps_of_the_far_future_fill_nothing(void)
{
    begin();
    run(5);
    forget();
    for (uint64_t i = 0; i < 1000; i++) {
        inject(world.seq + 5 + i, now_said() + (2 + i) * 2 * RATE + ((uint64_t)i << 40), PACKET, 8);
    }
    CHECK(world.audio.packets.count < 5);
    CHECK_EQ(stats()->packets_discarded, 1000);
    run(10);
    CHECK(concealed_ms() == 0 && mean_ms() < 30 + 55);
    end();
}

static void timestamps_that_leap_for_good_are_followed(void)
{
    static const int64_t leaps[] = {(int64_t)1 << 31, -((int64_t)1 << 31), 60 * RATE, -60 * RATE};

    for (size_t i = 0; i < COUNT(leaps); i++) {
        begin();
        playout_audio_set_asked(&world.audio, YODEL_MS(200));
        run(5);
        CHECK(world.audio.packets.count > 6);
        // The sender's clock is another one from now on.
        for (uint64_t k = 0; k < 250; k++) {
            yodel_time until = world.now + PACKET_US;
            inject(++world.seq, now_said() + k * PACKET + (uint64_t)leaps[i], PACKET, 8);
            for (; world.now < until; world.now += YODEL_MS(10)) {
                pull();
            }
            if (k == 50) {
                forget();
            }
            CHECK(k != 1 || world.audio.packets.count == 1); // Nothing is left of what came before.
        }
        CHECK_EQ(stats()->concealed_samples, 0);
        CHECK_EQ(world.audio.network.restarts, 1);
        end();
    }
}

static void a_flood_is_bounded_and_over_when_it_is_over(void)
{
    begin();
    run(5);
    for (uint64_t i = 0; i < 50000; i++) {
        inject(world.seq + i, now_said() + i % 20000, 1 + (uint32_t)i % 5760, i % 1500);
        CHECK(world.audio.packets.count <= PLACES);
    }
    run(3);
    forget();
    run(5);
    CHECK(mean_ms() < 30 + 60);
    CHECK_EQ(stats()->concealed_samples, 0);
    end();
}

static void the_oldest_gives_way(void)
{
    begin();
    for (uint64_t i = 0; i < PLACES + 10; i++) {
        inject(FIRST_SEQ + i, FIRST_TIMESTAMP + i * PACKET, PACKET, 8);
        world.now += PACKET_US;
    }
    CHECK_EQ(stats()->packets_discarded, 10);
    CHECK_EQ(playout_packets_first(&world.audio.packets)->place.timestamp,
        FIRST_TIMESTAMP + 10 * PACKET);
    inject(FIRST_SEQ, FIRST_TIMESTAMP, PACKET, 8); // What is older than all gives way itself.
    CHECK_EQ(stats()->packets_discarded, 11);
    CHECK_EQ(playout_packets_first(&world.audio.packets)->place.seq, FIRST_SEQ + 10);
    end();
}

static void packets_of_nothing_and_of_too_much_are_dropped(void)
{
    begin();
    run(5);
    forget();
    inject(world.seq + 1, now_said(), 0, 8);
    inject(world.seq + 1, now_said(), RATE / 1000 * PLAYOUT_AUDIO_PACKET_MS + 1, 8);
    inject(world.seq + 1, now_said(), PACKET, PLAYOUT_PACKETS_LEN_MAX + 1);
    CHECK_EQ(stats()->malformed, 3);
    end();
}

// What cannot be decoded is as what was lost.
static void a_decoder_that_makes_nothing_is_concealed(void)
{
    struct playout_audio_step step;
    int16_t pcm[5760] = {0}, out[PIECE];
    uint64_t failed = 0, decoded = 0;

    begin();
    run(5);
    forget();
    world.due = YODEL_NEVER;
    for (uint64_t i = 0; i < 200; i++) {
        run(0.01);
        while (playout_audio_next(&world.audio, &step, world.now)) {
            bool fails = step.action == PLAYOUT_AUDIO_DECODE && ++decoded % 7 == 0;
            failed += fails;
            if (step.action == PLAYOUT_AUDIO_CONCEAL && i % 2 == 0) {
                continue; // Asked, and not answered at all.
            }
            playout_audio_put(&world.audio, pcm, fails ? 0 : step.samples);
        }
        playout_audio_take(&world.audio, out);
    }
    CHECK(failed > 10);
    CHECK(stats()->concealed_samples >= failed * PACKET);
    CHECK(stats()->concealed_samples <= failed * (PACKET + PIECE));
    end();
}

static void without_memory_there_is_none(void)
{
    struct playout_audio_config config = {RATE, 2, PLACES};

    for (size_t allowed = 0; allowed < 2; allowed++) {
        struct capped_alloc memory = capped_alloc(allowed);
        struct playout_audio audio;
        CHECK_EQ(playout_audio_init(&audio, &memory.alloc, &config), YODEL_ERR_NO_MEMORY);
        CHECK_EQ(memory.held, 0);
    }
}

TEST_MAIN(TEST(an_even_path_costs_a_packet_and_a_piece), TEST(statistics_say_what_is_measured),
    TEST(the_application_may_ask_for_more), TEST(who_pulls_in_batches_gets_all_of_it),
    TEST(what_is_lost_is_concealed_and_no_more),
    TEST(what_the_next_packet_repeats_is_not_concealed),
    TEST(redundancy_that_cannot_be_decoded_is_no_loss_of_more),
    TEST(copies_that_red_brings_are_as_good), TEST(jitter_is_met_by_delay),
    TEST(more_jitter_is_learnt_and_less_is_too), TEST(doubles_are_no_harm),
    TEST(what_was_played_is_no_loss_when_it_comes_again), TEST(copies_alone_begin_nothing),
    TEST(clocks_that_drift_are_followed_for_minutes), TEST(silence_is_no_loss_and_gives_time),
    TEST(after_an_outage_all_is_as_before_within_ten_seconds), TEST(long_concealment_is_silence),
    TEST(who_stops_pulling_goes_on_where_the_sender_is),
    TEST(timestamps_of_the_far_future_fill_nothing),
    TEST(timestamps_that_leap_for_good_are_followed),
    TEST(a_flood_is_bounded_and_over_when_it_is_over), TEST(the_oldest_gives_way),
    TEST(packets_of_nothing_and_of_too_much_are_dropped),
    TEST(a_decoder_that_makes_nothing_is_concealed), TEST(without_memory_there_is_none))
