// Receiver: what a peer's frames become, on a real loop.

#include "stream/receiver.h"

#include <math.h>

#include "check.h"
#include "media/tone.h"
#include "media/video_fixture.h"
#include "net/clock.h"
#include "runtime/runtime.h"

#define FRAME_MS 20

static struct stage {
    uv_loop_t loop;
    yodel_runtime *runtime;
    yodel_peer *peer;
    yodel_transceiver *transceivers[2]; // By enum yodel_media_kind.
    struct receiver *receiver;
    uv_timer_t sender;
    bool sends[2];
    yodel_time next;
    struct video_fixture video;
    struct yodel_encoder *audio;
    struct media_tone tone;
    uint64_t sounds;
    uint32_t spoiled;           // Frames of video to be spoiled,
    bool is_large;              // Key frames say that they are the largest that VP8 has.
    yodel_duration audio_older; // Captured before it is sent.
    // What came of it.
    uint32_t keys_wanted, pictures, pieces, mutes, unmutes, ends;
    uint32_t first_number, last_number;
    uint16_t rotation;
    uint32_t gaps;
    double hz;
    bool is_ended;
    void (*on_raw)(yodel_track *track);
} stage;

static void want_key(void *ctx, yodel_transceiver *transceiver)
{
    CHECK(ctx == &stage && transceiver == stage.transceivers[YODEL_VIDEO]);
    stage.keys_wanted++;
    stage.video.is_key_wanted = true;
}

static void see(const struct yodel_picture *picture)
{
    uint32_t number;

    if (media_pattern_read(picture, &number)) {
        CHECK(stage.pictures == 0 || number > stage.last_number);
        stage.gaps += stage.pictures > 0 && number > stage.last_number + 1;
        stage.first_number = stage.pictures == 0 ? number : stage.first_number;
        stage.last_number = number;
        stage.pictures++;
    }
}

static void on_track(void *ctx, yodel_track *track, const struct yodel_track_event *event)
{
    CHECK(ctx == &stage);
    stage.mutes += event->type == YODEL_TRACK_MUTE;
    stage.unmutes += event->type == YODEL_TRACK_UNMUTE;
    stage.ends += event->type == YODEL_TRACK_ENDED;
    if (event->type != YODEL_TRACK_RAW) {
        return;
    }
    if (event->raw->kind == YODEL_VIDEO) {
        stage.rotation = event->rotation;
        see(&event->raw->picture);
    } else {
        const struct yodel_sound *sound = &event->raw->sound;
        CHECK_EQ(sound->count, 480);
        stage.pieces++;
        stage.hz = 0;
        for (uint32_t i = 1; i < sound->count; i++) {
            bool is_turn = sound->samples[(i - 1) * sound->channels] < 0 &&
                           sound->samples[i * sound->channels] >= 0;
            stage.hz += is_turn ? 100 : 0;
        }
    }
    if (stage.on_raw) {
        stage.on_raw(track);
    }
}

// ---- the other side

static uint64_t ntp_of(yodel_time at)
{
    return ((UINT64_C(0xe8000000) + at / 1000000) << 32) + ((at % 1000000) << 32) / 1000000;
}

static void send_video(yodel_time now)
{
    bool has_frame = fixture_encode(&stage.video);
    struct yodel_frame frame = stage.video.frame;

    if (!has_frame) {
        return;
    }
    if (stage.spoiled > 0) {
        stage.spoiled--;
        memset(stage.video.data, 0xff, frame.len);
    }
    if (stage.is_large && frame.is_key) {
        memcpy(stage.video.data + 6, "\xff\x3f\xff\x3f", 4); // RFC 6386 §9.1.
    }
    frame.capture_ntp = ntp_of(now);
    frame.rotation = 90;
    receiver_recv(stage.receiver, stage.transceivers[YODEL_VIDEO], &frame, now);
}

static void send_audio(yodel_time now)
{
    int16_t samples[960];
    struct yodel_raw raw = {
        .kind = YODEL_AUDIO, .timestamp = stage.sounds * 960, .sound = {48000, 1, 960, samples}};
    struct yodel_frame frame;

    media_tone_make(&stage.tone, 1, samples, 960);
    CHECK_EQ(yodel_encoder_encode(stage.audio, &raw, false), YODEL_OK);
    CHECK(yodel_encoder_next(stage.audio, &frame));
    frame.seq = 100 + stage.sounds++;
    frame.capture_ntp = ntp_of(now - stage.audio_older);
    receiver_recv(stage.receiver, stage.transceivers[YODEL_AUDIO], &frame, now);
}

