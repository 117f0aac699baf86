// Echo cancellation by SpeexDSP: see the header.

#include "device/echo.h"

#include <speex/speex_echo.h>
#include <speex/speex_preprocess.h>

#define RATE 48000
#define TAIL ((int)(DEVICE_ECHO_TAIL * RATE / YODEL_SECONDS(1)))

// In dB.
#define NOISE_DAMPED (-12)
#define ECHO_DAMPED (-45)
#define ECHO_DAMPED_IN_SPEECH (-15)

static void set_up(struct device_echo *echo)
{
    int rate = RATE, noise = NOISE_DAMPED, quiet = ECHO_DAMPED, speech = ECHO_DAMPED_IN_SPEECH;

    speex_echo_ctl(echo->canceller, SPEEX_ECHO_SET_SAMPLING_RATE, &rate);
    speex_preprocess_ctl(echo->damper, SPEEX_PREPROCESS_SET_ECHO_STATE, echo->canceller);
    speex_preprocess_ctl(echo->damper, SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, &noise);
    speex_preprocess_ctl(echo->damper, SPEEX_PREPROCESS_SET_ECHO_SUPPRESS, &quiet);
    speex_preprocess_ctl(echo->damper, SPEEX_PREPROCESS_SET_ECHO_SUPPRESS_ACTIVE, &speech);
}

enum yodel_err device_echo_init(struct device_echo *echo)
{
    *echo = (struct device_echo){.canceller = speex_echo_state_init(DEVICE_ECHO_PIECE, TAIL),
        .damper = speex_preprocess_state_init(DEVICE_ECHO_PIECE, RATE)};
    enum yodel_err err = device_resample_init(&echo->played, 1);

    if (!err && (!echo->canceller || !echo->damper)) {
        err = YODEL_ERR_NO_MEMORY;
    }
    if (err) {
        device_echo_deinit(echo);
    } else {
        set_up(echo);
    }
    return err;
}

void device_echo_deinit(struct device_echo *echo)
{
    if (echo->damper) {
        speex_preprocess_state_destroy(echo->damper);
    }
    if (echo->canceller) {
        speex_echo_state_destroy(echo->canceller);
    }
    device_resample_deinit(&echo->played);
    *echo = (struct device_echo){0};
}

void device_echo_play(struct device_echo *echo, const int16_t piece[DEVICE_ECHO_PIECE * 2])
{
    int16_t middle[DEVICE_ECHO_PIECE];

    for (uint32_t i = 0; i < DEVICE_ECHO_PIECE; i++) {
        middle[i] = (int16_t)((piece[2 * i] + piece[2 * i + 1]) / 2);
    }
    device_resample_put(&echo->played, middle);
}

void device_echo_clean(struct device_echo *echo, const int16_t heard[DEVICE_ECHO_PIECE],
    int16_t clean[DEVICE_ECHO_PIECE])
{
    int16_t played[DEVICE_ECHO_PIECE];

    (void)device_resample_take(&echo->played, played);
    speex_echo_cancellation(echo->canceller, heard, played, clean);
    speex_preprocess_run(echo->damper, clean);
}
