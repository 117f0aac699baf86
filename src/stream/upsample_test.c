// Upsampling: a tone stays that tone, and nothing is added to it.

#include "stream/upsample.h"

#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "media/tone.h"

#define COUNT_IN 1600 // 200 ms.

static int16_t in[COUNT_IN], out[COUNT_IN * UPSAMPLE_FACTOR];

static void a_tone_stays_a_tone(void)
{
    static const uint32_t tones[] = {200, 1000, 2000, 3000};

    for (size_t i = 0; i < COUNT(tones); i++) {
        struct upsample upsample;
        struct media_tone tone = {.hz = tones[i], .rate = 8000, .amplitude = 0.5};
        struct media_tone_heard heard;

        media_tone_make(&tone, 1, in, COUNT_IN);
        upsample_init(&upsample);
        for (size_t at = 0; at < COUNT_IN; at += 80) { // In pieces, as it is used.
            upsample_run(&upsample, in + at, 80, out + at * UPSAMPLE_FACTOR);
        }
        struct yodel_sound sound = {48000, 1, 9600 - 480, out + 480};
        CHECK(media_tone_hear(&sound, &heard));
        CHECK(fabs(heard.hz - tones[i]) < 5);
        CHECK(fabs(heard.amplitude - 0.5) < 0.03);
        CHECK(heard.purity > 0.99);
    }
}

static void what_does_not_change_stays_as_it_is(void)
{
    static const int16_t levels[] = {INT16_MIN, -1, 0, 1000, INT16_MAX};

    for (size_t i = 0; i < COUNT(levels); i++) {
        struct upsample upsample;

        upsample_init(&upsample);
        for (size_t k = 0; k < 80; k++) {
            in[k] = levels[i];
        }
        upsample_run(&upsample, in, 80, out);
        for (size_t k = UPSAMPLE_TAPS * UPSAMPLE_FACTOR; k < 480; k++) {
            CHECK(abs(out[k] - levels[i]) <= 1);
        }
    }
}

TEST_MAIN(TEST(a_tone_stays_a_tone), TEST(what_does_not_change_stays_as_it_is))
