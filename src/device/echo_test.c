// Echo cancellation: what was played falls in what was heard, and who speaks is still heard.

#include "device/echo.h"

#include <math.h>

#include "check.h"
#include "media/tone.h"

#define PIECE DEVICE_ECHO_PIECE
#define SECOND 48000
#define DELAY 3840 // 80 ms from playing to hearing: the buffers of both devices, and the room.
#define REFLECTION 960

static int16_t past[SECOND * 20];

// Noise whose loudness goes up and down, as that of speech does.
static void make_far(uint32_t at, int16_t piece[PIECE * 2])
{
    static uint64_t random = 1;
    static double smooth;

    for (uint32_t i = 0; i < PIECE; i++) {
        double loud = 0.5 + 0.5 * sin((at + i) * 2 * 3.14159265 * 3 / SECOND);
        random = random * 6364136223846793005u + 1442695040888963407u;
        smooth = smooth * 0.7 + (double)(int16_t)(random >> 48) * 0.3;
        past[at + i] = (int16_t)(smooth * loud);
        piece[2 * i] = piece[2 * i + 1] = past[at + i];
    }
}

// Between samples, by the four around it, as a microphone with another clock hears it.
static double sample_at(double at)
{
    double floor_at = floor(at), part = at - floor_at;
    int64_t first = (int64_t)floor_at - 1;

    if (first < 0) {
        return 0;
    }
    const int16_t *p = &past[first];
    double a = p[0], b = p[1], c = p[2], d = p[3];
    return b +
           0.5 * part * (c - a + part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a)));
}

static void hear_room(double at, int16_t heard[PIECE], double step)
{
    for (uint32_t i = 0; i < PIECE; i++) {
        double then = at + i * step - DELAY;
        heard[i] = (int16_t)(0.5 * sample_at(then) - 0.25 * sample_at(then - REFLECTION));
    }
}

static double energy(const int16_t piece[PIECE])
{
    double sum = 0;

    for (uint32_t i = 0; i < PIECE; i++) {
        sum += (double)piece[i] * piece[i];
    }
    return sum;
}

// By how many dB the echo fell, in the seconds from `from` to `to`, where the microphone's clock is slower by `ppm`.
static double fall(uint32_t from, uint32_t to, int32_t ppm)
{
    double before = 1, after = 1, step = 1 + ppm / 1e6, heard_at = 0;
    struct device_echo echo;

    CHECK_EQ(device_echo_init(&echo), YODEL_OK);
    for (uint32_t at = 0; at < to * SECOND; at += PIECE) {
        int16_t far[PIECE * 2], heard[PIECE], clean[PIECE];
        make_far(at, far);
        device_echo_play(&echo, far);
        while (heard_at <= at) {
            hear_room(heard_at, heard, step);
            device_echo_clean(&echo, heard, clean);
            before += at >= from * SECOND ? energy(heard) : 0;
            after += at >= from * SECOND ? energy(clean) : 0;
            heard_at += PIECE * step;
        }
    }
    device_echo_deinit(&echo);
    return 10 * log10(before / after);
}

static void what_was_played_is_taken_out(void)
{
    static const struct {
        int32_t ppm;
        double least;
    } rows[] = {{0, 40}, {20, 13}, {-20, 13}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        double fell = fall(8, 12, rows[i].ppm);
        print_message("with clocks %d ppm apart, the echo fell by %.1f dB\n", rows[i].ppm, fell);
        CHECK(fell > rows[i].least);
    }
}

static void what_is_not_played_stays(void)
{
    struct device_echo echo;
    struct media_tone tone = {.hz = 440, .rate = SECOND, .amplitude = 0.3};
    static const int16_t nothing[PIECE * 2];
    double before = 1, after = 1;

    CHECK_EQ(device_echo_init(&echo), YODEL_OK);
    for (int i = 0; i < 300; i++) {
        int16_t heard[PIECE] = {0}, clean[PIECE];
        if (i % 30 < 15) { // Spoken, and not: what goes on for ever is noise to it.
            media_tone_make(&tone, 1, heard, PIECE);
        }
        device_echo_play(&echo, nothing);
        device_echo_clean(&echo, heard, clean);
        before += energy(heard);
        after += energy(clean);
    }
    print_message("speech changed by %.1f dB\n", 10 * log10(after / before));
    CHECK(fabs(10 * log10(after / before)) < 3);
    device_echo_deinit(&echo);
}

TEST_MAIN(TEST(what_was_played_is_taken_out), TEST(what_is_not_played_stays))
