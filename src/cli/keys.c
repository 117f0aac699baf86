// Keys of a terminal.

#include "cli/keys.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKSPACE 8
#define NEWLINE 10
#define ESCAPE 27
#define DELETE 127

// The end of a line is what its writer looks at.
static void draw(struct cli_keys *keys)
{
    char shown[CLI_KEYS_LINE_MAX + 8];

    (void)snprintf(shown, sizeof shown, "> %s", keys->line);
    cli_report_line(keys->options.report, shown);
}

void cli_keys_ask(struct cli_keys *keys)
{
    keys->is_asking = true;
    keys->len = 0;
    keys->line[0] = '\0';
    draw(keys);
}

static void end_line(struct cli_keys *keys, bool is_said)
{
    keys->is_asking = false;
    cli_report_line(keys->options.report, "");
    keys->options.on_line(keys->options.ctx, bytes_of(keys->line, is_said ? keys->len : 0));
}

// A character of UTF-8 goes as a whole.
static void erase(struct cli_keys *keys)
{
    bool is_rest = true;

    while (keys->len > 0 && is_rest) {
        is_rest = ((uint8_t)keys->line[--keys->len] & 0xc0) == 0x80;
    }
    keys->line[keys->len] = '\0';
}

static void take_of_line(struct cli_keys *keys, uint8_t key)
{
    if (key == CLI_KEYS_ENTER || key == NEWLINE || key == ESCAPE) {
        end_line(keys, key != ESCAPE);
        return;
    }
    if (key == BACKSPACE || key == DELETE) {
        erase(keys);
    } else if (key >= ' ' && keys->len < CLI_KEYS_LINE_MAX) {
        keys->line[keys->len++] = (char)key;
        keys->line[keys->len] = '\0';
    }
    draw(keys);
}

void cli_keys_take(struct cli_keys *keys, struct bytes typed)
{
    // An arrow is an escape and more: none of it is a key of ours.
    if (typed.len > 1 && typed.ptr[0] == ESCAPE) {
        return;
    }
    for (size_t i = 0; i < typed.len; i++) {
        uint8_t key = typed.ptr[i];
        if (keys->is_asking && key != CLI_KEYS_INTERRUPT) {
            take_of_line(keys, key);
        } else {
            keys->options.on_key(keys->options.ctx, key == NEWLINE ? CLI_KEYS_ENTER : key);
        }
    }
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    struct cli_keys *keys = handle->data;

    (void)size;
    *buffer = uv_buf_init(keys->room, sizeof keys->room);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    if (len > 0) {
        cli_keys_take(stream->data, bytes_of(buffer->base, (size_t)len));
    } else if (len < 0) {
        uv_read_stop(stream); // The terminal is gone.
    }
}

void cli_keys_open(struct cli_keys *keys, uv_loop_t *loop, const struct cli_keys_options *options)
{
    *keys = (struct cli_keys){.options = *options};
    if (!isatty(STDIN_FILENO) || uv_tty_init(loop, &keys->tty, STDIN_FILENO, 1) != 0) {
        return;
    }
    keys->is_open = true;
    keys->tty.data = keys;
    uv_tty_set_mode(&keys->tty, UV_TTY_MODE_RAW);
    uv_read_start((uv_stream_t *)&keys->tty, on_alloc, on_read);
}

void cli_keys_close(struct cli_keys *keys)
{
    if (keys->is_open) {
        keys->is_open = false;
        uv_tty_reset_mode();
        uv_close((uv_handle_t *)&keys->tty, NULL);
    }
}
