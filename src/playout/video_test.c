// Video's playout, over a virtual path: pictures move evenly, as soon as the path allows; freezes are
// counted; key frames are asked for when nothing else helps; and nothing that comes breaks it.

#include "playout/video.h"

#include <math.h>

#include "check.h"
#include "playout/path_fixture.h"

#define RATE PLAYOUT_VIDEO_CLOCK_RATE
#define FRAME_TICKS 3000
#define FRAME_US 33333.333
#define START YODEL_SECONDS(100)
#define FIRST_TIMESTAMP 0xfffa0000u // It wraps soon.
#define RTT YODEL_MS(60)
#define KEY_EVERY 300
#define PENDING_MAX 1024

// ---- the world: a sender of 30 frames a second, a path that repairs, a decoder and a screen

static struct world {
    struct path path;
    double loss; // Of frames that lack something until it came again.
    double ppm;
    bool is_paused;
    bool fails; // The decoder.
    struct playout_video video;
    yodel_time now;
    uint64_t sent;
    struct pending {
        uint64_t id;
        yodel_time at;
    } pending[PENDING_MAX]; // What is decoded and not shown.
    size_t pending_count;
    uint64_t shown, decoded, dropped, requests;
    yodel_time last_shown;
    double delay_sum, delay_max,
        uneven_max; // How far an interval was from what it is by the sender.
    double last_moment;
} world;

static void begin(void)
{
    world = (struct world){.now = START};
    world.path.delay = YODEL_MS(30);
    playout_video_init(&world.video);
}

static double moment_of(uint64_t frame)
{
    return (double)START + (double)frame * FRAME_US / (1 + world.ppm / 1e6);
}

// A frame whose packets are lost comes a round trip later, and once more with the same chance.
static void send_frames(void)
{
    while (moment_of(world.sent) <= (double)world.now) {
        uint64_t frame = world.sent++;
        yodel_time complete = world.now;
        if (world.is_paused) {
            continue;
        }
        while (path_chance(&world.path) < world.loss) {
            complete += RTT;
        }
        path_send(&world.path, frame, complete);
    }
}

static bool recv(uint64_t id, uint64_t timestamp, bool is_key)
{
    struct playout_video_frame frame = {.id = id, .timestamp = timestamp, .is_key = is_key};

    playout_video_heard(&world.video, world.now);
    return playout_video_recv(&world.video, &frame, world.now);
}

static void receive(void)
{
    uint64_t id;
    yodel_time arrival;

    while (path_next(&world.path, &id, &arrival, world.now)) {
        recv(id, FIRST_TIMESTAMP + id * FRAME_TICKS, id % KEY_EVERY == 0);
    }
}

static void show(const struct pending *pending)
{
    double moment = moment_of(pending->id), delay = (double)world.now - moment;

    playout_video_shown(&world.video, world.now);
    world.delay_sum += delay;
    world.delay_max = fmax(world.delay_max, delay);
    if (world.shown++ > 0) {
        double interval = (double)(world.now - world.last_shown);
        world.uneven_max = fmax(world.uneven_max, fabs(interval - (moment - world.last_moment)));
    }
    world.last_shown = world.now;
    world.last_moment = moment;
}

static void step(void)
{
    struct playout_video_step next;

    playout_video_tick(&world.video, world.now);
    while (playout_video_next(&world.video, &next, world.now)) {
        world.dropped += next.action == PLAYOUT_VIDEO_DROP;
        if (next.action == PLAYOUT_VIDEO_DROP) {
            continue;
        }
        world.decoded++;
        if (world.fails) {
            playout_video_failed(&world.video, world.now);
            continue;
        }
        playout_video_decoded(&world.video, YODEL_MS(5));
        if (next.is_shown) {
            CHECK(world.pending_count < PENDING_MAX && next.show_at >= world.now);
            world.pending[world.pending_count++] = (struct pending){next.id, next.show_at};
        }
    }
    world.requests += playout_video_take_request(&world.video, world.now);
    CHECK(playout_video_next_timeout(&world.video) > world.now);
    while (world.pending_count > 0 && world.pending[0].at <= world.now) {
        show(&world.pending[0]);
        memmove(world.pending, world.pending + 1, --world.pending_count * sizeof *world.pending);
    }
}

