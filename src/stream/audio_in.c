// Audio that comes: see the header.

#include "stream/audio_in.h"

#include <math.h>
#include <string.h>

#include "base/port.h"
#include "rtp/payload/opus.h"

#define MOMENT_S 60 // So far from a moment that is known its sender's clock is carried.

void audio_in_init(struct audio_in *in, struct alloc *alloc)
{
    *in = (struct audio_in){.alloc = alloc};
}

void audio_in_reset(struct audio_in *in)
{
    if (in->decoder) {
        in->stats = in->playout.stats;
        playout_audio_deinit(&in->playout);
        yodel_decoder_free(in->decoder);
        in->decoder = NULL;
    }
    in->moment = (struct audio_in_moment){0};
}

void audio_in_deinit(struct audio_in *in)
{
    audio_in_reset(in);
}

// ---- packets

static enum yodel_err begin(struct audio_in *in, enum yodel_codec codec, yodel_time now)
{
    struct yodel_decoder_config decoder = {.channels = codec == YODEL_OPUS ? 2 : 1};
    struct playout_audio_config playout = {.clock_rate = codec == YODEL_OPUS ? 48000 : 8000,
        .channels = decoder.channels,
        .places = AUDIO_IN_PLACES};

    audio_in_reset(in);
    enum yodel_err err = playout_audio_init(&in->playout, in->alloc, &playout);
    if (err) {
        return err;
    }
    err = yodel_decoder_new(codec, &decoder, &in->decoder);
    if (err) {
        playout_audio_deinit(&in->playout);
        return err;
    }
    in->codec = codec;
    in->begun = now;
    in->playout.stats = in->stats;
    playout_audio_set_asked(&in->playout, in->asked);
    playout_audio_set_extra(&in->playout, in->extra);
    upsample_init(&in->upsample);
    return YODEL_OK;
}

// False: it is no packet of audio.
static bool look_at(const struct yodel_frame *frame, struct playout_packet *packet)
{
    *packet = (struct playout_packet){
        .place = {.seq = frame->seq, .timestamp = frame->timestamp},
        .samples = (uint32_t)frame->len,
        .payload_type = (uint8_t)frame->codec,
        .payload = bytes_of(frame->data, frame->len),
    };
    if (frame->codec == YODEL_OPUS) {
        struct rtp_opus_info info;
        if (rtp_opus_parse(&info, packet->payload)) {
            return false;
        }
        packet->samples = info.samples;
        packet->is_dtx = info.is_dtx;
        packet->has_fec = info.has_fec;
        return true;
    }
    return frame->codec == YODEL_PCMU || frame->codec == YODEL_PCMA;
}

// Whether there is a decoder for it. A peer that goes from codec to codec must not cost a decoder each time.
static bool can_decode(struct audio_in *in, enum yodel_codec codec, yodel_time now)
{
    if (in->decoder && in->codec == codec) {
        return true;
    }
    bool is_early = in->decoder && time_since(now, in->begun) < AUDIO_IN_CODEC_MIN;
    return !is_early && begin(in, codec, now) == YODEL_OK;
}

void audio_in_recv(struct audio_in *in, const struct yodel_frame *frame, yodel_time now)
{
    struct playout_packet packet;

    if (!look_at(frame, &packet) || !can_decode(in, frame->codec, now)) {
        in->refused++;
        return;
    }
    if (frame->capture_ntp != 0) {
        in->moment = (struct audio_in_moment){frame->capture_ntp, frame->timestamp};
    }
    playout_audio_recv(&in->playout, &packet, now);
}

// ---- sound

static enum yodel_err decode(struct audio_in *in, const struct playout_audio_step *step)
{
    struct yodel_frame frame = {
        .data = step->payload.ptr, .len = step->payload.len, .codec = in->codec, .is_key = true};

    switch (step->action) {
    case PLAYOUT_AUDIO_DECODE:
        return yodel_decoder_decode(in->decoder, &frame);
    case PLAYOUT_AUDIO_DECODE_FEC:
        return yodel_decoder_conceal(in->decoder, &frame, step->samples);
    case PLAYOUT_AUDIO_CONCEAL:
        return yodel_decoder_conceal(in->decoder, NULL, step->samples);
    case PLAYOUT_AUDIO_COMFORT:
        break;
    }
    // Opus's concealment is comfort noise after a packet that says that nobody speaks; without one it is silent here.
    return in->codec == YODEL_OPUS && in->playout.is_started
               ? yodel_decoder_conceal(in->decoder, NULL, step->samples)
               : YODEL_ERR_NOT_FOUND;
}

