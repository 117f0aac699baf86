// Devices, for real: a screen whose memory is a file that we draw into (Xvfb), and a sound server that hums (PulseAudio).
// tests/devices/run starts both.

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "check.h"
#include "media/pattern.h"
#include "media/tone.h"
#include "runtime/runtime.h"
#include "yodel/player.h"

#define WIDTH 640u // As tests/devices/run says it to Xvfb.
#define HEIGHT 480u
#define HUM 1000 // Hertz, as it says it to PulseAudio.
#define HEARD 4800u
#define SETTLING 30u   // Pieces that are not looked at: a stream begins somewhere.
#define PATIENCE 10000 // ms.
#define LEFT_OVER 9999 // What is on the screen before there is a window.

static struct stage {
    uv_loop_t loop;
    uv_timer_t patience;
    yodel_runtime *runtime;
    yodel_track *track;
    uint32_t pictures, pieces;
    bool has_number;
    uint32_t number, width, height;
    yodel_time last;
    int16_t heard[HEARD];
    uint32_t heard_count;
    bool has_ended;
    char why[256];
} stage;

// ---- around it

static void on_patience(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("it takes too long");
}

static void begin(void)
{
    stage = (struct stage){0};
    CHECK_EQ(uv_loop_init(&stage.loop), 0);
    CHECK_EQ(uv_timer_init(&stage.loop, &stage.patience), 0);
    CHECK_EQ(uv_timer_start(&stage.patience, on_patience, PATIENCE, 0), 0);
    CHECK_EQ(yodel_runtime_new(&(struct yodel_runtime_config){.loop = &stage.loop}, &stage.runtime),
        YODEL_OK);
}

static void end(void)
{
    yodel_track_stop(stage.track);
    yodel_runtime_free(stage.runtime);
    uv_close((uv_handle_t *)&stage.patience, NULL);
    uv_run(&stage.loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&stage.loop), 0);
}

static void see(const struct yodel_picture *picture)
{
    stage.pictures++;
    stage.width = picture->width;
    stage.height = picture->height;
    stage.has_number = media_pattern_read(picture, &stage.number);
}

static void hear(const struct yodel_sound *sound)
{
    if (stage.pieces++ < SETTLING) {
        return;
    }
    for (uint32_t i = 0; i < sound->count && stage.heard_count < HEARD; i++) {
        stage.heard[stage.heard_count++] = sound->samples[i * sound->channels];
    }
}

static void on_track(void *ctx, yodel_track *track, const struct yodel_track_event *event)
{
    (void)ctx;
    (void)track;
    if (event->type == YODEL_TRACK_ENDED) {
        stage.has_ended = true;
        (void)snprintf(stage.why, sizeof stage.why, "%s", event->text);
    } else if (event->type == YODEL_TRACK_RAW) {
        CHECK(event->raw->captured >= stage.last);
        stage.last = event->raw->captured;
        if (event->raw->kind == YODEL_VIDEO) {
            see(&event->raw->picture);
        } else {
            hear(&event->raw->sound);
        }
    }
}

static bool allow(void *ctx, enum yodel_device_kind kind, const char *label)
{
    (void)ctx;
    (void)kind;
    CHECK(label[0]);
    return true;
}

static void open_device(enum yodel_device_kind kind, struct yodel_source_config config)
{
    CHECK_EQ(yodel_source_open_device(stage.runtime, kind, &config, allow, NULL, &stage.track),
        YODEL_OK);
    CHECK_EQ(yodel_track_listen(stage.track, on_track, NULL), YODEL_OK);
}

static void run_to_the_end(void)
{
    while (!stage.has_ended) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
}

static const char *from_run(const char *name)
{
    const char *value = getenv(name);

    CHECK(value);
    return value;
}

// Ends what tests/devices/run started.
static void kill_it(const char *name)
{
    CHECK_EQ(kill(atoi(from_run(name)), SIGTERM), 0);
}

// ---- screens

static uint8_t luma_to_gray(uint8_t luma)
{
    return luma < 16 ? 0 : luma > 235 ? 255 : (uint8_t)((luma - 16) * 255 / 219);
}

