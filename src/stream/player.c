// Players: see the public header. Which track is which tile or input; window and loudspeaker are in the files beside.

#include "yodel/player.h"

#include <assert.h>

#include "runtime/runtime.h"
#include "stream/player_echo.h"
#include "stream/player_screen.h"

// Places are tiles, our own the last, and inputs behind them.
#define TILES DEVICE_WINDOW_SLOTS
#define PLACES (TILES + PLAYER_SOUND_INPUTS)

static_assert(YODEL_PLAYER_TRACKS_MAX == DEVICE_WINDOW_PICTURES_MAX, "a tile for each track");

struct place {
    yodel_player *player;
    yodel_track *track; // NULL: free.
    struct player_sound_input *input;
};

struct yodel_player {
    struct alloc *alloc;
    yodel_player_handler *handler;
    void *ctx;
    bool has_screen; // Its thread is there; the window may have gone.
    bool has_window;
    bool has_sound;
    uint32_t parts; // Threads that are not at their end.
    struct list echoes;
    struct place places[PLACES];
    struct player_screen screen;
    struct player_sound sound;
};

// ---- places

static bool is_tile(const struct place *place)
{
    return place < &place->player->places[TILES];
}

static uint32_t slot_of(const struct place *place)
{
    return (uint32_t)(place - place->player->places);
}

static void show(struct place *place, const struct yodel_track_event *event)
{
    struct player_screen *screen = &place->player->screen;

    player_screen_put(screen, slot_of(place), &event->raw->picture, event->rotation);
}

static void on_track(void *ctx, yodel_track *track, const struct yodel_track_event *event);

static void leave(struct place *place)
{
    yodel_track_unlisten(place->track, on_track, place);
    if (is_tile(place)) {
        player_screen_clear(&place->player->screen, slot_of(place));
    } else {
        player_sound_remove(&place->player->sound, place->input);
        place->input = NULL;
    }
    place->track = NULL;
}

// A camera that is off takes no room in the window.
static void on_track(void *ctx, yodel_track *track, const struct yodel_track_event *event)
{
    struct place *place = ctx;
    yodel_player *player = place->player;

    (void)track;
    switch (event->type) {
    case YODEL_TRACK_RAW:
        if (is_tile(place)) {
            show(place, event);
        } else {
            player_sound_put(&player->sound, place->input, &event->raw->sound);
        }
        break;
    case YODEL_TRACK_MUTE:
        if (is_tile(place)) {
            player_screen_clear(&player->screen, slot_of(place));
        }
        break;
    case YODEL_TRACK_UNMUTE:
        break;
    case YODEL_TRACK_ENDED:
        leave(place);
        break;
    }
}

static struct place *find(yodel_player *player, const yodel_track *track)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (player->places[i].track == track) {
            return &player->places[i];
        }
    }
    return NULL;
}

static struct place *find_room(yodel_player *player, size_t from, size_t end)
{
    for (size_t i = from; i < end; i++) {
        if (!player->places[i].track) {
            return &player->places[i];
        }
    }
    return NULL;
}

static enum yodel_err take(struct place *place, yodel_track *track)
{
    struct player_sound *sound = &place->player->sound;
    enum yodel_err err = is_tile(place) ? YODEL_OK : player_sound_add(sound, &place->input);

    if (!err && (err = yodel_track_listen(track, on_track, place)) && !is_tile(place)) {
        player_sound_remove(sound, place->input);
    }
    place->track = err ? NULL : track;
    return err;
}

static enum yodel_err add(yodel_player *player, yodel_track *track, size_t from, size_t end)
{
    bool is_video = yodel_track_kind(track) == YODEL_VIDEO;

    if (yodel_track_has_ended(track)) {
        return YODEL_ERR_INVALID_STATE;
    }
    if (find(player, track)) {
        return YODEL_ERR_EXISTS;
    }
    if (is_video ? !player->has_window : !player->has_sound) {
        return YODEL_OK;
    }
    struct place *place = find_room(player, from, end);
    return place ? take(place, track) : YODEL_ERR_TOO_LARGE;
}

static void leave_all(yodel_player *player, size_t from, size_t end)
{
    for (size_t i = from; i < end; i++) {
        if (player->places[i].track) {
            leave(&player->places[i]);
        }
    }
}

// ---- what the threads tell

static void on_event(void *ctx, const struct yodel_player_event *event)
{
    yodel_player *player = ctx;

    if (event->type == YODEL_PLAYER_CLOSED || event->type == YODEL_PLAYER_NO_WINDOW) {
        player->has_window = false;
        leave_all(player, 0, TILES);
    }
    if (player->handler) {
        player->handler(player->ctx, player, event);
    }
}

static void on_part_closed(yodel_player *player)
{
    if (--player->parts == 0) {
        alloc_free(player->alloc, player);
    }
}

static void on_screen_closed(struct player_screen *screen)
{
    on_part_closed(CONTAINER_OF(screen, yodel_player, screen));
}

static void on_sound_closed(struct player_sound *sound)
{
    on_part_closed(CONTAINER_OF(sound, yodel_player, sound));
}

