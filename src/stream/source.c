// Sources: see the header.

#include "stream/source.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "media/pattern.h"
#include "net/clock.h"
#include "runtime/beside.h"
#include "runtime/runtime.h"
#include "stream/track.h"

#define PLACES (SOURCE_PICTURES + SOURCE_SOUNDS) // Pictures come first.

struct place {
    enum place_use { PLACE_FREE, PLACE_READY, PLACE_POSTED } use;
    struct source *source;
    struct yodel_raw raw;
    struct media_picture picture;
    int16_t samples[FEED_PIECE * 2];
    struct mail mail;
};

struct source {
    struct beside beside;
    struct alloc *alloc;
    struct feed *feed;
    struct track_source kinds[2]; // By enum yodel_media_kind.
    bool is_gone[2];              // Nobody has a track of it.
    struct place places[PLACES];  // Their use is under the lock.
    // The thread's.
    bool is_started;
    yodel_time start; // When what was captured at 0 was captured, on our clock.
    struct feed_about about;
    char why[FEED_TEXT_MAX];
    // Its mails.
    struct mail about_mail, end_mail;
};

// ---- on the loop

static void deliver(void *ctx)
{
    struct place *place = ctx;
    struct source *source = place->source;
    enum yodel_media_kind kind = place->raw.kind;

    if (!source->is_gone[kind] && !source->kinds[kind].has_ended) {
        track_source_give(&source->kinds[kind], &place->raw, source->about.rotation);
    }
    beside_lock(&source->beside);
    place->use = PLACE_FREE;
    beside_wake(&source->beside);
    beside_unlock(&source->beside);
}

static void end_kind(struct source *source, enum yodel_media_kind kind, const char *why)
{
    if (!source->is_gone[kind]) {
        track_source_end(&source->kinds[kind], why);
    }
}

static void on_about(void *ctx)
{
    struct source *source = ctx;

    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        struct track_source *one = &source->kinds[kind];
        if (source->about.label[0] && !source->is_gone[kind]) {
            (void)snprintf(one->label, sizeof one->label, "%s", source->about.label);
        }
    }
    if (!source->about.has_audio) {
        end_kind(source, YODEL_AUDIO, "there is no sound in it");
    }
    if (!source->about.has_video) {
        end_kind(source, YODEL_VIDEO, "there are no pictures in it");
    }
}

static void on_end(void *ctx)
{
    struct source *source = ctx;

    end_kind(source, YODEL_AUDIO, source->why);
    end_kind(source, YODEL_VIDEO, source->why);
}

// ---- on the thread

static bool is_ending(void *ctx)
{
    return beside_is_ending(&((struct source *)ctx)->beside);
}

static struct place *find(struct source *source, enum yodel_media_kind kind, enum place_use use)
{
    size_t first = kind == YODEL_VIDEO ? 0 : SOURCE_PICTURES;
    size_t end = kind == YODEL_VIDEO ? SOURCE_PICTURES : PLACES;
    struct place *found = NULL;

    for (size_t i = first; i < end; i++) {
        struct place *place = &source->places[i];
        if (place->use == use && (!found || place->raw.captured < found->raw.captured)) {
            found = place;
        }
    }
    return found;
}

static bool has_room(struct source *source)
{
    beside_lock(&source->beside);
    bool has = find(source, YODEL_AUDIO, PLACE_FREE) && find(source, YODEL_VIDEO, PLACE_FREE);
    beside_unlock(&source->beside);
    return has;
}

static enum yodel_err fill(struct place *place, const struct yodel_raw *raw)
{
    place->raw = *raw;
    if (raw->kind == YODEL_VIDEO) {
        enum yodel_err err = media_picture_copy(&place->picture, &raw->picture);
        place->raw.picture = place->picture.view;
        return err;
    }
    YODEL_ASSERT(raw->sound.count == FEED_PIECE && raw->sound.channels <= 2);
    memcpy(place->samples, raw->sound.samples,
        (size_t)raw->sound.count * raw->sound.channels * sizeof place->samples[0]);
    place->raw.sound.samples = place->samples;
    return YODEL_OK;
}

