// A microphone's track without the echo of what a player plays.
//
//   track of the microphone ──► our clone ──► one channel ──► minus what was played ──► clean track
//
// It is there until the clean track was stopped. From then on that the player has gone, or that the microphone has ended,
// nothing is taken out any more.
//
// Ownership   owns itself: the last stop frees it
// Threads     the loop's; a piece takes 0.2 ms there
// Limits      YODEL_PLAYER_ECHOES_MAX of a player

#ifndef STREAM_PLAYER_ECHO_H
#define STREAM_PLAYER_ECHO_H

#include "stream/player_sound.h"
#include "stream/track.h"

// `echoes` is the player's list of those that it must detach. Fails with INVALID_STATE (the microphone has ended), NO_MEMORY,
// TOO_LARGE.
YODEL_MUST_USE enum yodel_err player_echo_new(struct player_sound *sound, struct alloc *alloc,
    struct list *echoes, yodel_track *microphone, yodel_track **clean);

// All in the list: their player goes.
void player_echo_detach_all(struct list *echoes);

#endif
