// Lip sync, with the playout of both and over two paths: sound and picture of one moment are played
// within 40 ms of each other, whatever the clocks do, and reports that lie move little.

#include "playout/sync.h"

#include <math.h>

#include "check.h"
#include "playout/audio.h"
#include "playout/path_fixture.h"
#include "playout/video.h"
#include "rtp/ntp.h"

#define AUDIO_RATE 48000
#define PACKET 960
#define FRAME 3000
#define START YODEL_SECONDS(100)
#define NTP_START 0xe8000000u // Seconds: of the sender's clock when ours says START.
#define BOUND 40.0            // Milliseconds.
#define LAG YODEL_MS(10)      // From taking a piece to the loudspeaker.

// ---- the world: a sender with three clocks, two paths, a loudspeaker and a screen

struct stream {
    struct path path;
    struct rtp_source source;
    double ppm; // How much faster its RTP clock is than true time.
    uint32_t rate, step;
    uint64_t sent;
    yodel_time report_due;
};

static struct world {
    struct stream sound, picture;
    double ntp_ppm;      // The same of the sender's clock,
    double ntp_step;     // which was set anew by so many seconds.
    double reports_lost; // 0 to 1.
    bool lies;           // Of what time it is.
    struct playout_audio audio;
    struct playout_video video;
    struct playout_sync sync;
    yodel_time now, pull_due;
    struct shown {
        double captured;
        yodel_time at;
    } shown[64]; // Promised for later.
    size_t shown_count;
    double heard_ms, seen_ms; // From capture to playing, truly.
    bool is_heard, is_seen;
    double worst_ms;
    uint64_t compared;
} world;

static void begin_stream(struct stream *stream, uint32_t rate, uint32_t step, yodel_duration delay)
{
    rtp_source_init(&stream->source, rate, rate);
    stream->rate = rate;
    stream->step = step;
    stream->path.delay = delay;
    stream->report_due = START + YODEL_SECONDS(1);
}

static void begin(yodel_duration sound_delay, yodel_duration picture_delay)
{
    struct playout_audio_config config = {AUDIO_RATE, 1, 256};

    world = (struct world){.now = START, .pull_due = START};
    begin_stream(&world.sound, AUDIO_RATE, PACKET, sound_delay);
    begin_stream(&world.picture, PLAYOUT_VIDEO_CLOCK_RATE, FRAME, picture_delay);
    CHECK_EQ(playout_audio_init(&world.audio, alloc_system(), &config), YODEL_OK);
    playout_video_init(&world.video);
    playout_sync_init(&world.sync, START);
}

static void end(void)
{
    playout_audio_deinit(&world.audio);
}

// Microseconds since START in which the stream's clock counts `units`; the first timestamp is its rate's.
static double captured(const struct stream *stream, double units)
{
    return units * 1e6 / stream->rate / (1 + stream->ppm / 1e6);
}

static uint32_t timestamp_at(const struct stream *stream, double us)
{
    return (uint32_t)(uint64_t)(us * stream->rate / 1e6 * (1 + stream->ppm / 1e6)) + stream->rate;
}

static double captured_of(const struct stream *stream, uint64_t timestamp)
{
    uint32_t units = (uint32_t)timestamp - stream->rate;

    return captured(stream, (double)units);
}

static uint64_t ntp_at(double us)
{
    double seconds = us / 1e6 * (1 + world.ntp_ppm / 1e6) + world.ntp_step;

    return ((uint64_t)NTP_START << 32) + (uint64_t)(int64_t)(seconds * 4294967296.0);
}

static void send(struct stream *stream)
{
    while (captured(stream, (double)(stream->sent * stream->step)) <= (double)(world.now - START)) {
        path_send(&stream->path, stream->sent++, world.now);
    }
}

static void report(struct stream *stream, yodel_duration interval)
{
    double us = (double)(world.now - START);

    if (world.now < stream->report_due) {
        return;
    }
    stream->report_due += interval;
    if (path_chance(&world.sound.path) < world.reports_lost) {
        return;
    }
    struct rtcp_sender_info info = {.ntp = ntp_at(us), .timestamp = timestamp_at(stream, us)};
    if (world.lies) {
        info.ntp = (uint64_t)(path_chance(&world.sound.path) * 1.8e19);
    }
    rtp_source_recv_info(&stream->source, &info, world.now);
}

static bool arrive(struct stream *stream, struct rtp_place *place)
{
    uint64_t id;
    yodel_time arrival;

    if (!path_next(&stream->path, &id, &arrival, world.now)) {
        return false;
    }
    struct rtp_packet packet = {
        .seq = (uint16_t)id, .timestamp = (uint32_t)(id * stream->step) + stream->rate};
    return rtp_source_recv(&stream->source, &packet, place, world.now);
}

