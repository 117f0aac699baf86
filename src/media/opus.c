// Opus, by libopus.
//
// Implements  RFC 7587 §3.1.3 (DTX), §3.3 (in-band FEC), as browsers set them
// Limits      packets of PACKET_MAX, which fit into a datagram, whatever the bitrate

#include <opus.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "media/codec.h"
#include "rtp/payload/opus.h"

#define RATE 48000
#define PACKET_MAX 1100
#define BPS_MIN 6000u // RFC 6716 §2.1.1.
#define BPS_MAX 510000u
#define SILENCE_LEN 2 // A packet that is not longer says that nobody speaks (RFC 7587 §3.1.3).
#define COMPLEXITY 9  // As browsers have it where a processor is not a telephone's.
#define CHANNELS_MAX 2

struct encoder {
    struct yodel_encoder base; // First, so that one is found from the other.
    OpusEncoder *opus;
    uint32_t channels;
    bool is_silent; // It was said that nobody speaks.
    uint8_t packet[PACKET_MAX];
    struct yodel_frame frame; // Without a length: there is none.
};

struct decoder {
    struct yodel_decoder base;
    OpusDecoder *opus;
    uint32_t channels;
    int16_t samples[YODEL_SOUND_SAMPLES_MAX * CHANNELS_MAX];
    struct yodel_raw raw; // Without samples: there is none.
};

// ---- encoding

static enum yodel_err encode(
    struct yodel_encoder *base, const struct yodel_raw *raw, bool is_key_wanted)
{
    struct encoder *e = (struct encoder *)base;
    uint32_t count = raw->sound.count;

    (void)is_key_wanted; // All are.
    e->frame.len = 0;
    if (raw->sound.channels != e->channels) {
        return media_encoder_fail(base, YODEL_ERR_TYPE,
            "sound of %u channels, where %u are encoded", raw->sound.channels, e->channels);
    }
    if (count != RATE / 100 && count != RATE / 50 && count != RATE / 25 && count != RATE / 50 * 3) {
        return media_encoder_fail(base, YODEL_ERR_RANGE,
            "%u samples are no packet of Opus: 10, 20, 40 or 60 ms are", count);
    }
    opus_int32 len =
        opus_encode(e->opus, raw->sound.samples, (int)count, e->packet, sizeof e->packet);
    if (len < 0) {
        return media_encoder_fail(base, YODEL_ERR_OPERATION, "Opus: %s", opus_strerror(len));
    }
    bool is_silent = len <= SILENCE_LEN;
    e->frame = (struct yodel_frame){.data = e->packet,
        .len = is_silent && e->is_silent ? 0 : (size_t)len,
        .codec = YODEL_OPUS,
        .is_key = true,
        .timestamp = raw->timestamp,
        .captured = raw->captured};
    e->is_silent = is_silent;
    return YODEL_OK;
}

static bool encoder_next(struct yodel_encoder *base, struct yodel_frame *frame)
{
    return media_take_frame(&((struct encoder *)base)->frame, frame);
}

static void set_target(struct yodel_encoder *base, const struct yodel_encoder_target *target)
{
    struct encoder *e = (struct encoder *)base;
    uint64_t bps = target->bitrate > BPS_MAX ? BPS_MAX : target->bitrate;

    bps = bps < BPS_MIN ? BPS_MIN : bps;
    (void)opus_encoder_ctl(e->opus, OPUS_SET_BITRATE((opus_int32)bps));
    (void)opus_encoder_ctl(e->opus, OPUS_SET_PACKET_LOSS_PERC((opus_int32)target->loss_percent));
}

static void encoder_free(struct yodel_encoder *base)
{
    opus_encoder_destroy(((struct encoder *)base)->opus);
    alloc_free(alloc_system(), base);
}

