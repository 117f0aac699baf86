// Time stretching: the search for the lag, and the blend.

#include "playout/stretch.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"

#define PIECES 100          // In a second.
#define LAG_MIN_DIVISOR 400 // 2.5 ms: a voice of 400 Hz.
#define LAG_MAX_NUMERATOR 3 // 15 ms: one of 67 Hz.
#define LAG_MAX_DIVISOR 200
#define COARSE_RATE 12000 // Enough to find a period with.
#define VIEW_MAX 640      // A piece of 10 ms and the lags, at any rate.
#define SILENT 32.0       // Root mean square: 60 dB below the loudest.
#define RATE_MIN 8000
#define RATE_MAX 48000

enum yodel_err playout_stretch_init(
    struct playout_stretch *stretch, struct alloc *alloc, uint32_t rate, uint32_t channels)
{
    YODEL_ASSERT(rate >= RATE_MIN && rate <= RATE_MAX && rate % LAG_MIN_DIVISOR == 0);
    YODEL_ASSERT(channels > 0 && channels <= PLAYOUT_STRETCH_CHANNELS_MAX);
    size_t room = (size_t)rate * PLAYOUT_STRETCH_MS / 1000;
    int16_t *samples = alloc_new(alloc, room * channels * sizeof *samples);

    if (!samples) {
        return YODEL_ERR_NO_MEMORY;
    }
    *stretch = (struct playout_stretch){
        .alloc = alloc, .rate = rate, .channels = channels, .samples = samples, .room = room};
    return YODEL_OK;
}

void playout_stretch_deinit(struct playout_stretch *stretch)
{
    alloc_free(stretch->alloc, stretch->samples);
    *stretch = (struct playout_stretch){0};
}

static size_t lag_min(const struct playout_stretch *stretch)
{
    return stretch->rate / LAG_MIN_DIVISOR;
}

static size_t lag_max(const struct playout_stretch *stretch)
{
    return (size_t)stretch->rate * LAG_MAX_NUMERATOR / LAG_MAX_DIVISOR;
}

size_t playout_stretch_piece(const struct playout_stretch *stretch)
{
    return stretch->rate / PIECES;
}

size_t playout_stretch_ready(const struct playout_stretch *stretch)
{
    return stretch->end - stretch->at;
}

size_t playout_stretch_needs(const struct playout_stretch *stretch, enum playout_pace pace)
{
    return playout_stretch_piece(stretch) + (pace == PLAYOUT_PACE_FASTER ? lag_max(stretch) : 0);
}

// ---- putting

// Forgets what was played, but for what a repetition may need.
static void move_down(struct playout_stretch *stretch)
{
    size_t before = stretch->at < lag_max(stretch) ? stretch->at : lag_max(stretch);
    size_t first = stretch->at - before;
    size_t size = stretch->channels * sizeof *stretch->samples;

    memmove(stretch->samples, stretch->samples + first * stretch->channels,
        (stretch->end - first) * size);
    stretch->at -= first;
    stretch->end -= first;
}

size_t playout_stretch_put(struct playout_stretch *stretch, const int16_t *pcm, size_t count)
{
    if (count > stretch->room - stretch->end) {
        move_down(stretch);
    }
    size_t left = stretch->room - stretch->end;
    size_t taken = count < left ? count : left;
    if (taken > 0) {
        memcpy(stretch->samples + stretch->end * stretch->channels, pcm,
            taken * stretch->channels * sizeof *pcm);
    }
    stretch->end += taken;
    return taken;
}

// ---- the lag

// What the search compares: the sum of the channels, `step` samples in one, as floats are quick.
struct view {
    size_t step;
    size_t len; // Of a piece.
    float due[VIEW_MAX];
    float other[VIEW_MAX]; // All pieces of one lag or another.
};

static void look(
    const struct playout_stretch *stretch, size_t step, float *values, size_t at, size_t count)
{
    const int16_t *sample = stretch->samples + at * stretch->channels;

    YODEL_ASSERT(count <= VIEW_MAX);
    for (size_t i = 0; i < count; i++) {
        int32_t sum = 0;
        for (size_t k = 0; k < step * stretch->channels; k++) {
            sum += *sample++;
        }
        values[i] = (float)sum;
    }
}

// How alike what is due and another piece are: 1 for the same, -1 for the opposite.
static double alike(const struct view *view, const float *other)
{
    float both = 0, first = 0, second = 0;

    for (size_t i = 0; i < view->len; i++) {
        both += view->due[i] * other[i];
        first += view->due[i] * view->due[i];
        second += other[i] * other[i];
    }
    return first > 0 && second > 0 ? (double)both / sqrt((double)first * (double)second) : 0;
}

