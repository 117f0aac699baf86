// Recorder: the public calls, and what the application is told. Writing is the writer's (stream/recorder_writer.h),
// encoding the tracks' (stream/recorder_track.h).
//
//   new ──► frames, tracks ──► stop ──► tracks end ──► the writer ends ──► ENDED, freed
//
// Ownership   see yodel/recorder.h
// Limits      RECORDER_KEY_EVERY, RECORDER_TELL_EVERY: no more often is anybody asked for a key frame, or told

#include "yodel/recorder.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "media/codec.h"
#include "runtime/runtime.h"
#include "stream/recorder_track.h"
#include "stream/recorder_writer.h"

#define RECORDER_KEY_EVERY YODEL_SECONDS(1)
#define RECORDER_TELL_EVERY YODEL_SECONDS(10)

struct yodel_recorder {
    yodel_runtime *runtime;
    struct alloc *alloc;
    struct yodel_recorder_config config;
    struct recorder_writer writer;
    struct recorder_track tracks[2]; // By kind.
    bool is_tracked[2];
    uint32_t track_count; // Of those that have not ended.
    bool is_known[2];     // Which codec it has:
    enum yodel_codec codecs[2];
    bool is_stopped;
    enum yodel_err err;  // For good.
    yodel_time key_due;  // No earlier is one asked for again,
    yodel_time tell_due; // or told what is left out.
    char error_text[MUXER_TEXT_MAX];
};

// ---- events

static void tell(yodel_recorder *recorder, enum yodel_recorder_event_type type, enum yodel_err err,
    const char *text)
{
    struct yodel_recorder_event event = {
        .type = type, .err = err, .text = text, .stats = yodel_recorder_stats(recorder)};

    if (recorder->config.handler) {
        recorder->config.handler(recorder->config.ctx, recorder, &event);
    }
}

static void tell_dropped(yodel_recorder *recorder, const char *text)
{
    yodel_time now = yodel_runtime_now(recorder->runtime);

    if (now >= recorder->tell_due) {
        recorder->tell_due = now + RECORDER_TELL_EVERY;
        tell(recorder, YODEL_RECORDER_DROPPED, YODEL_OK, text);
    }
}

static void on_started(void *ctx)
{
    tell(ctx, YODEL_RECORDER_STARTED, YODEL_OK, "");
}

static void on_failed(void *ctx, enum yodel_err err, const char *text)
{
    yodel_recorder *recorder = ctx;

    recorder->err = err;
    tell(recorder, YODEL_RECORDER_FAILED, err, text);
}

static void on_ended(void *ctx)
{
    yodel_recorder *recorder = ctx;

    tell(recorder, YODEL_RECORDER_ENDED, recorder->err, recorder->writer.why);
    alloc_free(recorder->alloc, recorder);
}

// ---- frames

static enum yodel_err say(yodel_recorder *recorder, enum yodel_err err, const char *text)
{
    (void)snprintf(recorder->error_text, sizeof recorder->error_text, "%s", text);
    return err;
}

static enum yodel_err check_codec(yodel_recorder *recorder, enum yodel_codec codec)
{
    char text[MUXER_TEXT_MAX];

    if (codec >= YODEL_CODEC_COUNT) {
        return say(recorder, YODEL_ERR_TYPE, "there is no such codec");
    }
    enum yodel_media_kind kind = media_kind(codec);
    if (recorder->is_known[kind] && recorder->codecs[kind] != codec) {
        (void)snprintf(text, sizeof text,
            "the file has %s, and cannot go on with %s; begin another one",
            yodel_codec_mime_type(recorder->codecs[kind]), yodel_codec_mime_type(codec));
        return say(recorder, YODEL_ERR_TYPE, text);
    }
    return device_muxer_can_hold(recorder->writer.path, codec, recorder->error_text)
               ? YODEL_OK
               : YODEL_ERR_TYPE;
}

static enum yodel_err check_state(yodel_recorder *recorder)
{
    if (recorder->is_stopped) {
        return say(recorder, YODEL_ERR_INVALID_STATE, "the recording was stopped");
    }
    return say(recorder, recorder->err, recorder->err ? recorder->writer.why : "");
}

