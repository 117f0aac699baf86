// A player's sound: a loudspeaker that pulls what inputs hold, mixed, on a thread beside the loop.
//
//   loop: put ──► input: follows the loudspeaker's clock ──┐
//   loop: put ──► input ───────────────────────────────────┴─► mix ──► loudspeaker
//                                                               └────► echoes' reference
//
// The loudspeaker is there while there are inputs or echoes. What cannot be heard is played all the same, at its pace.
//
// Threads     all functions on the loop's; `handler` is called there, too
// Ownership   the owner's struct holds it; its memory must stay until `closed` was called. Echoes are their owners'
// Limits      PLAYER_SOUND_INPUTS, YODEL_PLAYER_ECHOES_MAX; what waits in an input (device/resample.h)

#ifndef STREAM_PLAYER_SOUND_H
#define STREAM_PLAYER_SOUND_H

#include "device/echo.h"
#include "device/speaker.h"
#include "media/mix.h"
#include "stream/player_events.h"

#define PLAYER_SOUND_INPUTS YODEL_PLAYER_TRACKS_MAX
#define PLAYER_SOUND_TURN YODEL_MS(5) // Half a piece, so that not two are wanted at once.

struct player_sound_config {
    uv_loop_t *loop;
    struct alloc *alloc; // Called by both threads.
    const char *device;  // NULL: the system's choice.
    player_events_handler *handler;
    void *ctx;
};

struct player_sound_volume {
    float asked, reached;
};

struct player_sound_input {
    struct device_resample waiting;
    struct player_sound_volume volume;
};

struct player_sound {
    struct beside beside;
    struct player_events events;
    struct alloc *alloc;
    char device[DEVICE_SPEAKER_NAME_MAX]; // "": the system's choice.
    // The thread's.
    struct device_speaker speaker;
    bool is_told_silent;
    struct media_mix mix;
    int16_t piece[MEDIA_MIX_SAMPLES];
    // Under the lock, as what follows.
    struct player_sound_input *inputs[PLAYER_SOUND_INPUTS];
    struct device_echo *echoes[YODEL_PLAYER_ECHOES_MAX];
    struct player_sound_volume volume;
    void (*closed)(struct player_sound *sound);
};

// Fails with NO_MEMORY or NETWORK. That no loudspeaker opens is an event (SILENT).
YODEL_MUST_USE enum yodel_err player_sound_init(
    struct player_sound *sound, const struct player_sound_config *config);

// Fails with NO_MEMORY, TOO_LARGE.
YODEL_MUST_USE enum yodel_err player_sound_add(
    struct player_sound *sound, struct player_sound_input **input);
void player_sound_remove(struct player_sound *sound, struct player_sound_input *input);

// Takes 10 ms at 48000 Hz, of one channel or two; what is something else is left out.
void player_sound_put(
    struct player_sound *sound, struct player_sound_input *input, const struct yodel_sound *piece);

// Of an input; NULL: of all together.
void player_sound_set_volume(
    struct player_sound *sound, struct player_sound_input *input, float volume);

// Fails with TOO_LARGE.
YODEL_MUST_USE enum yodel_err player_sound_add_echo(
    struct player_sound *sound, struct device_echo *echo);
void player_sound_remove_echo(struct player_sound *sound, struct device_echo *echo);

// device_echo_clean, with the thread kept out.
void player_sound_clean(struct player_sound *sound, struct device_echo *echo,
    const int16_t heard[DEVICE_ECHO_PIECE], int16_t clean[DEVICE_ECHO_PIECE]);

// Without inputs and echoes.
void player_sound_close(struct player_sound *sound, void (*closed)(struct player_sound *sound));

#endif
