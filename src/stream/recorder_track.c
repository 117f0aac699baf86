// A recorder's track: see the header.

#include "stream/recorder_track.h"

#include <string.h>

#include "base/assert.h"

#define SOUND_RATE 48000u
#define PIECE 480u // What tracks give.
#define VIDEO_CLOCK 90000u
#define FRAME_RATE 30u      // Where nobody says another.
#define PIXELS_OF_A_BIT 10u // Of each picture.
#define VIDEO_BPS_MIN 300000u
#define VIDEO_BPS_MAX 20000000u
#define THREADS_MAX 4u
#define LARGE (640u * 480u) // Pictures for which one thread is not enough.

uint64_t recorder_track_bitrate(uint32_t width, uint32_t height, uint32_t frame_rate)
{
    uint64_t rate = frame_rate > 0 ? frame_rate : FRAME_RATE;
    uint64_t bitrate = (uint64_t)width * height * rate / PIXELS_OF_A_BIT;

    return bitrate < VIDEO_BPS_MIN   ? VIDEO_BPS_MIN
           : bitrate > VIDEO_BPS_MAX ? VIDEO_BPS_MAX
                                     : bitrate;
}

// ---- the encoder

static void on_frame(void *ctx, const struct yodel_frame *encoded)
{
    struct recorder_track *track = ctx;
    struct yodel_frame frame = *encoded;

    frame.rotation = track->rotation;
    track->config.on_frame(track->config.ctx, &frame);
}

static void lose(struct recorder_track *track, const char *text)
{
    track->failed++;
    track->config.on_failure(track->config.ctx, text);
}

static void on_failure(void *ctx, enum yodel_err err, const char *text)
{
    lose(ctx, text[0] ? text : yodel_err_text(err));
}

static struct yodel_encoder_target target_for(
    const struct recorder_track *track, const struct yodel_raw *raw)
{
    if (raw->kind == YODEL_AUDIO) {
        return (struct yodel_encoder_target){
            .bitrate = (uint64_t)RECORDER_TRACK_SOUND_BPS * raw->sound.channels};
    }
    uint32_t frame_rate = yodel_track_settings(track->track).frame_rate;
    return (struct yodel_encoder_target){.frame_rate = frame_rate,
        .bitrate = recorder_track_bitrate(raw->picture.width, raw->picture.height, frame_rate)};
}

static uint32_t threads_for(const struct yodel_raw *raw)
{
    uint32_t cores = uv_available_parallelism();

    if (raw->kind == YODEL_AUDIO || raw->picture.width * raw->picture.height < LARGE) {
        return 1;
    }
    return cores < THREADS_MAX ? cores : THREADS_MAX;
}

static enum yodel_err make_coder(struct recorder_track *track, const struct yodel_raw *raw)
{
    struct yodel_encoder_config encoder = {.channels = raw->sound.channels,
        .is_screen = yodel_track_is_screen(track->track),
        .threads = threads_for(raw),
        .target = target_for(track, raw)};
    struct coder_config config = {.loop = track->config.loop,
        .alloc = track->config.alloc,
        .on_frame = on_frame,
        .on_failure = on_failure,
        .ctx = track};
    enum yodel_err err = yodel_encoder_new(track->config.codec, &encoder, &config.encoder);

    if (!err && (err = coder_init(&track->coder, &config))) {
        yodel_encoder_free(config.encoder);
    }
    track->has_coder = !err;
    return err;
}

// With the first piece, whose size or number of channels it must know.
static void encode(struct recorder_track *track, const struct yodel_raw *raw)
{
    enum yodel_err err = track->has_coder ? YODEL_OK : make_coder(track, raw);

    if (!err) {
        err = coder_put(&track->coder, raw);
    }
    if (err) {
        lose(track, yodel_err_text(err));
    }
}

// ---- pictures

static void take_picture(
    struct recorder_track *track, const struct yodel_raw *raw, uint16_t rotation)
{
    struct yodel_raw one = *raw;
    bool is_resized = raw->picture.width != track->width || raw->picture.height != track->height;

    track->rotation = rotation;
    track->width = raw->picture.width;
    track->height = raw->picture.height;
    if (track->has_coder && is_resized) {
        struct yodel_encoder_target target = target_for(track, raw);
        coder_set_target(&track->coder, &target);
    }
    if (track->has_coder && raw->captured >= track->key_due) {
        track->key_due = raw->captured + RECORDER_TRACK_KEY;
        coder_want_key(&track->coder);
    } else if (!track->has_coder) {
        track->key_due = raw->captured + RECORDER_TRACK_KEY;
    }
    one.timestamp = raw->captured * VIDEO_CLOCK / YODEL_SECONDS(1);
    encode(track, &one);
}

// ---- sound

// In as many channels as the first piece had.
static void gather(struct recorder_track *track, const struct yodel_sound *sound)
{
    int16_t *to = &track->samples[(size_t)track->count * track->channels];
    const int16_t *from = sound->samples;

    for (uint32_t i = 0; i < sound->count; i++, from += sound->channels, to += track->channels) {
        int16_t left = from[0], right = from[sound->channels - 1];
        to[0] = track->channels == 1 ? (int16_t)((left + right) / 2) : left;
        to[track->channels - 1] = track->channels == 1 ? to[0] : right;
    }
    track->count += sound->count;
}

// A gap in what is captured is one in `captured`, which the muxer follows.
static void take_sound(struct recorder_track *track, const struct yodel_raw *raw)
{
    YODEL_ASSERT(raw->sound.count == PIECE && raw->sound.channels <= 2);
    if (track->channels == 0) {
        track->channels = raw->sound.channels;
    }
    if (track->count == 0) {
        track->captured = raw->captured;
    }
    gather(track, &raw->sound);
    if (track->count == RECORDER_TRACK_SAMPLES) {
        struct yodel_raw one = {.kind = YODEL_AUDIO,
            .timestamp = track->timestamp,
            .captured = track->captured,
            .sound = {SOUND_RATE, track->channels, track->count, track->samples}};
        track->timestamp += track->count;
        track->count = 0;
        encode(track, &one);
    }
}

// ---- the track

static void on_track(void *ctx, yodel_track *source, const struct yodel_track_event *event)
{
    struct recorder_track *track = ctx;

    (void)source;
    if (event->type == YODEL_TRACK_RAW && event->raw->kind == YODEL_VIDEO) {
        take_picture(track, event->raw, event->rotation);
    } else if (event->type == YODEL_TRACK_RAW) {
        take_sound(track, event->raw);
    }
}

enum yodel_err recorder_track_start(
    struct recorder_track *track, const struct recorder_track_config *config, yodel_track *source)
{
    *track = (struct recorder_track){.config = *config, .track = source};
    enum yodel_err err = yodel_track_listen(source, on_track, track);

    track->track = err ? NULL : source;
    return err;
}

void recorder_track_want_key(struct recorder_track *track)
{
    if (track->has_coder) {
        coder_want_key(&track->coder);
    }
}

uint64_t recorder_track_dropped(struct recorder_track *track)
{
    return track->failed + (track->has_coder ? coder_dropped(&track->coder) : 0);
}

static void on_closed(struct coder *coder)
{
    struct recorder_track *track = CONTAINER_OF(coder, struct recorder_track, coder);

    track->failed += coder->dropped;
    track->has_coder = false;
    track->config.on_ended(track->config.ctx);
}

void recorder_track_end(struct recorder_track *track)
{
    yodel_track_unlisten(track->track, on_track, track);
    track->track = NULL;
    if (track->has_coder) {
        coder_close(&track->coder, on_closed);
    } else {
        track->config.on_ended(track->config.ctx);
    }
}
