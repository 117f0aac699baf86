// Following a clock: sound comes by one clock (a microphone's, a loop's) and is taken by another (a loudspeaker's).
//
//   put: whenever it comes ──► what waits ──► a little faster or slower ──► take: 10 ms, whenever it is asked for
//                                   └── how much, on average ──┘
//
// What waits tells which clock is the faster one. Up to DEVICE_RESAMPLE_SLACK off its aim it is left alone, so that
// clocks that agree change nothing; beyond, the sound is resampled, by at most DEVICE_RESAMPLE_PPM_MAX, which nobody
// hears as another pitch. What comes in a rush is cut to its aim at once; where nothing waits, it falls silent until
// there is enough again, and more than before, as it seems to come unevenly. Cuts, ends and beginnings are faded.
//
// Ownership   owns the resampler of the library below
// Limits      DEVICE_RESAMPLE_ROOM waits

#ifndef DEVICE_RESAMPLE_H
#define DEVICE_RESAMPLE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/port.h"

// In samples of each channel, of 48000 Hz.
#define DEVICE_RESAMPLE_PIECE 480u
#define DEVICE_RESAMPLE_AIM 1440u // 30 ms wait when a piece is about to be taken; after each gap
#define DEVICE_RESAMPLE_AIM_MAX 3360u // 10 ms more, up to 70.
#define DEVICE_RESAMPLE_GAP 10u       // Pieces: what is silent for longer is a pause.
#define DEVICE_RESAMPLE_SLACK 120u    // 2.5 ms.
#define DEVICE_RESAMPLE_ROOM 7200u    // 150 ms.
#define DEVICE_RESAMPLE_PPM_MAX 2000
#define DEVICE_RESAMPLE_CHANNELS_MAX 2

struct SpeexResamplerState_;

struct device_resample {
    struct SpeexResamplerState_ *library;
    uint32_t channels;
    uint32_t count; // Of samples that wait,
    uint32_t aim;   // and of those that should.
    bool is_flowing;
    uint32_t silent; // How many pieces of silence there were, since it last flowed.
    double level;    // `count`, when a piece is taken, over the last two seconds.
    int32_t steps;   // How much faster what comes is used up, in steps of the library's fraction.
    uint64_t underruns, cuts;
    int16_t samples[DEVICE_RESAMPLE_ROOM * DEVICE_RESAMPLE_CHANNELS_MAX];
};

// Fails with NO_MEMORY.
YODEL_MUST_USE enum yodel_err device_resample_init(
    struct device_resample *resample, uint32_t channels);
void device_resample_deinit(struct device_resample *resample);

// DEVICE_RESAMPLE_PIECE samples of all channels in turn, each.
void device_resample_put(struct device_resample *resample, const int16_t *piece);

// False: it is silent, and so is the piece.
bool device_resample_take(struct device_resample *resample, int16_t *piece);

// How much faster than it is taken it comes, in millionths.
int32_t device_resample_ppm(const struct device_resample *resample);

#endif
