// Muxer: see the header.

#include "device/muxer.h"

#include <unistd.h>

#include "media/codec.h"
#include "rtp/payload/opus.h"

#define US 1000000

// ---- sentences

static struct writer text_of(struct device_muxer *m)
{
    return writer_of(span_of(m->text, sizeof m->text - 1));
}

static enum yodel_err say(struct device_muxer *m, struct writer *w, enum yodel_err err)
{
    m->text[w->len] = '\0';
    return err;
}

// The end of it, with its sentence.
static enum yodel_err fail(struct device_muxer *m, enum yodel_err err)
{
    struct writer w = text_of(m);

    m->err = err;
    if (err == YODEL_ERR_IO) {
        muxer_file_put_error(&w, &m->file, m->path);
    } else if (err == YODEL_ERR_NO_MEMORY) {
        put_text(&w, "there is no memory to write with");
    } else {
        muxer_output_put_error(&w, &m->output);
    }
    return say(m, &w, err);
}

bool device_muxer_can_hold(const char *path, enum yodel_codec codec, char text[MUXER_TEXT_MAX])
{
    const struct muxer_container *container = muxer_container_find(path);
    struct writer w = writer_of(span_of(text, MUXER_TEXT_MAX - 1));

    if (!container) {
        muxer_container_put_endings(&w, path);
    } else if (!muxer_container_holds(container, codec)) {
        muxer_container_put_refusal(&w, container, codec);
    }
    text[w.len] = '\0';
    return w.len == 0;
}

// ---- open

static void init_tracks(struct device_muxer *m, enum device_muxer_expects expects)
{
    m->tracks[YODEL_AUDIO].is_expected =
        expects != DEVICE_MUXER_VIDEO && muxer_container_has_kind(m->container, YODEL_AUDIO);
    m->tracks[YODEL_VIDEO].is_expected =
        expects != DEVICE_MUXER_AUDIO && muxer_container_has_kind(m->container, YODEL_VIDEO);
    m->tracks[YODEL_VIDEO].newest = INT64_MIN;
}

static enum yodel_err set_path(struct device_muxer *m, const char *path)
{
    struct writer w = text_of(m);
    size_t len = strlen(path);

    m->container = muxer_container_find(path);
    if (!m->container) {
        muxer_container_put_endings(&w, path);
        return say(m, &w, YODEL_ERR_NOT_SUPPORTED);
    }
    if (len >= sizeof m->path) {
        put_format(&w, "the name is longer than %d bytes", MUXER_PATH_MAX - 1);
        return say(m, &w, YODEL_ERR_RANGE);
    }
    memcpy(m->path, path, len + 1);
    return YODEL_OK;
}

enum yodel_err device_muxer_open(
    struct device_muxer *m, const char *path, const struct device_muxer_config *config)
{
    *m = (struct device_muxer){.alloc = config->alloc ? config->alloc : alloc_system()};
    enum yodel_err err = set_path(m, path);

    if (err) {
        return err;
    }
    init_tracks(m, config->expects);
    if ((err = muxer_output_init(&m->output, m->container, &m->file))) {
        struct writer w = text_of(m);
        put_format(&w, "libavformat does not write %s here", m->container->title);
        return say(m, &w, err);
    }
    if ((err = muxer_file_open(&m->file, path, config->overwrites))) {
        muxer_output_deinit(&m->output);
        fail(m, YODEL_ERR_IO);
        return err;
    }
    muxer_queue_init(&m->queue, m->alloc);
    return YODEL_OK;
}

// ---- from the queue into the file

static int64_t duration_of(
    const struct device_muxer *m, const struct muxer_entry *entry, int64_t moment)
{
    const struct muxer_entry *next = muxer_queue_next(&m->queue, entry);

    if (entry->duration > 0) {
        return entry->duration;
    }
    int64_t duration =
        next && next->moment > moment ? next->moment - moment : m->tracks[entry->kind].spacing;
    return duration < (int64_t)MUXER_SHOWN_MAX ? duration : (int64_t)MUXER_SHOWN_MAX;
}

