// Senders: see the header.

#include "stream/sender.h"

#include <string.h>

#include "base/assert.h"
#include "net/clock.h"
#include "runtime/runtime.h"

#define VIDEO_CLOCK 90000u
#define SOUND_RATE 48000u
#define PACKET_SAMPLES 960u  // 20 ms, what browsers send.
#define GAP_MAX YODEL_MS(60) // Sound that is further off than this was interrupted.
#define SOUND_BPS 32000u     // Of each channel.
#define LOSS_STEP 5u         // Percent; Opus is not told of smaller changes.
#define THREADS_MAX 4u
#define LARGE (640u * 480u) // Pictures for which one thread is not enough.

// An encoder's thread ends in its own time; a sender may have begun another by then.
struct sender_coder {
    struct coder coder;
    struct sender *sender;
    enum yodel_codec codec;
    uint32_t channels;
};

struct sender {
    struct alloc *alloc;
    uv_loop_t *loop;
    yodel_transceiver *transceiver; // NULL: it is ending.
    enum yodel_media_kind kind;
    yodel_track *track;
    struct sender_coder *now; // NULL: none yet.
    uint32_t coder_count;     // With those that end.
    void (*on_ended)(void *ctx);
    void *ctx;
    bool has_bitrate;
    uint64_t bitrate;
    char error_text[YODEL_CODEC_TEXT_MAX];
    // Video.
    struct quality quality;
    struct quality_size size; // That is sent.
    uint16_t rotation;
    yodel_time due;        // For the next picture, where they come too often;
    yodel_time last;       // the last came then,
    yodel_duration period; // and they come so far apart, as a rule.
    uint64_t dropped;      // By this coder, as far as was counted.
    // Sound.
    uint32_t loss_percent; // That its encoder knows of.
    int16_t gathered[PACKET_SAMPLES * 2];
    uint32_t gathered_count; // Of each channel.
    uint32_t channels;
    yodel_time gathered_from;
    yodel_time expected; // When the next piece should have been captured,
    uint64_t timestamp;  // and where it goes.
    // Counted.
    uint64_t frames_encoded, key_frames_encoded, bytes_encoded, frames_given, refused, failures;
    double energy, seconds; // Of sound.
    uint32_t peak;
};

// ---- coders

static void free_if_gone(struct sender *sender)
{
    if (!sender->transceiver && sender->coder_count == 0) {
        void (*on_ended)(void *ctx) = sender->on_ended;
        void *ctx = sender->ctx;
        alloc_free(sender->alloc, sender);
        on_ended(ctx);
    }
}

static void on_closed(struct coder *coder)
{
    struct sender_coder *one = CONTAINER_OF(coder, struct sender_coder, coder);
    struct sender *sender = one->sender;

    alloc_free(sender->alloc, one);
    sender->coder_count--;
    free_if_gone(sender);
}

static void close_coder(struct sender *sender)
{
    if (sender->now) {
        coder_close(&sender->now->coder, on_closed);
        sender->now = NULL;
    }
}

static void on_frame(void *ctx, const struct yodel_frame *encoded)
{
    struct sender_coder *one = ctx;
    struct sender *sender = one->sender;
    struct yodel_frame frame = *encoded;

    if (one != sender->now || !sender->transceiver) {
        return; // It is ending; another codec was agreed on.
    }
    frame.rotation = sender->rotation;
    sender->frames_encoded++;
    sender->key_frames_encoded += frame.is_key ? 1 : 0;
    sender->bytes_encoded += frame.len;
    // What is refused is mended by a key frame, which the peer asks for by itself.
    sender->refused += yodel_transceiver_send_frame(sender->transceiver, &frame) ? 1 : 0;
}

static void on_failure(void *ctx, enum yodel_err err, const char *text)
{
    struct sender_coder *one = ctx;

    (void)err;
    one->sender->failures++;
    memcpy(one->sender->error_text, text, sizeof one->sender->error_text);
}

static uint32_t threads_for(const struct yodel_raw *raw)
{
    uint32_t cores = uv_available_parallelism();

    if (raw->kind == YODEL_AUDIO || raw->picture.width * raw->picture.height < LARGE) {
        return 1;
    }
    return cores < THREADS_MAX ? cores : THREADS_MAX;
}

static struct yodel_encoder_target target_of(const struct sender *sender)
{
    struct yodel_encoder_target target = {
        .frame_rate = sender->size.frame_rate, .loss_percent = sender->loss_percent};

    if (sender->kind == YODEL_AUDIO) {
        target.bitrate = (uint64_t)SOUND_BPS * (sender->channels > 0 ? sender->channels : 1);
    } else {
        target.bitrate = sender->bitrate;
    }
    return target;
}