// Without memory, or without a place, it is left out.
static void keep(struct source *source, const struct yodel_raw *raw)
{
    beside_lock(&source->beside);
    struct place *place = find(source, raw->kind, PLACE_FREE);
    beside_unlock(&source->beside);

    if (place && !fill(place, raw)) {
        beside_lock(&source->beside);
        place->use = PLACE_READY;
        beside_unlock(&source->beside);
    }
}

static struct place *earliest(struct source *source)
{
    struct place *audio = find(source, YODEL_AUDIO, PLACE_READY);
    struct place *video = find(source, YODEL_VIDEO, PLACE_READY);

    if (!audio || !video) {
        return audio ? audio : video;
    }
    return audio->raw.captured < video->raw.captured ? audio : video;
}

// From the feed's time to ours. A device's clock begins when its quickest piece says so.
static yodel_time due(struct source *source, yodel_time captured, yodel_time now)
{
    if (!source->is_started || now > source->start + captured + SOURCE_LATE_MAX ||
        (source->feed->is_live && now < source->start + captured)) {
        source->start = now > captured ? now - captured : 0;
        source->is_started = true;
    }
    return source->start + captured;
}

static void post(struct source *source, struct place *place, yodel_time at)
{
    uint32_t clock = place->raw.kind == YODEL_VIDEO ? 90000 : 48000;

    place->raw.captured = at;
    place->raw.timestamp = at * clock / YODEL_SECONDS(1);
    place->use = PLACE_POSTED;
    beside_post(&source->beside, &place->mail, deliver, place);
}

// Posts the earliest that is ready if it is its time; `at` is when that is, or was. False: there is none.
static bool post_due(struct source *source, yodel_time now, yodel_time *at)
{
    struct place *place = earliest(source);

    if (place) {
        *at = due(source, place->raw.captured, now);
        if (source->feed->is_live || *at <= now) {
            post(source, place, *at);
            *at = now;
        }
    }
    return place;
}

static void post_all_due(struct source *source)
{
    yodel_time now = clock_now(), at = 0;

    beside_lock(&source->beside);
    while (post_due(source, now, &at) && at <= now) {
    }
    beside_unlock(&source->beside);
}

// The same, and waits for it.
static bool post_earliest(struct source *source)
{
    yodel_time now = clock_now(), at = now;

    beside_lock(&source->beside);
    bool has = post_due(source, now, &at);
    if (at > now && !source->beside.is_ending) {
        beside_wait(&source->beside, at - now);
    }
    beside_unlock(&source->beside);
    return has;
}

static void wait_for_loop(struct source *source)
{
    beside_lock(&source->beside);
    if (!source->beside.is_ending &&
        !(find(source, YODEL_AUDIO, PLACE_FREE) && find(source, YODEL_VIDEO, PLACE_FREE))) {
        beside_wait(&source->beside, YODEL_NEVER);
    }
    beside_unlock(&source->beside);
}

// Until the feed has no more, or nobody wants it. What a device gives while the loop is busy is thrown away.
static enum yodel_err read_all(struct source *source)
{
    enum yodel_err err = YODEL_OK;
    struct yodel_raw raw;

    while (!is_ending(source)) {
        if (source->feed->is_live || has_room(source)) {
            err = source->feed->ops->next(source->feed, &raw, source->why);
            if (err && err != YODEL_ERR_WOULD_BLOCK) {
                break;
            }
            if (!err) {
                keep(source, &raw);
            }
            post_all_due(source);
        } else if (!post_earliest(source)) {
            wait_for_loop(source);
        }
    }
    return err;
}

static void run(struct beside *beside)
{
    struct source *source = CONTAINER_OF(beside, struct source, beside);
    struct feed_pulse pulse = {is_ending, source};
    enum yodel_err err = source->feed->ops->open(source->feed, &pulse, &source->about, source->why);

    if (!err) {
        beside_post(beside, &source->about_mail, on_about, source);
        err = read_all(source);
        while (!is_ending(source) && post_earliest(source)) {
        }
    }
    if (err == YODEL_ERR_NOT_FOUND && !source->why[0]) {
        (void)snprintf(source->why, sizeof source->why, "it is at its end");
    } else if (err && !source->why[0]) {
        (void)snprintf(source->why, sizeof source->why, "%s", yodel_err_text(err));
    }
    if (err) {
        beside_post(beside, &source->end_mail, on_end, source);
    }
}

// ---- beginning and end

