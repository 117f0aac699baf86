// Players: what tracks give is seen in the window and heard from the loudspeaker, and what is missing is told.

#include <SDL.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "media/pattern.h"
#include "media/tone.h"
#include "net/clock.h"
#include "runtime/runtime.h"
#include "stream/track.h"
#include "yodel/player.h"

#define WIDTH 320u
#define HEIGHT 240u
#define SOUND "sound.raw"
#define NAME_MAX_LEN 64

static struct stage {
    uv_loop_t loop;
    yodel_runtime *runtime;
    yodel_player *player;
    uv_timer_t timer; // So that the loop turns.
    uint32_t turns;
    uint32_t events[YODEL_PLAYER_HEARD + 1];
    uint32_t key;
    char text[160];
    bool frees;      // The handler does.
    char folder[32]; // Where the library below writes what is shown and played.
} stage;

static void on_player(void *ctx, yodel_player *player, const struct yodel_player_event *event)
{
    CHECK(ctx == &stage && player == stage.player);
    stage.events[event->type]++;
    stage.key = event->key;
    (void)snprintf(stage.text, sizeof stage.text, "%s", event->text);
    if (stage.frees) {
        yodel_player_free(player);
        stage.player = NULL;
    }
}

static void on_timer(uv_timer_t *timer)
{
    (void)timer;
    stage.turns++;
}

static void begin(const char *video, const char *audio)
{
    stage = (struct stage){.folder = "/tmp/yodel-player-XXXXXX"};
    CHECK(mkdtemp(stage.folder) && chdir(stage.folder) == 0);
    setenv("SDL_DISKAUDIOFILE", SOUND, 1);
    setenv("SDL_VIDEO_DUMMY_SAVE_FRAMES", "1", 1);
    SDL_SetHint(SDL_HINT_VIDEODRIVER, video);
    SDL_SetHint(SDL_HINT_AUDIODRIVER, audio);
    CHECK_EQ(uv_loop_init(&stage.loop), 0);
    CHECK_EQ(uv_timer_init(&stage.loop, &stage.timer), 0);
    CHECK_EQ(uv_timer_start(&stage.timer, on_timer, 0, 10), 0);
    CHECK_EQ(yodel_runtime_new(&(struct yodel_runtime_config){.loop = &stage.loop}, &stage.runtime),
        YODEL_OK);
}

static void play(bool has_no_window, bool has_no_sound)
{
    struct yodel_player_config config = {.title = "test",
        .width = WIDTH,
        .height = HEIGHT,
        .has_no_window = has_no_window,
        .has_no_sound = has_no_sound,
        .handler = on_player,
        .ctx = &stage};

    CHECK_EQ(yodel_player_new(stage.runtime, &config, &stage.player), YODEL_OK);
}

static void turn(void)
{
    uv_run(&stage.loop, UV_RUN_ONCE);
}

static void remove_files(void)
{
    DIR *folder = opendir(".");
    CHECK(folder);

    for (struct dirent *entry; (entry = readdir(folder));) {
        CHECK(entry->d_name[0] == '.' || unlink(entry->d_name) == 0);
    }
    closedir(folder);
}

static void end(void)
{
    yodel_player_free(stage.player);
    uv_close((uv_handle_t *)&stage.timer, NULL);
    yodel_runtime_free(stage.runtime);
    uv_run(&stage.loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&stage.loop), 0);
    remove_files();
    CHECK(chdir("/") == 0 && rmdir(stage.folder) == 0);
}

// ---- tracks of the test's own

struct own {
    struct track_source source;
    yodel_track *track;
    bool is_listened, is_freed;
};

static void on_listened(struct track_source *source, bool is_listened)
{
    CONTAINER_OF(source, struct own, source)->is_listened = is_listened;
}

static void on_freed(struct track_source *source)
{
    CONTAINER_OF(source, struct own, source)->is_freed = true;
}

