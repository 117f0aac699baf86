// Tones: see the header.

#include "media/tone.h"

#include <math.h>

#define TURN 6.283185307179586
#define FULL_SCALE 32767.0
#define REFINEMENTS 24
#define SILENCE 1e-10 // Of energy, where 1 is full scale.

void media_tone_make(struct media_tone *tone, uint32_t channels, int16_t *samples, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++, tone->at++) {
        // Whole turns are left out before they cost precision.
        uint64_t part = tone->at % tone->rate * tone->hz % tone->rate;
        double value = sin(TURN * (double)part / tone->rate) * tone->amplitude * FULL_SCALE;
        for (uint32_t channel = 0; channel < channels; channel++) {
            samples[i * channels + channel] = (int16_t)lrint(value);
        }
    }
}

// The amplitude of one frequency under Hann's window, by Goertzel's algorithm.
static double amplitude_of(const struct yodel_sound *sound, double hz)
{
    double turn = 2 * cos(TURN * hz / sound->rate), before = 0, last = 0, window = 0;
    // The window's cosine, from one sample to the next.
    double cos_step = cos(TURN / sound->count), cosine = cos(TURN / sound->count / 2);
    double cosine_before = cosine;

    for (uint32_t i = 0; i < sound->count; i++) {
        double weight = 0.5 - 0.5 * cosine, cosine_next = 2 * cos_step * cosine - cosine_before;
        double sample = sound->samples[(size_t)i * sound->channels] / FULL_SCALE;
        double now = sample * weight + turn * last - before;
        window += weight;
        before = last;
        last = now;
        cosine_before = cosine;
        cosine = cosine_next;
    }
    double power = last * last + before * before - turn * last * before;
    return power > 0 ? 2 * sqrt(power) / window : 0;
}

static double energy_of(const struct yodel_sound *sound)
{
    double sum = 0;

    for (uint32_t i = 0; i < sound->count; i++) {
        double sample = sound->samples[(size_t)i * sound->channels] / FULL_SCALE;
        sum += sample * sample;
    }
    return sum / sound->count;
}

static double strongest(const struct yodel_sound *sound, double step)
{
    double best = MEDIA_TONE_HZ_MIN, most = 0;

    for (double hz = MEDIA_TONE_HZ_MIN; hz <= MEDIA_TONE_HZ_MAX; hz += step) {
        double amplitude = amplitude_of(sound, hz);
        if (amplitude > most) {
            most = amplitude;
            best = hz;
        }
    }
    return best;
}

bool media_tone_hear(const struct yodel_sound *sound, struct media_tone_heard *heard)
{
    if (sound->count < sound->rate / 50 || energy_of(sound) < SILENCE) {
        return false;
    }
    double step =
        (double)sound->rate / sound->count; // The window's main lobe is four times as wide.
    double hz = strongest(sound, step), low = hz - step, high = hz + step;
    for (int i = 0; i < REFINEMENTS; i++) {
        double third = (high - low) / 3;
        if (amplitude_of(sound, low + third) < amplitude_of(sound, high - third)) {
            low += third;
        } else {
            high -= third;
        }
    }
    heard->hz = (low + high) / 2;
    heard->amplitude = amplitude_of(sound, heard->hz);
    heard->purity = heard->amplitude * heard->amplitude / 2 / energy_of(sound);
    return true;
}