// The screen's memory is the end of a file of the format XWD.
static void show(uint32_t number)
{
    struct media_picture picture;
    struct stat about;
    int file = open(from_run("SCREEN_FILE"), O_RDWR | O_CLOEXEC);

    media_picture_init(&picture, alloc_system());
    CHECK_EQ(media_picture_resize(&picture, WIDTH, HEIGHT), YODEL_OK);
    media_pattern_draw(&picture, number);
    CHECK(file >= 0 && fstat(file, &about) == 0);
    size_t len = (size_t)about.st_size;
    uint8_t *all = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(all != MAP_FAILED && len > (size_t)WIDTH * HEIGHT * 4);
    uint8_t *pixels = all + len - (size_t)WIDTH * HEIGHT * 4;
    for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++) {
        uint8_t luma = picture.planes[0][i / WIDTH * picture.view.strides[0] + i % WIDTH];
        memset(pixels + i * 4, luma_to_gray(luma), 3);
    }
    CHECK_EQ(munmap(all, len), 0);
    CHECK_EQ(close(file), 0);
    media_picture_deinit(&picture);
}

static void run_until_shown(uint32_t number)
{
    while (!stage.has_number || stage.number != number) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
}

static void what_is_on_the_screen_comes_and_what_comes_next(void)
{
    begin();
    show(4711);
    open_device(YODEL_SCREEN, (struct yodel_source_config){0});
    CHECK(yodel_track_is_screen(stage.track));
    run_until_shown(4711);
    CHECK_EQ(stage.width, WIDTH);
    CHECK_EQ(stage.height, HEIGHT);
    show(815);
    run_until_shown(815);
    end();
}

static void a_screen_is_as_small_as_wished_for(void)
{
    begin();
    show(99);
    open_device(YODEL_SCREEN, (struct yodel_source_config){.width = 320, .height = 320});
    run_until_shown(99);
    CHECK_EQ(stage.width, 320);
    CHECK_EQ(stage.height, 240);
    end();
}

static void a_screen_that_goes_ends_its_track(void)
{
    char want[64];

    begin();
    open_device(YODEL_SCREEN, (struct yodel_source_config){0});
    while (stage.pictures < 2) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    kill_it("SCREEN_PID");
    run_to_the_end();
    (void)snprintf(want, sizeof want, "the display %s is gone", from_run("DISPLAY"));
    CHECK_TEXT(stage.why, want);
    end();
}

// ---- sound

