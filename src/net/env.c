// The production environment.
//
// Implements  RFC 8259 §7 (what JSON escapes in a string)

#include "net/env.h"

#include <inttypes.h>
#include <unistd.h>

#include <uv.h>

#include "base/assert.h"
#include "base/utf8.h"
#include "crypto/random.h"
#include "net/clock.h"

#define LINE_ROOM (6 * LOG_LINE_MAX + 128) // Each byte of a line may become "\u00xx".

static const char *const level_names[] = {
    [LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"};

// A log line may hold a stranger's bytes: a control character must not move a terminal's cursor,
// nor start a second line, and what is not UTF-8 is shown byte by byte.
static void put_escaped(struct writer *w, const char *text, bool is_json)
{
    bool is_text = utf8_is_valid(bytes_of_text(text));

    for (const char *c = text; *c; c++) {
        unsigned char byte = (unsigned char)*c;

        if (byte < 0x20 || byte == 0x7f || (byte > 0x7f && !is_text)) {
            put_format(w, is_json ? "\\u%04x" : "\\x%02x", byte);
        } else if (is_json && (byte == '"' || byte == '\\')) {
            put_format(w, "\\%c", byte);
        } else {
            put_u8(w, byte);
        }
    }
}

size_t net_env_line(struct span room, enum net_env_format format, int64_t unix_seconds,
    enum log_level level, const char *module, const char *line)
{
    bool is_json = format == NET_ENV_JSON;
    struct writer w = writer_of(room);

    if (is_json) {
        put_format(&w, "{\"time\":%" PRId64 ",\"level\":\"%s\",\"module\":\"%s\",\"message\":\"",
            unix_seconds, level_names[level], module);
    } else {
        put_format(&w, "%" PRId64 " %s %s: ", unix_seconds, level_names[level], module);
    }
    // What does not fit is left out as a whole, and the line still ends as it must.
    struct writer tail = w;
    tail.room = tail.room > 3 ? tail.room - 3 : 0;
    put_escaped(&tail, line, is_json);
    w.len = tail.len;
    put_text(&w, is_json ? "\"}\n" : "\n");
    return writer_bytes(&w).len;
}

static void log_to_stderr(void *ctx, enum log_level level, const char *module, const char *line)
{
    const enum net_env_format *format = ctx;
    uint8_t room[LINE_ROOM];
    size_t len = net_env_line(
        span_of(room, sizeof room), *format, clock_wall_seconds(), level, module, line);

    // Nobody is told of a log that cannot be written.
    ssize_t written = write(STDERR_FILENO, room, len);
    (void)written;
}

static struct env envs[2][LOG_DEBUG + 1];

static void make_envs(void)
{
    static enum net_env_format formats[2] = {NET_ENV_TEXT, NET_ENV_JSON};

    for (size_t f = 0; f < COUNT(formats); f++) {
        for (size_t level = 0; level <= LOG_DEBUG; level++) {
            envs[f][level] = (struct env){.alloc = alloc_system(),
                .random = crypto_random,
                .log = log_to_stderr,
                .ctx = &formats[f],
                .log_level = (enum log_level)level};
        }
    }
}

const struct env *net_env_system(enum log_level level, enum net_env_format format)
{
    static uv_once_t once = UV_ONCE_INIT;

    YODEL_ASSERT(level <= LOG_DEBUG && format <= NET_ENV_JSON);
    uv_once(&once, make_envs);
    return &envs[format][level];
}