static bool is_expected(const yodel_recorder *recorder, enum yodel_media_kind kind)
{
    return kind == YODEL_AUDIO ? !recorder->config.has_no_audio : !recorder->config.has_no_video;
}

static enum yodel_err check_frame(yodel_recorder *recorder, const struct yodel_frame *frame)
{
    enum yodel_err err = check_codec(recorder, frame->codec);

    if (!err && frame->len == 0) {
        err = say(recorder, YODEL_ERR_TYPE, "a frame without bytes is not recorded");
    }
    if (!err && frame->len > MUXER_FRAME_MAX) {
        err = say(recorder, YODEL_ERR_TOO_LARGE, "a frame of more than 16 MiB is not recorded");
    }
    return err;
}

static void ask_for_key(yodel_recorder *recorder)
{
    yodel_time now = yodel_runtime_now(recorder->runtime);

    if (now >= recorder->key_due && recorder_writer_wants_key(&recorder->writer)) {
        recorder->key_due = now + RECORDER_KEY_EVERY;
        if (recorder->is_tracked[YODEL_VIDEO]) {
            recorder_track_want_key(&recorder->tracks[YODEL_VIDEO]);
        } else {
            tell(recorder, YODEL_RECORDER_WANT_KEY, YODEL_OK, "");
        }
    }
}

// What the handler is told comes last, once for a frame: it may stop the recording.
static void take(yodel_recorder *recorder, const struct yodel_frame *frame)
{
    enum yodel_media_kind kind = media_kind(frame->codec);
    bool is_key = frame->is_key || kind == YODEL_AUDIO;

    if (is_key) {
        recorder->is_known[kind] = true;
        recorder->codecs[kind] = frame->codec;
    }
    bool was_lost = recorder->writer.is_key_lost;
    if (!recorder_writer_put(&recorder->writer, frame) && !was_lost) {
        tell_dropped(recorder, "the disk is too slow");
    } else if (!is_key) {
        ask_for_key(recorder);
    }
}

YODEL_API enum yodel_err yodel_recorder_frame(
    yodel_recorder *recorder, const struct yodel_frame *frame)
{
    enum yodel_err err = check_state(recorder);

    if (err) {
        return err;
    }
    if (frame->codec < YODEL_CODEC_COUNT && !is_expected(recorder, media_kind(frame->codec))) {
        return YODEL_OK;
    }
    err = check_frame(recorder, frame);
    if (!err && recorder->is_tracked[media_kind(frame->codec)]) {
        err = say(recorder, YODEL_ERR_EXISTS, "a track of this kind is recorded already");
    }
    if (!err) {
        take(recorder, frame);
    }
    return err;
}

// ---- tracks

static void on_track_frame(void *ctx, const struct yodel_frame *frame)
{
    yodel_recorder *recorder = ctx;

    if (!recorder->err && !check_frame(recorder, frame)) {
        take(recorder, frame);
    }
}

static void on_track_failure(void *ctx, const char *text)
{
    char sentence[MUXER_TEXT_MAX];

    (void)snprintf(sentence, sizeof sentence, "it cannot be encoded: %s", text);
    tell_dropped(ctx, sentence);
}

static void on_track_ended(void *ctx)
{
    yodel_recorder *recorder = ctx;

    if (--recorder->track_count == 0) {
        recorder_writer_end(&recorder->writer);
    }
}

static enum yodel_err check_track(
    yodel_recorder *recorder, const yodel_track *track, enum yodel_codec codec)
{
    enum yodel_err err = check_codec(recorder, codec);
    enum yodel_media_kind kind = yodel_track_kind(track);

    if (!err && media_kind(codec) != kind) {
        err = say(recorder, YODEL_ERR_TYPE, "the track is of another kind than the codec");
    } else if (!err && (codec == YODEL_PCMU || codec == YODEL_PCMA)) {
        err = say(recorder, YODEL_ERR_NOT_SUPPORTED, "a track's sound is recorded with Opus");
    } else if (!err && !yodel_codec_can_encode(codec)) {
        err = say(recorder, YODEL_ERR_NOT_SUPPORTED, "this was built without that encoder");
    } else if (!err && (recorder->is_tracked[kind] || recorder->is_known[kind])) {
        err = say(recorder, YODEL_ERR_EXISTS, "something of this kind is recorded already");
    }
    return err;
}

