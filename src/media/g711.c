// G.711 as a codec: the laws are the payload's (rtp/payload/g711.h); here is what is heard where a packet
// is missing.
//
// Implements  ITU-T G.711; its Appendix I in outline: the last period of the voice goes on
// Limits      YODEL_SOUND_SAMPLES_MAX / 6 samples, 120 ms, a packet

#include "rtp/payload/g711.h"
#include "base/alloc.h"
#include "media/codec.h"

#define SAMPLES_MAX (YODEL_SOUND_SAMPLES_MAX / 6)
#define HISTORY 240 // 30 ms.
#define COMPARED 80
#define LAG_MIN 40  // Voices of 200
#define LAG_MAX 120 // down to 66 Hz (G.711 Appendix I §I.2.3).

struct encoder {
    struct yodel_encoder base; // First, so that one is found from the other.
    uint8_t data[SAMPLES_MAX];
    struct yodel_frame frame;
};

struct decoder {
    struct yodel_decoder base;
    int16_t history[HISTORY]; // What was heard last.
    int16_t samples[SAMPLES_MAX];
    struct yodel_raw raw; // Without samples: there is none.
};

static enum rtp_g711_law law_of(enum yodel_codec codec)
{
    return codec == YODEL_PCMU ? RTP_G711_MU : RTP_G711_A;
}

// ---- encoding

static enum yodel_err encode(
    struct yodel_encoder *base, const struct yodel_raw *raw, bool is_key_wanted)
{
    struct encoder *e = (struct encoder *)base;
    struct writer w = writer_of(span_of(e->data, sizeof e->data));

    (void)is_key_wanted; // All are.
    e->frame.len = 0;
    if (raw->sound.channels != 1) {
        return media_encoder_fail(base, YODEL_ERR_TYPE, "G.711 has one channel");
    }
    if (raw->sound.count == 0 || raw->sound.count > SAMPLES_MAX) {
        return media_encoder_fail(
            base, YODEL_ERR_RANGE, "%u samples are no packet of G.711", raw->sound.count);
    }
    rtp_g711_put(&w, law_of(base->codec), raw->sound.samples, raw->sound.count);
    e->frame = (struct yodel_frame){.data = e->data,
        .len = w.len,
        .codec = base->codec,
        .is_key = true,
        .timestamp = raw->timestamp,
        .captured = raw->captured};
    return YODEL_OK;
}

static bool encoder_next(struct yodel_encoder *base, struct yodel_frame *frame)
{
    return media_take_frame(&((struct encoder *)base)->frame, frame);
}

static void set_target(struct yodel_encoder *base, const struct yodel_encoder_target *target)
{
    (void)base; // 64 kbit/s, whatever is wanted.
    (void)target;
}

static void encoder_free(struct yodel_encoder *base)
{
    alloc_free(alloc_system(), base);
}

enum yodel_err media_g711_encoder_new(enum yodel_codec codec,
    const struct yodel_encoder_config *config, struct yodel_encoder **encoder)
{
    static const struct yodel_encoder_ops ops = {encode, encoder_next, set_target, encoder_free};

    if (config->channels != 1) {
        return YODEL_ERR_RANGE;
    }
    struct encoder *e = alloc_new(alloc_system(), sizeof *e);
    if (!e) {
        return YODEL_ERR_NO_MEMORY;
    }
    e->base = (struct yodel_encoder){.ops = &ops, .codec = codec};
    *encoder = &e->base;
    return YODEL_OK;
}

// ---- decoding

static void heard(struct decoder *d, uint32_t count)
{
    size_t kept = count < HISTORY ? HISTORY - count : 0;
    size_t added = HISTORY - kept;

    memmove(d->history, d->history + HISTORY - kept, kept * sizeof d->history[0]);
    memcpy(d->history + kept, d->samples + count - added, added * sizeof d->history[0]);
    d->raw.sound = (struct yodel_sound){RTP_G711_CLOCK_RATE, 1, count, d->samples};
}

static enum yodel_err decode(struct yodel_decoder *base, const struct yodel_frame *frame)
{
    struct decoder *d = (struct decoder *)base;

    d->raw.sound.samples = NULL;
    if (frame->len > SAMPLES_MAX) {
        return media_decoder_fail(
            base, YODEL_ERR_TOO_LARGE, "a packet of %zu samples of G.711 is refused", frame->len);
    }
    rtp_g711_decode(law_of(base->codec), bytes_of(frame->data, frame->len), d->samples);
    d->raw.timestamp = frame->timestamp;
    d->raw.captured = frame->captured;
    heard(d, (uint32_t)frame->len);
    return YODEL_OK;
}

// How alike the end of what was heard is to what came `lag` before it: the product's square, over the
// energy there.
static double likeness(const int16_t *end, uint32_t lag)
{
    double product = 0, energy = 1;

    for (int i = -COMPARED; i < 0; i++) {
        double before = end[i - (int)lag];
        product += end[i] * before;
        energy += before * before;
    }
    return product > 0 ? product * product / energy : 0;
}

static uint32_t period_of(const struct decoder *d)
{
    const int16_t *end = d->history + HISTORY;
    uint32_t best = LAG_MIN;
    double most = -1;

    for (uint32_t lag = LAG_MIN; lag <= LAG_MAX; lag++) {
        double alike = likeness(end, lag);
        if (alike > most) {
            most = alike;
            best = lag;
        }
    }
    return best;
}

static enum yodel_err conceal(
    struct yodel_decoder *base, const struct yodel_frame *following, uint32_t samples)
{
    struct decoder *d = (struct decoder *)base;
    uint32_t period = period_of(d);

    (void)following; // It says nothing of others.
    for (uint32_t i = 0; i < samples; i++) {
        d->samples[i] = d->history[HISTORY - period + i % period];
    }
    heard(d, samples);
    return YODEL_OK;
}

static bool decoder_next(struct yodel_decoder *base, struct yodel_raw *raw)
{
    return media_take_sound(&((struct decoder *)base)->raw, raw);
}

static void decoder_free(struct yodel_decoder *base)
{
    alloc_free(alloc_system(), base);
}

enum yodel_err media_g711_decoder_new(enum yodel_codec codec,
    const struct yodel_decoder_config *config, struct yodel_decoder **decoder)
{
    static const struct yodel_decoder_ops ops = {decode, conceal, decoder_next, decoder_free};

    if (config->channels != 1) {
        return YODEL_ERR_RANGE;
    }
    struct decoder *d = alloc_new(alloc_system(), sizeof *d);
    if (!d) {
        return YODEL_ERR_NO_MEMORY;
    }
    d->base = (struct yodel_decoder){.ops = &ops, .codec = codec};
    d->raw.kind = YODEL_AUDIO;
    *decoder = &d->base;
    return YODEL_OK;
}
