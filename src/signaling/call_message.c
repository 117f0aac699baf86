// What members say: tables of words, and characters counted as a browser counts them.

#include "signaling/call_message.h"

#include "base/utf8.h"
#include "signaling/message.h"

#define UNKNOWN SIZE_MAX

static const char *const role_names[] = {"call", "publish", "play"};
static const char *const audio_names[] = {"on", "muted", "none"};
static const char *const video_names[] = {"camera", "screen", "off", "none"};
static const char *const type_names[] = {"state", "chat", "leave"};

const char *signaling_call_message_role_name(enum signaling_call_role role)
{
    return role_names[role];
}

const char *signaling_call_message_audio_name(enum signaling_call_audio audio)
{
    return audio_names[audio];
}

const char *signaling_call_message_video_name(enum signaling_call_video video)
{
    return video_names[video];
}

static size_t index_of(const json_t *value, const char *const names[], size_t count)
{
    const char *text = json_string_value(value);

    for (size_t i = 0; text && i < count; i++) {
        if (strcmp(text, names[i]) == 0) {
            return i;
        }
    }
    return UNKNOWN;
}

// ---- characters

// How many bytes the character at `i` has. `text` is UTF-8.
static size_t char_len(struct bytes text, size_t i)
{
    uint8_t first = text.ptr[i];

    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

// The longest beginning that has at most `max` characters: those of four bytes are two in UTF-16.
static struct bytes cut(struct bytes text, size_t max)
{
    size_t units = 0, i = 0;

    while (i < text.len) {
        size_t len = char_len(text, i);
        units += len == 4 ? 2 : 1;
        if (units > max) {
            break;
        }
        i += len;
    }
    return bytes_of(text.ptr, i);
}

static uint32_t char_at(struct bytes text, size_t i)
{
    size_t len = char_len(text, i);
    uint32_t value = len == 1 ? text.ptr[i] : text.ptr[i] & (0x7fu >> len);

    for (size_t k = 1; k < len; k++) {
        value = value << 6 | (text.ptr[i + k] & 0x3f);
    }
    return value;
}

// ECMA-262 WhiteSpace and LineTerminator: what String.prototype.trim takes away.
static bool is_blank(uint32_t c)
{
    static const uint32_t blanks[] = {
        ' ', 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff};

    for (size_t i = 0; i < COUNT(blanks); i++) {
        if (c == blanks[i]) {
            return true;
        }
    }
    return (c >= 0x09 && c <= 0x0d) || (c >= 0x2000 && c <= 0x200a);
}

static bool is_all_blank(struct bytes text)
{
    for (size_t i = 0; i < text.len; i += char_len(text, i)) {
        if (!is_blank(char_at(text, i))) {
            return false;
        }
    }
    return true;
}

// ---- who somebody is

bool signaling_call_message_is_id(const char *id)
{
    struct bytes text = bytes_of_text(id);

    return text.len > 0 && utf8_is_valid(text) && cut(text, SIGNALING_CALL_ID_MAX).len == text.len;
}

bool signaling_call_message_read_member(struct signaling_call_member *member, const json_t *json)
{
    const char *id = json_string_value(json_object_get(json, "id"));
    size_t role = index_of(json_object_get(json, "role"), role_names, COUNT(role_names));

    if (!id || !signaling_call_message_is_id(id)) {
        return false;
    }
    *member = (struct signaling_call_member){
        .role = role == UNKNOWN ? SIGNALING_CALL_ROLE_CALL : (enum signaling_call_role)role,
        .with = json_object_get(json, "with"),
    };
    memcpy(member->id, id, strlen(id) + 1);
    return true;
}

bool signaling_call_message_names(const struct signaling_call_member *member, const char *id)
{
    for (size_t i = 0; i < SIGNALING_CALL_WITH_MAX; i++) {
        const char *named = json_string_value(json_array_get(member->with, i));
        if (named && strcmp(named, id) == 0) {
            return true;
        }
    }
    return false;
}

// ---- the channel

static bool read_state(struct signaling_call_message *message)
{
    size_t audio =
        index_of(json_object_get(message->root, "audio"), audio_names, COUNT(audio_names));
    size_t video =
        index_of(json_object_get(message->root, "video"), video_names, COUNT(video_names));

    if (audio == UNKNOWN || video == UNKNOWN) {
        return false;
    }
    message->audio = (enum signaling_call_audio)audio;
    message->video = (enum signaling_call_video)video;
    return true;
}

static bool read_chat(struct signaling_call_message *message)
{
    const json_t *text = json_object_get(message->root, "text");

    if (!json_is_string(text)) {
        return false;
    }
    struct bytes whole = bytes_of(json_string_value(text), json_string_length(text));
    message->text = cut(whole, SIGNALING_CALL_CHAT_MAX);
    return !is_all_blank(whole);
}

static bool read_members(struct signaling_call_message *message)
{
    switch (message->type) {
    case SIGNALING_CALL_STATE:
        return read_state(message);
    case SIGNALING_CALL_CHAT:
        return read_chat(message);
    case SIGNALING_CALL_LEAVE:
        return true;
    }
    return false;
}

enum yodel_err signaling_call_message_parse(
    struct signaling_call_message *message, struct bytes text)
{
    struct signaling_call_message read = {.root = signaling_message_read(text)};
    size_t type = index_of(json_object_get(read.root, "type"), type_names, COUNT(type_names));

    if (type != UNKNOWN) {
        read.type = (enum signaling_call_type)type;
        if (read_members(&read)) {
            *message = read;
            return YODEL_OK;
        }
    }
    json_decref(read.root);
    return YODEL_ERR_MALFORMED;
}

void signaling_call_message_deinit(struct signaling_call_message *message)
{
    json_decref(message->root);
    *message = (struct signaling_call_message){0};
}

static bool is_text(struct bytes text)
{
    return text.len == 0 || (utf8_is_valid(text) && !memchr(text.ptr, 0, text.len));
}

static json_t *pack(const struct signaling_call_message *message)
{
    const char *type = type_names[message->type];
    struct bytes text = cut(message->text, SIGNALING_CALL_CHAT_MAX);

    switch (message->type) {
    case SIGNALING_CALL_STATE:
        return json_pack("{s:s, s:s, s:s}", "type", type, "audio", audio_names[message->audio],
            "video", video_names[message->video]);
    case SIGNALING_CALL_CHAT:
        return json_pack("{s:s, s:o}", "type", type, "text",
            json_stringn(text.len > 0 ? (const char *)text.ptr : "", text.len));
    case SIGNALING_CALL_LEAVE:
        return json_pack("{s:s}", "type", type);
    }
    return NULL;
}

enum yodel_err signaling_call_message_write(
    const struct signaling_call_message *message, struct span room, size_t *len)
{
    if (message->type == SIGNALING_CALL_CHAT && !is_text(message->text)) {
        return YODEL_ERR_SYNTAX;
    }
    json_t *json = pack(message);
    if (!json) {
        return YODEL_ERR_NO_MEMORY;
    }
    size_t needed = json_dumpb(json, (char *)room.ptr, room.len, JSON_COMPACT);
    json_decref(json);
    if (needed == 0 || needed > room.len) {
        return needed == 0 ? YODEL_ERR_NO_MEMORY : YODEL_ERR_TOO_LARGE;
    }
    *len = needed;
    return YODEL_OK;
}