static enum yodel_err make_coder(
    struct sender *sender, enum yodel_codec codec, const struct yodel_raw *raw)
{
    struct yodel_encoder_config config = {.channels = sender->channels,
        .is_screen = yodel_track_is_screen(sender->track),
        .threads = threads_for(raw),
        .target = target_of(sender)};
    struct coder_config coder = {.loop = sender->loop,
        .alloc = sender->alloc,
        .on_frame = on_frame,
        .on_failure = on_failure};
    struct sender_coder *one = alloc_new(sender->alloc, sizeof *one);

    if (!one) {
        return YODEL_ERR_NO_MEMORY;
    }
    enum yodel_err err = yodel_encoder_new(codec, &config, &coder.encoder);
    coder.ctx = one;
    if (!err && (err = coder_init(&one->coder, &coder))) {
        yodel_encoder_free(coder.encoder);
    }
    if (err) {
        alloc_free(sender->alloc, one);
        return err;
    }
    one->sender = sender;
    one->codec = codec;
    one->channels = sender->channels;
    sender->now = one;
    sender->coder_count++;
    sender->dropped = 0;
    return YODEL_OK;
}

// The coder for what was agreed on; NULL: nothing can be sent now.
static struct coder *coder_for(struct sender *sender, const struct yodel_raw *raw)
{
    enum yodel_codec codec;

    if (!yodel_transceiver_codec(sender->transceiver, &codec)) {
        return NULL;
    }
    if (sender->now && (sender->now->codec != codec || sender->now->channels != sender->channels)) {
        close_coder(sender);
    }
    if (!sender->now && make_coder(sender, codec, raw)) {
        sender->failures++;
        return NULL;
    }
    return &sender->now->coder;
}

// ---- video

// Learns how often pictures come, and says whether this one is sent at that rate.
static bool is_due(struct sender *sender, yodel_time captured)
{
    yodel_duration since = time_since(captured, sender->last);
    yodel_duration between =
        YODEL_SECONDS(1) / (sender->size.frame_rate > 0 ? sender->size.frame_rate : 30);

    if (since > 0 && since < YODEL_SECONDS(1)) {
        sender->period = sender->period == 0 ? since : (sender->period * 7 + since) / 8;
    }
    sender->last = captured;
    if (captured + sender->period / 2 < sender->due) {
        return false;
    }
    bool is_late = captured > sender->due + between;
    sender->due = is_late ? captured + between : sender->due + between;
    return true;
}

static uint32_t rate_of(const struct sender *sender)
{
    uint64_t rate =
        sender->period > 0 ? (YODEL_SECONDS(1) + sender->period / 2) / sender->period : 30;

    rate = rate > 0 ? rate : 1;
    return rate < SENDER_RATE_MAX ? (uint32_t)rate : SENDER_RATE_MAX;
}

static void choose_size(
    struct sender *sender, struct coder *coder, const struct yodel_picture *picture, yodel_time now)
{
    struct quality_size from = {picture->width, picture->height, rate_of(sender)};
    uint64_t dropped = coder_dropped(coder);

    quality_count(&sender->quality, 1, (uint32_t)(dropped - sender->dropped), now);
    sender->dropped = dropped;
    struct quality_size size = quality_choose(&sender->quality, &from, now);
    if (memcmp(&size, &sender->size, sizeof size) != 0) {
        sender->size = size;
        struct yodel_encoder_target target = target_of(sender);
        coder_set_size(coder, size.width, size.height);
        coder_set_target(coder, &target);
    }
}

static void take_picture(struct sender *sender, const struct yodel_raw *raw, uint16_t rotation)
{
    struct yodel_raw one = *raw;

    sender->frames_given++;
    if (!sender->has_bitrate || sender->bitrate == 0 || !is_due(sender, raw->captured)) {
        return;
    }
    bool is_new = !sender->now;
    struct coder *coder = coder_for(sender, raw);
    if (coder) {
        sender->size = is_new ? (struct quality_size){0} : sender->size;
        sender->rotation = rotation;
        choose_size(sender, coder, &raw->picture, raw->captured);
        one.timestamp = raw->captured * VIDEO_CLOCK / YODEL_SECONDS(1);
        sender->failures += coder_put(coder, &one) ? 1 : 0;
    }
}

// ---- sound

