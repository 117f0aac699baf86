// The life of a command that connects: a loop, the signals that interrupt it, what it tells,
// and the one end that it comes to.
//
// Not here    which transfer, and what an interrupt says to the other side
// Ownership   the caller owns the struct, which must not move; its own handles on the loop are closed
//             before cli_life_deinit

#ifndef CLI_LIFE_H
#define CLI_LIFE_H

#include <uv.h>

#include "cli/connection.h"
#include "cli/report.h"

struct cli_life {
    uv_loop_t loop;
    uv_signal_t interrupted, terminated;
    struct cli_report report;
    bool has_ended; // With `exit`; what comes later changes nothing.
    enum cli_exit exit;
};

// `on_interrupt` gets `ctx` in its handle's data.
void cli_life_init(struct cli_life *life, uv_signal_cb on_interrupt, void *ctx);
// From now on an interrupt ends the program at once.
void cli_life_ignore_interrupts(struct cli_life *life);
void cli_life_deinit(struct cli_life *life);

// Begins the connection of `yodel send` or `yodel receive`, and runs the loop to its end.
void cli_life_run(struct cli_life *life, struct cli_connection *connection,
    const struct cli_connection_options *options);

// The end: without a word, or with an error for people and scripts.
void cli_life_stop(struct cli_life *life, enum cli_exit exit);
void cli_life_fail(struct cli_life *life, enum cli_exit exit, const char *code, const char *text);

// How the program ends when a transfer has failed with `code` (docs/TRANSFER.md).
enum cli_exit cli_life_exit_of(const char *code);

#endif
