// Recorder: what comes from the other side, and what tracks give, is in a file that plays, in sync; and what is not is told.

#include "yodel/recorder.h"

#include <signal.h>
#include <sys/wait.h>
#include <uv.h>

#include "device/muxer_fixture.h"

#define SYNC_MAX 0.040

struct stage {
    uv_loop_t loop;
    yodel_runtime *runtime;
    yodel_recorder *recorder;
    int told[YODEL_RECORDER_ENDED + 1];
    enum yodel_err err;
    char text[MUXER_TEXT_MAX];
    struct yodel_recorder_stats stats; // Of the end.
    int stops_at;                      // The event at which the handler stops it; -1: none.
};

static struct stage stage;

static void on_recorder(
    void *ctx, yodel_recorder *recorder, const struct yodel_recorder_event *event)
{
    CHECK(ctx == &stage);
    stage.told[event->type]++;
    if (event->type == YODEL_RECORDER_FAILED || event->type == YODEL_RECORDER_DROPPED) {
        stage.err = event->err;
        (void)snprintf(stage.text, sizeof stage.text, "%s", event->text);
    }
    if (event->type == YODEL_RECORDER_ENDED) {
        stage.recorder = NULL;
        stage.stats = event->stats;
    } else if (stage.stops_at == (int)event->type) {
        yodel_recorder_stop(recorder);
    }
}

static void begin(const char *path, bool has_no_audio, bool has_no_video)
{
    struct yodel_recorder_config config = {.has_no_audio = has_no_audio,
        .has_no_video = has_no_video,
        .overwrites = true,
        .handler = on_recorder,
        .ctx = &stage};

    stage = (struct stage){.stops_at = -1};
    CHECK_EQ(uv_loop_init(&stage.loop), 0);
    CHECK_EQ(yodel_runtime_new(&(struct yodel_runtime_config){.loop = &stage.loop}, &stage.runtime),
        YODEL_OK);
    CHECK_EQ(yodel_recorder_new(stage.runtime, path, &config, &stage.recorder), YODEL_OK);
}

static void turn_until(const int *told)
{
    while (*told == 0) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
}

static void finish(void)
{
    if (stage.recorder) {
        yodel_recorder_stop(stage.recorder);
    }
    turn_until(&stage.told[YODEL_RECORDER_ENDED]);
    yodel_runtime_free(stage.runtime);
    uv_run(&stage.loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&stage.loop), 0);
    CHECK_EQ(stage.told[YODEL_RECORDER_ENDED], 1);
}

static void put(const struct yodel_frame *frame)
{
    enum yodel_err err = yodel_recorder_frame(stage.recorder, frame);

    CHECK_TEXT(yodel_recorder_error_text(stage.recorder), "");
    CHECK_EQ(err, YODEL_OK);
}

// As the other side's come: later than they were captured, and not evenly.
static struct yodel_frame received(const struct yodel_frame *frame, size_t i, bool has_reports)
{
    struct yodel_frame one = *frame;

    one.arrival = frame->captured + (i * 7919 % 30) * YODEL_MS(1);
    one.captured = has_reports ? frame->captured : 0;
    one.timestamp += UINT64_C(0xfffff000); // Whatever it begins with.
    return one;
}

static void put_both(const struct clip *sound, const struct clip *video, bool has_reports)
{
    size_t a = 0, v = 0;

    while (a < (sound ? sound->count : 0) || v < (video ? video->count : 0)) {
        bool is_sound =
            !video || v == video->count ||
            (sound && a < sound->count && sound->frames[a].captured <= video->frames[v].captured);
        const struct yodel_frame *frame = is_sound ? &sound->frames[a] : &video->frames[v];
        struct yodel_frame one = received(frame, is_sound ? a : v, has_reports);
        a += is_sound;
        v += !is_sound;
        put(&one);
    }
}

static void check_pictures(double from)
{
    CHECK_EQ(seen.wrong, 0);
    CHECK_EQ(seen.pictures, CLIP_SECONDS * CLIP_RATE);
    for (size_t i = 0; i < seen.pictures; i++) {
        CHECK_EQ(seen.shown[i].number, i);
        CHECK(fabs(seen.shown[i].at - from - (double)i / CLIP_RATE) <= SYNC_MAX);
    }
}