static void make(struct own *own, enum yodel_media_kind kind)
{
    static const struct track_source_ops ops = {on_listened, on_freed};

    *own = (struct own){0};
    track_source_init(&own->source, &ops, alloc_system(), kind, "own");
    own->track = track_new(&own->source);
    CHECK(own->track);
}

static void give_picture(struct own *own, uint32_t number)
{
    struct media_picture picture;

    media_picture_init(&picture, alloc_system());
    CHECK_EQ(media_picture_resize(&picture, WIDTH, HEIGHT), YODEL_OK);
    media_pattern_draw(&picture, number);
    struct yodel_raw raw = {.kind = YODEL_VIDEO, .picture = picture.view};
    track_source_give(&own->source, &raw, 0);
    media_picture_deinit(&picture);
}

#define HEADERS_MAX 256u

// The last picture of the window, which has the largest number in its file's name, in the format BMP.
static uint8_t shown[HEADERS_MAX + WIDTH * HEIGHT * 4];

static bool load(const char *name)
{
    FILE *file = fopen(name, "rb");
    size_t len = file ? fread(shown, 1, sizeof shown, file) : 0;

    CHECK(!file || fclose(file) == 0);
    return len > HEADERS_MAX && len >= shown[10] + (size_t)WIDTH * HEIGHT * shown[28] / 8;
}

// False: nothing was shown, or it is not all written.
static bool load_shown(void)
{
    char newest[NAME_MAX_LEN] = "";
    DIR *folder = opendir(".");
    CHECK(folder);

    for (struct dirent *entry; (entry = readdir(folder));) {
        const char *number = strchr(entry->d_name, '-'), *last = strchr(newest, '-');
        if (number && (!last || strcmp(number, last) > 0)) {
            (void)snprintf(newest, sizeof newest, "%.60s", entry->d_name);
        }
    }
    closedir(folder);
    return newest[0] && load(newest);
}

// What is in the window, mirrored or not; false: no pattern. Reading by the library below would race with its writing: formats
// of pictures are shared.
static bool see(bool is_mirrored, uint32_t *number)
{
    struct media_picture seen;

    while (!load_shown()) {
        turn();
    }
    uint32_t first = shown[10], depth = shown[28] / 8u; // Its width fills lines of four bytes.
    media_picture_init(&seen, alloc_system());
    CHECK_EQ(media_picture_resize(&seen, WIDTH, HEIGHT), YODEL_OK);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        const uint8_t *line = &shown[first + (size_t)(HEIGHT - 1 - y) * WIDTH * depth];
        for (uint32_t x = 0; x < WIDTH; x++) {
            uint32_t at = is_mirrored ? WIDTH - 1 - x : x;
            seen.planes[0][(size_t)y * seen.view.strides[0] + x] = line[at * depth + 1]; // Green.
        }
    }
    bool is_seen = media_pattern_read(&seen.view, number);
    media_picture_deinit(&seen);
    return is_seen;
}

static void wait_to_see(bool is_mirrored, uint32_t want)
{
    uint32_t number = want + 1;

    while (!see(is_mirrored, &number) || number != want) {
        turn();
    }
}

static void the_newest_picture_is_seen_until_its_track_goes(void)
{
    struct own own, mirrored;
    uint32_t number;

    begin("dummy", "dummy");
    play(false, true);
    make(&own, YODEL_VIDEO);
    CHECK_EQ(yodel_player_add(stage.player, own.track), YODEL_OK);
    CHECK_EQ(yodel_player_add(stage.player, own.track), YODEL_ERR_EXISTS);
    for (uint32_t i = 1; i < 10; i++) {
        give_picture(&own, i);
    }
    wait_to_see(false, 9);
    yodel_player_remove(stage.player, own.track);
    CHECK(!own.is_listened);
    while (see(false, &number)) {
        turn();
    }
    CHECK_EQ(yodel_player_add(stage.player, own.track), YODEL_OK);
    give_picture(&own, 12);
    wait_to_see(false, 12);
    track_source_mute(&own.source, true);
    while (see(false, &number)) {
        turn();
    }
    make(&mirrored, YODEL_VIDEO);
    CHECK_EQ(yodel_player_add_own(stage.player, mirrored.track), YODEL_OK);
    give_picture(&mirrored, 13);
    wait_to_see(true, 13);
    track_source_end(&mirrored.source, "over");
    while (see(true, &number)) {
        turn();
    }
    yodel_track_stop(mirrored.track);
    yodel_player_remove(stage.player, own.track);
    yodel_track_stop(own.track);
    CHECK(own.is_freed && mirrored.is_freed);
    end();
}

