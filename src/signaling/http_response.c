// HTTP answers, as they come.

#include "signaling/http_response.h"

#include "base/port.h"

#define ROOM_FIRST 4096 // Of the body; it doubles.

void signaling_http_response_init(struct signaling_http_response *response, struct alloc *alloc)
{
    *response = (struct signaling_http_response){.alloc = alloc};
}

void signaling_http_response_deinit(struct signaling_http_response *response)
{
    alloc_free(response->alloc, response->head);
    alloc_free(response->alloc, response->room);
    signaling_http_response_init(response, response->alloc);
}

static void fail(struct signaling_http_response *response, const char *why)
{
    response->state = SIGNALING_HTTP_FAILED;
    response->why = why;
}

static void finish(struct signaling_http_response *response)
{
    response->state = SIGNALING_HTTP_DONE;
    response->body = bytes_of(response->room, response->body_len);
}

// ---- texts

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool equals(struct bytes text, const char *wanted)
{
    size_t len = strlen(wanted);

    for (size_t i = 0; i < len; i++) {
        if (i >= text.len || lower(text.ptr[i]) != (uint8_t)wanted[i]) {
            return false;
        }
    }
    return text.len == len;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static struct bytes trim(struct bytes text)
{
    while (text.len > 0 && is_space(text.ptr[0])) {
        text = bytes_sub(text, 1, text.len);
    }
    while (text.len > 0 && is_space(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

static bool is_in(uint8_t c, uint8_t first, uint8_t last)
{
    return c >= first && c <= last;
}

// Digits and nothing else, in base 10 or 16; what does not fit is no number.
static bool parse_number(struct bytes text, uint32_t base, uint64_t *number)
{
    uint64_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = lower(text.ptr[i]);
        bool is_letter = base == 16 && is_in(c, 'a', 'f');
        if (!is_letter && !is_in(c, '0', '9')) {
            return false;
        }
        value = value * base + (is_letter ? c - 'a' + 10u : c - (uint32_t)'0');
        if (value > UINT32_MAX) {
            return false;
        }
    }
    *number = value;
    return text.len > 0;
}

// The next line of `rest`, without its end.
static struct bytes take_line(struct bytes *rest)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
    size_t len = end ? (size_t)(end - rest->ptr) : rest->len;
    struct bytes line = bytes_sub(*rest, 0, len);

    *rest = bytes_sub(*rest, len + 1, rest->len);
    line.len -= line.len > 0 && line.ptr[line.len - 1] == '\r';
    return line;
}

struct bytes signaling_http_response_find(
    const struct signaling_http_response *response, const char *name, uint32_t index)
{
    for (uint32_t i = 0; i < response->field_count; i++) {
        if (equals(response->fields[i].name, name) && index-- == 0) {
            return response->fields[i].value;
        }
    }
    return (struct bytes){0};
}

// ---- the head

// HTTP/1.1 201 Created        RFC 9112 §4
// 0        9  12
static bool parse_status(struct signaling_http_response *response, struct bytes line)
{
    uint64_t status = 0;
    bool is_status = line.len >= 12 && memcmp(line.ptr, "HTTP/1.", 7) == 0 && line.ptr[8] == ' ' &&
                     is_in(line.ptr[7], '0', '9') &&
                     parse_number(bytes_sub(line, 9, 3), 10, &status) &&
                     (line.len == 12 || line.ptr[12] == ' ');

    response->status = (uint32_t)status;
    return is_status && status >= 100 && status <= 599;
}

static bool parse_field(struct signaling_http_response *response, struct bytes line)
{
    const uint8_t *colon = line.len > 0 ? memchr(line.ptr, ':', line.len) : NULL;
    struct bytes name = bytes_sub(line, 0, colon ? (size_t)(colon - line.ptr) : 0);

    // RFC 9112 §5.1: no space before the colon; §5.2: and folded lines are of the past.
    if (name.len == 0 || is_space(name.ptr[0]) || is_space(name.ptr[name.len - 1]) ||
        memchr(line.ptr, '\0', line.len) || response->field_count == SIGNALING_HTTP_FIELDS_MAX) {
        return false;
    }
    response->fields[response->field_count++] = (struct signaling_http_field){
        .name = name, .value = trim(bytes_sub(line, name.len + 1, line.len))};
    return true;
}

static bool parse_lines(struct signaling_http_response *response)
{
    struct bytes rest = bytes_of(response->head, response->head_len);

    response->field_count = 0;
    if (!parse_status(response, take_line(&rest))) {
        return false;
    }
    for (struct bytes line = take_line(&rest); line.len > 0; line = take_line(&rest)) {
        if (!parse_field(response, line)) {
            return false;
        }
    }
    return true;
}

// RFC 9112 §6.3: how long the body is. False: nobody could say.
static bool frame_body(struct signaling_http_response *response)
{
    struct bytes coding = signaling_http_response_find(response, "transfer-encoding", 0);
    struct bytes length = signaling_http_response_find(response, "content-length", 0);

    if (coding.ptr) {
        response->framing = SIGNALING_HTTP_CHUNKS;
        return equals(coding, "chunked") &&
               !signaling_http_response_find(response, "transfer-encoding", 1).ptr;
    }
    for (uint32_t i = 1; signaling_http_response_find(response, "content-length", i).ptr; i++) {
        if (!bytes_equal(length, signaling_http_response_find(response, "content-length", i))) {
            return false;
        }
    }
    response->framing = length.ptr ? SIGNALING_HTTP_LENGTH : SIGNALING_HTTP_UNTIL_END;
    return !length.ptr || parse_number(length, 10, &response->left);
}

static void take_head(struct signaling_http_response *response)
{
    if (!parse_lines(response)) {
        fail(response, "what it answered is not HTTP");
    } else if (response->status < 200) {
        response->head_len = 0;
        if (response->status == 101 || ++response->interim_count > SIGNALING_HTTP_INTERIM_MAX) {
            fail(response, "it answers without an end");
        }
    } else if (response->status == 204 || response->status == 304) {
        finish(response);
    } else if (!frame_body(response)) {
        fail(response, "how long its answer is cannot be told");
    } else if (response->framing == SIGNALING_HTTP_LENGTH && response->left == 0) {
        finish(response);
    } else if (response->framing == SIGNALING_HTTP_LENGTH &&
               response->left > SIGNALING_HTTP_BODY_MAX) {
        fail(response, "its answer is too long");
    } else {
        response->state = SIGNALING_HTTP_BODY;
    }
}

static bool ends_head(const struct signaling_http_response *response)
{
    const uint8_t *end = response->head + response->head_len;

    return (response->head_len >= 4 && memcmp(end - 4, "\r\n\r\n", 4) == 0) ||
           (response->head_len >= 2 && memcmp(end - 2, "\n\n", 2) == 0);
}

static void recv_head(struct signaling_http_response *response, struct bytes *data)
{
    static const char start[] = "HTTP/1.";

    if (!response->head) {
        response->head = alloc_new(response->alloc, SIGNALING_HTTP_HEAD_MAX);
    }
    if (!response->head) {
        fail(response, "there is no memory left");
        return;
    }
    const uint8_t *end = memchr(data->ptr, '\n', data->len);
    size_t len = end ? (size_t)(end - data->ptr) + 1 : data->len;
    if (len > SIGNALING_HTTP_HEAD_MAX - response->head_len) {
        fail(response, "the head of its answer is too long");
        return;
    }
    memcpy(response->head + response->head_len, data->ptr, len);
    response->head_len += len;
    *data = bytes_sub(*data, len, data->len);
    // Known by its first bytes: nobody need wait for the rest.
    size_t known = response->head_len < sizeof start - 1 ? response->head_len : sizeof start - 1;
    if (memcmp(response->head, start, known) != 0) {
        fail(response, "what it answered is not HTTP");
    } else if (ends_head(response)) {
        take_head(response);
    }
}

// ---- the body

static bool keep(struct signaling_http_response *response, struct bytes part)
{
    if (part.len > SIGNALING_HTTP_BODY_MAX - response->body_len) {
        fail(response, "its answer is too long");
        return false;
    }
    size_t wanted = response->room_len > 0 ? response->room_len : ROOM_FIRST;
    while (wanted < response->body_len + part.len) {
        wanted *= 2;
    }
    if (wanted > response->room_len) {
        uint8_t *room = alloc_resize(response->alloc, response->room, wanted);
        if (!room) {
            fail(response, "there is no memory left");
            return false;
        }
        response->room = room;
        response->room_len = wanted;
    }
    memcpy(response->room + response->body_len, part.ptr, part.len);
    response->body_len += part.len;
    return true;
}

// 1a2b ; extension        RFC 9112 §7.1
static void take_chunk_size(struct signaling_http_response *response, struct bytes line)
{
    const uint8_t *semicolon = line.len > 0 ? memchr(line.ptr, ';', line.len) : NULL;
    struct bytes size = bytes_sub(line, 0, semicolon ? (size_t)(semicolon - line.ptr) : line.len);

    if (!parse_number(trim(size), 16, &response->left)) {
        fail(response, "what it answered is not HTTP");
    }
    response->step = response->left > 0 ? SIGNALING_HTTP_CHUNK_DATA : SIGNALING_HTTP_CHUNK_TRAILER;
}

static void take_chunk_line(struct signaling_http_response *response, struct bytes line)
{
    switch (response->step) {
    case SIGNALING_HTTP_CHUNK_SIZE:
        take_chunk_size(response, line);
        break;
    case SIGNALING_HTTP_CHUNK_END:
        response->step = SIGNALING_HTTP_CHUNK_SIZE;
        if (line.len > 0) {
            fail(response, "what it answered is not HTTP");
        }
        break;
    case SIGNALING_HTTP_CHUNK_TRAILER:
        if (line.len == 0) {
            finish(response);
        } else if (++response->interim_count > SIGNALING_HTTP_FIELDS_MAX) {
            fail(response, "it answers without an end");
        }
        break;
    case SIGNALING_HTTP_CHUNK_DATA:
        break; // Has no lines.
    }
}

static void recv_chunk_line(struct signaling_http_response *response, struct bytes *data)
{
    const uint8_t *end = memchr(data->ptr, '\n', data->len);
    size_t len = end ? (size_t)(end - data->ptr) + 1 : data->len;

    if (len > sizeof response->line - response->line_len) {
        fail(response, "what it answered is not HTTP");
        return;
    }
    memcpy(response->line + response->line_len, data->ptr, len);
    response->line_len += len;
    *data = bytes_sub(*data, len, data->len);
    if (end) {
        struct bytes line = bytes_of(response->line, response->line_len);
        response->line_len = 0;
        take_chunk_line(response, take_line(&line));
    }
}

static void recv_body(struct signaling_http_response *response, struct bytes *data)
{
    bool is_counted = response->framing != SIGNALING_HTTP_UNTIL_END;
    bool is_chunk = response->framing == SIGNALING_HTTP_CHUNKS;

    if (is_chunk && response->step != SIGNALING_HTTP_CHUNK_DATA) {
        recv_chunk_line(response, data);
        return;
    }
    struct bytes part = bytes_sub(
        *data, 0, is_counted && response->left < data->len ? (size_t)response->left : data->len);
    if (!keep(response, part)) {
        return;
    }
    *data = bytes_sub(*data, part.len, data->len);
    response->left -= is_counted ? part.len : 0;
    if (is_counted && response->left == 0 && is_chunk) {
        response->step = SIGNALING_HTTP_CHUNK_END;
    } else if (is_counted && response->left == 0) {
        finish(response);
    }
}

// ---- bytes

void signaling_http_response_recv(struct signaling_http_response *response, struct bytes data)
{
    while (data.len > 0 && response->state == SIGNALING_HTTP_HEAD) {
        recv_head(response, &data);
    }
    while (data.len > 0 && response->state == SIGNALING_HTTP_BODY) {
        recv_body(response, &data);
    }
}

void signaling_http_response_end(struct signaling_http_response *response)
{
    if (response->state == SIGNALING_HTTP_BODY && response->framing == SIGNALING_HTTP_UNTIL_END) {
        finish(response);
    } else if (response->state == SIGNALING_HTTP_HEAD || response->state == SIGNALING_HTTP_BODY) {
        fail(response, "it closed the connection before it had answered");
    }
}
