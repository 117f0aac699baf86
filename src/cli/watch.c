// What comes from the other side.

#include "cli/watch.h"

#include <stdio.h>

#include "base/port.h"

static void on_player(void *ctx, yodel_player *player, const struct yodel_player_event *event)
{
    struct cli_watch *watch = ctx;
    struct cli_report *report = &watch->options.life->report;

    (void)player;
    switch (event->type) {
    case YODEL_PLAYER_KEY:
        if (watch->options.on_key) {
            watch->options.on_key(watch->options.ctx, (int)event->key);
        }
        break;
    case YODEL_PLAYER_CLOSED:
        cli_life_stop(watch->options.life, CLI_OK);
        break;
    case YODEL_PLAYER_NO_WINDOW:
        cli_report_say(report, "no-window", "There is no window: %s.", event->text);
        break;
    case YODEL_PLAYER_SILENT:
        cli_report_say(report, "silent", "Nothing is heard: %s.", event->text);
        break;
    case YODEL_PLAYER_HEARD:
        cli_report_say(report, "heard", "Sound is heard again.");
        break;
    }
}

enum yodel_err cli_watch_begin(
    struct cli_watch *watch, const struct cli_watch_options *options, char why[CLI_WHY_MAX])
{
    struct yodel_player_config config = {.title = "Yodel", .handler = on_player, .ctx = watch};
    enum yodel_err err = YODEL_OK;

    *watch = (struct cli_watch){.options = *options};
    if (!options->is_headless) {
        err = yodel_player_new(options->runtime, &config, &watch->player);
    }
    if (err == YODEL_ERR_NOT_SUPPORTED) {
        (void)snprintf(why, CLI_WHY_MAX,
            "this yodel was built without windows and loudspeakers; --headless goes without");
    } else if (err) {
        (void)snprintf(why, CLI_WHY_MAX, "no window: %s", yodel_err_text(err));
    }
    return err;
}

// Who listens has it decoded.
static void on_event(void *ctx, yodel_track *track, const struct yodel_track_event *event)
{
    (void)ctx;
    (void)track;
    (void)event;
}

void cli_watch_take(struct cli_watch *watch, yodel_track *track)
{
    enum yodel_err err = watch->player ? yodel_player_add(watch->player, track)
                                       : yodel_track_listen(track, on_event, watch);

    for (size_t i = 0; !err && i < COUNT(watch->tracks); i++) {
        if (!watch->tracks[i]) {
            watch->tracks[i] = track;
            return;
        }
    }
}

void cli_watch_drop(struct cli_watch *watch)
{
    for (size_t i = 0; i < COUNT(watch->tracks); i++) {
        if (watch->tracks[i] && watch->player) {
            yodel_player_remove(watch->player, watch->tracks[i]);
        } else if (watch->tracks[i]) {
            yodel_track_unlisten(watch->tracks[i], on_event, watch);
        }
        watch->tracks[i] = NULL;
    }
}

void cli_watch_show(struct cli_watch *watch, const char *line)
{
    if (watch->player) {
        yodel_player_set_text(watch->player, line);
    }
}

void cli_watch_end(struct cli_watch *watch)
{
    yodel_player_free(watch->player);
    watch->player = NULL;
}
