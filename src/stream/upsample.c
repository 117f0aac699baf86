// Upsampling: see the header.

#include "stream/upsample.h"

#include <math.h>

#define PI 3.14159265358979323846
#define SPAN (UPSAMPLE_FACTOR * UPSAMPLE_TAPS)

// At `at` samples of the faster rate from the middle.
static double weight(double at)
{
    double x = PI * at / UPSAMPLE_FACTOR;
    double window = 0.5 + 0.5 * cos(2 * PI * at / SPAN);

    return fabs(x) < 1e-9 ? 1 : sin(x) / x * window;
}

// Where an output of this phase stands from that sample, in outputs.
static int distance(int phase, int tap)
{
    return phase + UPSAMPLE_FACTOR * (UPSAMPLE_TAPS / 2 - 1 - tap);
}

// The weights of each phase sum up to 1, so that what does not change stays as it is.
void upsample_init(struct upsample *upsample)
{
    *upsample = (struct upsample){0};
    for (int phase = 0; phase < UPSAMPLE_FACTOR; phase++) {
        double sum = 0;
        for (int tap = 0; tap < UPSAMPLE_TAPS; tap++) {
            sum += weight(distance(phase, tap));
        }
        for (int tap = 0; tap < UPSAMPLE_TAPS; tap++) {
            upsample->weights[phase][tap] = (float)(weight(distance(phase, tap)) / sum);
        }
    }
}

static int16_t clipped(float value)
{
    float limited = value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value;

    return (int16_t)lrintf(limited);
}

void upsample_run(struct upsample *upsample, const int16_t *in, size_t count, int16_t *out)
{
    for (size_t i = 0; i < count; i++) {
        upsample->before[upsample->at] = in[i];
        upsample->at = (upsample->at + 1) % UPSAMPLE_TAPS;
        for (int phase = 0; phase < UPSAMPLE_FACTOR; phase++) {
            float sum = 0;
            for (size_t tap = 0; tap < UPSAMPLE_TAPS; tap++) { // The oldest first.
                sum += upsample->weights[phase][tap] *
                       upsample->before[(upsample->at + tap) % UPSAMPLE_TAPS];
            }
            *out++ = clipped(sum);
        }
    }
}