static void measure(struct sender *sender, const struct yodel_sound *sound)
{
    uint32_t peak = 0;
    double energy = 0;

    for (size_t i = 0; i < (size_t)sound->count * sound->channels; i++) {
        uint32_t level = (uint32_t)(sound->samples[i] < 0 ? -sound->samples[i] : sound->samples[i]);
        peak = level > peak ? level : peak;
        energy += (double)level * level;
    }
    // W3C webrtc-stats §6.8: the energy of full scale in a second is 1.
    double seconds = (double)sound->count / sound->rate;
    energy /= 32767.0 * 32767.0 * (double)(sound->count * sound->channels);
    sender->energy += energy * seconds;
    sender->seconds += seconds;
    sender->peak = peak;
}

// 8000 Hz from 48000: each sample is the mean of six.
static uint32_t decimate(struct sender *sender)
{
    uint32_t count = sender->gathered_count / 6, channels = sender->channels;

    for (uint32_t i = 0; i < count; i++) {
        int32_t sum = 0;
        for (uint32_t k = 0; k < 6; k++) {
            for (uint32_t c = 0; c < channels; c++) {
                sum += sender->gathered[(i * 6 + k) * channels + c];
            }
        }
        sender->gathered[i] = (int16_t)(sum / (int32_t)(6 * channels));
    }
    return count;
}

// Opus sends sound twice against losses (RFC 6716 §2.1.7).
static void follow_loss(struct sender *sender)
{
    uint32_t percent = (uint32_t)(yodel_transceiver_loss(sender->transceiver) * 100.0);

    percent = (percent + LOSS_STEP - 1) / LOSS_STEP * LOSS_STEP;
    if (percent != sender->loss_percent) {
        sender->loss_percent = percent;
        struct yodel_encoder_target target = target_of(sender);
        if (sender->now) {
            coder_set_target(&sender->now->coder, &target);
        }
    }
}

static void send_gathered(struct sender *sender)
{
    struct yodel_raw raw = {.kind = YODEL_AUDIO,
        .captured = sender->gathered_from,
        .sound = {SOUND_RATE, sender->channels, sender->gathered_count, sender->gathered}};
    follow_loss(sender);
    struct coder *coder = coder_for(sender, &raw);
    uint32_t rate = coder ? yodel_codec_clock_rate(sender->now->codec) : SOUND_RATE;

    if (rate != SOUND_RATE) {
        raw.sound = (struct yodel_sound){rate, 1, decimate(sender), sender->gathered};
    }
    raw.timestamp = sender->timestamp * rate / SOUND_RATE;
    sender->timestamp += sender->gathered_count;
    sender->gathered_count = 0;
    if (coder) {
        sender->failures += coder_put(coder, &raw) ? 1 : 0;
    }
}

// A gap in what is captured is one in the timestamps.
static void follow_clock(struct sender *sender, const struct yodel_raw *raw)
{
    yodel_time captured = raw->captured;

    if (captured > sender->expected + GAP_MAX || captured + GAP_MAX < sender->expected ||
        sender->channels != raw->sound.channels) {
        yodel_duration gap = time_since(captured, sender->expected);
        sender->timestamp += gap * SOUND_RATE / YODEL_SECONDS(1);
        sender->timestamp += sender->gathered_count; // What was gathered is left out.
        sender->gathered_count = 0;
        sender->expected = captured;
        sender->channels = raw->sound.channels;
    }
    sender->expected += (yodel_duration)raw->sound.count * YODEL_SECONDS(1) / SOUND_RATE;
    // Their clock and ours drift apart, by little each time.
    sender->expected += captured + YODEL_MS(10) > sender->expected ? 1 : 0;
}

static void take_sound(struct sender *sender, const struct yodel_raw *raw)
{
    measure(sender, &raw->sound);
    follow_clock(sender, raw);
    if (!sender->has_bitrate || sender->gathered_count + raw->sound.count > PACKET_SAMPLES ||
        raw->sound.channels > 2) {
        return; // Tracks give pieces of 10 ms.
    }
    if (sender->gathered_count == 0) {
        sender->gathered_from = raw->captured;
    }
    memcpy(&sender->gathered[sender->gathered_count * sender->channels], raw->sound.samples,
        (size_t)raw->sound.count * sender->channels * sizeof sender->gathered[0]);
    sender->gathered_count += raw->sound.count;
    if (sender->gathered_count == PACKET_SAMPLES) {
        send_gathered(sender);
    }
}

// ---- the sender

static void on_track(void *ctx, yodel_track *track, const struct yodel_track_event *event)
{
    struct sender *sender = ctx;

    (void)track;
    if (event->type != YODEL_TRACK_RAW) {
        return;
    }
    if (event->raw->kind == YODEL_VIDEO) {
        take_picture(sender, event->raw, event->rotation);
    } else {
        take_sound(sender, event->raw);
    }
}

