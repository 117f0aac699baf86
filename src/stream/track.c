// Tracks: see the headers. What is stopped or unheard while its source gives is swept away afterwards, so that
// listeners may do anything.

#include "stream/track.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

struct listener {
    struct list_node link;
    yodel_track_listener *call; // NULL: to be swept away.
    void *ctx;
};

struct yodel_track {
    struct list_node link;
    struct track_source *source;
    struct list listeners;
    bool is_enabled;
    bool is_stopped;
};

// ---- sources

void track_source_init(struct track_source *source, const struct track_source_ops *ops,
    struct alloc *alloc, enum yodel_media_kind kind, const char *label)
{
    *source = (struct track_source){.ops = ops, .alloc = alloc, .kind = kind};
    (void)snprintf(source->label, sizeof source->label, "%s", label);
    list_init(&source->tracks);
    media_picture_init(&source->black, alloc);
}

yodel_track *track_new(struct track_source *source)
{
    yodel_track *track = alloc_new(source->alloc, sizeof *track);

    if (track) {
        track->source = source;
        track->is_enabled = true;
        list_init(&track->listeners);
        list_push_back(&source->tracks, &track->link);
    }
    return track;
}

static void count_listeners(struct track_source *source, size_t count)
{
    bool was_listened = source->listener_count > 0;

    source->listener_count = count;
    if (was_listened != (count > 0) && source->ops->listened && !source->has_ended) {
        source->ops->listened(source, count > 0);
    }
}

static void sweep_listeners(yodel_track *track)
{
    struct list_node *next;

    for (struct list_node *node = track->listeners.end.next; node != &track->listeners.end;
         node = next) {
        struct listener *listener = CONTAINER_OF(node, struct listener, link);
        next = node->next;
        if (!listener->call || track->is_stopped) {
            list_remove(node);
            alloc_free(track->source->alloc, listener);
        }
    }
}

// The source may be gone afterwards.
static void sweep(struct track_source *source)
{
    struct list_node *next;

    if (source->busy > 0) {
        return;
    }
    for (struct list_node *node = source->tracks.end.next; node != &source->tracks.end;
         node = next) {
        yodel_track *track = CONTAINER_OF(node, yodel_track, link);
        next = node->next;
        sweep_listeners(track);
        if (track->is_stopped) {
            list_remove(node);
            alloc_free(source->alloc, track);
        }
    }
    if (list_is_empty(&source->tracks)) {
        media_picture_deinit(&source->black);
        source->ops->free(source);
    }
}

static void tell_track(yodel_track *track, const struct yodel_track_event *event)
{
    for (struct list_node *node = track->listeners.end.next; node != &track->listeners.end;
         node = node->next) {
        struct listener *listener = CONTAINER_OF(node, struct listener, link);
        if (listener->call && !track->is_stopped) {
            listener->call(listener->ctx, track, event);
        }
    }
}

static void tell(struct track_source *source, const struct yodel_track_event *event,
    const struct yodel_track_event *to_disabled)
{
    source->busy++;
    for (struct list_node *node = source->tracks.end.next; node != &source->tracks.end;
         node = node->next) {
        yodel_track *track = CONTAINER_OF(node, yodel_track, link);
        tell_track(track, track->is_enabled ? event : to_disabled);
    }
    source->busy--;
    sweep(source);
}

static const struct yodel_picture *black(
    struct track_source *source, const struct yodel_picture *like)
{
    struct media_picture *picture = &source->black;

    if (picture->view.width != like->width || picture->view.height != like->height) {
        if (media_picture_resize(picture, like->width, like->height)) {
            return NULL;
        }
        for (int plane = 0; plane < 3; plane++) {
            size_t len =
                (size_t)picture->view.strides[plane] * media_plane_height(&picture->view, plane);
            memset(picture->planes[plane], plane == 0 ? 16 : 128, len);
        }
    }
    return &picture->view;
}

static bool has_disabled(const struct track_source *source)
{
    for (const struct list_node *node = source->tracks.end.next; node != &source->tracks.end;
         node = node->next) {
        if (!CONTAINER_OF(node, const yodel_track, link)->is_enabled) {
            return true;
        }
    }
    return false;
}

// §4.3.1: what a track that is not enabled gives.
static bool make_nothing(
    struct track_source *source, struct yodel_raw *raw, const int16_t silence[])
{
    if (raw->kind == YODEL_AUDIO) {
        raw->sound.samples = silence;
        return true;
    }
    const struct yodel_picture *picture = black(source, &raw->picture);
    if (picture) {
        raw->picture = *picture;
    }
    return picture;
}

