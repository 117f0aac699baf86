// Players: pictures of tracks in a window, and sound of tracks by a loudspeaker.
//
//   tracks ──► yodel_player_add ──► pictures: the newest of each, beside each other ──► window
//                              └──► sound: mixed ──► loudspeaker
//                                                        : the room
//   yodel_player_cancel_echo ──► clean track ◄──── track of the microphone
//
// What is missing stops nothing: without a display or a loudspeaker an event says so, and the rest goes on. In the window
// `f` fills the screen, and back; every other key is an event.
//
// Ownership   borrows tracks: each is removed before it is stopped. One that ends goes by itself
// Threads     the loop's thread only. Window and loudspeaker have threads of their own
// Limits      one player with a window, and one with sound, in a process; YODEL_PLAYER_TRACKS_MAX of each kind

#ifndef YODEL_PLAYER_H
#define YODEL_PLAYER_H

#include "yodel/media.h"

#ifdef __cplusplus
extern "C" {
#endif

#define YODEL_PLAYER_TRACKS_MAX 32

typedef struct yodel_player yodel_player;

enum yodel_player_event_type {
    YODEL_PLAYER_KEY,       // `key` was pressed in the window.
    YODEL_PLAYER_CLOSED,    // The user closed the window; it is gone.
    YODEL_PLAYER_NO_WINDOW, // There is none; `text` says why. Pictures go nowhere.
    YODEL_PLAYER_SILENT,    // What is played is not heard; `text` says why. It is tried again,
    YODEL_PLAYER_HEARD,     // and succeeded.
};

struct yodel_player_event {
    enum yodel_player_event_type type;
    uint32_t key;     // What is written on it, lower-case: 'm', ' ', '\r', 27 of Escape.
    const char *text; // A sentence, until the handler returns.
};
typedef void yodel_player_handler(
    void *ctx, yodel_player *player, const struct yodel_player_event *event);

struct yodel_player_config {
    const char *title; // Of the window.
    const char
        *device; // The loudspeaker's name; NULL: the system's choice. "null": paced, and not heard.
    uint32_t width, height;        // Of the window, in pixels; 0: 960 by 540.
    bool has_no_window;            // Only sound,
    bool has_no_sound;             // or only pictures.
    yodel_player_handler *handler; // NULL: nobody wants to know.
    void *ctx;
};

// Copies what the configuration points to. Window and loudspeaker are opened beside the loop: what fails then is an event. Fails
// with NOT_SUPPORTED (built without devices), RANGE (the window's size), NO_MEMORY, NETWORK (the loop takes no more handles).
enum yodel_err yodel_player_new(
    yodel_runtime *runtime, const struct yodel_player_config *config, yodel_player **player);

// Lets go of tracks at once, and of window, loudspeaker and loop in the loop's next turns. May be called by the handler, which is not
// called again. NULL is allowed.
void yodel_player_free(yodel_player *player);

// Shows or plays a track from now on; where the player has no window, or no sound, nobody listens to it. Fails with EXISTS
// (it is played already), TOO_LARGE (there are too many), INVALID_STATE (it has ended), NO_MEMORY.
enum yodel_err yodel_player_add(yodel_player *player, yodel_track *track);

// Our own camera's pictures: in a corner while there are others, and as in a mirror, but for those of a screen. One at a
// time. Fails as yodel_player_add does, and with TYPE (it is sound).
enum yodel_err yodel_player_add_own(yodel_player *player, yodel_track *track);

// A track that is not there is none's mistake: it may have ended.
void yodel_player_remove(yodel_player *player, yodel_track *track);

// How loud a track is, of 1; NULL: all together. Fails with RANGE (not from 0 to 4), NOT_FOUND (it is not played).
enum yodel_err yodel_player_set_volume(
    yodel_player *player, const yodel_track *track, double volume);

// A line (who is there, numbers, what was said) behind the title of the window; "": none.
void yodel_player_set_text(yodel_player *player, const char *line);

// A track with what the microphone hears, but for what this player plays: of one channel, and the caller's to stop. It holds
// the microphone's source; where the player is freed before it, or plays nothing, it goes on as the microphone gives it. Fails
// with TYPE (no sound), INVALID_STATE (it has ended), TOO_LARGE (there are YODEL_PLAYER_ECHOES_MAX), NO_MEMORY.
#define YODEL_PLAYER_ECHOES_MAX 4
enum yodel_err yodel_player_cancel_echo(
    yodel_player *player, yodel_track *microphone, yodel_track **clean);

#ifdef __cplusplus
}
#endif
#endif
