// What both ends of a call show and say, so that each can tell what it sees and hears: pictures with their numbers,
// and a tone.
//
// Ownership   values

#ifndef INTEROP_MEDIA_H
#define INTEROP_MEDIA_H

#include <math.h>
#include <stdio.h>

#include "media/pattern.h"
#include "media/tone.h"

#define MEDIA_WIDTH 320
#define MEDIA_HEIGHT 240
#define MEDIA_RATE 48000
#define MEDIA_PIECE 960 // Samples, 20 ms.
#define MEDIA_PURE 0.8  // Of the sound's energy: the rest is what encoding adds.
#define MEDIA_OFF 0.02  // Of the frequency.

// What came.
struct media_seen {
    uint32_t pictures, unreadable, backward;
    uint32_t first, last; // Numbers.
    uint32_t pieces, tones;
    uint32_t hz; // Of the tone that is expected.
};

static inline void media_see(struct media_seen *seen, const struct yodel_picture *picture)
{
    uint32_t number;

    if (!media_pattern_read(picture, &number)) {
        seen->unreadable++;
        return;
    }
    seen->backward += seen->pictures > 0 && number < seen->last;
    seen->first = seen->pictures++ == 0 ? number : seen->first;
    seen->last = number;
}

static inline void media_hear(struct media_seen *seen, const struct yodel_sound *sound)
{
    struct media_tone_heard heard;

    seen->pieces++;
    seen->tones += media_tone_hear(sound, &heard) && heard.purity > MEDIA_PURE &&
                   fabs(heard.hz - seen->hz) < MEDIA_OFF * seen->hz;
}

static inline void media_print(const struct media_seen *seen)
{
    printf("{\"pictures\":%u,\"unreadable\":%u,\"backward\":%u,\"first\":%u,\"last\":%u,"
           "\"pieces\":%u,\"tones\":%u}\n",
        seen->pictures, seen->unreadable, seen->backward, seen->first, seen->last, seen->pieces,
        seen->tones);
}

#endif
