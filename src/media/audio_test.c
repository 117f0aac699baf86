// Sound's codecs: a tone is the tone behind them, also where packets are lost.

#include <math.h>
#include <stdio.h>

#include "check.h"
#include "media/tone.h"

#define TONE_HZ 440
#define AMPLITUDE 0.5

struct sound_run {
    enum yodel_codec codec;
    uint32_t rate;
    uint32_t channels;
    uint32_t lose_each; // One packet of so many; 0: none.
    bool has_fec;       // What is lost is made of what follows, else made up.
    struct yodel_encoder_config config;
    uint32_t lost;
    size_t bytes;
    struct media_tone_heard heard; // Of the last 400 ms.
};

#define KEPT (48000 * 2 / 5)

static int16_t heard[KEPT * 2];
static uint32_t heard_count;

static void keep(const struct yodel_raw *raw, uint32_t room)
{
    const struct yodel_sound *sound = &raw->sound;
    uint32_t gone = heard_count + sound->count > room ? heard_count + sound->count - room : 0;
    size_t sample = sizeof heard[0] * sound->channels;

    memmove(heard, heard + (size_t)gone * sound->channels, (heard_count - gone) * sample);
    heard_count -= gone;
    memcpy(heard + (size_t)heard_count * sound->channels, sound->samples, sound->count * sample);
    heard_count += sound->count;
}

static void hear(struct sound_run *run, struct yodel_decoder *decoder, uint32_t count)
{
    struct yodel_raw raw;

    CHECK(yodel_decoder_next(decoder, &raw));
    CHECK_EQ(raw.sound.rate, run->rate);
    CHECK_EQ(raw.sound.channels, run->channels);
    CHECK_EQ(raw.sound.count, count);
    keep(&raw, run->rate * 2 / 5);
    CHECK(!yodel_decoder_next(decoder, &raw));
}

// Two seconds, in packets of 20 ms.
static void sound_run(struct sound_run *run)
{
    struct yodel_decoder_config receiving = {.channels = run->channels};
    struct media_tone tone = {.hz = TONE_HZ, .rate = run->rate, .amplitude = AMPLITUDE};
    struct yodel_encoder *encoder;
    struct yodel_decoder *decoder;
    uint32_t count = run->rate / 50;
    int16_t samples[960 * 2];
    bool is_lost = false;

    run->config.channels = run->channels;
    heard_count = 0;
    CHECK_EQ(yodel_encoder_new(run->codec, &run->config, &encoder), YODEL_OK);
    CHECK_EQ(yodel_decoder_new(run->codec, &receiving, &decoder), YODEL_OK);
    for (uint32_t n = 0; n < 100; n++) {
        struct yodel_raw raw = {.kind = YODEL_AUDIO, .timestamp = (uint64_t)n * count};
        struct yodel_frame frame;
        media_tone_make(&tone, run->channels, samples, count);
        raw.sound = (struct yodel_sound){run->rate, run->channels, count, samples};
        CHECK_EQ(yodel_encoder_encode(encoder, &raw, false), YODEL_OK);
        CHECK(yodel_encoder_next(encoder, &frame));
        CHECK_EQ(frame.timestamp, raw.timestamp);
        run->bytes += frame.len;
        if (is_lost) {
            CHECK_EQ(yodel_decoder_conceal(decoder, run->has_fec ? &frame : NULL, count), YODEL_OK);
            hear(run, decoder, count);
        }
        is_lost = run->lose_each > 0 && n % run->lose_each == 5;
        run->lost += is_lost;
        if (!is_lost) {
            CHECK_EQ(yodel_decoder_decode(decoder, &frame), YODEL_OK);
            hear(run, decoder, count);
        }
    }
    yodel_encoder_free(encoder);
    yodel_decoder_free(decoder);
    struct yodel_sound all = {run->rate, run->channels, heard_count, heard};
    CHECK_EQ(heard_count, run->rate * 2 / 5);
    CHECK(media_tone_hear(&all, &run->heard));
    fprintf(stderr, "%.1f Hz, amplitude %.3f, purity %.3f, %zu bytes, %u lost\n", run->heard.hz,
        run->heard.amplitude, run->heard.purity, run->bytes, run->lost);
}

static void check_tone(const struct sound_run *run, double purity_min)
{
    CHECK(fabs(run->heard.hz - TONE_HZ) < 2);
    CHECK(fabs(run->heard.amplitude - AMPLITUDE) < AMPLITUDE * 0.15);
    CHECK(run->heard.purity > purity_min);
}