static enum yodel_err cut_when_due(struct device_muxer *m, int64_t at)
{
    if (at - m->part_began < (int64_t)MUXER_PART) {
        return YODEL_OK;
    }
    m->part_began = at;
    return muxer_output_cut(&m->output);
}

static enum yodel_err write_entry(struct device_muxer *m, const struct muxer_entry *entry)
{
    struct device_muxer_track *track = &m->tracks[entry->kind];
    int64_t moment = entry->moment > m->origin ? entry->moment : m->origin;

    if (entry->kind == YODEL_AUDIO && entry->moment <= track->last) {
        m->dropped[DEVICE_MUXER_LATE]++;
        return YODEL_OK;
    }
    int64_t duration = duration_of(m, entry, moment), at = moment - m->origin;
    enum yodel_err err = cut_when_due(m, at);
    if (!err) {
        err = muxer_output_put(&m->output, entry, at, duration);
    }
    track->spacing = duration;
    track->last = moment;
    if (err == YODEL_ERR_MALFORMED) { // Of this frame alone.
        m->dropped[DEVICE_MUXER_DAMAGED]++;
        return YODEL_OK;
    }
    m->written += !err;
    m->duration = at + duration > m->duration ? at + duration : m->duration;
    return err;
}

static enum yodel_err begin(struct device_muxer *m)
{
    enum yodel_err err = YODEL_OK;

    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO && !err; kind++) {
        if (m->tracks[kind].is_known) {
            err = muxer_output_add(&m->output, (enum yodel_media_kind)kind, &m->tracks[kind].head);
        }
    }
    m->is_begun = true;
    m->origin = muxer_queue_first(&m->queue)->moment;
    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        m->tracks[kind].last = m->origin - 1;
    }
    return err ? err : muxer_output_begin(&m->output);
}

// Whether all is there that was expected, or it was waited for it long enough.
static bool can_begin(const struct device_muxer *m)
{
    bool is_complete = true, is_waiting = false;

    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        is_complete = is_complete && (m->tracks[kind].is_known || !m->tracks[kind].is_expected);
        is_waiting = is_waiting || (m->tracks[kind].is_waiting && !m->tracks[kind].is_known);
    }
    int64_t wait = (int64_t)(is_waiting ? MUXER_KEY_WAIT : MUXER_WAIT);
    return m->queue.count > 0 &&
           (is_complete || muxer_queue_span(&m->queue) >= wait || muxer_queue_is_full(&m->queue));
}

// Writes what is older than the newest by more than `keep`.
static enum yodel_err write_queue(struct device_muxer *m, int64_t keep)
{
    enum yodel_err err = YODEL_OK;

    while (!err && m->queue.count > 0 &&
           (muxer_queue_span(&m->queue) > keep || muxer_queue_is_full(&m->queue) || keep < 0)) {
        err = write_entry(m, muxer_queue_first(&m->queue));
        muxer_queue_drop_first(&m->queue);
    }
    return err;
}

static enum yodel_err advance(struct device_muxer *m, int64_t keep, bool is_end)
{
    enum yodel_err err = YODEL_OK;

    if (!m->is_begun) {
        if (m->queue.count == 0 || !(is_end || can_begin(m))) {
            return YODEL_OK;
        }
        err = begin(m);
    }
    if (!err) {
        err = write_queue(m, keep);
    }
    return err ? fail(m, err) : YODEL_OK;
}

// ---- put

// What the caller should have known.
static enum yodel_err check(struct device_muxer *m, const struct yodel_frame *frame)
{
    const struct device_muxer_track *track = &m->tracks[media_kind(frame->codec)];
    struct writer w = text_of(m);

    if (frame->len == 0 || frame->len > MUXER_FRAME_MAX) {
        put_format(&w, "a frame of %zu bytes is not written", frame->len);
        return say(m, &w, frame->len == 0 ? YODEL_ERR_TYPE : YODEL_ERR_TOO_LARGE);
    }
    if (!muxer_container_holds(m->container, frame->codec)) {
        muxer_container_put_refusal(&w, m->container, frame->codec);
        return say(m, &w, YODEL_ERR_TYPE);
    }
    if (track->is_known && track->head.codec != frame->codec) {
        put_format(&w, "the file has %s, and cannot go on with %s; begin another one",
            muxer_codec_name(track->head.codec), muxer_codec_name(frame->codec));
        return say(m, &w, YODEL_ERR_TYPE);
    }
    return say(m, &w, YODEL_OK);
}