static void on_send(uv_timer_t *timer)
{
    yodel_time now = clock_now();

    (void)timer;
    if (stage.sends[YODEL_VIDEO] && !stage.is_ended) {
        send_video(now);
    }
    if (stage.sends[YODEL_AUDIO] && !stage.is_ended) {
        send_audio(now);
    }
}

// ---- running

static void begin(enum yodel_codec codec)
{
    static const struct receiver_ops ops = {want_key};

    memset(&stage, 0, sizeof stage);
    CHECK_EQ(uv_loop_init(&stage.loop), 0);
    CHECK_EQ(yodel_runtime_new(&(struct yodel_runtime_config){.loop = &stage.loop}, &stage.runtime),
        YODEL_OK);
    CHECK_EQ(yodel_peer_new(NULL, &stage.peer), YODEL_OK);
    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        CHECK_EQ(yodel_peer_add_transceiver(
                     stage.peer, (enum yodel_media_kind)kind, NULL, &stage.transceivers[kind]),
            YODEL_OK);
    }
    fixture_init(&stage.video, codec, 500000);
    stage.video.frame_rate = 1000 / FRAME_MS;
    CHECK_EQ(
        yodel_encoder_new(YODEL_OPUS, &(struct yodel_encoder_config){0}, &stage.audio), YODEL_OK);
    stage.tone = (struct media_tone){.hz = 1000, .rate = 48000, .amplitude = 0.5};
    stage.receiver = receiver_new(stage.runtime, &ops, &stage);
    CHECK(stage.receiver);
    CHECK_EQ(uv_timer_init(&stage.loop, &stage.sender), 0);
    CHECK_EQ(uv_timer_start(&stage.sender, on_send, 0, FRAME_MS), 0);
}

static yodel_track *begin_listening(enum yodel_media_kind kind)
{
    yodel_track *track = receiver_track(stage.receiver, stage.transceivers[kind]);

    CHECK(track);
    CHECK(yodel_track_is_muted(track));
    CHECK_EQ(yodel_track_listen(track, on_track, &stage), YODEL_OK);
    stage.sends[kind] = true;
    return track;
}

static void on_ended(void *ctx)
{
    CHECK(ctx == &stage && stage.is_ended);
    stage.receiver = NULL;
}

static void end(void)
{
    if (!stage.is_ended) {
        stage.is_ended = true;
        receiver_end(stage.receiver, on_ended);
    }
    uv_close((uv_handle_t *)&stage.sender, NULL);
    yodel_runtime_free(stage.runtime);
    uv_run(&stage.loop, UV_RUN_DEFAULT);
    CHECK(!stage.receiver);
    CHECK_EQ(uv_loop_close(&stage.loop), 0);
    yodel_peer_free(stage.peer);
    yodel_encoder_free(stage.audio);
    fixture_deinit(&stage.video);
}

static void run_until_pictures(uint32_t count)
{
    while (stage.pictures < count) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
}

struct wanted {
    const char *name;
    double number;
};

static void look(void *ctx, const char *name, const char *text, double number)
{
    struct wanted *wanted = ctx;

    CHECK(text == NULL);
    wanted->number = strcmp(name, wanted->name) == 0 ? number : wanted->number;
}

static double number_of(enum yodel_media_kind kind, const char *name)
{
    struct wanted wanted = {name, -1};

    receiver_visit(stage.receiver, stage.transceivers[kind], look, &wanted);
    return wanted.number;
}

// ---- the claims