static void receive(void)
{
    static const uint8_t payload[8];
    struct rtp_place place;

    while (arrive(&world.sound, &place)) {
        struct playout_packet packet = {
            .place = place, .samples = PACKET, .payload = bytes_of(payload, sizeof payload)};
        playout_audio_recv(&world.audio, &packet, world.now);
    }
    while (arrive(&world.picture, &place)) {
        struct playout_video_frame frame = {
            .id = place.timestamp, .timestamp = place.timestamp, .is_key = true};
        CHECK(playout_video_recv(&world.video, &frame, world.now));
    }
}

static void listen(void)
{
    static int16_t pcm[PACKET], out[AUDIO_RATE / 100];
    struct playout_audio_step step;
    uint64_t timestamp, ntp;

    while (playout_audio_next(&world.audio, &step, world.now)) {
        memset(pcm, 0, sizeof pcm);
        playout_audio_put(&world.audio, pcm, step.samples);
    }
    world.is_heard = playout_audio_position(&world.audio, &timestamp);
    if (world.is_heard) {
        yodel_time at = world.now + LAG;
        world.heard_ms = ((double)(at - START) - captured_of(&world.sound, timestamp)) / 1000;
        if (rtp_source_captured(&world.sound.source, timestamp, &ntp)) {
            playout_sync_audio(&world.sync, ntp, at);
        }
    }
    playout_audio_take(&world.audio, out);
}

static void watch(void)
{
    struct playout_video_step step;
    uint64_t ntp;

    while (playout_video_next(&world.video, &step, world.now)) {
        if (!step.is_shown) {
            continue;
        }
        CHECK(world.shown_count < COUNT(world.shown));
        world.shown[world.shown_count++] =
            (struct shown){captured_of(&world.picture, step.id), step.show_at};
        if (rtp_source_captured(&world.picture.source, step.id, &ntp)) {
            playout_sync_video(&world.sync, ntp, step.show_at);
        }
    }
    while (world.shown_count > 0 && world.shown[0].at <= world.now) {
        world.seen_ms = ((double)(world.now - START) - world.shown[0].captured) / 1000;
        world.is_seen = true;
        memmove(world.shown, world.shown + 1, --world.shown_count * sizeof *world.shown);
    }
}

static void run(double seconds)
{
    yodel_time until = world.now + (yodel_time)(seconds * 1e6);

    for (; world.now < until; world.now += YODEL_MS(1)) {
        send(&world.sound);
        send(&world.picture);
        report(&world.sound, YODEL_SECONDS(5));
        report(&world.picture, YODEL_SECONDS(1));
        receive();
        if (world.now >= world.pull_due) {
            world.pull_due += YODEL_MS(10);
            listen();
        }
        watch();
        if (playout_sync_tick(&world.sync, world.now)) {
            playout_audio_set_extra(&world.audio, world.sync.audio_extra);
            playout_video_set_extra(&world.video, world.sync.video_extra);
        }
        CHECK(playout_sync_next_timeout(&world.sync) > world.now);
        if (world.is_heard && world.is_seen) {
            double apart = fabs(world.heard_ms - world.seen_ms);
            world.worst_ms = fmax(world.worst_ms, apart);
            world.compared++;
        }
    }
}

// The worst of so many seconds.
static double worst_of(double seconds)
{
    world.worst_ms = 0;
    world.compared = 0;
    run(seconds);
    CHECK(world.compared > (uint64_t)(seconds * 700));
    return world.worst_ms;
}

static bool is_one_extra_at_most(void)
{
    return world.sync.audio_extra == 0 || world.sync.video_extra == 0;
}

// ---- the claims

static void whichever_is_early_waits(void)
{
    static const yodel_duration delays[][2] = {{YODEL_MS(30), YODEL_MS(330)},
        {YODEL_MS(430), YODEL_MS(30)}, {YODEL_MS(50), YODEL_MS(50)}, {YODEL_MS(30), YODEL_MS(730)}};

    for (size_t i = 0; i < COUNT(delays); i++) {
        begin(delays[i][0], delays[i][1]);
        double before = worst_of(4);
        CHECK(delays[i][0] == delays[i][1] ? before < 60 : before > 250);
        run(16);
        CHECK(worst_of(40) < BOUND);
        CHECK(is_one_extra_at_most());
        CHECK((delays[i][0] < delays[i][1]) >= (world.sync.audio_extra > 0));
        CHECK(world.audio.stats.concealed_samples == 0);
        CHECK_EQ(world.sync.absurd, 0);
        end();
    }
}