static bool drop(struct device_muxer *m, enum device_muxer_drop why)
{
    m->dropped[why]++;
    return false;
}

// Whether it can be in the file, and be decoded there. Tracks begin here.
static bool take(struct device_muxer *m, const struct yodel_frame *frame)
{
    enum yodel_media_kind kind = media_kind(frame->codec);
    struct device_muxer_track *track = &m->tracks[kind];

    if (!track->is_expected || (m->is_begun && !track->is_known)) {
        return drop(m, DEVICE_MUXER_UNEXPECTED);
    }
    if (!track->is_known && !muxer_head_read(&track->head, frame)) {
        track->is_waiting = true;
        return drop(m, DEVICE_MUXER_NEEDS_KEY);
    }
    track->is_known = true;
    track->clock.rate = track->head.rate;
    return true;
}

// How long it sounds; 0: it is video, or no packet.
static int64_t sound_of(const struct yodel_frame *frame)
{
    struct rtp_opus_info info;

    if (frame->codec != YODEL_OPUS) {
        uint32_t rate = media_codecs[frame->codec].clock_rate;
        return media_kind(frame->codec) == YODEL_VIDEO ? 0 : (int64_t)frame->len * US / rate;
    }
    return rtp_opus_parse(&info, bytes_of(frame->data, frame->len))
               ? 0
               : (int64_t)info.samples * US / RTP_OPUS_CLOCK_RATE;
}

// False: there is no memory for it.
static bool enqueue(struct device_muxer *m, const struct yodel_frame *frame, int64_t duration)
{
    enum yodel_media_kind kind = media_kind(frame->codec);
    struct device_muxer_track *track = &m->tracks[kind];
    int64_t moment = muxer_clock_at(&track->clock, frame);

    // Pictures depend on those before them, and stay in order whatever their moments are.
    if (kind == YODEL_VIDEO && moment <= track->newest) {
        moment = track->newest + 1;
    }
    track->newest = moment;
    return muxer_queue_put(&m->queue, frame, kind, moment, duration);
}

enum yodel_err device_muxer_put(struct device_muxer *m, const struct yodel_frame *frame)
{
    enum yodel_err err = m->err ? m->err : check(m, frame);

    if (err) {
        return err;
    }
    int64_t duration = sound_of(frame);
    if (!muxer_head_is_whole(frame) || (frame->codec == YODEL_OPUS && duration == 0)) {
        drop(m, DEVICE_MUXER_DAMAGED);
    } else if (take(m, frame) && !enqueue(m, frame, duration)) {
        return fail(m, YODEL_ERR_NO_MEMORY);
    }
    return advance(m, (int64_t)MUXER_ORDER, false);
}

// ---- close

static enum yodel_err say_empty(struct device_muxer *m)
{
    struct writer w = text_of(m);

    put_format(&w, m->tracks[YODEL_VIDEO].is_waiting
                       ? "nothing was written: no key frame of the video came"
                       : "nothing was written: nothing came");
    return say(m, &w, YODEL_ERR_NOT_FOUND);
}

enum yodel_err device_muxer_close(struct device_muxer *m)
{
    enum yodel_err err = m->err;

    if (!err) {
        m->text[0] = '\0';
        err = advance(m, -1, true);
    }
    if (!err && m->is_begun && (err = muxer_output_end(&m->output))) {
        fail(m, err);
    }
    enum yodel_err closed = muxer_file_close(&m->file);
    if (!err && closed) {
        err = fail(m, closed);
    }
    muxer_output_deinit(&m->output);
    muxer_queue_deinit(&m->queue);
    if (!m->is_begun) {
        (void)unlink(m->path); // What has nothing in it is no file.
        err = err ? err : say_empty(m);
    }
    return err;
}
