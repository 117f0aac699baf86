// Following a clock, by SpeexDSP's resampler: see the header.

#include "device/resample.h"

#include <speex/speex_resampler.h>
#include <string.h>

#include "base/assert.h"

#define RATE 48000
#define QUALITY 4
// The rate is that of the library's fraction, which has 32 bits for its square; a prime, so that it is not shortened:
// another denominator would round the place between two samples, and be heard as a click.
#define WHOLE 49999
#define STEP_PPM 20
#define STEPS_MAX (DEVICE_RESAMPLE_PPM_MAX / STEP_PPM)
#define STEPS_PER_SAMPLE                                                                           \
    0.2 // With 4 ppm for each sample that is too many, half are worked off in 3.5 s.
#define LEVEL_PIECES 200 // The average is of two seconds.
#define FADE 96u         // 2 ms.
// What must wait to make a piece: as much, the little more of a faster clock, and something to fade away.
#define NEEDED (DEVICE_RESAMPLE_PIECE + FADE)

enum yodel_err device_resample_init(struct device_resample *resample, uint32_t channels)
{
    YODEL_ASSERT(channels >= 1 && channels <= DEVICE_RESAMPLE_CHANNELS_MAX);
    *resample = (struct device_resample){
        .channels = channels, .aim = DEVICE_RESAMPLE_AIM, .silent = DEVICE_RESAMPLE_GAP};
    resample->library = speex_resampler_init(channels, RATE, RATE, QUALITY, NULL);
    return resample->library ? YODEL_OK : YODEL_ERR_NO_MEMORY;
}

void device_resample_deinit(struct device_resample *resample)
{
    if (resample->library) {
        speex_resampler_destroy(resample->library);
    }
    resample->library = NULL;
}

int32_t device_resample_ppm(const struct device_resample *resample)
{
    return resample->steps * STEP_PPM;
}

// Straight down over the first `count` samples, or up.
static void fade(
    const struct device_resample *resample, int16_t *samples, uint32_t count, bool is_up)
{
    for (uint32_t i = 0; i < count * resample->channels; i++) {
        int32_t done = (int32_t)(i / resample->channels), all = (int32_t)count;
        samples[i] = (int16_t)(samples[i] * (is_up ? done : all - done) / all);
    }
}

// ---- what waits

static void leave_out(struct device_resample *resample, uint32_t count)
{
    resample->count -= count;
    memmove(resample->samples, resample->samples + (size_t)count * resample->channels,
        (size_t)resample->count * resample->channels * sizeof resample->samples[0]);
}

// What is left out fades into what follows it.
static void cut(struct device_resample *resample)
{
    uint32_t count = resample->count - resample->aim, channels = resample->channels;
    int16_t *kept = resample->samples + (size_t)count * channels;

    fade(resample, resample->samples, FADE, false);
    fade(resample, kept, FADE, true);
    for (uint32_t i = 0; i < FADE * channels; i++) {
        kept[i] = (int16_t)(kept[i] + resample->samples[i]);
    }
    leave_out(resample, count);
    resample->level = resample->aim;
    resample->cuts++;
}

void device_resample_put(struct device_resample *resample, const int16_t *piece)
{
    uint32_t channels = resample->channels;

    if (resample->count + DEVICE_RESAMPLE_PIECE > DEVICE_RESAMPLE_ROOM) {
        cut(resample);
    }
    memcpy(resample->samples + (size_t)resample->count * channels, piece,
        (size_t)DEVICE_RESAMPLE_PIECE * channels * sizeof *piece);
    resample->count += DEVICE_RESAMPLE_PIECE;
}

// ---- taking

static int32_t steps_for(double off)
{
    double beyond = off > DEVICE_RESAMPLE_SLACK            ? off - DEVICE_RESAMPLE_SLACK
                    : off < -(double)DEVICE_RESAMPLE_SLACK ? off + DEVICE_RESAMPLE_SLACK
                                                           : 0;
    const int32_t most = STEPS_MAX;
    double steps = beyond * STEPS_PER_SAMPLE;

    return steps > most ? most : steps < -most ? -most : (int32_t)steps;
}

// Once it is none, the rate never is exactly one again, for that is a fraction that is shortened.
static void set_steps(struct device_resample *resample, int32_t asked)
{
    int32_t least = resample->steps > 0 ? 1 : resample->steps < 0 ? -1 : 0;
    int32_t steps = asked != 0 ? asked : least;

    if (steps != resample->steps) {
        resample->steps = steps;
        (void)speex_resampler_set_rate_frac(
            resample->library, (spx_uint32_t)(WHOLE + steps), WHOLE, RATE, RATE);
    }
}

// Writes as many samples as there are, up to a piece.
static uint32_t run(struct device_resample *resample, int16_t *piece)
{
    spx_uint32_t used = resample->count, made = DEVICE_RESAMPLE_PIECE;

    (void)speex_resampler_process_interleaved_int(
        resample->library, resample->samples, &used, piece, &made);
    leave_out(resample, used);
    return made;
}

static void fall_silent(struct device_resample *resample, int16_t *piece)
{
    uint32_t made = run(resample, piece);

    fade(resample, piece, made, false);
    memset(piece + (size_t)made * resample->channels, 0,
        (size_t)(DEVICE_RESAMPLE_PIECE - made) * resample->channels * sizeof *piece);
    resample->count = 0;
    resample->is_flowing = false;
    resample->silent = 0;
    resample->underruns++;
    (void)speex_resampler_reset_mem(resample->library);
}

static void stay_silent(struct device_resample *resample, int16_t *piece)
{
    resample->silent++;
    memset(piece, 0, (size_t)DEVICE_RESAMPLE_PIECE * resample->channels * sizeof *piece);
}

static void begin(struct device_resample *resample, int16_t *piece)
{
    if (resample->silent < DEVICE_RESAMPLE_GAP && resample->aim < DEVICE_RESAMPLE_AIM_MAX) {
        resample->aim += DEVICE_RESAMPLE_PIECE;
    }
    resample->is_flowing = true;
    resample->level = resample->count;
    (void)run(resample, piece);
    fade(resample, piece, FADE, true);
}

bool device_resample_take(struct device_resample *resample, int16_t *piece)
{
    bool was_flowing = resample->is_flowing;

    if (!was_flowing && resample->count < resample->aim) {
        stay_silent(resample, piece);
    } else if (!was_flowing) {
        begin(resample, piece);
    } else if (resample->count < NEEDED) {
        fall_silent(resample, piece);
    } else {
        resample->level += (resample->count - resample->level) / LEVEL_PIECES;
        set_steps(resample, steps_for(resample->level - resample->aim));
        (void)run(resample, piece);
    }
    return was_flowing || resample->is_flowing;
}