static void check_recording(
    const char *ending, const struct clip *sound, const struct clip *video, bool has_reports)
{
    const char *path = fixture_path(ending);

    begin(path, !sound, !video);
    put_both(sound, video, has_reports);
    finish();
    CHECK_TEXT(stage.text, "");
    CHECK_EQ(stage.told[YODEL_RECORDER_STARTED], 1);
    CHECK_EQ(stage.told[YODEL_RECORDER_WANT_KEY], 0);
    CHECK_EQ(stage.stats.frames, (sound ? sound->count : 0) + (video ? video->count : 0));
    CHECK_EQ(stage.stats.dropped, 0);
    CHECK(llabs((long long)stage.stats.duration - CLIP_SECONDS * 1000000) <= 40000);
    fixture_see(path);
    CHECK(seen.opens && fabs(seen.duration - CLIP_SECONDS) <= SYNC_MAX + 0.02);
    if (sound) {
        CHECK_EQ(seen.tracks[YODEL_AUDIO].packets, sound->count);
    }
    if (video) {
        check_pictures(0);
    }
    if (sound && video) {
        CHECK(fabs(seen.onset - seen.shown[CLIP_ONSET_PICTURE].at) <= SYNC_MAX);
    }
    fixture_remove(path);
}

static void what_comes_is_in_the_file_in_sync(void)
{
    static const struct {
        const char *ending;
        enum yodel_codec sound, video; // CODEC_COUNT: none.
    } rows[] = {{".webm", YODEL_OPUS, YODEL_VP8}, {".webm", YODEL_OPUS, YODEL_VP9},
        {".webm", YODEL_OPUS, YODEL_AV1}, {".mp4", YODEL_OPUS, YODEL_H264},
        {".mp4", YODEL_OPUS, YODEL_AV1}, {".mkv", YODEL_PCMU, YODEL_H264},
        {".mkv", YODEL_PCMA, YODEL_VP8}, {".mkv", YODEL_CODEC_COUNT, YODEL_VP9},
        {".ogg", YODEL_OPUS, YODEL_CODEC_COUNT}, {".opus", YODEL_OPUS, YODEL_CODEC_COUNT},
        {".mkv", YODEL_PCMU, YODEL_CODEC_COUNT}};

    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        enum yodel_codec sound = rows[i / 2].sound, video = rows[i / 2].video;
        check_recording(rows[i / 2].ending, sound == YODEL_CODEC_COUNT ? NULL : clip_of(sound),
            video == YODEL_CODEC_COUNT ? NULL : clip_of(video), i % 2 == 0);
    }
}

static void a_name_says_which_codecs_it_can_hold(void)
{
    CHECK(yodel_recorder_can_hold("a.webm", YODEL_VP8));
    CHECK(!yodel_recorder_can_hold("a.webm", YODEL_H264));
    CHECK(yodel_recorder_can_hold("a.MP4", YODEL_H264));
    CHECK(!yodel_recorder_can_hold("a", YODEL_OPUS));
    CHECK(!yodel_recorder_can_hold("a.mkv", YODEL_CODEC_COUNT));
}

static void what_a_file_cannot_hold_is_refused_and_the_rest_goes_on(void)
{
    const char *path = fixture_path(".webm");
    struct yodel_frame empty = clip_of(YODEL_VP8)->frames[0];

    begin(path, true, false);
    CHECK_EQ(yodel_recorder_frame(stage.recorder, &clip_of(YODEL_H264)->frames[0]), YODEL_ERR_TYPE);
    CHECK_TEXT(
        yodel_recorder_error_text(stage.recorder), "WebM cannot hold H.264; use .mkv or .mp4");
    put_both(NULL, clip_of(YODEL_VP8), true);
    CHECK_EQ(yodel_recorder_frame(stage.recorder, &clip_of(YODEL_VP9)->frames[0]), YODEL_ERR_TYPE);
    CHECK_TEXT(yodel_recorder_error_text(stage.recorder),
        "the file has video/VP8, and cannot go on with video/VP9; begin another one");
    empty.len = 0;
    CHECK_EQ(yodel_recorder_frame(stage.recorder, &empty), YODEL_ERR_TYPE);
    CHECK_EQ(yodel_recorder_frame(stage.recorder, &clip_of(YODEL_OPUS)->frames[0]), YODEL_OK);
    finish();
    fixture_see(path);
    CHECK(!seen.tracks[YODEL_AUDIO].is_there);
    check_pictures(0);
    fixture_remove(path);
}

