// A loudspeaker, and the clock that pulls sound: it says how many pieces of 10 ms it can take now, to stay
// DEVICE_SPEAKER_AHEAD ahead, and gets as many.
//
//   for (uint32_t left = device_speaker_wants(&speaker, now); left > 0; left--) {
//       playout_audio_…(…, piece, now);
//       device_speaker_put(&speaker, piece, now);
//   }
//
//              the device opens                 it is gone
//     SILENT -------------------> HEARD   HEARD ----------> SILENT, and tried again each
//                                                           DEVICE_SPEAKER_RETRY
//
// Opening always succeeds: a speaker that is silent takes sound as the clock goes, so that all before it
// goes on as if it was heard, and its error_text says why. DEVICE_SPEAKER_NULL asks for just that.
//
// Threads     none of its own that calls out; all calls come one at a time. Opening a device, which `wants`
//             may do again, takes milliseconds
// Time        every `now` must be at least the one before it
// Ownership   owns what it opened; copies sound
// Limits      one in a process that is not DEVICE_SPEAKER_NULL; what is put beyond DEVICE_SPEAKER_ROOM is
//             dropped

#ifndef DEVICE_SPEAKER_H
#define DEVICE_SPEAKER_H

#include <stdbool.h>

#include "base/alloc.h"
#include "base/time.h"

#define DEVICE_SPEAKER_NULL "null"
#define DEVICE_SPEAKER_RATE 48000u
#define DEVICE_SPEAKER_PIECE 480u // Samples of each channel: 10 ms.
#define DEVICE_SPEAKER_AHEAD YODEL_MS(40)
#define DEVICE_SPEAKER_ROOM YODEL_MS(100)
#define DEVICE_SPEAKER_RETRY YODEL_SECONDS(2)
#define DEVICE_SPEAKER_TEXT_MAX 160
#define DEVICE_SPEAKER_NAME_MAX 128

struct device_speaker_config {
    struct alloc *alloc;
    const char *device; // As device_speaker_list names it; NULL: the system's choice.
    uint32_t channels;  // 1 or 2.
};

struct speaker_output; // device/speaker_output.h

struct device_speaker {
    struct alloc *alloc;
    char device[DEVICE_SPEAKER_NAME_MAX]; // "": the system's choice.
    uint32_t channels;
    struct speaker_output *output; // NULL: silent.
    yodel_time retry_at;           // Silent: when to try again.
    yodel_time played_until; // Silent: what was put would have been played then; 0: nothing was.
    uint64_t underruns;      // Of what is gone, and while silent.
    char error_text[DEVICE_SPEAKER_TEXT_MAX]; // Why it is silent, a sentence; or "".
};

void device_speaker_open(
    struct device_speaker *speaker, const struct device_speaker_config *config, yodel_time now);
void device_speaker_close(struct device_speaker *speaker);

// How many pieces it takes now.
uint32_t device_speaker_wants(struct device_speaker *speaker, yodel_time now);

// DEVICE_SPEAKER_PIECE samples of each channel, of all channels in turn.
void device_speaker_put(struct device_speaker *speaker, const int16_t *piece, yodel_time now);

// How long it takes, about, until what is put now is heard.
yodel_duration device_speaker_latency(const struct device_speaker *speaker, yodel_time now);

// How often sound was wanted while there was none, after there had been some.
uint64_t device_speaker_underruns(const struct device_speaker *speaker);

static inline bool device_speaker_is_heard(const struct device_speaker *speaker)
{
    return speaker->output != NULL;
}

// Calls `visit` with the name of each loudspeaker.
void device_speaker_list(void (*visit)(void *ctx, const char *name), void *ctx);

#endif