enum yodel_err media_opus_encoder_new(enum yodel_codec codec,
    const struct yodel_encoder_config *config, struct yodel_encoder **encoder)
{
    static const struct yodel_encoder_ops ops = {encode, encoder_next, set_target, encoder_free};
    struct encoder *e = alloc_new(alloc_system(), sizeof *e);
    int failed = 0;

    if (!e) {
        return YODEL_ERR_NO_MEMORY;
    }
    e->base = (struct yodel_encoder){.ops = &ops, .codec = codec};
    e->channels = config->channels;
    e->opus = opus_encoder_create(RATE, (int)config->channels,
        config->channels == 1 ? OPUS_APPLICATION_VOIP : OPUS_APPLICATION_AUDIO, &failed);
    if (failed) {
        alloc_free(alloc_system(), e);
        return YODEL_ERR_NO_MEMORY;
    }
    (void)opus_encoder_ctl(e->opus, OPUS_SET_INBAND_FEC(1));
    (void)opus_encoder_ctl(e->opus, OPUS_SET_DTX(config->dtx));
    (void)opus_encoder_ctl(e->opus, OPUS_SET_COMPLEXITY(COMPLEXITY));
    set_target(&e->base, &config->target);
    *encoder = &e->base;
    return YODEL_OK;
}

// ---- decoding

// `data` without a length: what was lost is made up; with `is_fec`, from what the data says of it.
static enum yodel_err run(struct decoder *d, struct bytes data, uint32_t samples, bool is_fec)
{
    int made =
        opus_decode(d->opus, data.ptr, (opus_int32)data.len, d->samples, (int)samples, is_fec);

    if (made < 0) {
        return media_decoder_fail(&d->base, YODEL_ERR_MALFORMED, "Opus: %s", opus_strerror(made));
    }
    d->raw.sound = (struct yodel_sound){RATE, d->channels, (uint32_t)made, d->samples};
    return YODEL_OK;
}

static enum yodel_err check(struct yodel_decoder *base, const struct yodel_frame *frame)
{
    struct rtp_opus_info info;

    return rtp_opus_parse(&info, bytes_of(frame->data, frame->len)) == YODEL_OK
               ? YODEL_OK
               : media_decoder_fail(
                     base, YODEL_ERR_MALFORMED, "the packet breaks a rule of RFC 6716 §3.4");
}

static enum yodel_err decode(struct yodel_decoder *base, const struct yodel_frame *frame)
{
    struct decoder *d = (struct decoder *)base;

    d->raw.sound.samples = NULL;
    enum yodel_err err = check(base, frame);
    if (err) {
        return err;
    }
    d->raw.timestamp = frame->timestamp;
    d->raw.captured = frame->captured;
    return run(d, bytes_of(frame->data, frame->len), YODEL_SOUND_SAMPLES_MAX, false);
}

static enum yodel_err conceal(
    struct yodel_decoder *base, const struct yodel_frame *following, uint32_t samples)
{
    struct decoder *d = (struct decoder *)base;

    d->raw.sound.samples = NULL;
    if (!following) {
        return run(d, (struct bytes){0}, samples, false);
    }
    enum yodel_err err = check(base, following);
    return err ? err : run(d, bytes_of(following->data, following->len), samples, true);
}

static bool decoder_next(struct yodel_decoder *base, struct yodel_raw *raw)
{
    return media_take_sound(&((struct decoder *)base)->raw, raw);
}

static void decoder_free(struct yodel_decoder *base)
{
    opus_decoder_destroy(((struct decoder *)base)->opus);
    alloc_free(alloc_system(), base);
}

enum yodel_err media_opus_decoder_new(enum yodel_codec codec,
    const struct yodel_decoder_config *config, struct yodel_decoder **decoder)
{
    static const struct yodel_decoder_ops ops = {decode, conceal, decoder_next, decoder_free};
    struct decoder *d = alloc_new(alloc_system(), sizeof *d);
    int failed = 0;

    if (!d) {
        return YODEL_ERR_NO_MEMORY;
    }
    d->base = (struct yodel_decoder){.ops = &ops, .codec = codec};
    d->channels = config->channels;
    d->raw.kind = YODEL_AUDIO;
    d->opus = opus_decoder_create(RATE, (int)config->channels, &failed);
    if (failed) {
        alloc_free(alloc_system(), d);
        return YODEL_ERR_NO_MEMORY;
    }
    *decoder = &d->base;
    return YODEL_OK;
}
