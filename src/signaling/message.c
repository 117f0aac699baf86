// Signaling messages: limits first, then jansson, then a table of which member each type needs.

#include "signaling/message.h"

enum members { NEEDS_ROOM = 1, NEEDS_TO = 2, NEEDS_DATA = 4, NEEDS_NUMBER = 8, MAY_NUMBER = 16 };

static const struct {
    const char *text;
    enum signaling_type type;
    unsigned members;
} types[] = {
    {"join", SIGNALING_JOIN, NEEDS_ROOM},
    {"leave", SIGNALING_LEAVE, 0},
    {"signal", SIGNALING_SIGNAL, NEEDS_TO | NEEDS_DATA},
    {"create-code", SIGNALING_CREATE_CODE, 0},
    {"use-code", SIGNALING_USE_CODE, NEEDS_NUMBER},
    {"reopen-code", SIGNALING_REOPEN_CODE, NEEDS_NUMBER},
    {"release-code", SIGNALING_RELEASE_CODE, NEEDS_NUMBER},
    {"unpair", SIGNALING_UNPAIR, MAY_NUMBER},
};

// Looks at brackets and commas outside strings, so that what jansson would recurse into or allocate
// for is bounded before it starts.
static bool is_within_limits(struct bytes text)
{
    unsigned depth = 0, values = 0;
    bool in_string = false;

    if (text.len > SIGNALING_TEXT_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            depth++;
            values++;
        } else if (c == ']' || c == '}') {
            depth -= depth > 0;
        } else if (c == ',') {
            values++;
        }
        if (depth > SIGNALING_DEPTH_MAX || values > SIGNALING_VALUES_MAX) {
            return false;
        }
    }
    return true;
}

json_t *signaling_message_read(struct bytes text)
{
    if (text.len == 0 || !is_within_limits(text)) {
        return NULL;
    }
    json_t *root = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (root && !json_is_object(root)) {
        json_decref(root);
        return NULL;
    }
    return root;
}

bool signaling_message_is_room(const char *name)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = strlen(name);

    return len >= 1 && len <= SIGNALING_ROOM_MAX && strspn(name, alphabet) == len;
}

// Only what is certainly harmless in a JSON string, a log and a web page is quoted back.
static void quote_type(struct signaling_message *message, const char *type)
{
    size_t len = strlen(type);

    if (len <= SIGNALING_TYPE_MAX && strspn(type, "abcdefghijklmnopqrstuvwxyz-") == len) {
        memcpy(message->type_text, type, len + 1);
    }
}

static enum yodel_err malformed(struct signaling_message *message, const char *why)
{
    message->why = why;
    return YODEL_ERR_MALFORMED;
}

static bool read_number(struct signaling_message *message)
{
    const json_t *number = json_object_get(message->root, "number");

    if (!json_is_integer(number)) {
        return false;
    }
    json_int_t value = json_integer_value(number);
    if (value < 1 || value > UINT32_MAX) {
        return false;
    }
    message->number = (uint32_t)value;
    return true;
}

static enum yodel_err read_members(struct signaling_message *message, unsigned members)
{
    message->room = json_string_value(json_object_get(message->root, "room"));
    message->to = json_string_value(json_object_get(message->root, "to"));
    message->data = json_object_get(message->root, "data");
    if (members & NEEDS_ROOM && !message->room) {
        return malformed(message, "room must be a string");
    }
    if (members & NEEDS_TO && !message->to) {
        return malformed(message, "to must be a string");
    }
    if (members & NEEDS_DATA && !message->data) {
        return malformed(message, "data is missing");
    }
    bool may_lack = members & MAY_NUMBER && !json_object_get(message->root, "number");
    if (members & (NEEDS_NUMBER | MAY_NUMBER) && !may_lack && !read_number(message)) {
        return malformed(message, "number must be a whole number from 1");
    }
    return YODEL_OK;
}

enum yodel_err signaling_message_parse(struct signaling_message *message, struct bytes text)
{
    *message = (struct signaling_message){.root = signaling_message_read(text)};
    if (!message->root) {
        return malformed(message, "a message is one JSON object of at most 64 KiB");
    }
    const char *type = json_string_value(json_object_get(message->root, "type"));
    if (!type) {
        return malformed(message, "type must be a string");
    }
    quote_type(message, type);
    for (size_t i = 0; i < COUNT(types); i++) {
        if (strcmp(type, types[i].text) == 0) {
            message->type = types[i].type;
            return read_members(message, types[i].members);
        }
    }
    return YODEL_OK;
}

void signaling_message_deinit(struct signaling_message *message)
{
    json_decref(message->root);
    *message = (struct signaling_message){0};
}
