// Following a clock: no sample is lost or invented while clocks differ, and nothing clicks.

#include "device/resample.h"

#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "media/tone.h"

#define PIECE DEVICE_RESAMPLE_PIECE
#define SECOND 48000
#define SECONDS_MAX 60

static int16_t taken[SECOND * SECONDS_MAX + PIECE];

struct run {
    int32_t ppm;      // How much faster it comes than it is taken.
    uint32_t seconds; // Of the one who takes.
    uint32_t jitter;  // Each piece comes up to so many samples late.
    uint32_t channels;
};

// A tone that comes by a clock of its own; what is taken is in `taken`, of the first channel.
static void follow(struct device_resample *resample, const struct run *run)
{
    struct media_tone tone = {.hz = 440, .rate = SECOND, .amplitude = 0.5};
    int16_t piece[PIECE * 2];
    double comes_at = 0;
    uint64_t random = 1;

    CHECK_EQ(device_resample_init(resample, run->channels), YODEL_OK);
    for (uint32_t at = 0; at < run->seconds * SECOND; at += PIECE) {
        while (comes_at + (double)(run->jitter ? random >> 33 : 0) / 2147483648.0 * run->jitter <=
               at) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            media_tone_make(&tone, run->channels, piece, PIECE);
            device_resample_put(resample, piece);
            comes_at += PIECE * (1 - run->ppm / 1e6);
        }
        (void)device_resample_take(resample, piece);
        for (uint32_t i = 0; i < PIECE; i++) {
            taken[at + i] = piece[i * run->channels];
        }
    }
}

// The largest second difference: a smooth tone of 440 Hz has 0.0033 of its amplitude, and a step far more.
static double roughest(uint32_t from, uint32_t to)
{
    double most = 0;

    for (uint32_t i = from + 2; i < to; i++) {
        double bend = fabs((double)taken[i] - 2.0 * taken[i - 1] + taken[i - 2]);
        most = bend > most ? bend : most;
    }
    return most / (0.5 * 32767);
}

static struct media_tone_heard hear(uint32_t from)
{
    struct yodel_sound sound = {SECOND, 1, 4800, taken + from};
    struct media_tone_heard heard;

    CHECK(media_tone_hear(&sound, &heard));
    return heard;
}

static void clocks_that_agree_change_no_sample(void)
{
    struct device_resample resample;
    struct media_tone tone = {.hz = 440, .rate = SECOND, .amplitude = 0.5};
    static int16_t made[SECOND];
    uint32_t delay = 0;

    follow(&resample, &(struct run){.seconds = 5, .jitter = 400, .channels = 1});
    media_tone_make(&tone, 1, made, SECOND);
    CHECK_EQ(device_resample_ppm(&resample), 0);
    CHECK_EQ(resample.underruns + resample.cuts, 0);
    for (uint32_t i = 0; i + SECOND <= 5 * SECOND;
         i++) { // Whole periods of 440 Hz fit into a second.
        delay = abs(taken[SECOND + i] - made[0]) <= 40 && taken[SECOND + i + 1] > taken[SECOND + i]
                    ? i
                    : delay;
        if (delay) {
            break;
        }
    }
    for (uint32_t i = 0; i < 3 * SECOND; i++) {
        CHECK(abs(taken[SECOND + delay + i] - made[i % SECOND]) <= 1000);
    }
    CHECK(hear(4 * SECOND).purity > 0.999);
    device_resample_deinit(&resample);
}

static void a_clock_that_drifts_is_followed_without_a_click(void)
{
    static const struct run rows[] = {
        {100, 60, 300, 1}, {-100, 60, 300, 1}, {1000, 40, 300, 2}, {-1000, 40, 300, 2}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct device_resample resample;
        follow(&resample, &rows[i]);
        uint32_t end = rows[i].seconds * SECOND;
        CHECK_EQ(resample.underruns, 0);
        CHECK_EQ(resample.cuts, 0);
        CHECK(abs(device_resample_ppm(&resample) - rows[i].ppm) <= 300);
        CHECK(roughest(SECOND, end) < 0.0045);
        CHECK(fabs(hear(end - 4800).hz - 440 * (1 + rows[i].ppm / 1e6)) < 0.2);
        CHECK(hear(end - 4800).purity > 0.999);
        device_resample_deinit(&resample);
    }
}

static void put_tone(struct device_resample *resample, struct media_tone *tone, int count)
{
    int16_t piece[PIECE];

    for (int i = 0; i < count; i++) {
        media_tone_make(tone, 1, piece, PIECE);
        device_resample_put(resample, piece);
    }
}

static void a_rush_is_cut_softly_and_a_pause_is_silence(void)
{
    struct device_resample resample;
    struct media_tone tone = {.hz = 440, .rate = SECOND, .amplitude = 0.5};
    uint32_t at = 0;

    CHECK_EQ(device_resample_init(&resample, 1), YODEL_OK);
    CHECK(!device_resample_take(&resample, taken));
    put_tone(&resample, &tone, 2);
    CHECK(!device_resample_take(&resample, taken)); // Not enough to begin with.
    put_tone(&resample, &tone, 1);
    for (int i = 0; i < 50; i++, at += PIECE) {
        CHECK(device_resample_take(&resample, taken + at));
        put_tone(&resample, &tone, i == 20 ? 20 : 1);
        CHECK(resample.count <= DEVICE_RESAMPLE_ROOM);
    }
    CHECK(resample.cuts >= 1);
    for (; device_resample_take(&resample, taken + at); at += PIECE) {
    }
    CHECK_EQ(resample.underruns, 1);
    CHECK_EQ(resample.count, 0);
    CHECK_EQ(taken[at - 1], 0); // The last piece fades away,
    CHECK_EQ(taken[at], 0);     // and nothing follows.
    // Fades bend more than the tone does, and steps would bend by half of its height.
    CHECK(roughest(0, at + PIECE) < 0.05);
    device_resample_deinit(&resample);
}

static void what_comes_unevenly_is_given_more_time(void)
{
    struct device_resample resample;
    struct media_tone tone = {.hz = 440, .rate = SECOND, .amplitude = 0.5};
    uint64_t underruns = 0;

    CHECK_EQ(device_resample_init(&resample, 1), YODEL_OK);
    for (int i = 0; i < 600; i++) { // Five pieces at once, each 50 ms.
        put_tone(&resample, &tone, i % 5 == 0 ? 5 : 0);
        (void)device_resample_take(&resample, taken);
        underruns = i == 300 ? resample.underruns : underruns;
    }
    CHECK(underruns > 0);
    CHECK_EQ(resample.underruns, underruns);
    CHECK(resample.aim > DEVICE_RESAMPLE_AIM && resample.aim <= DEVICE_RESAMPLE_AIM_MAX);
    uint32_t aim = resample.aim;
    for (int i = 0; i < 100; i++) { // A pause is none.
        put_tone(&resample, &tone, i < 50 ? 0 : 1);
        (void)device_resample_take(&resample, taken);
    }
    CHECK_EQ(resample.underruns, underruns + 1);
    CHECK_EQ(resample.aim, aim);
    device_resample_deinit(&resample);
}

TEST_MAIN(TEST(clocks_that_agree_change_no_sample),
    TEST(a_clock_that_drifts_is_followed_without_a_click),
    TEST(a_rush_is_cut_softly_and_a_pause_is_silence), TEST(what_comes_unevenly_is_given_more_time))
