// Tones: what is made is heard, and noise is not taken for one.

#include "media/tone.h"

#include <math.h>

#include "check.h"

static int16_t samples[4800 * 2];

static void a_tone_is_heard_as_it_was_made(void)
{
    static const struct {
        uint32_t hz, rate, channels;
        double amplitude;
    } rows[] = {{440, 48000, 1, 0.5}, {1000, 48000, 2, 0.01}, {3999, 48000, 1, 1},
        {333, 8000, 1, 0.3}, {100, 48000, 1, 0.3}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct media_tone tone = {
            .hz = rows[i].hz, .rate = rows[i].rate, .amplitude = rows[i].amplitude, .at = 12345};
        struct yodel_sound sound = {rows[i].rate, rows[i].channels, rows[i].rate / 10, samples};
        struct media_tone_heard heard;
        media_tone_make(&tone, rows[i].channels, samples, sound.count);
        CHECK(media_tone_hear(&sound, &heard));
        CHECK(fabs(heard.hz - rows[i].hz) < 0.5);
        CHECK(fabs(heard.amplitude - rows[i].amplitude) < rows[i].amplitude * 0.02);
        CHECK(heard.purity > 0.97);
    }
}

static void pieces_of_a_tone_fit_together(void)
{
    struct media_tone tone = {.hz = 441, .rate = 48000, .amplitude = 0.5};
    struct media_tone whole = tone;
    int16_t piece[100];

    media_tone_make(&whole, 1, samples, 300);
    for (int i = 0; i < 3; i++) {
        media_tone_make(&tone, 1, piece, COUNT(piece));
        CHECK_EQ(memcmp(piece, samples + i * 100, sizeof piece), 0);
    }
}

static void silence_and_noise_are_no_tones(void)
{
    struct yodel_sound sound = {48000, 1, 4800, samples};
    struct media_tone_heard heard;
    uint64_t state = 1;

    memset(samples, 0, sizeof samples);
    CHECK(!media_tone_hear(&sound, &heard));
    for (size_t i = 0; i < COUNT(samples); i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        samples[i] = (int16_t)(state >> 48);
    }
    CHECK(media_tone_hear(&sound, &heard));
    CHECK(heard.purity < 0.1);
}

TEST_MAIN(TEST(a_tone_is_heard_as_it_was_made), TEST(pieces_of_a_tone_fit_together),
    TEST(silence_and_noise_are_no_tones))
