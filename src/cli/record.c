// `yodel play --record`: what comes, into a file.

#include "cli/record.h"

#include <stdio.h>

static void tell_end(struct cli_record *record, const struct yodel_recorder_event *event)
{
    char size[32], duration[32];

    record->recorder = NULL;
    if (event->stats.frames > 0) {
        cli_report_say(&record->life->report, "recorded", "Recorded %s, %s, into %s.",
            cli_report_duration((uint64_t)(event->stats.duration / YODEL_SECONDS(1)), duration),
            cli_report_size((int64_t)event->stats.bytes, size), record->path);
    }
}

static void on_event(void *ctx, yodel_recorder *recorder, const struct yodel_recorder_event *event)
{
    struct cli_record *record = ctx;

    (void)recorder;
    switch (event->type) {
    case YODEL_RECORDER_STARTED:
        cli_report_say(&record->life->report, "recording", "Recording into %s.", record->path);
        break;
    case YODEL_RECORDER_WANT_KEY:
        if (record->video) {
            yodel_transceiver_request_key_frame(record->video);
        }
        break;
    case YODEL_RECORDER_DROPPED:
        cli_report_say(&record->life->report, "dropped", "Not in the file: %s.", event->text);
        break;
    case YODEL_RECORDER_FAILED:
        cli_life_fail(record->life, CLI_FAILED, "record", event->text);
        break;
    case YODEL_RECORDER_ENDED:
        tell_end(record, event);
        break;
    }
}

enum yodel_err cli_record_begin(struct cli_record *record, struct cli_life *life,
    yodel_runtime *runtime, const char *path, char why[CLI_WHY_MAX])
{
    struct yodel_recorder_config config = {.handler = on_event, .ctx = record};

    *record = (struct cli_record){.life = life, .path = path};
    enum yodel_err err = yodel_recorder_new(runtime, path, &config, &record->recorder);
    if (err) {
        (void)snprintf(
            why, CLI_WHY_MAX, "cannot record into \"%.150s\": %s", path, yodel_err_text(err));
    }
    return err;
}

void cli_record_take(
    struct cli_record *record, yodel_transceiver *transceiver, const struct yodel_frame *frame)
{
    if (yodel_transceiver_kind(transceiver) == YODEL_VIDEO) {
        record->video = transceiver;
    }
    if (record->recorder) {
        (void)yodel_recorder_frame(record->recorder, frame); // The handler is told what matters.
    }
}

void cli_record_drop(struct cli_record *record)
{
    record->video = NULL;
}

static void on_late(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static void on_closed(uv_handle_t *handle)
{
    *(bool *)handle->data = true;
}

void cli_record_end(struct cli_record *record)
{
    bool is_late = false, is_closed = false;
    uv_timer_t timer;

    if (!record->recorder) {
        return;
    }
    uv_timer_init(&record->life->loop, &timer);
    timer.data = &is_late;
    uv_timer_start(&timer, on_late, CLI_RECORD_END_MAX, 0);
    yodel_recorder_stop(record->recorder);
    while (record->recorder && !is_late) {
        uv_run(&record->life->loop, UV_RUN_ONCE);
    }
    timer.data = &is_closed;
    uv_close((uv_handle_t *)&timer, on_closed);
    while (!is_closed) {
        uv_run(&record->life->loop, UV_RUN_ONCE);
    }
}