static void pictures_come_in_their_order(void)
{
    static const enum yodel_codec codecs[] = {YODEL_VP8, YODEL_VP9, YODEL_H264, YODEL_AV1};

    for (size_t i = 0; i < COUNT(codecs); i++) {
        begin(codecs[i]);
        (void)begin_listening(YODEL_VIDEO);
        run_until_pictures(5);
        CHECK(stage.first_number < 5); // A machine that is busy may leave some out.
        CHECK_EQ(stage.rotation, 90);
        CHECK_EQ(stage.unmutes, 1);
        CHECK_EQ(stage.keys_wanted, 1); // As somebody began to listen.
        CHECK(number_of(YODEL_VIDEO, "framesDecoded") >= 5);
        CHECK(number_of(YODEL_VIDEO, "keyFramesDecoded") >= 1);
        CHECK(number_of(YODEL_VIDEO, "frameWidth") == 320);
        CHECK(number_of(YODEL_VIDEO, "totalDecodeTime") > 0);
        end();
        CHECK_EQ(stage.ends, 1);
    }
}

static void a_tone_is_heard(void)
{
    begin(YODEL_VP8);
    (void)begin_listening(YODEL_AUDIO);
    while (stage.pieces < 30) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    CHECK(stage.hz >= 900 && stage.hz <= 1100);
    CHECK(number_of(YODEL_AUDIO, "audioLevel") > 0.3);
    CHECK_EQ(stage.keys_wanted, 0);
    end();
}

static void nothing_is_decoded_while_nobody_listens(void)
{
    begin(YODEL_VP8);
    yodel_track *track = begin_listening(YODEL_VIDEO);
    run_until_pictures(2);
    yodel_track_unlisten(track, on_track, &stage);
    double decoded = number_of(YODEL_VIDEO, "framesDecoded");
    uint32_t number = stage.video.number;
    while (stage.video.number < number + 5) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    CHECK(number_of(YODEL_VIDEO, "framesDecoded") <= decoded + 2); // Those on their way.
    uint32_t wanted = stage.keys_wanted, pictures = stage.pictures;
    CHECK_EQ(yodel_track_listen(track, on_track, &stage), YODEL_OK);
    CHECK_EQ(stage.keys_wanted, wanted + 1);
    run_until_pictures(pictures + 2);
    end();
}

static void what_cannot_be_decoded_asks_for_a_key_frame(void)
{
    begin(YODEL_VP8);
    (void)begin_listening(YODEL_VIDEO);
    run_until_pictures(3);
    uint32_t wanted = stage.keys_wanted;
    stage.spoiled = 1;
    while (stage.keys_wanted == wanted) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    run_until_pictures(stage.pictures + 3); // All goes on.
    CHECK(number_of(YODEL_VIDEO, "framesDropped") >= 1);
    end();
}

static void a_stream_that_is_all_garbage_asks_at_a_limited_rate(void)
{
    begin(YODEL_H264);
    (void)begin_listening(YODEL_VIDEO);
    stage.spoiled = 1000;
    yodel_time until = clock_now() + YODEL_MS(700);
    while (clock_now() < until) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    CHECK(stage.keys_wanted >= 2 && stage.keys_wanted <= 4);
    CHECK_EQ(stage.pictures, 0);
    end();
}

static void a_picture_that_is_too_large_does_not_end_it(void)
{
    begin(YODEL_VP8);
    (void)begin_listening(YODEL_VIDEO);
    run_until_pictures(2);
    stage.is_large = stage.video.is_key_wanted = true;
    uint32_t wanted = stage.keys_wanted;
    while (stage.keys_wanted < wanted + 2) { // And another one, as that is too large, too.
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    CHECK(number_of(YODEL_VIDEO, "framesDropped") >= 2);
    stage.is_large = false;
    stage.video.is_key_wanted = true;
    run_until_pictures(stage.pictures + 2);
    end();
}

static void another_codec_in_the_middle_goes_on(void)
{
    begin(YODEL_VP8);
    (void)begin_listening(YODEL_VIDEO);
    run_until_pictures(3);
    struct video_fixture before = stage.video;
    fixture_init(&stage.video, YODEL_H264, 500000);
    stage.video.number = before.number;
    stage.video.frame_rate = before.frame_rate;
    fixture_deinit(&before);
    run_until_pictures(6);
    CHECK(stage.keys_wanted == 1);
    end();
}

// What is asked of pictures beyond what path and decoder ask for, summed up.
static double extra_delay(void)
{
    return number_of(YODEL_VIDEO, "jitterBufferTargetDelay") -
           number_of(YODEL_VIDEO, "jitterBufferMinimumDelay");
}

// Sound that is older than the pictures beside it: they wait for it, and no longer once it is gone.
static void sound_and_pictures_come_together(void)
{
    begin(YODEL_VP8);
    stage.audio_older = YODEL_MS(400);
    (void)begin_listening(YODEL_VIDEO);
    yodel_track *audio = begin_listening(YODEL_AUDIO);
    while (extra_delay() < 0.07) { // A step is 80 ms.
        (void)uv_run(&stage.loop, UV_RUN_ONCE);
    }
    yodel_track_unlisten(audio, on_track, &stage);
    double before = extra_delay();
    run_until_pictures(stage.pictures + 5);
    CHECK(extra_delay() - before < 0.001);
    end();
}

static void stop_media(yodel_track *track)
{
    (void)track;
    stage.is_ended = true;
    stage.on_raw = NULL;
    receiver_end(stage.receiver, on_ended);
}

static void a_listener_may_end_it_all(void)
{
    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        begin(YODEL_VP8);
        stage.on_raw = stop_media;
        (void)begin_listening(YODEL_VIDEO);
        (void)begin_listening(YODEL_AUDIO);
        stage.sends[kind] = false;
        while (!stage.is_ended) {
            uv_run(&stage.loop, UV_RUN_ONCE);
        }
        CHECK_EQ(stage.ends, 2);
        end();
    }
}