// It is there when it shows something; the second picture's lock then brings all that its thread has made to this one.
static void wait_for_window(struct own *own)
{
    CHECK_EQ(yodel_player_add(stage.player, own->track), YODEL_OK);
    give_picture(own, 1);
    wait_to_see(false, 1);
    give_picture(own, 2);
}

static void press(SDL_Keycode key)
{
    SDL_Event event = {.key = {.type = SDL_KEYDOWN, .keysym = {.sym = key}}};

    SDL_PushEvent(&event);
}

static void keys_and_the_end_of_the_window_are_told(void)
{
    struct own own;
    SDL_Event event = {.window = {.type = SDL_WINDOWEVENT, .event = SDL_WINDOWEVENT_CLOSE}};

    begin("dummy", "dummy");
    play(false, true);
    make(&own, YODEL_VIDEO);
    wait_for_window(&own);
    press(SDLK_m);
    while (stage.events[YODEL_PLAYER_KEY] == 0) {
        turn();
    }
    CHECK_EQ(stage.key, 'm');
    CHECK_EQ(SDL_PushEvent(&event), 1);
    while (stage.events[YODEL_PLAYER_CLOSED] == 0) {
        turn();
    }
    CHECK(!own.is_listened);
    CHECK_EQ(yodel_player_add(stage.player, own.track), YODEL_OK); // And is not seen.
    CHECK(!own.is_listened);
    yodel_track_stop(own.track);
    end();
}

static void the_handler_may_free_it(void)
{
    struct own own;

    begin("dummy", "dummy");
    play(false, false);
    make(&own, YODEL_VIDEO);
    wait_for_window(&own);
    stage.frees = true;
    press(SDLK_a);
    press(SDLK_b);
    while (stage.player) {
        turn();
    }
    CHECK_EQ(stage.events[YODEL_PLAYER_KEY], 1);
    CHECK(!own.is_listened);
    yodel_track_stop(own.track);
    end();
}

static void what_is_missing_is_told_and_the_rest_goes_on(void)
{
    struct own video, audio;

    begin("none", "none");
    play(false, false);
    make(&video, YODEL_VIDEO);
    make(&audio, YODEL_AUDIO);
    CHECK_EQ(yodel_player_add(stage.player, video.track), YODEL_OK);
    CHECK_EQ(yodel_player_add(stage.player, audio.track), YODEL_OK);
    while (stage.events[YODEL_PLAYER_NO_WINDOW] == 0) {
        turn();
    }
    CHECK(!video.is_listened);
    while (stage.events[YODEL_PLAYER_SILENT] == 0) {
        turn();
    }
    CHECK(strstr(stage.text, "loudspeaker") || strstr(stage.text, "display"));
    CHECK(audio.is_listened);
    yodel_player_set_text(stage.player, "unseen");
    yodel_player_remove(stage.player, audio.track);
    yodel_track_stop(video.track);
    yodel_track_stop(audio.track);
    end();
}

// ---- sound

#define SPAN 4800u

static int16_t one_channel[SPAN];

