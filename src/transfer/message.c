// The transfer's control messages, through jansson.
//
// Implements  docs/TRANSFER.md

#include "transfer/message.h"

#include <jansson.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/hex.h"

static const char *const type_names[] = {
    [TRANSFER_OFFER] = "offer",
    [TRANSFER_ACCEPT] = "accept",
    [TRANSFER_DECLINE] = "decline",
    [TRANSFER_ITEM] = "item",
    [TRANSFER_END] = "end",
    [TRANSFER_SAVED] = "saved",
    [TRANSFER_PROGRESS] = "progress",
    [TRANSFER_DONE] = "done",
    [TRANSFER_ABORT] = "abort",
};

// A number of bytes, or of seconds. `if_absent` stands for a member that is null or not there.
static bool get_size(const json_t *object, const char *name, int64_t if_absent, int64_t *value)
{
    const json_t *member = json_object_get(object, name);

    if (!member || json_is_null(member)) {
        *value = if_absent;
        return if_absent != INT64_MIN;
    }
    *value = json_integer_value(member);
    return json_is_integer(member) && *value >= 0 && *value <= TRANSFER_SIZE_MAX;
}

static bool get_index(const json_t *object, uint32_t *index)
{
    int64_t value;

    if (!get_size(object, "item", INT64_MIN, &value) || value >= TRANSFER_ITEMS_MAX) {
        return false;
    }
    *index = (uint32_t)value;
    return true;
}

static bool get_sha256(const json_t *object, uint8_t sha256[TRANSFER_SHA256_SIZE])
{
    const char *text = json_string_value(json_object_get(object, "sha256"));

    size_t len = 0;

    return text && strlen(text) == 2 * TRANSFER_SHA256_SIZE &&
           hex_parse(span_of(sha256, TRANSFER_SHA256_SIZE), bytes_of_text(text), &len) == YODEL_OK;
}

// Text for a person: missing is empty, long is cut.
static void get_text(const json_t *object, const char *name, char *room, size_t len)
{
    const char *text = json_string_value(json_object_get(object, name));

    (void)snprintf(room, len, "%s", text ? text : "");
}

static bool parse_item(struct transfer_item *item, const json_t *object)
{
    const json_t *path = json_object_get(object, "path");
    const char *kind = json_string_value(json_object_get(object, "kind"));
    size_t len = json_string_length(path);

    if (!json_is_string(path) || !kind || !get_size(object, "size", -1, &item->size) ||
        !get_size(object, "modified", -1, &item->modified)) {
        return false;
    }
    item->is_folder = strcmp(kind, "folder") == 0;
    if (!item->is_folder && strcmp(kind, "file") != 0) {
        return false;
    }
    item->path = alloc_new(alloc_system(), len + 1);
    if (!item->path) {
        return false;
    }
    memcpy(item->path, json_string_value(path), len);
    item->path_len = len;
    return true;
}

static bool parse_items(struct transfer_message *message, const json_t *root)
{
    const json_t *array = json_object_get(root, "items");
    size_t count = json_array_size(array);

    if (!json_is_array(array) || count > TRANSFER_ITEMS_MAX ||
        !get_size(root, "total", -1, &message->offset)) {
        return false;
    }
    message->more = json_is_true(json_object_get(root, "more"));
    if (count == 0) {
        return true;
    }
    message->items = alloc_new(alloc_system(), count * sizeof *message->items);
    if (!message->items) {
        return false;
    }
    message->item_count = count;
    for (size_t i = 0; i < count; i++) {
        if (!parse_item(&message->items[i], json_array_get(array, i))) {
            return false;
        }
    }
    return true;
}

static bool parse_resumes(struct transfer_message *message, const json_t *root)
{
    const json_t *array = json_object_get(root, "resume");
    size_t count = json_array_size(array);

    if (count == 0) {
        return true;
    }
    message->resumes = alloc_new(alloc_system(), count * sizeof *message->resumes);
    if (!message->resumes || count > TRANSFER_ITEMS_MAX) {
        return false;
    }
    message->resume_count = count;
    for (size_t i = 0; i < count; i++) {
        struct transfer_resume *resume = &message->resumes[i];
        const json_t *object = json_array_get(array, i);

        if (!get_index(object, &resume->item) ||
            !get_size(object, "offset", INT64_MIN, &resume->offset) ||
            !get_sha256(object, resume->sha256)) {
            return false;
        }
    }
    return true;
}

static bool parse_members(struct transfer_message *message, const json_t *root)
{
    switch (message->type) {
    case TRANSFER_OFFER:
        return parse_items(message, root);
    case TRANSFER_ACCEPT:
        return parse_resumes(message, root);
    case TRANSFER_DECLINE:
        get_text(root, "reason", message->text, sizeof message->text);
        return true;
    case TRANSFER_ITEM:
        return get_index(root, &message->item) &&
               get_size(root, "offset", INT64_MIN, &message->offset);
    case TRANSFER_END:
        return get_index(root, &message->item) &&
               get_size(root, "size", INT64_MIN, &message->offset) &&
               get_sha256(root, message->sha256);
    case TRANSFER_SAVED:
        return get_index(root, &message->item);
    case TRANSFER_PROGRESS:
        return get_size(root, "bytes", INT64_MIN, &message->offset);
    case TRANSFER_DONE:
        return true;
    case TRANSFER_ABORT:
        get_text(root, "code", message->code, sizeof message->code);
        get_text(root, "text", message->text, sizeof message->text);
        return true;
    }
    return false;
}

