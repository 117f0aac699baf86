// Tones: one that is made, and which one is heard.
//
// Ownership   values; borrows the samples

#ifndef MEDIA_TONE_H
#define MEDIA_TONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yodel/codec.h"

struct media_tone {
    uint32_t hz;
    uint32_t rate;    // Samples a second.
    double amplitude; // Of 1, full scale.
    uint64_t at;      // The next sample's number.
};

// Writes `count` samples, the same for all of `channels`, and goes on.
void media_tone_make(struct media_tone *tone, uint32_t channels, int16_t *samples, uint32_t count);

#define MEDIA_TONE_HZ_MIN 100
#define MEDIA_TONE_HZ_MAX 4000

struct media_tone_heard {
    double hz;
    double amplitude; // Of 1, full scale.
    double purity;    // How much of the sound's energy it is: 1 is all of it.
};

// The strongest tone of the first channel, between MEDIA_TONE_HZ_MIN and _MAX; it takes time, count squared.
// False: silence, or fewer samples than 20 ms.
bool media_tone_hear(const struct yodel_sound *sound, struct media_tone_heard *heard);

#endif
