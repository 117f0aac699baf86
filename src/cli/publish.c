// yodel publish: a source, to all who come into a room.

#include <stdio.h>
#include <string.h>

#include "base/port.h"
#include "cli/codecs.h"
#include "cli/stage.h"

static struct cli_stage_common common;
static const char *video_codec, *audio_codec;
static bool says_yes, is_looped;

static const struct cli_option options[] = {
    CLI_STAGE_OPTIONS(common),
    {"whip", 0, "URL", "send to this WHIP endpoint, in place of a room", .text = &common.endpoint},
    {"token", 0, "TOKEN", "the endpoint's bearer token", .text = &common.token},
    {"video-codec", 0, "VP8|VP9|H264|AV1",
        "send pictures with this codec alone (default: what both sides prefer)",
        .text = &video_codec},
    {"audio-codec", 0, "opus|PCMU|PCMA|none", "send sound with this codec alone (default opus)",
        .text = &audio_codec},
    {"loop", 'l', NULL, "begin a file again at its end", .flag = &is_looped},
    {"yes", 'y', NULL, "let devices be used without asking", .flag = &says_yes},
};

static int usage(const char *text)
{
    struct cli_report report;

    cli_report_init(&report, common.is_json);
    cli_report_error(&report, "usage", text);
    return CLI_USAGE;
}

static int run(int count, char **arguments)
{
    static struct cli_stage stage;
    struct cli_codecs codecs;
    char why[CLI_WHY_MAX];

    if (count != 1) {
        return usage(
            count == 0 ? "publish what? a file, camera, screen or test" : "one source at a time");
    }
    if (cli_codecs_read(&codecs, audio_codec, video_codec, why) != YODEL_OK) {
        return usage(why);
    }
    struct cli_stage_options stage_options = {.common = &common,
        .role = SIGNALING_CALL_ROLE_PUBLISH,
        .sources = {.source = arguments[0],
            .has_microphone = true,
            .says_yes = says_yes,
            .is_looped = is_looped,
            .has_no_audio = codecs.has_no_audio},
        .party = {.sends = true}};
    cli_codecs_use(&codecs, &stage_options.party);
    return cli_stage_run(&stage, &stage_options);
}

const struct cli_command cli_publish = {
    .name = "publish",
    .arguments = "FILE|camera|screen|test",
    .summary = "Show a file, a camera or a screen to others",
    .help =
        "Whoever opens the link that it prints, or runs `yodel play`, sees and hears it; without\n"
        "--room, a room that nobody guesses is made up. A camera, a screen and a microphone are\n"
        "asked for first.\n",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
