// A player's sound: see the header.

#include "stream/player_sound.h"

#include <stdio.h>

#include "base/assert.h"
#include "net/clock.h"

// ---- on the thread

static bool is_used(const struct player_sound *sound)
{
    for (size_t i = 0; i < COUNT(sound->inputs); i++) {
        if (sound->inputs[i]) {
            return true;
        }
    }
    for (size_t i = 0; i < COUNT(sound->echoes); i++) {
        if (sound->echoes[i]) {
            return true;
        }
    }
    return false;
}

// False: the end.
static bool wait_for_use(struct player_sound *sound)
{
    beside_lock(&sound->beside);
    while (!sound->beside.is_ending && !is_used(sound)) {
        beside_wait(&sound->beside, YODEL_NEVER);
    }
    bool goes_on = !sound->beside.is_ending;
    beside_unlock(&sound->beside);
    return goes_on;
}

// False: nobody has anything to play any more.
static bool wait_for_turn(struct player_sound *sound)
{
    beside_lock(&sound->beside);
    if (!sound->beside.is_ending) {
        beside_wait(&sound->beside, PLAYER_SOUND_TURN);
    }
    bool goes_on = !sound->beside.is_ending && is_used(sound);
    beside_unlock(&sound->beside);
    return goes_on;
}

static struct media_mix_gain next_gain(struct player_sound_volume *volume)
{
    struct media_mix_gain gain = {volume->reached, volume->asked};

    volume->reached = volume->asked;
    return gain;
}

static void make_piece(struct player_sound *sound)
{
    int16_t taken[MEDIA_MIX_SAMPLES];

    media_mix_begin(&sound->mix);
    for (size_t i = 0; i < COUNT(sound->inputs); i++) {
        struct player_sound_input *input = sound->inputs[i];
        if (input && device_resample_take(&input->waiting, taken)) {
            media_mix_add(&sound->mix, taken, next_gain(&input->volume));
        }
    }
    media_mix_end(&sound->mix, next_gain(&sound->volume), sound->piece);
    for (size_t i = 0; i < COUNT(sound->echoes); i++) {
        if (sound->echoes[i]) {
            device_echo_play(sound->echoes[i], sound->piece);
        }
    }
}

static void feed(struct player_sound *sound)
{
    yodel_time now = clock_now();

    for (uint32_t left = device_speaker_wants(&sound->speaker, now); left > 0; left--) {
        beside_lock(&sound->beside);
        make_piece(sound);
        beside_unlock(&sound->beside);
        device_speaker_put(&sound->speaker, sound->piece, now);
    }
}

// Where there is nothing to complain about, it is heard, or was asked not to be.
static void tell(struct player_sound *sound)
{
    bool is_silent = sound->speaker.error_text[0] != '\0';

    if (is_silent != sound->is_told_silent) {
        sound->is_told_silent = is_silent;
        player_events_post(
            &sound->events, &(struct yodel_player_event){
                                .type = is_silent ? YODEL_PLAYER_SILENT : YODEL_PLAYER_HEARD,
                                .text = sound->speaker.error_text});
    }
}

static void run(struct beside *beside)
{
    struct player_sound *sound = CONTAINER_OF(beside, struct player_sound, beside);
    struct device_speaker_config config = {.alloc = sound->alloc,
        .device = sound->device[0] ? sound->device : NULL,
        .channels = MEDIA_MIX_CHANNELS};

    while (wait_for_use(sound)) {
        device_speaker_open(&sound->speaker, &config, clock_now());
        do {
            feed(sound);
            tell(sound);
        } while (wait_for_turn(sound));
        device_speaker_close(&sound->speaker);
    }
}

// ---- on the loop

enum yodel_err player_sound_init(
    struct player_sound *sound, const struct player_sound_config *config)
{
    *sound = (struct player_sound){.alloc = config->alloc, .volume = {1, 1}};
    (void)snprintf(sound->device, sizeof sound->device, "%s", config->device ? config->device : "");
    player_events_init(&sound->events, &sound->beside, config->handler, config->ctx);
    return beside_start(&sound->beside, config->loop, config->alloc, run);
}

