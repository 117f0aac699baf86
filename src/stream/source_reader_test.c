// Files and devices as sources: what is in a file comes to the tracks at its time, and what does not open says why.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "device/reader_fixture.h"
#include "runtime/runtime.h"
#include "yodel/media.h"

#define PICTURES 8
#define PERIOD (YODEL_SECONDS(1) / FIXTURE_FRAME_RATE)
#define TEXT_MAX 256

struct seen {
    uint32_t count[2];
    uint32_t channels;
    uint32_t numbers; // That followed the one before,
    uint32_t rounds;  // and that were 0.
    uint32_t number;
    yodel_time first[2], last[2];
    bool has_ended[2];
    char why[2][TEXT_MAX];
};

static struct stage {
    uv_loop_t loop;
    yodel_runtime *runtime;
    yodel_track *tracks[2];
    struct seen seen;
    char folder[64], path[96];
    uint32_t asked;       // For permission,
    char label[TEXT_MAX]; // of this one,
    bool is_allowed;      // and what was answered.
} stage;

static void see(struct seen *seen, const struct yodel_raw *raw)
{
    uint32_t number;

    if (raw->kind == YODEL_AUDIO) {
        seen->channels = raw->sound.channels;
    } else if (media_pattern_read(&raw->picture, &number)) {
        seen->rounds += number == 0;
        seen->numbers += number == seen->number + 1;
        seen->number = number;
    }
}

static void on_track(void *ctx, yodel_track *track, const struct yodel_track_event *event)
{
    struct seen *seen = ctx;
    enum yodel_media_kind kind = yodel_track_kind(track);

    CHECK(!seen->has_ended[kind]);
    if (event->type == YODEL_TRACK_ENDED) {
        seen->has_ended[kind] = true;
        (void)snprintf(seen->why[kind], TEXT_MAX, "%s", event->text);
    } else if (event->type == YODEL_TRACK_RAW) {
        CHECK(seen->count[kind] == 0 || event->raw->captured > seen->last[kind]);
        seen->last[kind] = event->raw->captured;
        if (seen->count[kind]++ == 0) {
            seen->first[kind] = event->raw->captured;
        }
        see(seen, event->raw);
    }
}

static void begin(void)
{
    stage = (struct stage){.folder = "/tmp/yodel-source-XXXXXX"};
    CHECK(mkdtemp(stage.folder));
    (void)snprintf(stage.path, sizeof stage.path, "%s/a file", stage.folder);
    CHECK_EQ(uv_loop_init(&stage.loop), 0);
    CHECK_EQ(yodel_runtime_new(&(struct yodel_runtime_config){.loop = &stage.loop}, &stage.runtime),
        YODEL_OK);
}

static void end(void)
{
    yodel_track_stop(stage.tracks[0]);
    yodel_track_stop(stage.tracks[1]);
    yodel_runtime_free(stage.runtime);
    uv_run(&stage.loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&stage.loop), 0);
    (void)unlink(stage.path);
    (void)rmdir(stage.folder);
}

static void write_file(struct file_fixture f)
{
    fixture_make(&f);
    FILE *file = fopen(stage.path, "wb");
    CHECK(file && fwrite(f.data, 1, f.len, file) == f.len && fclose(file) == 0);
    fixture_free(&f);
}

static void listen_to_both(void)
{
    for (int i = 0; i < 2; i++) {
        if (stage.tracks[i]) {
            CHECK_EQ(yodel_track_listen(stage.tracks[i], on_track, &stage.seen), YODEL_OK);
        }
    }
}

static void open_file(struct yodel_source_config config)
{
    config.name = stage.path;
    CHECK_EQ(yodel_source_open_file(stage.runtime, &config, &stage.tracks[0], &stage.tracks[1]),
        YODEL_OK);
    listen_to_both();
}

static void run_to_the_end(void)
{
    while (!(stage.seen.has_ended[0] || !stage.tracks[0]) ||
           !(stage.seen.has_ended[1] || !stage.tracks[1])) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
}

static const struct file_fixture both = {.format = "matroska",
    .video = AV_CODEC_ID_MPEG4,
    .audio = AV_CODEC_ID_PCM_S16LE,
    .channels = 2,
    .pictures = PICTURES};

static void a_file_gives_all_of_both_kinds_by_one_clock(void)
{
    const struct seen *seen = &stage.seen;

    begin();
    write_file(both);
    open_file((struct yodel_source_config){0});
    CHECK_TEXT(yodel_track_label(stage.tracks[0]), "a file");
    run_to_the_end();
    CHECK_EQ(seen->count[YODEL_VIDEO], PICTURES);
    CHECK_EQ(seen->numbers, PICTURES - 1);
    CHECK(seen->count[YODEL_AUDIO] >= PICTURES * PERIOD / YODEL_MS(10));
    CHECK_EQ(seen->channels, 2);
    // A millisecond is the container's.
    CHECK(seen->last[YODEL_VIDEO] - seen->first[YODEL_VIDEO] + YODEL_MS(1) >= 7 * PERIOD);
    CHECK(seen->last[YODEL_VIDEO] - seen->first[YODEL_VIDEO] <= 7 * PERIOD + YODEL_MS(1));
    CHECK(seen->first[YODEL_VIDEO] + YODEL_MS(1) >= seen->first[YODEL_AUDIO]);
    CHECK(seen->first[YODEL_VIDEO] <= seen->first[YODEL_AUDIO] + YODEL_MS(1));
    CHECK_TEXT(seen->why[0], "it is at its end");
    CHECK_TEXT(seen->why[1], "it is at its end");
    end();
}