void track_source_give(struct track_source *source, const struct yodel_raw *raw, uint16_t rotation)
{
    static const int16_t silence[YODEL_SOUND_SAMPLES_MAX * 2];
    struct yodel_raw nothing = *raw;
    struct yodel_track_event event = {.type = YODEL_TRACK_RAW, .raw = raw, .rotation = rotation};
    struct yodel_track_event disabled = event;

    YODEL_ASSERT(!source->has_ended && raw->kind == source->kind);
    if (raw->kind == YODEL_VIDEO) {
        source->settings.width = raw->picture.width;
        source->settings.height = raw->picture.height;
    } else {
        YODEL_ASSERT(raw->sound.count <= YODEL_SOUND_SAMPLES_MAX);
        source->settings.channels = raw->sound.channels;
    }
    if (has_disabled(source) && make_nothing(source, &nothing, silence)) {
        disabled.raw = &nothing;
    }
    tell(source, &event, &disabled);
}

void track_source_mute(struct track_source *source, bool is_muted)
{
    if (source->is_muted != is_muted && !source->has_ended) {
        struct yodel_track_event event = {.type = is_muted ? YODEL_TRACK_MUTE : YODEL_TRACK_UNMUTE};
        source->is_muted = is_muted;
        tell(source, &event, &event);
    }
}

void track_source_end(struct track_source *source, const char *text)
{
    if (!source->has_ended) {
        struct yodel_track_event event = {.type = YODEL_TRACK_ENDED, .text = text};
        source->has_ended = true;
        tell(source, &event, &event);
    }
}

// ---- tracks

YODEL_API enum yodel_media_kind yodel_track_kind(const yodel_track *track)
{
    return track->source->kind;
}

YODEL_API const char *yodel_track_label(const yodel_track *track)
{
    return track->source->label;
}

YODEL_API bool yodel_track_is_muted(const yodel_track *track)
{
    return track->source->is_muted;
}

YODEL_API bool yodel_track_has_ended(const yodel_track *track)
{
    return track->source->has_ended;
}

YODEL_API struct yodel_track_settings yodel_track_settings(const yodel_track *track)
{
    return track->source->settings;
}

YODEL_API bool yodel_track_is_screen(const yodel_track *track)
{
    return track->source->is_screen;
}

YODEL_API bool yodel_track_is_enabled(const yodel_track *track)
{
    return track->is_enabled;
}

YODEL_API void yodel_track_set_enabled(yodel_track *track, bool is_enabled)
{
    track->is_enabled = is_enabled;
}

YODEL_API enum yodel_err yodel_track_listen(
    yodel_track *track, yodel_track_listener *call, void *ctx)
{
    if (track->source->has_ended) {
        return YODEL_ERR_INVALID_STATE;
    }
    struct listener *listener = alloc_new(track->source->alloc, sizeof *listener);
    if (!listener) {
        return YODEL_ERR_NO_MEMORY;
    }
    *listener = (struct listener){.call = call, .ctx = ctx};
    list_push_back(&track->listeners, &listener->link);
    count_listeners(track->source, track->source->listener_count + 1);
    return YODEL_OK;
}

YODEL_API void yodel_track_unlisten(yodel_track *track, yodel_track_listener *call, void *ctx)
{
    for (struct list_node *node = track->listeners.end.next; node != &track->listeners.end;
         node = node->next) {
        struct listener *listener = CONTAINER_OF(node, struct listener, link);
        if (listener->call == call && listener->ctx == ctx) {
            listener->call = NULL;
            count_listeners(track->source, track->source->listener_count - 1);
            sweep(track->source);
            return;
        }
    }
}

YODEL_API yodel_track *yodel_track_clone(yodel_track *track)
{
    yodel_track *clone = track->source->has_ended ? NULL : track_new(track->source);

    if (clone) {
        clone->is_enabled = track->is_enabled; // §4.3.3: with its state.
    }
    return clone;
}

YODEL_API void yodel_track_stop(yodel_track *track)
{
    if (track && !track->is_stopped) {
        size_t heard = 0;
        for (struct list_node *node = track->listeners.end.next; node != &track->listeners.end;
             node = node->next) {
            heard += CONTAINER_OF(node, struct listener, link)->call ? 1 : 0;
        }
        track->is_stopped = true;
        count_listeners(track->source, track->source->listener_count - heard);
        sweep(track->source);
    }
}
