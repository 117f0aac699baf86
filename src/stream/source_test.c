// Sources: what a feed gives comes to the tracks in the order of its time, and all ends in order.

#include "stream/source.h"

#include "check.h"
#include "media/pattern.h"
#include "runtime/runtime.h"

#define ITEMS 16

// Gives a row of things; its calls are made by the source's thread.
struct row_feed {
    struct feed base;
    size_t next, count;
    struct {
        enum yodel_media_kind kind;
        yodel_time at;
    } items[ITEMS];
    enum yodel_err open_err;
    bool has_no_video;
    bool waits; // At its end, until it is interrupted.
    struct feed_pulse pulse;
    bool is_closed;
    uint8_t pixels[64 * 64];
    int16_t samples[FEED_PIECE];
};

static enum yodel_err row_open(struct feed *base, const struct feed_pulse *pulse,
    struct feed_about *about, char why[FEED_TEXT_MAX])
{
    struct row_feed *feed = CONTAINER_OF(base, struct row_feed, base);

    feed->pulse = *pulse;
    *about =
        (struct feed_about){.has_audio = true, .has_video = !feed->has_no_video, .label = "a row"};
    if (feed->open_err) {
        memcpy(why, "no such row", sizeof "no such row");
    }
    return feed->open_err;
}

static enum yodel_err row_next(struct feed *base, struct yodel_raw *raw, char why[FEED_TEXT_MAX])
{
    struct row_feed *feed = CONTAINER_OF(base, struct row_feed, base);

    (void)why;
    if (feed->next == feed->count) {
        while (feed->waits && !feed->pulse.is_ending(feed->pulse.ctx)) {
        }
        return YODEL_ERR_NOT_FOUND;
    }
    *raw = (struct yodel_raw){
        .kind = feed->items[feed->next].kind, .captured = feed->items[feed->next].at};
    if (raw->kind == YODEL_VIDEO) {
        raw->picture = (struct yodel_picture){
            64, 64, {feed->pixels, feed->pixels, feed->pixels}, {64, 32, 32}};
    } else {
        raw->sound = (struct yodel_sound){48000, 1, FEED_PIECE, feed->samples};
    }
    feed->next++;
    return YODEL_OK;
}

static void row_close(struct feed *base)
{
    CONTAINER_OF(base, struct row_feed, base)->is_closed = true;
}

static const struct feed_ops row_ops = {row_open, row_next, row_close};

struct seen {
    size_t count;
    enum yodel_media_kind kinds[ITEMS];
    yodel_time captured[ITEMS];
    uint64_t timestamps[ITEMS];
    int ended[2];
    char why[2][FEED_TEXT_MAX];
};

struct stage {
    uv_loop_t loop;
    yodel_runtime *runtime;
    struct row_feed feed;
    struct seen seen;
    yodel_track *tracks[2];
};

static struct stage stage;

static void on_track(void *ctx, yodel_track *track, const struct yodel_track_event *event)
{
    struct seen *seen = ctx;
    enum yodel_media_kind kind = yodel_track_kind(track);

    if (event->type == YODEL_TRACK_ENDED) {
        seen->ended[kind]++;
        (void)snprintf(seen->why[kind], FEED_TEXT_MAX, "%s", event->text);
    } else if (event->type == YODEL_TRACK_RAW && seen->count < ITEMS) {
        seen->kinds[seen->count] = kind;
        seen->timestamps[seen->count] = event->raw->timestamp;
        seen->captured[seen->count++] = event->raw->captured;
    }
}

static void begin(void)
{
    stage = (struct stage){.feed = {.base = {.ops = &row_ops}}};
    CHECK_EQ(uv_loop_init(&stage.loop), 0);
    CHECK_EQ(yodel_runtime_new(&(struct yodel_runtime_config){.loop = &stage.loop}, &stage.runtime),
        YODEL_OK);
}

static void open_row(void)
{
    struct source_config config = {.feed = &stage.feed.base, .label = "row"};

    CHECK_EQ(source_open(stage.runtime, &config, &stage.tracks[0], &stage.tracks[1]), YODEL_OK);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(yodel_track_listen(stage.tracks[i], on_track, &stage.seen), YODEL_OK);
    }
}

static void end(void)
{
    yodel_track_stop(stage.tracks[0]);
    yodel_track_stop(stage.tracks[1]);
    yodel_runtime_free(stage.runtime);
    uv_run(&stage.loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&stage.loop), 0);
}

static void run_to_the_end(void)
{
    while (stage.seen.ended[0] == 0 || stage.seen.ended[1] == 0) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
}

static void add(enum yodel_media_kind kind, yodel_time at)
{
    stage.feed.items[stage.feed.count].kind = kind;
    stage.feed.items[stage.feed.count++].at = at;
}