// A second of the clock goes by before it is asked for again.
static void a_key_frame_is_asked_for_once_a_second_at_most(void)
{
    const struct clip *clip = clip_of(YODEL_VP8);
    const char *path = fixture_path(".webm");

    begin(path, true, false);
    for (size_t i = 1; i < CLIP_ONSET_PICTURE; i++) {
        struct yodel_frame one = received(&clip->frames[i], i, true);
        put(&one);
        CHECK_EQ(stage.told[YODEL_RECORDER_WANT_KEY], 1);
    }
    for (size_t i = CLIP_ONSET_PICTURE; i < clip->count; i++) {
        struct yodel_frame one = received(&clip->frames[i], i, true);
        put(&one);
    }
    finish();
    CHECK_EQ(stage.told[YODEL_RECORDER_WANT_KEY], 1);
    CHECK_EQ(stage.stats.dropped, CLIP_ONSET_PICTURE - 1);
    fixture_see(path);
    CHECK_EQ(seen.pictures, clip->count - CLIP_ONSET_PICTURE);
    fixture_remove(path);
}

// ---- failures

static void a_failure_is_told_once_with_its_sentence(void)
{
    static const struct {
        const char *path;
        enum yodel_err err;
        const char *text;
    } rows[] = {{"a.avi", YODEL_ERR_NOT_SUPPORTED,
                    "\"a.avi\" does not say what to write: let its name end in .webm, .mkv, .mp4, "
                    ".ogg or .opus"},
        {"/nowhere/a.webm", YODEL_ERR_IO,
            "cannot write \"/nowhere/a.webm\": No such file or directory"}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(rows[i].path, false, false);
        // Nobody knows yet.
        (void)yodel_recorder_frame(stage.recorder, &clip_of(YODEL_VP8)->frames[0]);
        turn_until(&stage.told[YODEL_RECORDER_FAILED]);
        CHECK_EQ(stage.err, rows[i].err);
        CHECK_TEXT(stage.text, rows[i].text);
        CHECK_EQ(yodel_recorder_frame(stage.recorder, &clip_of(YODEL_VP8)->frames[0]), rows[i].err);
        CHECK_TEXT(yodel_recorder_error_text(stage.recorder), rows[i].text);
        finish();
        CHECK_EQ(stage.told[YODEL_RECORDER_FAILED], 1);
        CHECK_EQ(stage.told[YODEL_RECORDER_STARTED], 0);
    }
}

static void a_full_disk_and_nothing_at_all_are_told(void)
{
    const char *path = fixture_path(".webm");

    CHECK_EQ(symlink("/dev/full", path), 0);
    begin(path, true, false);
    put_both(NULL, clip_of(YODEL_VP8), true);
    finish();
    CHECK_EQ(stage.told[YODEL_RECORDER_FAILED], 1);
    CHECK_EQ(stage.err, YODEL_ERR_IO);
    CHECK(strncmp(stage.text, "the disk is full: ", 18) == 0);
    begin(path, true, false);
    finish();
    CHECK_EQ(stage.told[YODEL_RECORDER_FAILED], 1);
    CHECK_EQ(stage.err, YODEL_ERR_NOT_FOUND);
    CHECK_TEXT(stage.text, "nothing was written: nothing came");
    CHECK_EQ(rmdir(fixture_folder), 0);
    fixture_folder[0] = '\0';
}

static void handlers_may_stop_it(void)
{
    static const enum yodel_recorder_event_type types[] = {
        YODEL_RECORDER_STARTED, YODEL_RECORDER_WANT_KEY, YODEL_RECORDER_FAILED};

    for (size_t i = 0; i < COUNT(types); i++) {
        const char *path = fixture_path(i == 2 ? ".avi" : ".webm");
        const struct clip *clip = clip_of(YODEL_VP8);
        begin(path, true, false);
        stage.stops_at = (int)types[i];
        size_t n = i == 1;
        while (stage.recorder && stage.told[types[i]] == 0) {
            if (n < clip->count) {
                (void)yodel_recorder_frame(stage.recorder, &clip->frames[n++]);
            }
            uv_run(&stage.loop, UV_RUN_NOWAIT);
        }
        if (stage.recorder) {
            CHECK_EQ(
                yodel_recorder_frame(stage.recorder, &clip->frames[0]), YODEL_ERR_INVALID_STATE);
        }
        finish();
        (void)unlink(path);
    }
    CHECK_EQ(rmdir(fixture_folder), 0);
    fixture_folder[0] = '\0';
}

// ---- a process that is killed

// Ends only by a signal.
static void record_until_killed(const char *path, int told)
{
    begin(path, false, false);
    put_both(clip_of(YODEL_OPUS), clip_of(YODEL_H264), true);
    // What is younger than a part, and what waits for its order, is not written yet.
    while (yodel_recorder_stats(stage.recorder).duration < YODEL_MS(3700)) {
        uv_run(&stage.loop, UV_RUN_NOWAIT);
    }
    CHECK_EQ(write(told, "", 1), 1);
    for (;;) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
}