// Puts it into the first free place, with the thread kept out.
static bool keep_input(struct player_sound *sound, struct player_sound_input *input)
{
    size_t place = 0;

    beside_lock(&sound->beside);
    while (place < COUNT(sound->inputs) && sound->inputs[place]) {
        place++;
    }
    bool has_room = place < COUNT(sound->inputs);
    if (has_room) {
        sound->inputs[place] = input;
        beside_wake(&sound->beside);
    }
    beside_unlock(&sound->beside);
    return has_room;
}

static void free_input(struct player_sound *sound, struct player_sound_input *input)
{
    device_resample_deinit(&input->waiting);
    alloc_free(sound->alloc, input);
}

enum yodel_err player_sound_add(struct player_sound *sound, struct player_sound_input **input)
{
    struct player_sound_input *made = alloc_new(sound->alloc, sizeof *made);

    if (!made) {
        return YODEL_ERR_NO_MEMORY;
    }
    made->volume = (struct player_sound_volume){1, 1};
    enum yodel_err err = device_resample_init(&made->waiting, MEDIA_MIX_CHANNELS);
    if (!err && !keep_input(sound, made)) {
        err = YODEL_ERR_TOO_LARGE;
    }
    if (err) {
        free_input(sound, made);
        return err;
    }
    *input = made;
    return YODEL_OK;
}

void player_sound_remove(struct player_sound *sound, struct player_sound_input *input)
{
    beside_lock(&sound->beside);
    for (size_t i = 0; i < COUNT(sound->inputs); i++) {
        if (sound->inputs[i] == input) {
            sound->inputs[i] = NULL;
        }
    }
    beside_unlock(&sound->beside);
    free_input(sound, input);
}

void player_sound_put(
    struct player_sound *sound, struct player_sound_input *input, const struct yodel_sound *piece)
{
    int16_t both[MEDIA_MIX_SAMPLES];
    uint32_t channels = piece->channels;

    if (piece->rate != DEVICE_SPEAKER_RATE || piece->count != MEDIA_MIX_PIECE || channels == 0 ||
        channels > MEDIA_MIX_CHANNELS) {
        return;
    }
    for (uint32_t i = 0; i < MEDIA_MIX_PIECE; i++) {
        both[2 * i] = piece->samples[i * channels];
        both[2 * i + 1] = piece->samples[i * channels + channels - 1];
    }
    beside_lock(&sound->beside);
    device_resample_put(&input->waiting, both);
    beside_unlock(&sound->beside);
}

void player_sound_set_volume(
    struct player_sound *sound, struct player_sound_input *input, float volume)
{
    beside_lock(&sound->beside);
    if (input) {
        input->volume.asked = volume;
    } else {
        sound->volume.asked = volume;
    }
    beside_unlock(&sound->beside);
}

static bool change_echo(
    struct player_sound *sound, const struct device_echo *from, struct device_echo *to)
{
    size_t place = 0;

    beside_lock(&sound->beside);
    while (place < COUNT(sound->echoes) && sound->echoes[place] != from) {
        place++;
    }
    bool is_found = place < COUNT(sound->echoes);
    if (is_found) {
        sound->echoes[place] = to;
        beside_wake(&sound->beside);
    }
    beside_unlock(&sound->beside);
    return is_found;
}

enum yodel_err player_sound_add_echo(struct player_sound *sound, struct device_echo *echo)
{
    return change_echo(sound, NULL, echo) ? YODEL_OK : YODEL_ERR_TOO_LARGE;
}

void player_sound_remove_echo(struct player_sound *sound, struct device_echo *echo)
{
    (void)change_echo(sound, echo, NULL);
}

void player_sound_clean(struct player_sound *sound, struct device_echo *echo,
    const int16_t heard[DEVICE_ECHO_PIECE], int16_t clean[DEVICE_ECHO_PIECE])
{
    beside_lock(&sound->beside);
    device_echo_clean(echo, heard, clean);
    beside_unlock(&sound->beside);
}

static void on_ended(struct beside *beside)
{
    struct player_sound *sound = CONTAINER_OF(beside, struct player_sound, beside);

    sound->closed(sound);
}

void player_sound_close(struct player_sound *sound, void (*closed)(struct player_sound *sound))
{
    YODEL_ASSERT(!is_used(sound));
    player_events_close(&sound->events);
    sound->closed = closed;
    beside_end(&sound->beside, on_ended);
}