static void a_tone_is_the_tone_behind_opus(void)
{
    struct sound_run one = {.codec = YODEL_OPUS, .rate = 48000, .channels = 1};
    struct sound_run two = {.codec = YODEL_OPUS, .rate = 48000, .channels = 2};

    two.config.target.bitrate = 64000;
    sound_run(&one);
    check_tone(&one, 0.97);
    sound_run(&two);
    check_tone(&two, 0.97);
    CHECK(one.bytes < 32000 / 8 * 2 * 5 / 4);
    CHECK(two.bytes > one.bytes);
}

// Ten in a hundred: more than a call should have, and still the tone.
static void a_tone_is_the_tone_with_a_tenth_of_the_packets_lost(void)
{
    struct sound_run made_up = {.codec = YODEL_OPUS, .rate = 48000, .channels = 1, .lose_each = 10};
    struct sound_run repaired = made_up;

    made_up.config.target.loss_percent = repaired.config.target.loss_percent = 10;
    repaired.has_fec = true;
    sound_run(&made_up);
    CHECK_EQ(made_up.lost, 10);
    check_tone(&made_up, 0.8);
    sound_run(&repaired);
    check_tone(&repaired, 0.9);
}

static void g711_sounds_the_same_by_both_laws(void)
{
    static const enum yodel_codec laws[] = {YODEL_PCMU, YODEL_PCMA};

    for (size_t i = 0; i < COUNT(laws); i++) {
        struct sound_run whole = {.codec = laws[i], .rate = 8000, .channels = 1};
        struct sound_run lossy = whole;
        lossy.lose_each = 10;
        sound_run(&whole);
        check_tone(&whole, 0.99);
        CHECK_EQ(whole.bytes, 16000);
        sound_run(&lossy);
        check_tone(&lossy, 0.75);
    }
}

static void where_nobody_speaks_nothing_is_sent(void)
{
    struct yodel_encoder_config config = {.dtx = true};
    struct yodel_encoder *encoder;
    int16_t silence[960] = {0};
    struct yodel_raw raw = {.kind = YODEL_AUDIO, .sound = {48000, 1, 960, silence}};
    uint32_t sent = 0;

    CHECK_EQ(yodel_encoder_new(YODEL_OPUS, &config, &encoder), YODEL_OK);
    for (int n = 0; n < 100; n++) {
        struct yodel_frame frame;
        CHECK_EQ(yodel_encoder_encode(encoder, &raw, false), YODEL_OK);
        sent += n >= 50 && yodel_encoder_next(encoder, &frame);
    }
    fprintf(stderr, "%u packets in a second of silence\n", sent);
    CHECK(sent <= 8);
    yodel_encoder_free(encoder);
}

static void a_caller_who_errs_is_told(void)
{
    int16_t samples[1920] = {0};
    struct yodel_raw raw = {.kind = YODEL_AUDIO, .sound = {48000, 1, 900, samples}};
    struct yodel_raw slow = {.kind = YODEL_AUDIO, .sound = {44100, 1, 882, samples}};
    struct yodel_raw stereo = {.kind = YODEL_AUDIO, .sound = {48000, 2, 960, samples}};
    struct yodel_encoder_config three = {.channels = 3};
    struct yodel_encoder *encoder;
    struct yodel_decoder *decoder;

    CHECK_EQ(yodel_encoder_new(YODEL_OPUS, &three, &encoder), YODEL_ERR_RANGE);
    three.channels = 2;
    CHECK_EQ(yodel_encoder_new(YODEL_PCMU, &three, &encoder), YODEL_ERR_RANGE);
    CHECK_EQ(yodel_encoder_new(YODEL_OPUS, NULL, &encoder), YODEL_OK);
    CHECK_EQ(yodel_encoder_encode(encoder, &raw, false), YODEL_ERR_RANGE);
    CHECK_EQ(yodel_encoder_encode(encoder, &slow, false), YODEL_ERR_TYPE);
    CHECK_TEXT(encoder->error_text, "sound of 44100 samples a second, where 48000 are encoded");
    CHECK_EQ(yodel_encoder_encode(encoder, &stereo, false), YODEL_ERR_TYPE);
    CHECK_EQ(yodel_decoder_new(YODEL_OPUS, NULL, &decoder), YODEL_OK);
    CHECK_EQ(yodel_decoder_conceal(decoder, NULL, 100), YODEL_ERR_RANGE);
    CHECK_EQ(yodel_decoder_conceal(decoder, NULL, 5760 + 120), YODEL_ERR_RANGE);
    CHECK_EQ(yodel_decoder_conceal(decoder, NULL, 5760), YODEL_OK);
    yodel_encoder_free(encoder);
    yodel_decoder_free(decoder);
}

TEST_MAIN(TEST(a_tone_is_the_tone_behind_opus),
    TEST(a_tone_is_the_tone_with_a_tenth_of_the_packets_lost),
    TEST(g711_sounds_the_same_by_both_laws), TEST(where_nobody_speaks_nothing_is_sent),
    TEST(a_caller_who_errs_is_told))