enum yodel_err transfer_message_parse(struct transfer_message *message, struct bytes text)
{
    struct transfer_message parsed = {0};
    enum yodel_err err = YODEL_ERR_MALFORMED;

    if (text.len == 0 || text.len > TRANSFER_MESSAGE_MAX) {
        return YODEL_ERR_MALFORMED;
    }
    json_t *root =
        json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    const char *name = json_string_value(json_object_get(root, "type"));
    if (name) {
        size_t type = 0;

        while (type < COUNT(type_names) && strcmp(type_names[type], name) != 0) {
            type++;
        }
        parsed.type = (enum transfer_type)type;
        err = type == COUNT(type_names)      ? YODEL_ERR_FOREIGN
              : parse_members(&parsed, root) ? YODEL_OK
                                             : YODEL_ERR_MALFORMED;
    }
    json_decref(root);
    if (err == YODEL_OK) {
        *message = parsed;
    } else {
        transfer_message_deinit(&parsed);
    }
    return err;
}

void transfer_message_deinit(struct transfer_message *message)
{
    for (size_t i = 0; i < message->item_count; i++) {
        alloc_free(alloc_system(), message->items[i].path);
    }
    alloc_free(alloc_system(), message->items);
    alloc_free(alloc_system(), message->resumes);
    *message = (struct transfer_message){0};
}

// ---- writing

static json_t *size_or_null(int64_t size)
{
    return size < 0 ? json_null() : json_integer(size);
}

static json_t *sha256_text(const uint8_t sha256[TRANSFER_SHA256_SIZE])
{
    char text[2 * TRANSFER_SHA256_SIZE];
    struct writer w = writer_of(span_of(text, sizeof text));

    hex_write(&w, bytes_of(sha256, TRANSFER_SHA256_SIZE));
    return json_stringn(text, sizeof text);
}

static json_t *write_items(const struct transfer_message *message)
{
    json_t *array = json_array();

    for (size_t i = 0; i < message->item_count; i++) {
        const struct transfer_item *item = &message->items[i];
        json_t *object = json_pack("{s:s%, s:s}", "path", item->path, item->path_len, "kind",
            item->is_folder ? "folder" : "file");

        if (!item->is_folder) {
            json_object_set_new(object, "size", size_or_null(item->size));
        }
        if (item->modified >= 0) {
            json_object_set_new(object, "modified", json_integer(item->modified));
        }
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *write_resumes(const struct transfer_message *message)
{
    json_t *array = json_array();

    for (size_t i = 0; i < message->resume_count; i++) {
        const struct transfer_resume *resume = &message->resumes[i];

        json_array_append_new(
            array, json_pack("{s:i, s:I, s:o}", "item", (int)resume->item, "offset",
                       (json_int_t)resume->offset, "sha256", sha256_text(resume->sha256)));
    }
    return array;
}

static void write_members(json_t *root, const struct transfer_message *message)
{
    switch (message->type) {
    case TRANSFER_OFFER:
        json_object_set_new(root, "version", json_integer(1));
        json_object_set_new(root, "items", write_items(message));
        json_object_set_new(root, "total", size_or_null(message->offset));
        if (message->more) {
            json_object_set_new(root, "more", json_true());
        }
        break;
    case TRANSFER_ACCEPT:
        json_object_set_new(root, "resume", write_resumes(message));
        break;
    case TRANSFER_DECLINE:
        json_object_set_new(root, "reason", json_string(message->text));
        break;
    case TRANSFER_ITEM:
        json_object_set_new(root, "item", json_integer(message->item));
        json_object_set_new(root, "offset", json_integer(message->offset));
        break;
    case TRANSFER_END:
        json_object_set_new(root, "item", json_integer(message->item));
        json_object_set_new(root, "size", json_integer(message->offset));
        json_object_set_new(root, "sha256", sha256_text(message->sha256));
        break;
    case TRANSFER_SAVED:
        json_object_set_new(root, "item", json_integer(message->item));
        break;
    case TRANSFER_PROGRESS:
        json_object_set_new(root, "bytes", json_integer(message->offset));
        break;
    case TRANSFER_DONE:
        break;
    case TRANSFER_ABORT:
        json_object_set_new(root, "code", json_string(message->code));
        json_object_set_new(root, "text", json_string(message->text));
        break;
    }
}

char *transfer_message_write(const struct transfer_message *message)
{
    json_t *root = json_object();

    json_object_set_new(root, "type", json_string(type_names[message->type]));
    write_members(root, message);
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

void transfer_text_free(char *text)
{
    // jansson's own allocator made it, which is the system's.
    alloc_free(alloc_system(), text);
}