// As files have it: first a run of the one, then of the other.
static void what_is_read_early_waits_for_its_time(void)
{
    static const enum yodel_media_kind want[] = {
        YODEL_VIDEO, YODEL_AUDIO, YODEL_AUDIO, YODEL_AUDIO, YODEL_VIDEO};

    begin();
    add(YODEL_VIDEO, YODEL_MS(0));
    add(YODEL_VIDEO, YODEL_MS(300));
    add(YODEL_AUDIO, YODEL_MS(1));
    add(YODEL_AUDIO, YODEL_MS(11));
    add(YODEL_AUDIO, YODEL_MS(21));
    open_row();
    run_to_the_end();
    CHECK_EQ(stage.seen.count, COUNT(want));
    for (size_t i = 0; i < COUNT(want); i++) {
        CHECK_EQ(stage.seen.kinds[i], want[i]);
    }
    CHECK_EQ(stage.seen.captured[4] - stage.seen.captured[0], YODEL_MS(300));
    CHECK_EQ(stage.seen.captured[1] - stage.seen.captured[0], YODEL_MS(1));
    CHECK_EQ(stage.seen.timestamps[4], stage.seen.captured[4] * 90000 / YODEL_SECONDS(1));
    CHECK_TEXT(stage.seen.why[0], "it is at its end");
    CHECK_TEXT(yodel_track_label(stage.tracks[0]), "a row");
    end();
    CHECK(stage.feed.is_closed);
}

static void what_is_live_does_not_wait(void)
{
    begin();
    stage.feed.base.is_live = true;
    add(YODEL_AUDIO, YODEL_SECONDS(1000)); // A device's clock begins anywhere.
    add(YODEL_AUDIO, YODEL_SECONDS(1000) + YODEL_MS(10));
    open_row();
    run_to_the_end();
    CHECK_EQ(stage.seen.count, 2);
    end();
}

static void what_cannot_be_opened_ends_with_a_sentence(void)
{
    begin();
    stage.feed.open_err = YODEL_ERR_NOT_FOUND;
    open_row();
    run_to_the_end();
    CHECK_TEXT(stage.seen.why[0], "no such row");
    CHECK_TEXT(stage.seen.why[1], "no such row");
    end();
    CHECK(stage.feed.is_closed);
}

static void a_kind_that_is_not_there_ends_alone(void)
{
    begin();
    stage.feed.has_no_video = true;
    stage.feed.waits = true;
    add(YODEL_AUDIO, 0);
    open_row();
    while (stage.seen.ended[1] == 0 || stage.seen.count == 0) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    CHECK_TEXT(stage.seen.why[1], "there are no pictures in it");
    CHECK_EQ(stage.seen.ended[0], 0);
    end(); // The feed is interrupted.
    CHECK(stage.feed.is_closed);
}

struct test_seen {
    uint32_t pictures, first_number, last_number, sounds;
    double hz;
};

static void on_test(void *ctx, yodel_track *track, const struct yodel_track_event *event)
{
    struct test_seen *seen = ctx;
    uint32_t number;

    (void)track;
    if (event->type == YODEL_TRACK_RAW && event->raw->kind == YODEL_VIDEO) {
        CHECK(media_pattern_read(&event->raw->picture, &number));
        CHECK(seen->pictures == 0 || number > seen->last_number);
        seen->last_number = number;
        seen->pictures++;
    } else if (event->type == YODEL_TRACK_RAW && seen->sounds++ == 0) {
        struct yodel_sound sound = event->raw->sound;
        // One piece is too short for media_tone_hear: its turns are counted.
        for (uint32_t i = 1; i < sound.count; i++) {
            seen->hz += sound.samples[i - 1] < 0 && sound.samples[i] >= 0 ? 100 : 0;
        }
    }
}

static void the_test_has_numbers_and_a_tone(void)
{
    struct yodel_source_config config = {
        .width = 128, .height = 96, .frame_rate = 100, .tone_hz = 1000};
    struct test_seen seen = {0};

    begin();
    CHECK_EQ(yodel_source_open_test(stage.runtime, &config, &stage.tracks[0], &stage.tracks[1]),
        YODEL_OK);
    CHECK_EQ(yodel_track_listen(stage.tracks[0], on_test, &seen), YODEL_OK);
    CHECK_EQ(yodel_track_listen(stage.tracks[1], on_test, &seen), YODEL_OK);
    while (seen.pictures < 5 || seen.sounds < 5) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    CHECK(seen.hz >= 900 && seen.hz <= 1000);
    end();
    config.width = 10;
    CHECK_EQ(yodel_source_open_test(NULL, &config, &stage.tracks[0], NULL), YODEL_ERR_RANGE);
}

TEST_MAIN(TEST(what_is_read_early_waits_for_its_time), TEST(what_is_live_does_not_wait),
    TEST(what_cannot_be_opened_ends_with_a_sentence), TEST(a_kind_that_is_not_there_ends_alone),
    TEST(the_test_has_numbers_and_a_tone))
