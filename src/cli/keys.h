// Keys of a terminal, one at a time, and lines of text where they are asked for.
//
//   KEYS ──key──► on_key ──cli_keys_ask──► LINE ──Enter, Escape──► on_line, KEYS
//
// Ownership   the caller owns the struct, which must not move
// Limits      CLI_KEYS_LINE_MAX bytes of a line; more keys are ignored

#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include <uv.h>

#include "base/bytes.h"
#include "cli/report.h"

#define CLI_KEYS_LINE_MAX 2000
#define CLI_KEYS_INTERRUPT 3 // Ctrl-C: a terminal that gives each key does not make a signal of it.
#define CLI_KEYS_ENTER 13

struct cli_keys_options {
    struct cli_report *report; // Which draws the line.
    void (*on_key)(void *ctx, int key);
    void (*on_line)(
        void *ctx, struct bytes text); // UTF-8, if the terminal's is; empty: there is none.
    void *ctx;
};

struct cli_keys {
    struct cli_keys_options options;
    uv_tty_t tty;
    bool is_open, is_asking;
    char line[CLI_KEYS_LINE_MAX + 1];
    size_t len;
    char room[64]; // For what libuv reads.
};

// Nothing happens where standard input is no terminal.
void cli_keys_open(struct cli_keys *keys, uv_loop_t *loop, const struct cli_keys_options *options);
void cli_keys_close(struct cli_keys *keys); // And the terminal is as it was.

void cli_keys_ask(struct cli_keys *keys);

// As a terminal gives them.
void cli_keys_take(struct cli_keys *keys, struct bytes keys_typed);

#endif
