// Mixing: sums are sums while they are quiet, and bend where they are loud.

#include "media/mix.h"

#include <math.h>

#include "check.h"
#include "media/tone.h"

static const struct media_mix_gain same = {1, 1};
static int16_t piece[MEDIA_MIX_SAMPLES];

static void make(struct media_tone *tone, int16_t samples[MEDIA_MIX_SAMPLES])
{
    media_tone_make(tone, MEDIA_MIX_CHANNELS, samples, MEDIA_MIX_PIECE);
}

static void what_is_alone_and_quiet_stays_as_it_is(void)
{
    struct media_tone tone = {.hz = 440, .rate = 48000, .amplitude = MEDIA_MIX_KNEE};
    int16_t samples[MEDIA_MIX_SAMPLES];
    struct media_mix mix;

    make(&tone, samples);
    media_mix_begin(&mix);
    media_mix_add(&mix, samples, same);
    media_mix_end(&mix, same, piece);
    CHECK_EQ(memcmp(piece, samples, sizeof piece), 0);
}

static void both_are_heard_each_as_loud_as_asked(void)
{
    struct media_tone low = {.hz = 500, .rate = 48000, .amplitude = 0.3}, high = low;
    int16_t samples[MEDIA_MIX_SAMPLES], heard[MEDIA_MIX_PIECE * 10];
    struct media_tone_heard was;
    struct media_mix mix;

    high.hz = 3000;
    for (int i = 0; i < 10; i++) {
        media_mix_begin(&mix);
        make(&low, samples);
        media_mix_add(&mix, samples, (struct media_mix_gain){0.25f, 0.25f});
        make(&high, samples);
        media_mix_add(&mix, samples, same);
        media_mix_end(&mix, same, piece);
        for (int k = 0; k < MEDIA_MIX_PIECE; k++) {
            heard[i * MEDIA_MIX_PIECE + k] = piece[2 * k + 1];
        }
    }
    struct yodel_sound sound = {48000, 1, MEDIA_MIX_PIECE * 10, heard};
    CHECK(media_tone_hear(&sound, &was));
    CHECK(fabs(was.hz - 3000) < 0.5 && fabs(was.amplitude - 0.3) < 0.003);
    // Of the energy, the quieter has a sixteenth.
    CHECK(fabs(was.purity - 16.0 / 17) < 0.01);
}

static int16_t sum_of(int16_t value, int count)
{
    int16_t samples[MEDIA_MIX_SAMPLES];
    struct media_mix mix;

    for (int i = 0; i < MEDIA_MIX_SAMPLES; i++) {
        samples[i] = value;
    }
    media_mix_begin(&mix);
    for (int i = 0; i < count; i++) {
        media_mix_add(&mix, samples, same);
    }
    media_mix_end(&mix, same, piece);
    return piece[0];
}

static void what_is_too_loud_is_bent_and_stays_in_order(void)
{
    int16_t before = 0;

    for (int value = 100; value < 32768; value += 100) {
        int16_t now = sum_of((int16_t)value, 2);
        CHECK(now > before || (now == before && now >= 32700));
        CHECK_EQ(sum_of((int16_t)-value, 2), -now);
        before = now;
    }
    CHECK_EQ(sum_of(10000, 2), 20000);
    CHECK(sum_of(15000, 2) < 30000);
    CHECK(sum_of(32767, 32) <= 32767 && sum_of(32767, 32) > 32000);
    CHECK_EQ(sum_of(-32768, 32), -sum_of(32767, 32));
}

static void a_volume_goes_from_one_to_the_next_without_a_step(void)
{
    int16_t samples[MEDIA_MIX_SAMPLES];
    struct media_mix mix;

    for (int i = 0; i < MEDIA_MIX_SAMPLES; i++) {
        samples[i] = 20000;
    }
    for (int is_of_all = 0; is_of_all < 2; is_of_all++) {
        struct media_mix_gain down = {1, 0};
        media_mix_begin(&mix);
        media_mix_add(&mix, samples, is_of_all ? same : down);
        media_mix_end(&mix, is_of_all ? down : same, piece);
        for (int i = 2; i < MEDIA_MIX_SAMPLES; i++) {
            CHECK(piece[i] <= piece[i - 2] && piece[i - 2] - piece[i] < 50);
        }
        CHECK(piece[0] > 19900);
        CHECK_EQ(piece[MEDIA_MIX_SAMPLES - 1], 0);
    }
}

TEST_MAIN(TEST(what_is_alone_and_quiet_stays_as_it_is), TEST(both_are_heard_each_as_loud_as_asked),
    TEST(what_is_too_loud_is_bent_and_stays_in_order),
    TEST(a_volume_goes_from_one_to_the_next_without_a_step))
