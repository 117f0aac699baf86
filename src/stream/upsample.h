// Upsampling: sound of 8000 Hz becomes sound of 48000, as tracks carry it.
//
//   8000 Hz ──► five zeros behind each sample ──► low pass ──► 48000 Hz
//
// The low pass is a sinc under a Hann window; it delays by UPSAMPLE_TAPS / 2 samples that came in, 0.75 ms.
//
// Ownership   values
// Limits      one channel

#ifndef STREAM_UPSAMPLE_H
#define STREAM_UPSAMPLE_H

#include <stddef.h>
#include <stdint.h>

#define UPSAMPLE_FACTOR 6
#define UPSAMPLE_TAPS 12 // Samples that came in, which each that goes out is made of.

struct upsample {
    float weights[UPSAMPLE_FACTOR][UPSAMPLE_TAPS];
    float before[UPSAMPLE_TAPS]; // The last that came in, in turn,
    size_t at;                   // and where the oldest is.
};

void upsample_init(struct upsample *upsample);

// Writes UPSAMPLE_FACTOR samples for each of `count`.
void upsample_run(struct upsample *upsample, const int16_t *in, size_t count, int16_t *out);

#endif