// ---- beginning and end

static enum yodel_err begin_screen(
    yodel_player *player, uv_loop_t *loop, const struct yodel_player_config *config)
{
    struct player_screen_config screen = {.loop = loop,
        .alloc = player->alloc,
        .title = config->title ? config->title : "yodel",
        .width = config->width,
        .height = config->height,
        .handler = on_event,
        .ctx = player};
    enum yodel_err err =
        config->has_no_window ? YODEL_OK : player_screen_init(&player->screen, &screen);

    player->has_screen = player->has_window = !config->has_no_window && !err;
    player->parts += player->has_screen;
    return err;
}

static enum yodel_err begin_sound(
    yodel_player *player, uv_loop_t *loop, const struct yodel_player_config *config)
{
    struct player_sound_config sound = {.loop = loop,
        .alloc = player->alloc,
        .device = config->device,
        .handler = on_event,
        .ctx = player};
    enum yodel_err err =
        config->has_no_sound ? YODEL_OK : player_sound_init(&player->sound, &sound);

    player->has_sound = !config->has_no_sound && !err;
    player->parts += player->has_sound;
    return err;
}

YODEL_API enum yodel_err yodel_player_new(
    yodel_runtime *runtime, const struct yodel_player_config *config, yodel_player **player)
{
    struct alloc *alloc = runtime_env(runtime)->alloc;

    if (config->width > YODEL_PICTURE_SIDE_MAX || config->height > YODEL_PICTURE_SIDE_MAX) {
        return YODEL_ERR_RANGE;
    }
    yodel_player *made = alloc_new(alloc, sizeof *made);
    if (!made) {
        return YODEL_ERR_NO_MEMORY;
    }
    made->alloc = alloc;
    made->handler = config->handler;
    made->ctx = config->ctx;
    list_init(&made->echoes);
    for (size_t i = 0; i < PLACES; i++) {
        made->places[i].player = made;
    }
    enum yodel_err err = begin_screen(made, runtime_loop(runtime), config);
    if (!err) {
        err = begin_sound(made, runtime_loop(runtime), config);
    }
    if (err) {
        yodel_player_free(made);
        return err;
    }
    *player = made;
    return YODEL_OK;
}

YODEL_API void yodel_player_free(yodel_player *player)
{
    if (!player) {
        return;
    }
    leave_all(player, 0, PLACES);
    player_echo_detach_all(&player->echoes);
    if (player->parts == 0) {
        alloc_free(player->alloc, player);
        return;
    }
    if (player->has_screen) {
        player_screen_close(&player->screen, on_screen_closed);
    }
    if (player->has_sound) {
        player_sound_close(&player->sound, on_sound_closed);
    }
}

// ---- what else can be asked for

YODEL_API enum yodel_err yodel_player_add(yodel_player *player, yodel_track *track)
{
    return yodel_track_kind(track) == YODEL_VIDEO ? add(player, track, 0, DEVICE_WINDOW_OWN)
                                                  : add(player, track, TILES, PLACES);
}

YODEL_API enum yodel_err yodel_player_add_own(yodel_player *player, yodel_track *track)
{
    if (yodel_track_kind(track) != YODEL_VIDEO) {
        return YODEL_ERR_TYPE;
    }
    enum yodel_err err = add(player, track, DEVICE_WINDOW_OWN, TILES);
    if (!err && player->has_window) {
        player_screen_mirror_own(&player->screen, !yodel_track_is_screen(track));
    }
    return err;
}

YODEL_API void yodel_player_remove(yodel_player *player, yodel_track *track)
{
    struct place *place = find(player, track);

    if (place) {
        leave(place);
    }
}

YODEL_API enum yodel_err yodel_player_set_volume(
    yodel_player *player, const yodel_track *track, double volume)
{
    if (!(volume >= 0 && volume <= 4)) {
        return YODEL_ERR_RANGE;
    }
    const struct place *place = track ? find(player, track) : NULL;
    if (track && (!place || is_tile(place))) {
        return YODEL_ERR_NOT_FOUND;
    }
    if (player->has_sound) {
        player_sound_set_volume(&player->sound, place ? place->input : NULL, (float)volume);
    }
    return YODEL_OK;
}

YODEL_API void yodel_player_set_text(yodel_player *player, const char *line)
{
    if (player->has_window) {
        player_screen_set_text(&player->screen, line);
    }
}

YODEL_API enum yodel_err yodel_player_cancel_echo(
    yodel_player *player, yodel_track *microphone, yodel_track **clean)
{
    if (yodel_track_kind(microphone) != YODEL_AUDIO) {
        return YODEL_ERR_TYPE;
    }
    if (player->has_sound) {
        return player_echo_new(&player->sound, player->alloc, &player->echoes, microphone, clean);
    }
    if (yodel_track_has_ended(microphone)) {
        return YODEL_ERR_INVALID_STATE;
    }
    yodel_track *clone = yodel_track_clone(microphone);
    if (clone) {
        *clean = clone;
    }
    return clone ? YODEL_OK : YODEL_ERR_NO_MEMORY;
}