static void answer(struct audio_in *in, const struct playout_audio_step *step)
{
    struct yodel_raw raw;
    size_t count = 0;
    enum yodel_err err = decode(in, step);

    in->failures += err && step->action == PLAYOUT_AUDIO_DECODE;
    if (!err && yodel_decoder_next(in->decoder, &raw)) {
        count = raw.sound.count;
        memcpy(
            in->made, raw.sound.samples, count * raw.sound.channels * sizeof raw.sound.samples[0]);
    }
    playout_audio_put(&in->playout, in->made, count);
}

static void measure(struct audio_in *in, uint32_t channels)
{
    double sum = 0;
    size_t count = (size_t)AUDIO_IN_PIECE * channels;

    for (size_t i = 0; i < count; i++) {
        double sample = in->piece[i] / 32768.0;
        sum += sample * sample;
    }
    in->level = sqrt(sum / (double)count);
    in->energy += sum / (double)count / 100; // Of a hundredth of a second.
    in->pieces++;
}

bool audio_in_take(struct audio_in *in, struct yodel_sound *sound, yodel_time now)
{
    struct playout_audio_step step;

    if (!in->decoder) {
        return false;
    }
    while (playout_audio_next(&in->playout, &step, now)) {
        answer(in, &step);
    }
    uint32_t channels = in->playout.stretch.channels;
    if (in->playout.rate == AUDIO_IN_RATE) {
        playout_audio_take(&in->playout, in->piece);
    } else {
        playout_audio_take(&in->playout, in->made);
        upsample_run(&in->upsample, in->made, AUDIO_IN_PIECE / UPSAMPLE_FACTOR, in->piece);
    }
    measure(in, channels);
    *sound = (struct yodel_sound){AUDIO_IN_RATE, channels, AUDIO_IN_PIECE, in->piece};
    return true;
}

uint64_t audio_in_position(const struct audio_in *in)
{
    uint64_t timestamp;

    if (!in->decoder || in->moment.ntp == 0 || !playout_audio_position(&in->playout, &timestamp)) {
        return 0;
    }
    int64_t ahead = (int64_t)(timestamp - in->moment.timestamp);
    int64_t rate = in->playout.rate;
    if (ahead > MOMENT_S * rate || ahead < -MOMENT_S * rate) {
        return 0;
    }
    return in->moment.ntp + (uint64_t)(ahead * (INT64_C(1) << 32) / rate);
}

// ---- delays, and numbers

void audio_in_set_asked(struct audio_in *in, yodel_duration asked)
{
    in->asked = asked;
    if (in->decoder) {
        playout_audio_set_asked(&in->playout, asked);
    }
}

void audio_in_set_extra(struct audio_in *in, yodel_duration extra)
{
    in->extra = extra;
    if (in->decoder) {
        playout_audio_set_extra(&in->playout, extra);
    }
}

static double seconds(uint64_t us)
{
    return (double)us / 1e6;
}

void audio_in_visit(const struct audio_in *in,
    void (*visit)(void *ctx, const char *name, const char *text, double number), void *ctx)
{
    const struct playout_audio_stats *stats = in->decoder ? &in->playout.stats : &in->stats;
    const struct {
        const char *name;
        double number;
    } rows[] = {
        {"totalSamplesReceived", (double)stats->total_samples_received},
        {"concealedSamples", (double)stats->concealed_samples},
        {"silentConcealedSamples", (double)stats->silent_concealed_samples},
        {"concealmentEvents", (double)stats->concealment_events},
        {"insertedSamplesForDeceleration", (double)stats->inserted_samples_for_deceleration},
        {"removedSamplesForAcceleration", (double)stats->removed_samples_for_acceleration},
        {"jitterBufferEmittedCount", (double)stats->jitter_buffer_emitted_count},
        {"jitterBufferDelay", seconds(stats->jitter_buffer_delay)},
        {"jitterBufferTargetDelay", seconds(stats->jitter_buffer_target_delay)},
        {"jitterBufferMinimumDelay", seconds(stats->jitter_buffer_minimum_delay)},
        {"audioLevel", in->level},
        {"totalAudioEnergy", in->energy},
        {"totalSamplesDuration", (double)in->pieces / 100},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        visit(ctx, rows[i].name, NULL, rows[i].number);
    }
}
