// The list, of libavdevice and SDL: see the header.

#include <libavdevice/avdevice.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/libav.h"
#include "device/list.h"
#include "device/speaker.h"

// What is too long is left out: an id that was cut would be another's.
static void add(struct device_list *list, const struct device_entry *entry)
{
    if (list->count < DEVICE_LIST_MAX) {
        list->entries[list->count++] = *entry;
    }
}

// Cameras of USB have a second node, for what is not pictures; its index is not 0.
static bool is_second_node(const char *path)
{
    char name[DEVICE_LIST_ID_MAX];
    const char *node = strrchr(path, '/');
    FILE *file;
    int index;

    (void)snprintf(name, sizeof name, "/sys/class/video4linux%s/index", node ? node : "/");
    file = fopen(name, "re");
    if (!file) {
        return false;
    }
    index = fgetc(file);
    (void)fclose(file);
    return index != EOF && index != '0';
}

static void add_all(struct device_list *list, enum yodel_device_kind kind, const char *prefix,
    const AVDeviceInfoList *infos)
{
    for (int i = 0; i < infos->nb_devices; i++) {
        const AVDeviceInfo *info = infos->devices[i];
        struct device_entry entry = {.kind = kind, .is_default = i == infos->default_device};
        int len = snprintf(entry.id, sizeof entry.id, "%s%s", prefix, info->device_name);
        (void)snprintf(entry.label, sizeof entry.label, "%s", info->device_description);
        if (len > 0 && (size_t)len < sizeof entry.id &&
            !(kind == YODEL_CAMERA && is_second_node(info->device_name))) {
            add(list, &entry);
        }
    }
}

// Returns whether there was somebody to be asked.
static bool read_inputs(
    struct device_list *list, enum yodel_device_kind kind, const char *format, const char *prefix)
{
    const AVInputFormat *input = av_find_input_format(format);
    AVDeviceInfoList *infos = NULL;
    bool is_answered = input && avdevice_list_input_sources(input, NULL, NULL, &infos) >= 0;

    if (infos) {
        add_all(list, kind, prefix, infos);
    }
    avdevice_free_list_devices(&infos);
    return is_answered;
}

static void add_loudspeaker(void *ctx, const char *name)
{
    struct device_list *list = ctx;
    struct device_entry entry = {.kind = YODEL_LOUDSPEAKER};
    int len = snprintf(entry.id, sizeof entry.id, "%s", name);

    (void)snprintf(entry.label, sizeof entry.label, "%s", name);
    if (len > 0 && (size_t)len < sizeof entry.id) {
        add(list, &entry);
    }
}

static void add_screen(struct device_list *list)
{
    const char *display = getenv("DISPLAY");
    struct device_entry entry = {.kind = YODEL_SCREEN, .is_default = true};

    if (display && display[0] && strlen(display) < DEVICE_LIST_LABEL_MAX / 2) {
        (void)snprintf(entry.id, sizeof entry.id, "%s", display);
        (void)snprintf(entry.label, sizeof entry.label, "Screen %s", display);
        add(list, &entry);
    }
}

enum yodel_err device_list_read(struct device_list *list, enum yodel_device_kind kind)
{
    list->count = 0;
    avdevice_register_all();
    device_libav_quiet();
    switch (kind) {
    case YODEL_CAMERA:
        (void)read_inputs(list, kind, "v4l2", "");
        break;
    case YODEL_MICROPHONE:
        if (!read_inputs(list, kind, "pulse", "")) {
            (void)read_inputs(list, kind, "alsa", DEVICE_LIST_ALSA);
        }
        break;
    case YODEL_SCREEN:
        add_screen(list);
        break;
    case YODEL_LOUDSPEAKER:
        device_speaker_list(add_loudspeaker, list);
        break;
    }
    return YODEL_OK;
}
