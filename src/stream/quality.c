// Quality: see the header.

#include "stream/quality.h"

#include "base/port.h"

#define EIGHTHS 8
#define SIDE_MIN 90 // No smaller side than this is made by scaling.

// Bits for a pixel, in thousandths: below the first, the picture gets smaller; above the second, larger.
#define BITS_LOW 20u
#define BITS_HIGH 35u
#define BITS_SCREEN 60u // With so many, a screen is sent as often as it changes.
#define LATE_PERCENT 15u

static const uint32_t scales[] = {8, 6, 4, 3, 2}; // Eighths of each side.

void quality_init(struct quality *quality, bool is_screen)
{
    *quality = (struct quality){.is_screen = is_screen, .rest = QUALITY_REST};
}

void quality_set_bitrate(struct quality *quality, uint64_t bitrate)
{
    quality->bitrate = bitrate;
}

static uint32_t scaled(uint32_t side, uint32_t step)
{
    uint32_t even = side * scales[step] / EIGHTHS & ~1u;

    return even > 0 ? even : side;
}

static bool is_possible(const struct quality_size *from, uint32_t step)
{
    uint32_t shorter = from->width < from->height ? from->width : from->height;

    return step == 0 || (step < COUNT(scales) && scaled(shorter, step) >= SIDE_MIN);
}

static uint64_t pixels_a_second(const struct quality_size *from, uint32_t step)
{
    return (uint64_t)scaled(from->width, step) * scaled(from->height, step) * from->frame_rate;
}

static bool is_enough(const struct quality *quality, const struct quality_size *from, uint32_t step,
    uint32_t thousandths)
{
    return quality->bitrate * 1000 >= pixels_a_second(from, step) * thousandths;
}

static void set_step(struct quality *quality, uint32_t step, yodel_time now)
{
    quality->changes += quality->is_chosen && quality->step != step ? 1 : 0;
    quality->step = step;
    quality->stepped = now;
    quality->is_chosen = true;
}

static uint32_t smallest_allowed(
    const struct quality *quality, const struct quality_size *from, uint32_t step)
{
    if (step < quality->cpu_step) {
        step = quality->cpu_step;
    }
    while (!is_possible(from, step)) {
        step--;
    }
    return step;
}

static void choose_step(struct quality *quality, const struct quality_size *from, yodel_time now)
{
    uint32_t step = quality->is_chosen ? quality->step : 0;

    if (quality->bitrate > 0 && !quality->is_screen) {
        while (is_possible(from, step + 1) && !is_enough(quality, from, step, BITS_LOW)) {
            step++;
        }
        if (step > 0 && step == quality->step && now >= quality->stepped + QUALITY_DWELL &&
            is_enough(quality, from, step - 1, BITS_HIGH)) {
            step--;
        }
    } else {
        step = 0;
    }
    step = smallest_allowed(quality, from, step);
    if (!quality->is_chosen || step != quality->step) {
        set_step(quality, step, now);
    }
}

// What is left to do where pictures cannot become smaller.
static uint32_t choose_rate(const struct quality *quality, const struct quality_size *from)
{
    uint64_t thousandths = quality->is_screen ? BITS_SCREEN : BITS_LOW;
    struct quality_size one = {from->width, from->height, 1};
    uint64_t rate =
        quality->bitrate * 1000 / (pixels_a_second(&one, quality->step) * thousandths + 1);

    if (quality->bitrate == 0 || rate >= from->frame_rate) {
        return from->frame_rate;
    }
    return rate < QUALITY_SCREEN_RATE_MIN ? QUALITY_SCREEN_RATE_MIN : (uint32_t)rate;
}

struct quality_size quality_choose(
    struct quality *quality, const struct quality_size *from, yodel_time now)
{
    choose_step(quality, from, now);
    return (struct quality_size){scaled(from->width, quality->step),
        scaled(from->height, quality->step), choose_rate(quality, from)};
}

void quality_count(struct quality *quality, uint32_t offered, uint32_t late, yodel_time now)
{
    quality->offered += offered;
    quality->late += late;
    if (now < quality->window + QUALITY_WINDOW) {
        return;
    }
    if (quality->late * 100 > quality->offered * LATE_PERCENT) {
        quality->cpu_step += quality->cpu_step + 1 < COUNT(scales) ? 1 : 0;
        quality->rested = now + quality->rest;
        quality->rest = quality->rest * 2 < QUALITY_REST_MAX ? quality->rest * 2 : QUALITY_REST_MAX;
    } else if (quality->cpu_step > 0 && now >= quality->rested) {
        quality->cpu_step--;
        quality->rested = now + quality->rest;
    }
    quality->offered = quality->late = 0;
    quality->window = now;
}

enum quality_limit quality_limit(const struct quality *quality)
{
    if (quality->step == 0) {
        return QUALITY_NONE;
    }
    return quality->step <= quality->cpu_step ? QUALITY_CPU : QUALITY_BANDWIDTH;
}
