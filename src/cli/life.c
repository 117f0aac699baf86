// The life of a command that connects.

#include "cli/life.h"

#include <signal.h>

void cli_life_init(struct cli_life *life, uv_signal_cb on_interrupt, void *ctx)
{
    uv_loop_init(&life->loop);
    uv_signal_init(&life->loop, &life->interrupted);
    uv_signal_init(&life->loop, &life->terminated);
    life->interrupted.data = life->terminated.data = ctx;
    uv_signal_start(&life->interrupted, on_interrupt, SIGINT);
    uv_signal_start(&life->terminated, on_interrupt, SIGTERM);
}

void cli_life_ignore_interrupts(struct cli_life *life)
{
    uv_close((uv_handle_t *)&life->interrupted, NULL);
    uv_close((uv_handle_t *)&life->terminated, NULL);
}

void cli_life_deinit(struct cli_life *life)
{
    uv_run(&life->loop, UV_RUN_NOWAIT);
    (void)uv_loop_close(&life->loop);
}

void cli_life_run(struct cli_life *life, struct cli_connection *connection,
    const struct cli_connection_options *options)
{
    char why[256];

    enum yodel_err err = cli_connection_init(connection, &life->loop, options, why);
    if (err) {
        cli_life_fail(life, err == YODEL_ERR_SYNTAX ? CLI_USAGE : CLI_FAILED, "usage", why);
    } else {
        uv_run(&life->loop, UV_RUN_DEFAULT);
    }
}

void cli_life_stop(struct cli_life *life, enum cli_exit exit)
{
    if (!life->has_ended) {
        life->has_ended = true;
        life->exit = exit;
        uv_stop(&life->loop);
    }
}

void cli_life_fail(struct cli_life *life, enum cli_exit exit, const char *code, const char *text)
{
    if (!life->has_ended) {
        cli_report_error(&life->report, code, text);
        cli_life_stop(life, exit);
    }
}

enum cli_exit cli_life_exit_of(const char *code)
{
    return strcmp(code, "declined") == 0 ? CLI_DECLINED : CLI_FAILED;
}
