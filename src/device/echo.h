// Echo cancellation: what a loudspeaker plays is taken out of what a microphone hears.
//
//   device_echo_play ──► follows the microphone's clock ──► what the room makes of it ──┐
//                                                                                       ▼
//   device_echo_clean ────────────────────────────────────────────────────────────► minus ──► what is left is damped
//
// How the room sounds is learnt while something is played, and only up to DEVICE_ECHO_TAIL after it was: that covers the
// way through the loudspeaker's and the microphone's buffers, too. What it has learnt gets old where the two have clocks of
// their own: noise falls by 60 dB where they agree, and by 17, 12 and 8 where they are 20, 50 and 100 ppm apart (measured by
// echo_test.c's room).
//
// Ownership   owns what the library below made
// Threads     all calls come one at a time
// Limits      one channel of a microphone; pieces of 10 ms of 48000 Hz

#ifndef DEVICE_ECHO_H
#define DEVICE_ECHO_H

#include "base/time.h"
#include "device/resample.h"

#define DEVICE_ECHO_PIECE DEVICE_RESAMPLE_PIECE
#define DEVICE_ECHO_TAIL YODEL_MS(200)

struct SpeexEchoState_;
struct SpeexPreprocessState_;

struct device_echo {
    struct SpeexEchoState_ *canceller;
    struct SpeexPreprocessState_ *damper;
    struct device_resample played;
};

// Fails with NO_MEMORY.
YODEL_MUST_USE enum yodel_err device_echo_init(struct device_echo *echo);
void device_echo_deinit(struct device_echo *echo);

// What is played now, of two channels. Silence is told, too: what is not told is not followed.
void device_echo_play(struct device_echo *echo, const int16_t piece[DEVICE_ECHO_PIECE * 2]);

// Of what the microphone heard.
void device_echo_clean(struct device_echo *echo, const int16_t heard[DEVICE_ECHO_PIECE],
    int16_t clean[DEVICE_ECHO_PIECE]);

#endif