// The last SPAN samples that the loudspeaker has played, of one channel. False: there are not as many.
static bool listen_back(void)
{
    static int16_t heard[2 * SPAN];
    FILE *file = fopen(SOUND, "rb");
    long len = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0;
    long from = (len - (long)sizeof heard) / 4 * 4; // Whole samples of both channels.
    bool has =
        from > 0 && fseek(file, from, SEEK_SET) == 0 && fread(heard, sizeof heard, 1, file) == 1;

    CHECK(!file || fclose(file) == 0);
    for (size_t i = 0; i < SPAN; i++) {
        one_channel[i] = heard[2 * i];
    }
    return has;
}

// `purity` is how much of the energy the tone has.
static bool hears(uint32_t hz, double amplitude, double purity)
{
    struct yodel_sound sound = {48000, 1, SPAN, one_channel};
    struct media_tone_heard was;

    return listen_back() && media_tone_hear(&sound, &was) && fabs(was.hz - hz) < 5 &&
           fabs(was.amplitude - amplitude) < amplitude * 0.1 && fabs(was.purity - purity) < 0.02;
}

static void wait_to_hear(uint32_t hz, double amplitude, double purity)
{
    while (!hears(hz, amplitude, purity)) {
        turn();
    }
}

static yodel_track *open_tone(uint32_t hz)
{
    struct yodel_source_config config = {.tone_hz = hz, .has_no_video = true};
    yodel_track *track;

    CHECK_EQ(yodel_source_open_test(stage.runtime, &config, &track, NULL), YODEL_OK);
    return track;
}

static void sounds_are_mixed_as_loud_as_asked(void)
{
    begin("dummy", "disk");
    play(true, false);
    yodel_track *low = open_tone(500), *high = open_tone(3000);
    CHECK_EQ(yodel_player_add(stage.player, low), YODEL_OK);
    wait_to_hear(500, 0.3, 1);
    CHECK_EQ(yodel_player_set_volume(stage.player, low, 0.5), YODEL_OK);
    wait_to_hear(500, 0.15, 1);
    CHECK_EQ(yodel_player_add(stage.player, high), YODEL_OK);
    wait_to_hear(3000, 0.3, 0.8); // The other has half of its amplitude.
    yodel_player_remove(stage.player, low);
    wait_to_hear(3000, 0.3, 1);
    CHECK_EQ(yodel_player_set_volume(stage.player, NULL, 2), YODEL_OK);
    wait_to_hear(3000, 0.6, 1);
    CHECK_EQ(yodel_player_set_volume(stage.player, low, 1), YODEL_ERR_NOT_FOUND);
    CHECK_EQ(yodel_player_set_volume(stage.player, high, -1), YODEL_ERR_RANGE);
    CHECK_EQ(yodel_player_set_volume(stage.player, high, NAN), YODEL_ERR_RANGE);
    yodel_player_remove(stage.player, high);
    yodel_track_stop(low);
    yodel_track_stop(high);
    end();
}

struct clean_seen {
    uint32_t pieces, ends;
    double energy; // Of the last piece.
};

static void on_clean(void *ctx, yodel_track *track, const struct yodel_track_event *event)
{
    struct clean_seen *seen = ctx;

    (void)track;
    if (event->type == YODEL_TRACK_ENDED) {
        seen->ends++;
    } else if (event->type == YODEL_TRACK_RAW) {
        CHECK_EQ(event->raw->sound.channels, 1);
        seen->energy = 0;
        for (uint32_t i = 0; i < event->raw->sound.count; i++) {
            double sample = event->raw->sound.samples[i] / 32767.0;
            seen->energy += sample * sample / event->raw->sound.count;
        }
        seen->pieces++;
    }
}