static size_t at_lag(const struct playout_stretch *stretch, enum playout_pace pace, size_t lag)
{
    return pace == PLAYOUT_PACE_FASTER ? stretch->at + lag : stretch->at - lag;
}

struct found {
    size_t lag;
    double alike;
};

// The best of the lags `from` to `to`, which are a multiple of `step` apart.
static struct found search(const struct playout_stretch *stretch, enum playout_pace pace,
    size_t step, size_t from, size_t to)
{
    struct view view = {.step = step, .len = playout_stretch_piece(stretch) / step};
    size_t lags = (to - from) / step;
    struct found best = {from, -1};

    look(stretch, step, view.due, stretch->at, view.len);
    look(stretch, step, view.other, at_lag(stretch, pace, pace == PLAYOUT_PACE_FASTER ? from : to),
        lags + view.len);
    for (size_t i = 0; i <= lags; i++) {
        double now = alike(&view, view.other + (pace == PLAYOUT_PACE_FASTER ? i : lags - i));
        if (now > best.alike) {
            best = (struct found){from + i * step, now};
        }
    }
    return best;
}

static struct found find_lag(const struct playout_stretch *stretch, enum playout_pace pace)
{
    size_t step = stretch->rate / COARSE_RATE > 1 ? stretch->rate / COARSE_RATE : 1;
    size_t least = lag_min(stretch), most = lag_max(stretch);

    struct found coarse = search(stretch, pace, step, least, most - (most - least) % step);
    size_t from = coarse.lag - least < step ? least : coarse.lag - step;
    size_t to = most - coarse.lag < step ? most : coarse.lag + step;
    return step == 1 ? coarse : search(stretch, pace, 1, from, to);
}

// Whether all that could be laid over each other is silence.
static bool is_silent(const struct playout_stretch *stretch, size_t from, size_t to)
{
    double energy = 0;

    for (size_t i = from * stretch->channels; i < to * stretch->channels; i++) {
        energy += (double)stretch->samples[i] * (double)stretch->samples[i];
    }
    return energy <= SILENT * SILENT * (double)((to - from) * stretch->channels);
}

static bool choose_lag(
    const struct playout_stretch *stretch, enum playout_pace pace, double alike_min, size_t *lag)
{
    size_t piece = playout_stretch_piece(stretch), most = lag_max(stretch);
    size_t from = pace == PLAYOUT_PACE_SLOWER ? stretch->at - most : stretch->at;
    size_t to = stretch->at + piece + (pace == PLAYOUT_PACE_FASTER ? most : 0);

    if (is_silent(stretch, from, to)) {
        *lag = most;
        return true;
    }
    struct found found = find_lag(stretch, pace);
    *lag = found.lag;
    return found.alike >= alike_min;
}

// ---- taking

static bool may_change(const struct playout_stretch *stretch, enum playout_pace pace)
{
    switch (pace) {
    case PLAYOUT_PACE_AS_IT_IS:
        return false;
    case PLAYOUT_PACE_FASTER:
        return playout_stretch_ready(stretch) >= playout_stretch_needs(stretch, pace);
    case PLAYOUT_PACE_SLOWER:
        return stretch->at >= lag_max(stretch);
    }
    return false;
}

// From the piece at `from` over to the one at `to`. What is alike keeps its loudness.
static void blend(const struct playout_stretch *stretch, int16_t *out, size_t from, size_t to)
{
    const int16_t *a = stretch->samples + from * stretch->channels;
    const int16_t *b = stretch->samples + to * stretch->channels;
    int32_t piece = (int32_t)playout_stretch_piece(stretch);

    for (int32_t i = 0; i < piece; i++) {
        for (uint32_t c = 0; c < stretch->channels; c++) {
            *out++ = (int16_t)((*a++ * (piece - i) + *b++ * i) / piece);
        }
    }
}

int32_t playout_stretch_take(
    struct playout_stretch *stretch, int16_t *out, enum playout_pace pace, double alike_min)
{
    size_t piece = playout_stretch_piece(stretch), lag = 0;

    YODEL_ASSERT(playout_stretch_ready(stretch) >= piece);
    if (!may_change(stretch, pace) || !choose_lag(stretch, pace, alike_min, &lag)) {
        pace = PLAYOUT_PACE_AS_IT_IS;
        lag = 0;
    }
    size_t to = at_lag(stretch, pace, lag);
    blend(stretch, out, stretch->at, to);
    stretch->at = to + piece;
    return pace == PLAYOUT_PACE_FASTER ? (int32_t)lag : -(int32_t)lag;
}
