// yodel play: what somebody publishes, to see, to hear and to keep.

#include <stdio.h>

#include "base/port.h"
#include "cli/record.h"
#include "cli/stage.h"
#include "cli/watch.h"

static struct cli_stage_common common;
static const char *record_path;
static bool is_headless;

static const struct cli_option options[] = {
    CLI_STAGE_OPTIONS(common),
    {"whep", 0, "URL", "get it from this WHEP endpoint, in place of a room",
        .text = &common.endpoint},
    {"token", 0, "TOKEN", "the endpoint's bearer token", .text = &common.token},
    {"record", 'o', "FILE",
        "keep what comes, as it comes, in a file: .webm, .mkv, .mp4, .ogg or .opus",
        .text = &record_path},
    {"headless", 0, NULL, "show and play nothing: decode it, and report", .flag = &is_headless},
};

struct play {
    struct cli_stage stage;
    struct cli_watch watch;
    struct cli_record record;
};

// ---- what comes

static void on_key(void *ctx, int key)
{
    if (key == 'q') {
        cli_stage_stop(&((struct play *)ctx)->stage, CLI_OK);
    }
}

static void on_begin(void *ctx)
{
    struct play *play = ctx;
    struct cli_life *life = &play->stage.life;
    yodel_runtime *runtime = play->stage.peering.runtime;
    char why[CLI_WHY_MAX];

    if (cli_watch_begin(&play->watch,
            &(struct cli_watch_options){.life = life,
                .runtime = runtime,
                .is_headless = is_headless,
                .on_key = on_key,
                .ctx = play},
            why)) {
        cli_life_fail(life, CLI_FAILED, "no-window", why);
    } else if (record_path && cli_record_begin(&play->record, life, runtime, record_path, why)) {
        cli_life_fail(life, CLI_FAILED, "record", why);
    }
}

static void on_track(void *ctx, yodel_track *track)
{
    cli_watch_take(&((struct play *)ctx)->watch, track);
}

static void on_frame(void *ctx, yodel_transceiver *transceiver, const struct yodel_frame *frame)
{
    cli_record_take(&((struct play *)ctx)->record, transceiver, frame);
}

static void on_gone(void *ctx)
{
    struct play *play = ctx;

    cli_watch_drop(&play->watch);
    cli_record_drop(&play->record);
}

static void on_line(void *ctx, const char *line)
{
    cli_watch_show(&((struct play *)ctx)->watch, line);
}

static void on_end(void *ctx)
{
    struct play *play = ctx;

    cli_watch_end(&play->watch);
    cli_record_end(&play->record);
}

// ---- the command

// What the file cannot hold need not come.
static bool choose_codecs(
    enum yodel_codec codecs[2][YODEL_CODEC_COUNT], struct cli_party_options *party)
{
    for (enum yodel_codec codec = 0; codec < YODEL_CODEC_COUNT; codec++) {
        enum yodel_media_kind kind = codec < YODEL_VP8 ? YODEL_AUDIO : YODEL_VIDEO;
        if (yodel_recorder_can_hold(record_path, codec) && yodel_codec_can_decode(codec)) {
            codecs[kind][party->codec_count[kind]++] = codec;
        }
    }
    party->codecs[YODEL_AUDIO] = codecs[YODEL_AUDIO];
    party->codecs[YODEL_VIDEO] = codecs[YODEL_VIDEO];
    return party->codec_count[YODEL_AUDIO] + party->codec_count[YODEL_VIDEO] > 0;
}

static int usage(const char *text)
{
    struct cli_report report;

    cli_report_init(&report, common.is_json);
    cli_report_error(&report, "usage", text);
    return CLI_USAGE;
}

static int run(int count, char **arguments)
{
    static struct play play;
    enum yodel_codec codecs[2][YODEL_CODEC_COUNT];

    if (count > 1 || (count == 1 && !cli_stage_take_link(&play.stage, &common, arguments[0]))) {
        return usage("that is no link to a room; one looks like https://example.org/#call=NAME");
    }
    if (!common.room && !common.endpoint) {
        return usage("play what? give the link, --room, or --whep");
    }
    struct cli_stage_options stage_options = {.common = &common,
        .role = SIGNALING_CALL_ROLE_PLAY,
        .party = {.receives = true, .has_kind = {true, true}},
        .on_begin = on_begin,
        .on_track = on_track,
        .on_frame = on_frame,
        .on_gone = on_gone,
        .on_line = on_line,
        .on_end = on_end,
        .ctx = &play};
    if (record_path && !choose_codecs(codecs, &stage_options.party)) {
        return usage("--record wants a file that ends with .webm, .mkv, .mp4, .ogg or .opus");
    }
    return cli_stage_run(&play.stage, &stage_options);
}

const struct cli_command cli_play = {
    .name = "play",
    .arguments = "[LINK]",
    .summary = "See and hear what somebody publishes",
    .help =
        "Waits for somebody in the room who sends, and again when that one is gone, until it is\n"
        "stopped.\n",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