static void steps_are_small(void)
{
    begin(YODEL_MS(30), YODEL_MS(630));
    yodel_duration last = 0;
    for (size_t i = 0; i < 300; i++) {
        run(0.1);
        CHECK(world.sync.audio_extra <= last + PLAYOUT_SYNC_STEP_MAX);
        last = world.sync.audio_extra;
    }
    CHECK(last > YODEL_MS(400));
    end();
}

// Three clocks, none of which is right.
static void clocks_that_drift_stay_together(void)
{
    static const double ppms[][3] = {{200, -200, 0}, {-200, 200, 150}, {100, 100, -200}};

    for (size_t i = 0; i < COUNT(ppms); i++) {
        begin(YODEL_MS(30), YODEL_MS(180));
        world.sound.ppm = ppms[i][0];
        world.picture.ppm = ppms[i][1];
        world.ntp_ppm = ppms[i][2];
        run(15);
        CHECK(worst_of(180) < BOUND);
        end();
    }
}

static void jitter_and_lost_reports_change_nothing(void)
{
    begin(YODEL_MS(30), YODEL_MS(130));
    world.sound.path.jitter = YODEL_MS(30);
    world.picture.path.jitter = YODEL_MS(80);
    world.sound.ppm = 100;
    world.picture.ppm = -100;
    world.reports_lost = 0.5;
    run(25);
    CHECK(worst_of(120) < BOUND);
    end();
}

static void a_path_that_changes_is_followed(void)
{
    begin(YODEL_MS(30), YODEL_MS(30));
    run(10);
    world.picture.path.delay = YODEL_MS(300);
    run(40);
    CHECK(worst_of(20) < BOUND);
    CHECK(world.sync.audio_extra > YODEL_MS(100));
    world.picture.path.delay = YODEL_MS(30);
    run(40);
    CHECK(worst_of(20) < BOUND);
    CHECK(world.sync.audio_extra < YODEL_MS(60));
    end();
}

// C12: any time whatever, in every report.
static void reports_that_lie_freeze_nothing(void)
{
    begin(YODEL_MS(30), YODEL_MS(130));
    run(20);
    world.lies = true;
    yodel_duration extra = world.sync.audio_extra;
    run(15);
    CHECK(world.sync.absurd > 30);
    CHECK_EQ(world.sync.audio_extra, extra); // As it was,
    run(30);
    CHECK_EQ(world.sync.audio_extra, 0); // and let go in the end.
    CHECK_EQ(world.audio.stats.concealed_samples, 0);
    CHECK(worst_of(10) < 150);
    world.lies = false;
    run(20);
    CHECK(worst_of(20) < BOUND);
    end();
}

// A sender that sets its clock, which the two streams tell at different times.
static void a_clock_that_is_set_is_no_reason_to_wait(void)
{
    static const double steps[] = {0.4, -0.4, 3600, -3600, 3e8};

    for (size_t i = 0; i < COUNT(steps); i++) {
        begin(YODEL_MS(30), YODEL_MS(130));
        run(20.5);
        world.ntp_step = steps[i];
        run(5);
        CHECK(world.sync.audio_extra < YODEL_MS(500) && world.sync.video_extra < YODEL_MS(400));
        run(20);
        CHECK(worst_of(20) < BOUND);
        CHECK_EQ(world.audio.stats.concealed_samples, 0);
        end();
    }
}

static void without_reports_nobody_waits(void)
{
    begin(YODEL_MS(30), YODEL_MS(230));
    world.reports_lost = 1;
    run(30);
    CHECK(world.sync.audio_extra == 0 && world.sync.video_extra == 0);
    CHECK_EQ(world.sync.absurd, 0);
    end();
}

// Nobody waits for a second and more: that is no call any more, or a lie.
static void what_is_too_far_apart_is_left_apart(void)
{
    begin(YODEL_MS(30), YODEL_MS(2030));
    run(30);
    CHECK(world.sync.audio_extra == 0 && world.sync.video_extra == 0);
    CHECK(world.sync.absurd > 50);
    end();
}

static void who_stops_is_not_waited_for(void)
{
    begin(YODEL_MS(30), YODEL_MS(330));
    run(20);
    CHECK(world.sync.audio_extra > YODEL_MS(200));
    world.picture.path.loss = 1;
    run(40);
    CHECK_EQ(world.sync.audio_extra, 0);
    end();
}

TEST_MAIN(TEST(whichever_is_early_waits), TEST(steps_are_small),
    TEST(clocks_that_drift_stay_together), TEST(jitter_and_lost_reports_change_nothing),
    TEST(a_path_that_changes_is_followed), TEST(reports_that_lie_freeze_nothing),
    TEST(a_clock_that_is_set_is_no_reason_to_wait), TEST(without_reports_nobody_waits),
    TEST(what_is_too_far_apart_is_left_apart), TEST(who_stops_is_not_waited_for))
