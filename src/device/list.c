// Lists, once they are read: see the header.

#include "device/list.h"

#include <string.h>

static bool is_same(const struct device_entry *a, const struct device_entry *b)
{
    return a->kind == b->kind && a->is_default == b->is_default && strcmp(a->id, b->id) == 0 &&
           strcmp(a->label, b->label) == 0;
}

bool device_list_equal(const struct device_list *a, const struct device_list *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (!is_same(&a->entries[i], &b->entries[i])) {
            return false;
        }
    }
    return a->count == b->count;
}

const struct device_entry *device_list_find(
    const struct device_list *list, enum yodel_device_kind kind, const char *id)
{
    const struct device_entry *found = NULL;

    for (size_t i = 0; i < list->count; i++) {
        const struct device_entry *entry = &list->entries[i];
        if (entry->kind != kind || (id && strcmp(entry->id, id) != 0)) {
            continue;
        }
        if (!found || (entry->is_default && !found->is_default)) {
            found = entry;
        }
    }
    return found;
}
