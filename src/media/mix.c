// Mixing: see the header.

#include "media/mix.h"

#include <math.h>

#define FULL_SCALE 32767.0f

void media_mix_begin(struct media_mix *mix)
{
    *mix = (struct media_mix){{0}};
}

static float gain_at(struct media_mix_gain gain, int sample)
{
    int at = sample / MEDIA_MIX_CHANNELS + 1;

    return gain.from + (gain.to - gain.from) * (float)at / MEDIA_MIX_PIECE;
}

void media_mix_add(
    struct media_mix *mix, const int16_t samples[MEDIA_MIX_SAMPLES], struct media_mix_gain gain)
{
    for (int i = 0; i < MEDIA_MIX_SAMPLES; i++) {
        mix->sums[i] += gain_at(gain, i) * (float)samples[i] / FULL_SCALE;
    }
}

// The bend begins with the slope of what is before it, so it adds no edge.
static float bent(float value)
{
    float loud = fabsf(value), room = 1 - MEDIA_MIX_KNEE;

    return loud <= MEDIA_MIX_KNEE
               ? value
               : copysignf(MEDIA_MIX_KNEE + room * tanhf((loud - MEDIA_MIX_KNEE) / room), value);
}

void media_mix_end(
    const struct media_mix *mix, struct media_mix_gain gain, int16_t piece[MEDIA_MIX_SAMPLES])
{
    for (int i = 0; i < MEDIA_MIX_SAMPLES; i++) {
        piece[i] = (int16_t)lrintf(bent(mix->sums[i] * gain_at(gain, i)) * FULL_SCALE);
    }
}