static void run(double seconds)
{
    yodel_time until = world.now + (yodel_time)(seconds * 1e6);

    for (; world.now < until; world.now += YODEL_MS(1)) {
        send_frames();
        receive();
        step();
    }
}

static void forget(void)
{
    world.video.stats = (struct playout_video_stats){.frames_rendered = 1};
    world.shown = world.decoded = world.dropped = world.requests = 0;
    world.delay_sum = world.delay_max = world.uneven_max = 0;
}

static double mean_ms(void)
{
    return world.delay_sum / (double)world.shown / 1000;
}

static const struct playout_video_stats *stats(void)
{
    return &world.video.stats;
}

// ---- even paths, jitter

static void an_even_path_costs_decoding_and_a_screen(void)
{
    begin();
    run(3);
    forget();
    run(30);
    CHECK(mean_ms() < 30 + 20);
    CHECK(world.shown >= 899 && world.uneven_max <= 2000);
    CHECK(stats()->freeze_count == 0 && stats()->frames_dropped == 0);
    CHECK(world.requests == 0);
}

static void jitter_moves_nothing(void)
{
    static const yodel_duration jitters[] = {YODEL_MS(20), YODEL_MS(60), YODEL_MS(200)};

    for (size_t i = 0; i < COUNT(jitters); i++) {
        begin();
        world.path.jitter = jitters[i];
        run(5);
        forget();
        run(60);
        CHECK(mean_ms() < 30 + (double)jitters[i] / 1000 + 20);
        CHECK(world.uneven_max < 20000 && stats()->freeze_count == 0);
        CHECK(world.shown >= 1790);
    }
}

// F1: freezes under 5 % of the time at 5 % loss, and at 10 %.
static void repaired_losses_freeze_little(void)
{
    static const double losses[] = {0.05, 0.10};

    for (size_t i = 0; i < COUNT(losses); i++) {
        begin();
        world.loss = losses[i];
        run(3);
        forget();
        run(60);
        CHECK(stats()->total_freezes_duration < YODEL_SECONDS(3));
        CHECK(mean_ms() < 30 + 3 * 60 + 20);
        CHECK(world.shown >= 1750);
    }
}

static void clocks_that_drift_are_followed(void)
{
    static const double ppms[] = {200, -200};

    for (size_t i = 0; i < COUNT(ppms); i++) {
        begin();
        world.ppm = ppms[i];
        run(3);
        forget();
        run(180);
        CHECK(mean_ms() < 30 + 25 && world.delay_max < 1000 * (30 + 30));
        CHECK(world.uneven_max <= 4000 && stats()->freeze_count == 0);
    }
}

// ---- what is asked for

static void the_application_may_ask_for_more(void)
{
    begin();
    playout_video_set_asked(&world.video, YODEL_MS(500));
    run(8);
    forget();
    run(10);
    CHECK(fabs(mean_ms() - 530) < 5);
    double target =
        (double)stats()->jitter_buffer_target_delay / (double)stats()->jitter_buffer_emitted_count;
    CHECK_EQ((uint64_t)target, YODEL_MS(500));
    double said =
        (double)stats()->jitter_buffer_delay / (double)stats()->jitter_buffer_emitted_count;
    CHECK(fabs(said - (500 - 15) * 1000) < 5000);
}

static void the_distance_changes_slowly(void)
{
    begin();
    run(5);
    playout_video_set_asked(&world.video, YODEL_MS(500));
    forget();
    run(3);
    CHECK(world.uneven_max <= 8000); // A tenth of 33 ms, of two frames at most, and steps of one.
    CHECK(world.delay_max > 1000 * (30 + 250) && world.delay_max < 1000 * (30 + 350));
    CHECK_EQ(stats()->freeze_count, 0);
}

static void a_sender_may_ask_for_no_delay_at_all(void)
{
    begin();
    world.path.jitter = YODEL_MS(60);
    playout_video_set_limits(&world.video, 0, 0);
    run(3);
    forget();
    run(20);
    CHECK(mean_ms() > 30 && mean_ms() < 30 + 30 + 14); // What the path takes.
    playout_video_set_limits(&world.video, YODEL_MS(200), YODEL_MS(300));
    playout_video_set_asked(&world.video, YODEL_SECONDS(1));
    run(10);
    forget();
    run(5);
    CHECK(fabs(mean_ms() - 330) < 5); // The most that the sender wants counts most.
}