struct sender *sender_new(
    yodel_runtime *runtime, yodel_transceiver *transceiver, void (*on_ended)(void *ctx), void *ctx)
{
    struct alloc *alloc = runtime_env(runtime)->alloc;
    struct sender *sender = alloc_new(alloc, sizeof *sender);

    if (sender) {
        sender->alloc = alloc;
        sender->loop = runtime_loop(runtime);
        sender->transceiver = transceiver;
        sender->kind = yodel_transceiver_kind(transceiver);
        sender->channels = 1;
        sender->on_ended = on_ended;
        sender->ctx = ctx;
        quality_init(&sender->quality, false);
    }
    return sender;
}

void sender_end(struct sender *sender)
{
    YODEL_ASSERT(sender->transceiver);
    if (sender->track) {
        yodel_track_unlisten(sender->track, on_track, sender);
    }
    sender->track = NULL;
    close_coder(sender);
    sender->transceiver = NULL;
    free_if_gone(sender);
}

enum yodel_err sender_set_track(struct sender *sender, yodel_track *track)
{
    if (track && yodel_track_kind(track) != sender->kind) {
        return YODEL_ERR_TYPE;
    }
    enum yodel_err err = track ? yodel_track_listen(track, on_track, sender) : YODEL_OK;
    if (err) {
        return err;
    }
    if (sender->track) {
        yodel_track_unlisten(sender->track, on_track, sender);
    }
    bool was_screen = sender->quality.is_screen;
    sender->track = track;
    if (track && yodel_track_is_screen(track) != was_screen) {
        close_coder(sender); // It is set up for one or the other.
        quality_init(&sender->quality, yodel_track_is_screen(track));
        quality_set_bitrate(&sender->quality, sender->bitrate);
    }
    return YODEL_OK;
}

void sender_set_bitrate(struct sender *sender, uint64_t bitrate)
{
    bool was_still = sender->has_bitrate && sender->bitrate == 0;

    sender->has_bitrate = true;
    sender->bitrate = bitrate;
    quality_set_bitrate(&sender->quality, bitrate);
    if (sender->now && sender->kind == YODEL_VIDEO && bitrate > 0) {
        struct yodel_encoder_target target = target_of(sender);
        coder_set_target(&sender->now->coder, &target);
        if (was_still) {
            coder_want_key(&sender->now->coder);
        }
    }
}

void sender_want_key(struct sender *sender)
{
    if (sender->now) {
        coder_want_key(&sender->now->coder);
    }
}

// ---- statistics

static const char *limit_name(const struct sender *sender)
{
    static const char *const names[] = {"none", "bandwidth", "cpu"};

    return names[quality_limit(&sender->quality)];
}

void sender_visit_encoding(struct sender *sender,
    void (*visit)(void *ctx, const char *name, const char *text, double number), void *ctx)
{
    double encoding = sender->now ? (double)coder_encoding(&sender->now->coder) / 1e6 : 0;

    if (sender->kind == YODEL_AUDIO) {
        return;
    }
    visit(ctx, "framesEncoded", NULL, (double)sender->frames_encoded);
    visit(ctx, "keyFramesEncoded", NULL, (double)sender->key_frames_encoded);
    visit(ctx, "totalEncodeTime", NULL, encoding);
    visit(ctx, "frameWidth", NULL, sender->size.width);
    visit(ctx, "frameHeight", NULL, sender->size.height);
    visit(ctx, "framesPerSecond", NULL, sender->size.frame_rate);
    visit(ctx, "qualityLimitationReason", limit_name(sender), 0);
    visit(ctx, "qualityLimitationResolutionChanges", NULL, sender->quality.changes);
}

void sender_visit_source(struct sender *sender,
    void (*visit)(void *ctx, const char *name, const char *text, double number), void *ctx)
{
    visit(ctx, "kind", sender->kind == YODEL_AUDIO ? "audio" : "video", 0);
    if (sender->kind == YODEL_AUDIO) {
        visit(ctx, "audioLevel", NULL, sender->peak / 32767.0);
        visit(ctx, "totalAudioEnergy", NULL, sender->energy);
        visit(ctx, "totalSamplesDuration", NULL, sender->seconds);
        return;
    }
    struct yodel_track_settings settings = {0};
    if (sender->track) {
        settings = yodel_track_settings(sender->track);
    }
    visit(ctx, "width", NULL, settings.width);
    visit(ctx, "height", NULL, settings.height);
    visit(ctx, "frames", NULL, (double)sender->frames_given);
    visit(ctx, "framesPerSecond", NULL, sender->period > 0 ? rate_of(sender) : 0);
}
