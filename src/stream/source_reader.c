// Sources that read: files, cameras, microphones and screens, and which of these there are. The public calls.

#include <string.h>

#include "device/list.h"
#include "runtime/runtime.h"
#include "stream/source.h"

static struct device_reader_config wishes(const struct yodel_source_config *config)
{
    return (struct device_reader_config){.name = config->name,
        .width = config->width,
        .height = config->height,
        .frame_rate = config->frame_rate,
        .channels = config->channels,
        .has_no_audio = config->has_no_audio,
        .has_no_video = config->has_no_video};
}

static const char *last_part(const char *name)
{
    const char *slash = name ? strrchr(name, '/') : NULL;

    return slash && slash[1] ? slash + 1 : name ? name : "";
}

YODEL_API enum yodel_err yodel_source_open_file(yodel_runtime *runtime,
    const struct yodel_source_config *config, yodel_track **audio, yodel_track **video)
{
    struct device_reader_config reader = wishes(config);

    reader.has_no_audio = reader.has_no_audio || !audio;
    reader.has_no_video = reader.has_no_video || !video;
    struct source_config source = {
        .feed = feed_reader_new(runtime_env(runtime)->alloc, &reader, config->is_looped),
        .label = last_part(config->name)};
    return source_open(runtime, &source, audio, video);
}

// ---- devices

// Lists are long, for a stack.
static enum yodel_err read_list(struct device_list **list, enum yodel_device_kind kind)
{
    *list = alloc_new(alloc_system(), sizeof **list);
    return *list ? device_list_read(*list, kind) : YODEL_ERR_NO_MEMORY;
}

// What is there, and may be captured.
static enum yodel_err choose(struct device_entry *chosen, enum yodel_device_kind kind,
    const char *id, yodel_permission *permission, void *ctx)
{
    struct device_list *list;
    enum yodel_err err = read_list(&list, kind);
    const struct device_entry *found = err ? NULL : device_list_find(list, kind, id);

    if (found) {
        *chosen = *found;
    } else if (!err) {
        err = YODEL_ERR_NOT_FOUND;
    }
    alloc_free(alloc_system(), list);
    if (!err && (!permission || !permission(ctx, kind, chosen->label))) {
        err = YODEL_ERR_ABORTED;
    }
    return err;
}

YODEL_API enum yodel_err yodel_source_open_device(yodel_runtime *runtime,
    enum yodel_device_kind kind, const struct yodel_source_config *config,
    yodel_permission *permission, void *ctx, yodel_track **track)
{
    static const enum device_reader_kind kinds[] = {
        [YODEL_CAMERA] = DEVICE_READER_CAMERA,
        [YODEL_MICROPHONE] = DEVICE_READER_MICROPHONE,
        [YODEL_SCREEN] = DEVICE_READER_SCREEN,
    };
    static const struct yodel_source_config anything;
    const struct yodel_source_config *asked = config ? config : &anything;
    bool is_sound = kind == YODEL_MICROPHONE;
    struct device_entry entry;

    if (kind == YODEL_LOUDSPEAKER) {
        return YODEL_ERR_TYPE;
    }
    enum yodel_err err = choose(&entry, kind, asked->name, permission, ctx);
    if (err) {
        return err;
    }
    struct device_reader_config reader = wishes(asked);
    reader.kind = kinds[kind];
    reader.name = entry.id;
    reader.has_no_audio = reader.has_no_video = false;
    struct source_config source = {
        .feed = feed_reader_new(runtime_env(runtime)->alloc, &reader, false),
        .label = entry.label,
        .is_screen = kind == YODEL_SCREEN};
    return source_open(runtime, &source, is_sound ? track : NULL, is_sound ? NULL : track);
}

YODEL_API enum yodel_err yodel_device_list(enum yodel_device_kind kind,
    void (*visit)(void *ctx, const struct yodel_device *device), void *ctx)
{
    struct device_list *list;
    enum yodel_err err = read_list(&list, kind);

    for (size_t i = 0; !err && i < list->count; i++) {
        const struct device_entry *entry = &list->entries[i];
        struct yodel_device device = {kind, entry->id, entry->label, entry->is_default};
        visit(ctx, &device);
    }
    alloc_free(alloc_system(), list);
    return err;
}