static void run_until_heard(void)
{
    while (stage.heard_count < HEARD) {
        CHECK(!stage.has_ended);
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
}

static void a_microphone_hears_the_tone(void)
{
    for (uint32_t channels = 1; channels <= 2; channels++) {
        struct media_tone_heard heard;
        begin();
        open_device(YODEL_MICROPHONE, (struct yodel_source_config){.channels = channels});
        run_until_heard();
        struct yodel_sound sound = {48000, 1, HEARD, stage.heard};
        CHECK(media_tone_hear(&sound, &heard));
        CHECK(fabs(heard.hz - HUM) < 5);
        CHECK(heard.purity > 0.95);
        CHECK_EQ(yodel_track_settings(stage.track).channels, channels);
        end();
    }
}

static void a_sound_server_that_goes_ends_the_track(void)
{
    begin();
    open_device(YODEL_MICROPHONE, (struct yodel_source_config){0});
    run_until_heard();
    kill_it("SOUND_PID");
    run_to_the_end();
    CHECK(strstr(stage.why, "is gone"));
    end();
}

// ---- players

static void on_player(void *ctx, yodel_player *player, const struct yodel_player_event *event)
{
    (void)ctx;
    (void)player;
    CHECK_EQ(event->type, YODEL_PLAYER_KEY); // There are a window and a loudspeaker.
}

static yodel_player *play(bool has_no_window, bool has_no_sound)
{
    struct yodel_player_config config = {.width = WIDTH,
        .height = HEIGHT,
        .has_no_window = has_no_window,
        .has_no_sound = has_no_sound,
        .handler = on_player};
    yodel_player *player;

    CHECK_EQ(yodel_player_new(stage.runtime, &config, &player), YODEL_OK);
    return player;
}

static void what_a_player_shows_is_on_the_screen(void)
{
    struct yodel_source_config config = {
        .width = WIDTH, .height = HEIGHT, .frame_rate = 10, .has_no_audio = true};
    yodel_track *shown;

    begin();
    show(LEFT_OVER);
    yodel_player *player = play(false, true);
    CHECK_EQ(yodel_source_open_test(stage.runtime, &config, NULL, &shown), YODEL_OK);
    CHECK_EQ(yodel_player_add(player, shown), YODEL_OK);
    open_device(YODEL_SCREEN, (struct yodel_source_config){0});
    for (uint32_t seen = 0, last = 0; seen < 5;) {
        uv_run(&stage.loop, UV_RUN_ONCE);
        if (stage.has_number && stage.number > last && stage.number < LEFT_OVER) {
            last = stage.number;
            seen++;
        }
    }
    yodel_player_free(player);
    yodel_track_stop(shown);
    end();
}

// Louder than the hum.
static void what_a_player_plays_is_heard(void)
{
    struct yodel_source_config config = {.tone_hz = 400, .has_no_video = true};
    struct yodel_sound sound = {48000, 1, HEARD, stage.heard};
    struct media_tone_heard heard = {0};
    yodel_track *played;

    begin();
    yodel_player *player = play(true, false);
    CHECK_EQ(yodel_source_open_test(stage.runtime, &config, &played, NULL), YODEL_OK);
    CHECK_EQ(yodel_player_add(player, played), YODEL_OK);
    CHECK_EQ(yodel_player_set_volume(player, NULL, 3), YODEL_OK);
    open_device(YODEL_MICROPHONE, (struct yodel_source_config){0});
    while (fabs(heard.hz - 400) > 5) {
        stage.heard_count = 0;
        run_until_heard();
        CHECK(media_tone_hear(&sound, &heard));
    }
    yodel_player_free(player);
    yodel_track_stop(played);
    end();
}

// ---- lists

struct found {
    uint32_t count, defaults;
    char id[256], label[256]; // Of the last one.
};

static void on_device(void *ctx, const struct yodel_device *device)
{
    struct found *found = ctx;

    found->count++;
    found->defaults += device->is_default;
    (void)snprintf(found->id, sizeof found->id, "%s", device->id);
    (void)snprintf(found->label, sizeof found->label, "%s", device->label);
}

static void lists_name_what_the_sound_server_has(void)
{
    struct found microphones = {0}, loudspeakers = {0};

    CHECK_EQ(yodel_device_list(YODEL_MICROPHONE, on_device, &microphones), YODEL_OK);
    CHECK_EQ(microphones.count, 1);
    CHECK_EQ(microphones.defaults, 1);
    CHECK_TEXT(microphones.id, "hall.monitor");
    CHECK_TEXT(microphones.label, "Monitor of Hall");
    CHECK_EQ(yodel_device_list(YODEL_LOUDSPEAKER, on_device, &loudspeakers), YODEL_OK);
    CHECK_EQ(loudspeakers.count, 1);
    CHECK_TEXT(loudspeakers.id, "Hall");
}

static void a_device_that_is_not_there_is_not_found(void)
{
    struct yodel_source_config config = {.name = "/dev/video-of-nobody"};
    yodel_track *track = NULL;

    CHECK_EQ(yodel_source_open_device(NULL, YODEL_CAMERA, &config, allow, NULL, &track),
        YODEL_ERR_NOT_FOUND);
    CHECK_EQ(yodel_source_open_device(NULL, YODEL_MICROPHONE, &config, allow, NULL, &track),
        YODEL_ERR_NOT_FOUND);
    if (access("/dev/video0", F_OK) != 0) {
        CHECK_EQ(yodel_source_open_device(NULL, YODEL_CAMERA, NULL, allow, NULL, &track),
            YODEL_ERR_NOT_FOUND);
    }
    CHECK(!track);
}

TEST_MAIN(TEST(what_is_on_the_screen_comes_and_what_comes_next),
    TEST(what_a_player_shows_is_on_the_screen), TEST(what_a_player_plays_is_heard),
    TEST(a_screen_is_as_small_as_wished_for), TEST(a_microphone_hears_the_tone),
    TEST(lists_name_what_the_sound_server_has), TEST(a_device_that_is_not_there_is_not_found),
    TEST(a_screen_that_goes_ends_its_track), TEST(a_sound_server_that_goes_ends_the_track))
