// Audio that comes, in virtual time: a tone is sent by an encoder, over a path, and heard.

#include "stream/audio_in.h"

#include <math.h>

#include "check.h"
#include "media/tone.h"
#include "playout/path_fixture.h"

#define START YODEL_SECONDS(100)
#define PACKET YODEL_MS(20)
#define SENT_MAX 6000
#define HEARD 9600 // 200 ms.
#define NTP_START (UINT64_C(0xe8000000) << 32)

static struct world {
    struct path path;
    enum yodel_codec codec;
    uint32_t rate;
    double ppm; // How much faster the sender's clock is.
    struct yodel_encoder *encoder;
    struct media_tone tone;
    uint64_t sent;
    struct packet {
        size_t len;
        uint8_t data[400];
    } packets[SENT_MAX];
    struct audio_in in;
    yodel_time now, pull_due;
    int16_t heard[HEARD]; // The last of the first channel.
    uint32_t channels;
    double worst_ms; // How far the delay was from its target, once it was found.
    struct {
        double received, concealed, events, duration, energy;
    } numbers;
} world;

static void begin_sending(enum yodel_codec codec)
{
    yodel_encoder_free(world.encoder);
    world.codec = codec;
    world.rate = codec == YODEL_OPUS ? 48000 : 8000;
    world.tone = (struct media_tone){.hz = 1000, .rate = world.rate, .amplitude = 0.5};
    CHECK_EQ(yodel_encoder_new(codec, &(struct yodel_encoder_config){0}, &world.encoder), YODEL_OK);
}

static void begin(enum yodel_codec codec)
{
    world = (struct world){
        .now = START, .pull_due = START, .path = {.delay = YODEL_MS(30), .jitter = YODEL_MS(20)}};
    begin_sending(codec);
    audio_in_init(&world.in, alloc_system());
}

static void end(void)
{
    audio_in_deinit(&world.in);
    yodel_encoder_free(world.encoder);
}

static void encode(struct packet *packet)
{
    int16_t samples[960];
    struct yodel_raw raw = {
        .kind = YODEL_AUDIO, .sound = {world.rate, 1, world.rate / 50, samples}};
    struct yodel_frame frame;

    media_tone_make(&world.tone, 1, samples, raw.sound.count);
    CHECK_EQ(yodel_encoder_encode(world.encoder, &raw, false), YODEL_OK);
    CHECK(yodel_encoder_next(world.encoder, &frame) && frame.len <= sizeof packet->data);
    packet->len = frame.len;
    memcpy(packet->data, frame.data, frame.len);
}

static void send(void)
{
    double interval = (double)PACKET / (1 + world.ppm / 1e6);

    while ((double)world.sent * interval <= (double)(world.now - START)) {
        CHECK(world.sent < SENT_MAX);
        encode(&world.packets[world.sent]);
        path_send(&world.path, world.sent++, world.now);
    }
}

static void receive(void)
{
    uint64_t id;
    yodel_time arrival;

    while (path_next(&world.path, &id, &arrival, world.now)) {
        struct yodel_frame frame = {.data = world.packets[id].data,
            .len = world.packets[id].len,
            .codec = world.codec,
            .is_key = true,
            .seq = id + 1000,
            .timestamp = (id + 1000) * world.rate / 50,
            .capture_ntp = NTP_START + id * (UINT64_C(1) << 32) / 50};
        audio_in_recv(&world.in, &frame, arrival);
    }
}

static void hear(const struct yodel_sound *sound)
{
    CHECK_EQ(sound->rate, 48000);
    CHECK_EQ(sound->count, 480);
    world.channels = sound->channels;
    memmove(world.heard, world.heard + 480, (HEARD - 480) * sizeof world.heard[0]);
    for (size_t i = 0; i < 480; i++) {
        world.heard[HEARD - 480 + i] = sound->samples[i * sound->channels];
    }
}

static void pull(void)
{
    struct yodel_sound sound;

    while (world.pull_due <= world.now) {
        if (audio_in_take(&world.in, &sound, world.now)) {
            hear(&sound);
        }
        world.pull_due += YODEL_MS(10);
    }
    if (world.now > START + YODEL_SECONDS(10) && world.in.decoder) {
        double off = (double)playout_audio_delay(&world.in.playout) -
                     (double)playout_audio_target(&world.in.playout);
        world.worst_ms = fmax(world.worst_ms, fabs(off) / 1e3);
    }
}

static void run(yodel_duration duration)
{
    for (yodel_time until = world.now + duration; world.now < until; world.now += YODEL_MS(1)) {
        send();
        receive();
        pull();
    }
}

static void check_tone(void)
{
    struct yodel_sound sound = {48000, 1, HEARD, world.heard};
    struct media_tone_heard heard;

    CHECK(media_tone_hear(&sound, &heard));
    CHECK(fabs(heard.hz - 1000) < 10);
    CHECK(fabs(heard.amplitude - 0.5) < 0.05);
    CHECK(heard.purity > 0.95);
}

static void look(void *ctx, const char *name, const char *text, double number)
{
    (void)ctx;
    CHECK(text == NULL);
    if (strcmp(name, "totalSamplesReceived") == 0) {
        world.numbers.received = number;
    } else if (strcmp(name, "concealedSamples") == 0) {
        world.numbers.concealed = number;
    } else if (strcmp(name, "concealmentEvents") == 0) {
        world.numbers.events = number;
    } else if (strcmp(name, "totalSamplesDuration") == 0) {
        world.numbers.duration = number;
    } else if (strcmp(name, "totalAudioEnergy") == 0) {
        world.numbers.energy = number;
    }
}

// ---- the claims

