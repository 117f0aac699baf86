// Names: what a sender calls its files, made harmless.
//
// Implements  docs/TRANSFER.md, Names

#include "transfer/name.h"

#include <stdio.h>
#include <strings.h>

#include "base/utf8.h"

// Characters that turn the direction of writing, so that "exe.gpj" reads as "jpg.exe", and others
// that are not seen: U+200B-U+200F, U+202A-U+202E, U+2060-U+2069, U+FEFF.
static bool is_unseen(uint32_t c)
{
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

// The next character of `text`, which is valid UTF-8, and how long it is.
static uint32_t decode(struct bytes text, size_t *len)
{
    const uint8_t *p = text.ptr;

    *len = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    switch (*len) {
    case 1:
        return p[0];
    case 2:
        return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    case 3:
        return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    default:
        return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
               (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
    }
}

// Windows gives these a meaning of their own, with any extension.
static bool is_device(const char *part, size_t len)
{
    static const char *const devices[] = {"CON", "PRN", "AUX", "NUL", "COM", "LPT"};
    size_t stem = 0;

    while (stem < len && part[stem] != '.') {
        stem++;
    }
    for (size_t i = 0; i < COUNT(devices); i++) {
        bool has_digit = i >= 4;
        if (stem == (has_digit ? 4u : 3u) && strncasecmp(part, devices[i], 3) == 0 &&
            (!has_digit || (part[3] >= '1' && part[3] <= '9'))) {
            return true;
        }
    }
    return false;
}

// Copies the good characters of one part, others as "_".
static void put_part(struct writer *w, struct bytes part)
{
    while (part.len > 0) {
        size_t len;
        uint32_t c = decode(part, &len);

        if (is_control(c) || is_unseen(c) || c == '\\' || c == ':' || c == '*' || c == '?' ||
            c == '"' || c == '<' || c == '>' || c == '|') {
            put_u8(w, '_');
        } else {
            put_bytes(w, bytes_of(part.ptr, len));
        }
        part = bytes_sub(part, len, part.len);
    }
}

// Shortens a part to TRANSFER_NAME_PART_MAX, keeping a short extension, between characters.
static size_t cut_part(char *part, size_t len)
{
    size_t dot = len;

    if (len <= TRANSFER_NAME_PART_MAX) {
        return len;
    }
    while (dot > 0 && part[dot - 1] != '.') {
        dot--;
    }
    size_t tail = dot > 1 && len - dot + 1 <= 16 ? len - dot + 1 : 0;
    size_t keep = TRANSFER_NAME_PART_MAX - tail;
    while (keep > 0 && ((uint8_t)part[keep] & 0xc0) == 0x80) {
        keep--;
    }
    memmove(part + keep, part + len - tail, tail);
    return keep + tail;
}

// Writes one part of the path; false where it can only be meant badly.
static bool put_safe_part(struct writer *w, struct bytes part)
{
    char room[TRANSFER_NAME_PATH_MAX];
    struct writer mended = writer_of(span_of(room, sizeof room));

    if (part.len == 0 || (part.len == 1 && part.ptr[0] == '.')) {
        return true; // "a//b" and "a/./b" are "a/b".
    }
    if (part.len == 2 && part.ptr[0] == '.' && part.ptr[1] == '.') {
        return false;
    }
    if (w->len > 0) {
        put_u8(w, '/');
    }
    if (is_device((const char *)part.ptr, part.len)) {
        put_u8(&mended, '_');
    }
    put_part(&mended, part);
    if (mended.failed) {
        return false;
    }
    size_t len = cut_part(room, mended.len);
    if (room[len - 1] == '.' || room[len - 1] == ' ') {
        room[len - 1] = '_';
    }
    put_bytes(w, bytes_of(room, len));
    return true;
}

enum yodel_err transfer_name_make_safe(struct bytes path, char safe[TRANSFER_NAME_PATH_MAX])
{
    struct writer w = writer_of(span_of(safe, TRANSFER_NAME_PATH_MAX - 1));
    unsigned depth = 0;

    if (path.len == 0 || path.len >= TRANSFER_NAME_PATH_MAX || path.ptr[0] == '/' ||
        memchr(path.ptr, '\0', path.len) || !utf8_is_valid(path)) {
        return YODEL_ERR_TYPE;
    }
    while (path.len > 0) {
        const uint8_t *slash = memchr(path.ptr, '/', path.len);
        size_t len = slash ? (size_t)(slash - path.ptr) : path.len;

        if (++depth > TRANSFER_NAME_DEPTH_MAX || !put_safe_part(&w, bytes_sub(path, 0, len))) {
            return YODEL_ERR_TYPE;
        }
        path = bytes_sub(path, len + 1, path.len);
    }
    if (w.failed || w.len == 0) {
        return YODEL_ERR_TYPE;
    }
    safe[w.len] = '\0';
    return YODEL_OK;
}

enum yodel_err transfer_name_number(
    const char *path, unsigned number, char numbered[TRANSFER_NAME_PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t stem = dot && dot != name ? (size_t)(dot - path) : strlen(path);
    int len = snprintf(
        numbered, TRANSFER_NAME_PATH_MAX, "%.*s (%u)%s", (int)stem, path, number, path + stem);

    return len < 0 || len >= TRANSFER_NAME_PATH_MAX ? YODEL_ERR_TOO_LARGE : YODEL_OK;
}

void transfer_name_show(struct bytes text, char *shown, size_t room)
{
    struct writer w = writer_of(span_of(shown, room - 1));
    bool is_valid = utf8_is_valid(text);

    while (text.len > 0) {
        size_t len = 1;
        uint32_t c = is_valid ? decode(text, &len) : text.ptr[0] < 0x80 ? text.ptr[0] : 0;

        if (writer_left(&w) < len) {
            break;
        }
        if (is_control(c) || is_unseen(c)) {
            put_u8(&w, '?');
        } else {
            put_bytes(&w, bytes_of(text.ptr, len));
        }
        text = bytes_sub(text, len, text.len);
    }
    shown[w.len] = '\0';
}