YODEL_API enum yodel_err yodel_recorder_track(
    yodel_recorder *recorder, yodel_track *track, enum yodel_codec codec)
{
    struct recorder_track_config config = {.loop = runtime_loop(recorder->runtime),
        .alloc = recorder->alloc,
        .codec = codec,
        .on_frame = on_track_frame,
        .on_failure = on_track_failure,
        .on_ended = on_track_ended,
        .ctx = recorder};
    enum yodel_media_kind kind = yodel_track_kind(track);
    enum yodel_err err = check_state(recorder);

    if (err || !is_expected(recorder, kind) || (err = check_track(recorder, track, codec))) {
        return err;
    }
    if ((err = recorder_track_start(&recorder->tracks[kind], &config, track))) {
        return say(recorder, err, yodel_err_text(err));
    }
    recorder->is_tracked[kind] = true;
    recorder->track_count++;
    return YODEL_OK;
}

// ---- beginning and end

YODEL_API bool yodel_recorder_can_hold(const char *path, enum yodel_codec codec)
{
    char text[MUXER_TEXT_MAX];

    return codec < YODEL_CODEC_COUNT && device_muxer_can_hold(path, codec, text);
}

static enum yodel_err start_writer(yodel_recorder *recorder, const char *path)
{
    struct recorder_writer_config config = {.loop = runtime_loop(recorder->runtime),
        .alloc = recorder->alloc,
        .path = path,
        .expects = recorder->config.has_no_audio   ? DEVICE_MUXER_VIDEO
                   : recorder->config.has_no_video ? DEVICE_MUXER_AUDIO
                                                   : DEVICE_MUXER_BOTH,
        .overwrites = recorder->config.overwrites,
        .on_started = on_started,
        .on_failed = on_failed,
        .on_ended = on_ended,
        .ctx = recorder};

    return recorder_writer_start(&recorder->writer, &config);
}

YODEL_API enum yodel_err yodel_recorder_new(yodel_runtime *runtime, const char *path,
    const struct yodel_recorder_config *config, yodel_recorder **made)
{
    static const struct yodel_recorder_config defaults;
    struct alloc *alloc = runtime_env(runtime)->alloc;

    config = config ? config : &defaults;
    if (config->has_no_audio && config->has_no_video) {
        return YODEL_ERR_TYPE;
    }
    if (strlen(path) >= MUXER_PATH_MAX) {
        return YODEL_ERR_RANGE;
    }
    yodel_recorder *recorder = alloc_new(alloc, sizeof *recorder);
    if (!recorder) {
        return YODEL_ERR_NO_MEMORY;
    }
    recorder->runtime = runtime;
    recorder->alloc = alloc;
    recorder->config = *config;
    enum yodel_err err = start_writer(recorder, path);
    if (err) {
        alloc_free(alloc, recorder);
        return err;
    }
    *made = recorder;
    return YODEL_OK;
}

YODEL_API void yodel_recorder_stop(yodel_recorder *recorder)
{
    if (recorder->is_stopped) {
        return;
    }
    recorder->is_stopped = true;
    recorder->track_count++; // Ours, as a track may end at once.
    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        if (recorder->is_tracked[kind]) {
            recorder_track_end(&recorder->tracks[kind]);
        }
    }
    on_track_ended(recorder);
}

YODEL_API struct yodel_recorder_stats yodel_recorder_stats(yodel_recorder *recorder)
{
    struct yodel_recorder_stats stats = recorder_writer_stats(&recorder->writer);

    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        if (recorder->is_tracked[kind]) {
            stats.dropped += recorder_track_dropped(&recorder->tracks[kind]);
        }
    }
    return stats;
}

YODEL_API const char *yodel_recorder_error_text(const yodel_recorder *recorder)
{
    return recorder->error_text;
}