static void release(struct source *source)
{
    for (size_t i = 0; i < SOURCE_PICTURES; i++) {
        media_picture_deinit(&source->places[i].picture);
    }
    source->feed->ops->close(source->feed);
    alloc_free(source->alloc, source);
}

static void on_ended(struct beside *beside)
{
    release(CONTAINER_OF(beside, struct source, beside));
}

static void let_go(struct source *source, enum yodel_media_kind kind)
{
    source->is_gone[kind] = true;
    if (source->is_gone[YODEL_AUDIO] && source->is_gone[YODEL_VIDEO]) {
        beside_end(&source->beside, on_ended);
    }
}

static void audio_free(struct track_source *kind)
{
    let_go(CONTAINER_OF(kind, struct source, kinds[YODEL_AUDIO]), YODEL_AUDIO);
}

static void video_free(struct track_source *kind)
{
    let_go(CONTAINER_OF(kind, struct source, kinds[YODEL_VIDEO]), YODEL_VIDEO);
}

static struct source *make(yodel_runtime *runtime, const struct source_config *config)
{
    static const struct track_source_ops ops[2] = {{NULL, audio_free}, {NULL, video_free}};
    struct alloc *alloc = runtime_env(runtime)->alloc;
    struct source *source = alloc_new(alloc, sizeof *source);

    if (!source) {
        return NULL;
    }
    source->alloc = alloc;
    source->feed = config->feed;
    for (size_t i = 0; i < PLACES; i++) {
        source->places[i].source = source;
        media_picture_init(&source->places[i].picture, alloc);
    }
    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        track_source_init(
            &source->kinds[kind], &ops[kind], alloc, (enum yodel_media_kind)kind, config->label);
        source->kinds[kind].is_screen = config->is_screen && kind == YODEL_VIDEO;
        source->is_gone[kind] = true;
    }
    return source;
}

// From here on the source lets go of itself.
static enum yodel_err make_tracks(struct source *source, yodel_track **audio, yodel_track **video)
{
    yodel_track **asked[2] = {audio, video}, *made[2] = {NULL, NULL};
    bool has_memory = true;

    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        made[kind] = asked[kind] ? track_new(&source->kinds[kind]) : NULL;
        source->is_gone[kind] = !made[kind];
        has_memory = has_memory && (made[kind] || !asked[kind]);
    }
    if (!made[YODEL_AUDIO] && !made[YODEL_VIDEO]) {
        beside_end(&source->beside, on_ended);
    }
    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        if (!has_memory) {
            yodel_track_stop(made[kind]);
        } else if (asked[kind]) {
            *asked[kind] = made[kind];
        }
    }
    return has_memory ? YODEL_OK : YODEL_ERR_NO_MEMORY;
}

enum yodel_err source_open(yodel_runtime *runtime, const struct source_config *config,
    yodel_track **audio, yodel_track **video)
{
    YODEL_ASSERT(audio || video);
    if (!config->feed) {
        return YODEL_ERR_NO_MEMORY;
    }
    struct source *source = make(runtime, config);
    if (!source) {
        config->feed->ops->close(config->feed);
        return YODEL_ERR_NO_MEMORY;
    }
    enum yodel_err err = beside_start(&source->beside, runtime_loop(runtime), source->alloc, run);
    if (err) {
        release(source);
        return err;
    }
    return make_tracks(source, audio, video);
}

// ---- the public calls

YODEL_API enum yodel_err yodel_source_open_test(yodel_runtime *runtime,
    const struct yodel_source_config *config, yodel_track **audio, yodel_track **video)
{
    static const struct yodel_source_config defaults;
    const struct yodel_source_config *asked = config ? config : &defaults;

    if (asked->width > YODEL_PICTURE_SIDE_MAX || asked->height > YODEL_PICTURE_SIDE_MAX ||
        (asked->width > 0 && asked->width < MEDIA_PATTERN_WIDTH_MIN) ||
        (asked->height > 0 && asked->height < MEDIA_PATTERN_HEIGHT_MIN) || asked->channels > 2 ||
        asked->frame_rate > SOURCE_FRAME_RATE_MAX) {
        return YODEL_ERR_RANGE;
    }
    struct source_config source = {
        .feed = feed_pattern_new(runtime_env(runtime)->alloc, asked), .label = "test pattern"};
    return source_open(runtime, &source, audio, video);
}
