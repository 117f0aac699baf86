// Time stretching: it lasts longer or shorter, the pitch stays, nothing clicks, and what has no period
// is left alone.

#include "playout/stretch.h"

#include <math.h>

#include "capped_alloc.h"
#include "check.h"

#define PI 3.14159265358979323846
#define SECONDS 3
#define AMPLITUDE 10000.0
#define OUT_MAX (48000 * 2 * SECONDS * 2)

static struct playout_stretch stretch;
static int16_t in[OUT_MAX], out[OUT_MAX];
static size_t in_count, out_count; // Samples of each channel.
static double alike_min = 0.9;

// ---- signals

static void make_tone(uint32_t rate, uint32_t channels, double hertz)
{
    in_count = (size_t)rate * SECONDS;
    for (size_t i = 0; i < in_count * channels; i++) {
        double at = (double)(i / channels) / rate;
        in[i] = i % channels == 0 ? (int16_t)lrint(AMPLITUDE * sin(2 * PI * hertz * at)) : 0;
    }
}

// A voice, roughly: harmonics that fall.
static void make_voice(uint32_t rate, double hertz)
{
    in_count = (size_t)rate * SECONDS;
    for (size_t i = 0; i < in_count; i++) {
        double sum = 0;
        for (uint32_t k = 1; k <= 12; k++) {
            sum += sin(2 * PI * hertz * k * (double)i / rate + k) / k;
        }
        in[i] = (int16_t)lrint(AMPLITUDE / 2 * sum);
    }
}

static void make_noise(double loudness)
{
    uint64_t chance = 88172645463325252u;

    in_count = 48000 * SECONDS;
    for (size_t i = 0; i < in_count; i++) {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        in[i] = (int16_t)lrint(loudness * ((double)(chance >> 40) / (1 << 23) - 1));
    }
}

// ---- running

// Puts all in, by 20 ms, and takes all out, of which each `nth` piece at another pace. Returns how many
// samples were left out in all.
static int64_t run(uint32_t rate, uint32_t channels, enum playout_pace pace, size_t nth)
{
    size_t piece = rate / 100, put = 0, turn = 0;
    int64_t left_out = 0;

    CHECK_EQ(playout_stretch_init(&stretch, alloc_system(), rate, channels), YODEL_OK);
    CHECK_EQ(playout_stretch_piece(&stretch), piece);
    for (out_count = 0; put < in_count || playout_stretch_ready(&stretch) >= piece;) {
        if (put < in_count && playout_stretch_ready(&stretch) < rate / 20) {
            CHECK_EQ(playout_stretch_put(&stretch, in + put * channels, 2 * piece), 2 * piece);
            put += 2 * piece;
        } else {
            left_out += playout_stretch_take(&stretch, out + out_count * channels,
                ++turn % nth == 0 ? pace : PLAYOUT_PACE_AS_IT_IS, alike_min);
            out_count += piece;
        }
    }
    int64_t rest = (int64_t)playout_stretch_ready(&stretch);
    CHECK_EQ((int64_t)in_count - (int64_t)out_count, left_out + rest);
    playout_stretch_deinit(&stretch);
    return left_out;
}

// ---- looking at what came out

// Between the first and the last time that the wave rises through nothing.
static double frequency_of(uint32_t rate, uint32_t channels)
{
    double first = 0, last = 0;
    uint64_t periods = 0;

    for (size_t i = 1; i < out_count; i++) {
        double a = out[(i - 1) * channels], b = out[i * channels];
        if (a < 0 && b >= 0) {
            last = (double)i - b / (b - a);
            first = periods == 0 ? last : first;
            periods++;
        }
    }
    return (double)(periods - 1) * rate / (last - first);
}

static int32_t steepest(const int16_t *samples, size_t count, uint32_t channels)
{
    int32_t most = 0;

    for (size_t i = channels; i < count * channels; i++) {
        int32_t step = samples[i] - samples[i - channels];
        most = step > most ? step : -step > most ? -step : most;
    }
    return most;
}

// The least of the maxima of each 10 ms: pieces that do not fit would cancel each other.
static int32_t quietest(uint32_t rate)
{
    int32_t least = INT16_MAX;

    for (size_t i = 0; i + rate / 100 <= out_count; i += rate / 100) {
        int32_t most = 0;
        for (size_t k = i; k < i + rate / 100; k++) {
            most = out[k] > most ? out[k] : -out[k] > most ? -out[k] : most;
        }
        least = most < least ? most : least;
    }
    return least;
}

// ---- the claims

static void a_tone_keeps_its_pitch_and_nothing_clicks(void)
{
    static const double hertz[] = {100, 250, 440, 997, 3000};
    static const enum playout_pace paces[] = {PLAYOUT_PACE_FASTER, PLAYOUT_PACE_SLOWER};
    static const uint32_t rates[] = {8000, 16000, 48000};

    for (size_t i = 0; i < COUNT(hertz) * COUNT(paces) * COUNT(rates); i++) {
        double tone = hertz[i % COUNT(hertz)];
        enum playout_pace pace = paces[i / COUNT(hertz) % COUNT(paces)];
        uint32_t rate = rates[i / COUNT(hertz) / COUNT(paces)];
        make_tone(rate, 1, tone);
        int64_t left_out = run(rate, 1, pace, 5);
        CHECK(pace == PLAYOUT_PACE_FASTER ? left_out > rate / 8 : left_out < -(int64_t)rate / 8);
        CHECK(fabs(frequency_of(rate, 1) / tone - 1) < 0.01);
        CHECK(steepest(out, out_count, 1) <= steepest(in, in_count, 1) * 105 / 100 + 1);
        CHECK(quietest(rate) > AMPLITUDE * 0.9);
    }
}