static void what_is_sent_is_heard(void)
{
    static const enum yodel_codec codecs[] = {YODEL_OPUS, YODEL_PCMU, YODEL_PCMA};

    for (size_t i = 0; i < COUNT(codecs); i++) {
        begin(codecs[i]);
        run(YODEL_SECONDS(2));
        check_tone();
        CHECK_EQ(world.channels, codecs[i] == YODEL_OPUS ? 2 : 1);
        audio_in_visit(&world.in, look, NULL);
        CHECK(world.numbers.received > 1.8 * world.rate);
        CHECK(world.numbers.concealed == 0);
        CHECK(fabs(world.numbers.duration - 2) < 0.1);
        // A sine of half the scale has an eighth of its energy.
        CHECK(fabs(world.numbers.energy / world.numbers.duration - 0.125) < 0.02);
        end();
    }
}

static void a_clock_that_is_wrong_moves_nothing(void)
{
    static const double skews[] = {-300, 300};

    for (size_t i = 0; i < COUNT(skews); i++) {
        begin(YODEL_PCMU);
        world.ppm = skews[i];
        run(YODEL_SECONDS(60)); // 18 ms, by which it would have gone away.
        check_tone();
        CHECK(world.worst_ms < 40);
        end();
    }
}

static void losses_are_concealed_and_counted(void)
{
    begin(YODEL_OPUS);
    run(YODEL_SECONDS(1));
    world.path.loss = 0.1;
    run(YODEL_SECONDS(4));
    world.path.loss = 0;
    run(YODEL_SECONDS(1));
    check_tone();
    audio_in_visit(&world.in, look, NULL);
    CHECK(world.path.lost > 5);
    CHECK(world.numbers.events > 0);
    CHECK(world.numbers.concealed >= 480 &&
          world.numbers.concealed <= (double)world.path.lost * 2000);
    end();
}

static void another_codec_goes_on(void)
{
    begin(YODEL_OPUS);
    run(YODEL_SECONDS(1));
    world.path.count = 0; // Those of before are of the codec of before.
    begin_sending(YODEL_PCMA);
    run(YODEL_SECONDS(1));
    check_tone();
    CHECK_EQ(world.channels, 1);
    audio_in_visit(&world.in, look, NULL);
    CHECK(world.numbers.received > 0.9 * 48000 + 0.9 * 8000); // Both are counted.
    end();
}

static void codecs_in_turn_cost_few_decoders(void)
{
    static const uint8_t silence[160];
    struct yodel_frame frame = {.data = silence, .len = sizeof silence, .is_key = true};
    enum yodel_codec last = YODEL_OPUS;
    int changes = 0;

    begin(YODEL_OPUS);
    for (uint64_t i = 0; i < 1000; i++) {
        frame.codec = i % 2 ? YODEL_PCMU : YODEL_PCMA;
        frame.seq = i;
        frame.timestamp = i * 160;
        audio_in_recv(&world.in, &frame, START + i * YODEL_MS(1));
        changes += world.in.codec != last;
        last = world.in.codec;
    }
    CHECK(changes <= 6);
    CHECK(world.in.refused > 400);
    end();
}

static void what_is_no_packet_is_refused(void)
{
    static const uint8_t bytes[1400] = {3, 63}; // Opus of 63 frames, which is over 120 ms.
    const struct {
        enum yodel_codec codec;
        size_t len;
    } rows[] = {{YODEL_OPUS, 2}, {YODEL_OPUS, 1400}, {YODEL_VP8, 100}, {YODEL_CODEC_COUNT, 1}};
    struct yodel_sound sound;

    begin(YODEL_OPUS);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct yodel_frame frame = {.data = bytes, .len = rows[i].len, .codec = rows[i].codec};
        audio_in_recv(&world.in, &frame, START);
    }
    CHECK_EQ(world.in.refused, COUNT(rows));
    CHECK(!audio_in_take(&world.in, &sound, START));
    // G.711 that sounds for too long is playout's to refuse.
    audio_in_recv(&world.in,
        &(struct yodel_frame){.data = bytes, .len = sizeof bytes, .codec = YODEL_PCMU}, START);
    CHECK_EQ(world.in.playout.stats.malformed, 1);
    end();
}

// What is taken was captured so long ago as the path and the jitter buffer take.
static void what_is_played_has_the_time_of_its_sender(void)
{
    begin(YODEL_OPUS);
    CHECK_EQ(audio_in_position(&world.in), 0);
    run(YODEL_SECONDS(2));
    uint64_t ntp = audio_in_position(&world.in);
    double at = (double)(ntp - NTP_START) / 4294967296.0;
    CHECK(at > 1.8 && at < 1.97);
    audio_in_reset(&world.in);
    CHECK_EQ(audio_in_position(&world.in), 0);
    end();
}

static void a_delay_that_is_asked_for_is_kept(void)
{
    begin(YODEL_PCMU);
    audio_in_set_asked(&world.in, YODEL_MS(300));
    audio_in_set_extra(&world.in, YODEL_MS(100));
    run(YODEL_SECONDS(3));
    double at = (double)(audio_in_position(&world.in) - NTP_START) / 4294967296.0;
    CHECK(at > 2.5 && at < 2.6); // 30 ms of the path, and 400 here.
    end();
}

TEST_MAIN(TEST(what_is_sent_is_heard), TEST(a_clock_that_is_wrong_moves_nothing),
    TEST(losses_are_concealed_and_counted), TEST(another_codec_goes_on),
    TEST(codecs_in_turn_cost_few_decoders), TEST(what_is_no_packet_is_refused),
    TEST(what_is_played_has_the_time_of_its_sender), TEST(a_delay_that_is_asked_for_is_kept))
