// A microphone's track without the echo: see the header.

#include "stream/player_echo.h"

struct player_echo {
    struct list_node link;
    struct track_source source;
    struct alloc *alloc;
    struct player_sound *sound; // NULL: nothing is taken out.
    yodel_track *microphone;    // Our clone.
    struct device_echo echo;
    int16_t clean[DEVICE_ECHO_PIECE];
};

static void detach(struct player_echo *echo)
{
    if (echo->sound) {
        player_sound_remove_echo(echo->sound, &echo->echo);
        list_remove(&echo->link);
        echo->sound = NULL;
    }
}

static void give(struct player_echo *echo, const struct yodel_raw *raw)
{
    const struct yodel_sound *sound = &raw->sound;
    int16_t middle[DEVICE_ECHO_PIECE];
    struct yodel_raw clean = *raw;

    if (sound->rate != DEVICE_SPEAKER_RATE || sound->count != DEVICE_ECHO_PIECE) {
        return; // No source makes another.
    }
    for (uint32_t i = 0; i < DEVICE_ECHO_PIECE; i++) {
        const int16_t *all = &sound->samples[i * sound->channels];
        middle[i] = (int16_t)((all[0] + all[sound->channels - 1]) / 2);
    }
    if (echo->sound) {
        player_sound_clean(echo->sound, &echo->echo, middle, echo->clean);
    }
    clean.sound.channels = 1;
    clean.sound.samples = echo->sound ? echo->clean : middle;
    track_source_give(&echo->source, &clean, 0);
}

static void on_microphone(void *ctx, yodel_track *track, const struct yodel_track_event *event)
{
    struct player_echo *echo = ctx;

    (void)track;
    switch (event->type) {
    case YODEL_TRACK_RAW:
        give(echo, event->raw);
        break;
    case YODEL_TRACK_MUTE:
    case YODEL_TRACK_UNMUTE:
        track_source_mute(&echo->source, event->type == YODEL_TRACK_MUTE);
        break;
    case YODEL_TRACK_ENDED:
        detach(echo);
        track_source_end(&echo->source, event->text);
        break;
    }
}

static void free_echo(struct player_echo *echo)
{
    detach(echo);
    yodel_track_stop(echo->microphone);
    device_echo_deinit(&echo->echo);
    alloc_free(echo->alloc, echo);
}

static void on_stopped(struct track_source *source)
{
    free_echo(CONTAINER_OF(source, struct player_echo, source));
}

static enum yodel_err attach(
    struct player_echo *echo, struct player_sound *sound, struct list *echoes)
{
    enum yodel_err err = player_sound_add_echo(sound, &echo->echo);

    if (!err) {
        echo->sound = sound;
        list_push_back(echoes, &echo->link);
        err = yodel_track_listen(echo->microphone, on_microphone, echo);
    }
    return err;
}

enum yodel_err player_echo_new(struct player_sound *sound, struct alloc *alloc, struct list *echoes,
    yodel_track *microphone, yodel_track **clean)
{
    static const struct track_source_ops ops = {NULL, on_stopped};

    if (yodel_track_has_ended(microphone)) {
        return YODEL_ERR_INVALID_STATE;
    }
    struct player_echo *echo = alloc_new(alloc, sizeof *echo);
    if (!echo) {
        return YODEL_ERR_NO_MEMORY;
    }
    echo->alloc = alloc;
    track_source_init(&echo->source, &ops, alloc, YODEL_AUDIO, yodel_track_label(microphone));
    echo->source.is_muted = yodel_track_is_muted(microphone);
    echo->microphone = yodel_track_clone(microphone);
    enum yodel_err err = echo->microphone ? device_echo_init(&echo->echo) : YODEL_ERR_NO_MEMORY;
    if (!err) {
        err = attach(echo, sound, echoes);
    }
    yodel_track *track = err ? NULL : track_new(&echo->source);
    if (!track) {
        free_echo(echo);
        return err ? err : YODEL_ERR_NO_MEMORY;
    }
    *clean = track;
    return YODEL_OK;
}

void player_echo_detach_all(struct list *echoes)
{
    while (!list_is_empty(echoes)) {
        detach(CONTAINER_OF(echoes->end.next, struct player_echo, link));
    }
}