static void a_voice_is_stretched_by_its_periods(void)
{
    static const double hertz[] = {85, 120, 210, 330};

    for (size_t i = 0; i < COUNT(hertz); i++) {
        make_voice(48000, hertz[i]);
        CHECK(run(48000, 1, PLAYOUT_PACE_FASTER, 3) > 48000 / 3);
        CHECK(steepest(out, out_count, 1) <= steepest(in, in_count, 1) * 105 / 100);
        CHECK(run(48000, 1, PLAYOUT_PACE_SLOWER, 3) < -48000 / 3);
        CHECK(steepest(out, out_count, 1) <= steepest(in, in_count, 1) * 105 / 100);
    }
}

// One sample off, the two would differ by more.
static void the_lag_is_found_to_the_sample(void)
{
    make_voice(48000, 178.1);
    alike_min = 0.999;
    CHECK(run(48000, 1, PLAYOUT_PACE_FASTER, 3) > 48000 / 3);
    CHECK(run(48000, 1, PLAYOUT_PACE_SLOWER, 3) < -48000 / 3);
    alike_min = 0.9;
}

static void as_it_is_means_to_the_bit(void)
{
    make_voice(48000, 150);
    CHECK_EQ(run(48000, 1, PLAYOUT_PACE_AS_IT_IS, 1), 0);
    assert_memory_equal(in, out, out_count * sizeof *out);
}

static void what_has_no_period_is_left_alone(void)
{
    make_noise(8000);
    CHECK_EQ(run(48000, 1, PLAYOUT_PACE_FASTER, 3), 0);
    assert_memory_equal(in, out, out_count * sizeof *out);
}

static void silence_gives_the_most_at_once(void)
{
    make_noise(20);
    CHECK_EQ(run(48000, 1, PLAYOUT_PACE_SLOWER, 100), -(int64_t)(SECONDS * 720));
}

static void channels_stay_apart(void)
{
    make_tone(48000, 2, 300);
    CHECK(run(48000, 2, PLAYOUT_PACE_FASTER, 4) > 0);
    CHECK(fabs(frequency_of(48000, 2) / 300 - 1) < 0.01);
    for (size_t i = 1; i < out_count * 2; i += 2) {
        CHECK_EQ(out[i], 0);
    }
}

static void a_pace_that_lacks_samples_is_not_kept(void)
{
    make_tone(48000, 1, 440);
    CHECK_EQ(playout_stretch_init(&stretch, alloc_system(), 48000, 1), YODEL_OK);
    CHECK_EQ(playout_stretch_put(&stretch, in, 960), 960);
    CHECK_EQ(playout_stretch_take(&stretch, out, PLAYOUT_PACE_SLOWER, 0.9), 0); // Nothing before.
    CHECK_EQ(playout_stretch_take(&stretch, out, PLAYOUT_PACE_FASTER, 0.9), 0); // Nothing behind.
    CHECK_EQ(playout_stretch_ready(&stretch), 0);
    playout_stretch_deinit(&stretch);
}

static void what_finds_no_room_is_refused(void)
{
    size_t room = 48000 * PLAYOUT_STRETCH_MS / 1000;

    make_tone(48000, 1, 440);
    CHECK_EQ(playout_stretch_init(&stretch, alloc_system(), 48000, 1), YODEL_OK);
    CHECK_EQ(playout_stretch_put(&stretch, in, room + 5), room);
    CHECK_EQ(playout_stretch_put(&stretch, in, 1), 0);
    playout_stretch_take(&stretch, out, PLAYOUT_PACE_AS_IT_IS, 0);
    playout_stretch_take(&stretch, out, PLAYOUT_PACE_AS_IT_IS, 0);
    CHECK_EQ(playout_stretch_put(&stretch, in, room), 960 - 720); // 15 ms are kept.
    playout_stretch_deinit(&stretch);
}

static void without_memory_there_is_none(void)
{
    struct capped_alloc memory = capped_alloc(0);

    CHECK_EQ(playout_stretch_init(&stretch, &memory.alloc, 48000, 1), YODEL_ERR_NO_MEMORY);
}

TEST_MAIN(TEST(a_tone_keeps_its_pitch_and_nothing_clicks),
    TEST(a_voice_is_stretched_by_its_periods), TEST(the_lag_is_found_to_the_sample),
    TEST(as_it_is_means_to_the_bit), TEST(what_has_no_period_is_left_alone),
    TEST(silence_gives_the_most_at_once), TEST(channels_stay_apart),
    TEST(a_pace_that_lacks_samples_is_not_kept), TEST(what_finds_no_room_is_refused),
    TEST(without_memory_there_is_none))