static void a_looped_file_begins_again_and_time_goes_on(void)
{
    begin();
    write_file(both);
    open_file((struct yodel_source_config){.is_looped = true, .channels = 1});
    while (stage.seen.rounds < 2 || stage.seen.number != PICTURES - 1) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    CHECK_EQ(stage.seen.count[YODEL_VIDEO], 2 * PICTURES);
    CHECK_EQ(stage.seen.numbers, 2 * (PICTURES - 1));
    CHECK(!stage.seen.has_ended[0] && !stage.seen.has_ended[1]);
    CHECK_EQ(stage.seen.channels, 1);
    end();
}

static void a_kind_that_is_not_in_it_ends_alone(void)
{
    struct file_fixture sound = both;

    sound.format = "wav";
    sound.video = AV_CODEC_ID_NONE;
    begin();
    write_file(sound);
    open_file((struct yodel_source_config){0});
    run_to_the_end();
    CHECK_TEXT(stage.seen.why[YODEL_VIDEO], "there are no pictures in it");
    CHECK_TEXT(stage.seen.why[YODEL_AUDIO], "it is at its end");
    CHECK(stage.seen.count[YODEL_AUDIO] > 0);
    end();
}

static void what_nobody_asks_for_is_not_read(void)
{
    struct yodel_source_config config = {.name = stage.path};

    begin();
    write_file(both);
    CHECK_EQ(yodel_source_open_file(stage.runtime, &config, NULL, &stage.tracks[1]), YODEL_OK);
    listen_to_both();
    run_to_the_end();
    CHECK_EQ(stage.seen.count[YODEL_VIDEO], PICTURES);
    end();
}

static void a_file_that_is_not_there_ends_both_with_a_sentence(void)
{
    char want[TEXT_MAX];

    begin();
    open_file((struct yodel_source_config){.is_looped = true});
    run_to_the_end();
    (void)snprintf(want, sizeof want, "there is no %s", stage.path);
    CHECK_TEXT(stage.seen.why[0], want);
    CHECK_TEXT(stage.seen.why[1], want);
    end();
}

// ---- devices

static bool on_asked(void *ctx, enum yodel_device_kind kind, const char *label)
{
    (void)ctx;
    CHECK_EQ(kind, YODEL_SCREEN);
    stage.asked++;
    (void)snprintf(stage.label, sizeof stage.label, "%s", label);
    return stage.is_allowed;
}

static enum yodel_err open_screen(yodel_permission *permission, const char *id)
{
    struct yodel_source_config config = {.name = id};

    return yodel_source_open_device(
        stage.runtime, YODEL_SCREEN, &config, permission, NULL, &stage.tracks[1]);
}

static void nothing_is_captured_without_permission(void)
{
    begin();
    CHECK_EQ(setenv("DISPLAY", ":nowhere", 1), 0);
    CHECK_EQ(open_screen(NULL, NULL), YODEL_ERR_ABORTED);
    CHECK_EQ(open_screen(on_asked, ":elsewhere"), YODEL_ERR_NOT_FOUND);
    CHECK_EQ(stage.asked, 0);
    CHECK_EQ(open_screen(on_asked, NULL), YODEL_ERR_ABORTED);
    CHECK_EQ(stage.asked, 1);
    CHECK_TEXT(stage.label, "Screen :nowhere");
    CHECK(!stage.tracks[1]);
    end();
}

static void a_device_that_does_not_open_ends_its_track_with_a_sentence(void)
{
    begin();
    stage.is_allowed = true;
    CHECK_EQ(setenv("DISPLAY", ":nowhere", 1), 0);
    CHECK_EQ(open_screen(on_asked, ":nowhere"), YODEL_OK);
    listen_to_both();
    CHECK(yodel_track_is_screen(stage.tracks[1]));
    run_to_the_end();
    CHECK_TEXT(stage.seen.why[1], "cannot open display :nowhere");
    end();
}

static void a_loudspeaker_is_not_captured(void)
{
    yodel_track *track = NULL;

    CHECK_EQ(yodel_source_open_device(NULL, YODEL_LOUDSPEAKER, NULL, on_asked, NULL, &track),
        YODEL_ERR_TYPE);
    CHECK(!track);
}

static void on_device(void *ctx, const struct yodel_device *device)
{
    uint32_t *count = ctx;

    CHECK_EQ(device->kind, YODEL_SCREEN);
    CHECK_TEXT(device->id, ":nowhere");
    CHECK_TEXT(device->label, "Screen :nowhere");
    CHECK(device->is_default);
    (*count)++;
}

static void a_list_has_what_is_there_of_its_kind(void)
{
    uint32_t count = 0;

    CHECK_EQ(setenv("DISPLAY", ":nowhere", 1), 0);
    CHECK_EQ(yodel_device_list(YODEL_SCREEN, on_device, &count), YODEL_OK);
    CHECK_EQ(count, 1);
    CHECK_EQ(unsetenv("DISPLAY"), 0);
    CHECK_EQ(yodel_device_list(YODEL_SCREEN, on_device, &count), YODEL_OK);
    CHECK_EQ(count, 1);
}

TEST_MAIN(TEST(a_file_gives_all_of_both_kinds_by_one_clock),
    TEST(a_looped_file_begins_again_and_time_goes_on), TEST(a_kind_that_is_not_in_it_ends_alone),
    TEST(what_nobody_asks_for_is_not_read),
    TEST(a_file_that_is_not_there_ends_both_with_a_sentence),
    TEST(nothing_is_captured_without_permission),
    TEST(a_device_that_does_not_open_ends_its_track_with_a_sentence),
    TEST(a_loudspeaker_is_not_captured), TEST(a_list_has_what_is_there_of_its_kind))