static void stop_transceiver(yodel_track *track)
{
    stage.on_raw = NULL;
    receiver_stop(stage.receiver, stage.transceivers[yodel_track_kind(track)]);
    stage.sends[yodel_track_kind(track)] = false;
}

static void one_that_stops_ends_alone(void)
{
    begin(YODEL_VP8);
    (void)begin_listening(YODEL_VIDEO);
    (void)begin_listening(YODEL_AUDIO);
    yodel_track *clone =
        yodel_track_clone(receiver_track(stage.receiver, stage.transceivers[YODEL_VIDEO]));
    CHECK(clone);
    run_until_pictures(1);
    stage.on_raw = stop_transceiver;
    uint32_t before = stage.ends;
    while (stage.ends == before) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    uint32_t pieces = stage.pieces, pictures = stage.pictures;
    while (stage.pieces < pieces + 5 && stage.pictures < pictures + 5) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    CHECK_EQ(stage.ends, 1);
    end();
    CHECK(yodel_track_has_ended(clone)); // It outlives all of them.
    yodel_track_stop(clone);
}

static void it_is_muted_when_the_other_side_says_so(void)
{
    begin(YODEL_VP8);
    yodel_track *track = begin_listening(YODEL_AUDIO);
    while (stage.pieces < 5) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    CHECK(!yodel_track_is_muted(track));
    receiver_mute(stage.receiver, stage.transceivers[YODEL_AUDIO]);
    CHECK_EQ(stage.mutes, 0); // From the loop alone.
    while (stage.mutes < 1) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    while (stage.unmutes < 2) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    end();
}

static void it_is_muted_when_nothing_comes(void)
{
    begin(YODEL_VP8);
    yodel_track *track = begin_listening(YODEL_VIDEO);
    stage.sends[YODEL_VIDEO] = false;
    stage.video.is_key_wanted = true;
    send_video(clock_now() - RECEIVER_SILENCE + YODEL_MS(50)); // The rest of the silence.
    while (stage.mutes == 0) {
        uv_run(&stage.loop, UV_RUN_ONCE);
    }
    CHECK_EQ(stage.unmutes, 1);
    CHECK(yodel_track_is_muted(track));
    end();
}

TEST_MAIN(TEST(pictures_come_in_their_order), TEST(a_tone_is_heard),
    TEST(nothing_is_decoded_while_nobody_listens),
    TEST(what_cannot_be_decoded_asks_for_a_key_frame),
    TEST(a_stream_that_is_all_garbage_asks_at_a_limited_rate),
    TEST(a_picture_that_is_too_large_does_not_end_it), TEST(another_codec_in_the_middle_goes_on),
    TEST(sound_and_pictures_come_together), TEST(a_listener_may_end_it_all),
    TEST(one_that_stops_ends_alone), TEST(it_is_muted_when_the_other_side_says_so),
    TEST(it_is_muted_when_nothing_comes))
