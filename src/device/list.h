// List: which cameras, microphones, loudspeakers and screens there are. enumerateDevices.
//
// Ownership   values only
// Threads     the loop's: loudspeakers are SDL's. Reading asks the sound server, and takes some milliseconds
// Limits      DEVICE_LIST_MAX; what is more, or has a longer id, is left out

#ifndef DEVICE_LIST_H
#define DEVICE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/port.h"
#include "yodel/media.h"

#define DEVICE_LIST_MAX 64
#define DEVICE_LIST_ID_MAX 256
#define DEVICE_LIST_LABEL_MAX 128
#define DEVICE_LIST_ALSA "alsa:" // What the ids of ALSA's begin with; others are PulseAudio's.

struct device_entry {
    enum yodel_device_kind kind;
    bool is_default; // Of its kind.
    char id[DEVICE_LIST_ID_MAX];
    char label[DEVICE_LIST_LABEL_MAX];
};

struct device_list {
    size_t count;
    struct device_entry entries[DEVICE_LIST_MAX];
};

// Those of one kind. A screen is X11's, by DISPLAY; a camera is not there without the permission to open it. Fails with
// NOT_SUPPORTED (built without devices); then there are none.
YODEL_MUST_USE enum yodel_err device_list_read(
    struct device_list *list, enum yodel_device_kind kind);

// Nothing came, went or became the default one.
bool device_list_equal(const struct device_list *a, const struct device_list *b);

// That with this id, or, where it is NULL, the default one, or the first; NULL: there is none.
const struct device_entry *device_list_find(
    const struct device_list *list, enum yodel_device_kind kind, const char *id);

#endif