// ---- what is late

static void of_a_burst_after_an_outage_only_the_last_is_shown(void)
{
    begin();
    run(5);
    world.path.outage_begin = world.now;
    world.path.outage_end = world.now + YODEL_SECONDS(1);
    forget();
    run(3);
    CHECK_EQ(stats()->freeze_count, 1);
    CHECK(stats()->total_freezes_duration > YODEL_MS(950));
    CHECK(stats()->total_freezes_duration < YODEL_MS(1100));
    CHECK(stats()->frames_dropped > 20 && world.dropped == 0); // All were decoded.
    run(25);
    forget();
    run(3);
    CHECK(mean_ms() < 30 + 25);
}

static void a_key_frame_ends_what_is_too_late(void)
{
    begin();
    run(9);
    world.path.outage_begin = world.now;
    world.path.outage_end = world.now + YODEL_SECONDS(3); // Frame 300 among them.
    forget();
    run(4);
    CHECK(world.dropped > 20);
    CHECK(world.decoded < 120 - world.dropped + 5);
    run(1);
    CHECK(stats()->freeze_count == 1 && world.requests == 0);
}

static void a_pause_is_no_freeze(void)
{
    begin();
    run(5);
    forget();
    world.is_paused = true;
    run(20);
    world.is_paused = false;
    run(5);
    CHECK(stats()->freeze_count == 0 && stats()->pause_count == 1);
    CHECK(stats()->total_pauses_duration > YODEL_SECONDS(20));
    CHECK_EQ(world.requests, 0); // Nothing is heard: nobody to ask.
    CHECK(mean_ms() < 30 + 25);
}

// 150 ms more than the average, and three of it.
static void freezes_are_what_the_w3c_says(void)
{
    static const struct {
        uint64_t interval_ms, longer_ms;
        bool want;
    } rows[] = {{33, 182, false}, {33, 183, true}, {100, 299, false}, {100, 300, true}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin();
        for (uint64_t k = 0; k < 40; k++) {
            playout_video_shown(&world.video, world.now += YODEL_MS(rows[i].interval_ms));
        }
        playout_video_shown(&world.video, world.now += YODEL_MS(rows[i].longer_ms));
        CHECK_EQ(stats()->freeze_count, rows[i].want);
        CHECK_EQ(stats()->total_freezes_duration, rows[i].want ? YODEL_MS(rows[i].longer_ms) : 0);
        CHECK_EQ(stats()->total_inter_frame_delay,
            YODEL_MS(39 * rows[i].interval_ms + rows[i].longer_ms));
    }
}

// ---- key frames

static void nothing_is_decoded_before_a_key_frame(void)
{
    begin();
    for (uint64_t i = 1; i <= 60; i++) {
        world.now += YODEL_MS(33);
        CHECK(!recv(i, i * FRAME_TICKS, false));
        step();
    }
    CHECK(world.requests == 3 || world.requests == 4); // One each half second.
    CHECK(recv(61, 61 * FRAME_TICKS, true));
    world.now += YODEL_MS(100);
    step();
    CHECK(world.decoded == 1 && stats()->refused == 60);
}

// Ten frames wait then, which are of no use any more.
static void a_decoder_that_fails_asks_for_one(void)
{
    begin();
    playout_video_set_asked(&world.video, YODEL_MS(350));
    run(5);
    forget();
    world.fails = true;
    run(0.05);
    world.fails = false;
    CHECK_EQ(world.requests, 1);
    run(0.9);
    CHECK_EQ(world.requests, 2); // Once more, for packets still come.
    CHECK(world.decoded == 1 && world.dropped >= 9 && world.dropped <= 12);
    run(6);
    CHECK(world.decoded > 20); // From frame 300 on.
}

static void who_sends_nothing_is_asked_once(void)
{
    begin();
    run(5);
    forget();
    world.is_paused = true;
    playout_video_failed(&world.video, world.now);
    run(10);
    CHECK_EQ(world.requests, 1);
}

