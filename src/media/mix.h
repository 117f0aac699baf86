// Mixing: several sounds become one of two channels, and the sum never clips.
//
//   media_mix_begin(&mix);
//   for each sound:  media_mix_add(&mix, samples, (struct media_mix_gain){before, now});
//   media_mix_end(&mix, piece);
//
// Up to MEDIA_MIX_KNEE the sum is passed on as it is; what is louder is bent towards full scale, which it never reaches:
//
//   out │          ___------ 1
//       │       .-'
//       │     .'  knee
//       │   .'
//       └──────────────────── in
//
// Ownership   values

#ifndef MEDIA_MIX_H
#define MEDIA_MIX_H

#include <stdint.h>

#define MEDIA_MIX_PIECE 480 // Samples of each channel: 10 ms at 48000 Hz.
#define MEDIA_MIX_CHANNELS 2
#define MEDIA_MIX_SAMPLES (MEDIA_MIX_PIECE * MEDIA_MIX_CHANNELS)
#define MEDIA_MIX_KNEE 0.7f // Of full scale: 3 dB below.

struct media_mix {
    float sums[MEDIA_MIX_SAMPLES]; // Of 1, full scale.
};

// Factors at the piece's beginning and its end, and a straight line in between: a volume that jumps would click.
struct media_mix_gain {
    float from, to;
};

void media_mix_begin(struct media_mix *mix);
void media_mix_add(
    struct media_mix *mix, const int16_t samples[MEDIA_MIX_SAMPLES], struct media_mix_gain gain);

// The sum, with a gain of its own.
void media_mix_end(
    const struct media_mix *mix, struct media_mix_gain gain, int16_t piece[MEDIA_MIX_SAMPLES]);

#endif
