// Time stretching: decoded samples wait here and are taken 10 ms at a time, as they are, or faster or
// slower without a change of pitch.
//
//   played before                 at                                    end
//   ------------------------------|-------- 10 ms ------|---------------|
//              at - lag |-------- 10 ms ------|
//                                       at + lag |-------- 10 ms ------|
//
// To go faster, what is taken begins as what is due and ends as what comes one lag later, to go slower
// as what came one lag before: two pieces, laid over each other where they are most alike, which with
// speech is one or several periods of the voice apart (WSOLA: Verhelst and Roelands, 1993).
//
// Not here    when it is time for that
// Ownership   owns one allocation
// Limits      PLAYOUT_STRETCH_MS of samples; lags of 2.5 to 15 ms; rates of 8000 to 48000 in
//             steps of 400; one or two channels

#ifndef PLAYOUT_STRETCH_H
#define PLAYOUT_STRETCH_H

#include <stdbool.h>

#include "base/alloc.h"
#include "base/err.h"

#define PLAYOUT_STRETCH_MS 200 // A packet of 120 ms, what may wait before it, and what was played.
#define PLAYOUT_STRETCH_CHANNELS_MAX 2

enum playout_pace {
    PLAYOUT_PACE_AS_IT_IS,
    PLAYOUT_PACE_FASTER,
    PLAYOUT_PACE_SLOWER,
};

struct playout_stretch {
    struct alloc *alloc;
    uint32_t rate;
    uint32_t channels;
    int16_t *samples; // Of all channels in turn; below, a sample is one of each.
    size_t room;
    size_t at; // The next that is played. Up to 15 ms before it are kept.
    size_t end;
};

YODEL_MUST_USE enum yodel_err playout_stretch_init(
    struct playout_stretch *stretch, struct alloc *alloc, uint32_t rate, uint32_t channels);
void playout_stretch_deinit(struct playout_stretch *stretch);

// How many samples 10 ms are, how many are waiting, and how many must be for a pace to be kept.
size_t playout_stretch_piece(const struct playout_stretch *stretch);
size_t playout_stretch_ready(const struct playout_stretch *stretch);
size_t playout_stretch_needs(const struct playout_stretch *stretch, enum playout_pace pace);

// Appends samples; returns how many, which is fewer where there is no room.
size_t playout_stretch_put(struct playout_stretch *stretch, const int16_t *pcm, size_t count);

// Takes 10 ms, which must be there. Another pace is kept only where the two pieces are alike by
// `alike_min` (1: the same, 0: nothing in common) or silent. Returns how many samples were left out, or,
// below 0, repeated.
int32_t playout_stretch_take(
    struct playout_stretch *stretch, int16_t *out, enum playout_pace pace, double alike_min);

#endif
