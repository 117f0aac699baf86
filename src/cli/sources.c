// What `yodel publish` and `yodel call` show.

#include "cli/sources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/port.h"

// ---- the question

static const char *noun_of(enum yodel_device_kind kind)
{
    static const char *const nouns[] = {
        [YODEL_CAMERA] = "camera",
        [YODEL_MICROPHONE] = "microphone",
        [YODEL_SCREEN] = "screen",
        [YODEL_LOUDSPEAKER] = "loudspeaker",
    };
    return nouns[kind];
}

static bool ask(void *ctx, enum yodel_device_kind kind, const char *label)
{
    struct cli_sources *sources = ctx;
    char line[64];

    if (sources->options.says_yes) {
        return true;
    }
    sources->was_deaf = !sources->options.may_ask;
    if (sources->was_deaf) {
        return false;
    }
    (void)fprintf(stderr, "Send what the %s sees or hears (%s)? [y/N] ", noun_of(kind), label);
    (void)fflush(stderr);
    bool is_yes = fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
    sources->was_refused = !is_yes;
    return is_yes;
}

// ---- what is opened

static void on_track(void *ctx, yodel_track *track, const struct yodel_track_event *event)
{
    struct cli_sources *sources = ctx;
    enum yodel_media_kind kind = yodel_track_kind(track);

    if (event->type == YODEL_TRACK_RAW) {
        sources->has_given = true;
    } else if (event->type == YODEL_TRACK_ENDED) {
        enum yodel_media_kind other = kind == YODEL_AUDIO ? YODEL_VIDEO : YODEL_AUDIO;
        sources->has_ended[kind] = true;
        sources->options.on_ended(sources->options.ctx, track, event->text,
            !sources->tracks[other] || sources->has_ended[other]);
    }
}

static enum yodel_err open_test(
    struct cli_sources *sources, const struct yodel_source_config *config)
{
    return yodel_source_open_test(sources->options.runtime, config,
        config->has_no_audio ? NULL : &sources->tracks[YODEL_AUDIO],
        config->has_no_video ? NULL : &sources->tracks[YODEL_VIDEO]);
}

static enum yodel_err open_file(
    struct cli_sources *sources, const struct yodel_source_config *config, char why[CLI_WHY_MAX])
{
    // A URL has a scheme; what is missing is better said before anybody waits for it.
    if (!strstr(config->name, "://") && access(config->name, R_OK) != 0) {
        (void)snprintf(
            why, CLI_WHY_MAX, "cannot open \"%.150s\": %s", config->name, strerror(errno));
        return YODEL_ERR_NOT_FOUND;
    }
    return yodel_source_open_file(sources->options.runtime, config,
        config->has_no_audio ? NULL : &sources->tracks[YODEL_AUDIO],
        config->has_no_video ? NULL : &sources->tracks[YODEL_VIDEO]);
}

static enum yodel_err open_device(struct cli_sources *sources, enum yodel_device_kind device,
    enum yodel_media_kind kind, char why[CLI_WHY_MAX])
{
    const char *noun = noun_of(device);
    enum yodel_err err = yodel_source_open_device(sources->options.runtime, device,
        &(struct yodel_source_config){0}, ask, sources, &sources->tracks[kind]);

    if (err == YODEL_ERR_NOT_FOUND) {
        (void)snprintf(why, CLI_WHY_MAX, "there is no %s here", noun);
    } else if (err == YODEL_ERR_NOT_SUPPORTED) {
        (void)snprintf(why, CLI_WHY_MAX, "this yodel was built without devices: no %s", noun);
    } else if (err == YODEL_ERR_ABORTED && sources->was_deaf) {
        (void)snprintf(why, CLI_WHY_MAX,
            "there is no terminal to ask on; add --yes to let the %s be used", noun);
    } else if (err == YODEL_ERR_ABORTED) {
        (void)snprintf(why, CLI_WHY_MAX, "the %s was not allowed", noun);
    }
    return err;
}

// It is not there, or the user would rather not.
static bool is_missing(const struct cli_sources *sources, enum yodel_err err)
{
    return err == YODEL_ERR_NOT_FOUND || err == YODEL_ERR_NOT_SUPPORTED ||
           (err == YODEL_ERR_ABORTED && sources->was_refused);
}

static enum yodel_err open_picture(struct cli_sources *sources, char why[CLI_WHY_MAX])
{
    bool is_screen = strcmp(sources->options.source, "screen") == 0;
    enum yodel_err err =
        open_device(sources, is_screen ? YODEL_SCREEN : YODEL_CAMERA, YODEL_VIDEO, why);

    if (!err) {
        sources->video = is_screen ? SIGNALING_CALL_VIDEO_SCREEN : SIGNALING_CALL_VIDEO_CAMERA;
    }
    return sources->options.is_lenient && is_missing(sources, err) ? YODEL_OK : err;
}

static enum yodel_err open_microphone(struct cli_sources *sources, char why[CLI_WHY_MAX])
{
    enum yodel_err err = open_device(sources, YODEL_MICROPHONE, YODEL_AUDIO, why);

    return is_missing(sources, err) ? YODEL_OK : err;
}

static enum yodel_err open_devices(struct cli_sources *sources, char why[CLI_WHY_MAX])
{
    const struct cli_sources_options *options = &sources->options;
    char more[CLI_WHY_MAX] = "";
    enum yodel_err err = YODEL_OK;

    sources->video = SIGNALING_CALL_VIDEO_NONE;
    if (options->source && !options->has_no_video) {
        err = open_picture(sources, why);
    }
    if (!err && options->has_microphone && !options->has_no_audio) {
        err = open_microphone(sources, more);
    }
    if (*more) {
        size_t len = strlen(why);
        (void)snprintf(why + len, CLI_WHY_MAX - len, "%s%s", len > 0 ? "; " : "", more);
    }
    return err;
}

static enum yodel_err open_source(struct cli_sources *sources, char why[CLI_WHY_MAX])
{
    const struct cli_sources_options *options = &sources->options;
    const char *source = options->source;
    struct yodel_source_config config = {.name = source,
        .has_no_audio = options->has_no_audio,
        .has_no_video = options->has_no_video,
        .is_looped = options->is_looped};

    sources->video = SIGNALING_CALL_VIDEO_CAMERA;
    if (source && strcmp(source, "test") == 0) {
        return open_test(sources, &config);
    }
    if (!source || strcmp(source, "camera") == 0 || strcmp(source, "screen") == 0) {
        return open_devices(sources, why);
    }
    return open_file(sources, &config, why);
}

enum yodel_err cli_sources_open(
    struct cli_sources *sources, const struct cli_sources_options *options, char why[CLI_WHY_MAX])
{
    why[0] = '\0';
    *sources = (struct cli_sources){.options = *options};
    enum yodel_err err = open_source(sources, why);
    for (int kind = YODEL_AUDIO; !err && kind <= YODEL_VIDEO; kind++) {
        if (sources->tracks[kind]) {
            err = yodel_track_listen(sources->tracks[kind], on_track, sources);
        }
    }
    if (err && !*why) {
        (void)snprintf(why, CLI_WHY_MAX, "%s", yodel_err_text(err));
    }
    return err;
}

void cli_sources_deinit(struct cli_sources *sources)
{
    for (int kind = YODEL_AUDIO; kind <= YODEL_VIDEO; kind++) {
        yodel_track_stop(sources->tracks[kind]);
        sources->tracks[kind] = NULL;
    }
}
