// Audio that comes: a peer's packets in, whenever they come, and 10 ms of sound out, each 10 ms.
//
//   frames ──► playout (order, delay, stretching) ──► 8000 Hz: upsample ──► 480 samples of 48000 Hz
//                  └──► decoder ──┘
//
// Opus becomes two channels, whatever is sent, and G.711 one. Another codec begins anew, as if nothing had come.
//
// Implements  the W3C's statistics of received audio (webrtc-stats, "inbound-rtp")
// Not here    who listens, and when it is time (stream/receiver.h)
// Ownership   owns its decoder and what waits; a piece lives until the next take
// Time        every `now` must be at least the one before it
// Limits      AUDIO_IN_PLACES packets wait, or up to 4 s of them; a codec lasts for AUDIO_IN_CODEC_MIN

#ifndef STREAM_AUDIO_IN_H
#define STREAM_AUDIO_IN_H

#include "playout/audio.h"
#include "stream/upsample.h"
#include "yodel/codec.h"

#define AUDIO_IN_PLACES 320
#define AUDIO_IN_CODEC_MIN YODEL_MS(200)
#define AUDIO_IN_RATE 48000
#define AUDIO_IN_PIECE 480
#define AUDIO_IN_CHANNELS_MAX 2

// A moment of the sender's clock, and the timestamp that goes with it.
struct audio_in_moment {
    uint64_t ntp; // 0: there was none yet.
    uint64_t timestamp;
};

struct audio_in {
    struct alloc *alloc;
    struct yodel_decoder
        *decoder; // NULL: nothing came since the beginning; then there is no playout.
    enum yodel_codec codec;
    yodel_time begun;
    struct playout_audio playout;
    struct upsample upsample;
    struct audio_in_moment moment;
    yodel_duration asked, extra; // Delays, for each playout.
    int16_t made[YODEL_SOUND_SAMPLES_MAX * AUDIO_IN_CHANNELS_MAX];
    int16_t piece[AUDIO_IN_PIECE * AUDIO_IN_CHANNELS_MAX];
    // What is counted; playout's own, too, survives another codec.
    struct playout_audio_stats stats;
    uint64_t refused;  // Frames that are none of a codec's, or of one that cannot be decoded.
    uint64_t failures; // Packets that could not be decoded.
    double level;      // Of the last piece, of 1; root of the mean square.
    double energy;
    uint64_t pieces;
};

void audio_in_init(struct audio_in *in, struct alloc *alloc);
void audio_in_deinit(struct audio_in *in);

// Whatever was received is forgotten; delays and numbers stay.
void audio_in_reset(struct audio_in *in);

void audio_in_recv(struct audio_in *in, const struct yodel_frame *frame, yodel_time now);

// The next 10 ms. False: nothing ever came.
bool audio_in_take(struct audio_in *in, struct yodel_sound *sound, yodel_time now);

// When, by its sender's clock, what is taken next was captured; 0: not known.
uint64_t audio_in_position(const struct audio_in *in);

void audio_in_set_asked(struct audio_in *in, yodel_duration asked);
void audio_in_set_extra(struct audio_in *in, yodel_duration extra);

void audio_in_visit(const struct audio_in *in,
    void (*visit)(void *ctx, const char *name, const char *text, double number), void *ctx);

#endif