static void packets_without_frames_ask_for_one(void)
{
    begin();
    run(5);
    forget();
    world.is_paused = true;
    yodel_time since = world.now;
    while (world.requests == 0 && world.now < since + YODEL_SECONDS(10)) {
        playout_video_heard(&world.video, world.now);
        run(0.01);
    }
    CHECK(world.now - since > YODEL_MS(2900) && world.now - since < YODEL_MS(3100));
    world.is_paused = false;
    run(1);
    CHECK_EQ(world.requests, 1); // A frame that is no key frame does as well.
    CHECK(world.shown > 25);
}

// ---- hostile frames

// P4.
static void timestamps_that_leap_are_shown_as_they_come(void)
{
    static const int64_t leaps[] = {(int64_t)1 << 31, -((int64_t)1 << 31), 60 * RATE, -60 * RATE};

    for (size_t i = 0; i < COUNT(leaps); i++) {
        begin();
        run(5);
        world.path.delay = YODEL_MS(900); // The path became longer, and that is usual by now.
        run(25);
        forget();
        for (uint64_t k = 0; k < 300; k++) {
            yodel_time until = world.now + YODEL_MS(33);
            CHECK(recv(world.sent + k, FIRST_TIMESTAMP + (uint64_t)leaps[i] + k * 2970, false));
            for (; world.now < until; world.now += YODEL_MS(1)) {
                step();
            }
        }
        CHECK_EQ(stats()->freeze_count, 0);
        CHECK(stats()->frames_dropped <= 2 && world.shown > 297);
        CHECK(mean_ms() < 100); // It is no longer known now.
    }
}

static void one_leap_moves_no_other_frame(void)
{
    begin();
    run(5);
    forget();
    CHECK(recv(world.sent, FIRST_TIMESTAMP + ((uint64_t)1 << 45), false));
    step();
    CHECK(recv(world.sent, 5, false));
    run(5);
    CHECK(world.shown >= 150 && stats()->freeze_count == 0);
}

static void a_flood_is_bounded(void)
{
    begin();
    run(5);
    forget();
    playout_video_set_asked(&world.video, YODEL_SECONDS(4));
    run(8);
    for (uint64_t i = 0; i < 100000; i++) {
        recv(i, FIRST_TIMESTAMP + world.sent * FRAME_TICKS + i, false);
        CHECK(world.video.tail - world.video.head <= PLAYOUT_VIDEO_FRAMES_MAX);
    }
    CHECK(stats()->refused > 99000);
    uint64_t seen = world.requests;
    step();
    CHECK_EQ(world.requests, seen + 1);
}

// F22: who was away for a minute shows the last, and goes on.
static void a_loop_that_was_away_goes_on(void)
{
    begin();
    run(5);
    forget();
    for (uint64_t i = 0; i < 100; i++) {
        recv(world.sent, FIRST_TIMESTAMP + world.sent * FRAME_TICKS, false);
        world.sent++;
    }
    world.now += YODEL_SECONDS(60);
    step();
    CHECK(world.shown <= 2);
    CHECK_EQ(world.video.tail, world.video.head);
}

TEST_MAIN(TEST(an_even_path_costs_decoding_and_a_screen), TEST(jitter_moves_nothing),
    TEST(repaired_losses_freeze_little), TEST(clocks_that_drift_are_followed),
    TEST(the_application_may_ask_for_more), TEST(the_distance_changes_slowly),
    TEST(a_sender_may_ask_for_no_delay_at_all),
    TEST(of_a_burst_after_an_outage_only_the_last_is_shown),
    TEST(a_key_frame_ends_what_is_too_late), TEST(a_pause_is_no_freeze),
    TEST(freezes_are_what_the_w3c_says), TEST(nothing_is_decoded_before_a_key_frame),
    TEST(a_decoder_that_fails_asks_for_one), TEST(who_sends_nothing_is_asked_once),
    TEST(packets_without_frames_ask_for_one), TEST(timestamps_that_leap_are_shown_as_they_come),
    TEST(one_leap_moves_no_other_frame), TEST(a_flood_is_bounded),
    TEST(a_loop_that_was_away_goes_on))