static void what_was_recorded_before_a_kill_plays(void)
{
    const char *path = fixture_path(".mp4");
    int ends[2], status;
    char byte;

    (void)clip_of(YODEL_OPUS);
    (void)clip_of(YODEL_H264);
    CHECK_EQ(pipe(ends), 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        record_until_killed(path, ends[1]);
    }
    (void)close(ends[1]);
    CHECK_EQ(read(ends[0], &byte, 1), 1); // 0: it fell over.
    CHECK_EQ(kill(child, SIGKILL), 0);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status));
    (void)close(ends[0]);
    fixture_see(path);
    CHECK(seen.opens && seen.pictures >= 25);
    for (size_t i = 0; i < seen.pictures; i++) {
        CHECK_EQ(seen.shown[i].number, i);
    }
    CHECK(fabs(seen.onset - seen.shown[CLIP_ONSET_PICTURE].at) <= SYNC_MAX);
    fixture_remove(path);
}

// ---- tracks

// In packets of 20 ms, of which a slow machine leaves some out, until the pictures end.
static void check_sound_of_tracks(void)
{
    size_t count = seen.tracks[YODEL_AUDIO].packets;
    double first = seen.tracks[YODEL_AUDIO].at[0];

    CHECK(count >= 20);
    for (size_t i = 1; i < count; i++) {
        double packets = (seen.tracks[YODEL_AUDIO].at[i] - first) / 0.02;
        CHECK(fabs(packets - round(packets)) < 0.1);
    }
    CHECK(fabs(seen.tracks[YODEL_AUDIO].at[count - 1] - seen.shown[seen.pictures - 1].at) <= 0.1);
}

static void tracks_are_encoded_into_the_file(void)
{
    struct yodel_source_config config = {
        .width = 160, .height = 96, .frame_rate = 30, .channels = 2};
    yodel_track *audio, *video;
    const char *path = fixture_path(".webm");

    begin(path, false, false);
    CHECK_EQ(yodel_source_open_test(stage.runtime, &config, &audio, &video), YODEL_OK);
    CHECK_EQ(yodel_recorder_track(stage.recorder, audio, YODEL_VP8), YODEL_ERR_TYPE);
    CHECK_EQ(yodel_recorder_track(stage.recorder, video, YODEL_H264), YODEL_ERR_TYPE);
    CHECK_EQ(yodel_recorder_track(stage.recorder, audio, YODEL_OPUS), YODEL_OK);
    CHECK_EQ(yodel_recorder_track(stage.recorder, video, YODEL_VP8), YODEL_OK);
    CHECK_EQ(yodel_recorder_track(stage.recorder, video, YODEL_VP8), YODEL_ERR_EXISTS);
    CHECK_EQ(
        yodel_recorder_frame(stage.recorder, &clip_of(YODEL_VP8)->frames[0]), YODEL_ERR_EXISTS);
    while (yodel_recorder_stats(stage.recorder).duration < YODEL_MS(900)) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    yodel_recorder_stop(stage.recorder);
    yodel_track_stop(audio);
    yodel_track_stop(video);
    finish();
    CHECK_EQ(stage.told[YODEL_RECORDER_FAILED] + stage.told[YODEL_RECORDER_DROPPED], 0);
    fixture_see(path);
    CHECK(seen.opens && seen.duration >= 0.9 && seen.pictures >= 15);
    CHECK(seen.onset >= 0 && seen.onset <= 0.1);
    check_sound_of_tracks();
    for (size_t i = 1; i < seen.pictures; i++) { // A slow machine leaves some out.
        double numbers = (double)(seen.shown[i].number - seen.shown[0].number);
        CHECK(fabs(seen.shown[i].at - seen.shown[0].at - numbers / 30) <= SYNC_MAX);
    }
    fixture_remove(path);
}

TEST_MAIN(TEST(what_comes_is_in_the_file_in_sync), TEST(a_name_says_which_codecs_it_can_hold),
    TEST(what_a_file_cannot_hold_is_refused_and_the_rest_goes_on),
    TEST(a_key_frame_is_asked_for_once_a_second_at_most),
    TEST(a_failure_is_told_once_with_its_sentence), TEST(a_full_disk_and_nothing_at_all_are_told),
    TEST(handlers_may_stop_it), TEST(what_was_recorded_before_a_kill_plays),
    TEST(tracks_are_encoded_into_the_file))