// A microphone that hears only what is played.
static void what_is_played_is_taken_out_of_the_microphone(void)
{
    struct clean_seen seen = {0};
    yodel_track *clean;

    begin("dummy", "disk");
    play(true, false);
    yodel_track *played = open_tone(500), *microphone = yodel_track_clone(played);
    CHECK_EQ(yodel_player_cancel_echo(stage.player, microphone, &clean), YODEL_OK);
    CHECK_EQ(yodel_track_listen(clean, on_clean, &seen), YODEL_OK);
    while (seen.pieces == 0 || seen.energy < 0.03) {
        turn();
    }
    CHECK_EQ(yodel_player_add(stage.player, played), YODEL_OK);
    while (seen.energy > 0.045 / 1000) {
        turn();
    }
    yodel_player_free(stage.player); // The microphone is heard on, with all it hears.
    stage.player = NULL;
    seen.energy = 0;
    while (seen.energy < 0.04) {
        turn();
    }
    yodel_track_stop(clean);
    yodel_track_stop(microphone);
    yodel_track_stop(played);
    end();
}

static void a_clean_track_ends_with_its_microphone(void)
{
    struct clean_seen seen = {0};
    struct own microphone;
    yodel_track *clean, *others[YODEL_PLAYER_ECHOES_MAX];

    begin("dummy", "dummy");
    play(true, false);
    make(&microphone, YODEL_AUDIO);
    CHECK_EQ(yodel_player_cancel_echo(stage.player, microphone.track, &clean), YODEL_OK);
    CHECK_EQ(yodel_track_listen(clean, on_clean, &seen), YODEL_OK);
    for (size_t i = 1; i < YODEL_PLAYER_ECHOES_MAX; i++) {
        CHECK_EQ(yodel_player_cancel_echo(stage.player, microphone.track, &others[i]), YODEL_OK);
    }
    CHECK_EQ(
        yodel_player_cancel_echo(stage.player, microphone.track, &others[0]), YODEL_ERR_TOO_LARGE);
    track_source_end(&microphone.source, "pulled out");
    CHECK_EQ(seen.ends, 1);
    CHECK(yodel_track_has_ended(clean));
    CHECK_EQ(yodel_player_cancel_echo(stage.player, microphone.track, &others[0]),
        YODEL_ERR_INVALID_STATE);
    yodel_track_stop(microphone.track);
    CHECK(!microphone.is_freed);
    yodel_track_stop(clean);
    for (size_t i = 1; i < YODEL_PLAYER_ECHOES_MAX; i++) {
        yodel_track_stop(others[i]);
    }
    CHECK(microphone.is_freed);
    end();
}

static void there_is_a_limit_and_a_place_becomes_free(void)
{
    struct own owns[YODEL_PLAYER_TRACKS_MAX + 1];

    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        begin("dummy", "dummy");
        play(kind == YODEL_AUDIO, kind == YODEL_VIDEO);
        for (size_t i = 0; i <= YODEL_PLAYER_TRACKS_MAX; i++) {
            make(&owns[i], (enum yodel_media_kind)kind);
            CHECK_EQ(yodel_player_add(stage.player, owns[i].track),
                i < YODEL_PLAYER_TRACKS_MAX ? YODEL_OK : YODEL_ERR_TOO_LARGE);
        }
        track_source_end(&owns[7].source, "over");
        CHECK_EQ(yodel_player_add(stage.player, owns[7].track), YODEL_ERR_INVALID_STATE);
        CHECK_EQ(yodel_player_add(stage.player, owns[YODEL_PLAYER_TRACKS_MAX].track), YODEL_OK);
        for (size_t i = 0; i <= YODEL_PLAYER_TRACKS_MAX; i++) {
            yodel_player_remove(stage.player, owns[i].track);
            yodel_track_stop(owns[i].track);
            CHECK(owns[i].is_freed);
        }
        end();
    }
}

TEST_MAIN(TEST(the_newest_picture_is_seen_until_its_track_goes),
    TEST(keys_and_the_end_of_the_window_are_told), TEST(the_handler_may_free_it),
    TEST(what_is_missing_is_told_and_the_rest_goes_on), TEST(sounds_are_mixed_as_loud_as_asked),
    TEST(what_is_played_is_taken_out_of_the_microphone),
    TEST(a_clean_track_ends_with_its_microphone), TEST(there_is_a_limit_and_a_place_becomes_free))
