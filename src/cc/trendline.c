// The trend of the delay: a line fitted through the last groups, held against a threshold.

#include "cc/trendline.h"

#define SMOOTHING 0.9
#define GAIN 4.0
#define GROUPS_MAX 60 // What the trend is multiplied with at most: fewer groups, less trust.

#define THRESHOLD_FIRST 12.5 // draft-ietf-rmcat-gcc-02 §5.6, del_var_th(0), in milliseconds.
#define THRESHOLD_MIN 6.0    // §5.4
#define THRESHOLD_MAX 600.0
#define SPIKE 15.0    // §5.4: what is this far off is not adapted to.
#define K_UP 0.01     // §5.6, K_u, per millisecond.
#define K_DOWN 0.0005 // K_d is 0.00018: see trendline.h.
#define ADAPT_MS_MAX 100.0
#define OVER_MS 10.0 // §5.6, overuse_time_th

void cc_trendline_init(struct cc_trendline *trendline)
{
    *trendline = (struct cc_trendline){.threshold = THRESHOLD_FIRST};
}

// The least squares' slope, in milliseconds of delay per millisecond; 0 where there is none.
static double slope(const struct cc_trendline_point *points)
{
    double x_mean = 0, y_mean = 0, over = 0, under = 0;

    for (size_t i = 0; i < CC_TRENDLINE_WINDOW; i++) {
        x_mean += points[i].arrival_ms / CC_TRENDLINE_WINDOW;
        y_mean += points[i].delay_ms / CC_TRENDLINE_WINDOW;
    }
    for (size_t i = 0; i < CC_TRENDLINE_WINDOW; i++) {
        double x = points[i].arrival_ms - x_mean;
        over += x * (points[i].delay_ms - y_mean);
        under += x * x;
    }
    return under > 0 ? over / under : 0;
}

static double magnitude(double value)
{
    return value < 0 ? -value : value;
}

// §5.4: the threshold follows the trend, up faster than down, so that a flow which only reacts to
// loss does not starve this one.
static void adapt(struct cc_trendline *trendline, uint64_t at)
{
    double off = magnitude(trendline->trend) - trendline->threshold;
    double ms = (double)time_since(at, trendline->adapted) / 1e3;

    trendline->adapted = at;
    if (off > SPIKE) {
        return;
    }
    ms = ms > ADAPT_MS_MAX ? ADAPT_MS_MAX : ms;
    trendline->threshold += (off < 0 ? K_DOWN : K_UP) * off * ms;
    if (trendline->threshold < THRESHOLD_MIN) {
        trendline->threshold = THRESHOLD_MIN;
    } else if (trendline->threshold > THRESHOLD_MAX) {
        trendline->threshold = THRESHOLD_MAX;
    }
}

// §5.4: over-use is said when it lasts, and the trend does not fall back already.
static void detect(struct cc_trendline *trendline, double trend, double sent_ms)
{
    if (trend > trendline->threshold) {
        trendline->over_ms += trendline->over_count == 0 ? sent_ms / 2 : sent_ms;
        trendline->over_count++;
        if (trendline->over_ms > OVER_MS && trendline->over_count > 1 &&
            trend >= trendline->trend) {
            trendline->over_ms = 0;
            trendline->over_count = 0;
            trendline->usage = CC_USAGE_OVER;
        }
        return;
    }
    trendline->over_ms = 0;
    trendline->over_count = 0;
    trendline->usage = trend < -trendline->threshold ? CC_USAGE_UNDER : CC_USAGE_NORMAL;
}

void cc_trendline_add(struct cc_trendline *trendline, const struct cc_groups_delta *delta)
{
    if (trendline->count == 0) {
        trendline->first_arrival = delta->at;
        trendline->adapted = delta->at;
    }
    trendline->delay_ms += (double)(delta->arrival - delta->sent) / 1e3;
    trendline->smoothed_ms =
        SMOOTHING * trendline->smoothed_ms + (1 - SMOOTHING) * trendline->delay_ms;
    trendline->points[trendline->count++ % CC_TRENDLINE_WINDOW] = (struct cc_trendline_point){
        (double)(int64_t)(delta->at - trendline->first_arrival) / 1e3, trendline->smoothed_ms};
    if (trendline->count < CC_TRENDLINE_WINDOW) {
        return;
    }
    double groups = trendline->count < GROUPS_MAX ? (double)trendline->count : GROUPS_MAX;
    double trend = slope(trendline->points) * groups * GAIN;
    detect(trendline, trend, (double)delta->sent / 1e3);
    trendline->trend = trend;
    adapt(trendline, delta->at);
}
